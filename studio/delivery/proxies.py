"""What a finished take gets for the browser: H.264 of both streams, a poster, and a timeline for the editing room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.types import Frame
from studio.background import Progress
from studio.takes.documents import TakeError, file_sha256, write_whole
from studio.takes.frames import pictures, recorded, write_video
from studio.takes.manifest import Manifest
from studio.takes.take import Take

RAW, LIVE, POSTER = "proxy/raw.mp4", "proxy/live.mp4", "poster.jpg"


def make(folder: Path, progress: Progress | None = None) -> Take:
    """Make proxy/raw.mp4, proxy/live.mp4, poster.jpg and the .otio of a take that has ended; those there are replaced.

    Both videos have the take's own times, so that they run in sync. Returns the take as it is then. Raises TakeError
    or OSError, and leaves what was there.
    """
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

    (folder / "proxy").mkdir(exist_ok=True)
    for name, stream in ((RAW, "raw"), (LIVE, "live")):
        part = folder / f"{name}.part"
        try:
            write_video(part, counted(stream), take)
            part.replace(folder / name)
        finally:
            part.unlink(missing_ok=True)
    write_whole(folder / POSTER, _middle(take))
    otio = f"{folder.name}.otio"
    write_otio(take, folder / otio)
    manifest, _ = Manifest.load(folder)  # verdict and notes may have changed meanwhile
    manifest.files |= {name: file_sha256(folder / name) for name in (RAW, LIVE, POSTER, otio)}
    manifest.save(folder)
    return Take.open(folder)


def ensure(take: Take) -> None:
    """Make them where a crash, or somebody, took them away. Raises as `make` does."""
    if not ((take.folder / RAW).is_file() and (take.folder / LIVE).is_file()):
        make(take.folder)


def _middle(take: Take) -> bytes:
    """The JPEG of the made frame in the middle of the take."""
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    wanted = made[len(made) // 2]
    return next(packet for n, _, packet in recorded(take, "live") if n == wanted)
