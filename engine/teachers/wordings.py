"""The texts that ask for a world or a thing: those for training, and those held out for evaluation."""

from __future__ import annotations

import json
from pathlib import Path

WORDINGS = Path(__file__).with_name("wordings.json")
THING_WORDINGS = Path(__file__).with_name("thing_wordings.json")


def wordings(split: str, path: Path = WORDINGS) -> dict[str, list[str]]:
    """World (or thing) -> its texts of a split, `train` or `held_out`; its own name is a text for training too.

    path: WORDINGS for worlds, THING_WORDINGS for things.
    """
    by_name = {name: list(texts[split]) for name, texts in json.loads(path.read_text(encoding="utf-8")).items()}
    if split == "train":
        for name, texts in by_name.items():
            spoken = name.replace("-", " ")
            texts += [spoken] if spoken not in texts else []
    return by_name
