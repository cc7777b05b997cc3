"""One session per page: a director of its own, which outlives a lost connection for a while; a few at a time."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from studio.delivery.finish import finish
from studio.live.director import Director
from studio.model import offered
from studio.timeline.sets import SetBlend
from studio.workers import in_words

GRACE_S = 20.0
"""How long a page whose connection was lost keeps its place, its history and its running take."""
SIDES = (160, 256, 320, 384, 512, 640, 960, 1280)
"""Longer sides of the pictures that a page may choose from, pixels."""

LOST = "connection lost"
"""Why a take ended whose page is gone."""

log = logging.getLogger(__name__)


class FullError(Exception):
    """Every place is taken; the text says so politely."""


class Session:
    """A page's place: its director, and who is connected to it at the moment."""

    def __init__(self, token: str, director: Director) -> None:
        self.token, self.director = token, director
        self.prompt = ""
        """What the page asked for last."""
        self.set: SetBlend = None
        """The set that the page asked for last, and that could be shown."""
        self.timer: threading.Timer | None = None
        """Ends the session of a page that stays away; None while it is connected."""
        self._hang_up: Callable[[], None] | None = None
        self._changing = threading.Lock()

    def connect(self, hang_up: Callable[[], None]) -> None:
        """Take over from the connection before, if there is one: its worker has ended when this returns."""
        with self._changing:
            before, self._hang_up = self._hang_up, hang_up
            if before:
                before()

    def holds(self, hang_up: Callable[[], None]) -> bool:
        """Is that connection still the session's?"""
        return self._hang_up == hang_up


class Sessions:
    """The places of a studio. direct: makes a director, on its stream. limit: how many pages may be live at a time."""

    def __init__(self, direct: Callable[[], Director], limit: int) -> None:
        self._direct, self._limit = direct, limit
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._workers = ThreadPoolExecutor(1, "studio")
        self._keeper = ThreadPoolExecutor(1, "keeper", initializer=step_back)
        self._first: Future[Director] = self._workers.submit(self._warmed)
        self._spare: Future[Director] | None = self._first

    def machine(self) -> dict[str, Any]:
        """What the model runs on and which worlds are offered, once it is loaded. Raises what loading raised."""
        if not self._first.done():
            return {"ready": False, "text": "Loading the model …", "worlds": []}
        director = self._first.result()
        setup = director.setup
        cores = f"{setup.threads} thread" + "s" * (setup.threads != 1)
        device = f"CPU, {cores}" if setup.device == "cpu" else setup.device.upper()
        return {
            "ready": True,
            "text": f"{device}, {setup.dtype}",
            "worlds": offered(director.vocabulary.worlds),
            "sides": SIDES,
            "side": director.sizes.live_side,
        }

    def enter(self, token: str) -> Session:
        """The session of that page's token, new or still kept. Raises FullError, or what loading the model raised."""
        with self._lock:
            session = self._sessions.get(token)
            if session is None:
                if len(self._sessions) >= self._limit:
                    self._make_room()
                spare, self._spare = self._spare, None
                session = self._sessions[token] = Session(token, spare.result() if spare else self._warmed())
            if session.timer:
                session.timer.cancel()
                session.timer = None
            return session

    def lose(self, session: Session) -> None:
        """The page's connection is lost: keep its place for a while."""
        with self._lock:
            if self._sessions.get(session.token) is session:
                session.timer = threading.Timer(GRACE_S, self.leave, (session,))
                session.timer.daemon = True
                session.timer.start()

    def leave(self, session: Session, ended: str = LOST) -> None:
        """The page is done, or stayed away: cut its take, which keeps that reason for its end; free its place."""
        with self._lock:
            if self._sessions.get(session.token) is not session:
                return
            del self._sessions[session.token]
        self._end(session, ended)

    def _end(self, session: Session, ended: str = LOST) -> None:
        if session.timer:
            session.timer.cancel()
        try:
            try:
                folder = session.director.cut(ended)
            finally:
                session.director.close()
            if folder:
                self.keep(folder, lambda error: None)
        except Exception:  # the other places are ended all the same
            log.exception("the end of a session")

    def keep(self, folder: Path, done: Callable[[str], None]) -> None:
        """Make a take's pictures for the browser, one take at a time; then `done` with an error's text, or ''."""

        def make() -> None:
            try:
                trouble = finish(folder).trouble
            except ValueError as error:
                log.error("%s: %s", folder, error)
                trouble = str(error)
            except Exception as error:
                log.exception("%s", folder)
                trouble = in_words(error)
            try:
                done(trouble)
            except Exception:  # the page is gone, and the next take is made all the same
                log.exception("%s: nobody heard that it was made", folder)

        self._keeper.submit(make)

    def close(self, ended: str = "the studio was closed") -> None:
        """End every session, its take for that reason, and wait for what is being made."""
        for session in list(self._sessions.values()):
            self.leave(session, ended)
        self._workers.shutdown()
        self._keeper.shutdown()
        if self._spare and not self._spare.cancelled() and not self._spare.exception():
            self._spare.result().close()

    def _make_room(self) -> None:
        """Let the one go that stayed away longest, if any did."""
        away = next((session for session in self._sessions.values() if session.timer), None)
        if away is None:
            places = "is one place" if self._limit == 1 else f"are {self._limit} places"
            raise FullError(f"Somebody else is shooting: there {places} on this machine. Try again in a moment.")
        del self._sessions[away.token]
        self._workers.submit(self._end, away)

    def _warmed(self) -> Director:
        """A director whose first frame will not be slow."""
        director = self._direct()
        side = director.sizes.live_side
        director.warm(side, side * 9 // 16)
        return director


def step_back() -> None:
    """Let this thread, and those that it starts, wait for the live picture where both want the processor."""
    if sys.platform == "linux":  # elsewhere priority belongs to the process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
