"""What the README promises is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from engine.media.video import VideoSource

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.docs
@pytest.mark.long
def test_the_example_runs(small_clip: Path, tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    shutil.copy(small_clip, tmp_path / "clip.mp4")
    subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, check=True, timeout=100)
    assert len(list(VideoSource(tmp_path / "out.mp4"))) == 24


def test_the_console_script_is_there() -> None:
    (script,) = entry_points(group="console_scripts", name="lsd-studio")
    assert callable(script.load())


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([\w./-]+)\)", README))))
def test_what_is_linked_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_every_named_file_of_the_tree_is_there() -> None:
    tree = README.split("## The tree")[1].split("## ")[0]
    named = re.findall(r"\b([a-z_]+\.(?:py|js))\b", tree)
    have = {path.name for folder in ("engine", "studio", "tests") for path in (ROOT / folder).rglob("*.*")}
    assert len(named) > 10
    assert not [name for name in named if name not in have]
