"""What a link to the studio shows before it is opened: its own name, a sentence and a picture, not the framework's."""

from __future__ import annotations

import re
from html import escape

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TITLE = "Live film studio"
ABOUT = "Point a camera at people, props and a set, type words, and the picture becomes another world while you shoot."
PICTURE = ("castle-at-night", (1200, 630))
"""The gallery's set that stands for the studio, and the size that link previews ask for, width and height in px."""
_THEIRS = re.compile(rb"""<meta\s+(?:property|name)=["'](?:og|twitter):[^>]*>""")


class Preview:
    """Middleware around the page at `/`: its head names the studio. Everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or get_route_path(scope) not in ("", "/"):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body)
            if any(name.lower() == b"content-type" and b"html" in value for name, value in start["headers"]):
                page = named(page, str(Request(scope).base_url))
            headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page})

        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, collect)


def named(page: bytes, url: str) -> bytes:
    """The page with the studio's own title and preview in its head. url: where the page is, with a slash at its end."""
    own = {
        "og:title": TITLE,
        "og:type": "website",
        "og:url": url,
        "og:description": ABOUT,
        "og:image": f"{url}studio/preview.jpg",
        "twitter:card": "summary_large_image",
    }
    lines = "".join(
        f'<meta {"name" if name.startswith("twitter") else "property"}="{name}" content="{escape(text)}">'
        for name, text in own.items()
    )
    title = "" if b"<title>" in page else f"<title>{TITLE}</title>"
    described = f'{title}<meta name="description" content="{escape(ABOUT)}">{lines}'
    return _THEIRS.sub(b"", page).replace(b"<head>", b"<head>" + described.encode(), 1)
