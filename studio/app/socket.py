"""The socket between a page and its director: the camera's JPEG frames in, the world's out, commands as JSON.

Binary messages are those of studio/app/wire.py. Nothing queues: see studio/live/connection.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from studio.app import wire
from studio.app.commands import Closing, Commands
from studio.app.guard import FLOOD_BURST, FLOOD_RATE, MAX_COMMAND, MAX_FRAME, Guard, RateLimit
from studio.app.sessions import FullError, Session, Sessions
from studio.live.connection import Connection
from studio.live.frames import LIVE_QUALITY, LiveFrame
from studio.workers import Worker

IDLE_S = 60.0
"""A page that sends nothing for so long gives its place to others."""
UNSENT = 4
"""Pictures that may wait for a slow network; older ones are left out."""
STATUS_S = 1.0
"""How often the page hears how many frames were dropped."""

log = logging.getLogger(__name__)


async def answer(socket: WebSocket, guard: Guard, sessions: Sessions, folder: Path) -> None:
    """The whole life of one socket. folder: where takes go."""
    refusal = guard.refusal(socket, origin=True)
    if refusal:
        await socket.send_denial_response(JSONResponse({"detail": refusal.reason}, refusal.status))
        return
    await socket.accept()
    try:
        session = await asyncio.to_thread(sessions.enter, socket.query_params["token"])
    except FullError as error:
        await _close(socket, Closing("busy", str(error)))
        return
    except Exception as error:
        log.exception("no place could be made")
        await _close(socket, Closing("broken", f"The model cannot be loaded: {error}"))
        return
    try:
        connected = SocketSession(socket, session, sessions, folder, guard)
        await asyncio.to_thread(session.connect, connected.hang_up)
    except BaseException:
        sessions.lose(session)  # or its place would be taken for good
        raise
    await connected.run()


async def _close(socket: WebSocket, closing: Closing) -> None:
    """Say why at length, for a close frame's reason holds 123 bytes; then close."""
    try:
        await socket.send_text(json.dumps({"type": "bye", "text": closing.reason}))
        await socket.close(wire.CLOSES[closing.why], closing.reason.encode()[:120].decode(errors="ignore"))
    except (RuntimeError, WebSocketDisconnect):
        log.debug("the page was gone before it heard: %s", closing.reason)


class SocketSession:
    """One connection of a page: its own worker and mailbox, never shared with the connection before or after."""

    def __init__(self, socket: WebSocket, session: Session, sessions: Sessions, folder: Path, guard: Guard) -> None:
        self.socket, self.session, self.sessions, self.guard = socket, session, sessions, guard
        self.director = session.director
        self.connection = Connection(session.director)
        self.limit, self.frames, self.flood = RateLimit(), RateLimit(), RateLimit(FLOOD_RATE, FLOOD_BURST)
        """Of commands and sound, of the frames that are kept, and of all messages."""
        self.outbox: deque[str | bytes] = deque()
        self.unsent = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.worker = Worker("frame loop", self._work, self._stumbled)
        self.receiving: asyncio.Task[None] | None = None
        self.closing: Closing | None = None
        self.commands = Commands(session, sessions, folder, self.say)

    async def run(self) -> None:
        """Until the page leaves, is lost, or the studio ends the connection."""
        if self.closing:  # taken over already
            await _close(self.socket, self.closing)
            return
        others = [asyncio.create_task(self._send()), asyncio.create_task(self._report())]
        self.receiving = asyncio.create_task(self._receive())
        self.worker.start()
        if self.closing:  # taken over, or stumbled, by a thread that found nothing to cancel yet
            self.receiving.cancel()
        try:
            await self.receiving
        except Closing as closing:
            self.closing = closing
        except (WebSocketDisconnect, asyncio.CancelledError):
            pass  # lost, or taken over: `closing` tells which
        except Exception as error:
            log.exception("a message")
            self.closing = Closing(
                "broken", f"The studio stumbled: {type(error).__name__}: {error}. Press Start again."
            )
        finally:
            self.connection.close()
            self.commands.close()
            for task in others:
                task.cancel()
            try:
                await asyncio.to_thread(self.worker.join)
            finally:
                await self._give_back()
        if self.closing:
            await _close(self.socket, self.closing)

    async def _give_back(self) -> None:
        """The place of a page that was sent away is free when the page hears of it; one that was lost may come back."""
        if not self.session.holds(self.hang_up):
            return  # the connection that took over holds it
        if self.closing and self.closing.why != "taken":
            await asyncio.to_thread(self.sessions.leave, self.session)
        else:
            self.sessions.lose(self.session)

    def hang_up(self) -> None:
        """Called by the connection that takes over, from a thread: ends this one and waits for its worker."""
        self.closing = Closing("taken", "This session goes on in another window.")
        self.connection.close()
        if self.receiving:
            self.loop.call_soon_threadsafe(self.receiving.cancel)
        self.worker.join()

    def _work(self) -> None:
        """The worker's thread."""
        self.connection.run(self.show)

    def _stumbled(self, error: str) -> None:
        """The frame loop has ended where it should not; called in its thread."""
        self.closing = self.closing or Closing("broken", f"The studio stumbled: {error}. Press Start again.")
        self.connection.close()
        if self.receiving:
            self.loop.call_soon_threadsafe(self.receiving.cancel)

    # -- out

    def show(self, frame: LiveFrame) -> None:
        """A picture for the page; runs in the worker."""
        head = {"number": frame.number, "time_ms": frame.camera_ticks / 1000, "step_ms": frame.step_ms}
        self.loop.call_soon_threadsafe(self.post, wire.pack("frame", frame.packet, **head))

    def say(self, kind: str, **fields: Any) -> None:
        """A message for the page; from any thread."""
        self.loop.call_soon_threadsafe(self.post, json.dumps({"type": kind, **fields}))

    def post(self, message: str | bytes) -> None:
        """Into the outbox: messages all, pictures only the newest."""
        self.outbox.append(message)
        pictures = [waiting for waiting in self.outbox if isinstance(waiting, bytes)]
        if len(pictures) > UNSENT:
            self.outbox.remove(pictures[0])
        self.unsent.set()

    async def _send(self) -> None:
        while True:
            await self.unsent.wait()
            self.unsent.clear()
            while self.outbox:
                message = self.outbox.popleft()
                try:
                    if isinstance(message, str):
                        await self.socket.send_text(message)
                    else:
                        await self.socket.send_bytes(message)
                except (RuntimeError, WebSocketDisconnect):
                    return  # the receiver notices the same

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(STATUS_S)
            if not self._welcome():
                return
            status = self.director.status()
            if self.commands.recording and status.take is None:  # it ended by itself
                self.commands.recording = False
                self.say("recording", on=False, text=status.trouble or "The recording ended.")
            self.say(
                "status", dropped=status.dropped + self.connection.unkept, trouble=status.trouble, cast=status.cast
            )

    def _welcome(self) -> bool:
        """Is who opened the socket still signed in? Ends the connection of one who is not."""
        self.guard.knows(self.session.token)  # a page that shoots uses its token
        if self.guard.signed_in(self.socket):
            return True
        self.closing = Closing("refused", "Nobody is signed in. Load the page again and sign in.")
        if self.receiving:
            self.receiving.cancel()
        return False

    # -- in

    async def _receive(self) -> None:
        while True:
            try:
                message = await asyncio.wait_for(self.socket.receive(), IDLE_S)
            except asyncio.TimeoutError:
                reason = f"Nothing came for {IDLE_S:.0f} s, so the place was given free. Press Start."
                raise Closing("paused", reason) from None
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            if not self.flood.passes():
                raise Closing("refused", "This page sends too much too fast.")
            if message.get("bytes") is not None:
                self._binary(message["bytes"])
            else:
                self._count()
                await self._command(message["text"])

    def _count(self) -> None:
        if not self.limit.passes():
            raise Closing("refused", "This page sends too many commands, or too much sound, too fast.")

    def _binary(self, data: bytes) -> None:
        if len(data) > MAX_FRAME:
            raise Closing("too_big", f"A frame of {len(data):,} bytes came; at most {MAX_FRAME:,} are taken.")
        try:
            message = wire.unpack(data)
        except ValueError as error:
            raise Closing("refused", str(error)) from None
        ticks, quality = round(message.fields["time_ms"] * 1000), message.fields["quality"]
        if message.kind == "frame":
            if not self.frames.passes():
                self.connection.unkept += 1
                return
            asked = round(quality * 100) if 0 < quality <= 1 else LIVE_QUALITY
            self.connection.offer(message.body, message.fields["number"], ticks, asked)
            return
        self._count()
        if not message.body:
            return  # a recorder that is stopped at once has nothing to give
        try:
            self.connection.sound(message.body, ticks)
        except ValueError as error:
            self.say("error", text=f"The sound is not recorded: {error}")

    async def _command(self, text: str) -> None:
        if len(text) > MAX_COMMAND:
            raise Closing("too_big", f"A command of {len(text):,} characters came; at most {MAX_COMMAND:,} are taken.")
        try:
            await self.commands.obey(text)
        except ValueError as error:  # the film maker's: a prompt, a slate
            self.commands.mistake(error)
