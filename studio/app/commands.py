"""What a page asks for over its socket, as JSON: `{"type": "prompt", "text": "underwater", "fade_s": 0.5}`.

    hello    the page is there: its version, prompt and parameters      -> ready, prompt
    prompt   words for the picture                                      -> prompt, with the worlds nearest to them
    param    a value of a parameter                                     -> param
    set      what stands behind the cast: a set, null, or words         -> set, with the words that nothing answers;
                                                                           prompt, where the words name a look, too;
                                                                           proposals, places that they may mean
    clean    learn what the camera sees while nobody is there           -> clean
    matte    show the matte in place of the picture (`on`)
    record   roll (`on`), or cut                                        -> recording, kept
    marker   a named moment of the take
    stop     the page goes

A mistake of the film maker's is answered with `error` and a sentence. What no page sends (text where a number belongs,
half a character) ends the connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from engine.compositing.cleanplate import CleanPlate
from studio.app import wire
from studio.app.sessions import Session, Sessions
from studio.sets.picture import picture_url, variants
from studio.sets.stage import Described, near, place_in_words, resolved
from studio.sets.store import CLEAN_PLATE, Store
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.sets import Set, SetBlend, files_of, is_content, normal, to_json, words_of
from studio.workers import in_words

log = logging.getLogger(__name__)

Command: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
"""Called with the page's JSON. Raises ValueError for a mistake of the film maker's, and Closing."""


FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "hello": {"parameters": (dict,), "prompt": (str,), "set": (dict,)},
    "prompt": {"text": (str,), "fade_s": (int, float)},
    "param": {"name": (str,), "fade_s": (int, float)},
    "set": {"set": (dict,), "words": (str,), "cast": (dict,), "fade_s": (int, float)},
    "clean": {"production": (str,)},
    "matte": {"on": (bool,)},
    "record": {"slate": (dict,), "fps": (int, float)},
    "marker": {"name": (str,)},
    "stop": {},
}
"""What each command's fields are, where they are there. A parameter's value is checked with its range."""
SLATE = ("production", "scene", "shot")
LOOK_UP_S = 0.1
"""Between the beginnings of two look-ups of prompts, each of which takes a processor for 10 ms from the picture."""
MAY_BE_NULL = ("prompt", "parameters", "set", "cast")
"""Fields for which a page may say null: it shows nothing yet, or the camera's own background, or people."""


class Closing(Exception):
    """The studio ends the connection: one of wire.CLOSES, and a sentence for the page."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(reason)
        self.why, self.reason = why, reason


class Commands:
    """The commands of one connection. say: sends a message of a kind, with fields, to the page; from any thread."""

    def __init__(self, session: Session, sessions: Sessions, folder: Path, say: Callable[..., None]) -> None:
        self.session, self.sessions, self.folder, self.say = session, sessions, folder, say
        self.director = session.director
        self.recording = self.director.recording is not None
        """Whether the page shows that a take is recorded."""
        self._asked: tuple[str, float] | None = None
        """The newest prompt and its fade in seconds, until it is looked up."""
        self._looking_up: asyncio.Task[None] | None = None
        self._asked_set: dict[str, Any] | None = None
        """The newest command `set`, until its plate is made."""
        self._making: asyncio.Task[None] | None = None
        self._proposing: asyncio.Task[None] | None = None
        self.by_name: dict[str, Command] = {
            "hello": self.hello,
            "prompt": self.prompt,
            "param": self.param,
            "set": self.set,
            "clean": self.clean,
            "matte": self.matte,
            "record": self.record,
            "marker": self.marker,
            "stop": self.stop,
        }

    async def obey(self, text: str) -> None:
        """Do what a message says. Raises ValueError for a mistake of the film maker's, Closing for anything else."""
        try:
            data = json.loads(text)
            command = self.by_name[data["type"]]
            json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair is no text
            _check(data)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Closing("refused", "A message came that is not a command of this studio.") from None
        try:
            await command(data)
        except (TypeError, AttributeError, ArithmeticError, LookupError, RecursionError) as error:
            log.exception("command %s", data["type"])
            reason = f"The command {data['type']!r} has fields that this studio does not know: {error}."
            raise Closing("refused", reason) from None

    async def hello(self, data: dict[str, Any]) -> None:
        """The page is there, perhaps again: the prompt and the parameters that it shows hold."""
        if data.get("version") != wire.VERSION:
            raise Closing("refused", "This page is of another version of the studio. Load it again.")
        for name, value in _dict(data.get("parameters")).items():
            self.director.set(name, value)
        dropped = self.director.status().dropped
        self.say("ready", recording=self._rolling(), dropped=dropped, parameters=self.director.parameters())
        text = str(data.get("prompt") or "as it is")
        if text != self.session.prompt:
            await self.prompt({"text": text})
        if "set" in data and data["set"] != to_json(self.session.set):
            await self.set({"set": data["set"]})

    def _rolling(self) -> dict[str, Any] | None:
        """The take that is recording, for a page that comes back: its number, and how long it is by now."""
        folder, began = self.director.recording, self.director.take_began
        if folder is None:
            return None
        ticks = 0 if began is None else self.director.ticks_now() - began
        return {"take": int(folder.name[1:]), "seconds": ticks / TICKS_PER_SECOND}

    async def prompt(self, data: dict[str, Any]) -> None:
        """Words for the picture; the newest win.

        They are looked up beside: no frame, and no other command, waits for that. Those that newer ones overtake
        meanwhile are not looked up, and not answered.
        """
        self._asked = str(data.get("text", "")), data.get("fade_s", 0.0)
        if self._looking_up is None or self._looking_up.done():
            self._looking_up = asyncio.create_task(self._look_up())

    async def _look_up(self) -> None:
        while newest := self._take_asked():
            begun_s, (text, fade_s) = time.monotonic(), newest
            try:
                await asyncio.to_thread(self.director.say, text, fade_s, wait=True)
                self.session.prompt = text
                nearest = await asyncio.to_thread(self.director.nearest, text)
                self.say("prompt", text=text, nearest=[[name, share] for name, share in nearest[:5]])
            except ValueError as error:  # the film maker's
                self.mistake(error)
            except Exception as error:
                log.exception("prompt %r", text)
                self.say("error", text=f"The prompt was not taken: {in_words(error)}")
            if self._asked:
                await asyncio.sleep(max(0.0, begun_s + LOOK_UP_S - time.monotonic()))

    def _take_asked(self) -> tuple[str, float] | None:
        newest, self._asked = self._asked, None
        return newest

    async def set(self, data: dict[str, Any]) -> None:
        """What stands behind the cast; the newest wins. Its plate is made beside: no frame waits for it."""
        self._asked_set = data
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())

    async def _make(self) -> None:
        while (data := self._asked_set) is not None:
            self._asked_set, strange = None, []
            try:
                set_, place = await asyncio.to_thread(self._made, data)
                await asyncio.to_thread(self.director.change_set, set_, data.get("fade_s", 0.0), wait=True)
                self.session.set = set_
                if place and place.look:  # "a castle at night as a watercolour" is a set and a look
                    await self.prompt({"text": place.look.replace("-", " "), "fade_s": data.get("fade_s", 0.0)})
                if place:
                    strange = [[word, near(word)] for word in place.unknown]
            except ValueError as error:  # the film maker's
                self.mistake(error)
            except Exception as error:
                log.exception("set %r", data)
                self.say("error", text=f"The set was not taken: {in_words(error)}")
            self.say("set", set=to_json(self.session.set), name=words_of(self.session.set), unknown=strange)
            if data.get("words"):
                self._propose(self.session.set)

    def _propose(self, set_: SetBlend) -> None:
        """Show the page places that the words of a set may mean, drawn beside; older words are given up for newer."""
        if self._proposing is not None:
            self._proposing.cancel()
        if isinstance(set_, Mapping) and "plan" in set_:
            bare = {name: value for name, value in set_.items() if name != "cast"}
            self._proposing = asyncio.create_task(self._draw_proposals(bare))

    async def _draw_proposals(self, set_: Mapping[str, Any]) -> None:
        shown = []
        for each in variants(set_):
            try:
                shown.append({"set": each, "picture": await asyncio.to_thread(picture_url, each)})
            except ValueError:  # what stands is said to be wrong already
                return
        self.say("proposals", sets=shown)

    def _made(self, data: dict[str, Any]) -> tuple[Set, Described | None]:
        """The set that a page asks for, ready to be shown, and what words said of it. Raises ValueError."""
        knows = self.director.vocabulary
        looks = () if knows.any_words else knows.worlds
        place = place_in_words(data["words"], looks) if data.get("words") else None
        set_: Any = {"plan": place.plan, "name": data["words"]} if place else data.get("set")
        if set_ is not None and data.get("cast"):
            set_ = {**set_, "cast": data["cast"]}
        set_ = resolved(normal(set_))  # type: ignore[arg-type]  # a page asks for one set, not for a blend
        for name in files_of(set_):
            for path in self.folder.glob(f"*/sets/{name}") if is_content(name) else ():
                self.director.look_in(path.parent)
        self.director.prepare_set(set_)
        return set_, place

    async def clean(self, data: dict[str, Any]) -> None:
        """Learn the clean plate from the frames of the next second."""
        store = Store(self.folder / Slate(data.get("production") or "my-film").production / "sets")

        def done(plate: CleanPlate | None, why: str) -> None:
            try:
                if plate is None:
                    raise ValueError(why)
                self.say("clean", plate=store.add_bytes(plate.to_bytes(), CLEAN_PLATE))
            except ValueError as error:
                self.mistake(error)
                self.say("clean", plate=None)

        self.director.clean_plate(done)

    async def matte(self, data: dict[str, Any]) -> None:
        """Show the matte in place of the picture, or no longer."""
        self.director.show_matte = bool(data.get("on"))

    def mistake(self, error: ValueError) -> None:
        """Tell the page of a mistake of the film maker's."""
        text = str(error)
        self.say("error", text=text[:1].upper() + text[1:])

    def close(self) -> None:
        """The connection has ended: nothing more is looked up."""
        for task in (self._looking_up, self._making):
            if task:
                task.cancel()

    async def param(self, data: dict[str, Any]) -> None:
        """A parameter's value, for any name in the table that `ready` gives; the newest wins."""
        name, value = str(data.get("name", "")), data.get("value", math.nan)
        self.director.set(name, value, data.get("fade_s", 0.0))
        self.say("param", name=name, value=value)

    async def record(self, data: dict[str, Any]) -> None:
        """Roll, or cut; answered by `recording` whatever comes of it."""
        if not data.get("on"):
            await self._cut()
            return
        try:
            await self._roll(data)
        except ValueError:
            self.say("recording", on=self.recording)
            raise

    async def _roll(self, data: dict[str, Any]) -> None:
        """Begin a take. Raises ValueError where one is being recorded already or its folder cannot be written."""
        if self.recording:
            raise ValueError("a take is being recorded already; cut it first")
        if self._looking_up:
            await self._looking_up  # the take begins with the words that were asked for before it
        if self._making:
            await self._making  # and with the set
        named = _dict(data.get("slate"))
        slate = Slate(*(str(named.get(part, "")) for part in SLATE))
        fps = data.get("fps", 24.0)
        if not 1 <= fps <= 240:
            raise ValueError(f"a camera of {fps} frames a second; 1 to 240 are taken")
        folder = await asyncio.to_thread(self.director.record, self.folder, slate, fps=float(fps))
        self.recording = True
        self.say("recording", on=True, take=int(folder.name[1:]), seconds=0.0)

    async def _cut(self) -> None:
        self.recording = False
        try:
            folder = await asyncio.to_thread(self.director.cut)
        finally:
            self.say("recording", on=False)
        if folder is None:
            self.say("error", text="Nothing was recorded: no frame came between Record and Cut.")
            return
        take = await asyncio.to_thread(Take.open, folder)
        slate, path = take.manifest.slate, folder.relative_to(self.folder).as_posix()
        name = f"S{slate.scene} {slate.shot} T{slate.take:03d}"
        facts = {"take": path, "name": name, "seconds": take.duration_s, "frames": len(take.frames)}
        self.say("kept", ready=False, **facts)

        def made(error: str) -> None:
            self.say("kept", ready=True, **facts)
            if error:
                self.say("error", text=f"{name} is kept, but its pictures for the browser could not be made: {error}")

        self.sessions.keep(folder, made)

    async def marker(self, data: dict[str, Any]) -> None:
        """A marker at this moment of the take."""
        self.director.mark(str(data.get("name") or "")[:200])

    async def stop(self, data: dict[str, Any]) -> None:
        """The page says good-bye."""
        raise Closing("stopped", "stopped")


def _check(data: dict[str, Any]) -> None:
    """Raise TypeError where a field is not of its type."""
    for name, types in FIELDS[data["type"]].items():
        value = data.get(name)
        if name not in data or (value is None and name in MAY_BE_NULL):
            continue
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise TypeError(f"{name} is {value!r}")
    for part in SLATE:
        if data["type"] == "record" and not isinstance(_dict(data.get("slate")).get(part, ""), (str, int)):
            raise TypeError(f"{part} of the slate is not text")


def _dict(value: object) -> dict[str, Any]:
    """An object of the page's JSON; empty for what is none."""
    return value if isinstance(value, dict) else {}
