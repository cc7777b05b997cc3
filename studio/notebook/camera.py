"""The live loop in a notebook: a camera in the page, the engine in the kernel, takes recorded from either.

Frames travel over the kernel's own connection, so that no other port is opened: wherever the notebook works, this does,
and with the kernel it ends. A few frames are under way at most; the page shows how old its picture is.
"""

from __future__ import annotations

import atexit
import contextvars
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import traitlets

from engine.prompts import Prompt, words
from engine.types import LiveModel
from studio.delivery.finish import finish
from studio.live.director import Director
from studio.live.frames import LiveFrame
from studio.model import load_model, offered
from studio.notebook.esm import join, style
from studio.notebook.feeds import ClipFeed, Feed, PageFeed
from studio.notebook.html import take_html
from studio.notebook.widget import Widget
from studio.sets.store import Store
from studio.sets.typed import set_of
from studio.takes.documents import TakeError
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.sets import SetBlend
from studio.timeline.timeline import Timeline
from studio.web import WEB
from studio.workers import Worker, text_of

_HERE = Path(__file__).parent
SPARE_TICKS = 5 * TICKS_PER_SECOND
"""So much more of a clip's sound than has been shot is kept: frames are shot meanwhile."""

P = ParamSpec("P")
R = TypeVar("R")


class LiveCamera(Widget):
    """A camera whose picture becomes what the prompt says, live; records takes.

        camera = LiveCamera(production="my-film")
        camera                                     # in the page: Start, type a prompt, Record, Cut
        camera.prompt("snowfall", fade=1)          # or from any cell
        camera.record(); ...; camera.cut()
        render(camera.take, ...)

    production, scene, shot: the slate of its takes. sessions: the folder where they go. prompt: what the picture is at
    first. stream: an engine to use; by default the shipped weights are loaded. side: the longer side of the camera's
    picture in pixels, 64 to 1920; by default what the processor keeps up with. Raises TakeError for a slate that cannot
    name a folder, and ValueError for such a size.
    """

    _esm = join(_HERE / "camera.js")
    _css = style(WEB / "player.css", _HERE / "camera.css")
    _state: Any = traitlets.Dict().tag(sync=True)
    """What every view shows: the prompt, the slate, what is recorded, what plays in a camera's place."""
    _worlds: Any = traitlets.List().tag(sync=True)
    _alive = False

    def __init__(
        self,
        production: str = "my-film",
        scene: str = "1",
        shot: str = "A",
        *,
        sessions: Path | str = "sessions",
        prompt: Prompt = "as it is",
        stream: LiveModel | None = None,
        side: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.require_options(kwargs)
        self.slate = Slate(production, scene, shot)
        self._what = f"a live camera for {self.slate.production} S{self.slate.scene} {self.slate.shot}"
        self.sessions = Path(sessions)
        self.director = Director(stream or load_model(), prompt)
        self._store = Store(self.sessions / self.slate.production / "sets")
        self.director.look_in(self._store.folder)
        self.side = self.director.sizes.live_side if side is None else side
        if not 64 <= self.side <= 1920:
            raise ValueError(f"a picture {self.side} px across; side is 64 to 1920, such as 384")
        self.director.warm(self.side, self.side * 9 // 16)
        self._asked = words(prompt)
        self._take: Take | None = None
        self._feed: Feed | None = None
        self._trouble = ""
        self._changing = threading.Lock()
        self._context = contextvars.copy_context()
        super().__init__(
            _worlds=[name.replace("-", " ") for name in offered(self.director.vocabulary.worlds)], **kwargs
        )
        self._show()
        self.on_msg(self._hear)
        self._alive = True
        atexit.register(self.close)

    # -- what a film maker says

    def prompt(self, prompt: Prompt, fade: float = 0.0) -> None:
        """Ask for another picture; the newest wins and holds from the next frame on. fade: seconds.

        Raises TimelineError.
        """
        self._require_open()
        self.director.say(prompt, fade, wait=True)  # a take that is asked for next begins with it
        self._asked = words(prompt)
        self._show()

    def set(self, name: str, value: float, fade: float = 0.0) -> None:
        """Let a parameter such as `strength` reach a value, from the next frame on. fade: seconds.

        Raises TimelineError.
        """
        self._require_open()
        self.director.set(name, value, fade)
        self._show()

    def behind(self, place: SetBlend | str | Path, fade: float = 0.0) -> None:
        """Put a place behind the cast: a picture's or a clip's path, `gallery:castle`, words, or a set; None is off.

        fade: seconds. Raises SetError (ValueError) for what cannot be shown.
        """
        self._require_open()
        set_ = set_of(str(place), self._store) if isinstance(place, str | Path) else place
        self.director.prepare_set(set_)
        self.director.change_set(set_, fade)

    def play(self, clip: Path | str) -> None:
        """Let a video file stand in for the camera, in real time, again and again until `stop`. Raises MediaError."""
        self._require_open()
        self._begin(ClipFeed(self.director, self._answer, Path(clip)))

    def stop(self) -> None:
        """End the camera, or the clip in its place; a take that is recording is cut."""
        with self._changing:
            feed, self._feed = self._feed, None
        if feed:
            feed.end()
        self._keep_sound(feed)
        try:
            if folder := self.director.cut("the camera was stopped"):
                self._finish(folder)
        finally:
            self._show()

    def record(self, timeline: Timeline | None = None) -> None:
        """Roll: a take begins with the next frame. timeline: prompts that play from its start. Raises TakeError."""
        self._require_open()
        if not self._feed:
            why = f" ({self._trouble})" if self._trouble else ""
            raise TakeError(
                f"no camera is running{why}; show this widget in JupyterLab and press Start, or let a clip stand in: "
                "camera.play('clip.mp4')"
            )
        self.director.record(self.sessions, self.slate, timeline=timeline, fps=self._feed.fps)
        self._show()

    def cut(self) -> Take:
        """End the take and make its pictures for the player. Returns it; `take` is it from now on. Raises TakeError."""
        self._require_open()
        begun = self.director.recording
        self._keep_sound(self._feed)
        try:
            folder = self.director.cut()  # that of a take which ended by itself, too
        finally:
            self._show()
        if folder is None:
            nothing = "nothing is being recorded; camera.record() begins a take"
            raise TakeError("nothing was recorded: no frame came between Record and Cut" if begun else nothing)
        self._finish(folder)
        return self.take

    def _keep_sound(self, feed: Feed | None) -> None:
        """A clip's own sound comes into the take as it ends, with some to spare: exports end with the picture."""
        began = self.director.take_began
        if isinstance(feed, ClipFeed) and began is not None:
            try:
                for chunk in feed.sound(began, self.director.ticks_now() + SPARE_TICKS):
                    self.director.sound(chunk, began)
            except ValueError as error:
                self._trouble = f"the take is silent: {error}"

    def mark(self, name: str = "Marker") -> None:
        """Set a marker at this moment of the take."""
        self._require_open()
        self.director.mark(name)

    @property
    def take(self) -> Take:
        """The take that was recorded last. Raises TakeError where there is none yet."""
        if self._take is None:
            raise TakeError("nothing was recorded yet; press Record, then Cut, or say camera.record() and camera.cut()")
        return self._take

    @property
    def running(self) -> bool:
        """Does a camera, or a clip in its place, send frames?"""
        return self._feed is not None

    def still_html(self) -> str:
        """The take that was recorded last, as a strip."""
        return take_html(self._take) if self._take else ""

    def close(self) -> None:
        """End everything; a take that is recording is cut. The kernel does it when it ends."""
        if not self._alive:
            return
        self._alive = False
        atexit.unregister(self.close)
        with self._changing:
            feed, self._feed = self._feed, None
        if feed:
            feed.end()
        self.director.close()
        super().close()

    def _require_open(self) -> None:
        """Raises TakeError where the camera was closed: nothing would come of what is asked of it."""
        if not self._alive:
            slate = f"production={self.slate.production!r}, scene={self.slate.scene!r}, shot={self.slate.shot!r}"
            raise TakeError(f"this camera is closed; make another one: LiveCamera({slate})")

    # -- the loop

    def _begin(self, feed: Feed) -> None:
        """Frames come from there now; what was before has ended when this returns."""
        with self._changing:
            before, self._feed = self._feed, feed
        if before:
            before.end()
        self._trouble = ""
        feed.start(self._routed, self._stumbled)
        self._show()

    def _stumbled(self, error: str) -> None:
        """A thread of the camera's has ended where it should not."""
        self._trouble = f"the camera stumbled: {error}"
        self._routed(self.send, {"type": "error", "text": f"The camera stumbled: {error}. Press Start again."})

    def _answer(self, feed: Feed, frame: LiveFrame) -> None:
        """A picture for the page; runs in the feed's thread."""
        head = {"number": frame.number, "time_ms": frame.camera_ticks / 1000, "step_ms": frame.step_ms}
        status = self.director.status()
        counts = {"dropped": status.dropped, "trouble": status.trouble}
        self.send({"type": "picture", "view": feed.view, **head, **counts}, buffers=[frame.packet])

    def _finish(self, folder: Path) -> None:
        """A take has ended: make what browsers play of it. Raises OSError where that fails; the take is kept."""
        self._show(kept="Preparing the take …")
        finished = finish(folder)
        self._take = finished.take
        self._show()
        if finished.trouble:
            kept = f"{self._take.name} is kept, but its pictures for the browser could not be made"
            raise OSError(f"{kept}: {finished.trouble}")

    def _show(self, **state: Any) -> None:
        """Tell every view how things stand."""
        feed, take = self._feed, self._take
        folder = self.director.recording
        facts = {
            "view": feed.view if feed else "",
            "side": self.side,
            "clip": feed.name if feed else "",
            "prompt": self._asked,
            "parameters": self.director.parameters(),
            "slate": f"{self.slate.production} · S{self.slate.scene} {self.slate.shot}",
            "number": int(folder.name[1:]) if folder else self.slate.next_take(self.sessions),
            "recording": folder is not None,
            "kept": f"{take.name}: {take.duration_s:.1f} s, {len(take.made)} frames" if take else "",
            **state,
        }
        self._routed(setattr, self, "_state", facts)

    def _routed(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it as an answer to the page's Start: a kernel sends a page's next messages where the last answer was
        made, and beside a cell that runs they are read only there."""
        return self._context.copy().run(call, *args, **kwargs)

    # -- what the page says

    def _hear(self, _: Any, message: dict[str, Any], buffers: Sequence[bytes]) -> None:
        """A message of a view; frames of another view than the one that holds the camera are let go."""
        feed = self._feed
        if message["type"] in ("frame", "sound"):
            if isinstance(feed, PageFeed) and feed.view == message["view"]:
                self._tried(lambda message: self._take_in(feed, message, bytes(buffers[0])), message)
            return
        act = {
            "start": self._start,
            "stop": lambda message: self.stop() if feed and feed.view == message["view"] else None,
            "prompt": lambda message: self.prompt(message["text"], message["fade_s"]),
            "param": lambda message: self.set(message["name"], message["value"]),
            "record": lambda message: self.record(),
            "cut": lambda message: self.cut(),
            "marker": lambda message: self.mark(),
            "trouble": lambda message: setattr(self, "_trouble", message["text"]),
        }[message["type"]]
        if message["type"] == "cut":  # takes seconds, and the picture goes on meanwhile
            Worker("cut", lambda: self._routed(self._tried, act, message), self._stumbled).start()
        else:
            self._tried(act, message)

    def _take_in(self, feed: PageFeed, message: dict[str, Any], data: bytes) -> None:
        if message["type"] == "sound":
            feed.sound(data, float(message["time_ms"]))
        else:
            feed.offer(data, int(message["number"]), float(message["time_ms"]), float(message["quality"]))

    def _tried(self, act: Callable[[dict[str, Any]], object], message: dict[str, Any]) -> None:
        """Do what the page asks for; the page reads what cannot be done."""
        try:
            act(message)
        except (ValueError, OSError) as error:
            text = text_of(error)
            self._routed(self.send, {"type": "error", "text": text[:1].upper() + text[1:]})

    def _start(self, message: dict[str, Any]) -> None:
        self._context = contextvars.copy_context()
        self._begin(PageFeed(self.director, self._answer, str(message["view"]), float(message["fps"])))
