"""Many modules become one: dependencies first and once, each in a scope of its own, and nothing left to import."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from studio.notebook import GridPicker, LiveCamera, TakePlayer
from studio.notebook.esm import join
from studio.web import WEB


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "entry.js"


def test_what_is_imported_comes_before_and_once(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        low="const hidden = 1;\nexport const two = 2;\n",
        high="import {two} from './low.js';\nexport function four() { return 2 * two; }\n",
        entry="import {two as pair} from './low.js';\nimport {four} from './high.js';\nexport default {pair, four};\n",
    )
    text = join(entry)
    assert "import" not in text
    assert text.count("const hidden = 1;") == 1
    assert text.index("const $low") < text.index("const $high") < text.index("export default")
    assert "return {two};" in text
    assert "const {two: pair} = $low;" in text


def test_an_import_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot join .*; write import \{name\} from './file.js';"):
        join(write(tmp_path, entry="import * as low from './low.js';\n"))


@pytest.mark.parametrize("widget", [LiveCamera, GridPicker, TakePlayer])
def test_the_pages_colours_are_set_once_on_a_widget_and_not_on_the_notebook(widget: Any) -> None:
    palette = re.findall(r"(--[\w-]+): ", (WEB / "palette.css").read_text("utf-8"))
    css = str(widget._css)
    assert ":root" not in css
    assert re.search(r"^\.lsd-player \{\n  --ink: #0b0c0e;", css, re.MULTILINE)
    assert [css.count(f"{name}: ") for name in palette] == [1] * len(palette)
