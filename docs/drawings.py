"""Draws the pictures of docs/worlds.md: what each brush of engine/teachers/brushes.py does, and a style to learn from.

python docs/drawings.py        all of docs/brushes/, from a frame of the example take, and docs/style/
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.media.pictures import encode_jpeg, fit
from engine.media.video import VideoSource
from engine.teachers import brushes as b

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 320, 192
SHOWN = 240, 144
INKS = ((206, 138, 45), (180, 62, 38), (42, 94, 72), (38, 58, 112), (224, 186, 104), (120, 52, 70), (150, 160, 70))
WARM = ((0.0, (0.1, 0.05, 0.2)), (0.5, (0.8, 0.3, 0.2)), (1.0, (1.0, 0.95, 0.7)))


def _negative() -> Tensor:
    """A table of two entries a side: white for black, black for white."""
    side = torch.tensor([1.0, 0.0])
    blue, green, red = torch.meshgrid(side, side, side, indexing="ij")
    return torch.stack([red, green, blue])[None]


def _paint(brush: str) -> Callable[[Tensor], Tensor]:
    """What shows a brush at work on a picture (1, 3, H, W)."""

    def half(tensor: Tensor) -> Tensor:
        return (0.5 + 0.5 * tensor).clamp(0, 1)

    shown: dict[str, Callable[[Tensor], Tensor]] = {
        "ink": lambda p: b.ink((0.8, 0.3, 0.2), p).expand_as(p),
        "luminance": b.luminance,
        "mix": lambda p: b.mix(p, b.ink((0.1, 0.3, 0.8), p), 0.5),
        "screen": lambda p: b.screen(p, b.ink((0.4, 0.25, 0.0), p)),
        "smoothstep": lambda p: b.smoothstep(0.35, 0.5, b.luminance(p)),
        "saturate": lambda p: b.saturate(p, 2.5),
        "ramp": lambda p: b.ramp(b.luminance(p), WARM),
        "box": lambda p: b.box(p, 9),
        "soft": lambda p: b.soft(p, 8),
        "slopes": lambda p: half(6 * b.slopes(b.luminance(p))[0]),
        "shifted": lambda p: b.shifted(p, 24, 12),
        "edges": lambda p: 5 * b.edges(b.luminance(p)),
        "gaussian": lambda p: b.gaussian(p, 3.0),
        "ink_lines": lambda p: 1 - b.ink_lines(b.luminance(p)),
        "kuwahara": lambda p: b.kuwahara(b.kuwahara(p, 7), 7),
        "along": lambda p: half(0.4 * b.along(b.paper(HEIGHT, WIDTH, p), b.luminance(p))),
        "by_table": lambda p: b.by_table(p, _negative()),
        "tiled": lambda p: b.tiled(torch.eye(16), HEIGHT, WIDTH),
        "hatching": lambda p: half(b.hatching(HEIGHT, WIDTH, p)),
        "paper": lambda p: half(0.4 * b.paper(HEIGHT, WIDTH, p)),
        "canvas": lambda p: half(b.canvas(HEIGHT, WIDTH, p)),
    }
    return shown[brush]


def tropics(seed: int) -> np.ndarray:
    """A picture of discs in warm inks with dark outlines, on coarse paper; nobody's work."""
    rng = np.random.default_rng(seed)
    picture = np.full((300, 480, 3), INKS[int(rng.integers(7))], np.uint8)
    for _ in range(45):
        size = int(15 + 105 * rng.random() ** 3)
        centre = int(rng.integers(480)), int(rng.integers(300))
        axes, turn = (size, int(size * rng.uniform(0.4, 1))), int(rng.integers(180))
        colour = np.clip(np.array(INKS[int(rng.integers(7))]) + rng.normal(0, 10, 3), 0, 255)
        cv2.ellipse(picture, centre, axes, turn, 0, 360, tuple(map(int, colour)), -1, cv2.LINE_AA)
        cv2.ellipse(picture, centre, axes, turn, 0, 360, (30, 24, 40), 3, cv2.LINE_AA)
    grain = cv2.GaussianBlur(rng.normal(0, 1, picture.shape[:2]).astype(np.float32), (0, 0), 1.1)
    return np.clip(picture + (6 * grain / grain.std())[..., None], 0, 255).astype(np.uint8)


def main() -> None:
    """Draw all of them."""
    clip = VideoSource(next((ROOT / "sessions" / "example").glob("S*/*/T*")) / "raw.mkv")
    frame = fit(next(itertools.islice(clip, 120, None)).rgb, WIDTH, HEIGHT)
    picture = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
    for folder in ("brushes", "style"):
        (ROOT / "docs" / folder).mkdir(exist_ok=True)
    names = [name for name, thing in vars(b).items() if getattr(thing, "__module__", "") == b.__name__]
    for name in (name for name in names if not name.startswith("_")):
        painted = _paint(name)(picture).clamp(0, 1).expand(1, 3, HEIGHT, WIDTH)
        rgb = (255 * painted[0].permute(1, 2, 0).numpy()).round().astype(np.uint8)
        (ROOT / "docs" / "brushes" / f"{name}.jpg").write_bytes(encode_jpeg(fit(rgb, *SHOWN), 82))
    (ROOT / "docs" / "brushes" / "camera.jpg").write_bytes(encode_jpeg(fit(frame, *SHOWN), 82))
    for seed in range(5):
        (ROOT / "docs" / "style" / f"tropics-{seed}.jpg").write_bytes(encode_jpeg(tropics(seed), 85))


if __name__ == "__main__":
    main()
