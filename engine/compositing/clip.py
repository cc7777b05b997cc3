"""A clip or a folder of pictures as a plate: looped or once, by a clock of its own, decoded ahead of the frame loop."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from engine.compositing.plates import CENTRE, Focus, check_focus, cover
from engine.compositing.types import STRAIGHT, Light, View
from engine.media.animation import Animation, moves
from engine.media.decoder import Decoder, clip_length_s, open_container, probe
from engine.media.pictures import PICTURE_SUFFIXES, MediaError, read_picture

LONGEST_S = 900.0
"""Of a clip, in seconds."""
MOST_PICTURES = 27_000
"""Of an animation: as many as last so long at 30 a second."""
MOST_BYTES = 64 * 2**20
"""Of decoded pictures that each of a clip's two readers keeps."""
AHEAD = 12
"""Pictures that are decoded before they are asked for."""
IDLE_S = 2.0
"""After so long without a wish for a picture the thread that decodes ahead ends; the next one begins it again."""
FOLDER_FPS = 24.0
"""Pictures a second of a folder."""
_AHEAD_OF_LOOP_S = 1.0  # so long before the end the beginning is decoded again
_log = logging.getLogger(__name__)

Size = tuple[int, int]
Convert = Callable[[Size], np.ndarray]


@dataclass
class _Decoded:
    number: int
    time_s: float
    convert: Convert


class _Reader:
    """The pictures of a file by their times, from one pass over the file after the other. The caller locks it."""

    def __init__(self, path: Path, focus: Focus, report: Callable[[float], None], animation: Animation | None) -> None:
        self._path, self._focus, self._report, self._animation = path, focus, report, animation
        self._pace = None if path.is_dir() or animation else probe(path)
        self._times: list[float] = []
        self._all = False
        """Whether `_times` holds all pictures' times."""
        self._pass: Iterator[_Decoded] | None = None
        self._current: _Decoded | None = None
        self._next: _Decoded | None = None
        self._size: Size = (0, 0)
        self._most = 0
        """So many pictures of that size are kept."""
        self._kept: dict[tuple[int, Size], np.ndarray] = {}

    def at(self, time_s: float, size: Size) -> np.ndarray | None:
        """The last picture at or before that time, (H, W, 3) uint8, not to be changed; None where there is not one."""
        self._fit(size)
        number = self._number(time_s)
        if number is not None and (number, size) in self._kept:
            return self._kept[number, size]
        if self._current is None or (number is not None and number < self._current.number):
            self._begin()
        while self._next is not None and (self._next.time_s <= time_s or self._current is None):
            self._step()
        return None if self._current is None else self._keep(self._current)

    def ready(self, time_s: float, size: Size) -> np.ndarray | None:
        """As `at`, where the picture is decoded already, else None. Needs no lock, for times are only added to."""
        number = self._number(time_s)
        return None if number is None else self._kept.get((number, size))

    def ahead(self, time_s: float, size: Size) -> bool:
        """Decode one picture more after that time; False where enough of them are there."""
        self._fit(size)
        number = self._number(time_s)
        if number is None or self._current is None:
            return self.at(time_s, size) is not None
        last = number + min(AHEAD, self._most // 2)
        wanted = [each for each in range(number, last) if not self._all or each < len(self._times)]
        missing = next((each for each in wanted if (each, size) not in self._kept), None)
        if missing is None:
            return False
        if missing <= self._current.number:  # it went by without being kept
            return self.at(self._times[missing], size) is not None
        while self._current.number < missing and self._next is not None:
            self._step()
        self._keep(self._current)
        return self._current.number == missing

    def close(self) -> None:
        """Give back the file and all pictures."""
        self._pass = self._current = self._next = None
        self._kept.clear()

    def _number(self, time_s: float) -> int | None:
        """Which picture that is, as far as it is known."""
        if self._times and (self._all or self._times[-1] > time_s):
            return max(0, bisect_right(self._times, time_s) - 1)
        return None

    def _fit(self, size: Size) -> None:
        if size != self._size:
            self._size = size
            self._most = max(4, MOST_BYTES // (3 * size[0] * size[1]))
            self._kept.clear()

    def _begin(self) -> None:
        self._pass, self._current = self._decode(), None
        self._next = next(self._pass, None)

    def _step(self) -> None:
        assert self._next is not None
        assert self._pass is not None
        self._current = self._next
        if self._current.number == len(self._times):
            self._times.append(self._current.time_s)
        self._next = next(self._pass, None)
        if self._next is None:
            self._all = True
        elif self._next.number == len(self._times):
            self._times.append(self._next.time_s)

    def _keep(self, decoded: _Decoded) -> np.ndarray:
        key = decoded.number, self._size
        rgb = self._kept.get(key)
        if rgb is None:
            width, height = self._size
            rgb = self._kept[key] = cover(decoded.convert(self._size), width, height, self._focus)
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return rgb

    def _decode(self) -> Iterator[_Decoded]:
        if self._path.is_dir():
            for number, picture in enumerate(_pictures_in(self._path)):
                yield _Decoded(number, number / FOLDER_FPS, partial(_read, picture))
            return
        if self._pace is None:
            assert self._animation is not None
            for shown in self._animation:
                yield _Decoded(shown.index, shown.time_s, partial(_same, shown.rgb))
            return
        with open_container(self._path) as container:
            decoder = Decoder(container, self._path, self._pace)
            # A decoder works on several frames at a time: it knows of damage before the last good frame is out.
            lost, last_s, number, whole = 0, 0.0, 0, True
            for frame, time_s in decoder.frames():
                if decoder.lost > lost and time_s - last_s > 1.5 / self._pace.fps:
                    lost, whole = decoder.lost, False
                    self._report(last_s)
                whole = whole or frame.key_frame  # until then pictures are made from one that is not there
                if whole:
                    yield _Decoded(number, time_s, partial(decoder.rgb, frame))
                    number, last_s = number + 1, time_s
            if decoder.lost > lost or decoder.missing_s:
                self._report(last_s)


def _pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)


def _read(path: Path, size: Size) -> np.ndarray:
    return read_picture(path, at_most=2 * max(size))


def _same(rgb: np.ndarray, size: Size) -> np.ndarray:
    return rgb


class ClipPlate:
    """A clip, cropped to fill the frame around a focus; exact at any time in any order.

    path: a video, an animation, or a folder of pictures that follow each other by name, `FOLDER_FPS` a second. loop:
    begin again at the end, else the last picture stays. crossfade_s: seconds over which the end fades into the
    beginning, 0 to 5 and at most a third of the clip; 0 cuts. Where the file is damaged the last good picture stands
    until the next keyframe, and `damage` says so. A picture that is asked for in order is ready when it is asked for; a
    jump back decodes from the file's beginning. Raises MediaError (ValueError) for what is not a video, or lasts longer
    than `LONGEST_S`.
    """

    light: Light | None = None
    still = False

    def __init__(self, path: str | Path, *, loop: bool = True, crossfade_s: float = 0.5, focus: Focus = CENTRE) -> None:
        self.path = Path(path)
        if not 0 <= crossfade_s <= 5:
            raise ValueError(f"a cross-fade of {crossfade_s} s; it is 0 to 5 s")
        self._loop = loop
        self._damaged: list[float] = []
        # To know its times an animation decodes all its pictures: once, and not whenever it begins again.
        animation: Animation | None = None
        if not self.path.is_dir() and moves(self.path):
            animation = Animation(self.path, longest_s=LONGEST_S, most=MOST_PICTURES)
        self._length_s = _length_s(self.path, animation)
        self._readers = tuple(_Reader(self.path, check_focus(focus), self._report, animation) for _ in range(2))
        self._fade_s = min(crossfade_s, self._length_s / 3) if loop else 0.0
        self._changed = threading.Condition()
        self._wanted: tuple[float, Size] | None = None
        self._worker: threading.Thread | None = None
        self._door = threading.Lock()
        """Who wants a picture stands in it, so that whoever decodes ahead makes way."""
        self._closed = False
        if self._readers[0].at(0.0, (16, 16)) is None:
            raise MediaError(f"{self.path} holds a video without a whole frame; record it again")

    @property
    def length_s(self) -> float:
        """How long the file's pictures last, in seconds."""
        return self._length_s

    @property
    def damage(self) -> str:
        """Which places could not be decoded so far, in words; empty where all could."""
        if not self._damaged:
            return ""
        times = ", ".join(f"{time_s:.2f} s" for time_s in self._damaged[:3]) + (" …" if self._damaged[3:] else "")
        return f"{self.path.name} is damaged after {times}: the last good picture stands there"

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """See `Plate.picture`."""
        size = width, height
        parts = self._parts(time_s)
        pictures = [reader.ready(at_s, size) for reader, at_s, _ in parts]
        if self._closed or any(picture is None for picture in pictures):
            with self._door, self._changed:
                if self._closed:
                    raise ValueError(f"the plate of {self.path.name} is closed; open it again")
                pictures = [reader.at(at_s, size) for reader, at_s, _ in parts]
        self._go_on(time_s, size)
        first = pictures[0]
        assert first is not None
        if len(pictures) == 1 or pictures[1] is None:
            return first.copy()
        share = parts[0][2]
        return np.asarray(cv2.addWeighted(first, share, pictures[1], 1 - share, 0))

    def _go_on(self, time_s: float, size: Size) -> None:
        """Have the pictures after that time decoded."""
        self._wanted = time_s, size
        if self._changed.acquire(blocking=False):  # else it is being decoded
            try:
                if self._worker is None and not self._closed:
                    name = f"plate {self.path.name}"
                    self._worker = threading.Thread(target=self._decode_ahead, name=name, daemon=True)
                    self._worker.start()
                self._changed.notify()
            finally:
                self._changed.release()

    def close(self) -> None:
        """See `Plate.close`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            worker = self._worker
        if worker is not None:
            worker.join()
        for reader in self._readers:
            reader.close()

    def _parts(self, time_s: float) -> list[tuple[_Reader, float, float]]:
        """Which readers' pictures make the one at a time, at which of their times, and with which shares.

        The two take turns: while the one comes to its end, the other begins again, so that neither has to go back.
        """
        if not self._loop:
            return [(self._readers[0], time_s, 1.0)]
        period_s = self._length_s - self._fade_s
        turn = int(time_s // period_s)
        at_s = time_s - turn * period_s
        new, old = self._readers[turn % 2], self._readers[(turn + 1) % 2]
        if turn and at_s < self._fade_s:
            share = at_s / self._fade_s
            return [(new, at_s, share), (old, period_s + at_s, 1 - share)]
        return [(new, at_s, 1.0)]

    def _decode_ahead(self) -> None:
        while True:
            with self._door:
                pass
            with self._changed:
                while self._wanted is None and not self._closed:
                    if not self._changed.wait(IDLE_S) and self._wanted is None:  # a plate may be left without a word
                        self._worker = None
                        return
                if self._closed:
                    return
                wanted = self._wanted
                assert wanted is not None
                time_s, size = wanted
                soon = [self._parts(time_s), self._parts(time_s + _AHEAD_OF_LOOP_S)]
                parts = {reader: at_s for of in reversed(soon) for reader, at_s, _ in of}
                try:
                    more = any(reader.ahead(at_s, size) for reader, at_s in reversed(parts.items()))
                except (MediaError, OSError):  # whoever asks for the picture meets the same error
                    more = False
                if not more and self._wanted is wanted:
                    self._wanted = None

    def _report(self, time_s: float) -> None:
        if time_s not in self._damaged:
            self._damaged.append(time_s)
            _log.warning("%s", self.damage)


def _length_s(path: Path, animation: Animation | None) -> float:
    """How long a clip's pictures last, in seconds. Raises MediaError above `LONGEST_S`."""
    if path.is_dir():
        length_s = len(_pictures_in(path)) / FOLDER_FPS
        if not length_s:
            raise MediaError(f"the folder {path} holds no pictures; a plate's folder holds JPEG or PNG files in order")
    elif animation:
        length_s = animation.length_s
    else:
        length_s = clip_length_s(path, LONGEST_S)
    if length_s > LONGEST_S:
        raise MediaError(
            f"{path} lasts over {LONGEST_S / 60:.0f} minutes, which is the most of a plate; cut a piece out of it"
        )
    return length_s
