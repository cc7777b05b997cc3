"""Serve the studio: Gradio's app with the page, and beside it the socket, the pages' files and the takes' pictures."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from studio.app import pages
from studio.app.callbacks import Callbacks
from studio.app.connections import bound
from studio.app.doors import Doors
from studio.app.guard import GradioApp, Guard
from studio.app.preview import PICTURE, Preview
from studio.app.sessions import Sessions
from studio.app.socket import answer
from studio.farm.farm import Farm
from studio.farm.local import Processes
from studio.live.director import Director
from studio.model import DEFAULT_KIND, check_device, check_weights, load_model
from studio.sets.gallery import GALLERY
from studio.sets.picture import thumbnail
from studio.web import WEB
from studio.workers import text_of

if TYPE_CHECKING:
    import gradio as gr

PLACES = 2
"""Pages that may be live at a time."""
RENDERS = ".renders"
"""In the sessions folder: the renders that are asked for and not made yet. No production can have this name."""
RENDER_NICENESS = 10
"""How far a render steps back for the live picture, as Unix counts it (0 to 19)."""
FRESH = {"Cache-Control": "no-cache"}
WEB_TYPES = {".js": "text/javascript", ".css": "text/css"}
"""Said here: what Windows' registry says of .js may keep browsers from running it."""


@dataclass
class Studio:
    """A studio that is being served."""

    url: str
    """Where it is on this machine."""
    share_url: str | None
    page: gr.Blocks
    sessions: Sessions
    callbacks: Callbacks
    farm: Farm

    def wait(self) -> None:
        """Until it is interrupted; then close."""
        try:
            self.page.block_thread()
        finally:
            self.close()

    def close(self) -> None:
        """Hang up, cut what is recording, and end the server."""
        self.page.close(verbose=False)
        self.sessions.close()
        self.farm.close()
        self.callbacks.close()


def serve(
    sessions: Path = Path("sessions"),
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    auth: tuple[str, str] | None = None,
    share: bool = False,
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
    kind: str = DEFAULT_KIND,
    device: str = "auto",
    weights: Path | None = None,
    dtype: str = "auto",
    places: int = PLACES,
    allow_hosts: Iterable[str] = (),
) -> Studio:
    """Start the studio and return at once; the model is loaded beside it.

    sessions: where takes are. port: None finds a free one from 7860 on. auth: user and password. share: a public link.
    kind: of the model for live work, one of studio.model.KINDS. device: auto, cpu, cuda or mps. weights: a file, or its
    shards, for live work, in place of the shipped ones. dtype: of the engine's numbers in live work, see
    engine.runtime.DTYPES. A take is rendered again with the kind, the weights and the dtype that made it. places: how
    many pages can be live at once. allow_hosts: names by which browsers reach it through a proxy.
    Raises OSError where the port is taken or a public link cannot be made, ValueError where there are no such weights
    or no such device.
    """
    if weights is not None:
        check_weights(weights)
    check_device(device)
    sessions.mkdir(parents=True, exist_ok=True)
    sessions = sessions.resolve()
    guard = Guard([host, *allow_hosts])
    named = str(weights.absolute()) if weights is not None else ""

    def direct() -> Director:
        return Director(load_model(kind=kind, device=device, weights=weights, dtype=dtype), weights=named)

    live = Sessions(direct, places)
    farm = Farm(Processes(1, RENDER_NICENESS), sessions / RENDERS)
    callbacks = Callbacks(guard, live, sessions, farm, device)
    page = pages.build(callbacks)
    if port is not None:
        _require_free(host, port)
    launch = partial(
        page.launch,
        server_name=host,
        server_port=port,
        auth=auth,
        auth_message="The studio is locked: sign in with the name and password it was started with.",
        share=share,
        ssl_certfile=str(ssl_certfile) if ssl_certfile else None,
        ssl_keyfile=str(ssl_keyfile) if ssl_keyfile else None,
        ssl_verify=False,  # Gradio asks itself whether it is up, over a certificate that may be self-signed
        prevent_thread_lock=True,
        ssr_mode=False,
        favicon_path=str(WEB / "icon.svg"),
        quiet=True,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        theme=pages.theme(),
        head=pages.HEAD,
        app_kwargs={"routes": routes(guard, live, callbacks), "lifespan": guarded(guard)},
    )
    with redirect_stdout(StringIO()):  # Gradio prints its own manual where it makes no link
        app, url, share_url = launch()
    bound(page.server.config)
    guard.watch(cast(GradioApp, app))
    if share_url:
        guard.allow(urlsplit(share_url).netloc)
    studio = Studio(url, share_url, page, live, callbacks, farm)
    if share and not share_url:
        studio.close()
        raise OSError(
            "no public link could be made: Gradio's servers, which make them, do not answer or refuse; "
            "serve without --share for this machine, or with --host 0.0.0.0 for this network"
        )
    return studio


def guarded(guard: Guard) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """The app's start, which puts the doors around all of it: outside of Gradio's own middleware, too.

    Gradio adds its own around any that it is given, and shares answers across origins there.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        assert app.middleware_stack is not None  # which is calling
        app.middleware_stack = Doors(Preview(app.middleware_stack), guard)
        yield

    return lifespan


def _require_free(host: str, port: int) -> None:
    """Raise OSError in words where the port is taken; Gradio names its own settings there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"cannot serve on {host}:{port}: {error.strerror or error}; choose another --port") from None


def routes(guard: Guard, places: Sessions, callbacks: Callbacks) -> list[BaseRoute]:
    """What the studio answers beside Gradio's page; all of it only to people who are signed in."""

    def refused(request: Request, *, token: bool) -> Response | None:
        refusal = guard.refusal(request, token=token)
        return JSONResponse({"detail": refusal.reason}, refusal.status, FRESH) if refusal else None

    async def live(websocket: WebSocket) -> None:
        await answer(websocket, guard, places, callbacks.folder)

    async def token(request: Request) -> Response:
        """Is the page still known? A browser does not tell a page why a socket was refused."""
        return refused(request, token=True) or JSONResponse({"detail": "known"}, headers=FRESH)

    async def web(request: Request) -> Response:
        path = WEB / request.path_params["name"]
        if no := refused(request, token=False):
            return no
        if path.suffix not in WEB_TYPES or not path.is_file():
            return JSONResponse({"detail": "no such file"}, 404)
        return FileResponse(path, media_type=WEB_TYPES[path.suffix], headers=FRESH)

    async def file(request: Request) -> Response:
        if no := refused(request, token=True):
            return no
        path = await asyncio.to_thread(callbacks.files.find, request.path_params["path"])
        return FileResponse(path, headers=FRESH) if path else JSONResponse({"detail": "no such file"}, 404)

    async def gallery(request: Request) -> Response:
        if no := refused(request, token=True):
            return no
        name = request.path_params["name"].removesuffix(".jpg")
        if name not in GALLERY:
            return JSONResponse({"detail": "no such set"}, 404)
        return Response(await asyncio.to_thread(thumbnail, name), media_type="image/jpeg", headers=FRESH)

    async def preview(request: Request) -> Response:
        return Response(await asyncio.to_thread(thumbnail, *PICTURE), media_type="image/jpeg", headers=FRESH)

    async def keep_set(request: Request) -> Response:
        if no := refused(request, token=True):
            return no
        asked = request.query_params
        name, production = asked.get("name", ""), asked.get("production", "")
        try:
            kept = await asyncio.to_thread(callbacks.keep_set, name, production, await request.body())
        except (ValueError, OSError) as error:
            return JSONResponse({"error": text_of(error)}, 422, FRESH)
        return JSONResponse(kept, headers=FRESH)

    return [
        Route("/studio/gallery/{name}", gallery),
        Route("/studio/preview.jpg", preview),
        Route("/studio/sets", keep_set, methods=["POST"]),
        WebSocketRoute("/studio/live", live),
        Route("/studio/token", token),
        Route("/studio/web/{name}", web),
        Route("/studio/files/{path:path}", file),
    ]
