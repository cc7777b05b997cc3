"""Hostile messages on the live socket: it answers in words, or closes in words and gives its place back."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketTestSession

from studio.app import commands, wire
from studio.app.callbacks import Callbacks
from studio.app.guard import Guard
from studio.app.server import routes
from studio.app.sessions import Sessions
from studio.farm.farm import Farm
from studio.farm.local import Processes
from studio.live.director import Director
from studio.takes.listing import list_takes
from tests.edge_model import EdgeModel
from tests.studio.app.house import HOME, App, House, frame, jpeg

ANSWERED = {"hello": "ready", "param": "param", "record": "recording"}
"""What is answered before the next frame, where it is not with `error`; of prompts and sets the newest is, later."""

HUGE = st.sampled_from([10**400, -(10**400), 2**63, 1e308, -1e308, float("nan"), float("inf"), float("-inf")])
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["underwater", "strength", "\ud800", "../..", "a/b", "CON", "", " ", "\0"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | HUGE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
SLATES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("production", "scene", "shot", "take"), TEXTS | VALUES)
) | st.just({"production": "film", "scene": "1", "shot": "A"})
FIELDS = {
    "version": st.just(wire.VERSION) | VALUES,
    "parameters": st.dictionaries(st.just("strength") | TEXTS, st.floats(0, 1) | VALUES, max_size=2) | VALUES,
    "prompt": TEXTS | VALUES,
    "text": TEXTS | VALUES,
    "fade_s": st.floats(0, 5) | VALUES,
    "name": TEXTS | VALUES,
    "value": st.floats(0, 1) | VALUES,
    "on": st.booleans() | VALUES,
    "slate": SLATES | VALUES,
    "fps": st.floats(1, 240) | VALUES,
    "unknown": VALUES,
}
OTHERS = {name: VALUES for fields in commands.FIELDS.values() for name in fields}
"""Of commands that came later, so that they are tried too."""
TYPES = st.sampled_from(sorted(commands.FIELDS)) | TEXTS | VALUES
COMMANDS = st.fixed_dictionaries({"type": TYPES}, optional=OTHERS | FIELDS).map(json.dumps)
LIKELY = st.sampled_from(
    [
        {"type": "hello", "version": wire.VERSION, "prompt": "as it is"},
        {"type": "record", "on": True, "slate": {"production": "film", "scene": "1", "shot": "A"}},
        {"type": "record", "on": False},
        {"type": "marker", "name": "m"},
        {"type": "prompt", "text": "underwater", "fade_s": 1},
    ]
).map(json.dumps)
"""What pages do send, so that hostile ones come in the middle of a take too."""
BINARY = st.binary(max_size=60) | st.builds(
    lambda kind, body, number, time_ms, quality: wire.pack(kind, body, number=number, time_ms=time_ms, quality=quality),
    st.sampled_from(sorted(wire.KINDS)),
    st.binary(max_size=40) | st.just(jpeg()),
    st.integers(0, 2**32 - 1),
    st.floats() | st.floats(0, 1e6),
    st.floats(width=32),
)
MESSAGES = st.lists(COMMANDS | COMMANDS | LIKELY | st.text(max_size=40) | BINARY, min_size=1, max_size=6)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A studio of one place, which each test must find free."""
    gc.unfreeze()  # what the studio leaves out of collections, Hypothesis does not find when it first runs
    given(st.none())(lambda nothing: None)()
    folder = tmp_path_factory.mktemp("hostile")
    guard, app = Guard(), App()
    guard.watch(app)
    sessions = Sessions(lambda: Director(EdgeModel()), limit=1)
    farm = Farm(Processes(1), folder / "renders")
    callbacks = Callbacks(guard, sessions, folder / "sessions", farm)
    with TestClient(Starlette(routes=routes(guard, sessions, callbacks)), base_url=HOME) as client:
        yield House(client, guard, app, callbacks)
    sessions.close()
    farm.close()
    callbacks.close()


@dataclass
class Heard:
    """What came back after a message."""

    closed: int | None = None
    """The close code; None while the connection lives."""
    texts: list[dict[str, Any]] = field(default_factory=list)


def heard_until(socket: WebSocketTestSession, number: int) -> Heard:
    """All until the picture of that number, or the end."""
    heard = Heard()
    while True:
        received = socket.receive()
        if received["type"] == "websocket.close":
            heard.closed = received["code"]
            return heard
        if received.get("bytes") is not None:
            if wire.unpack(received["bytes"]).fields["number"] == number:
                return heard
        else:
            heard.texts.append(json.loads(received["text"]))


def talk(house: House, messages: list[str | bytes]) -> None:
    """One page that sends these messages, a frame after each, and is answered or sent away in words."""
    with house.socket(house.token()) as socket:
        for n, message in enumerate(messages):
            number = 3_000_000_000 + n
            socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message)
            socket.send_bytes(frame(number))
            heard = heard_until(socket, number)
            said = [text for text in heard.texts if text["type"] != "status"]
            if heard.closed is not None:
                assert heard.closed in wire.CLOSES.values()
                assert heard.closed not in (wire.CLOSES["busy"], wire.CLOSES["broken"]), said
                assert said[-1]["type"] == "bye"
                assert len(said[-1]["text"]) > 3
                return
            kind = type_of(message)
            if kind in ANSWERED:
                assert any(text["type"] in (ANSWERED[kind], "error") for text in said), (message, said)
            for text in said:
                assert text["type"] != "error" or text["text"]
        socket.send_text('{"type": "stop"}')
        assert heard_until(socket, -1).closed == wire.CLOSES["stopped"]


def type_of(message: str | bytes) -> str:
    try:
        kind = json.loads(message)["type"]
    except (ValueError, TypeError, KeyError):
        return ""
    return kind if isinstance(kind, str) else ""


BOUNDED = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@BOUNDED
@given(MESSAGES)
def test_hostile_messages_are_answered_or_closed_in_words(house: House, messages: list[str | bytes]) -> None:
    talk(house, messages)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # with pictures in it
@settings(BOUNDED, max_examples=2000, derandomize=False)
@given(MESSAGES)
def test_thousands_of_hostile_messages(
    house: House, monkeypatch: pytest.MonkeyPatch, messages: list[str | bytes]
) -> None:
    monkeypatch.setattr("studio.app.guard.ASLEEP_S", 0.0)  # no page needs its token when the next one comes
    talk(house, messages)


def test_every_take_that_hostile_pages_left_is_whole(house: House) -> None:
    """Runs after the others in this file, on what they left."""
    for listed in list_takes(house.folder):
        assert listed.take, listed.error
        assert listed.take.state == "complete"
        assert not listed.take.problems
