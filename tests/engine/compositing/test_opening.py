"""Plates by a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.compositing.clip import ClipPlate
from engine.compositing.opening import open_file, open_plate
from engine.compositing.panorama import PanoramaPlate
from engine.compositing.plates import BlurredCamera, ColourPlate, PicturePlate
from engine.compositing.types import CameraPlate
from engine.media.pictures import MediaError

GPANO = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" '
    b'GPano:ProjectionType="equirectangular"/></rdf:RDF></x:xmpmeta>'
)


def picture(path: Path, width: int = 64, height: int = 32, value: int = 99, **how: object) -> Path:
    Image.new("RGB", (width, height), (value, value, value)).save(path, **how)  # type: ignore[arg-type]
    return path


def test_a_text_names_a_plate(tmp_path: Path) -> None:
    assert isinstance(open_plate("blur"), BlurredCamera)
    colour = open_plate("#20a0ff")
    assert isinstance(colour, ColourPlate)
    assert colour.rgb == (32, 160, 255)
    still = picture(tmp_path / "a.jpg")
    assert isinstance(open_plate(still), PicturePlate)
    assert isinstance(open_plate(f"panorama:{still}"), PanoramaPlate)
    assert isinstance(open_plate(picture(tmp_path / "sphere.jpg", xmp=GPANO)), PanoramaPlate)
    assert isinstance(open_plate(picture(tmp_path / "cut.jpg", 64, 64, xmp=GPANO)), PicturePlate)


def test_a_marked_panorama_is_one_though_it_moves_or_unless_the_caller_knows_better(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 32), (value, 0, 0)) for value in (0, 255)]
    marked, plain = tmp_path / "marked.webp", tmp_path / "plain.webp"
    frames[0].save(marked, save_all=True, append_images=frames[1:], xmp=GPANO)
    frames[0].save(plain, save_all=True, append_images=frames[1:])
    assert isinstance(open_plate(marked), PanoramaPlate)
    for path, panorama, kind in ((marked, False, ClipPlate), (plain, None, ClipPlate), (plain, True, PanoramaPlate)):
        plate = open_file(path, panorama=panorama)
        assert isinstance(plate, kind)
        plate.close()


def test_a_folder_is_a_clip_of_its_pictures(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="holds no pictures"):
        open_plate(tmp_path)
    for number in range(48):
        picture(tmp_path / f"{number:03}.png", value=2 * number)
    (tmp_path / "notes.txt").write_text("not a picture")
    plate = open_plate(tmp_path)
    assert isinstance(plate, ClipPlate)
    assert plate.length_s == 2.0
    assert [int(plate.picture(time_s, 64, 32).mean()) for time_s in (0, 0.5, 1.0)] == [0, 24, 48]
    plate.close()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("#12", "'#12' is not a colour; write # and six digits"),
        ("nowhere.jpg", "nowhere.jpg does not exist; a plate is a picture or a clip, a folder"),
        ("panorama:nowhere.jpg", "nowhere.jpg does not exist"),
    ],
)
def test_what_is_not_a_plate_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        open_plate(text)


def test_every_plate_is_one_or_the_other_kind(tmp_path: Path) -> None:
    for text in ("#000000", "blur", str(picture(tmp_path / "a.png"))):
        plate = open_plate(text)
        if isinstance(plate, CameraPlate):
            shown = plate.picture_of(np.zeros((32, 64, 3), np.uint8), np.zeros((32, 64), np.uint8))
        else:
            shown = plate.picture(0.0, 64, 32)
        assert shown.shape == (32, 64, 3)
        plate.close()
