"""Calibration: between which values the inputs of a network's convolutions lie, so that eight bits can hold them.

It ships beside the weights and is measured once over footage (`python -m engine calibrate`), never while a stream runs:
static ranges make a frame a function of its inputs alone (Jacob et al. 2018, arXiv:1712.05877). Convolutions that it
does not name stay in floating point.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.media.files import write_whole

_log = logging.getLogger(__name__)

SCHEMA = "lsd-calibration"
VERSION = 1
LEVELS = 255
"""Steps between the least and the greatest value of eight bits."""


@dataclass(frozen=True)
class Range:
    """What an input's eight bits stand for: value = scale (byte - zero)."""

    scale: float
    zero: int
    """The byte of the value 0, which is exact, for it is what a convolution pads with."""

    @classmethod
    def of(cls, low: float, high: float) -> Range:
        """From the least to the greatest value; 0 is always inside. Raises ValueError for no finite range."""
        low, high = min(low, 0.0), max(high, 0.0)
        if not math.isfinite(high - low) or high == low:
            raise ValueError(f"a range from {low} to {high}; two finite, different values are needed")
        scale = (high - low) / LEVELS
        return cls(scale, min(max(round(-low / scale), 0), LEVELS))


@dataclass(frozen=True)
class Calibration:
    """The ranges of one weights file."""

    ranges: Mapping[str, Range]
    """Path of a convolution in the network, such as `decoder.0.blocks.1.first` -> range of its input."""
    sha256: str
    """Of the file, or another name for where it is from: it belongs to a numeric set-up."""


def calibration_path(weights: Path) -> Path:
    """Where the calibration of a weights file lies."""
    return weights.with_suffix(".int8.json")


def write_calibration(path: Path, weights_sha256: str, ranges: Mapping[str, tuple[float, float]], **about: Any) -> None:
    """Write the least and greatest value of each convolution's input. about: how they were measured."""
    content = {"schema": SCHEMA, "version": VERSION, "weights": weights_sha256, **about}
    content["ranges"] = {name: [float(f"{value:.6g}") for value in pair] for name, pair in ranges.items()}
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


def read_calibration(path: Path, weights_sha256: str) -> Calibration | None:
    """The calibration in a file; None, with a warning, where it is of other weights or cannot be read; None without a
    word where there is none."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    try:
        content = json.loads(data)
        if (content["schema"], content["version"]) != (SCHEMA, VERSION):
            raise ValueError(f"it is not a {SCHEMA} of version {VERSION}")
        if content["weights"] != weights_sha256:
            raise ValueError(f"it is of weights {str(content['weights'])[:12]}…, not of {weights_sha256[:12]}…")
        ranges = {str(name): Range.of(float(low), float(high)) for name, (low, high) in content["ranges"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        _log.warning("%s is left out (%s); make it anew with `python -m engine calibrate`", path.name, error)
        return None
    return Calibration(ranges, hashlib.sha256(data).hexdigest())
