"""Takes as somebody else may have made them: a small real one with altered documents and right checksums."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.media.pictures import MediaError
from engine.prompts import PromptError
from studio.delivery import proxies
from studio.live.director import Director
from studio.rendering.render import render
from studio.rendering.verify import check_take
from studio.script.region import Region
from studio.sets.store import SetError
from studio.takes import drafts, summaries
from studio.takes.documents import SEAL, TakeError, file_sha256
from studio.takes.listing import line, list_takes
from studio.takes.recorder import WEBM_MAGIC
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Key, Matte
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.studio.conftest import camera_jpeg, ticks

FRAMES = 8
SEED = 7
DOCUMENTS = ("take.json", "renders/v001/render.json", "renders/v001/timeline.json", "drafts/live.json")
JOURNALS = ("events.jsonl", "frames.jsonl")
OWN = (TakeError, PromptError, MediaError, SetError)
"""The project's own errors, which say in words what is wrong with somebody's files."""

Change = Callable[[Any], Any]
"""Alters the JSON values of a document, or the rows of a journal, and returns what is written in their place."""


def make_take(sessions: Path) -> Path:
    """A take of a third of a second with one of everything: prompts, a sound, a version, a draft, proxies."""
    timeline = Timeline((Key(0, "underwater"), Key(0.2, "wild west", 0.1)))
    director = Director(EdgeModel(seed=SEED))
    region = Region(box=(0.25, 0.25, 0.5, 0.5)).to_dict()
    try:
        director.record(sessions, Slate("Forged", "1", "A"), timeline=timeline.at(0.1, "as it is"))
        for n in range(FRAMES):
            director.shoot(camera_jpeg(n), n, ticks(n))
            if n == 1:
                director.sound(WEBM_MAGIC + b"no sound", ticks(n))
                director.mark("the ball falls")
                director.set("strength", 0.5)
        folder = director.cut()
    finally:
        director.close()
    assert folder
    take = Take.open(folder)
    render(take, Timeline(timeline.keys, mattes=(Matte("box", "gold", region),)), EdgeModel(seed=SEED))
    drafts.keep(take, None, timeline)
    proxies.make(folder)
    return folder


def values(folder: Path, name: str) -> Any:
    """A document's fields, or a journal's rows, without seal and checksums."""
    text = (folder / name).read_text("utf-8")
    if name in JOURNALS:
        return [{key: value for key, value in json.loads(row).items() if key != "crc"} for row in text.splitlines()]
    return {key: value for key, value in json.loads(text).items() if key != SEAL}


def forge(folder: Path, name: str, change: Change) -> None:
    """Alter a document or a journal as a thorough forger does, so that every checksum is right again."""
    data = change(values(folder, name))
    if name in JOURNALS and isinstance(data, list):
        (folder / name).write_bytes(_journal(data))
    else:
        (folder / name).write_text(_sealed(data), "utf-8")
    if name == "take.json":
        return
    in_version = name.startswith("renders/v001/")
    names = {"renders/v001/render.json": name.rpartition("/")[2]} if in_version else {"take.json": name}
    for document, within in names.items():
        if name == document:
            continue
        about = values(folder, document)
        if within in about["files"]:
            about["files"][within] = file_sha256(folder / name)
            (folder / document).write_text(_sealed(about), "utf-8")


def _sealed(data: Any) -> str:
    if not isinstance(data, dict):
        return json.dumps(data)
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    seal = hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()
    return json.dumps({**data, SEAL: seal}, indent=2)


def _journal(rows: list[Any]) -> bytes:
    lines, crc = [], 0
    for row in rows:
        body = json.dumps(row).encode()
        if isinstance(row, dict):
            body = body[:-1]
            crc = zlib.crc32(body, crc)
            body += f', "crc": "{crc:08x}"}}'.encode()
        lines.append(body + b"\n")
    return b"".join(lines)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of each value within a value, outermost first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A value with another one at a place; with nothing there where `new` is Ellipsis."""
    if not path:
        return None if new is ... else new
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if not rest and new is ...:
        del copy[first]  # type: ignore[arg-type]
    else:
        copy[first] = replaced(copy[first], tuple(rest), new)  # type: ignore[index]
    return copy


def endure(folder: Path, *, thorough: bool = True) -> list[str]:
    """List, open and check what may be a forged take, and render it; returns what was refused, in words.

    thorough: render it again, and make its proxies. Whatever is not one of the project's own errors is raised; so is a
    list in which another take is missing.
    """
    refused: list[str] = []
    lines = {listed.folder.name: line(listed) for listed in list_takes(folder.parents[3])}
    assert set(lines) == {path.name for path in folder.parent.glob("T*")}
    for name, fields in lines.items():
        assert fields["state"] in ("complete", "recovered", "damaged"), f"{name}: {fields}"
        assert name == folder.name or fields["state"] == "complete", f"{name}: {fields}"
        refused += [fields["error"]] if "error" in fields else []
    model = EdgeModel(seed=SEED)

    def attempt(act: Callable[[], object]) -> None:
        try:
            act()
        except OWN as error:
            refused.append(str(error))

    attempt(lambda: refused.extend(check_take(folder, model).faults))
    try:
        take = Take.open(folder)
    except OWN as error:
        return [*refused, str(error)]
    attempt(lambda: drafts.load(take))
    if not thorough:
        return refused
    attempt(lambda: render(take, "golden rome", EdgeModel(seed=SEED), progress=lambda done, total: None))
    attempt(lambda: render(take, take.timeline, EdgeModel(seed=SEED), progress=lambda done, total: None))
    attempt(lambda: proxies.make(folder))
    return refused


def contents(folder: Path, without: Path) -> dict[str, str]:
    """Each file below a folder but those below another, with its hash, a link with what it leads to.

    What the list of takes remembers in the sessions folder is its own.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_relative_to(without) or path.name == summaries.NAME:
            continue
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        elif path.is_file():
            found[str(path)] = file_sha256(path)
    return found


def copy_of(folder: Path, sessions: Path) -> Path:
    """A copy of a take in another sessions folder, at the same place; beside it a whole take, T002."""
    copy = sessions / Path(*folder.parts[-4:])
    shutil.copytree(folder, copy, symlinks=True)
    shutil.copytree(folder, copy.with_name("T002"))
    return copy
