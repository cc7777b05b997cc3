"""The callbacks of the pages: the slate, the takes, one take for the player, verdicts, rendering again, export.

Each takes the page's one dict and returns one; a mistake of the user's comes back as {"error": sentence}.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from engine.compositing.mattes import MATTERS
from studio.app.files import Files
from studio.app.guard import Guard
from studio.app.sessions import Sessions
from studio.delivery import formats, proxies
from studio.farm.farm import Farm
from studio.farm.jobs import Job
from studio.sets.gallery import GALLERY
from studio.sets.stage import check_file
from studio.sets.store import SetError, Store
from studio.takes import drafts
from studio.takes.bin import delete_version
from studio.takes.documents import TakeError
from studio.takes.inside import file_within
from studio.takes.listing import TakeListing, list_takes
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.files import lane_to_dict, with_lane
from studio.timeline.sets import FILE_KINDS
from studio.timeline.timeline import Timeline
from studio.workers import text_of

UNFINISHED = ("waiting", "running")
"""States of a render that has not ended."""

Reply = dict[str, Any]
Callback = Callable[[Any, Mapping[str, Any]], Reply]


def answered(callback: Callback) -> Callback:
    """Only a page with a token is answered; a ValueError is the user's to read."""

    @functools.wraps(callback)
    def call(callbacks: Callbacks, data: Mapping[str, Any]) -> Reply:
        if not callbacks.guard.knows(data.get("token")):
            return {"error": "The studio was started anew, or does not know this page. Load it again."}
        try:
            return callback(callbacks, data)
        except (ValueError, OSError) as error:
            return {"error": text_of(error)}

    return call


class Callbacks:
    """What the pages may ask for.

    folder: the sessions folder. farm: renders takes again. device: where it does; `auto` is where a take was made.
    """

    def __init__(self, guard: Guard, sessions: Sessions, folder: Path, farm: Farm, device: str = "auto") -> None:
        self.guard, self.sessions, self.folder = guard, sessions, folder
        self._farm, self._device = farm, device
        self.files = Files(folder)
        self._prepared: dict[Path, str] = {}
        """Takes whose pictures are being made, with an empty text, and those for which that went wrong, with why."""

    # -- for the live page

    def enter(self, data: Mapping[str, Any]) -> Reply:
        """A page was loaded: its token, and what it needs to begin. Gradio answers it to people who are signed in.

        A page that was loaded again names the token that it had, and keeps it, with the session that waits for it.
        """
        before = data.get("token")
        try:
            token = before if self.guard.knows(before) else self.guard.issue()
        except ValueError as error:
            return {"error": str(error)}
        return {
            "token": token,
            "example": self.files.example(),
            "slate": {"production": "my-film", "scene": "1", "shot": "A"},
            "gallery": list(GALLERY),
            "casts": list(MATTERS),
        }

    def keep_set(self, name: str, production: str, data: bytes) -> Reply:
        """Keep a picture or a clip that a page brings, in its production; answers the set that it is.

        name: the file's own, whose ending says what it is. Raises ValueError.
        """
        store = Store(self.folder / Slate(production).production / "sets")
        suffix = Path(name).suffix.lower()
        if suffix not in FILE_KINDS:
            raise SetError(f"{name[:80]!r} is not a picture or a clip by its name; there is {', '.join(FILE_KINDS)}")
        before = set(store.folder.glob("[!.]*"))
        kept = store.add_bytes(data, suffix)
        try:
            check_file(store.folder / kept)
        except SetError:
            if store.folder / kept not in before:  # or another set shows it
                (store.folder / kept).unlink(missing_ok=True)
            raise
        return {"set": {"file": kept, "name": Path(name).name[:80]}}

    @answered
    def machine(self, data: Mapping[str, Any]) -> Reply:
        """Is the model loaded, where does it run, which worlds does it offer?"""
        return self.sessions.machine()

    @answered
    def slate(self, data: Mapping[str, Any]) -> Reply:
        """The slate with its names as folders will bear them, and the number of its next take."""
        slate = Slate(*(str(data.get(part, "")) for part in ("production", "scene", "shot")))
        scene = slate.scene.lstrip("0") or "0"
        return {
            "production": slate.production,
            "scene": scene,
            "shot": slate.shot,
            "take": slate.next_take(self.folder),
        }

    # -- for the review page

    @answered
    def takes(self, data: Mapping[str, Any]) -> Reply:
        """Every take, by production, scene, shot and number."""
        rendering = self._jobs()
        return {"takes": [self._line(listed, rendering) for listed in list_takes(self.folder)]}

    @answered
    def take(self, data: Mapping[str, Any]) -> Reply:
        """One take for the player: pictures, frames' times, keys, versions."""
        take = self._open(data)
        if take.made and take.state != "recording" and not file_within(take.folder, proxies.LIVE):
            return self._prepare(take)
        picture = take.manifest.picture
        slate = take.manifest.slate
        live = {"name": "live", "url": self.files.url(take.folder / proxies.LIVE), "about": "As it was shot."}
        versions = [live | _keys(take), *(self._version(take, version) for version in take.renders)]
        return {
            "take": self.files.path(take.folder),
            "production": slate.production,
            "scene": slate.scene,
            "shot": slate.shot,
            "number": slate.take,
            "state": take.state,
            "verdict": take.manifest.verdict,
            "circled": take.manifest.circled,
            "notes": take.manifest.notes,
            "problems": [*take.problems, *take.damaged_versions.values()],
            "duration_s": take.duration_s,
            "fps": take.fps,
            "width": picture.width if picture else 0,
            "height": picture.height if picture else 0,
            "frames": len(take.frames),
            "dropped": take.dropped,
            "times": [row.time_s for row in take.made],
            "raw": self.files.url(take.folder / proxies.RAW),
            "sound": self._sound(take),
            "job": self._jobs().get(take.folder.resolve()),
            "versions": versions,
        }

    @answered
    def judge(self, data: Mapping[str, Any]) -> Reply:
        """Set a take's verdict or notes."""
        fields = {name: data[name] for name in ("verdict", "notes") if name in data}
        manifest = self._open(data).edit(**fields).manifest
        return {"verdict": manifest.verdict, "notes": manifest.notes}

    @answered
    def label(self, data: Mapping[str, Any]) -> Reply:
        """Call a version something, or move it to the take's bin; answers which one to show then."""
        take = self._open(data)
        version = _shown(take, data)
        if version is None:
            raise TakeError("the picture as it was shot has no name, and stays; name or delete a version")
        if data.get("bin"):
            delete_version(take, version.name)
            return {"shown": "live"}
        return {"shown": version.edit(name=" ".join(str(data.get("name", "")).split())).name}

    @answered
    def draft(self, data: Mapping[str, Any]) -> Reply:
        """Keep the page's keys and markers with the take, until a version holds them."""
        take = self._open(data)
        if take.state == "recording":
            raise TakeError(f"{take.name} is being recorded; its prompts are edited when it has ended")
        drafts.keep(take, _shown(take, data), _edited(take, data))
        return {}

    @answered
    def render(self, data: Mapping[str, Any]) -> Reply:
        """Render a take again with the page's keys; answers a job to ask `progress` about."""
        take = self._open(data)
        return {"job": self._farm.submit(Job(take.folder, _edited(take, data), device=self._device))}

    @answered
    def progress(self, data: Mapping[str, Any]) -> Reply:
        """How far a render is."""
        job = self._farm.status(str(data.get("job")))
        share = job.done / job.total if job.total else 0.0
        waiting = [other.name for other in self._farm.jobs() if other.state in UNFINISHED]
        ahead = waiting.index(job.name) if job.name in waiting else 0
        counts = {"ahead": ahead, "done": job.done, "total": job.total, "share": share}
        return {"state": job.state, **counts, "version": job.version, "error": job.error}

    @answered
    def cancel(self, data: Mapping[str, Any]) -> Reply:
        """End a render; asked for again, it goes on where it was."""
        self._farm.cancel(str(data.get("job")))
        return {}

    @answered
    def export(self, data: Mapping[str, Any]) -> Reply:
        """Write a version as a file to keep, and say where to fetch it."""
        take, version, to = self._open(data), str(data.get("version", "live")), str(data.get("to"))
        name = formats.file_name(take, to, version)
        out = self.files.new_export(name)
        try:
            formats.export(take, to, out, version, progress=lambda done, total: None)
        except BaseException:
            self.files.drop(out)
            raise
        return {"url": self.files.export_url(out), "name": name}

    def of_pages(self) -> list[Callable[[Mapping[str, Any]], Reply]]:
        """Those that the pages may call, by their names."""
        live, review = (self.enter, self.machine, self.slate), (self.takes, self.take, self.judge)
        return [*live, *review, self.label, self.draft, self.render, self.progress, self.cancel, self.export]

    def close(self) -> None:
        """Remove what was exported for download."""
        self.files.close()

    # -- helpers

    def _prepare(self, take: Take) -> Reply:
        """Make the pictures of a take that a crash cut short, or that lost them; the page asks again meanwhile."""
        if error := self._prepared.get(take.folder):
            del self._prepared[take.folder]  # opened again, it is tried again
            raise TakeError(f"{take.name} cannot be shown: {error}")
        if take.folder not in self._prepared:
            self._prepared[take.folder] = ""
            self.sessions.keep(take.folder, lambda error: self._made(take.folder, error))
        return {"preparing": True}

    def _made(self, folder: Path, error: str) -> None:
        """A take's pictures are there, or could not be made; lost once more, they are made once more."""
        if error:
            self._prepared[folder] = error
        else:
            self._prepared.pop(folder, None)

    def _jobs(self) -> dict[Path, str]:
        """The newest render of each take that has not ended, by the take's folder."""
        return {job.job.take.resolve(): job.name for job in self._farm.jobs() if job.state in UNFINISHED}

    def _line(self, listed: TakeListing, rendering: Collection[Path]) -> Reply:
        """One line of the list of takes."""
        production, scene, shot, number = listed.folder.relative_to(self.folder).parts
        line: Reply = {
            "path": self.files.path(listed.folder),
            "production": production,
            "scene": scene[1:],
            "shot": shot,
            "take": int(number[1:]),
            "error": listed.error,
        }
        summary = listed.summary
        if summary is None:
            return line
        return line | {
            "state": summary.state,
            "verdict": summary.verdict,
            "notes": summary.notes,
            "duration_s": summary.duration_s,
            "fps": summary.fps,
            "poster": self.files.url(listed.folder / proxies.POSTER),
            "versions": summary.versions,
            "rendering": listed.folder.resolve() in rendering,
        }

    def _version(self, take: Take, version: Render) -> Reply:
        """A render for the player."""
        made = f"{version.name}, rendered {version.info.get('made', '')[:16].replace('T', ' ')} UTC"
        about = [part for part in (version.label, f"{made}: {version.provenance}", version.note) if part]
        return {
            "name": version.name,
            "label": version.label,
            "note": version.note,
            "url": self.files.url(version.video),
            "about": f"{'. '.join(about)}.",
            **_keys(take, version),
        }

    def _sound(self, take: Take) -> Reply | None:
        """The microphone's file, and where on the take's clock it begins."""
        if not take.sounds:
            return None
        start_s, path = take.sounds[0]
        return {"url": self.files.url(path), "start_s": start_s}

    def _open(self, data: Mapping[str, Any]) -> Take:
        path = str(data.get("take", ""))
        try:
            folder, root = (self.folder / path).resolve(), self.folder.resolve()
        except (ValueError, OSError, RuntimeError):  # no system has such a name
            raise TakeError(f"{path[:100]!a} is not a take of this sessions folder") from None
        if not folder.is_relative_to(root) or len(folder.relative_to(root).parts) != 4:
            raise TakeError(f"{path!r} is not a take of this sessions folder")
        return Take.open(self.folder / path)


def _keys(take: Take, version: Render | None = None) -> Reply:
    """Keys and markers for the player, and the edits of them that no version holds yet."""
    shown, draft = version.timeline if version else take.timeline, drafts.load(take, version)
    return {**lane_to_dict(shown), "draft": lane_to_dict(draft) if draft else None}


def _shown(take: Take, data: Mapping[str, Any]) -> Render | None:
    """The version that the page shows; None for the picture as it was shot."""
    name = data.get("version", "live")
    if name == "live":
        return None
    version = next((version for version in take.renders if version.name == name), None)
    if version is None:
        raise TakeError(f"{take.name} has no version {name!r}; load the page again")
    return version


def _edited(take: Take, data: Mapping[str, Any]) -> Timeline:
    """The page's keys and markers in place of the shown version's; its parameters and props stay."""
    version = _shown(take, data)
    return with_lane(version.timeline if version else take.timeline, data)
