"""What a JPEG says of itself before it is decoded: its size, its kind, and how many scans there are to decode.

A scan goes over the whole picture, however few bytes it has: 260 kB hold thousands of them, which take as many times as
long as one. ITU-T T.81, annex B, has the markers.
"""

from __future__ import annotations

from dataclasses import dataclass

BASELINE = 0xC0
"""The marker of a frame in baseline DCT (SOF0): what browsers' canvases and cameras write."""
MOST_SEGMENTS = 1000
"""Segments before the picture; a photograph with a colour profile and a thumbnail has some thirty."""

_SCAN = b"\xff\xda"
_ALONE = {bytes((0xFF, marker)) for marker in (0x01, 0xFF, *range(0xD0, 0xD9))}
"""Markers without a segment: TEM, a filling byte, the restarts, the start."""
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # DHT, JPG and DAC are none
_SEQUENTIAL = {0xC0, 0xC1, 0xC9}


@dataclass(frozen=True)
class JpegHeader:
    """What stands before a JPEG's first scan, and how many scans there are."""

    width: int = 0
    height: int = 0
    """In pixels; 0 where no frame begins."""
    kind: int = 0
    """The marker of its frame: BASELINE, 0xC1 extended, 0xC2 progressive …; 0 where no frame begins."""
    scans: int = 0
    """Scans that a decoder goes through; 0 where none begins."""

    @property
    def one_pass(self) -> bool:
        """Whether it is baseline, with all colours in one scan."""
        return self.kind == BASELINE and self.scans == 1


def read_header(data: bytes) -> JpegHeader:
    """Walk the markers of a JPEG up to its first scan. What is damaged is the decoder's to refuse: nothing is raised.

    Takes microseconds: the data of the one scan of a camera's frame are not looked at.
    """
    width = height = kind = components = 0
    at = 2
    for _ in range(MOST_SEGMENTS):
        while data[at : at + 2] in _ALONE:
            at += 2 if data[at + 1] != 0xFF else 1
        marker, length = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at : at + 1] != b"\xff" or not marker or length < 2:
            break
        if marker == _SCAN[1:]:
            whole = kind in _SEQUENTIAL and data[at + 4 : at + 5] == bytes((components,))
            return JpegHeader(width, height, kind, 1 if whole else data.count(_SCAN, at))
        if marker[0] in _FRAMES:
            kind = marker[0]
            height, width = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (5, 7))
            components = data[at + 9] if at + 9 < len(data) else 0
        at += 2 + length
    return JpegHeader(width, height, kind)
