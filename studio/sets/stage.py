"""What stands behind the cast: a set of a timeline becomes its plate, made once and kept while it is used.

stage = Stage(take.folder / "sets", production / "sets")
stage.prepare({"gallery": "dunes"})      beside the frame loop: reads, draws, and says what is wrong
stage.plate({"gallery": "dunes"})        in it
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from engine.compositing.opening import open_file
from engine.compositing.plates import CENTRE, BlurredCamera, ColourPlate
from engine.compositing.types import CameraPlate, Plate
from studio.model import shipped_looks
from studio.script.region import rgb_of
from studio.sets.gallery import plan_of
from studio.sets.store import SetError, locate
from studio.takes.documents import copy_file
from studio.takes.take import Take
from studio.timeline.sets import Set, SetBlend, SetCue, files_of, kind_of, pairs_of, place_of
from studio.timeline.timeline import Timeline

AnyPlate: TypeAlias = Plate | CameraPlate

KEPT = 6
"""Plates that are kept ready; a picture of 4,096 pixels takes up to 50 MB."""

MOST_BLUR = 0.2
"""Standard deviation of a set that is blurred by 1, in parts of the picture's height."""


class Stage:
    """The plates of the sets that are asked for. Any thread.

    folders: where files of sets are looked for, in this order; a take's own copies come first.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = list(folders)
        self._plates: OrderedDict[str, AnyPlate] = OrderedDict()
        self._instead: dict[str, AnyPlate] = {}
        """Plates that stand in for what would be made here, by their places."""
        self._standing: frozenset[str] = frozenset()
        """The places of the last frame, whose plates stay open however many they are."""
        self._lock = threading.Lock()

    @classmethod
    def of_take(cls, take: Take) -> Stage:
        """That of a take: its own copies, then its production's files."""
        return cls(take.folder / "sets", production_folder(take.folder))

    def look_in(self, folder: Path) -> None:
        """Look for files in one folder more."""
        with self._lock:
            if folder not in self._folders:
                self._folders.append(folder)

    def locate(self, name: str) -> Path:
        """Where a file of a set lies. Raises SetError."""
        return locate(name, tuple(self._folders))

    def prepare(self, blend: SetBlend) -> None:
        """Make what a key's sets need, so that no frame waits for it. Raises SetError."""
        for name in files_of(blend):
            self.locate(name)
        for set_, _ in pairs_of(blend):
            self.plate(set_)

    def stand_in(self, place: str, plate: AnyPlate) -> None:
        """Show a plate wherever that place (`place_of`) is asked for; it is closed with the stage."""
        with self._lock:
            self._instead[place] = plate

    def plate(self, set_: Set) -> AnyPlate | None:
        """The plate of a set; None for the camera's own background. Raises SetError."""
        return None if set_ is None else self._plate(set_, place_of(set_))

    def plates(self, cues: Sequence[SetCue]) -> list[AnyPlate | None]:
        """The plates of the sets of one frame, which stay open until those of the next are asked for."""
        with self._lock:
            self._standing = frozenset(cue.place for cue in cues)
        return [None if cue.set is None else self._plate(cue.set, cue.place) for cue in cues]

    def _plate(self, set_: Mapping[str, Any], place: str) -> AnyPlate:
        with self._lock:
            if place in self._instead:
                return self._instead[place]
            if place in self._plates:
                self._plates.move_to_end(place)
                return self._plates[place]
        plate = self._made(set_)
        with self._lock:
            kept = self._plates.setdefault(place, plate)
            idle = [name for name in self._plates if name != place and name not in self._standing]
            unused = [self._plates.pop(name) for name in idle[: max(0, len(self._plates) - KEPT)]]
        if plate is not kept:  # another thread made it meanwhile
            unused.append(plate)
        for each in unused:
            each.close()
        return kept

    def close(self) -> None:
        """Give back what the plates hold."""
        with self._lock:
            for plate in (*self._plates.values(), *self._instead.values()):
                plate.close()
            self._plates.clear()
            self._instead.clear()

    def _made(self, set_: Mapping[str, Any]) -> AnyPlate:
        try:
            return _MAKERS[kind_of(set_)](self, set_)
        except SetError:
            raise
        except (ValueError, TypeError, LookupError, OSError) as error:
            raise SetError(f"the set cannot be shown: {error}") from None


def production_folder(take: Path) -> Path:
    """The folder of a take's production that holds the files of its sets."""
    parents = take.resolve().parents
    return parents[min(2, len(parents) - 1)] / "sets"  # a take may lie by itself on a disk of its own


def adopt(take: Take, timeline: Timeline) -> None:
    """Keep copies of the files of a timeline's sets in the take. Raises SetError for one that is gone, TakeError."""
    stage = Stage.of_take(take)
    for key in timeline.sets:
        for name in files_of(key.set):
            copy_file(stage.locate(name), take.folder / "sets" / name)


def check_file(path: Path) -> None:
    """Whether a picture or a clip can be shown. Raises SetError, which says why not."""
    try:
        _plate_of_file(path, {}).close()
    except (ValueError, OSError) as error:
        raise SetError(f"the set cannot be shown: {error}") from None


def _file(stage: Stage, set_: Mapping[str, Any]) -> AnyPlate:
    return _plate_of_file(stage.locate(set_["file"]), set_)


def _plate_of_file(path: Path, set_: Mapping[str, Any]) -> AnyPlate:
    across, down = set_.get("focus", CENTRE)
    return open_file(
        path,
        panorama=set_.get("panorama"),
        pan=float(set_.get("pan", 0.0)),
        focus=(float(across), float(down)),
        loop=bool(set_.get("loop", True)),
    )


def _drawn(plan: Mapping[str, Any]) -> AnyPlate:
    from engine.designer.place import Place  # it draws with a library of its own, which takes its time to load
    from engine.designer.plan import Plan

    return Place(Plan.from_dict(plan))


@dataclass(frozen=True)
class Described:
    """What words say of a place."""

    plan: dict[str, Any]
    look: str | None
    """The look that they name beside it, by its name in the list of looks."""
    unknown: tuple[str, ...]
    """Words that nothing answers, and structures that found no room."""


def resolved(set_: Set) -> Set:
    """A set whose words have become the plan that they give, under those words as its name. Raises SetError."""
    if set_ is None or kind_of(set_) != "words":
        return set_
    rest = {name: value for name, value in set_.items() if name != "words"}
    return {"plan": place_in_words(set_["words"]).plan, "name": set_["words"], **rest}


def place_in_words(words: str, looks: Sequence[str] = ()) -> Described:
    """What words say of a place. looks: names of looks that may stand beside it ("as a watercolour"), by default those
    of the shipped weights. Raises SetError for words that cannot be used."""
    from engine.designer.words import describe

    try:
        plan = describe(words, looks or shipped_looks())
    except ValueError as error:
        raise SetError(str(error)) from None
    unknown, look = tuple(plan.pop("unknown")), plan.pop("look")
    return Described(plan, look, unknown)


def near(word: str) -> list[str]:
    """The names of the designer's vocabulary that are nearest to a word."""
    from engine.designer.words import nearest

    return nearest(word)


_MAKERS: dict[str, Callable[[Stage, Mapping[str, Any]], AnyPlate]] = {
    "colour": lambda _, set_: ColourPlate(rgb_of(set_["colour"])),
    "blur": lambda _, set_: BlurredCamera(MOST_BLUR * set_["blur"]),
    "file": _file,
    "gallery": lambda _, set_: _drawn(plan_of(set_["gallery"])),
    "plan": lambda _, set_: _drawn(set_["plan"]),
    "words": lambda _, set_: _drawn(place_in_words(set_["words"]).plan),
}
"""How the plate of each kind of set is made."""
