"""The text of a script's file as a script, with line and column of every mistake.

YAML is read in its plain core: texts, numbers, true, false, null, lists and objects; `0:04.5` stays a text. JSON is
read by the same reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from engine.prompts import AS_IT_IS, PromptError
from studio.script.region import FINDER, Region
from studio.script.script import Beat, Includes, Prop, Scene, Script, ScriptError, Tempo
from studio.timeline.keys import WAYS

SCHEMA = "lsd-studio.script"
VERSION = 3
"""2 added `set` to scenes; 3 added `markers`, `made` to props and `finder` to regions. In an older script a prop with a
region is made apart, and the region is found in the first way, as when it was written. A script is written as the
oldest that can hold it, which older studios read."""
MOST_DEPTH = 100
"""Lists and objects within each other."""
LONGEST_PROBLEM = 800
"""Characters of what is wrong: a file is not printed in an error."""
LARGEST_NUMBER = 1e300
"""What is larger is read as a text: it would not be a finite number."""

_Path: TypeAlias = tuple[str | int, ...]
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)")
_FLOAT = re.compile(r"[-+]?\d+(\.\d*([eE][-+]?\d+)?|[eE][-+]?\d+)")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass
class Budget:
    """What a script and all that it includes may still be."""

    files: int = 100
    size: int = 4_000_000
    """Bytes: more than any script, less than what would stall a page."""
    values: int = 50_000
    """Texts, numbers, lists and objects; a beat has five to ten. Each takes 50 µs to read."""


class _Composer(yaml.SafeLoader):
    """Refuses what makes a small file large, and what makes reading it long."""

    def __init__(self, text: str, budget: Budget) -> None:
        super().__init__(text)
        self._budget, self._depth = budget, 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"*{event.anchor[:20]} repeats something by reference, which is not read; write it out")
        self._budget.values -= 1
        self._depth += 1
        if self._budget.values < 0:
            self._refuse(
                event, f"more than {Budget.values:,} values, with those of included files; make several scripts"
            )
        if self._depth > MOST_DEPTH:
            self._refuse(event, f"nested too deeply for a script, more than {MOST_DEPTH} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refuse(self, event: Any, problem: str) -> None:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


class Reader:
    """Reads the text of one file: its values, and where each of them stands. Raises ScriptError.

    path: the file's name in errors; what it includes starts from its folder. things_of: reads the scenes and props of
    an included file. budget: what it may be; it is spent.
    """

    def __init__(
        self, path: Path, text: str, things_of: Callable[[Path], Sequence[Scene | Prop]], budget: Budget
    ) -> None:
        self._path, self._things_of = path, things_of
        self._marks: dict[_Path, tuple[int, int]] = {(): (1, 1)}
        if text.lstrip()[:1] == "{":  # JSON, in which a tab between two values is legal
            text = text.replace("\t", " ")
        try:
            node = _Composer(text, budget).get_single_node()
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
        """The script that it is."""
        data = self._object(self._data, (), "a script is an object with scenes, props and beats")
        if data.get("schema") != SCHEMA:
            raise self._error(("schema",), f"schema {data.get('schema')!r} is not {SCHEMA!r}; begin: schema: {SCHEMA}")
        version = data.get("version")
        if version is None:
            raise self._error(("schema",), "a script says its version; write: version: 1")
        if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION:
            problem = f"version {version!r}; this studio reads 1 to {VERSION}: update lsd-studio"
            raise self._error(("version",), problem)
        self._version = version
        named = {"scenes": self._scene, "props": self._prop}
        read: dict[str, list[Any]] = {}
        for what, reader in named.items():
            things = self._object(data.get(what) or {}, (what,), f"{what} are an object of names")
            read[what] = [reader(name, value, (what, name)) for name, value in things.items()]
        rows = self._list(data.get("beats") or [], ("beats",), "beats are a list")
        beats = [self._beat(row, ("beats", i)) for i, row in enumerate(rows)]
        include = self._list(data.get("include") or [], ("include",), "include is a list of files")
        fields = {"schema", "version", "title", "fps", "tempo", "markers", "include", "scenes", "props", "beats"}
        rest = {name: value for name, value in data.items() if name not in fields}
        tempo = self._tempo(data.get("tempo"))
        shared: list[Scene | Prop] = []
        for i, name in enumerate(include):
            shared += self._included(name, ("include", i))
        title = str(data.get("title") or "")
        moments = self._object(data.get("markers") or {}, ("markers",), "markers are an object of names with moments")
        for name in moments:
            with self._at(("markers", name)):
                Script([], markers={name: moments[name]})
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
                moments,
            )

    def _included(self, name: Any, path: _Path) -> Sequence[Scene | Prop]:
        if not isinstance(name, str) or not name:
            raise self._error(path, f"{name!r} is not a file; write a path such as scenes.yaml")
        with self._at(path):
            return self._things_of(self._path.parent / name)

    def _scene(self, name: str, value: Any, path: _Path) -> Scene:
        row = value if isinstance(value, dict) else {"look": value}
        if "look" not in row and "set" not in row:
            raise self._error(path, f"the scene {name!r} has no look and no set; write what the picture becomes")
        rest = {key: row[key] for key in row if key not in ("look", "note", "set")}
        with self._at((*path, "look")):
            scene = Scene(name, row.get("look", AS_IT_IS), str(row.get("note") or ""), rest)
        with self._at((*path, "set")):
            return replace(scene, set=row.get("set"))

    def _prop(self, name: str, value: Any, path: _Path) -> Prop:
        row = value if isinstance(value, dict) else {"becomes": value}
        if not isinstance(row.get("becomes"), str):
            raise self._error(path, f"the prop {name!r} does not say what it becomes; write becomes: a lightsaber")
        new = self._version >= 3
        fields = ("becomes", "region", "note", *(("made",) if new else ()))
        rest = {key: row[key] for key in row if key not in fields}
        with self._at((*path, "region")):
            region = None if row.get("region") is None else Region.from_dict(row["region"], FINDER if new else 1)
        made = str(row.get("made") or "") if new else "apart" if region else ""
        with self._at((*path, "becomes" if made in ("", *WAYS) else "made")):
            return Prop(name, row["becomes"], region, str(row.get("note") or ""), rest, made)

    def _beat(self, value: Any, path: _Path) -> Beat:
        row = self._object(value, path, "a beat is an object, as in {at: 4.5, scene: sea}")
        if row.get("at") is None:
            raise self._error(path, "this beat has no time; write at: 4.5")
        if "fade_s" in row:  # as in a schedule; kept as metadata, it would be a cut
            raise self._error((*path, "fade_s"), "a beat's fade has the name fade, in seconds; write fade: 1")
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
            raise self._error(path, f"{legal}, not {_short(value, path)}")
        return value

    def _list(self, value: Any, path: _Path, legal: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._error(path, f"{legal}, not {_short(value, path)}")
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
        if len(problem) > LONGEST_PROBLEM:
            problem = f"{problem[: LONGEST_PROBLEM // 2]} … {problem[-LONGEST_PROBLEM // 2 :]}"
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


def _short(value: Any, path: _Path) -> str:
    """A wrong value in an error. Of a file that is no script at all, which may be anything, nothing is shown."""
    if isinstance(value, str) and (not path or len(value) > 60):
        return f"a text of {len(value):,} characters"
    if isinstance(value, list | dict) and (not path or len(repr(value)) > 60):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value):,}"
    return repr(value)


def _whole(text: str) -> str:
    """JSON writes some characters as two halves."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _below_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not value >= 0
