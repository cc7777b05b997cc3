"""Is a take what it was when it was shot? Its files, checksums and journals, and its pictures, made again.

On the take's own numeric set-up every made picture must have the recorded hash. On another one, rounding differs: the
pictures are made again from each snapshot and compared with the live ones within a tolerance, and the report says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from engine.media.pictures import decode_jpeg
from engine.types import LiveModel
from studio.background import Progress
from studio.model import load_model
from studio.rendering.replay import other_libraries, replay, same_setup, same_weights
from studio.takes.documents import DamagedError, TakeError, crc, file_sha256, read_document, rgb_sha256
from studio.takes.frames import recorded
from studio.takes.inside import within
from studio.takes.manifest import Manifest
from studio.takes.mattes import MATTE, matte_crc, mattes
from studio.takes.mjpeg import packets
from studio.takes.take import Take
from studio.timeline.sets import files_of

MEAN_DB, WORST_DB = 26.0, 20.0
"""PSNR against the live picture, JPEG included, that another set-up must reach on average and in its worst frame."""


@dataclass
class Report:
    """What a check found."""

    take: Take
    faults: list[str] = field(default_factory=list)
    """What is not as it was shot."""
    notices: list[str] = field(default_factory=list)
    """What is worth knowing, and no fault."""
    pictures: str = "not compared"
    """How the pictures were compared, and with what result."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check_take(take: Take | Path, model: LiveModel | None = None, progress: Progress | None = None) -> Report:
    """Check a take, as it is on the disk now, or its folder. Raises TakeError where it cannot be opened.

    model: by default one is loaded that is as much like the take's as this machine can. A take that a crash cut short
    passes if what is there is sound.
    """
    take = Take.open(take.folder if isinstance(take, Take) else take)
    if take.state == "recording":
        raise TakeError(f"{take.name} is being recorded; check it when it has ended")
    report = Report(take, list(take.problems), list(take.notices))
    if take.manifest.ended not in ("", "cut"):
        how = "was cut" if take.state == "complete" else "ended by itself"
        report.notices.append(f"the recording {how}: {take.manifest.ended}")
    files = list(_files(take))
    report.faults += [*files, *_streams(take, {fault.partition(":")[0] for fault in files})]
    report.faults += [*_snapshots(take), *_renders(take)]
    try:
        report.faults += _sets(take)
    except TakeError as error:  # its prompts, or a region or a set, cannot be read
        report.faults.append(str(error).removeprefix(f"{take.folder}/"))
    if not take.made:
        report.faults.append("no picture is in it")
    if report.sound:
        model = model or load_model(take.manifest.engine)
        try:
            _compare(report, model, progress)
        except (ValueError, OSError) as error:  # what it is made of has right checksums, and cannot be used
            report.faults.append(f"the pictures cannot be made again: {error}")
            report.pictures = "not compared"
    else:
        report.pictures = "not compared, since files are damaged"
    return report


def _compare(report: Report, model: LiveModel, progress: Progress | None) -> None:
    """Make the take's pictures again, where the model can, and compare."""
    engine = report.take.manifest.engine
    if engine.kind != model.kind:
        report.pictures = f"not compared: made by a model of the kind {engine.kind!r}, and this one is {model.kind!r}"
    elif not same_weights(report.take, model):
        weights = str(engine.setup.get("weights_hash"))
        report.pictures = "not compared: made with other weights"
        report.notices.append(
            f"made with weights {weights[:12]}; give them with --weights FILE to compare its pictures"
        )
    elif same_setup(report.take, model):
        _compare_hashes(report, model, progress)
    else:
        _compare_pictures(report, model, progress)


def _files(take: Take) -> Iterator[str]:
    for name, sha256 in take.manifest.files.items():
        while faults := list(_changed(take.folder, name, sha256)):
            newest = Manifest.load(take.folder)[0].files.get(name)
            if newest in (None, sha256):
                yield from faults if newest else ()
                break
            sha256 = str(newest)  # take.json may have got other proxies since it was opened


def _streams(take: Take, changed: Collection[str]) -> Iterator[str]:
    """Each stream's packets against their rows; where the rows were changed, they accuse no stream that is whole."""
    for name, faults in (
        ("raw.mkv", partial(_packets, take, "raw")),
        ("live.mkv", partial(_packets, take, "live")),
        (MATTE, partial(_mattes, take)),
    ):
        whole = name in take.manifest.files and name not in changed
        if not (whole and "frames.jsonl" in changed):
            yield from faults()


def _packets(take: Take, stream: str) -> Iterator[str]:
    """Each packet against its row."""
    name = f"{stream}.mkv"
    rows = [(n, row) for n, row in enumerate(take.frames) if row.live_crc is not None or stream == "raw"]
    read = 0
    try:
        for (n, row), packet in zip(rows, packets(take.folder / name), strict=False):
            read += 1
            if crc(packet) != (row.live_crc if stream == "live" else row.raw_crc):
                yield f"{name}: frame {n} at {row.time_s:.3f} s was changed"
                return
    except DamagedError as error:
        yield f"{name}: {str(error).removeprefix(str(take.folder / name)).strip()}"
        return
    if read < len(rows):
        yield f"{name}: holds {read} of {len(rows)} frames"


def _mattes(take: Take) -> Iterator[str]:
    """Each matte against its row."""
    rows = [(n, row) for n, row in enumerate(take.frames) if row.matte_crc is not None]
    picture = take.manifest.picture
    read = 0
    try:
        for (n, row), matte in zip(rows, mattes(take.folder / MATTE) if rows else (), strict=False):
            read += 1
            if picture is not None and matte.shape != (picture.height, picture.width):
                yield f"{MATTE}: the matte of frame {n} at {row.time_s:.3f} s has another size than its picture"
                return
            if matte_crc(matte) != row.matte_crc:
                yield f"{MATTE}: the matte of frame {n} at {row.time_s:.3f} s was changed"
                return
    except DamagedError as error:
        yield f"{MATTE}: {str(error).removeprefix(str(take.folder / MATTE)).strip()}"
        return
    if read < len(rows):
        yield f"{MATTE}: holds {read} of {len(rows)} mattes"


def _sets(take: Take) -> Iterator[str]:
    """Each file of a set: what it is by its name, and whether all that the take and its versions show is there."""
    folder = take.folder / "sets"
    lines = [take.timeline]
    for render in take.renders:
        with suppress(TakeError):  # `_renders` says what is wrong with it
            lines.append(render.timeline)
    needed = dict.fromkeys(name for line in lines for key in line.sets for name in files_of(key.set))
    there = sorted(path.name for path in folder.glob("[!.]*")) if folder.is_dir() else []
    for name in dict.fromkeys([*needed, *there]):
        if f"sets/{name}" in take.manifest.files:
            continue  # `_files` looks at it
        if name not in there:
            yield f"sets/{name}: is missing"
        else:
            yield from _changed(take.folder, f"sets/{name}", name.partition(".")[0])


def _snapshots(take: Take) -> Iterator[str]:
    for event in take.events:
        if event["kind"] == "snapshot":
            yield from _changed(take.folder, event["file"], event["sha256"])


def _renders(take: Take) -> Iterator[str]:
    yield from (error.removeprefix(f"{take.folder}/") for error in take.damaged_versions.values())
    for render in take.renders:
        for name in ("render.json", "timeline.json"):
            if not read_document(render.folder / name)[1]:
                yield f"renders/{render.name}/{name}: was changed"
        for name, sha256 in render.info["files"].items():
            yield from _changed(take.folder, f"renders/{render.name}/{name}", sha256)


def _changed(folder: Path, name: str, sha256: str) -> Iterator[str]:
    """What is wrong with a file that must have that hash."""
    try:
        if file_sha256(within(folder, name)) != sha256:
            yield f"{name}: was changed"
    except FileNotFoundError:
        yield f"{name}: is missing"
    except (TakeError, OSError) as error:
        yield f"{name}: {getattr(error, 'strerror', None) or error}"


def _compare_hashes(report: Report, model: LiveModel, progress: Progress | None) -> None:
    """The whole take once more, from its first frame; every hash must be the recorded one."""
    take, same = report.take, 0
    total = len(take.made)
    for done, (n, rgb) in enumerate(replay(model, take, take.timeline), start=1):
        row = take.frames[n]
        if rgb_sha256(rgb) == row.sha256:
            same += 1
        elif done - same == 1:
            report.faults.append(f"the picture of frame {n} at {row.time_s:.3f} s is another when it is made again")
        if progress:
            progress(done, total)
    report.pictures = f"{same} of {total} are the same, byte for byte"


def _compare_pictures(report: Report, model: LiveModel, progress: Progress | None) -> None:
    """Against the live pictures; each snapshot is restored as it comes, so that rounding adds up no longer."""
    take, total = report.take, len(report.take.made)
    live = recorded(take, "live")
    scores: list[float] = []
    for n, rgb in replay(model, take, take.timeline, resync=True):
        shown = next((packet for at, _, packet in live if at == n), b"")
        scores.append(psnr(rgb, decode_jpeg(shown)))
        if progress:
            progress(len(scores), total)
    mean, worst = float(np.mean(scores)), min(scores)
    report.pictures = (
        f"made on another set-up, so compared within a tolerance: PSNR {mean:.1f} dB on average "
        f"(at least {MEAN_DB:.0f}), {worst:.1f} dB in the worst frame (at least {WORST_DB:.0f})"
    )
    theirs, ours = take.manifest.engine.setup, model.setup.to_dict()
    other = [name for name in ours if theirs.get(name) != ours[name]]
    different = {name: (theirs.get(name), ours[name]) for name in other} | other_libraries(take)
    report.notices += [f"{name}: {then} in the take, {here} here" for name, (then, here) in different.items()]
    if mean < MEAN_DB or worst < WORST_DB:
        report.faults.append("the pictures are others when they are made again")


def psnr(picture: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two pictures in dB; 99 where they are equal."""
    error = float(np.mean((picture.astype(np.float32) - other.astype(np.float32)) ** 2))
    return min(99.0, 10 * np.log10(255**2 / error)) if error else 99.0
