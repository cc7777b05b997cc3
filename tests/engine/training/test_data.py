"""Packs with mattes: who is a person travels with the picture, and is framed as it is."""

from __future__ import annotations

import csv
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from engine.teachers.people import SEGMENTER_FILE, WIDTH_PX, Segmenter, person_mattes
from engine.training import data
from engine.training.data import Player, TrainingClip, load_pack, pack

ROOT = Path(__file__).parents[3]


def _disc(size: tuple[int, int]) -> Image.Image:
    """A bright disc, left of the middle, on black."""
    image = Image.new("RGB", size)
    width, height = size
    ImageDraw.Draw(image).ellipse((width * 0.25, height * 0.3, width * 0.55, height * 0.8), (255, 255, 255))
    return image


class FakeSegmenter:
    """Sure that whatever is bright is a person."""

    def __init__(self, folder: Path = Path()) -> None:
        self.folder = folder

    def __call__(self, image: Image.Image) -> torch.Tensor:
        return torch.from_numpy(np.array(image.convert("L").resize((128, 128)), np.float32)) / 255


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> TrainingClip:
    """One face with a matte, through a pack that also holds a prop (without a matte) and a dark face (no valid one)."""
    folder = tmp_path_factory.mktemp("people")
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "kind", "source", "license"])
        writer.writeheader()
        for name, kind in (("prop.jpg", "prop"), ("dark.jpg", "face"), ("face.jpg", "face")):
            image = Image.new("RGB", (320, 192)) if name == "dark.jpg" else _disc((320, 192))
            image.save(folder / name, quality=95)
            writer.writerow({"file": name, "kind": kind, "source": "drawn", "license": "Apache-2.0"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "Segmenter", FakeSegmenter)
        manifest = pack(folder, folder / "train.pack", teachers=folder)
    assert [entry["matte"] for entry in manifest["clips"]] == [False, False, True]
    clips, _ = load_pack(folder / "train.pack")
    assert clips[0].matte is None
    assert clips[1].matte is None
    return clips[2]


def test_a_matte_travels_with_its_clip(clip: TrainingClip) -> None:
    assert clip.matte is not None
    assert clip.matte.dtype == torch.uint8
    assert tuple(clip.matte.shape) == (1, 1, round(WIDTH_PX * 192 / 320), WIDTH_PX)
    assert Player(TrainingClip("bare", "face", 24.0, clip.levels), 64, 96, np.random.default_rng(0)).matte(0.0) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_matte_is_framed_as_its_picture(clip: TrainingClip, seed: int) -> None:
    """Mirrored, moved and scaled alike: where the disc is bright there is the person."""
    player = Player(clip, 64, 96, np.random.default_rng(seed))
    for time_s in (0.0, 0.7, 2.9):
        matte = player.matte(time_s)
        assert matte is not None
        assert matte.shape == (1, 64, 96)
        bright = player.picture(time_s, torch.zeros(3, 64, 96)).mean(0) > 0.4
        assert float(((matte[0] > 0.5) == bright).float().mean()) > 0.97


def test_a_matte_is_left_out_where_it_is_not_valid() -> None:
    seen = _disc((160, 96))
    fake = FakeSegmenter()
    assert person_mattes([seen, seen], fake) is not None
    doubtful = Image.blend(seen, Image.new("RGB", seen.size, (128, 128, 128)), 0.5)
    mirrored = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for images in ([doubtful], [Image.new("RGB", seen.size, "white")], [seen, mirrored]):
        assert person_mattes(images, fake) is None, "in doubt, everywhere, or jumping"


def test_without_the_runtime_or_the_file_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("ai_edge_litert"):
        with pytest.raises(FileNotFoundError, match=SEGMENTER_FILE):
            Segmenter(tmp_path)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModuleNotFoundError, match="pip install ai-edge-litert"):
        Segmenter(tmp_path)


def test_the_segmenter_finds_a_person(footage: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="no runtime; pip install ai-edge-litert")
    folder = Path(os.environ.get("LSD_TEACHERS") or ROOT / "../shared/teachers")
    if not (folder / SEGMENTER_FILE).is_file():
        pytest.skip(f"{SEGMENTER_FILE} is not in {folder}; set LSD_TEACHERS to the folder that holds it")
    with (footage / "dev" / "manifest.csv").open(encoding="utf-8") as file:
        faces = [row["file"] for row in csv.DictReader(file) if row["kind"] == "face" and row["file"].endswith(".jpg")]
    segmenter = Segmenter(folder)
    results = [person_mattes([Image.open(footage / "dev" / name)], segmenter) for name in faces[:8]]
    valid = [np.asarray(mattes[0]) for mattes in results if mattes]
    assert len(valid) >= 6, "portraits are what it was made for"
    for matte in valid:
        height, width = matte.shape
        assert matte[height // 3 : 2 * height // 3, 2 * width // 5 : 3 * width // 5].mean() > 200, "the face is in"
        assert matte[: height // 4, : width // 8].mean() < 50, "the corner is not"
