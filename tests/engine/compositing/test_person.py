"""People are cut out of pictures of any size; where there is nobody, nothing stays; bad input is named."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.compositing import segmenter
from engine.compositing.mattes import make_matter
from engine.compositing.person import PersonMatter
from engine.compositing.segmenter import SHA256, WEIGHTS, Segmenter


@pytest.fixture(scope="module")
def face(footage: Path) -> np.ndarray:
    """A portrait in the middle of a landscape picture, (216, 384, 3)."""
    portrait = Image.open(footage / "dev" / "london-face-042-smiling.jpg").convert("RGB")
    picture = Image.new("RGB", (384, 216), portrait.getpixel((4, 4)))
    picture.paste(portrait.resize((216, 216)), (84, 0))
    return np.array(picture)


def test_the_notice_names_the_file_that_ships() -> None:
    assert SHA256 in (WEIGHTS.parent / "NOTICE.md").read_text("utf-8")
    Segmenter()


def test_a_damaged_or_missing_model_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.tflite.*teachers"):
        Segmenter(tmp_path / "nowhere.tflite")
    (tmp_path / "other.tflite").write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match="not a TensorFlow Lite model"):
        Segmenter(tmp_path / "other.tflite")
    monkeypatch.setattr(segmenter, "WEIGHTS", tmp_path / "other.tflite")
    with pytest.raises(ValueError, match=r"damaged.*install"):
        Segmenter()
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModuleNotFoundError, match="pip install ai-edge-litert"):
        Segmenter()


def test_a_person_stays_and_the_wall_goes(face: np.ndarray) -> None:
    matter = PersonMatter()
    alpha = matter.matte(face, 0.0)
    assert alpha.shape == (216, 384)
    assert alpha.dtype == np.uint8
    assert alpha[100:140, 180:204].min() > 240, "the face"
    assert alpha[:, :60].max() < 15, "the wall"
    assert matter.trouble is None


def test_the_segmenter_is_spared_a_still_picture_and_never_twice_in_a_row(
    face: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    mattes: list[np.ndarray] = []
    ask = Segmenter.__call__

    def counted(self: Segmenter, rgb: np.ndarray) -> np.ndarray:
        asked.append(len(mattes))
        return ask(self, rgb)

    monkeypatch.setattr(Segmenter, "__call__", counted)
    matter = PersonMatter()
    while len(mattes) < 6:
        mattes.append(matter.matte(face, 0.0))
    assert asked == [0, 2, 4], "a still picture"
    assert mattes[-1][100:140, 180:204].min() > 240, "the face, in a picture that the segmenter did not see"
    while len(mattes) < 12:
        mattes.append(matter.matte(np.where(len(mattes) % 2, face, 255 - face), 0.0))
    assert asked[3:] == list(range(6, 12)), "each picture is another one"


def test_nobody_leaves_nothing_and_says_so() -> None:
    matter = PersonMatter()
    wall = np.full((120, 200, 3), 90, np.uint8)
    assert not matter.matte(wall, 0.0).any()
    assert matter.nobody
    assert matter.trouble == "nobody in the picture"


@pytest.mark.parametrize("size", [(64, 64), (16, 300), (1920, 1080), (270, 480), (101, 77)])
def test_any_size_of_picture(face: np.ndarray, size: tuple[int, int]) -> None:
    picture = np.asarray(Image.fromarray(face).resize(size))
    alpha = PersonMatter().matte(picture, 0.0)
    assert alpha.shape == (size[1], size[0])


def test_the_same_pictures_give_the_same_mattes_after_a_reset(face: np.ndarray) -> None:
    matter = PersonMatter()
    moved = [np.roll(face, step, 1) for step in (0, 6, 12)]
    first = [matter.matte(rgb, i / 24) for i, rgb in enumerate(moved)]
    matter.reset()
    again = [matter.matte(rgb, i / 24) for i, rgb in enumerate(moved)]
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("picture", "error", "complaint"),
    [
        (np.zeros((64, 64), np.uint8), ValueError, r"\(H, W, 3\)"),
        (np.zeros((64, 64, 4), np.uint8), ValueError, r"\(64, 64, 4\)"),
        (np.zeros((64, 64, 3), np.float32), TypeError, "uint8.*float32"),
        (np.zeros((8, 64, 3), np.uint8), ValueError, "64x8.*resize"),
        ([[1, 2, 3]], TypeError, "list.*asarray"),
    ],
)
def test_what_is_not_a_picture_is_named(picture: np.ndarray, error: type[Exception], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        PersonMatter().matte(picture, 0.0)


def test_an_unknown_matte_or_setting_is_named() -> None:
    with pytest.raises(ValueError, match=r"'persons'.*person"):
        make_matter("persons")
    with pytest.raises(ValueError, match="no setting hair"):
        make_matter("person", hair=True)
