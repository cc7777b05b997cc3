"""The rows of frames.jsonl: what became of each camera frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.media.values import check_text
from studio.takes.documents import DamagedError, read_journal
from studio.takes.manifest import MOST_TICKS, TICKS_PER_SECOND

CRC_LENGTH, SHA256_LENGTH = 8, 64
"""Hexadecimal digits of a packet's checksum and of a picture's hash."""
MOST_LAG = TICKS_PER_SECOND
"""Ticks by which a dropped frame may come before the frame before it: of a camera that gives many the same time, those
that were answered have moved on."""
MOST_FRAMES = 2**53
"""The largest number of a frame: beyond it JavaScript would no longer tell two from each other."""


@dataclass(frozen=True)
class FrameRow:
    """One frame that reached the studio, in the order of raw.mkv: the n-th row is its n-th packet."""

    index: int
    """The source's frame number; with the seed it determines the noise."""
    ticks: int
    """When it was taken, on the take's clock."""
    step: int | None
    """The n-th frame that the engine made in this take; None where it was dropped or failed."""
    raw_crc: str
    """crc32 of the camera's JPEG."""
    live_crc: str | None = None
    """crc32 of the JPEG that was shown; None where it was dropped. The shown rows are live.mkv's packets in order."""
    sha256: str | None = None
    """Of the generated RGB before JPEG."""
    error: str | None = None
    """Why the engine failed on it; the input was shown instead."""
    matte_crc: str | None = None
    """crc32 of the matte that it was composited with; None where no set stood. The rows that have one are matte.mkv's
    frames in order."""

    @property
    def time_s(self) -> float:
        """Seconds on the take's clock."""
        return self.ticks / TICKS_PER_SECOND

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, in a stable order, without what is None but `step`."""
        fields = {name: value for name, value in self.__dict__.items() if value is not None}
        return {"index": self.index, "ticks": self.ticks, "step": self.step, **fields}


def read_rows(path: Path) -> tuple[tuple[FrameRow, ...], list[str]]:
    """The rows of a take, each checked, and what else is wrong with the file; see `read_journal`. Raises DamagedError.

    Fields of a later version are left out.
    """
    rows, wrong = read_journal(path, thorough=False)
    try:
        return tuple(checked_rows(rows)), wrong
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from None


def checked_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[FrameRow]:
    """Rows from JSON values, in order. Raises ValueError, which names the line and the field."""
    last_ticks, last_step = 0, -1
    for number, row in enumerate(rows, start=1):
        get = row.get
        index, ticks, step = get("index"), get("ticks"), get("step")
        raw_crc, live_crc, sha256, error = get("raw_crc"), get("live_crc"), get("sha256"), get("error")
        matte_crc = get("matte_crc")
        # type() and not isinstance(): True is not a number here. One expression, for a take has 86,000 rows an hour.
        if not (
            type(index) is int
            and 0 <= index <= MOST_FRAMES
            and type(ticks) is int
            and (last_ticks <= ticks or (live_crc is None and last_ticks - MOST_LAG <= ticks >= 0))
            and ticks <= MOST_TICKS
            and (step is None or (type(step) is int and last_step < step <= MOST_FRAMES and live_crc is not None))
            and type(raw_crc) is str
            and len(raw_crc) == CRC_LENGTH
            and (live_crc is None or (type(live_crc) is str and len(live_crc) == CRC_LENGTH))
            and (sha256 is None or (type(sha256) is str and len(sha256) == SHA256_LENGTH))
            and (error is None or type(error) is str)
            and (matte_crc is None or (type(matte_crc) is str and len(matte_crc) == CRC_LENGTH))
        ):
            raise ValueError(f"line {number}: {_fault(row, last_ticks, last_step)}")
        if error is not None:
            check_text(error)
        last_ticks, last_step = max(ticks, last_ticks), last_step if step is None else step
        yield FrameRow(index, ticks, step, raw_crc, live_crc, sha256, error, matte_crc)


def _fault(row: Mapping[str, Any], last_ticks: int, last_step: int) -> str:
    """What is wrong with a row that cannot be used."""

    def whole(name: str, least: int, most: int) -> bool:
        value = row.get(name)
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    def digits(name: str, count: int) -> bool:
        value = row.get(name)
        return isinstance(value, str) and len(value) == count

    def absent(name: str) -> bool:
        return row.get(name) is None

    legal = {
        "index": (whole("index", 0, MOST_FRAMES), "a whole number from 0 on"),
        "ticks": (
            whole("ticks", max(0, last_ticks - MOST_LAG * absent("live_crc")), MOST_TICKS),
            f"whole microseconds, not before the frame before ({last_ticks}), and less than a year",
        ),
        "step": (
            absent("step") or whole("step", last_step + 1, MOST_FRAMES),
            f"a whole number above that of the frame before ({last_step}), or null",
        ),
        "raw_crc": (digits("raw_crc", CRC_LENGTH), f"{CRC_LENGTH} hexadecimal digits"),
        "live_crc": (
            digits("live_crc", CRC_LENGTH) or (absent("live_crc") and absent("step")),
            f"{CRC_LENGTH} hexadecimal digits, or nothing where no frame was made",
        ),
        "sha256": (
            absent("sha256") or digits("sha256", SHA256_LENGTH),
            f"{SHA256_LENGTH} hexadecimal digits, or nothing",
        ),
        "matte_crc": (
            absent("matte_crc") or digits("matte_crc", CRC_LENGTH),
            f"{CRC_LENGTH} hexadecimal digits, or nothing",
        ),
        "error": (absent("error") or isinstance(row.get("error"), str), "a text, or nothing"),
    }
    return "; ".join(f"{name} is not {what}" for name, (right, what) in legal.items() if not right)
