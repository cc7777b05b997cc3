"""The pictures of a video file in order, by PyAV: which stream, over which damage, at which times."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from engine.media.display import Deinterlacer, to_rgb
from engine.media.pace import Pace, in_order, measure
from engine.media.paths import local
from engine.media.pictures import MediaError

# Containers that hold their video themselves: a playlist could name any file of this machine, and FFmpeg would play
# plain text as terminal art.
_DEMUXERS = "asf,avi,flv,gif,h264,hevc,ivf,matroska,mjpeg,mov,mp4,mpeg,mpegts,mxf,ogg,webm,yuv4mpegpipe"
FORMATS = {"format_whitelist": _DEMUXERS}
"""For whoever opens by PyAV what may come from somebody else."""
_PROBED_PACKETS, _PROBED_BYTES = 1000, 64 * 2**20  # are looked at for the pace: half a minute, and no more to be read
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # FFmpeg's own decoders leave the transparency out
_JOINED = {"mpegts", "mpeg"}  # may begin anywhere in a broadcast
_ONE_LENGTH = {"asf"}  # tell one length for picture and sound, that of the longer


def open_container(path: Path) -> InputContainer:
    """A video file, for its packets. Raises MediaError."""
    if not path.exists():
        raise MediaError(f"{path} does not exist; give the path of a video file")
    if not path.is_file():
        raise MediaError(f"{path} is not a file; give the path of a video file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} is empty (0 bytes); give a video file")
    try:
        return av.open(local(path), options=FORMATS)
    except FFmpegError as error:
        raise MediaError(
            f"{path} is not a video, or was cut before its index was written ({error.strerror}); "
            "give a whole MP4, MOV, MKV, WebM, AVI or GIF"
        ) from None


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream that moves; the cover of a sound file is no video. Raises MediaError where there is none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    others = {"a cover" if stream.type == "video" else stream.type for stream in container.streams}
    kinds = " and ".join(sorted(others)) or "an empty container"
    raise MediaError(f"{path} holds no video, only {kinds}; give a file with moving pictures")


def probe(path: Path) -> Pace:
    """How fast the pictures of a file follow each other, by its first half minute. Raises MediaError."""
    with open_container(path) as container:
        stream = picture_stream(container, path)
        clock = stream.time_base or Fraction(1, 1_000_000)
        stamps: list[int] = []
        size = 0
        try:
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None and not packet.is_discard and not packet.is_corrupt:
                    stamps.append(packet.pts)
                size += packet.size
                if len(stamps) >= _PROBED_PACKETS or (size > _PROBED_BYTES and len(stamps) > 24):
                    break
        except FFmpegError:
            pass  # whoever decodes it counts the damage
        return measure([float(stamp * clock) for stamp in stamps], float(clock), _declared_fps(stream))


def clip_length_s(path: Path, at_most_s: float) -> float:
    """Seconds from the first picture of a file to the end of the last, by its packets, which are not decoded.

    Reading stops where it is longer than `at_most_s`. Raises MediaError.
    """
    pace = probe(path)
    with open_container(path) as container:
        stream = picture_stream(container, path)
        clock = stream.time_base or Fraction(1, 1_000_000)
        first_s, end_s, count = math.inf, -math.inf, 0
        with suppress(FFmpegError):  # what comes after the damage is not decoded either
            for packet in container.demux(stream):
                if not packet.size or packet.is_discard:
                    continue
                count += 1
                if packet.pts is not None:
                    first_s = min(first_s, float(packet.pts * clock))
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * clock))
                if max(end_s - first_s, count / pace.fps / 2) > at_most_s:
                    break
    return max(end_s - first_s if end_s > first_s else count / pace.fps, 1 / pace.fps)


def _declared_fps(stream: VideoStream) -> float | None:
    """The rate in the header; a guess counts only where it is not the clock's own."""
    if stream.average_rate:
        return float(stream.average_rate)
    guess = float(stream.guessed_rate or 0)
    return guess if 0 < guess <= 240 else None


class Decoder:
    """Decodes a file to (RGB, seconds from the first frame), going on over damage and keeping count of it."""

    def __init__(self, container: InputContainer, path: Path, pace: Pace) -> None:
        self._container = container
        self._stream = picture_stream(container, path)
        self._stream.thread_type = "AUTO"
        self._clock = self._stream.time_base or Fraction(1, 1_000_000)
        self._pace = pace
        self._joined = container.format.name in _JOINED
        self._begun = not self._joined
        """Whether a picture has come that can stand alone."""
        codec = self._stream.codec_context
        if self._joined:  # a packet at a join is marked as damaged and may be whole: the decoder is to say
            codec.options = {"err_detect": "explode"}
        self._codec: av.VideoCodecContext | None = None
        """Decodes in the stream's place, where that would leave something out."""
        if self._stream.metadata.get("alpha_mode") == "1" and codec.name in _ALPHA_DECODERS:
            self._codec = cast(av.VideoCodecContext, av.CodecContext.create(_ALPHA_DECODERS[codec.name], "r"))
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
        for frame, time_s in self.frames():
            yield self.rgb(frame), time_s

    def frames(self) -> Iterator[tuple[av.VideoFrame, float]]:
        """The frames before they are converted (`rgb`), each with its seconds from the first one."""
        yield from in_order(((frame, frame.time) for frame in self._whole_pictures()), self._pace)

    def _whole_pictures(self) -> Iterator[av.VideoFrame]:
        deinterlacer = Deinterlacer()
        for frame in self._pictures():
            yield from deinterlacer.push(frame)
        yield from deinterlacer.flush()

    def _pictures(self) -> Iterator[av.VideoFrame]:
        end_s, longest_s, last_s = 0.0, 1 / self._pace.fps, None
        for packet in self._packets():
            if packet.stream != self._stream:
                if packet.pts is not None:
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                continue
            self._begun = self._begun or packet.is_keyframe
            if packet.size and (self._joined or not packet.is_corrupt) and packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * self._clock))
            try:
                refused = packet.is_corrupt and not self._joined
                frames = [] if refused else self._decode(packet)
            except FFmpegError:
                frames, damaged = [], True
            else:
                damaged = refused or any(frame.is_corrupt for frame in frames)
            self.lost += damaged and self._begun
            for frame in frames:
                if not frame.is_corrupt:
                    if frame.time is not None and last_s is not None:
                        longest_s = max(longest_s, frame.time - last_s)
                    last_s = frame.time
                    yield frame
        missing_s = self._declared_end_s() - end_s
        # An ordinary cut promises up to a picture more than it holds, as long as that may be shown.
        self.missing_s = missing_s if missing_s > 1.5 * longest_s else 0.0

    def _decode(self, packet: av.Packet) -> list[av.VideoFrame]:
        if self._codec is None:
            return self._stream.decode(packet)
        return self._codec.decode(packet if packet.size else None)

    def _packets(self) -> Iterator[av.Packet]:
        """Packets as long as the container gives some; an empty one at the end flushes the decoder."""
        try:
            whole = self._container.format.name in _ONE_LENGTH
            yield from self._container.demux() if whole else self._container.demux(self._stream)
        except FFmpegError:
            self.lost += 1
            flush = av.Packet()
            flush.stream, flush.time_base = self._stream, self._clock
            yield flush

    @property
    def expected_frames(self) -> int | None:
        """How many pictures the header promises, where it tells."""
        start_s = float((self._stream.start_time or 0) * self._clock)
        return round(max(0.0, self._declared_end_s() - start_s) * self._pace.fps) or None

    def _declared_end_s(self) -> float:
        """Where the stream ends by its header: in its index, or in the tag that Matroska has in its place; else 0."""
        if self._stream.duration:
            return float(((self._stream.start_time or 0) + self._stream.duration) * self._clock)
        tag = re.fullmatch(r"(\d+):(\d+):([\d.]+)", self._stream.metadata.get("DURATION", ""))
        return int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3]) if tag else 0.0

    def rgb(self, frame: av.VideoFrame, cover: tuple[int, int] | None = None) -> np.ndarray:
        """A frame as (H, W, 3) uint8 RGB; with `cover` (width, height) reduced as far as it still covers that size."""
        raw = self._stream.codec_context.name == "rawvideo"  # many programs pad pixels of 24 bits to 32
        return to_rgb(frame, float(self._stream.sample_aspect_ratio or 1), padded=raw, cover=cover)
