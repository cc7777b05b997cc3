"""Training footage as one packed file, and players that turn it into endless camera pictures.

A pack is a safetensors file of JPEG frames: short runs of each clip, and stills, about 384x216 pixels each; and, where
people are in the picture, small mattes of them. It is small enough to be copied to another machine, and holds each
source's licence.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from engine.media.files import write_whole
from engine.media.paths import local
from engine.media.pictures import PICTURE_SUFFIXES, read_picture
from engine.media.texts import read_text
from engine.teachers.people import Segmenter, person_mattes

MAX_PIXELS = 384 * 216
"""Pictures of a pack are scaled down to this many pixels."""
FORMAT = "lsd-pack-1"
MATTED_KINDS = ("face", "person", "hands")
"""Kinds of clips that get mattes of people."""
log = logging.getLogger(__name__)


def _scaled(image: Image.Image) -> Image.Image:
    factor = min(1.0, math.sqrt(MAX_PIXELS / (image.width * image.height)))
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


def _frames(path: Path, count: int) -> tuple[list[Image.Image], float]:
    """`count` consecutive frames from the middle of a clip (or one of a still), and their rate."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return [_scaled(Image.fromarray(read_picture(path)))], 24.0
    with av.open(local(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 24)
        images = [frame.to_image() for frame in container.decode(stream)]
    first = max(0, (len(images) - count) // 2)
    return [_scaled(image) for image in images[first : first + count]], rate


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _joined(blobs: list[bytes]) -> tuple[Tensor, Tensor]:
    """Blobs end to end as uint8, and their borders as int64."""
    borders = np.cumsum([0, *map(len, blobs)]).astype(np.int64)
    return torch.from_numpy(np.frombuffer(b"".join(blobs), np.uint8).copy()), torch.from_numpy(borders)


def pack(
    footage: Path, out: Path, frames_per_clip: int = 18, quality: int = 68, teachers: Path | None = None
) -> dict[str, Any]:
    """Pack the footage of a folder into one file; an empty or damaged clip is skipped and named in the log.

    footage: holds manifest.csv with the columns file, kind, license, source. quality: of the JPEGs. teachers: the
    folder of the person segmenter's file; without it the pack has no mattes. Returns the manifest: for each clip its
    file, kind, license, source, frames, fps and whether it has mattes; and the sha256 of all pictures.
    """
    segmenter = Segmenter(teachers) if teachers else None
    clips: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    mattes: list[bytes] = []
    for row in csv.DictReader(read_text(footage / "manifest.csv").splitlines()):
        try:
            images, rate = _frames(footage / row["file"], frames_per_clip)
            if not images:
                raise ValueError("no frame decodes")
        except (OSError, ValueError, av.FFmpegError) as error:
            log.warning("skipped %s: %s", row["file"], error)
            continue
        clip_mattes = person_mattes(images, segmenter) if segmenter and row["kind"] in MATTED_KINDS else None
        blobs += [_jpeg(image, quality) for image in images]
        mattes += [_jpeg(matte, quality) for matte in clip_mattes or []]
        clips.append({"file": row["file"], "kind": row["kind"], "license": row["license"], "source": row["source"]})
        clips[-1] |= {"frames": len(images), "fps": rate, "matte": clip_mattes is not None}
    jpeg, offsets = _joined(blobs)
    matte, matte_offsets = _joined(mattes)
    manifest = {"clips": clips, "sha256": hashlib.sha256(b"".join(blobs + mattes)).hexdigest()}
    tensors = {"jpeg": jpeg, "offsets": offsets, "matte": matte, "matte_offsets": matte_offsets}
    write_whole(out, save(tensors, {"format": FORMAT, "manifest": json.dumps(manifest)}))
    return manifest


@dataclass(frozen=True)
class TrainingClip:
    """Consecutive frames at two resolutions."""

    name: str
    kind: str
    """What it shows: face, hands, person, prop, scene, outdoor, texture or footage; see `sample_clips`."""
    fps: float
    levels: tuple[Tensor, Tensor]
    """(T, 3, H, W) uint8, full and half size."""
    matte: Tensor | None = None
    """(T, 1, h, w) uint8, 255 where a person is; None where no valid matte was found."""

    @classmethod
    def of(cls, name: str, pictures: Iterable[np.ndarray], fps: float = 24.0) -> TrainingClip:
        """Make a clip of consecutive pictures (H, W, 3) uint8 of one size, or of one; scaled to about 384x216.

        Raises ValueError where there is no picture.
        """
        images = [_scaled(Image.fromarray(picture)) for picture in pictures]
        if not images:
            raise ValueError(f"the clip {name!r} has no picture; give it at least one")
        return cls(name, "footage", fps, _levels(torch.stack([_tensor(image) for image in images])))


def _tensor(image: Image.Image) -> Tensor:
    """(3 or 1, H, W) uint8."""
    return torch.from_numpy(np.array(image)).view(image.height, image.width, -1).permute(2, 0, 1)


def _levels(full: Tensor) -> tuple[Tensor, Tensor]:
    return full, F.interpolate(full.float(), scale_factor=0.5, mode="area").round().byte()


def read_clips(paths: Sequence[Path], frames: int = 18) -> list[TrainingClip]:
    """Read training clips: `frames` from the middle of each video, and pictures.

    Raises ValueError that names a file that cannot be read.
    """
    clips = []
    for path in paths:
        try:
            images, rate = _frames(path, frames)
        except (OSError, av.FFmpegError) as error:
            raise ValueError(f"{path} cannot be read ({error}); leave it out or repair it") from None
        clips.append(TrainingClip.of(path.name, map(np.asarray, images), rate))
    return clips


def read_manifest(path: Path) -> dict[str, Any]:
    """A pack's manifest, see `pack`, without decoding its pictures. Raises ValueError for another file."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is not a {FORMAT} file; make one with: python -m engine.training pack FOOTAGE {path}")
    return json.loads(metadata["manifest"])


def _decoded(data: np.ndarray, borders: list[int], first: int, count: int, mode: str) -> Tensor:
    """`count` JPEG pictures from number `first`: (T, 3 or 1, H, W) uint8."""
    pictures = []
    for start, end in zip(borders[first : first + count], borders[first + 1 :], strict=False):
        pictures.append(_tensor(Image.open(io.BytesIO(data[start:end].tobytes())).convert(mode)))
    return torch.stack(pictures)


def load_pack(path: Path) -> tuple[list[TrainingClip], dict[str, Any]]:
    """All clips of a pack, decoded, and its manifest. Raises ValueError for another file."""
    manifest = read_manifest(path)
    with safe_open(path, "pt") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, the file is not a mapping
    data, borders = stored["jpeg"].numpy(), stored["offsets"].tolist()
    clips, at, matte_at = [], 0, 0
    for entry in manifest["clips"]:
        count = entry["frames"]
        full = _decoded(data, borders, at, count, "RGB")
        at += count
        matte = None
        if entry.get("matte"):  # packs of before there were mattes have no such key
            matte = _decoded(stored["matte"].numpy(), stored["matte_offsets"].tolist(), matte_at, count, "L")
            matte_at += count
        clips.append(TrainingClip(entry["file"], entry["kind"], entry["fps"], _levels(full), matte))
    return clips, manifest


class Player:
    """One clip as an endless camera picture of a given size: framed, graded and, if it is a still, moved by hand.

    A clip plays forward and backward. The framing drifts smoothly as a hand-held camera does. All that is random is
    drawn at construction. height, width: of the picture in pixels.
    """

    def __init__(self, clip: TrainingClip, height: int, width: int, rng: np.random.Generator) -> None:
        self.clip, self.height, self.width = clip, height, width
        _, _, h, w = clip.levels[0].shape
        self._cover = min(h / height, w / width) * rng.uniform(0.55, 1.0)  # source pixels per picture pixel
        self._at = rng.uniform(-1, 1, 2)
        still = len(clip.levels[0]) == 1
        self._sway = (rng.uniform(0.2, 1.0) if still else rng.choice([0.0, 0.3])) * rng.uniform(0.3, 1, 3)
        self._sway_rate = rng.uniform(0.3, 1.6, 3)
        self._phase = rng.uniform(0, 2 * math.pi, 3)
        self._mirror = bool(rng.random() < 0.5)
        self._start = rng.uniform(0, len(clip.levels[0]))
        self._gain = np.exp(rng.normal(0, 0.16)) * np.exp(rng.normal(0, 0.05, 3))
        self._gamma = float(np.exp(rng.normal(0, 0.18)))
        self._saturation = 0.0 if rng.random() < 0.03 else float(rng.uniform(0.7, 1.3))
        self._grain = float(rng.uniform(0, 0.02)) * bool(rng.random() < 0.5)

    def _frame(self, time_s: float) -> int:
        count = len(self.clip.levels[0])
        step = int(self._start + time_s * self.clip.fps) % max(2 * count - 2, 1)
        return step if step < count else 2 * count - 2 - step

    def _framed(self, frames: Tensor, time_s: float) -> Tensor:
        """What the camera frames of the clip's pictures (T, C, h, w) uint8, or of mattes to them: (C, H, W) in 0..1."""
        h, w = (side for side in self.clip.levels[0].shape[2:])
        sway = self._sway * np.sin(self._phase + time_s * self._sway_rate)
        cover = self._cover * (1 + 0.08 * sway[2])
        half_x, half_y = min(cover * self.width / w, 1.0), min(cover * self.height / h, 1.0)  # in -1..1 of the frame
        x = np.clip(self._at[0] + 0.25 * sway[0], -1, 1) * (1 - half_x)
        y = np.clip(self._at[1] + 0.25 * sway[1], -1, 1) * (1 - half_y)
        matrix = torch.tensor([[[half_x * (-1 if self._mirror else 1), 0, x], [0, half_y, y]]], dtype=torch.float32)
        grid = F.affine_grid(matrix, [1, 3, self.height, self.width], align_corners=False)
        frame = frames[self._frame(time_s)][None].float() / 255
        return F.grid_sample(frame, grid, padding_mode="border", align_corners=False)[0]

    def matte(self, time_s: float) -> Tensor | None:
        """Matte of people in `picture` at the same time: (1, H, W) in 0..1; None for a clip without a matte."""
        return None if self.clip.matte is None else self._framed(self.clip.matte, time_s)

    def picture(self, time_s: float, noise: Tensor) -> Tensor:
        """The picture `time_s` seconds after the start: (3, H, W) float32 in 0..1, rounded to 8 bits.

        noise: (3, H, W) standard normal, the sensor's.
        """
        picture = self._framed(self.clip.levels[int(self._cover >= 1.6)], time_s)
        grey = picture.mean(0, keepdim=True)
        picture = (grey + self._saturation * (picture - grey)).clamp_min(0) ** self._gamma
        picture = picture * torch.tensor(self._gain, dtype=torch.float32)[:, None, None] + self._grain * noise
        return (picture.clamp(0, 1) * 255).round() / 255


def sample_clips(clips: list[TrainingClip], rng: np.random.Generator) -> Iterator[TrainingClip]:
    """Draw clips without end: kinds as often as in film making (people and hands first), moving ones before stills."""
    share = {"face": 3.0, "hands": 3.0, "person": 3.0, "prop": 2.0, "scene": 2.0, "outdoor": 2.0}
    counts: dict[tuple[str, bool], int] = {}
    for clip in clips:
        key = (clip.kind, len(clip.levels[0]) > 1)
        counts[key] = counts.get(key, 0) + 1
    weight = []
    for clip in clips:
        moving = len(clip.levels[0]) > 1
        others = counts[(clip.kind, moving)]
        weight.append(share.get(clip.kind, 1.0) * (0.65 if moving else 0.35) / others)
    chance = np.array(weight) / sum(weight)
    while True:
        yield clips[rng.choice(len(clips), p=chance)]
