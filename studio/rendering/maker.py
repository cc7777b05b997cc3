"""What of this installation decides the bytes of a picture, beside the model's own numeric set-up."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ENGINE = _ROOT / "engine"
_STUDIO = tuple(_ROOT / "studio" / name for name in ("performing", "script", "sets", "timeline"))
_NO_PICTURES = {"bench", "evaluation", "teachers", "tools", "training", "weights"}
"""Folders of the engine that answer no frame; a model's set-up has the hash of its weights."""
_LIBRARIES = ("ai-edge-litert", "av", "numpy", "opencv-contrib-python-headless", "pillow", "skia-python", "torch")


@cache
def maker() -> str:
    """A hash of the code and of the libraries that answer frames: pictures of another one may differ in their bytes.

    The package's version would not do: between two releases the code changes, and a render again must show it.
    """
    digest = hashlib.sha256()
    for folder in (_ENGINE, *_STUDIO):
        for path in sorted(folder.rglob("*.py")):
            if not _NO_PICTURES & {*path.relative_to(folder).parts}:
                digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update((Path(__file__).parent / "replay.py").read_bytes())
    for name in _LIBRARIES:
        try:
            digest.update(f"{name} {version(name)}".encode())
        except PackageNotFoundError:
            digest.update(f"{name} none".encode())
    return digest.hexdigest()[:16]
