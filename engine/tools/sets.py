"""Frames of a source before a plate: the cast of each is found, and composited."""

from __future__ import annotations

from collections.abc import Iterator

from engine.compositing.composer import Behind, Composer
from engine.compositing.mattes import AnyMatter, cast_colours, make_matter
from engine.compositing.opening import open_plate
from engine.compositing.settings import DEFAULTS, Settings
from engine.compositing.types import CameraPlate, Plate
from engine.media.video import FileSource
from engine.types import Frame


class OnSet:
    """A source whose cast stands before a plate; of the same size and rate, and as often read."""

    def __init__(
        self,
        source: FileSource,
        plate: Plate | CameraPlate,
        matter: AnyMatter,
        settings: Settings = DEFAULTS,
    ) -> None:
        self.width, self.height, self.fps = source.width, source.height, source.fps
        self.has_sound, self.expected_frames = source.has_sound, source.expected_frames
        self._source, self._plate, self._matter, self._settings = source, plate, matter, settings

    def __iter__(self) -> Iterator[Frame]:
        self._matter.reset()
        composer = Composer()
        behind = [Behind(self._plate)]
        for frame in self._source:
            rgb, time_s = frame.rgb, frame.time_s
            alpha = self._matter.matte(rgb, time_s)
            cast = cast_colours(rgb, alpha, self._matter.settings)
            yield Frame(composer.compose(rgb, alpha, behind, self._settings, time_s, cast), frame.index, time_s)


def on_set(source: FileSource, plate: str, matter: str) -> OnSet:
    """A source before the plate that a text names (`open_plate`), its cast found by the matter of that name.

    Raises ValueError where there is not such a plate or matter.
    """
    return OnSet(source, open_plate(plate), make_matter(matter))
