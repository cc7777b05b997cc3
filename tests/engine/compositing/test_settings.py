"""The settings of a composite, and where they are written down."""

from __future__ import annotations

import re
from pathlib import Path

from engine.compositing.settings import CUT_OUT, DEFAULTS, SETTINGS, Settings

ROOT = Path(__file__).parents[3]


def test_the_table_in_the_documents_is_that_of_the_settings() -> None:
    page = (ROOT / "docs" / "sets.md").read_text(encoding="utf-8")
    _, table = page.split("## The composite", 1)
    rows = [
        f"| `{each.name}` | {each.least:g} | {each.most:g} | {each.default:g} | {each.meaning} |" for each in SETTINGS
    ]
    assert re.findall(r"^\| `.*", table, re.MULTILINE) == rows


def test_the_table_gives_the_defaults() -> None:
    assert Settings(**{setting.name: setting.default for setting in SETTINGS}) == DEFAULTS == Settings()
    assert all(getattr(CUT_OUT, setting.name) == 0 for setting in SETTINGS)
