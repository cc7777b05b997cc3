"""Which texts ask for a world, and which for a thing: those of training, and those held back to measure."""

from __future__ import annotations

import json
from pathlib import Path

WORDINGS = Path(__file__).with_name("wordings.json")
THING_WORDINGS = Path(__file__).with_name("thing_wordings.json")


def wordings(split: str, path: Path = WORDINGS) -> dict[str, list[str]]:
    """World (or thing) to texts of a split, `train` or `held_out`; its own name is one that training sees."""
    found = {name: list(texts[split]) for name, texts in json.loads(path.read_text(encoding="utf-8")).items()}
    if split == "train":
        for name, texts in found.items():
            called = name.replace("-", " ")
            texts += [called] if called not in texts else []
    return found
