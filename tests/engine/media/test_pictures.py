"""Single pictures: JPEG, fitting, contact sheets."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.media.pictures import MediaError, contact_sheet, decode_jpeg, encode_jpeg, fit, read_picture

RAMP = np.stack(np.broadcast_arrays(*np.ogrid[0:64, 0:96], 128), axis=-1).astype(np.uint8)


def test_jpeg_comes_back_and_is_the_same_each_time() -> None:
    data = encode_jpeg(RAMP)
    assert data == encode_jpeg(RAMP.copy())
    decoded = decode_jpeg(data)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - RAMP).mean() < 1.5  # halved chroma at quality 90
    assert len(encode_jpeg(RAMP, 30)) < len(data)


def test_decoded_pictures_belong_to_the_caller() -> None:
    decoded = decode_jpeg(encode_jpeg(RAMP))
    decoded[:] = 0
    assert decode_jpeg(encode_jpeg(RAMP)).any()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_jpegs_decode_to_rgb(mode: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(RAMP).convert(mode).save(buffer, "JPEG")
    assert decode_jpeg(buffer.getvalue()).shape == RAMP.shape


def as_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(RAMP).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"no picture at all", as_png(), encode_jpeg(RAMP)[:-200]])
def test_what_is_no_whole_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError, match=rf"^{len(data)} bytes that are not a whole JPEG.*; send"):
        decode_jpeg(data)


@given(st.binary(max_size=200), st.integers(0, 600))
def test_damaged_bytes_decode_or_are_refused(junk: bytes, at: int) -> None:
    data = encode_jpeg(RAMP)
    with contextlib.suppress(MediaError):
        assert decode_jpeg(data[:at] + junk + data[at + len(junk) :]).ndim == 3


def test_large_pictures_are_refused_before_they_are_decoded() -> None:
    assert decode_jpeg(encode_jpeg(np.zeros((1920, 1080, 3), np.uint8))).shape == (1920, 1080, 3)
    with pytest.raises(MediaError, match="1921x8; the largest is 1920x1080"):
        decode_jpeg(encode_jpeg(np.zeros((8, 1921, 3), np.uint8)))


@pytest.mark.parametrize("quality", [0, 96])
def test_quality_has_a_range(quality: int) -> None:
    with pytest.raises(MediaError, match=f"quality {quality}; it is 1 to 95"):
        encode_jpeg(RAMP, quality)


@pytest.mark.parametrize(
    "array", [RAMP[..., 0], RAMP / 255, np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8)]
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray) -> None:
    for use in (encode_jpeg, lambda picture: fit(picture, 8, 8)):
        with pytest.raises(MediaError, match="a picture is uint8"):
            use(array)


@given(width=st.integers(1, 40), height=st.integers(1, 40), level=st.integers(0, 255))
def test_fit_gives_the_size_and_keeps_an_even_colour(width: int, height: int, level: int) -> None:
    fitted = fit(np.full((17, 23, 3), level, np.uint8), width, height)
    assert fitted.shape == (height, width, 3)
    assert np.all(fitted == level)


def test_fit_covers_and_crops_around_the_centre() -> None:
    halves = np.zeros((10, 40, 3), np.uint8)
    halves[:, 20:] = 255
    fitted = fit(halves, 20, 20)
    assert fitted[:, :10].mean() < 10
    assert fitted[:, 10:].mean() > 245
    assert np.array_equal(fit(RAMP, 64, 64), RAMP[:, 16:80])
    with pytest.raises(MediaError, match="0x20"):
        fit(RAMP, 0, 20)


def test_pictures_are_read_upright(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was turned: show it turned clockwise
    Image.fromarray(RAMP).save(tmp_path / "phone.png", exif=turned)
    assert np.array_equal(read_picture(tmp_path / "phone.png"), np.rot90(RAMP, -1))


@pytest.mark.parametrize("content", [None, b"", b"text"], ids=["missing", "empty", "text"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "still.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=r"still\.png (does not exist|is not a whole picture).*; give"):
        read_picture(path)


def test_a_contact_sheet_shows_every_picture(tmp_path: Path) -> None:
    red, blue = (np.full((32, 48, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    path = contact_sheet([[red, blue], [blue]], tmp_path / "sheet.png", ["first", "second"], ["a", "b"], width=60)
    sheet = read_picture(path)
    assert (sheet == (255, 0, 0)).all(axis=2).sum() == 60 * 40
    assert (sheet == (0, 0, 255)).all(axis=2).sum() == 2 * 60 * 40
    for rows, labels in (([], []), ([[red], []], []), ([[red]], ["one", "two"])):
        with pytest.raises(MediaError, match="; give"):
            contact_sheet(rows, tmp_path / "sheet.png", labels)
