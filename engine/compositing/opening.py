"""A plate by a short text, as people give it at the shell and in scripts."""

from __future__ import annotations

import re
from pathlib import Path

from engine.compositing.clip import ClipPlate
from engine.compositing.panorama import Lens, PanoramaPlate
from engine.compositing.plates import BlurredCamera, ColourPlate, PicturePlate
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
    if path.is_dir() or path.suffix.lower() not in PICTURE_SUFFIXES or moves(path):
        return ClipPlate(path)
    return PanoramaPlate(path, Lens()) if is_panorama(path) else PicturePlate(path)


def is_panorama(path: Path) -> bool:
    """Whether a picture is marked as a whole panorama, by Google's Photo Sphere schema in its XMP."""
    with opened(path, 64) as image:
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        data = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
        return b"equirectangular" in data and abs(image.width / image.height - 2) < 0.04
