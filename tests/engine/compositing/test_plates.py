"""Plates that stand still: what they take, how they are cropped."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.compositing.plates import LONGEST_SIDE, ColourPlate, PicturePlate
from engine.media.pictures import MediaError

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAA"
    "AERAAAIAAQAAAAABxQABAAAAAAAAAIMAAgAAAAACSAABAAAAAAAAACQAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZl"
    "AgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH/"
    "/wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNj"
    "b2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMICAgAAAAJaXJvdAMAAAAYaXBtYQAAAAAAAAABAAEFgQIDBIUA"
    "AAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAK9tZGF0AAAAfygBrwng4wucuq///jSf//39B5D9gmOkglP/6adp38Bvv/9VgrpbTP6HCzNZ13oX"
    "r6EcEL3dK5WQdytgNQQpM0/RFCS8wZr9PNXM7GfaLAAmLc/+BXvBV/mHMbOboRQ0cTUqqFGdc2xiJ+/JmOFfm2dnyHr+/Xkfnon03XTzk+AAAAAG"
    "RXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA="
)
"""96x64 pixels, the left half red and the right half blue, to be turned clockwise: red is above."""


def halves(width: int, height: int) -> np.ndarray:
    """Red at the left, blue at the right."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2], rgb[:, width // 2 :] = (200, 0, 0), (0, 0, 200)
    return rgb


def test_a_colour_fills_the_frame() -> None:
    picture = ColourPlate((1, 2, 250)).picture(3.0, 5, 4)
    assert picture.shape == (4, 5, 3)
    assert np.unique(picture.reshape(-1, 3), axis=0).tolist() == [[1, 2, 250]]
    for wrong in ((0, 0, 256), (0, 0), (0.5, 0, 0)):
        with pytest.raises(ValueError, match="three whole numbers of 0 to 255"):
            ColourPlate(wrong)  # type: ignore[arg-type]


def test_a_picture_is_cropped_around_its_focus() -> None:
    wide = halves(400, 100)
    left, middle, right = (PicturePlate(wide, (x, 0.5)).picture(0, 100, 100) for x in (0.0, 0.5, 1.0))
    assert (left[..., 0] == 200).all()
    assert (right[..., 2] == 200).all()
    assert (middle[:, :48, 0] == 200).all()
    assert (middle[:, 52:, 2] == 200).all()
    assert PicturePlate(wide).picture(0, 64, 360).shape == (360, 64, 3)
    with pytest.raises(ValueError, match=r"a focus of \(1.1, 0\)"):
        PicturePlate(wide, (1.1, 0))


def test_a_picture_belongs_to_the_caller() -> None:
    plate = PicturePlate(halves(64, 36))
    before = plate.picture(0, 64, 36)
    plate.picture(0, 64, 36)[:] = 0
    assert np.array_equal(plate.picture(0, 64, 36), before)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic", "telephone.jpg"])
def test_pictures_of_all_kinds_stand_upright(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name in ("a.heic", "telephone.jpg"):  # by its first bytes, whatever its name
        path.write_bytes(HEIC)
    else:
        exif = Image.Exif()
        exif[0x112] = 6
        Image.fromarray(halves(96, 64)).save(path, exif=exif.tobytes(), quality=95)
    picture = PicturePlate(path).picture(0, 64, 96)
    assert np.abs(picture[5, 5].astype(int) - picture[5, -5]).max() < 8
    assert picture[5, 5, 0] > 150 > 60 > picture[5, 5, 2]
    assert picture[-5, 5, 2] > 150 > 60 > picture[-5, 5, 0]


def test_what_is_transparent_stands_over_the_ground(tmp_path: Path) -> None:
    rgba = np.full((8, 8, 4), 255, np.uint8)
    rgba[:, :, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "a.png")
    picture = PicturePlate(tmp_path / "a.png", ground=(10, 200, 30)).picture(0, 8, 8)
    assert np.unique(picture.reshape(-1, 3), axis=0).tolist() == [[10, 200, 30]]


@pytest.mark.long
def test_a_jpeg_of_30000_pixels_is_reduced_while_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    Image.new("RGB", (30_000, 3_200), (180, 90, 40)).save(path, quality=30)
    plate = PicturePlate(path)
    assert plate._rgb.shape[1] <= LONGEST_SIDE  # what it keeps in memory
    assert np.abs(plate.picture(0, 384, 216).astype(int) - (180, 90, 40)).max() < 8


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "I;16", "1"])
def test_a_large_picture_of_any_kind_is_reduced(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (6000, 300), 0).save(tmp_path / "wide.png")
    assert PicturePlate(tmp_path / "wide.png")._rgb.shape == (205, LONGEST_SIDE, 3)


@pytest.mark.parametrize(("progressive", "side"), [(True, 10_000), (False, 40_000)])
def test_a_jpeg_that_would_fill_the_memory_is_refused(tmp_path: Path, progressive: bool, side: int) -> None:
    path = tmp_path / "claims.jpg"
    Image.new("RGB", (64, 64)).save(path, progressive=progressive)
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    data[at : at + 4] = side.to_bytes(2, "big") * 2
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"claims\.jpg is a picture of more than 89 million pixels"):
        PicturePlate(path)


@pytest.mark.long
def test_other_pictures_of_30000_pixels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    for width, height in ((30_000, 12_000), (10_000, 9_000)):
        Image.new("1", (width, height)).save(path)
        refused(path)


def refused(path: Path) -> None:
    with pytest.raises(MediaError, match=r"huge.png is a picture of more than 89 million pixels; save it smaller"):
        PicturePlate(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"", "not a whole picture"), (b"some text", "not a whole picture"), (HEIC[:300], "not a whole picture")],
)
def test_what_is_not_a_picture_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=complaint):
        PicturePlate(path)
    with pytest.raises(MediaError, match="does not exist"):
        PicturePlate(tmp_path / "none.jpg")
