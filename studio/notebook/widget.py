"""What the notebook's widgets share."""

from __future__ import annotations

from typing import Any

import anywidget

from studio.takes.documents import TakeError
from studio.takes.take import Take


def require_take(given: Any) -> None:
    """Raises TakeError for what is none: a path, for instance."""
    if not isinstance(given, Take):
        raise TakeError(f"{given!r} is not a take; open one: Take.open('sessions/example/S01/A/T001')")


class Widget(anywidget.AnyWidget):
    """A widget that says what it is, and where it shows itself, in a kernel that no page looks at."""

    _what = "a widget"

    def __repr__(self) -> str:
        return f"{self._what}: it shows itself in JupyterLab; without one, `lsd-studio serve` opens the studio's pages"
