"""A plate by a short text, as people give it at the shell and in scripts."""

from __future__ import annotations

import re
from pathlib import Path

from engine.compositing.clip import ClipPlate
from engine.compositing.panorama import Lens, PanoramaPlate
from engine.compositing.plates import CENTRE, BlurredCamera, ColourPlate, Focus, PicturePlate
from engine.compositing.types import CameraPlate, Plate
from engine.media.animation import moves
from engine.media.pictures import PICTURE_SUFFIXES, MediaError, opened

BLUR, PANORAMA = "blur", "panorama:"
FORMS = "a picture or a clip, a folder of pictures, #rrggbb, blur, or panorama:FILE"
"""What `open_plate` takes, in a phrase."""


def open_plate(what: str | Path) -> Plate | CameraPlate:
    """The plate that a text names: see `FORMS`. A relative path is one of the working folder.

    A picture that says of itself that it is a panorama all round (GPano, as telephones write it) is opened as one; with
    panorama: before it any picture that is twice as wide as high is. A folder's pictures follow each other by their
    names, 24 a second. Raises ValueError (MediaError) for what cannot be used, with what came and what to give.
    """
    text = str(what)
    if text == BLUR:
        return BlurredCamera()
    if text.startswith("#"):
        if not re.fullmatch("#[0-9a-fA-F]{6}", text):
            raise ValueError(f"{text!r} is not a colour; write # and six digits of 0 to f, such as #205080")
        return ColourPlate((int(text[1:3], 16), int(text[3:5], 16), int(text[5:], 16)))
    if text.startswith(PANORAMA):
        return PanoramaPlate(text.removeprefix(PANORAMA))
    path = Path(what)
    if not path.exists():
        raise MediaError(f"{text} does not exist; a plate is {FORMS}")
    return open_file(path)


def open_file(
    path: Path, *, panorama: bool | None = None, pan: float = 0.0, focus: Focus = CENTRE, loop: bool = True
) -> Plate:
    """The plate of a picture, a panorama, a clip or a folder of pictures.

    panorama: whether a picture is one all round; None asks the picture (`is_panorama`). pan: degrees that a panorama
    turns to the right in a second, -60 to 60. focus, loop: as for `PicturePlate` and `ClipPlate`. Raises ValueError
    (MediaError) for what cannot be used.
    """
    still = not path.is_dir() and path.suffix.lower() in PICTURE_SUFFIXES
    if (still and is_panorama(path)) if panorama is None else panorama:
        return PanoramaPlate(path, Lens(pan=pan))
    if not still or moves(path):  # or an animated picture
        return ClipPlate(path, loop=loop, focus=focus)
    return PicturePlate(path, focus)


def is_panorama(path: Path) -> bool:
    """Whether a picture is marked as a whole panorama, by Google's Photo Sphere schema in its XMP."""
    with opened(path, 64) as image:
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        data = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
        return b"equirectangular" in data and abs(image.width / image.height - 2) < 0.04
