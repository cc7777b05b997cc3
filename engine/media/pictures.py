"""Single pictures: JPEG in and out, fitting to a size, contact sheets. All by Pillow.

Live and replay share `decode_jpeg`: Pillow and PyAV decode the same JPEG differently, and replay must be exact.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

MAX_WIDTH, MAX_HEIGHT = 1920, 1080
"""The largest picture that `decode_jpeg` accepts, as a longer and a shorter side."""

PICTURE_SUFFIXES = {
    *(".avif", ".bmp", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".apng", ".tif", ".tiff", ".webp")
}
"""Names of picture files. What Pillow opens only with a plug-in is among them, so that it is refused as a picture."""
_PHONE_SUFFIXES = {".heic", ".heif"}


class MediaError(ValueError):
    """A picture or a video that cannot be used; the text says what came, what is legal and what to do."""


def decode_jpeg(data: bytes) -> np.ndarray:
    """Decode a JPEG to (H, W, 3) uint8 RGB.

    Raises MediaError for anything but a whole JPEG of at most 1920x1080 (or 1080x1920).
    """
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            width, height = image.size
            if max(width, height) > MAX_WIDTH or min(width, height) > MAX_HEIGHT:
                raise MediaError(
                    f"a JPEG of {width}x{height}; the largest is {MAX_WIDTH}x{MAX_HEIGHT}: send it smaller"
                )
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # Pillow says SyntaxError for broken markers
        raise MediaError(
            f"{len(data)} bytes that are not a whole JPEG ({error}); send one JPEG file per frame"
        ) from None


def encode_jpeg(rgb: np.ndarray, quality: int = 90) -> bytes:
    """Encode (H, W, 3) uint8 RGB as JPEG, `quality` 1..95; same picture, same bytes.

    Raises MediaError where the array is no picture or the quality is out of range.
    """
    if not 1 <= quality <= 95:
        raise MediaError(f"JPEG quality {quality}; it is 1 to 95, and 90 is good")
    buffer = io.BytesIO()
    Image.fromarray(as_picture(rgb)).save(buffer, "JPEG", quality=quality, optimize=True)  # 5 % smaller for 0.3 ms
    return buffer.getvalue()


def as_picture(rgb: np.ndarray) -> np.ndarray:
    """The array itself where it is (H, W, 3) uint8 with at least one pixel, else MediaError."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise MediaError(f"an array of {rgb.dtype} {rgb.shape}; a picture is uint8 (height, width, 3) in RGB order")
    return rgb


def fit(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize (H, W, 3) uint8 RGB to cover `width` x `height` and crop what stands over, around the centre."""
    if as_picture(rgb).shape[:2] == (height, width):
        return rgb
    if width < 1 or height < 1:
        raise MediaError(f"a size of {width}x{height}; width and height are at least 1")
    return np.array(ImageOps.fit(Image.fromarray(rgb), (width, height), Image.Resampling.LANCZOS))


def read_picture(path: str | Path) -> np.ndarray:
    """Read an image file of any kind that Pillow knows, upright, as (H, W, 3) uint8 RGB; raises MediaError.

    Where it is transparent it stands over black. Of 16 bits the upper eight remain.
    """
    with opened(path) as image:
        return as_rgb(image)


@contextmanager
def opened(path: str | Path) -> Iterator[Image.Image]:
    """An image file for as long as it is read; what Pillow raises meanwhile becomes a MediaError."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError:
        raise MediaError(f"{path} does not exist; give the path of a picture") from None
    except UnidentifiedImageError as error:
        if Path(path).suffix.lower() in _PHONE_SUFFIXES:
            raise MediaError(
                f"{path} is a HEIC picture, which needs a decoder that is not here; save it as JPEG or PNG"
            ) from None
        raise MediaError(f"{path} is not a whole picture ({error}); give a JPEG, PNG or WebP file") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{path} is not a whole picture ({error}); give a JPEG, PNG or WebP file") from None


def as_rgb(image: Image.Image) -> np.ndarray:
    """What Pillow has opened, upright, opaque, as (H, W, 3) uint8 RGB."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":  # Pillow would cut off what is above 255
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        return opaque(np.array(image.convert("RGBA")))
    return np.array(image.convert("RGB"))


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    """Grey of 16 bits, or of floats up to 1, as uint8."""
    top = float(grey.max(initial=0))
    white = 65_535.0 if grey.dtype.itemsize == 2 or top > 255 else 1.0 if grey.dtype.kind == "f" and top <= 1 else 255.0
    return np.rint(np.clip(grey / white, 0, 1) * 255).astype(np.uint8)


def opaque(rgba: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8 over black, as (H, W, 3)."""
    if rgba[..., 3].min(initial=255) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    image = Image.fromarray(np.ascontiguousarray(rgba))
    ground = Image.new("RGB", image.size)
    ground.paste(image, mask=image)
    return np.array(ground)


GAP, MARGIN, LINE = 6, 12, 20
PAPER, INK = (22, 22, 26), (205, 205, 212)


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    path: str | Path,
    labels: Sequence[str] = (),
    columns: Sequence[str] = (),
    width: int = 240,
) -> Path:
    """Save `draw_contact_sheet`; the suffix of `path` (.png, .jpg) names the format. Returns `path`."""
    draw_contact_sheet(rows, labels, columns, width).save(path, quality=92)
    return Path(path)


def draw_contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    labels: Sequence[str] = (),
    columns: Sequence[str] = (),
    width: int = 240,
    gap: int = GAP,
    margin: int = MARGIN,
) -> Image.Image:
    """A grid of pictures on dark paper.

    rows: pictures (H, W, 3) uint8, each shown `width` pixels wide; the first picture gives all cells their shape.
    labels: a caption over each row; columns: a caption over each column. Both may be left out. gap, margin: pixels
    between pictures and around them. Raises MediaError for an empty row, or captions that do not fit the rows.
    """
    if not rows or not all(len(row) for row in rows):
        raise MediaError(
            f"a contact sheet of {len(rows)} rows, of which one is empty; give at least one picture per row"
        )
    for name, captions, expected in (("labels", labels, len(rows)), ("columns", columns, max(map(len, rows)))):
        if captions and len(captions) != expected:
            raise MediaError(f"{len(captions)} {name} for {expected} of them; give one each or none")
    height = max(1, round(width * rows[0][0].shape[0] / rows[0][0].shape[1]))
    top = margin + (LINE if columns else 0)
    pitch = height + (LINE if labels else 0) + gap
    size = 2 * margin + max(map(len, rows)) * (width + gap) - gap, top + margin + len(rows) * pitch - gap
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for column, caption in enumerate(columns):
        draw.text((margin + column * (width + gap), margin - 2), caption, INK, font)
    for number, row in enumerate(rows):
        y = top + number * pitch
        if labels:
            draw.text((margin, y - 1), labels[number], INK, font)
            y += LINE
        for column, rgb in enumerate(row):
            sheet.paste(Image.fromarray(fit(rgb, width, height)), (margin + column * (width + gap), y))
    return sheet
