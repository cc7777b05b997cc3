"""Who may use the studio: people who are signed in, from the studio's own pages, with a token, within a rate limit.

A page of another site may know the studio's address and have a browser ask there. Three things tell its requests
apart: the name that they ask for (a site may let its own name lead to this machine, "DNS rebinding"), the page that
they come from (`Origin`), and what the browser says of it (`Sec-Fetch-Site`).
"""

from __future__ import annotations

import ipaddress
import secrets
import socket as sockets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

MAX_FRAME = 1 << 20
"""Bytes in one JPEG or one chunk of sound; 384x216 takes about 20,000."""
MAX_COMMAND = 16 << 10
"""Characters in one JSON command."""
MAX_RATE = 90.0
"""Frames a second that are kept, on average, and commands that are obeyed; a camera sends 24 to 30."""
BURST = 180
"""Of them may come at once, after a pause of the network."""
FLOOD_RATE, FLOOD_BURST = 1000.0, 2000
"""Messages of any kind a second, and at once, beyond which a page is no camera of any speed."""
MAX_TOKENS = 1024
"""Pages that are remembered. For a new one the oldest that was never used is forgotten, or one that is long unused."""
UNUSED_S = 60.0
"""How long a page may take to use its token for the first time before it can be forgotten; pages do so at once."""
ASLEEP_S = 24 * 3600.0
"""After how long without a word a page can be forgotten for a new one."""
WRONG_OF_ONE = 5
"""Wrong passwords from one address before it waits after each."""
WRONG_OF_ALL = 50
"""Wrong passwords of all addresses in `WRONG_S` before everybody waits after each."""
WRONG_S = 600.0
"""How long a wrong password is remembered, seconds."""
WAIT_S = 10.0
"""The wait after a wrong password beyond the limit of one address; a second where it is the limit of all."""
MAX_ADDRESSES = 4096
"""Addresses whose wrong passwords are remembered."""


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
    """Gives each page that loads a token, and checks it, where a request comes from, and who is signed in.

    hosts: names by which the studio is reached beside localhost, this machine's name, and the address that a request
    came in by: that of `--host`, a proxy's, a share's.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._tokens: OrderedDict[str, _Page] = OrderedDict()
        self._lock = threading.Lock()
        self._app: GradioApp | None = None
        own = sockets.gethostname().lower()
        self._hosts = {"localhost", own, f"{own}.local"}
        for host in hosts:
            self.allow(host)

    def allow(self, host: str) -> None:
        """From now on the studio is reached by this name, too."""
        self._hosts.add(_name(host))

    def watch(self, app: GradioApp) -> None:
        """From now on ask this app who is signed in; until then nobody is."""
        self._app = app

    def issue(self) -> str:
        """A new token, for one page load. Raises ValueError where more pages were loaded than are remembered."""
        token = secrets.token_urlsafe(24)
        now = time.monotonic()
        with self._lock:
            if len(self._tokens) >= MAX_TOKENS:
                del self._tokens[self._forgettable(now)]
            self._tokens[token] = _Page(now)
        return token

    def _forgettable(self, now: float) -> str:
        """A token that no page needs: never used, or not for long. They stand in the order of their last use."""
        for token, page in self._tokens.items():
            if now - page.at > (ASLEEP_S if page.used else UNUSED_S):
                return token
        raise ValueError("Too many pages of the studio were loaded in a short time. Load this one again in a minute.")

    def knows(self, token: object) -> bool:
        """Is this the token of a page that was loaded from this studio since it started? It counts as used."""
        with self._lock:
            page = self._tokens.get(token) if isinstance(token, str) else None
            if page is None:
                return False
            page.at, page.used = time.monotonic(), True
            self._tokens.move_to_end(str(token))
            return True

    def stranger(self, connection: HTTPConnection, *, page: bool = False, socket: bool = False) -> Refusal | None:
        """Why this request or handshake is refused for where it comes from; None where that is right.

        page: what is asked for is the page itself, which other sites may link to. socket: a handshake, which browsers
        never send without an `Origin`.
        """
        asked = connection.headers.getlist("host")
        forwarded = connection.headers.get("x-forwarded-host", "").partition(",")[0].strip()
        for host in (*(asked or [""])[:2], *([forwarded] if forwarded else [])):
            if len(asked) != 1 or not self._is_own(host, connection):
                known = f"start it with --allow-host {_name(host)}" if _name(host) else "ask for it by its address"
                return Refusal(421, f"The studio does not go by the name {host!r}; if it is its own, {known}.")
        origin = connection.headers.get("origin")
        if origin is None and not socket:
            return self._cross_site(connection, page)
        if _netloc(_host_of(origin or "")) not in {_netloc(host) for host in (*asked, forwarded) if host}:
            home = origin or "nowhere"
            return Refusal(403, f"A page of {home} may not speak to this studio; open the studio's own address.")
        return None

    def _cross_site(self, connection: HTTPConnection, page: bool) -> Refusal | None:
        """A link to the page may be followed from anywhere; nothing else is asked for from another site."""
        headers = connection.headers
        if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return None
        follows = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if page and follows and connection.scope.get("method") in ("GET", "HEAD"):
            return None
        return Refusal(403, "A page of another site may not speak to this studio; open the studio's own address.")

    def _is_own(self, host: str, connection: HTTPConnection) -> bool:
        """Is this `Host` one of the studio's own names? Only names can be made to lead here; addresses are checked."""
        name = _name(host)
        if name in self._hosts or name.endswith(".localhost"):
            return True
        came_in_by = (connection.scope.get("server") or ("",))[0]
        return bool(name) and (_is_loopback(name) or _plain(name) == _plain(came_in_by))

    def refusal(self, connection: HTTPConnection, *, origin: bool = False, token: bool = True) -> Refusal | None:
        """Why this request or handshake is refused; None where it may pass.

        origin: it must come from one of the studio's own pages. token: it must carry a page's token as `?token=`.
        """
        if not self.signed_in(connection):
            return Refusal(401, "Nobody is signed in. Load the page again and sign in.")
        if origin and (stranger := self.stranger(connection, socket=True)):
            return stranger
        if token and not self.knows(connection.query_params.get("token")):
            return Refusal(403, "The studio was started anew, or does not know this page. Load it again.")
        return None

    def signed_in(self, connection: HTTPConnection) -> bool:
        """Is whoever sent this signed in, now? Without a login everybody is."""
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


class Brake:
    """Slows down who guesses passwords: after a few wrong ones each further try waits."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=WRONG_OF_ALL)

    def wait_s(self, address: str) -> float:
        """Seconds until this address may try again; 0 for at once."""
        now = time.monotonic()
        return max(
            _wait_s(self._wrong.get(address, ()), WRONG_OF_ONE, WAIT_S, now), _wait_s(self._all, WRONG_OF_ALL, 1.0, now)
        )

    def note(self, address: str, *, right: bool) -> None:
        """Count a try."""
        if right:
            self._wrong.pop(address, None)
            return
        self._wrong.setdefault(address, deque(maxlen=WRONG_OF_ONE)).append(time.monotonic())
        self._wrong.move_to_end(address)
        self._all.append(time.monotonic())
        if len(self._wrong) > MAX_ADDRESSES:
            self._wrong.popitem(last=False)


@dataclass
class _Page:
    """A page that was loaded: when it last spoke, and whether it did so at all."""

    at: float
    used: bool = False


def _wait_s(wrong: Iterable[float], limit: int, wait_s: float, now: float) -> float:
    recent = [at for at in wrong if now - at < WRONG_S]
    return max(0.0, recent[-1] + wait_s - now) if len(recent) >= limit else 0.0


def _name(host: str) -> str:
    """A host's name or address without its port, in small letters."""
    host = host.strip().lower()
    name = (
        host[1:].partition("]")[0] if host.startswith("[") else host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    )
    return name.rstrip(".")


def _host_of(origin: str) -> str:
    """The host of an `Origin`, with its port; empty where it has none, or is not an address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://["
        return ""


def _netloc(host: str) -> str:
    """A host with its port, where that is not what browsers leave out."""
    host = host.strip().lower()
    return host.removesuffix(":80").removesuffix(":443")


def _plain(address: str) -> str:
    """An address as it is compared: IPv4 within IPv6 is IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address.lower()
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
