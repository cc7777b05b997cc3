"""Baking: the pictures of a take's drawn sets are kept with it, as they stood behind the cast of each frame.

bake(take)                       writes take/baked
stand_baked(stage, take)         a replay shows them, where this version of the library draws otherwise
"""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from engine.compositing.composer import Composer
from engine.compositing.types import CameraPlate
from engine.media.pictures import decode_jpeg
from studio.background import Progress
from studio.performing.casting import Casting
from studio.rendering.replay import other_libraries, recorded_mattes
from studio.sets.baked import FOLDER, ClipFile, write_index
from studio.sets.libraries import DRAW, libraries_of
from studio.sets.stage import Stage
from studio.takes.documents import TakeError
from studio.takes.mjpeg import packets
from studio.takes.take import Take
from studio.timeline.sets import DRAWN, kind_of

MAKING = ".baking"
"""The folder while it is being written."""


def bake(take: Take | Path, progress: Progress | None = None) -> Path:
    """Keep the drawn sets of a take, or of its folder, as clips; returns where. What was baked before is replaced.

    Raises TakeError for a take that shows no drawn set, or whose sets this version draws otherwise than they stood.
    """
    take = take if isinstance(take, Take) else Take.open(take)
    if other := {name: versions for name, versions in other_libraries(take).items() if name in DRAW}:
        then, here = next(iter(other.values()))
        raise TakeError(
            f"{take.name} cannot be baked here: {next(iter(other))} drew its sets in version {then}, and here is {here}"
        )
    folder = take.folder / MAKING
    clips: dict[str, ClipFile] = {}
    libraries: dict[str, str] = {}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    size = (0, 0)
    try:
        with closing(Stage.of_take(take)) as stage:
            casting, composer = Casting(stage), Composer()
            recorded = recorded_mattes(take, take.timeline)
            rows = zip(take.frames, packets(take.folder / "raw.mkv"), recorded, strict=False)
            for n, (row, packet, matte) in enumerate(rows, start=1):
                cue = take.timeline.at(row.time_s)
                if row.step is not None and cue.sets:
                    rgb = decode_jpeg(packet)
                    size = rgb.shape[1], rgb.shape[0]
                    alpha = casting.matte(cue.cast, rgb, row.time_s) if matte is None else matte
                    composer.pass_by(rgb, alpha, row.time_s)
                    assert composer.following is not None, "it has just seen a frame"
                    for set_ in cue.sets:
                        if set_.set is None or kind_of(set_.set) not in DRAWN:
                            continue
                        plate = stage.plate(set_.set)
                        assert plate is not None, "a drawn set has a plate"
                        assert not isinstance(plate, CameraPlate), "and not one of the camera's picture"
                        if set_.place not in clips:
                            clips[set_.place] = ClipFile(folder / f"{len(clips)}.mkv", *size)
                            clips[set_.place].write(plate.picture(0.0, *size), 0.0)
                            libraries |= libraries_of(set_.set)
                        since_s = row.time_s - set_.time_s  # as the composer reckons, to the last bit
                        time_s = max(0.0, row.time_s - since_s)
                        view = composer.following.view
                        clips[set_.place].write(plate.picture(time_s, *size, view), time_s)
                if progress is not None:
                    progress(n, len(take.frames))
        if not clips:
            raise TakeError(f"{take.name} shows no drawn set; there is nothing to bake")
        for clip in clips.values():
            clip.close()
        write_index(folder, clips, size, libraries)
        shutil.rmtree(take.folder / FOLDER, ignore_errors=True)
        folder.rename(take.folder / FOLDER)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return take.folder / FOLDER
