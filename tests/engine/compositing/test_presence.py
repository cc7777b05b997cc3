"""The clean plate: learnt, kept, followed in its light; what was not there is cast; a moved camera is noticed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from engine.compositing import cleanplate
from engine.compositing.cleanplate import CleanPlate, Learner
from engine.compositing.presence import MOVED, NO_PLATE, OTHER_SIZE, CleanPlateMatter

HEIGHT, WIDTH = 108, 192


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    """A papered wall with detail, (HEIGHT, WIDTH + 40, 3) float."""
    noise = np.random.default_rng(3).integers(40, 216, (HEIGHT, WIDTH + 40, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2)), np.float64)


def shot(room: np.ndarray, frame: int, *, box: bool = False, light: float = 1.0, shift: int = 0) -> np.ndarray:
    """A picture of the room with a camera's noise; a box that slides; stronger light; a camera that was pushed."""
    picture = room[:, shift : shift + WIDTH] * light
    if box:
        picture[30:70, 60 + frame : 110 + frame] = np.array((200, 120, 60)) * light
    noise = np.random.default_rng(frame).normal(0, 3, picture.shape)
    return np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)


@pytest.fixture
def matter(room: np.ndarray) -> CleanPlateMatter:
    matter = CleanPlateMatter()
    for frame in range(24):
        assert matter.learn(shot(room, 1000 + frame)) == frame + 1
    matter.finish()
    return matter


@pytest.mark.parametrize("light", [1.0, 0.9, 1.1])
def test_a_box_is_cast_and_the_room_is_not_in_any_light(
    room: np.ndarray, matter: CleanPlateMatter, light: float
) -> None:
    for frame in range(6):
        alpha = matter.matte(shot(room, frame, box=True, light=light), frame / 24)
        assert matter.trouble is None
        inside = alpha[32:68, 62 + frame : 108 + frame]
        assert inside.mean() > 250
        outside = np.ones((HEIGHT, WIDTH), bool)
        outside[28:72, 58 + frame : 112 + frame] = False
        assert alpha[outside].mean() < 1


def test_an_empty_room_stays_empty(room: np.ndarray, matter: CleanPlateMatter) -> None:
    assert all(matter.matte(shot(room, frame), frame / 24).mean() < 0.5 for frame in range(6))


def test_a_pushed_camera_is_noticed_within_a_second_and_forgiven(room: np.ndarray, matter: CleanPlateMatter) -> None:
    for frame in range(12):
        matter.matte(shot(room, frame, box=True), frame / 24)
        assert matter.trouble is None
    for frame in range(12, 36):
        matter.matte(shot(room, frame, box=True, shift=2), frame / 24)
    assert matter.trouble == MOVED
    matter.matte(shot(room, 36, box=True), 36 / 24)
    assert matter.trouble is None


def test_a_plate_is_kept_and_read_again(room: np.ndarray, matter: CleanPlateMatter) -> None:
    plate = matter.plate
    assert plate is not None
    again = CleanPlateMatter(plate=CleanPlate.from_bytes(plate.to_bytes()))
    assert again.plate == plate
    pictures = [shot(room, frame, box=True) for frame in range(4)]
    matter.reset()
    for frame, rgb in enumerate(pictures):
        np.testing.assert_array_equal(again.matte(rgb, frame / 24), matter.matte(rgb, frame / 24))


def packed(**arrays: np.ndarray) -> bytes:
    """Arrays as a plate keeps them."""
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def flipped(content: bytes) -> bytes:
    """The same with its packed bytes spoilt."""
    middle = len(content) // 4
    return content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 64]) + content[middle + 64 :]


NOISE = np.random.default_rng(0).integers(0, 2**16, (32, 32, 3)).astype(np.uint16)
ARRAY = io.BytesIO()
np.save(ARRAY, NOISE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no plate",
        b"PK\x03\x04 torn",
        ARRAY.getvalue(),
        flipped(packed(mean=NOISE, noise=np.zeros((32, 32), np.uint8))),
        packed(mean=np.zeros((16, 8200, 3), np.uint16), noise=np.zeros((16, 8200), np.uint8)),
    ],
    ids=["empty", "text", "torn", "one array", "spoilt", "too wide"],
)
def test_what_is_not_a_plate_is_named(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a clean plate.*new one"):
        CleanPlate.from_bytes(content)


def test_a_plate_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed(mean=np.zeros((400, 400, 3), np.uint16), noise=np.zeros((400, 400), np.uint8))
    assert CleanPlate.from_bytes(content).size == (400, 400)
    monkeypatch.setattr(cleanplate, "MOST_BYTES", 7 * 300 * 300)
    with pytest.raises(ValueError, match=r"1,120,\d+ bytes in it, at most 630,000"):
        CleanPlate.from_bytes(content)


def test_without_a_plate_it_says_so(room: np.ndarray) -> None:
    matter = CleanPlateMatter()
    matter.matte(shot(room, 0), 0.0)
    assert matter.trouble == NO_PLATE


def test_a_plate_serves_other_sizes_but_not_other_proportions(room: np.ndarray, matter: CleanPlateMatter) -> None:
    large = np.asarray(Image.fromarray(shot(room, 0, box=True)).resize((2 * WIDTH, 2 * HEIGHT)))
    alpha = matter.matte(large, 0.0)
    assert matter.trouble is None
    assert alpha[70:130, 130:210].mean() > 250
    matter.matte(large[:, :200], 0.1)
    assert matter.trouble == OTHER_SIZE


def test_a_plate_is_not_made_of_few_pictures_or_of_motion(room: np.ndarray, matter: CleanPlateMatter) -> None:
    before, learner = matter.plate, Learner()
    matter.learn(shot(room, 0))
    with pytest.raises(ValueError, match="8 pictures or more, not of 1"):
        matter.finish()
    assert matter.plate is before
    for frame in range(24):
        learner.add(shot(room, frame, box=True))
    with pytest.raises(ValueError, match="something moved"):
        learner.plate()
