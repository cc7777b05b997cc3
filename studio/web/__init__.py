"""The JavaScript and the style sheets of pages and widgets, and the tables among them that Python reads, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WEB = Path(__file__).parent
"""The folder of these files."""


def table(name: str) -> dict[str, Any]:
    """The table of a module such as `wire.js`: what stands between its first and its last brace, which is JSON."""
    text = (WEB / name).read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return read
