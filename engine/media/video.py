"""Video files, in and out, by PyAV. Times are seconds, never time stamps of a stream."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from av.video.stream import VideoStream

from engine.media.pictures import MediaError, as_picture, fit, read_picture
from engine.types import Frame

PICTURE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}

# Containers that hold their video themselves: a playlist could name any file of this machine, and FFmpeg would play
# plain text as terminal art.
_DEMUXERS = "asf,avi,flv,gif,h264,hevc,ivf,matroska,mjpeg,mov,mp4,mpeg,mpegts,mxf,ogg,webm,yuv4mpegpipe"
_TO_RGB = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_TO_YUV = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_UNTAGGED = 2  # AVCOL_SPC_UNSPECIFIED
_TICKS = 90_000  # per second in the files that we write
_SLICES = 2  # threads of the encoder: each makes a slice of the picture, so their number, like all else, is fixed


class TruncatedVideo(MediaError):
    """A video that ends early or is damaged inside; raised after the last frame that decodes."""

    def __init__(self, message: str, frames: int) -> None:
        super().__init__(message)
        self.frames = frames
        """How many frames were kept."""


class VideoSource:
    """The frames of a video file, upright and with square pixels; may be read any number of times.

    `width`, `height` (pixels) and `fps` (nominal, frames a second) describe what comes out, `expected_frames` how many
    the file's header promises (None where it does not tell; for progress bars alone). A frame's `time_s` is that of the
    file, counted from its first frame, also where the rate varies. With `size` (width, height), frames are resized
    to cover it and cropped around the centre. Raises MediaError at once where no picture comes out of the file, and
    TruncatedVideo after the last frame of a damaged one.
    """

    def __init__(self, path: str | Path, size: tuple[int, int] | None = None) -> None:
        self.path = Path(path)
        self._size = size
        with _open(self.path) as container:
            decoder = _Decoder(container, self.path)
            first = next(iter(decoder), None)
            self.fps = decoder.fps
            self.expected_frames = round(decoder.declared_end_s() * decoder.fps) or None
        if first is None:
            raise MediaError(f"{self.path} holds a video without a whole frame{decoder.damage(', ')}; record it again")
        self.height, self.width = self._fitted(first[0]).shape[:2]

    def __iter__(self) -> Iterator[Frame]:
        kept = 0
        with _open(self.path) as container:
            decoder = _Decoder(container, self.path)
            for index, (rgb, time_s) in enumerate(decoder):
                yield Frame(self._fitted(rgb), index, time_s)
                kept = index + 1
        if decoder.lost or decoder.missing_s:
            raise TruncatedVideo(f"{self.path} is damaged: {kept} frames were kept{decoder.damage('; ')}", kept)

    def _fitted(self, rgb: np.ndarray) -> np.ndarray:
        return rgb if self._size is None else fit(rgb, *self._size)


class StillSource:
    """A picture, shown for `seconds` at `fps` frames a second."""

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

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.expected_frames):
            yield Frame(self._rgb.copy(), index, index / self.fps)


def open_source(
    path: str | Path, size: tuple[int, int] | None = None, still_s: float = 5.0
) -> VideoSource | StillSource:
    """A video file, or a picture shown for `still_s` seconds, as a source of frames. Raises MediaError."""
    if Path(path).suffix.lower() in PICTURE_SUFFIXES:
        return StillSource(path, still_s, size=size)
    return VideoSource(path, size)


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise MediaError(f"{path} does not exist; give the path of a video file")
    if not path.is_file():
        raise MediaError(f"{path} is not a file; give the path of a video file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} is empty (0 bytes); give a video file")
    try:
        return av.open(str(path), options={"format_whitelist": _DEMUXERS})
    except FFmpegError as error:
        raise MediaError(
            f"{path} is not a video, or was cut before its index was written ({error.strerror}); "
            "give a whole MP4, MOV, MKV, WebM, AVI or GIF"
        ) from None


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream that moves; the cover of a sound file is no video."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    others = {"a cover" if stream.type == "video" else stream.type for stream in container.streams}
    kinds = " and ".join(sorted(others)) or "an empty container"
    raise MediaError(f"{path} holds no video, only {kinds}; give a file with moving pictures")


class _Decoder:
    """Decodes a file to (RGB, seconds from the first frame), going on over damage and keeping count of it."""

    def __init__(self, container: InputContainer, path: Path) -> None:
        self._container = container
        self._stream = _picture_stream(container, path)
        self._stream.thread_type = "AUTO"
        self._clock = self._stream.time_base or Fraction(1, 1_000_000)
        self.fps = float(self._stream.average_rate or self._stream.guessed_rate or 24)
        self.lost = 0
        """Packets and pictures that are damaged."""
        self.missing_s = 0.0
        """Seconds that the file promises at its end and does not hold."""

    def damage(self, separator: str) -> str:
        """What is wrong, after `separator`; empty where nothing is."""
        lost = f"damaged packets left out: {self.lost}" if self.lost else ""
        missing = f"missing at the end: {self.missing_s:.2f} s" if self.missing_s else ""
        return "".join(separator + text for text in (lost, missing) if text)

    def __iter__(self) -> Iterator[tuple[np.ndarray, float]]:
        first_s: float | None = None
        time_s = -1 / self.fps
        for frame in self._pictures():
            next_s = time_s + 1 / self.fps  # where the file has no times, or steps back
            if frame.time is not None:
                first_s = frame.time if first_s is None else first_s
                next_s = frame.time - first_s if frame.time - first_s > time_s else next_s
            time_s = next_s
            yield self._rgb(frame), time_s

    def _pictures(self) -> Iterator[av.VideoFrame]:
        end_s = 0.0
        for packet in self._packets():
            if packet.size and not packet.is_corrupt and packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * self._clock))
            try:
                frames = [] if packet.is_corrupt else self._stream.decode(packet)
            except FFmpegError:
                frames, damaged = [], True
            else:
                damaged = packet.is_corrupt or any(frame.is_corrupt for frame in frames)
            self.lost += damaged
            yield from (frame for frame in frames if not frame.is_corrupt)
        self.missing_s = max(0.0, self.declared_end_s() - end_s - 1 / self.fps)

    def _packets(self) -> Iterator[av.Packet]:
        """Packets as long as the container gives some; an empty one at the end flushes the decoder."""
        try:
            yield from self._container.demux(self._stream)
        except FFmpegError:
            self.lost += 1
            flush = av.Packet()
            flush.stream, flush.time_base = self._stream, self._clock
            yield flush

    def declared_end_s(self) -> float:
        """Where the stream ends by its header: in its index, or in the tag that Matroska has in its place; else 0."""
        if self._stream.duration:
            return float(((self._stream.start_time or 0) + self._stream.duration) * self._clock)
        tag = re.fullmatch(r"(\d+):(\d+):([\d.]+)", self._stream.metadata.get("DURATION", ""))
        return int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3]) if tag else 0.0

    def _rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """(H, W, 3) uint8, upright, square pixels. Untagged colour is BT.709 from 720 lines on, as players take it."""
        aspect = float(self._stream.sample_aspect_ratio or 1)
        untagged_hd = frame.colorspace == _UNTAGGED and frame.height >= 720
        converted = frame.reformat(
            width=round(frame.width * aspect) if abs(aspect - 1) > 0.01 else None,
            format="rgb24",
            src_colorspace=Colorspace.ITU709 if untagged_hd else None,
            interpolation=_TO_RGB,
        )
        return np.ascontiguousarray(np.rot90(converted.to_ndarray(), round(frame.rotation / 90)))


class VideoWriter:
    """Writes H.264 in MP4: BT.709, limited range, tagged; a keyframe a second; playable up to the last one if killed.

    What comes later changes nothing in the frames before it, and the same frames give the same bytes on any number of
    cores. A frame is shown from its `time_s` on, which must grow;
    the rate may vary. Odd sizes gain a row or a column, since 4:2:0 has none. Raises MediaError for a frame that does
    not fit, and OSError where the disk is full. Without a frame no file remains.
    """

    def __init__(self, path: str | Path, width: int, height: int, fps: float = 24.0, crf: int = 16) -> None:
        if width < 1 or height < 1 or not 0 < fps <= 1000:
            raise MediaError(
                f"a video of {width}x{height} at {fps} frames a second; sizes are 1 or more, rates up to 1000"
            )
        self.path = Path(path)
        self.frames = 0
        """How many were written."""
        self._closed = False
        self._width, self._height = width, height
        self._frame_s = 1 / fps
        self._last_s = self._key_s = -math.inf
        options = {"movflags": "hybrid_fragmented+frag_keyframe+delay_moov", "flush_packets": "1"}
        self._container = av.open(str(path), "w", format="mp4", options=options)
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
        self._container.mux(self._stream.encode(picture))
        self._last_s = frame.time_s
        self.frames += 1

    def close(self) -> None:
        """Finish the file; more than once is once."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.frames:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()
            if not self.frames:
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
