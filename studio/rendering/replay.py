"""Making a take's frames again: from which snapshot, from which row, and what may be expected of the pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from engine.media.files import read_regular
from engine.media.pictures import decode_jpeg, fit
from engine.types import LiveModel
from studio.performing.casting import Casting
from studio.performing.performance import Performance
from studio.sets.baked import FOLDER, Clip, read_index
from studio.sets.libraries import DRAW, FIRST_DRAWINGS, libraries_of, libraries_of_part
from studio.sets.stage import Stage
from studio.takes.documents import DamagedError, TakeError, file_sha256
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.mattes import MATTE
from studio.takes.mattes import mattes as mattes_of
from studio.takes.mjpeg import packets
from studio.takes.take import Take
from studio.timeline.sets import DRAWN, kind_of, place_of
from studio.timeline.timeline import Timeline

MatteChoice: TypeAlias = Literal["recorded", "anew"]
"""Which mattes a take is composited with again."""

MOST_STATE = 2**26
"""Bytes of a snapshot's file; those of the shipped model at 1920x1080 have a fifth of it."""


def replay(
    model: LiveModel,
    take: Take,
    timeline: Timeline,
    first_row: int = 0,
    *,
    resync: bool = False,
    resume: tuple[int, bytes | None] | None = None,
    mattes: MatteChoice = "recorded",
    size: tuple[int, int] | None = None,
) -> Generator[tuple[int, np.ndarray], None, None]:
    """Make a take's frames again under a timeline: yields (row number, (H, W, 3) uint8) for each made row, in order.

    first_row: where to begin; the nearest sound snapshot before it is restored, and nothing is yielded before it. A
    model of another kind, seed or weights than the take's begins without memory. resync: restore every snapshot that
    is met, so that the rounding of another set-up cannot add up. resume: a row and the model's state before it, to
    begin there; None for a state is the model's beginning. mattes: where a set stands, `recorded` takes the matte of
    each frame as it was recorded with the same cast, and makes others; `anew` makes them all. size: (width, height) in
    pixels to which the camera's frames are fitted; mattes are made anew then. Raises TakeError where no snapshot is
    sound, or a matte is missing.
    """
    with closing(Stage.of_take(take)) as stage:
        stand_baked(stage, take)
        performance = Performance(model, timeline.mattes, Casting(stage))
        start, state = resume or (nearest_snapshot(take, first_row) if goes_on(take, model) else (0, None))
        performance.restore(state)
        snapshots = take.snapshots if resync else {}
        recorded = recorded_mattes(take, timeline) if mattes == "recorded" and size is None else repeat(None)
        frames = zip(take.frames, packets(take.folder / "raw.mkv"), recorded, strict=False)

        def camera(packet: bytes) -> np.ndarray:
            return decode_jpeg(packet) if size is None else fit(decode_jpeg(packet), *size)

        for n, (row, packet, matte) in enumerate(frames):
            if row.step is None:
                continue
            cue = timeline.at(row.time_s)
            if n < start:
                if performance.follows or cue.sets:
                    performance.pass_by(cue, camera(packet), row.time_s, matte)
                continue
            if n > start and n in snapshots:
                performance.restore(nearest_snapshot(take, n)[1])
            picture = performance.answer(
                cue,
                camera(packet),
                take_s=row.time_s,
                stream_s=(take.manifest.origin_ticks + row.ticks) / TICKS_PER_SECOND,
                index=row.index,
                matte=matte,
            )
            if n >= first_row:
                yield n, picture


def recorded_mattes(take: Take, timeline: Timeline) -> Iterator[np.ndarray | None]:
    """For each row the matte that was recorded for it, where the timeline has the same cast there; else None."""
    if all(row.matte_crc is None for row in take.frames):
        yield from repeat(None)
    played, file = take.timeline, mattes_of(take.folder / MATTE)
    for row in take.frames:
        if row.matte_crc is None:
            yield None
            continue
        matte = next(file, None)
        if matte is None:
            raise TakeError(f"{take.folder / MATTE} ends before {row.time_s:.3f} s; bring it back from a copy")
        wanted = timeline.at(row.time_s)
        yield matte if wanted.sets and wanted.cast == played.at(row.time_s).cast else None


def first_change(take: Take, timeline: Timeline, mattes: MatteChoice = "recorded") -> int:
    """Index of the first row whose cue differs from the recorded one; the number of rows where none does.

    mattes: as in `replay`; a matte that is made anew is a difference.
    """
    recorded = take.timeline
    for n, row in enumerate(take.frames):
        cue = timeline.at(row.time_s)
        if not cue.same_picture(recorded.at(row.time_s)) or (mattes == "anew" and cue.sets):
            return n
    return len(take.frames)


def nearest_snapshot(take: Take, row: int) -> tuple[int, bytes]:
    """The last sound snapshot at or before a row: its own row, and the model's state. Raises TakeError."""
    for n, (path, sha256) in reversed(take.snapshots.items()):
        if n <= row and (state := _read(path)) is not None and hashlib.sha256(state).hexdigest() == sha256:
            return n, state
    raise TakeError(f"{take.folder / 'snapshots'}: none is whole at or before frame {row}; the take cannot be rendered")


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path, MOST_STATE)
    except OSError:
        return None  # an earlier one does as well


def same_setup(take: Take, model: LiveModel) -> bool:
    """Whether the same bytes are to be expected."""
    engine = take.manifest.engine
    same_model = (engine.kind, engine.setup, engine.steps) == (model.kind, model.setup.to_dict(), model.steps)
    other = set(other_libraries(take))
    return same_model and not (other - DRAW if other and _all_baked(take) else other)


def _all_baked(take: Take) -> bool:
    """Whether all drawn sets of a take are kept as clips, and nothing else in it is drawn (a prop)."""
    if any(event["kind"] == "region" and "skia" in event.get("libraries", ()) for event in take.events):
        return False
    index = read_index(take.folder)
    drawn = {
        place_of(set_)
        for key in take.timeline.sets
        for set_, _ in key.pairs
        if set_ is not None and kind_of(set_) in DRAWN
    }
    return index is not None and drawn <= index["places"].keys()


def stand_baked(stage: Stage, take: Take) -> None:
    """Show a take's baked sets where this version of the library draws them otherwise. Raises DamagedError."""
    if not DRAW & other_libraries(take).keys() or (index := read_index(take.folder)) is None:
        return
    for place, clip in index["places"].items():
        path = take.folder / FOLDER / clip["file"]
        if not path.is_file() or file_sha256(path) != clip["sha256"]:
            raise DamagedError(f"{path} is missing or was changed; remove {path.parent} to draw the sets anew")
        drawn = stage.plate(json.loads(place))
        assert drawn is not None, "a place is not the camera's own background"
        width, height = index["size"]
        stage.stand_in(place, Clip(path, clip["times"], (width, height), drawn))  # type: ignore[arg-type]


def other_libraries(take: Take) -> dict[str, tuple[str, str]]:
    """The libraries of the take's sets and props that have another version here, by their names: (in the take, here).

    A take from before versions were kept has none. Raises TimelineError for a set that is damaged.
    """
    other: dict[str, tuple[str, str]] = {}
    for event in take.events:
        if event["kind"] in ("set", "region") and (theirs := event.get("libraries")):
            ours = libraries_of(event["key"]["set"]) if event["kind"] == "set" else libraries_of_part(event["matte"])
            if event["kind"] == "set" and "skia" in theirs:
                theirs = {"designer": FIRST_DRAWINGS, **theirs}
            other |= {
                name: (version, ours.get(name, "none")) for name, version in theirs.items() if ours.get(name) != version
            }
    return other


def goes_on(take: Take, model: LiveModel) -> bool:
    """Whether the model can go on from the take's snapshots: it has its kind, weights, steps and seed."""
    engine = take.manifest.engine
    return same_weights(take, model) and (engine.seed, engine.steps) == (model.seed, model.steps)


def same_weights(take: Take, model: LiveModel) -> bool:
    """Whether the model has the kind and the weights that made the take."""
    engine = take.manifest.engine
    return (engine.kind, engine.setup.get("weights_hash")) == (model.kind, model.setup.weights_hash)
