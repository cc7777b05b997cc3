"""Frames by their number, of sources that are read in order: `source[10]`, `source[-1]`, `source[24:48]`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import overload

import numpy as np

from engine.types import Frame


class Indexed(ABC):
    """A source whose frames have numbers; mixed into those that can be read again and again.

    Frames come one after the other, so that a number costs what all frames before it cost: walk through a source to see
    all of them. A number that the source has not raises IndexError.
    """

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]: ...

    @cached_property
    def _length(self) -> int:
        return sum(1 for _ in self)

    def __len__(self) -> int:
        """How many frames there are; they are counted once."""
        return self._length

    def __bool__(self) -> bool:
        return True  # none is empty, and nobody wants them counted for an `if`

    @overload
    def __getitem__(self, number: int) -> Frame: ...
    @overload
    def __getitem__(self, number: slice) -> list[Frame]: ...
    def __getitem__(self, number: int | slice) -> Frame | list[Frame]:
        """A frame, or a list of them. Raises IndexError, TypeError."""
        if isinstance(number, slice):
            start, stop, step = number.indices(len(self))
            if step > 0:
                return list(islice(self, start, stop, step))
            return [self[n] for n in range(start, stop, step)]
        at = number if number >= 0 else len(self) + number
        frame = next(islice(self, at, None), None) if at >= 0 else None
        if frame is None:
            raise IndexError(f"no frame {number}; they are 0 to {len(self) - 1}")
        return frame


class Pictures:
    """The pictures of an indexed source, (H, W, 3) uint8 each; a slice of them is one array, (T, H, W, 3)."""

    def __init__(self, source: Indexed) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (frame.rgb for frame in self._source)

    @overload
    def __getitem__(self, number: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, number: slice) -> np.ndarray: ...
    def __getitem__(self, number: int | slice) -> np.ndarray:
        """A picture, or several stacked. Raises IndexError, ValueError for none."""
        if isinstance(number, slice):
            return np.stack([frame.rgb for frame in self._source[number]])
        return self._source[number].rgb
