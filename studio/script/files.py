"""Scripts as files: YAML or JSON that people read and write, with the place of every mistake.

    schema: lsd-studio.script
    version: 1
    include: [scenes.yaml]
    scenes: {sea: underwater}
    props:
      stick: {becomes: a lightsaber, region: green}
    beats:
    - {at: 0:04.5, scene: sea, props: [stick], fade: 1}

YAML is read in its plain core: texts, numbers, true, false, null, lists and objects; `0:04.5` stays a text. JSON is
read by the same reader. What a file holds beyond these names is kept.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from engine.prompts import PromptError
from studio.script.region import Region
from studio.script.script import Beat, Includes, Prop, Scene, Script, ScriptError, Tempo
from studio.takes.documents import write_whole

SCHEMA = "lsd-studio.script"
VERSION = 1
LARGEST = 10_000_000
"""Bytes of a file: more than any script, less than what would stall a page."""
LARGEST_NUMBER = 1e300
"""What is larger is read as a text: it would not be a finite number."""

_Path: TypeAlias = tuple[str | int, ...]
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)")
_FLOAT = re.compile(r"[-+]?\d+(\.\d*([eE][-+]?\d+)?|[eE][-+]?\d+)")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


def load_script(path: Path | str, *, above: tuple[Path, ...] = ()) -> Script:
    """Read a YAML or JSON file, and what it includes. Raises ScriptError with file, line and column.

    above: the files that include it.
    """
    path = Path(path)
    here = path.resolve()
    if here in above:
        circle = " includes ".join(file.name for file in (*above[above.index(here) :], here))
        raise ScriptError(f"a cycle: {circle}; take one of the includes out")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError(f"cannot read the script {path}: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise ScriptError(f"{path} has {len(data):,} bytes; a script has at most {LARGEST:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8 text") from None
    return _Reader(path, text, (*above, here)).script()


def loads(text: str, path: Path = Path("script.yaml")) -> Script:
    """Read a script's text. path: its name in errors; includes start from its folder."""
    return _Reader(path, text, (path.resolve(),)).script()


def with_includes(script: Script) -> Script:
    """The script with the scenes and props of the files that it includes, which are read here. Raises ScriptError.

    For a script that is written in Python; `load_script` reads what its file includes by itself.
    """
    things = tuple(thing for name in script.include for thing in _things(script.folder / name))
    return replace(script, includes=Includes(script.folder, tuple(map(str, script.include)), things))


def _things(path: Path, above: tuple[Path, ...] = ()) -> list[Scene | Prop]:
    """A script's scenes and props, and those that it includes; masks are where they were."""
    other = load_script(path, above=above)
    props = [
        prop if prop.part is None else replace(prop, region=prop.part.beside(other.folder)) for prop in other.props
    ]
    return [*other.scenes, *props, *other.shared]


def save_script(script: Script, path: Path | str) -> None:
    """Write a script, YAML or JSON by its name; what it includes is named, not copied, by paths from there.

    Raises ScriptError for another name, or a place that cannot be.
    """
    path = Path(path)
    text = dumps(_moved(script, path.parent), path.suffix)
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ScriptError(f"cannot write the script {path}: {error.strerror or error}; choose another place") from None


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

    include = tuple(seen(name) for name in script.include)
    props = [moved(prop) for prop in script.props]
    includes = None if script.unread else Includes(folder, include, script.shared)
    return replace(script, props=props, include=include, folder=folder, includes=includes)


def dumps(script: Script, suffix: str = ".yaml") -> str:
    """A script's text; `loads` is the inverse. Raises ScriptError for metadata that no file can hold."""
    data = to_dict(script)
    if suffix not in (".json", ".yaml", ".yml"):
        raise ScriptError(f"a script is a .yaml or a .json, not {suffix!r}; give it such a name")
    try:
        if suffix == ".json":
            return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
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

    tempo = script.tempo if isinstance(script.tempo, Tempo) else None
    scenes = {
        scene.name: without({"look": prompt(scene.look), "note": scene.note}, scene.metadata) for scene in script.scenes
    }
    props = {
        prop.name: without(
            {"becomes": prop.becomes, "region": prop.part.to_dict() if prop.part else None, "note": prop.note},
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
        "version": VERSION,
        "title": script.title,
        "fps": script.fps,
        "tempo": tempo and {"bpm": tempo.bpm, "first_s": tempo.first_s, "beats_per_bar": tempo.beats_per_bar},
        "include": list(script.include) or None,
        "scenes": scenes or None,
        "props": props or None,
        "beats": beats,
    }
    return without(data, script.metadata)


class _Composer(yaml.SafeLoader):
    """Refuses what makes a small file large."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(
                problem=f"*{event.anchor} repeats something by reference, which is not read; write it out",
                problem_mark=event.start_mark,
            )
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Quotes a text that reads as a number: 5e-3 is a word in YAML 1.1, but a number in JSON, and so to `_Reader`."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)


class _Reader:
    """Reads one file: its values, and where each of them stands."""

    def __init__(self, path: Path, text: str, above: tuple[Path, ...]) -> None:
        self._path, self._above = path, above
        self._marks: dict[_Path, tuple[int, int]] = {(): (1, 1)}
        if text.lstrip()[:1] == "{":  # JSON, in which a tab between two values is legal
            text = text.replace("\t", " ")
        try:
            node = _Composer(text).get_single_node()
            self._data = None if node is None else self._plain(node, ())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = " ".join(str(error.problem or error.context).split())
            place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise ScriptError(f"{path}{place}: {reason}") from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            column = error.position - text.rfind("\n", 0, error.position)
            raise ScriptError(f"{path}, line {line}, column {column}: a character that no text holds") from None
        except RecursionError:
            raise ScriptError(f"{path}: nested too deeply for a script") from None

    def script(self) -> Script:
        data = self._object(self._data, (), "a script is an object with scenes, props and beats")
        if data.get("schema") != SCHEMA:
            raise self._error(("schema",), f"schema {data.get('schema')!r} is not {SCHEMA!r}; begin: schema: {SCHEMA}")
        version = data.get("version")
        if version is None:
            raise self._error(("schema",), f"a script says its version; write: version: {VERSION}")
        if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION:
            problem = f"version {version!r}; this studio reads 1 to {VERSION}: update lsd-studio"
            raise self._error(("version",), problem)
        named = {"scenes": self._scene, "props": self._prop}
        read: dict[str, list[Any]] = {}
        for what, reader in named.items():
            things = self._object(data.get(what) or {}, (what,), f"{what} are an object of names")
            read[what] = [reader(name, value, (what, name)) for name, value in things.items()]
        rows = self._list(data.get("beats") or [], ("beats",), "beats are a list")
        beats = [self._beat(row, ("beats", i)) for i, row in enumerate(rows)]
        include = self._list(data.get("include") or [], ("include",), "include is a list of files")
        fields = {"schema", "version", "title", "fps", "tempo", "include", "scenes", "props", "beats"}
        rest = {name: value for name, value in data.items() if name not in fields}
        tempo = self._tempo(data.get("tempo"))
        shared: list[Scene | Prop] = []
        for i, name in enumerate(include):
            shared += self._included(name, ("include", i))
        title = str(data.get("title") or "")
        with self._at(("fps",) if "fps" in data else ()):
            return Script(
                beats,
                read["scenes"],
                read["props"],
                tempo,
                data.get("fps"),
                title,
                [str(name) for name in include],
                rest,
                self._path.parent,
                Includes(self._path.parent, tuple(map(str, include)), tuple(shared)),
            )

    def _included(self, name: Any, path: _Path) -> list[Scene | Prop]:
        if not isinstance(name, str) or not name:
            raise self._error(path, f"{name!r} is not a file; write a path such as scenes.yaml")
        with self._at(path):
            return _things(self._path.parent / name, self._above)

    def _scene(self, name: str, value: Any, path: _Path) -> Scene:
        row = value if isinstance(value, dict) else {"look": value}
        if "look" not in row:
            raise self._error(path, f"the scene {name!r} has no look; write what the picture becomes")
        rest = {key: row[key] for key in row if key not in ("look", "note")}
        with self._at((*path, "look")):
            return Scene(name, row["look"], str(row.get("note") or ""), rest)

    def _prop(self, name: str, value: Any, path: _Path) -> Prop:
        row = value if isinstance(value, dict) else {"becomes": value}
        if not isinstance(row.get("becomes"), str):
            raise self._error(path, f"the prop {name!r} does not say what it becomes; write becomes: a lightsaber")
        rest = {key: row[key] for key in row if key not in ("becomes", "region", "note")}
        with self._at((*path, "region")):
            region = None if row.get("region") is None else Region.from_dict(row["region"])
        with self._at((*path, "becomes")):
            return Prop(name, row["becomes"], region, str(row.get("note") or ""), rest)

    def _beat(self, value: Any, path: _Path) -> Beat:
        row = self._object(value, path, "a beat is an object, as in {at: 4.5, scene: sea}")
        if row.get("at") is None:
            raise self._error(path, "this beat has no time; write at: 4.5")
        for name, legal in (("at", (str, int, float)), ("until", (str, int, float)), ("scene", str)):
            if row.get(name) is not None and (isinstance(row[name], bool) or not isinstance(row[name], legal)):
                raise self._error(
                    (*path, name), f"{name} is {row[name]!r}; write {'a name' if name == 'scene' else 'a time'}"
                )
        props = row.get("props")
        if props is not None:
            props = [str(prop) for prop in self._list(props, (*path, "props"), "props are a list of names")]
        fields = ("at", "scene", "props", "fade", "until", "note")
        rest = {name: value for name, value in row.items() if name not in fields}
        line, _ = self._marks[path]
        wrong = next((name for name in ("fade", "at", "until") if _below_zero(row.get(name))), None)
        with self._at((*path, wrong) if wrong else path):
            return Beat(
                row["at"],
                row.get("scene"),
                props,
                0.0 if row.get("fade") is None else row["fade"],
                row.get("until"),
                str(row.get("note") or ""),
                rest,
                f"{self._path.name}, line {line}",
            )

    def _tempo(self, value: Any) -> Tempo | None:
        if value is None:
            return None
        with self._at(("tempo",)):
            if not isinstance(value, dict):
                return Tempo(value)
            if "bpm" not in value or not value.keys() <= {"bpm", "first_s", "beats_per_bar"}:
                raise ScriptError(f"a tempo has bpm, and if wanted first_s and beats_per_bar, not {', '.join(value)}")
            return Tempo(value["bpm"], value.get("first_s", 0.0), value.get("beats_per_bar", 4))

    # -- places

    def _object(self, value: Any, path: _Path, legal: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._error(path, f"{legal}, not {value!r}")
        return value

    def _list(self, value: Any, path: _Path, legal: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._error(path, f"{legal}, not {value!r}")
        return value

    @contextmanager
    def _at(self, path: _Path) -> Iterator[None]:
        try:
            yield
        except PromptError as error:
            raise self._error(path, str(error)) from None

    def _error(self, path: _Path, problem: str) -> ScriptError:
        while path not in self._marks:
            path = path[:-1]
        line, column = self._marks[path]
        return ScriptError(f"{self._path}, line {line}, column {column}: {problem}")

    def _plain(self, node: Any, path: _Path) -> Any:
        """A node as Python values; remembers where it stands."""
        self._marks[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(value, (*path, i)) for i, value in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            values: dict[str, Any] = {}
            for name_node, value in node.value:
                at = (name_node.start_mark.line + 1, name_node.start_mark.column + 1)
                if not isinstance(name_node, yaml.ScalarNode):
                    self._marks[path] = at
                    raise self._error(path, "a name is a text")
                name = _whole(name_node.value)
                if name in values:
                    self._marks[path] = at
                    raise self._error(path, f"{name!r} stands twice; keep one of the two")
                values[name] = self._plain(value, (*path, name))
            return values
        text = node.value
        if node.style is None:
            if text in _WORDS:
                return _WORDS[text]
            if _INTEGER.fullmatch(text) and abs(float(text)) <= LARGEST_NUMBER:
                return int(text)
            if _FLOAT.fullmatch(text) and abs(float(text)) <= LARGEST_NUMBER:
                return float(text)
        return _whole(text)


def _whole(text: str) -> str:
    """JSON writes some characters as two halves."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _below_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not value >= 0
