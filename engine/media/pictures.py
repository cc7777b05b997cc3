"""Single pictures: JPEG in and out, fitting to a size, contact sheets. All by Pillow.

Live and replay share `decode_jpeg`: Pillow and PyAV decode the same JPEG differently, and replay must be exact.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from engine.media.files import published
from engine.media.jpeg import read_header
from engine.media.lettering import caption

MAX_WIDTH, MAX_HEIGHT = 1920, 1080
"""The largest picture that `decode_jpeg` accepts, as a longer and a shorter side."""

MAX_SCANS = 24
"""Scans of a JPEG that `decode_jpeg` accepts: progressive ones have ten to fifteen, and each takes a pass over all."""

PICTURE_SUFFIXES = {
    *(".avif", ".bmp", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".apng", ".tif", ".tiff", ".webp")
}
"""Names of picture files."""
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

MAX_PIXELS = 89_000_000
"""Of a picture that is decoded: from there on Pillow warns, since one of so many pixels may be an attack."""
MAX_REDUCED_PIXELS = 1_000_000_000
"""Of a JPEG that is reduced while it is decoded: ten seconds of work."""


class MediaError(ValueError):
    """A picture or a video that cannot be used; the text says what came, what is legal and what to do."""


def decode_jpeg(data: bytes, *, one_pass: bool = False) -> np.ndarray:
    """Decode a JPEG to (H, W, 3) uint8 RGB.

    one_pass: only a baseline JPEG with one scan, as browsers' canvases and cameras write it. Raises MediaError for
    anything but a whole JPEG of at most 1920x1080 (or 1080x1920) with at most MAX_SCANS scans, and for another kind.
    """
    header = read_header(data)
    _check_size(header.width, header.height)
    if header.scans > MAX_SCANS:
        raise MediaError(f"a JPEG of {header.scans:,} scans; at most {MAX_SCANS} are decoded: send it as baseline JPEG")
    if one_pass and header.scans and not header.one_pass:
        raise MediaError("a JPEG that is not baseline with one scan (progressive, say); send baseline JPEG")
    if not header.scans:
        raise MediaError(f"{len(data)} bytes that are not a whole JPEG; send one JPEG file per frame")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            _check_size(*image.size)
            return np.array(image.convert("RGB"))
    except MediaError:
        raise
    except Exception as error:  # noqa: BLE001 - on broken markers Pillow raises whatever its readers of metadata meet
        raise MediaError(
            f"{len(data)} bytes that are not a whole JPEG ({error}); send one JPEG file per frame"
        ) from None


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_WIDTH or min(width, height) > MAX_HEIGHT:
        raise MediaError(f"a JPEG of {width}x{height}; the largest is {MAX_WIDTH}x{MAX_HEIGHT}: send it smaller")


def encode_jpeg(rgb: np.ndarray, quality: int = 90) -> bytes:
    """Encode (H, W, 3) uint8 RGB as JPEG, `quality` 1..95; same picture, same bytes.

    Raises MediaError where the array is no picture or the quality is out of range.
    """
    if not 1 <= quality <= 95:
        raise MediaError(f"JPEG quality {quality}; it is 1 to 95, and 90 is good")
    buffer = io.BytesIO()
    Image.fromarray(as_picture(rgb)).save(buffer, "JPEG", quality=quality, optimize=True)  # 5 % smaller for 0.3 ms
    return buffer.getvalue()


def save_picture(picture: np.ndarray | Image.Image, path: str | Path, quality: int | None = None) -> Path:
    """Write a picture, (H, W, 3) uint8 RGB or Pillow's own, whole or not at all; the suffix names the kind.

    quality: of a JPEG, 1..95; Pillow's own by default. Returns the path. Raises MediaError for a name of a kind that is
    not written, and OSError, which names the file, where it cannot be written.
    """
    path = Path(path)
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind not in Image.SAVE:
        raise MediaError(f"{path.name}: pictures of that kind are not written; name it .png or .jpg")
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(as_picture(picture))
    with published(path) as part:
        image.save(part, kind, **({} if quality is None else {"quality": quality}))
    return path


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


def padded(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize (H, W, 3) uint8 RGB to lie within `width` x `height`, and put black around it."""
    if as_picture(rgb).shape[:2] == (height, width):
        return rgb
    if width < 1 or height < 1:
        raise MediaError(f"a size of {width}x{height}; width and height are at least 1")
    return np.array(ImageOps.pad(Image.fromarray(rgb), (width, height), Image.Resampling.LANCZOS, color=(0, 0, 0)))


def read_picture(path: str | Path, ground: tuple[int, int, int] = (0, 0, 0), at_most: int | None = None) -> np.ndarray:
    """Read an image file of any kind that Pillow knows, or HEIC, upright, as (H, W, 3) uint8 RGB; raises MediaError.

    ground: the colour, 0..255 each, over which it stands where it is transparent. at_most: its longer side in pixels;
    a larger picture is reduced, a JPEG already while it is decoded, unless it is progressive. Other pictures are
    read up to `MAX_PIXELS`, a JPEG up to `MAX_REDUCED_PIXELS`. Of 16 bits the upper eight remain.
    """
    with opened(path, at_most) as image:
        rgb = as_rgb(image, ground)
    if at_most is None or max(rgb.shape) <= at_most:
        return rgb
    scale = at_most / max(rgb.shape)
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return np.array(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


@contextmanager
def opened(path: str | Path, at_most: int | None = None) -> Iterator[Image.Image]:
    """An image file for as long as it is read; what Pillow raises meanwhile becomes a MediaError.

    at_most: as in `read_picture`.
    """
    try:
        with _open(Path(path), at_most) as image:
            yield image
    except FileNotFoundError:
        raise MediaError(f"{path} does not exist; give the path of a picture") from None
    except UnidentifiedImageError as error:
        raise MediaError(f"{path} is not a whole picture ({error}); give a JPEG, PNG, WebP or HEIC file") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{path} is not a whole picture ({error}); give a JPEG, PNG, WebP or HEIC file") from None


def _open(path: Path, at_most: int | None) -> Image.Image:
    """The image before its pixels are decoded, of a legal number of pixels."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:] in _HEIC_BRANDS:
        _register_heic()
    if at_most is not None and head.startswith(b"\xff\xd8"):
        # Not by Image.open, which refuses large pictures by their header, before they could be reduced.
        data = path.read_bytes()
        header = read_header(data)
        # Of more than one scan it is kept whole while it is decoded, at six bytes a pixel, however small it comes out.
        if header.width * header.height > (MAX_REDUCED_PIXELS if header.one_pass else MAX_PIXELS):
            raise _too_large(path)
        if header.scans > MAX_SCANS:
            raise MediaError(f"{path} has {header.scans:,} scans; {MAX_SCANS} are the most: save it again as JPEG")
        jpeg = JpegImageFile(io.BytesIO(data))
        scale = min(1.0, at_most / max(jpeg.size))
        jpeg.draft(None, (round(jpeg.width * scale), round(jpeg.height * scale)))  # halved up to three times
        image: Image.Image = jpeg
    else:
        try:
            image = Image.open(path)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_large(path) from None
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise _too_large(path)
    return image


def _too_large(path: Path) -> MediaError:
    most = f"{MAX_PIXELS / 1e6:.0f} million"
    return MediaError(f"{path} is a picture of more than {most} pixels; save it smaller, such as 4,000 pixels wide")


@cache
def _register_heic() -> None:
    """Teach Pillow to read HEIC, the pictures of telephones; the decoder is loaded when the first one is met."""
    from pi_heif import register_heif_opener

    register_heif_opener()


def as_rgb(image: Image.Image, ground: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    """What Pillow has opened, upright, as (H, W, 3) uint8 RGB, opaque: over `ground`, 0..255 each."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":  # Pillow would cut off what is above 255
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        return opaque(np.array(image.convert("RGBA")), ground)
    return np.array(image.convert("RGB"))


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    """Grey of 16 bits, or of floats up to 1, as uint8."""
    top = float(grey.max(initial=0))
    white = 65_535.0 if grey.dtype.itemsize == 2 or top > 255 else 1.0 if grey.dtype.kind == "f" and top <= 1 else 255.0
    return np.rint(np.clip(grey / white, 0, 1) * 255).astype(np.uint8)


def opaque(rgba: np.ndarray, colour: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    """(H, W, 4) uint8 over a colour, as (H, W, 3)."""
    if rgba[..., 3].min(initial=255) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    image = Image.fromarray(np.ascontiguousarray(rgba))
    ground = Image.new("RGB", image.size, colour)
    ground.paste(image, mask=image)
    return np.array(ground)


GAP, MARGIN, LINE, LETTERS = 6, 12, 20, 13
PAPER, INK = (22, 22, 26), (205, 205, 212)


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    path: str | Path,
    labels: Sequence[str] = (),
    columns: Sequence[str] = (),
    width: int = 240,
) -> Path:
    """Save `draw_contact_sheet`; the suffix of `path` (.png, .jpg) names the format. Returns `path`."""
    return save_picture(draw_contact_sheet(rows, labels, columns, width), path, quality=92)


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
    for column, name in enumerate(columns):
        text, font = caption(name, LETTERS)
        draw.text((margin + column * (width + gap), margin - 2), text, INK, font)
    for number, row in enumerate(rows):
        y = top + number * pitch
        if labels:
            text, font = caption(labels[number], LETTERS)
            draw.text((margin, y - 1), text, INK, font)
            y += LINE
        for column, rgb in enumerate(row):
            sheet.paste(Image.fromarray(fit(rgb, width, height)), (margin + column * (width + gap), y))
    return sheet
