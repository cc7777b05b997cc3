"""Video files, in and out, by PyAV. Times are seconds, never time stamps of a stream."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation

from engine.media.animation import Animation, moves
from engine.media.decoder import Decoder, open_container, probe
from engine.media.files import published
from engine.media.paths import check_folder, local
from engine.media.pictures import PICTURE_SUFFIXES, MediaError, as_picture, fit, read_picture
from engine.media.sequence import Indexed
from engine.types import Frame

_TO_YUV = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_TICKS = 90_000  # per second in the files that we write
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""What a video is written as, by the suffix of its name."""
_SLICES = 2  # threads of the encoder: each makes a slice of the picture, so their number, like all else, is fixed


class TruncatedVideo(MediaError):
    """A video that ends early or is damaged inside; raised after the last frame that decodes."""

    def __init__(self, message: str, frames: int) -> None:
        super().__init__(message)
        self.frames = frames
        """How many frames were kept."""


class VideoSource(Indexed):
    """The frames of a video file, upright and with square pixels; may be read any number of times.

    `width`, `height` (pixels) and `fps` (nominal, frames a second) describe what comes out, `expected_frames` how many
    the file's header promises (None where it does not tell; for progress bars alone). A frame's `time_s` is that of the
    file, counted from its first frame, also where the rate varies; one that cannot be is put between its neighbours.
    `has_sound` tells of sound, which is not read. With `size` (width, height), frames are resized
    to cover it and cropped around the centre. Raises MediaError at once where no picture comes out of the file, and
    TruncatedVideo after the last frame of a damaged one.
    """

    def __init__(self, path: str | Path, size: tuple[int, int] | None = None) -> None:
        self.path = Path(path)
        self._size = size
        self._pace = probe(self.path)
        self.fps = self._pace.fps
        with open_container(self.path) as container:
            decoder = Decoder(container, self.path, self._pace)
            first = next(iter(decoder), None)
            self.expected_frames = decoder.expected_frames
            self.has_sound = bool(container.streams.audio)
        if first is None:
            raise MediaError(f"{self.path} holds a video without a whole frame{decoder.damage(', ')}; record it again")
        if self._size is None:  # a stream may change its size in the middle
            self._size = first[0].shape[1], first[0].shape[0]
        self.width, self.height = self._size

    def __iter__(self) -> Iterator[Frame]:
        kept = 0
        with open_container(self.path) as container:
            decoder = Decoder(container, self.path, self._pace)
            for index, (rgb, time_s) in enumerate(decoder):
                yield Frame(fit(rgb, self.width, self.height), index, time_s)
                kept = index + 1
        if decoder.lost or decoder.missing_s:
            raise TruncatedVideo(f"{self.path} is damaged: {kept} frames were kept{decoder.damage('; ')}", kept)

    @cached_property
    def _length(self) -> int:
        try:
            return sum(1 for _ in self)
        except TruncatedVideo as error:
            return error.frames


class StillSource(Indexed):
    """A picture, shown for `seconds` at `fps` frames a second."""

    has_sound = False

    def __init__(
        self, path: str | Path, seconds: float = 5.0, fps: float = 24.0, size: tuple[int, int] | None = None
    ) -> None:
        if seconds <= 0 or fps <= 0:
            raise MediaError(f"{seconds} s at {fps} frames a second; both must be more than 0")
        rgb = read_picture(path)
        self._rgb = rgb if size is None else fit(rgb, *size)
        self.expected_frames = max(1, round(seconds * fps))
        self.height, self.width = self._rgb.shape[:2]
        self.fps = fps
        self._length = self.expected_frames

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.expected_frames):
            yield Frame(self._rgb.copy(), index, index / self.fps)


FileSource: TypeAlias = VideoSource | Animation | StillSource
"""What a file can be as a source of frames."""


def open_source(path: str | Path, size: tuple[int, int] | None = None, still_s: float = 5.0) -> FileSource:
    """A video file, or a picture shown for `still_s` seconds, as a source of frames. Raises MediaError."""
    if Path(path).suffix.lower() not in PICTURE_SUFFIXES:
        return VideoSource(path, size)
    return Animation(path, size) if moves(path) else StillSource(path, still_s, size=size)


class VideoWriter:
    """Writes H.264 in the container of the path's suffix: BT.709, limited range, tagged; a keyframe a second.

    If killed, it is playable up to the last keyframe. What comes later changes nothing in the frames before it, and the
    same frames give the same bytes on any number of cores. A frame is shown from its `time_s` on, which must grow; the
    rate may vary. Odd sizes gain a row or a column, since 4:2:0 has none. Raises MediaError for a frame that does not
    fit, another suffix or a folder that is not there, and OSError, which names the file, where the disk is full.
    Without a frame no file remains.
    """

    def __init__(self, path: str | Path, width: int, height: int, fps: float = 24.0, crf: int = 16) -> None:
        if width < 1 or height < 1 or not 0 < fps <= 1000:
            raise MediaError(
                f"a video of {width}x{height} at {fps} frames a second; sizes are 1 or more, rates up to 1000"
            )
        self.path = Path(path)
        container = _container_of(self.path)
        self.frames = 0
        """How many were written."""
        self._closed = False
        self._width, self._height = width, height
        self._frame_s = 1 / fps
        self._last_s = self._key_s = -math.inf
        fragments = {"movflags": "hybrid_fragmented+frag_keyframe+delay_moov"} if container != "matroska" else {}
        with self._named_errors():
            self._container = av.open(
                local(self.path), "w", format=container, options={**fragments, "flush_packets": "1"}
            )
        rate = Fraction(fps).limit_denominator(1001)
        quality = {"crf": str(crf), "preset": "fast", "tune": "zerolatency"}  # no look-ahead: the file is causal, too
        self._stream = self._container.add_stream("libx264", rate=rate, options=quality)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        encoder = self._stream.codec_context
        encoder.time_base = Fraction(1, _TICKS)
        encoder.thread_count = _SLICES
        encoder.gop_size, encoder.max_b_frames = max(1, round(fps)), 0
        encoder.color_range, encoder.colorspace = ColorRange.MPEG, Colorspace.ITU709
        encoder.color_primaries, encoder.color_trc = ColorPrimaries.BT709, ColorTrc.BT709

    def write(self, frame: Frame) -> None:
        """Add a frame."""
        height, width = as_picture(frame.rgb).shape[:2]
        if (width, height) != (self._width, self._height):
            raise MediaError(f"a frame of {width}x{height} for a video of {self._width}x{self._height}; `fit` it first")
        if frame.time_s < 0 or frame.time_s - self._last_s < 1 / _TICKS:
            raise MediaError(f"a frame at {frame.time_s} s after one at {self._last_s} s; times start at 0 and grow")
        even = np.pad(frame.rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=_TO_YUV,
        )
        picture.time_base = Fraction(1, _TICKS)
        picture.pts = round(frame.time_s * _TICKS)
        picture.duration = round(self._frame_s * _TICKS)
        gap_s = min(frame.time_s - self._last_s, 1.0)
        if frame.time_s + gap_s - self._key_s > 1 + 0.5 / _TICKS:  # the next one would come too late
            picture.pict_type = PictureType.I
            self._key_s = frame.time_s
        with self._named_errors():
            self._container.mux(self._stream.encode(picture))
        self._last_s = frame.time_s
        self.frames += 1

    def close(self) -> None:
        """Finish the file; more than once is once."""
        if self._closed:
            return
        self._closed = True
        try:
            with self._named_errors():
                try:
                    if self.frames:
                        self._container.mux(self._stream.encode(None))
                finally:
                    self._container.close()
        finally:
            if not self.frames:
                self.path.unlink(missing_ok=True)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """FFmpeg's errors, with the file's name."""
        try:
            yield
        except FFmpegError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def whole_video(path: str | Path, width: int, height: int, fps: float = 24.0, crf: int = 16) -> Iterator[VideoWriter]:
    """A VideoWriter whose video stands under its name when it is whole; see `engine.media.files.published`.

    Raises what a VideoWriter raises, and OSError for the name of a folder, a device or a pipe.
    """
    path = Path(path)
    _container_of(path)
    with published(path) as part, VideoWriter(part, width, height, fps, crf) as writer:
        yield writer


def _container_of(path: Path) -> str:
    """What a video of that name is written as. Raises MediaError for another suffix, or a folder that is not there."""
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise MediaError(f"{path.name}: a video is written as {', '.join(CONTAINERS)}; give it such a name")
    check_folder(path)
    return container
