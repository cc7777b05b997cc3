"""The sounds of a take and of a clip: read as samples on the take's clock, and written as WebM."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream
from av.error import FFmpegError

from engine.media.decoder import FORMATS, open_container, picture_stream
from engine.media.paths import local
from studio.takes.documents import TakeError

SAMPLE_RATE = 48_000
"""Of all sound that the studio writes, per second; Opus has no other."""
JITTER_S = 0.03
"""WebM counts milliseconds, and a microphone's clock drifts: what fits so nearly follows without a gap."""
_CHUNK_BYTES = 64 * 1024
_OPUS_BITS = 96_000  # a second: transparent for music in stereo


def channels(path: Path) -> int:
    """1 for a sound file in mono, 2 for all others; 0 for what holds no sound that can be read."""
    try:
        with av.open(local(path), options=FORMATS) as container:
            return min(2, container.streams.audio[0].codec_context.channels) if container.streams.audio else 0
    except FFmpegError:
        return 0


def length_s(path: Path) -> float:
    """How long a sound file is, in seconds, up to where a crash cut it; 0 for what is not one."""
    end_s = 0.0
    try:
        with av.open(local(path), options=FORMATS) as container:
            for packet in container.demux(audio=0):
                if packet.size and packet.pts is not None:
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (FFmpegError, IndexError):
        pass
    return end_s


def soundtrack(sounds: Sequence[tuple[float, Path]], layout: str, end_s: float) -> Iterator[np.ndarray]:
    """Samples without a gap from the take's first frame to its end at the latest, silence between the sounds.

    sounds: from which second of the take on, and which file. layout: mono or stereo. end_s: in seconds. Gives
    (channels, N) float32 a piece. Raises TakeError for a file that is damaged.
    """
    heard, end = 0, int(end_s * SAMPLE_RATE)
    for start_s, path in sounds:
        for time_s, samples in _samples(path, layout):
            begin = round((start_s + time_s) * SAMPLE_RATE)
            if abs(begin - heard) < JITTER_S * SAMPLE_RATE:
                begin = heard
            while heard < min(begin, end):
                silence = np.zeros((len(samples), min(begin - heard, end - heard, SAMPLE_RATE)), np.float32)
                heard += silence.shape[1]
                yield silence
            if heard >= end:
                break
            rest = samples[:, heard - begin :][:, : end - heard]
            if rest.shape[1]:
                heard += rest.shape[1]
                yield rest


def encode(stream: AudioStream, pieces: Iterator[np.ndarray], layout: str) -> Iterator[av.Packet]:
    """A soundtrack as packets of an audio stream that was added to a container."""
    heard = 0
    for samples in pieces:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, heard, Fraction(1, SAMPLE_RATE)
        heard += samples.shape[1]
        yield from stream.encode(frame)
    yield from stream.encode(None)


class Part(NamedTuple):
    """A part of a clip that was played; all in seconds."""

    at_s: float
    """When, on the clock of what it is put into."""
    from_s: float
    """From which moment of the clip on, counted from its first picture, so that sound and picture stay in sync."""
    to_s: float
    """Up to which moment of the clip."""


def clip_sound(path: Path, parts: Sequence[Part]) -> Iterator[bytes]:
    """The sound of a clip's own in the parts of it that were played, as the chunks of one WebM file.

    parts: one after the other, none before 0 s. Gives nothing for a clip without sound. Raises TakeError where its
    sound is damaged.
    """
    count = channels(path)
    if not count:
        return
    layout = "mono" if count == 1 else "stereo"
    buffer = io.BytesIO()
    silent = True
    with av.open(buffer, "w", format="webm") as webm:
        stream = webm.add_stream("libopus", rate=SAMPLE_RATE, options={"b": str(_OPUS_BITS)})
        stream.layout = layout
        for packet in encode(stream, _played(path, parts, layout), layout):
            silent = False
            webm.mux(packet)
    data = b"" if silent else buffer.getvalue()
    yield from (data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES))


def _played(path: Path, parts: Sequence[Part], layout: str) -> Iterator[np.ndarray]:
    """Samples of a clip's parts, silence between them."""
    first_s, heard = _first_picture_s(path), 0
    for part in parts:
        begin = round(part.at_s * SAMPLE_RATE)
        for piece in soundtrack([(-first_s - part.from_s, path)], layout, part.to_s - part.from_s):
            while heard < begin:
                silence = np.zeros((len(piece), min(begin - heard, SAMPLE_RATE)), np.float32)
                heard += silence.shape[1]
                yield silence
            begin += piece.shape[1]
            heard += piece.shape[1]
            yield piece


def _first_picture_s(path: Path) -> float:
    """The time of a clip's first picture on the clip's own clock, which its sound has, too."""
    with open_container(path) as container:
        try:
            frame = next(iter(container.decode(picture_stream(container, path))), None)
        except FFmpegError:
            return 0.0
        return float(frame.time or 0.0) if frame else 0.0


def _samples(path: Path, layout: str) -> Iterator[tuple[float, np.ndarray]]:
    """A sound file's pieces, (channels, N) float32, with their times in it; up to where a crash cut it."""
    resampler = av.AudioResampler("fltp", layout, SAMPLE_RATE)
    try:
        with av.open(local(path), options=FORMATS) as container:
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    yield float(piece.time or 0.0), piece.to_ndarray()
    except (FFmpegError, IndexError) as error:
        raise TakeError(f"{path} is damaged: {error}; move it away to export without its sound") from None
