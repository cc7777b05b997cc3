"""What a finished take gets for the browser: H.264 of both streams, a poster, and a timeline for the editing room."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.media.files import write_whole
from engine.types import Frame
from studio.background import Progress
from studio.takes.documents import TakeError, file_sha256
from studio.takes.frames import pictures, recorded, write_video
from studio.takes.inside import file_within, own_folder, remove
from studio.takes.lock import exclusive
from studio.takes.manifest import Manifest
from studio.takes.take import Take

LOCK = ".proxies"
"""In a take's folder while they are made."""
PATIENCE_S = 3600.0
"""How long to wait for somebody who makes the same ones: as long as an hour's take needs."""

_PART = ".proxies-"
"""Begins the name of the folder in which they are written, until all are whole."""

RAW, LIVE, POSTER = "proxy/raw.mp4", "proxy/live.mp4", "poster.jpg"


def make(folder: Path, progress: Progress | None = None) -> Take:
    """Make proxy/raw.mp4, proxy/live.mp4, poster.jpg and the .otio of a take that has ended; those there are replaced.

    Both videos have the take's own times, so that they run in sync. Returns the take as it is then. Raises TakeError
    or OSError, and leaves what was there. Who asks for the same meanwhile waits, and makes them again.
    """
    with exclusive(Path(folder), LOCK, PATIENCE_S):
        return _make(Path(folder), progress)


def _make(folder: Path, progress: Progress | None) -> Take:
    """See `make`."""
    from studio.delivery.export import write_otio  # OpenTimelineIO is heavy

    take = Take.open(folder)
    if take.state == "recording":
        raise TakeError(f"{take.name} is being recorded; its proxies come when it has ended")
    if not take.made:
        raise TakeError(f"{take.name} holds no picture; nothing to show")
    total = len(take.frames) + sum(row.live_crc is not None for row in take.frames)
    done = 0

    def counted(stream: str) -> Iterator[Frame]:
        nonlocal done
        for frame in pictures(take, stream):
            yield frame
            done += 1
            if progress:
                progress(done, total)

    own_folder(folder, "proxy")
    otio = f"{folder.name}.otio"
    for dead in folder.glob(f"{_PART}*"):  # of somebody who was killed, for nobody else makes them now
        remove(dead)
    with tempfile.TemporaryDirectory(prefix=_PART, dir=folder) as fresh:
        parts = {name: Path(fresh) / Path(name).name for name in (RAW, LIVE, POSTER, otio)}
        write_video(parts[RAW], counted("raw"), take)
        write_video(parts[LIVE], counted("live"), take)
        write_whole(parts[POSTER], _middle(take))
        write_otio(take, parts[otio], beside=folder)
        hashes = {name: file_sha256(part) for name, part in parts.items()}
        with Manifest.changing(folder) as manifest:  # with the verdict and notes of meanwhile
            manifest.files = {name: sha256 for name, sha256 in manifest.files.items() if name not in parts}
            manifest.save(folder)  # so that at no moment a file is other than take.json says
            for name, part in parts.items():
                part.replace(folder / name)
            manifest.files |= hashes
            manifest.save(folder)
    return Take.open(folder)


def ensure(take: Take) -> None:
    """Make them where a crash, or somebody, took them away. Raises as `make` does."""
    if not (file_within(take.folder, RAW) and file_within(take.folder, LIVE)):
        make(take.folder)


def _middle(take: Take) -> bytes:
    """The JPEG of the made frame in the middle of the take."""
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    wanted = made[len(made) // 2]
    return next(packet for n, _, packet in recorded(take, "live") if n == wanted)
