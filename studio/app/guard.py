"""Who may use the studio: people who are signed in, from the studio's own pages, with a token, within a rate limit."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

MAX_FRAME = 1 << 20
"""Bytes in one JPEG or one chunk of sound; 384x216 takes about 20,000."""
MAX_COMMAND = 16 << 10
"""Characters in one JSON command."""
MAX_RATE = 90.0
"""Messages a second, on average; a camera sends 24 to 30."""
BURST = 180
"""Messages that may come at once, after a pause of the network."""
MAX_TOKENS = 1024
"""Pages that are remembered; the oldest are forgotten, and ask to be loaded again."""


class GradioApp(Protocol):
    """What Gradio's app knows of who is signed in."""

    auth: object | None
    cookie_id: str
    tokens: dict[str, str]


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered, as an HTTP status and a sentence for the page."""

    status: int
    reason: str


class Guard:
    """Gives each page that loads a token, and checks it, where a request comes from, and who is signed in."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._app: GradioApp | None = None

    def watch(self, app: GradioApp) -> None:
        """From now on ask this app who is signed in; until then nobody is."""
        self._app = app

    def issue(self) -> str:
        """A new token, for one page load."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = None
            while len(self._tokens) > MAX_TOKENS:
                self._tokens.popitem(last=False)
        return token

    def knows(self, token: object) -> bool:
        """Is this the token of a page that was loaded from this studio since it started?"""
        with self._lock:
            if not isinstance(token, str) or token not in self._tokens:
                return False
            self._tokens.move_to_end(token)
            return True

    def refusal(self, connection: HTTPConnection, *, origin: bool = False, token: bool = True) -> Refusal | None:
        """Why this request or handshake is refused; None where it may pass.

        origin: it must come from one of the studio's own pages. token: it must carry a page's token as `?token=`.
        """
        if not self._signed_in(connection):
            return Refusal(401, "Nobody is signed in. Load the page again and sign in.")
        if origin and not _same_origin(connection):
            home = connection.headers.get("origin") or "nowhere"
            return Refusal(403, f"A page of {home} may not speak to this studio; open the studio's own address.")
        if token and not self.knows(connection.query_params.get("token")):
            return Refusal(403, "The studio was started anew, or does not know this page. Load it again.")
        return None

    def _signed_in(self, connection: HTTPConnection) -> bool:
        app = self._app
        if app is None:
            return False
        if app.auth is None:
            return True
        names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
        return any(connection.cookies.get(name, "") in app.tokens for name in names)


class RateLimit:
    """A bucket of messages that refills at a rate: bursts pass, floods do not."""

    def __init__(self, rate: float = MAX_RATE, burst: int = BURST) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = float(burst), time.monotonic()

    def passes(self) -> bool:
        """Count one message; whether it is within the limit."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _same_origin(connection: HTTPConnection) -> bool:
    """Browsers say on every socket which page opens it; proxies say which host the browser asked for."""
    origin = urlsplit(connection.headers.get("origin", "")).netloc.lower()
    asked = (connection.headers.get("host", ""), connection.headers.get("x-forwarded-host", ""))
    return bool(origin) and origin in {host.lower() for host in asked}
