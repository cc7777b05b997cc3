"""The rows of frames.jsonl: what became of each camera frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.takes.manifest import TICKS_PER_SECOND


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

    @property
    def time_s(self) -> float:
        """Seconds on the take's clock."""
        return self.ticks / TICKS_PER_SECOND

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, in a stable order, without what is None but `step`."""
        fields = {name: value for name, value in self.__dict__.items() if value is not None}
        return {"index": self.index, "ticks": self.ticks, "step": self.step, **fields}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> FrameRow:
        """From `to_dict`'s values; fields of a later version are left out."""
        return cls(**{name: row.get(name) for name in cls.__dataclass_fields__})  # type: ignore[arg-type]
