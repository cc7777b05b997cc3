"""Every route of the studio, Gradio's and its own, who may use it, and the one door that all requests pass.

A route that is not in the table is closed. The pages need few of Gradio's: the page itself, the files that it is made
of, the login, and the way to the callbacks; uploads, downloads by path, queues, proxies and recorders are closed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.app.guard import Brake, Guard, Refusal

Who: TypeAlias = Literal["everybody", "signed in", "page", "nobody"]
"""everybody: before the login, too. signed in: where there is a login, after it. page: with a page's token, besides.
nobody: closed."""
Body: TypeAlias = Literal["none", "form", "json", "file"]

MOST_BYTES: Mapping[Body, int] = {"none": 0, "form": 16 << 10, "json": 4 << 20, "file": 128 << 20}
"""Bytes in one request: a name and password; a page's keys and markers; a picture or a clip for a set."""
BODY_TYPES: Mapping[Body, tuple[str, ...]] = {
    "none": (),
    "form": ("application/x-www-form-urlencoded", "multipart/form-data"),
    "json": ("application/json",),
    "file": ("application/octet-stream",),
}
MOST_NAME = 255
"""Bytes in one part of a path: what file systems take."""
BODY_S: Mapping[Body, float] = {"none": 20.0, "form": 20.0, "json": 20.0, "file": 120.0}
"""How long a request's body may take to come."""
FILES_AT_ONCE = 2
"""Files that may come at a time: each is held in memory until it is whole."""
AT_ONCE = 256
"""Requests that are answered at a time; sockets are counted by the places of the studio."""
AT_ONCE_OF_ONE = 64
"""Of them, from one address; a browser opens six connections."""


@dataclass(frozen=True)
class Door:
    """A route, or several below one path: who may use it, how, and what a request may carry."""

    path: str
    """As Starlette writes paths; a slash at the end makes no difference."""
    who: Who
    methods: tuple[str, ...] = ("GET", "HEAD")
    """`WEBSOCKET` is a socket's handshake."""
    body: Body = "none"


POST = ("POST",)
DOORS = (
    # the page, what it is made of, and the login
    Door("/", "everybody"),
    Door("/login", "everybody", POST, "form"),
    Door("/gradio_api/login_check", "everybody"),
    Door("/gradio_api/startup-events", "everybody"),  # Gradio asks itself whether it is up
    Door("/static/{path:path}", "everybody"),
    Door("/assets/{path:path}", "everybody"),
    Door("/svelte/{path:path}", "everybody"),
    Door("/theme.css", "everybody"),
    Door("/gradio_api/theme.css", "everybody"),
    Door("/favicon.ico", "everybody"),
    Door("/studio/preview.jpg", "everybody"),  # for link previews, which sign in nowhere
    Door("/robots.txt", "everybody"),
    Door("/manifest.json", "everybody"),
    Door("/pwa_icon", "everybody"),
    Door("/pwa_icon/{size}", "everybody"),
    # after the login
    Door("/logout", "signed in"),
    Door("/config", "signed in"),
    Door("/gradio_api/app_id", "signed in"),
    Door("/gradio_api/user", "signed in"),
    Door("/gradio_api/component_server", "signed in", POST, "json"),  # studio/app/callbacks.py asks for the token
    Door("/studio/web/{name}", "signed in"),
    # a page that was loaded
    Door("/studio/live", "page", ("WEBSOCKET",)),
    Door("/studio/token", "page"),
    Door("/studio/files/{path:path}", "page"),
    Door("/studio/gallery/{name}", "page"),
    Door("/studio/sets", "page", POST, "file"),
    # what no page of the studio needs
    *(
        Door(path, "nobody", ())
        for path in (
            "/openapi.json",
            "/docs",
            "/docs/oauth2-redirect",
            "/redoc",
            "/monitoring",
            "/monitoring/summary",
            "/monitoring/{key}",
            "/gradio_api/deep_link",
            "/gradio_api/token",
            "/gradio_api/dev/reload",
            "/gradio_api/runs",
            "/gradio_api/run-history/connect",
            "/gradio_api/run-history/buckets",
            "/gradio_api/run-history/records",
            "/gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}",
            "/gradio_api/info",
            "/gradio_api/openapi.json",
            "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
            "/gradio_api/proxy={url_path:path}",
            "/gradio_api/file={path_or_url:path}",
            "/gradio_api/file/{path:path}",
            "/gradio_api/stream/{event_id}",
            "/gradio_api/stream/{event_id}/close",
            "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
            "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
            "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
            "/gradio_api/reset",
            "/gradio_api/heartbeat/{session_hash}",
            "/gradio_api/api/{api_name}",
            "/gradio_api/run/{api_name}",
            "/gradio_api/call/{api_name}",
            "/gradio_api/call/{api_name}/{event_id}",
            "/gradio_api/call/v2/{api_name}",
            "/gradio_api/call/v2/{api_name}/{event_id}",
            "/gradio_api/queue/join",
            "/gradio_api/queue/data",
            "/gradio_api/queue/status",
            "/gradio_api/cancel",
            "/gradio_api/upload",
            "/gradio_api/upload_progress",
            "/gradio_api/process_recording",
            "/gradio_api/vibe-edit",
            "/gradio_api/undo-vibe-edit",
            "/gradio_api/vibe-code",
            "/gradio_api/vibe-starter-queries",
        )
    ),
)
"""Every route there is."""

_PATTERNS: tuple[tuple[re.Pattern[str], Door], ...] = tuple((compile_path(door.path)[0], door) for door in DOORS)


def door_of(path: str) -> Door | None:
    """The first door of the table that a path leads to; None where it leads to none."""
    plain = path.rstrip("/") or "/"
    return next((door for pattern, door in _PATTERNS if pattern.match(plain) or pattern.match(path)), None)


class Doors:
    """Middleware around the whole app: refuses what the guard or the table does not let in, and bounds the rest.

    Nothing that other sites may read leaves: headers of cross-origin sharing are taken off every answer.
    """

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app, self._guard = app, guard
        self._brake = Brake()
        self._open: Counter[str] = Counter()
        """Requests that are being answered, by the client's address."""
        self._files = 0
        """Of them, those that bring a file."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or a socket's handshake and all that follows."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        door = door_of(get_route_path(scope))
        refusal = self._refusal(scope, door)
        if refusal or door is None:
            await _refuse(refusal or CLOSED, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            client = (scope.get("client") or ("",))[0]
            brings = door.body == "file"
            crowded = self._open[client] >= AT_ONCE_OF_ONE or self._open.total() >= AT_ONCE
            if crowded or (brings and self._files >= FILES_AT_ONCE):
                await _refuse(BUSY, scope, receive, send)
                return
            self._open[client] += 1
            self._files += brings
            try:
                await self._pass(door, client, scope, receive, send)
            finally:
                self._files -= brings
                self._open[client] -= 1
                if not self._open[client]:
                    del self._open[client]

    def _refusal(self, scope: Scope, door: Door | None) -> Refusal | None:
        connection = HTTPConnection(scope)
        socket = scope["type"] == "websocket"
        if stranger := self._guard.stranger(connection, page=get_route_path(scope) in ("", "/"), socket=socket):
            return stranger
        if door is None or door.who == "nobody":
            return CLOSED
        if not _is_name(get_route_path(scope)):
            return NO_NAME
        if door.who != "everybody" and (stranger := self._guard.refusal(connection, token=False)):
            return stranger
        method = "WEBSOCKET" if socket else scope["method"]
        if method not in door.methods:
            return Refusal(405, f"{method} is not a way to ask for this; {', '.join(door.methods)} is.")
        kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
        if method == "POST" and kind not in BODY_TYPES[door.body]:
            return Refusal(415, f"A request of type {kind!r} came; {' or '.join(BODY_TYPES[door.body])} is read here.")
        return None

    async def _pass(self, door: Door, client: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(door, Headers(scope=scope), receive)
        if isinstance(body, Refusal):
            await _refuse(body, scope, receive, send)
            return
        login = door.path == "/login"
        if login and (wait_s := self._brake.wait_s(client)):
            reason = f"Too many wrong passwords. Try again in {wait_s:.0f} s."
            await _refuse(Refusal(429, reason), scope, receive, send, {"Retry-After": f"{wait_s:.0f}"})
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, value) for name, value in message.get("headers", ()) if not _shares(name)]
                message = {**message, "headers": [*headers, *SAFE_HEADERS]}
                if login:
                    self._brake.note(client, right=message["status"] < 400)
            await send(message)

        await self._app(scope, replay, guarded)


def _is_name(path: str) -> bool:
    """Whether a path's parts can be names of files on every system; the routes below the door need not ask."""
    parts = path.split("/")
    legal = ".." not in parts and not any(char < " " or char in "\\\x7f" for char in path)
    return legal and all(len(part.encode(errors="surrogatepass")) <= MOST_NAME for part in parts)


CLOSED = Refusal(404, "The studio has nothing here.")
NO_NAME = Refusal(404, "The studio has nothing here: that is not a file's name.")
BUSY = Refusal(503, "Too much is asked of the studio at once. Try again in a moment.")
SAFE_HEADERS = ((b"x-frame-options", b"SAMEORIGIN"), (b"x-content-type-options", b"nosniff"))
"""On every answer: no other site shows the pages inside its own, and no file is taken for what it is not."""


def _shares(header: bytes) -> bool:
    return header.lower().startswith(b"access-control-")


async def _body(door: Door, headers: Headers, receive: Receive) -> bytes | Refusal:
    """The request's whole body, within bounds."""
    most = MOST_BYTES[door.body]
    too_much = Refusal(413, f"More than {most:,} bytes came; no page of the studio sends that.")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > most:
        return too_much
    body = bytearray()

    async def read() -> Refusal | None:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return Refusal(400, "The request broke off.")
            body.extend(message.get("body", b""))
            if len(body) > most:
                return too_much
            if not message.get("more_body"):
                return None

    try:
        refusal = await asyncio.wait_for(read(), BODY_S[door.body])
    except asyncio.TimeoutError:
        return Refusal(408, f"The request took more than {BODY_S[door.body]:.0f} s to come.")
    if refusal is None and door.body == "json":
        try:
            known = isinstance(json.loads(body), dict)
        except (ValueError, RecursionError):
            known = False
        if not known:
            return Refusal(400, "The request is not a JSON object.")
    return refusal or bytes(body)


async def _refuse(
    refusal: Refusal, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with the reason; a socket's handshake, too."""
    plain = {"Cache-Control": "no-cache", **(headers or {})}
    await JSONResponse({"detail": refusal.reason}, refusal.status, plain)(scope, receive, send)
