"""Letters on pictures: a typeface that has a text's characters, and the text in lines that fit.

Pillow's own typeface has the letters of English alone, so DejaVu Sans is shipped, with those of Latin, Greek, Cyrillic,
Armenian, Georgian, Hebrew and Arabic. For other scripts the machine's fonts are asked. A character that no font has is
named, never drawn as a box.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont, features

SHIPPED = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
MOST_FONTS = 5000
"""Files that are looked into for a character; a machine has hundreds."""
_SHRINK = 0.94
_PROBE = 32
"""Pixels, at which a glyph is compared with the one that stands for a missing character."""
_NO_GLYPH = "\uffff"
"""No character, by definition: every font shows its box for it."""
_SHAPED = re.compile("[\u0590-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1800-\u18af\u1a20-\u1cff\ua800-\uabff]")
"""Scripts whose letters join, stand in another order than they are written, or run from right to left."""
_WIDE = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CLOSING = "、。，．・：；？！）」』】〕〉》ー…"  # begin no line
_UNITS = re.compile(rf"\s+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+")
"""What a line is not broken within: a word, or a character of a script that is written without spaces."""
_LETTERS = re.compile(r"\s+|\S")
LEAST = 6
"""Pixels of the smallest letters."""
_STYLES = ("bold", "italic", "oblique", "black", "heavy", "thin", "light", "condensed", "mono", "serif")
"""In a file's name: fonts that are asked last."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class LetteringError(ValueError):
    """A text that cannot be drawn; names what is in the way and the remedy."""


@dataclass(frozen=True)
class Typeface:
    """A font file, or Pillow's own typeface."""

    path: str = ""
    """Empty for Pillow's own."""

    def at(self, pixels: int) -> Font:
        """The font of that size."""
        return _font(self.path, pixels)

    def lacks(self, text: str) -> str:
        """The characters of a text that it has no glyph for, each once."""
        return "".join(char for char in dict.fromkeys(text) if _is_drawn(char) and not _has(self.path, char))


@cache
def _font(path: str, pixels: int) -> Font:
    return ImageFont.truetype(path, pixels) if path else ImageFont.load_default(pixels)


@cache
def _has(path: str, char: str) -> bool:
    """Whether it draws another picture for the character than for a missing one."""
    font = _font(path, _PROBE)
    box, glyph = font.getmask(_NO_GLYPH), font.getmask(char)
    return glyph.size != box.size or bytes(glyph) != bytes(box)


def _is_drawn(char: str) -> bool:
    """Whether a font needs a glyph for it: not for spaces, controls and selectors."""
    return unicodedata.category(char) not in ("Zs", "Zl", "Zp", "Cc", "Cf") and not "\ufe00" <= char <= "\ufe0f"


def typeface_for(text: str, font: str | Path = "") -> Typeface:
    """A typeface that has every character of a text: Pillow's own, the shipped one, or one of this machine's fonts.

    font: a font's file, or its name among this machine's, in place of those. Raises LetteringError, which names the
    characters that are lacking and the remedy.
    """
    if any(unicodedata.category(char) == "Cs" for char in text):
        raise LetteringError(f"{text!a} holds half a character; write the whole character")
    if _SHAPED.search(text) and not features.check("raqm"):
        joined = _named("".join(dict.fromkeys(_SHAPED.findall(text))))
        raise LetteringError(
            f"{joined}: such letters have to be shaped, for which Pillow needs the library FriBiDi: "
            "install libfribidi (fribidi.dll on Windows)"
        )
    if font:
        face = _chosen(str(font))
        if lacking := face.lacks(text):
            raise LetteringError(f"the font {font} has no {_named(lacking)}; choose another font, or other words")
        return face
    for face in (Typeface(), Typeface(str(SHIPPED))):
        if not face.lacks(text):
            return face
    lacking = face.lacks(text)
    return _of_this_machine(frozenset(filter(_is_drawn, text)), lacking)


def _chosen(font: str) -> Typeface:
    face = Typeface(font)
    try:
        face.at(_PROBE)
    except (OSError, ValueError) as error:
        raise LetteringError(
            f"{font} is not a font that can be read ({error}); give the path of a .ttf or .otf"
        ) from None
    return face


@cache
def _of_this_machine(characters: frozenset[str], lacking: str) -> Typeface:
    """The first font that has them all. lacking: what the shipped one has not, for the error."""
    rarest_first = lacking + "".join(sorted(characters - set(lacking)))
    for path in system_fonts():
        face = Typeface(path)
        try:
            if all(_has(path, char) for char in rarest_first):
                return face
        except (OSError, ValueError):  # a font of pictures, or a damaged one
            continue
    raise LetteringError(
        f"no font of this machine has {_named(lacking)}, or none has it beside the text's other letters; install one, "
        "such as Noto Sans for that script, or name its file: font='NotoSansThai-Regular.ttf'"
    )


def _named(characters: str) -> str:
    """`水 (U+6C34), 木 (U+6728)`, and how many more."""
    names = [f"{char} (U+{ord(char):04X})" for char in characters[:8]]
    more = len(characters) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


@cache
def system_fonts() -> tuple[str, ...]:
    """The font files of this machine, upright ones of normal weight first."""
    files = [
        Path(folder, name)
        for root in _folders()
        for folder, _, names in os.walk(root)
        for name in names
        if name.lower().endswith((".ttf", ".otf", ".ttc", ".otc"))
    ]
    ordered = sorted(files, key=lambda path: (any(style in path.name.lower() for style in _STYLES), path.name, path))
    return tuple(map(str, ordered[:MOST_FONTS]))


def _folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts")
        yield Path(os.environ.get("LOCALAPPDATA", str(home)), "Microsoft", "Windows", "Fonts")
    elif sys.platform == "darwin":
        yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts")
    else:
        yield from (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts")
        yield Path(os.environ.get("XDG_DATA_HOME", str(home / ".local" / "share")), "fonts")


def caption(text: str, pixels: int) -> tuple[str, Font]:
    """A caption as it can be drawn, and its font: what no font has is shown by its code, for a caption ends nothing."""
    try:
        return text, typeface_for(text).at(pixels)
    except LetteringError:
        face = Typeface(str(SHIPPED))
        lacking = set(face.lacks(text)) | set(_SHAPED.findall(text) if not features.check("raqm") else ())
        shown = "".join(char if char not in lacking else f"\\u{ord(char):04x}" for char in text)
        return shown, face.at(pixels)


@dataclass(frozen=True)
class Block:
    """A text in lines of one size."""

    lines: tuple[str, ...]
    font: Font
    pitch: float
    """Pixels from a line to the next."""


def set_in_lines(text: str, face: Typeface, pixels: int, width: float, height: float) -> Block:
    """A text as large as fits, broken between words into lines of about the same length.

    pixels: the largest size of its letters. width, height: of the room, in pixels. Line breaks in the text stay. A word
    that is too long for a line at a third of that size is broken, too. Raises LetteringError for a text that is too
    long for the room.
    """
    size = max(LEAST, pixels)
    while True:
        font = face.at(size)
        pitch = size * 1.25
        units = _UNITS if size > max(LEAST, pixels / 3) else _LETTERS
        lines = _broken(text, units, font.getlength, width)
        if lines and len(lines) * pitch <= max(height, pitch):
            return Block(tuple(_balanced(text, units, font.getlength, width, lines)), font, pitch)
        if size == LEAST:
            room = f"{width:.0f}x{height:.0f} pixels"
            raise LetteringError(f"{text[:40]!r} with {len(text):,} characters does not fit into {room}; shorten it")
        size = max(LEAST, min(size - 1, round(size * _SHRINK)))


def _broken(text: str, units: re.Pattern[str], length: Callable[[str], float], width: float) -> list[str] | None:
    """Lines that are full; None where a unit is wider than a line."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for unit in units.findall(paragraph.strip()):
            if line.strip() and not unit.isspace() and length(line + unit) > width:
                lines.append(line.rstrip())
                line = ""
            line += unit if line or not unit.isspace() else ""
        lines.append(line.rstrip())
    return lines if all(length(line) <= width for line in lines) else None


def _balanced(
    text: str, units: re.Pattern[str], length: Callable[[str], float], width: float, lines: list[str]
) -> list[str]:
    """As many lines, of the least width that holds them."""
    narrow, wide = 0.0, width
    for _ in range(8):
        middle = (narrow + wide) / 2
        tried = _broken(text, units, length, middle)
        if tried and len(tried) <= len(lines):
            lines, wide = tried, middle
        else:
            narrow = middle
    return lines
