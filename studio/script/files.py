"""Scripts as files: YAML or JSON that people read and write, with the place of every mistake.

    schema: lsd-studio.script
    version: 3
    include: [scenes.yaml]
    scenes:
      sea: underwater
      shore: {look: a pencil sketch, set: beach.jpg}
    props:
      stick: {becomes: a lightsaber, region: green}
    beats:
    - {at: 0:04.5, scene: sea, props: [stick], fade: 1}

What a file holds beyond these names is kept. studio/script/reader.py reads it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from engine.media.files import read_regular, write_whole
from engine.media.texts import MARK, decoded
from studio.script.reader import SCHEMA, VERSION, Budget, Reader
from studio.script.region import FINDER, Region
from studio.script.script import Includes, Prop, Scene, Script, ScriptError, Tempo
from studio.timeline.files import is_schedule, is_script
from studio.timeline.sets import Set, SetBlend, is_content, pairs_of, to_json
from studio.workers import text_of

_NOT_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON leaves as it is and YAML, by whose reader both are read, refuses or takes for a line's end."""


def load_script(path: Path | str) -> Script:
    """Read a YAML or JSON file, and what it includes. Raises ScriptError with file, line and column."""
    return _load(Path(path), (), Budget())


def _load(path: Path, above: tuple[Path, ...], budget: Budget) -> Script:
    """above: the files that include it. budget: what it and what it includes may be; it is spent."""
    here = path.resolve()
    if here in above:
        circle = " includes ".join(file.name for file in (*above[above.index(here) :], here))
        raise ScriptError(f"a cycle: {circle}; take one of the includes out")
    try:
        data = read_regular(path, budget.size)
    except OSError as error:
        raise ScriptError(f"cannot read the script {path}: {error.strerror or error}") from None
    budget.size -= len(data)
    budget.files -= 1
    if budget.files < 0:
        raise ScriptError(f"more than {Budget.files} files to read, some of them again and again; include each once")
    try:
        text = decoded(data)
    except ValueError as error:
        raise ScriptError(f"{path}: {error}") from None
    return _read(path, text, (*above, here), budget)


def loads(text: str, path: Path = Path("script.yaml")) -> Script:
    """Read a script's text. path: its name in errors; includes start from its folder."""
    return _read(path, text.removeprefix(MARK), (path.resolve(),), Budget())


def _read(path: Path, text: str, above: tuple[Path, ...], budget: Budget) -> Script:
    if not is_script(text) and is_schedule(text):
        raise ScriptError(
            f"{path} is a schedule of prompts, not a script; give it as --schedule, or read it with "
            "studio.timeline.files.load"
        )
    return Reader(path, text, lambda included: _things(included, above, budget), budget).script()


def by_form(
    schedules: Sequence[Path], scripts: Sequence[Path], remark: Callable[[str], None] = print
) -> tuple[list[Path], list[Path]]:
    """Files that were given as schedules and as scripts, each kind as its form says; remark: hears of each that was
    given as the other. What cannot be read stays where it was, and its reader says why."""
    forms: dict[str, list[Path]] = {"schedule": [], "script": []}
    for given, paths in (("schedule", schedules), ("script", scripts)):
        for path in paths:
            form = given
            try:
                text = decoded(read_regular(path, Budget.size))
                form = "script" if is_script(text) else "schedule" if is_schedule(text) else given
            except (OSError, ValueError):
                pass
            if form != given:
                remark(f"{path} is a {form}, and rendered as one")
            forms[form].append(path)
    return forms["schedule"], forms["script"]


def with_includes(script: Script) -> Script:
    """The script with the scenes and props of the files that it includes, which are read here. Raises ScriptError.

    For a script that is written in Python; `load_script` reads what its file includes by itself.
    """
    budget = Budget()
    things = tuple(thing for name in script.include for thing in _things(script.folder / name, (), budget))
    return replace(script, includes=Includes(script.folder, tuple(map(str, script.include)), things))


def _things(path: Path, above: tuple[Path, ...], budget: Budget) -> list[Scene | Prop]:
    """A script's scenes and props, and those that it includes; masks are where they were."""
    other = _load(path, above, budget)
    props = [
        prop if prop.part is None else replace(prop, region=prop.part.beside(other.folder)) for prop in other.props
    ]
    scenes = [replace(scene, set=_at(scene.behind, other.folder.resolve().joinpath)) for scene in other.scenes]
    return [*scenes, *props, *other.shared]


def _at(blend: SetBlend, moved: Callable[[str], str | Path]) -> SetBlend:
    """A set, or a blend of them, whose file lies elsewhere; a name of content stays."""

    def at(set_: Set) -> Set:
        if set_ is None or "file" not in set_ or is_content(set_["file"]):
            return set_
        return {**set_, "file": str(moved(set_["file"]))}

    return [[at(set_), weight] for set_, weight in pairs_of(blend)]


def save_script(script: Script, path: Path | str) -> None:
    """Write a script, YAML or JSON by its name; what it includes is named, not copied, by paths from there.

    Raises ScriptError for another name, or a place that cannot be.
    """
    path = Path(path)
    text = dumps(_moved(script, path.parent), path.suffix)
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ScriptError(f"cannot write the script {text_of(error, 'choose another place')}") from None


def _moved(script: Script, folder: Path) -> Script:
    """The same, with paths that start from another folder."""
    if script.folder.resolve() == folder.resolve():
        return script

    def seen(name: str | Path) -> str:
        if Path(name).is_absolute():
            return str(name)
        path = (script.folder / name).resolve()
        try:
            return Path(os.path.relpath(path, folder.resolve())).as_posix()
        except ValueError:  # on another drive
            return str(path)

    def moved(prop: Prop) -> Prop:
        region = prop.part
        if region is None or region.mask is None or region.beside(folder) is region:  # none, or the picture itself
            return prop
        return replace(prop, region=replace(region, mask=seen(region.mask)))

    scenes = [replace(scene, set=_at(scene.behind, seen)) for scene in script.scenes]
    include = tuple(seen(name) for name in script.include)
    props = [moved(prop) for prop in script.props]
    includes = None if script.unread else Includes(folder, include, script.shared)
    return replace(script, scenes=scenes, props=props, include=include, folder=folder, includes=includes)


def dumps(script: Script, suffix: str = ".yaml") -> str:
    """A script's text; `loads` is the inverse. Raises ScriptError for metadata that no file can hold."""
    data = to_dict(script)
    if suffix not in (".json", ".yaml", ".yml"):
        raise ScriptError(f"a script is a .yaml or a .json, not {suffix!r}; give it such a name")
    try:
        if suffix == ".json":
            written = json.dumps(data, indent=2, ensure_ascii=False)
            return _NOT_IN_YAML.sub(lambda char: f"\\u{ord(char[0]):04x}", written) + "\n"
        written = yaml.dump(
            data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
        )
    except (yaml.representer.RepresenterError, TypeError, ValueError) as error:
        reason = " ".join(str(error.args[0]).split())
        problem = f"the script holds what no file can ({reason}); keep texts, numbers and lists in it"
        raise ScriptError(problem) from None
    return str(written)


def to_dict(script: Script) -> dict[str, Any]:
    """As JSON values, in a stable order, without what is not given."""

    def without(data: dict[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value not in (None, "")} | dict(metadata)

    def prompt(look: Any) -> Any:
        return look if isinstance(look, str) else [list(pair) for pair in look]

    version = _version(script)
    tempo = script.tempo if isinstance(script.tempo, Tempo) else None
    scenes = {
        scene.name: without(
            {"look": prompt(scene.look), "set": to_json(scene.behind), "note": scene.note}, scene.metadata
        )
        for scene in script.scenes
    }
    props = {
        prop.name: without(
            {
                "becomes": prop.becomes,
                "region": _region_to_dict(prop.part, version) if prop.part else None,
                "made": prop.made if version >= 3 else None,
                "note": prop.note,
            },
            prop.metadata,
        )
        for prop in script.props
    }
    beats = []
    for beat in script.beats:
        props_of_beat = None if beat.props is None else list(beat.props)
        row = {"at": beat.at, "scene": beat.scene, "props": props_of_beat, "fade": beat.fade or None}
        beats.append(without({**row, "until": beat.until, "note": beat.note}, beat.metadata))
    data = {
        "schema": SCHEMA,
        "version": version,
        "title": script.title,
        "fps": script.fps,
        "tempo": tempo and {"bpm": tempo.bpm, "first_s": tempo.first_s, "beats_per_bar": tempo.beats_per_bar},
        "markers": dict(script.markers) or None,
        "include": list(script.include) or None,
        "scenes": scenes or None,
        "props": props or None,
        "beats": beats,
    }
    return without(data, script.metadata)


def _version(script: Script) -> int:
    """The oldest that can hold it."""
    if script.markers:
        return VERSION
    for prop in script.props:
        if (prop.made, prop.part.finder) != ("apart", 1) if prop.part else prop.made:
            return VERSION
    return 2 if any(scene.set is not None for scene in script.scenes) else 1


def _region_to_dict(region: Region, version: int) -> dict[str, Any]:
    """As JSON values; how it is found where the script's version does not say it."""
    data = region.to_dict()
    finder = data.pop("finder", 1)
    return data if finder == FINDER or version < 3 else {**data, "finder": finder}


class _Dumper(yaml.SafeDumper):
    """Quotes a text that reads as a number: 5e-3 is a word in YAML 1.1, but a number in JSON, and so to `Reader`."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)
