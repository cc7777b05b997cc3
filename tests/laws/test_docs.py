"""The documentation builds without a warning, and its code runs."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.prompts import words
from studio.script.compile import timeline_of
from studio.script.files import load_script
from studio.timeline.clock import Clock
from studio.timeline.keys import Marker
from studio.timeline.parameters import PARAMETERS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.docs
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if "```python" in page.read_text(encoding="utf-8")]


def laned(page: Path) -> object:
    """Training takes seconds, of however few steps."""
    trains = "from engine.training" in page.read_text(encoding="utf-8")
    return pytest.param(page, id=page.stem, marks=[pytest.mark.long] if trains else [])


@pytest.mark.parametrize("page", [laned(page) for page in PAGES])
def test_the_code_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    scope: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), scope)


def test_the_scripts_of_a_page_are_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "script.md").read_text(encoding="utf-8")
    files = re.findall(r"```yaml\n# (\S+)\n(.*?)```", page, re.DOTALL)
    assert len(files) == page.count("```yaml") == 2
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    script = load_script(tmp_path / files[-1][0])
    line = timeline_of(script, Clock(markers=(Marker(6, "the ball drops"),)))
    said = [(key.time_s, words(key.prompt)) for key in line.keys]
    storm = "neon rain 67 % + underwater 33 %"
    assert said == [(0, "the wild west at dusk"), (2, "underwater"), (4.5, "as it is"), (6.5, storm)]
    parts = {matte.name: words(matte.prompt) for matte in line.mattes}
    assert parts == {"stick": "a lightsaber", "chest": "a gold chest"}


def test_every_parameter_stands_in_the_table() -> None:
    page = (ROOT / "docs" / "timeline.md").read_text(encoding="utf-8")
    rows = [
        f"| `{each.name}` | {each.least:g} | {each.most:g} | {each.default:g} | {each.meaning} |"
        for each in PARAMETERS.values()
    ]
    assert re.findall(r"^\| `.*", page, re.MULTILINE) == rows


@pytest.mark.long
def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert not built.stderr.strip()
    site = {page.stem: page.read_text(encoding="utf-8") for page in (tmp_path / "site").glob("*.html")}
    assert "no order of keys" in site["timeline"]
    for page in ("timeline", "take", "script", "engine"):
        assert "<img" in site[page], f"{page} has a picture"
    described = set(
        re.findall(r'id="((?:engine|studio)\.[\w.]+)"', site["reference-studio"] + site["reference-engine"])
    )
    assert "studio.timeline.timeline.Timeline.stretch" in described
    assert not (missing := used() - described), f"what README, pages and course use is in the reference: {missing}"


def used() -> set[str]:
    """The classes and functions that the course, the pages and the README import, by the names that define them."""
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.py")]
    for page in [*PAGES, ROOT / "README.md"]:
        code += re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    found = set()
    for node in (node for text in code for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in ("engine", "studio"):
            things = [getattr(importlib.import_module(str(node.module)), alias.name) for alias in node.names]
            found |= {f"{thing.__module__}.{thing.__qualname__}" for thing in things if hasattr(thing, "__qualname__")}
    return found
