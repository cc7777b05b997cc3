"""Laws of the doors: every route is in the table, and other sites, other names and blind loads get nothing."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from gradio.components import HTML
from gradio.routes import App
from starlette.routing import BaseRoute
from starlette.testclient import TestClient, WebSocketDenialResponse

from studio.app import doors, pages
from studio.app import guard as guarding
from studio.app.callbacks import Callbacks
from studio.app.doors import DOORS, MOST_BYTES, Door, door_of
from studio.app.guard import MAX_TOKENS, WRONG_OF_ALL, WRONG_OF_ONE, Brake, Guard
from studio.app.server import guarded, routes
from studio.app.sessions import Sessions
from studio.farm.farm import Farm
from studio.farm.local import Processes
from studio.live.director import Director
from tests.edge_model import EdgeModel

HOME = "http://127.0.0.1:7860"
EVIL = "https://evil.example"
ENTER = "/gradio_api/component_server"


@contextmanager
def served(folder: Path, auth: tuple[str, str] | None) -> Iterator[tuple[TestClient, App, Guard]]:
    """The whole app as `lsd-studio serve` makes it, with a fake model."""
    guard = Guard(["studio.example"])
    sessions = Sessions(lambda: Director(EdgeModel()), limit=1)
    farm = Farm(Processes(1), folder / "renders")
    callbacks = Callbacks(guard, sessions, folder / "sessions", farm)
    left_open: list[asyncio.AbstractEventLoop] = []
    new = asyncio.new_event_loop

    def noted() -> asyncio.AbstractEventLoop:
        left_open.append(new())
        return left_open[-1]

    with patch("asyncio.new_event_loop", noted):  # Gradio makes some, and closes none
        page = pages.build(callbacks)
    page.auth = [auth] if auth else None  # type: ignore[assignment]  # what `launch` does with it
    own = {"routes": routes(guard, sessions, callbacks), "lifespan": guarded(guard)}
    with patch("asyncio.new_event_loop", noted):
        app = App.create_app(page, app_kwargs=own)
    guard.watch(app)  # type: ignore[arg-type]  # Gradio's App says that auth is None
    with TestClient(app, base_url=HOME, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client, app, guard
    asyncio.set_event_loop(None)
    for loop in left_open:
        loop.close()
    sessions.close()
    farm.close()
    callbacks.close()


@pytest.fixture(scope="module")
def open_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, App, Guard]]:
    with served(tmp_path_factory.mktemp("open"), None) as it:
        yield it


@pytest.fixture(scope="module")
def locked_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, App, Guard]]:
    with served(tmp_path_factory.mktemp("locked"), ("ann", "secret")) as it:
        yield it


@pytest.fixture(params=["open", "login"])
def studio(request: pytest.FixtureRequest) -> tuple[TestClient, App, Guard]:
    of: tuple[TestClient, App, Guard] = request.getfixturevalue(
        "open_studio" if request.param == "open" else "locked_studio"
    )
    return of


@pytest.fixture
def own_studio(tmp_path: Path) -> Iterator[tuple[TestClient, App, Guard]]:
    """Without a login too, and of one test alone."""
    with served(tmp_path, None) as it:
        yield it


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[TestClient, App, Guard]]:
    with served(tmp_path, ("ann", "secret")) as it:
        yield it


def every_route(of: Iterable[BaseRoute]) -> Iterator[tuple[str, frozenset[str]]]:
    """Path and methods of each route of the running app."""
    for route in of:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from every_route(included.routes)
        elif getattr(route, "routes", None):
            pytest.fail(f"a mount at {route}: the table has none")
        else:
            yield route.path, frozenset(getattr(route, "methods", None) or {"WEBSOCKET"})  # type: ignore[attr-defined]


def call(client: TestClient, function: str, data: Any = None, **headers: Any) -> Any:
    """Call one of the page's functions as Gradio's script does."""
    component = next(c["id"] for c in client.app.get_blocks().config["components"] if c["type"] == "html")  # type: ignore[attr-defined]
    body = {"data": data or {}, "component_id": component, "fn_name": function, "session_hash": "s"}
    return client.post(ENTER, content=json.dumps(body), headers={"content-type": "application/json", **headers})


def test_every_route_of_the_running_app_is_in_the_table(studio: tuple[TestClient, App, Guard]) -> None:
    table = {door.path: door for door in DOORS}
    found = dict.fromkeys(path.rstrip("/") or "/" for path, _ in every_route(studio[1].routes))
    assert len(found) > 40
    assert [path for path in found if path not in table] == []
    assert len(table) == len(DOORS)


def test_each_route_answers_whom_the_table_names(studio: tuple[TestClient, App, Guard]) -> None:
    client, app, _ = studio
    login: object = app.auth
    for path, methods in every_route(app.routes):
        door = door_of(path)
        assert door is not None
        address = re.sub(r"\{[^}]*\}", "x", path)
        for method in methods - {"WEBSOCKET"}:
            body = {"content-type": doors.BODY_TYPES[door.body][0]} if method == "POST" and door.body != "none" else {}
            status = client.request(method, address, headers=body).status_code
            if door.who == "nobody":
                assert status == 404, path
            elif door.who == "everybody":
                assert status not in (401, 403), path
            elif login is not None:
                assert status == 401, path
            elif door.who == "page":
                assert status == 403, path


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/vibe-edit", "/nowhere"])
def test_what_no_page_needs_is_closed(open_studio: tuple[TestClient, App, Guard], path: str) -> None:
    client = open_studio[0]
    assert client.post(path, files={"files": b"x" * 100}).status_code == 404
    assert client.get(path).status_code == 404
    assert client.get("/gradio_api/heartbeat/abc").status_code == 404  # which would stay open


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "203.0.113.9",
        "",
        "[::2]",
    ],
)
@pytest.mark.parametrize("path", ["/", "/studio/token", "/gradio_api/component_server"])
def test_another_name_for_the_studio_is_refused(
    open_studio: tuple[TestClient, App, Guard], host: str, path: str
) -> None:
    client, _, guard = open_studio
    for method in ("GET", "POST", "OPTIONS"):
        answer = client.request(method, path, headers={"host": host, "origin": f"http://{host}"})
        assert answer.status_code == 421
    forwarded = {"x-forwarded-host": host or "evil.example"}
    assert client.get(path, headers=forwarded).status_code == 421
    headers = {"host": host, "origin": f"http://{host}"}
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(f"/studio/live?token={guard.issue()}", headers=headers),
    ):
        pass
    assert denied.value.status_code == 421


@pytest.mark.parametrize(
    "host",
    ["localhost:7860", "LOCALHOST", "127.0.0.1", "127.1.2.3:80", "[::1]:7860", "studio.example", "Studio.Example.:443"],
)
def test_its_own_names_are_answered(open_studio: tuple[TestClient, App, Guard], host: str) -> None:
    assert open_studio[0].get("/gradio_api/app_id", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://127.0.0.1.evil.example:7860"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ],
)
def test_pages_of_other_sites_are_refused(open_studio: tuple[TestClient, App, Guard], headers: dict[str, str]) -> None:
    client = open_studio[0]
    assert call(client, "enter", **headers).status_code == 403
    for path in ("/", "/config", "/logout", "/studio/web/live.js", "/studio/token", "/theme.css"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 403, path
        assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = {**headers, "access-control-request-method": "POST"}
    answer = client.options("/gradio_api/component_server", headers=preflight)
    assert answer.status_code >= 400
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_link_to_the_page_may_be_followed_from_anywhere(open_studio: tuple[TestClient, App, Guard]) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    client = open_studio[0]
    assert client.get("/", headers=headers).status_code not in (403, 421)
    assert client.get("/logout", headers=headers).status_code == 403
    assert client.post("/", headers=headers).status_code == 403


def test_no_answer_is_shared_across_origins(open_studio: tuple[TestClient, App, Guard]) -> None:
    answer = call(open_studio[0], "enter", origin=HOME)
    assert answer.status_code == 200
    assert answer.json()["token"]
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_json_is_read_only_as_such(open_studio: tuple[TestClient, App, Guard], kind: str) -> None:
    assert call(open_studio[0], "enter", **{"content-type": kind}).status_code == 415


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b"null"])
def test_what_is_no_json_object_is_refused(open_studio: tuple[TestClient, App, Guard], body: bytes) -> None:
    answer = open_studio[0].post(ENTER, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("function", ["close", "__init__", "guard", "", None, 3, ["enter"], "x" * 10_000])
def test_only_the_pages_functions_are_called(open_studio: tuple[TestClient, App, Guard], function: Any) -> None:
    assert 400 <= call(open_studio[0], function).status_code < 600


@pytest.mark.parametrize("stated", [True, False], ids=["stated", "streamed"])
def test_what_is_sent_is_bounded(open_studio: tuple[TestClient, App, Guard], stated: bool) -> None:
    client = open_studio[0]
    for path, kind, most in (
        (ENTER, "application/json", MOST_BYTES["json"]),
        ("/login", "multipart/form-data; boundary=x", MOST_BYTES["form"]),
    ):
        content = b"x" * (most + 1)
        parts = content if stated else iter([content[: most // 2], content[most // 2 :]])
        assert client.post(path, content=parts, headers={"content-type": kind}).status_code == 413
    assert client.request("GET", "/", content=b"x").status_code == 413
    assert client.get("/", headers={"content-length": "9" * 5000}).status_code in (400, 413)


def test_blind_loads_forget_no_page_in_use(own_studio: tuple[TestClient, App, Guard]) -> None:
    client, _, guard = own_studio
    used = call(client, "enter").json()["token"]
    assert client.get(f"/studio/token?token={used}").status_code == 200
    fresh = call(client, "enter").json()["token"]  # loaded, and not used yet
    for _ in range(MAX_TOKENS + 76):
        try:
            guard.issue()
        except ValueError as problem:
            assert "in a minute" in str(problem)
    assert guard.knows(used)
    assert guard.knows(fresh)
    assert "in a minute" in call(client, "enter").json()["error"]


def test_pages_that_never_spoke_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard()
    used = [guard.issue() for _ in range(10)]
    assert all(map(guard.knows, used))
    blind = [guard.issue() for _ in range(MAX_TOKENS - 10)]
    later = time.monotonic() + guarding.UNUSED_S + 1
    monkeypatch.setattr("studio.app.guard.time.monotonic", lambda: later)
    new = [guard.issue() for _ in range(MAX_TOKENS - 10)]
    assert all(map(guard.knows, [*used, *new]))
    assert not any(map(guard.knows, blind))


def test_requests_at_once_are_bounded(open_studio: tuple[TestClient, App, Guard], monkeypatch: Any) -> None:
    client = open_studio[0]
    monkeypatch.setattr(doors, "AT_ONCE_OF_ONE", 0)
    assert client.get("/").status_code == 503
    monkeypatch.setattr(doors, "AT_ONCE_OF_ONE", 1)
    for _ in range(3):
        assert client.get("/gradio_api/app_id").status_code == 200  # each gives its place back


def sign_in(client: TestClient, password: str) -> int:
    return client.post("/login", data={"username": "ann", "password": password}).status_code


def test_guesses_of_a_password_are_braked(locked: tuple[TestClient, App, Guard]) -> None:
    client = locked[0]
    for guess in range(WRONG_OF_ONE):
        assert sign_in(client, f"guess {guess}") == 400
    refused = client.post("/login", data={"username": "ann", "password": "secret"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= guarding.WAIT_S
    assert "Try again" in refused.json()["detail"]


def test_who_waits_or_knows_the_password_comes_in(
    locked: tuple[TestClient, App, Guard], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = locked[0]
    for guess in range(WRONG_OF_ONE - 1):
        assert sign_in(client, f"guess {guess}") == 400
    assert sign_in(client, "secret") == 200
    assert sign_in(client, "wrong") == 400  # counted from one again


def test_many_addresses_are_braked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    brake = Brake()
    for number in range(WRONG_OF_ALL):
        assert brake.wait_s(f"10.0.0.{number}") == 0
        brake.note(f"10.0.0.{number}", right=False)
    assert 0 < brake.wait_s("10.9.9.9") <= 1
    later = time.monotonic() + 2
    monkeypatch.setattr("studio.app.guard.time.monotonic", lambda: later)
    assert brake.wait_s("10.9.9.9") == 0


ODD = [
    "%",
    "%25",
    "..",
    "../../etc/passwd",
    "a\0b",
    "a\nb",
    "x" * 300,
    "x" * 5000,
    "\ud800",
    "\udcff",
    "😀",
    "a:b",
    "nul",
]
ODD += [
    "a\\b",
    "//",
    "C:\\x",
    "*",
    "[a-",
    "T001",
    "-",
    "'",
    "e\u0301",
    ".",
    ".exports",
    ".exports/../..",
    "\u202e",
    "²",
]
WITH_NAMES = [door for door in DOORS if "{" in door.path and door.who != "nobody"]


@pytest.mark.parametrize("door", WITH_NAMES, ids=[door.path for door in WITH_NAMES])
def test_odd_names_in_addresses_are_refused_in_words(open_studio: tuple[TestClient, App, Guard], door: Door) -> None:
    client, _, guard = open_studio
    token = guard.issue()
    for name in ODD:
        plain = name.encode(errors="surrogatepass")
        ways = (quote(plain, safe=""), quote(quote(plain)), quote(plain, safe="/"))
        for written in (way.replace(".", "%2E") for way in ways):  # or the client itself goes a folder up
            path = "".join(re.split(r"\{[^}]+\}", door.path)[:1]) + written
            answer = client.get(f"{path}?token={token}", headers={"origin": HOME})
            assert 200 <= answer.status_code < 500, (path, answer.text)


FIELDS = ("production", "scene", "shot", "take", "version", "to", "job", "verdict", "notes", "keys", "markers")
VALUES = [*ODD, None, 1, -1, 1e308, True, [], {}, [1], {"a": 1}, 10**30]


FUNCTIONS = ["slate", "takes", "take", "judge", "draft", "render", "progress", "cancel", "export", "enter", "machine"]
EACH = [(field, value) for field in FIELDS for value in VALUES]
SPREAD = [(FIELDS[number % len(FIELDS)], value) for number, value in enumerate(VALUES)]
"""Every value, and every field three times."""


@pytest.mark.parametrize(
    "asked", [pytest.param(SPREAD, id="spread"), pytest.param(EACH, id="each", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_odd_names_in_what_pages_ask_for_are_answered(
    open_studio: tuple[TestClient, App, Guard], function: str, asked: list[tuple[str, Any]]
) -> None:
    client, _, guard = open_studio
    token = guard.issue()
    for field, value in asked:
        answer = call(client, function, {"token": token, "take": "a/S01/A/T001", field: value})
        assert answer.status_code == 200, (field, value, answer.text)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_odd_names_never_raise_and_their_answers_can_be_sent(
    open_studio: tuple[TestClient, App, Guard], function: str
) -> None:
    """Behind the doors, where all of them take no time."""
    client, _, guard = open_studio
    token = guard.issue()
    (html,) = (block for block in client.app.get_blocks().blocks.values() if isinstance(block, HTML))  # type: ignore[attr-defined]
    (answer_of,) = (each for each in html.server_fns if each.__name__ == function)
    for field, value in EACH:
        answer = answer_of({"token": token, "take": "a/S01/A/T001", field: value})
        assert json.dumps(answer, ensure_ascii=False).encode(), "half a character cannot be sent"
