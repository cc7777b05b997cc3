"""JPEG packets in a Matroska file, byte for byte as they came. Killed at any moment, it lacks one packet at most."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from engine.media.decoder import FORMATS
from engine.media.paths import local
from studio.takes.documents import DamagedError, WholeFile

MILLISECOND = Fraction(1, 1000)  # Matroska's clock; frames.jsonl holds the true one
MUXER = {"flush_packets": "1", "cluster_size_limit": "1"}  # a cluster per packet


class PacketFile:
    """Writes JPEG packets as they are, with their times."""

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self._file = WholeFile(path, "x")
        self._container = av.open(self._file, "w", format="matroska", options=MUXER)
        self._stream = self._container.add_stream("mjpeg", rate=Fraction(fps).limit_denominator(1001))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuvj420p"
        self._stream.time_base = MILLISECOND
        self._last_ms = -1

    def write(self, packet: bytes, time_ms: int) -> None:
        """Add a packet; times that do not advance are moved to the next millisecond. Raises OSError on a full disk."""
        frame = av.Packet(packet)
        frame.stream, frame.time_base, frame.is_keyframe = self._stream, MILLISECOND, True
        self._last_ms = frame.pts = frame.dts = max(time_ms, self._last_ms + 1)
        self._container.mux(frame)

    def close(self) -> None:
        """Write the index; a file without it plays, too."""
        try:
            self._container.close()
        finally:
            self._file.close()


def packets(path: Path) -> Iterator[bytes]:
    """The packets of a file in order, up to where a crash cut it. Raises DamagedError where none can be read."""
    if not path.is_file():
        what = "is not a regular file" if path.exists() else "is missing"
        raise DamagedError(f"{path} {what}; bring it back from a copy")
    try:
        with av.open(local(path), options=FORMATS) as container:
            for packet in container.demux(video=0):
                if packet.size and not packet.is_corrupt:
                    yield bytes(packet)
    except (FFmpegError, IndexError) as error:
        why = getattr(error, "strerror", None) or error
        raise DamagedError(f"{path} is damaged: {why}; bring it back from a copy") from None


def count_packets(path: Path) -> int:
    """How many packets a file holds; 0 for one that was cut before its first, or never begun."""
    try:
        return sum(1 for _ in packets(path))
    except DamagedError:
        return 0
