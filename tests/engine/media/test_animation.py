"""Pictures that move, and pictures of unusual kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from engine.media.animation import Animation, moves
from engine.media.pictures import MediaError, read_picture
from engine.media.video import StillSource, VideoSource, open_source
from engine.tools.render import open_for_stream


def colours(count: int, mode: str = "RGB") -> list[Image.Image]:
    return [Image.new(mode, (96, 64), (40 * n, 10, 200) + (255,) * (mode == "RGBA")) for n in range(count)]


def save(path: Path, images: list[Image.Image], durations: list[int], **options: Any) -> Path:
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, **options)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.webp", {"lossless": True}), ("a.png", {}), ("a.apng", {}), ("a.avif", {"quality": 100})],
)
def test_an_animated_picture_is_a_video(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    path = save(tmp_path / name, colours(5), [40, 40, 200, 40, 40], **options)
    source = open_source(path)
    assert isinstance(source, Animation)
    assert (source.width, source.height, source.fps, source.expected_frames) == (96, 64, 25, 5)
    frames = list(source)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.28, 0.32])
    for n, frame in enumerate(frames):
        assert np.abs(frame.rgb.astype(int) - [40 * n, 10, 200]).max() <= (6 if name == "a.avif" else 0)
    assert [frame.rgb.shape for frame in open_source(path, (64, 64))] == [(64, 64, 3)] * 5
    with pytest.raises(MediaError, match=r"moves and out\.png does not"):
        open_for_stream(path, tmp_path / "out.png", None, 5)


def test_an_animation_is_decoded_no_further_than_it_may_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.webp", colours(6), [100] * 6)
    reached: list[int] = []
    seek = WebPImageFile.seek

    def counted(image: WebPImageFile, number: int) -> None:
        reached.append(number)
        seek(image, number)

    monkeypatch.setattr(WebPImageFile, "seek", counted)
    assert Animation(path, longest_s=0.6 + 1e-9, most=6).expected_frames == 6
    reached.clear()
    with pytest.raises(MediaError, match=r"a\.webp lasts over 0\.25 s, which is the most: cut a piece out of it"):
        Animation(path, longest_s=0.25)
    assert max(reached) == 2
    reached.clear()
    with pytest.raises(MediaError, match=r"a\.webp has 6 pictures; there may be 5 at most"):
        Animation(path, most=5)
    assert not reached


def test_pictures_that_do_not_move_stay_stills(tmp_path: Path) -> None:
    for name in ("one.webp", "one.png", "one.avif"):
        colours(1)[0].save(tmp_path / name)
        assert not moves(tmp_path / name)
        assert isinstance(open_source(tmp_path / name), StillSource)
    pages = tmp_path / "pages.tiff"
    colours(3)[0].save(pages, save_all=True, append_images=colours(3)[1:])
    assert isinstance(open_source(pages), StillSource)
    assert not moves(tmp_path / "missing.png")


def test_the_picture_for_other_programs_in_an_apng_is_not_shown(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", colours(4), [50, 50, 50, 50], default_image=True)
    assert [int(frame.rgb[0, 0, 0]) for frame in open_source(path)] == [40, 80, 120]


@pytest.mark.parametrize("name", ["clear.webp", "clear.png", "clear.gif", "clear.apng", "palette.png", "clear.tiff"])
def test_what_is_transparent_is_black_in_every_kind_of_picture(tmp_path: Path, name: str) -> None:
    """One ground for all, whatever colour is hidden under it."""
    rgba = np.full((64, 96, 4), (255, 0, 255, 0), np.uint8)
    rgba[:, 48:] = (0, 160, 0, 255)
    image = Image.fromarray(rgba)
    if name == "palette.png":
        image = image.quantize(8)
    if name in ("clear.gif", "clear.apng"):
        save(tmp_path / name, [image, image.copy()], [40, 40], **({"disposal": 2} if name == "clear.gif" else {}))
    else:
        image.save(tmp_path / name, exact=True, lossless=True)
    rgb = next(iter(open_source(tmp_path / name))).rgb.astype(int)
    assert rgb[:, :40].max() == 0
    assert np.abs(rgb[:, 56:] - [0, 160, 0]).max() <= 3


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("g.png", np.full((64, 96), 32_896, np.uint16)),  # 32,896 / 65,535 x 255 = 128
        ("g.tiff", np.full((64, 96), 32_896, np.uint16)),
        ("f.tiff", np.full((64, 96), 128 / 255, np.float32)),
        ("i.tiff", np.full((64, 96), 32_896, np.int32)),
        ("g.pgm", np.full((64, 96), 32_896, np.uint16)),
    ],
)
def test_grey_of_more_than_eight_bits_keeps_its_light(tmp_path: Path, name: str, values: np.ndarray) -> None:
    Image.fromarray(values).save(tmp_path / name)
    assert (read_picture(tmp_path / name) == 128).all()


def test_dark_and_white_of_16_bits_stay_dark_and_white(tmp_path: Path) -> None:
    values = np.repeat([[0, 257, 65_535]], 32, axis=0).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "g.png")
    assert read_picture(tmp_path / "g.png")[0, :, 1].tolist() == [0, 1, 255]


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "a.JFIF", "a.avif"])
def test_pictures_go_by_all_their_names(tmp_path: Path, name: str) -> None:
    colours(1)[0].save(tmp_path / name, "AVIF" if name == "a.avif" else "JPEG")
    assert isinstance(open_source(tmp_path / name), StillSource)


def test_a_broken_heic_is_a_picture_still(tmp_path: Path) -> None:
    for name in ("photo.heic", "photo.HEIF"):
        path = tmp_path / name
        path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
        with pytest.raises(MediaError, match=r"photo.* is not a whole picture .*; give a JPEG, PNG, WebP or HEIC file"):
            open_source(path)
        with pytest.raises(MediaError, match=r"name it \.png or \.jpg"):
            open_for_stream(path, tmp_path / "out.heic", None, 5)


def test_a_gif_is_still_a_video(tmp_path: Path) -> None:
    path = save(tmp_path / "a.gif", colours(4), [40, 40, 40, 40])
    assert isinstance(open_source(path), VideoSource)
