"""From a training run to shipped weights: the averaged network, the router, and the model card."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.media.files import write_whole
from engine.models.checkpoint import card_path, save_weights
from engine.prompts import tidy
from engine.training.data import read_manifest
from engine.training.router import fit_router, wording_embeddings
from engine.training.trainer import load_average


@dataclass(frozen=True)
class Shipped:
    """What was written."""

    sha256: str
    text_accuracy: dict[str, float]
    """The router's, by split, 0..1."""


def ship(run: Path, pack: Path, out: Path) -> Shipped:
    """Write a run's averaged weights with a freshly fitted router, and the model card beside them.

    run: the folder of the checkpoint. pack: the footage that it was trained on; ValueError for another. out: a
    safetensors file; an `about` that stands in its old card is kept.
    """
    network, facts = load_average(run)
    manifest = read_manifest(pack)
    if manifest["sha256"] != facts["data_sha256"]:
        raise ValueError(f"{run} was not trained on {pack}; name the pack that it was trained on")
    router, accuracy = fit_router(network.config)
    wordings = {tidy(text): vector for text, vector in wording_embeddings(network.config).items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    path = card_path(out)
    old_card = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    sha256 = save_weights(out, network, router, wordings)
    card = {
        "name": network.config.name,
        "sha256": sha256,
        "about": old_card.get("about", ""),
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": facts["steps"],
        "frames": facts["frames"],
        "data_manifest_sha256": facts["data_sha256"],
        "seed": facts["recipe"]["seed"],
        "commit": _commit(),
        "torch": torch.__version__,
        "recipe": facts["recipe"],
        "text_accuracy": accuracy,
        "evaluation": {},
        "attributions": dict(Counter(clip["license"] for clip in manifest["clips"]).most_common()),
    }
    _write(path, card)
    return Shipped(sha256, accuracy)


def complete_card(weights: Path, evaluation: Path, about: Path | None = None) -> None:
    """Put an evaluation's figures into the card of some weights.

    evaluation: JSON of `python -m engine eval`. about: a text file, which becomes the card's paragraph.
    """
    path = card_path(weights)
    card = json.loads(path.read_text(encoding="utf-8"))
    report = json.loads(evaluation.read_text(encoding="utf-8"))
    card["evaluation"] = {k: v for k, v in report.items() if k not in {"sheet", "mistaken", "confusion"}}
    if about:
        card["about"] = " ".join(about.read_text(encoding="utf-8").split())
    _write(path, card)


def _write(path: Path, card: dict[str, Any]) -> None:
    write_whole(path, (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())


def _commit() -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
