"""How a composite is made, as plain numbers: each with its range, a default that looks right, and a phrase."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Setting:
    """One number of `Settings`: what a slider and a timeline need to know of it."""

    name: str
    least: float
    most: float
    default: float
    meaning: str
    """In a phrase, for people."""


def _setting(least: float, most: float, default: float, meaning: str) -> Any:
    return dataclasses.field(default=default, metadata={"least": least, "most": most, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """All numbers of a composite. Raises ValueError for one out of its range; see `SETTINGS` for the ranges."""

    light_wrap: float = _setting(0, 1, 0.35, "how much of the set's light spills over the edges of the cast")
    match: float = _setting(0, 1, 0.45, "how far the cast's exposure and colour go towards those of the set")
    match_set: float = _setting(0, 1, 0.15, "how far the set's exposure and colour go towards those of the cast")
    relight: float = _setting(0, 1, 0.6, "how far the set's light falls on the cast: its side, its colours, its rim")
    softness: float = _setting(0, 1, 0.5, "how far the set is softened to the sharpness of the camera")
    grain: float = _setting(0, 1, 0.7, "how much of the camera's noise the set gets")
    feather: float = _setting(0, 1, 0.1, "softness of the matte's edge, of a hundredth of the picture's height")
    choke: float = _setting(-1, 1, 0.1, "takes the matte's edge in (above 0) or out, as a share of its width")
    shadow: float = _setting(0, 1, 0.5, "strength of the shadow on the ground, where feet are seen")

    def __post_init__(self) -> None:
        for setting in SETTINGS:
            value = getattr(self, setting.name)
            if not setting.least <= value <= setting.most:
                raise ValueError(
                    f"{setting.name} of {value}; it is {setting.least:g} to {setting.most:g}, "
                    f"and {setting.default:g} unless set"
                )


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(field.name, default=field.default, **field.metadata)  # type: ignore[arg-type]
    for field in dataclasses.fields(Settings)
)
"""The table of settings, in the order of the fields."""

DEFAULTS = Settings()
CUT_OUT = Settings(**{setting.name: 0.0 for setting in SETTINGS})
"""The cast over the plate and nothing else: every setting at 0."""


def check_pictures(rgb: np.ndarray, alpha: np.ndarray, plate: np.ndarray | None = None) -> None:
    """Raises ValueError unless rgb is (H, W, 3), alpha (H, W) and plate (H, W, 3) uint8 of the same size."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"a camera's picture of {rgb.dtype} {rgb.shape}; it is uint8 (height, width, 3), RGB")
    if alpha.dtype != np.uint8 or alpha.shape != rgb.shape[:2]:
        raise ValueError(f"a matte of {alpha.dtype} {alpha.shape}; it is uint8 {rgb.shape[:2]}, as high as the picture")
    if plate is not None and (plate.dtype != np.uint8 or plate.shape != rgb.shape):
        raise ValueError(f"a plate of {plate.dtype} {plate.shape}; it is uint8 {rgb.shape}, as large as the picture")
