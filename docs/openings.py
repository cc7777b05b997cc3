"""Draws the picture with which each page of the course opens: what its reader has at the end.

    python docs/openings.py                      all of them, with the weights that are shipped now
    python docs/openings.py 00_first_take        one

Each notebook is run as a reader runs it, on a copy of the example production; a last cell draws.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "course"

HELP = """
from PIL import Image

from engine.media.video import VideoSource
from engine.media.pictures import contact_sheet
from studio.notebook.html import moments
from studio.notebook import contact_strip


def at(video, *times_s):
    return moments(VideoSource(video), times_s)
"""
DRAW = {
    "00_first_take": "contact_strip(take, version, count=6, width=210).save(out, quality=88)",
    "01_prompt_timeline": "contact_strip(take, second, count=6, width=210).save(out, quality=88)",
    "02_props_and_scenes": """
times_s = 4.6, 6.3, 7.3, 10.5
contact_sheet([at(take.folder / "raw.mkv", *times_s), at(version.video, *times_s)], out, width=320)
""",
    "04_variants_and_picking": """
labels = [one.label + " (circled)" * (n == grid.picked) for n, one in enumerate(grid.variants)]
contact_sheet([at(one.render.video, 3, 8, 13, 18) for one in grid.variants], out, labels, width=300)
""",
    "05_cutting_a_film": """
moments_s = []
for part, cut in zip(film.parts, film.cuts, strict=True):
    shares = (0.5,) if isinstance(part, Card) else (0.2, 0.8)
    moments_s += [cut / film.fps + share * part.duration_s for share in shares]
pictures = at(path, *moments_s)
contact_sheet([pictures[:5], pictures[5:]], out, width=240)
""",
    "06_inside_the_engine": """
labels = ["what each step begins with", "what the network takes the frame to be"]
columns = [f"noise level {level:.2f}" for level in seen.levels]
contact_sheet([seen.noisy, seen.clean], out, labels, columns, width=300)
""",
}
"""A last cell for each; `out` is where the picture goes. 03 opens with a screenshot, 07 with a picture of its own."""


def draw(name: str) -> Path:
    """Run a notebook, and draw its picture."""
    path = OUT / f"{name[:2]}.jpg"
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(f"out = {str(path)!r}\n{HELP}\n{DRAW[name]}"))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "sessions" / "example", Path(folder) / "sessions" / "example")
        os.environ["LSD_SESSIONS"] = str(Path(folder) / "sessions")
        NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    return path


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for wanted in sys.argv[1:] or DRAW:
        print(draw(wanted))
