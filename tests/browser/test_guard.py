"""Laws of the guard: without a token, from elsewhere, too large or too much, nothing is answered but a refusal."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from engine.config import lsd_test
from engine.models.checkpoint import random_weights, save_weights
from engine.stream import Stream
from studio.app import wire
from studio.app.callbacks import Callbacks
from studio.app.guard import BURST, FLOOD_BURST, MAX_COMMAND, MAX_FRAME, Guard, RateLimit
from studio.app.server import routes
from studio.app.sessions import Sessions
from studio.delivery import proxies
from studio.farm.farm import Farm
from studio.farm.local import Processes
from studio.live.director import Director
from studio.rendering.render import render
from studio.takes.recorder import WEBM_MAGIC
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Matte
from studio.timeline.timeline import Timeline

HOME = "http://testserver"


@dataclass
class App:
    """What Gradio's app knows of who is signed in."""

    auth: object | None = None
    cookie_id: str = "here"
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass
class House:
    """The routes of a studio with a tiny model, without Gradio's page."""

    client: TestClient
    guard: Guard
    app: App
    callbacks: Callbacks

    @property
    def folder(self) -> Path:
        return self.callbacks.folder

    def token(self) -> str:
        return self.guard.issue()

    @contextmanager
    def socket(self, token: str, origin: str | None = HOME, **headers: str) -> Iterator[WebSocketTestSession]:
        if origin is not None:
            headers["origin"] = origin
        with self.client.websocket_connect(f"/studio/live?token={token}", headers=headers) as socket:
            yield socket


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny random weights as a file, which the farm's processes load too."""
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    made = random_weights(lsd_test())
    save_weights(path, made.network, made.router, {})
    return path


def stream(weights: Path) -> Stream:
    return Stream.load(weights, device="cpu", threads=1)


@pytest.fixture
def house(tmp_path: Path, weights: Path) -> Iterator[House]:
    guard, app = Guard(["docs.puppets"]), App()
    guard.watch(app)
    sessions = Sessions(lambda: Director(stream(weights)), limit=1)
    farm = Farm(Processes(1), tmp_path / "renders")
    callbacks = Callbacks(guard, sessions, tmp_path / "sessions", farm)
    with TestClient(Starlette(routes=routes(guard, sessions, callbacks)), base_url=HOME) as client:
        yield House(client, guard, app, callbacks)
    sessions.close()
    farm.close()
    callbacks.close()


def jpeg(number: int = 0) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((64, 96, 3), number * 7 % 256, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def frame(number: int, body: bytes | None = None) -> bytes:
    body = jpeg(number) if body is None else body
    return wire.pack("frame", body, number=number, time_ms=number * 1000 / 24, quality=0.8)


def message(socket: WebSocketTestSession, kind: str) -> dict[str, Any]:
    """The next message of that kind; pictures and others are passed over."""
    while True:
        received = socket.receive()
        if received["type"] == "websocket.close":
            raise WebSocketDisconnect(received["code"], received.get("reason"))
        if received.get("text") is not None and (data := json.loads(received["text"]))["type"] == kind:
            return dict(data)


def parameter(ready: dict[str, Any], name: str) -> dict[str, Any]:
    """One parameter of those that the studio has."""
    return dict(next(each for each in ready["parameters"] if each["name"] == name))


def picture(socket: WebSocketTestSession) -> tuple[int, bytes]:
    """Number and JPEG of the next picture."""
    while (received := socket.receive()).get("bytes") is None:
        assert received["type"] == "websocket.send", received
    answered = wire.unpack(received["bytes"])
    return answered.fields["number"], answered.body


def closing(socket: WebSocketTestSession) -> WebSocketDisconnect:
    """How the studio ends the connection; before it does, it says why."""
    assert message(socket, "bye")["text"]
    with pytest.raises(WebSocketDisconnect) as closed:
        message(socket, "nothing more")
    return closed.value


def refusal(house: House, token: str, origin: str | None = HOME, **headers: str) -> int:
    """The status with which a handshake is refused."""
    with pytest.raises(WebSocketDenialResponse) as denied, house.socket(token, origin, **headers):
        pass
    return denied.value.status_code


def test_a_frame_is_answered_with_its_own_number(house: House) -> None:
    with house.socket(house.token()) as socket:
        for number in (5, 6, 9):
            socket.send_bytes(frame(number))
            answered, body = picture(socket)
            assert answered == number
            assert Image.open(io.BytesIO(body)).size == (96, 64)


def test_without_a_token_or_with_a_wrong_one_there_is_no_socket(house: House) -> None:
    assert refusal(house, "") == 403
    assert refusal(house, "guessed") == 403


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://testserver.example", "null", None])
def test_other_pages_have_no_socket(house: House, origin: str | None) -> None:
    assert refusal(house, house.token(), origin) == 403


def test_behind_a_proxy_the_address_that_the_browser_asked_for_counts(house: House) -> None:
    headers = {"x-forwarded-host": "docs.puppets"}
    with house.socket(house.token(), "https://docs.puppets", **headers) as socket:
        socket.send_bytes(frame(0))
        assert picture(socket)[0] == 0


def test_with_auth_nothing_answers_before_the_login(house: House) -> None:
    token = house.token()
    house.app.auth = {"ann": "secret"}
    assert refusal(house, token) == 401
    for path in ("token", "web/live.js", "web/studio.css", "files/a/S01/A/T001/poster.jpg", "files/.exports/a"):
        assert house.client.get(f"/studio/{path}?token={token}").status_code == 401
    house.app.tokens["cookie"] = "ann"
    house.client.cookies.set("access-token-unsecure-here", "cookie")
    assert house.client.get(f"/studio/token?token={token}").status_code == 200
    assert house.client.get("/studio/web/live.js").status_code == 200


def test_files_and_callbacks_want_a_token(house: House) -> None:
    assert house.client.get("/studio/files/a/S01/A/T001/poster.jpg").status_code == 403
    assert house.client.get("/studio/token?token=guessed").status_code == 403


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(0, bytes(MAX_FRAME)), wire.CLOSES["too_big"]),
        (b"short", wire.CLOSES["refused"]),
        (bytes([9]) + frame(0)[1:], wire.CLOSES["refused"]),
        (wire.pack("frame", jpeg(), time_ms=float("nan")), wire.CLOSES["refused"]),
        ("{}", wire.CLOSES["refused"]),
        ("[1", wire.CLOSES["refused"]),
        ('{"type": "hello", "padding": "' + "x" * MAX_COMMAND + '"}', wire.CLOSES["too_big"]),
    ],
    ids=["large frame", "short", "unknown kind", "no time", "no command", "no JSON", "long command"],
)
def test_what_is_no_message_of_the_studio_ends_the_connection(house: House, sent: bytes | str, code: int) -> None:
    with house.socket(house.token()) as socket:
        if isinstance(sent, str):
            socket.send_text(sent)
        else:
            socket.send_bytes(sent)
        assert closing(socket).code == code


@pytest.mark.parametrize("version", [{}, {"version": wire.VERSION + 1}])
def test_a_page_of_another_version_is_to_be_loaded_again(house: House, version: dict[str, int]) -> None:
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "hello", "prompt": "as it is", **version})
        assert message(socket, "bye")["text"] == "This page is of another version of the studio. Load it again."


def test_a_parameter_is_set_by_its_name(house: House) -> None:
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "hello", "version": wire.VERSION})
        strength = parameter(message(socket, "ready"), "strength")
        assert strength.pop("meaning")
        assert strength == {"name": "strength", "least": 0.0, "most": 1.0, "default": 1.0, "value": 1.0}
        socket.send_json({"type": "param", "name": "strength", "value": 0.25})
        assert message(socket, "param") == {"type": "param", "name": "strength", "value": 0.25}
        socket.send_bytes(frame(0))
        assert picture(socket)[0] == 0
        socket.send_json({"type": "hello", "version": wire.VERSION})
        assert parameter(message(socket, "ready"), "strength")["value"] == 0.25
        mistakes = (("no-such", 1, "'no-such'"), ("strength", 2, "from 0.0 to 1.0"), ("strength", "x", "'x'"))
        for name, value, problem in mistakes:
            socket.send_json({"type": "param", "name": name, "value": value})
            assert problem in message(socket, "error")["text"]


def test_a_flood_of_commands_ends_the_connection(house: House) -> None:
    with house.socket(house.token()) as socket:
        for _ in range(2 * BURST):
            socket.send_json({"type": "marker", "name": "m"})
        assert closing(socket).code == wire.CLOSES["refused"]


def test_a_flood_of_anything_ends_the_connection(house: House) -> None:
    with house.socket(house.token()) as socket:
        for _ in range(2 * FLOOD_BURST):
            socket.send_bytes(frame(1, b"x"))
        assert closing(socket).code == wire.CLOSES["refused"]


def test_frames_beyond_the_rate_are_dropped_and_counted(house: House) -> None:
    with house.socket(house.token()) as socket:
        body = jpeg()
        for number in range(3 * BURST):
            socket.send_bytes(frame(number, body))
        while not (status := message(socket, "status"))["dropped"] >= BURST:
            pass
        assert status["dropped"] < 3 * BURST
        time.sleep(0.2)
        socket.send_bytes(frame(9999))
        while picture(socket)[0] != 9999:
            pass


@pytest.mark.parametrize("sounds", [[b""], [b"", b""], [b"", WEBM_MAGIC + b"x", b""]])
def test_a_sound_without_a_byte_is_none(house: House, sounds: list[bytes]) -> None:
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        for sound in sounds:
            socket.send_bytes(wire.pack("sound", sound))
        socket.send_bytes(frame(1))
        assert picture(socket)[0] == 1


SLATE = {"production": "typed", "scene": "1", "shot": "A"}


@pytest.mark.parametrize(
    "command",
    [
        {"type": "record", "on": True, "slate": "x"},
        {"type": "record", "on": True, "slate": SLATE, "fps": None},
        {"type": "record", "on": True, "slate": SLATE, "fps": "24"},
        {"type": "record", "on": True, "slate": SLATE, "fps": True},
        {"type": "record", "on": True, "slate": [["typed"], "1", "A"]},
        {"type": "record", "on": True, "slate": {"production": {"a": []}}},
        {"type": "prompt", "text": None},
        {"type": "prompt", "text": ["underwater"]},
        {"type": "prompt", "text": "underwater", "fade_s": [[0.5]]},
        {"type": "prompt", "text": "underwater", "fade_s": None},
        {"type": "prompt", "text": "half \ud800"},
        {"type": "marker", "name": 7},
        {"type": "marker", "name": "\udfff"},
        {"type": "param", "name": ["strength"], "value": 1},
        {"type": "param", "name": "strength", "value": 0.5, "fade_s": {}},
        {"type": "hello", "version": wire.VERSION, "parameters": [1]},
        {"type": "hello", "version": wire.VERSION, "prompt": 3},
        {"type": ["record"]},
        {"type": None},
        "[" * 9000,
        '{"type": ' * 1500,
        '{"type": "marker", "name": ' + "9" * 9000 + "}",
    ],
)
def test_a_command_of_wrong_types_closes_in_words_and_the_take_is_cut(house: House, command: object) -> None:
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "record", "on": True, "slate": SLATE})
        take = message(socket, "recording")["take"]
        socket.send_bytes(frame(1))
        picture(socket)
        socket.send_text(command if isinstance(command, str) else json.dumps(command))
        assert closing(socket).code == wire.CLOSES["refused"]
    assert Take.open(house.folder / f"typed/S01/A/T{take:03d}").state == "complete"
    with house.socket(house.token()) as after:  # there is one place
        after.send_bytes(frame(0))
        assert picture(after)[0] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1e999", "1" + "0" * 400, "-1", "1e308"])
@pytest.mark.parametrize(
    "command",
    [
        '{"type": "prompt", "text": "underwater", "fade_s": %s}',
        '{"type": "param", "name": "strength", "value": %s}',
        '{"type": "record", "on": true, "slate": {"production": "a", "scene": "1", "shot": "A"}, "fps": %s}',
    ],
)
def test_huge_numbers_are_explained_or_close(house: House, command: str, number: str) -> None:
    with house.socket(house.token()) as socket:
        socket.send_text(command % number)
        try:
            assert message(socket, "error")["text"]
            socket.send_bytes(frame(0))
            assert picture(socket)[0] == 0
        except WebSocketDisconnect as closed:
            assert closed.code == wire.CLOSES["refused"]
    with house.socket(house.token()) as after:
        try:
            after.send_bytes(frame(0))
            assert picture(after)[0] == 0
        except WebSocketDisconnect:
            pytest.fail("the place was not given back")


@pytest.mark.parametrize("fault", [KeyError("x"), RuntimeError("out of memory"), UnicodeError("x")])
def test_what_nobody_expected_gives_the_place_back(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(director: Director, name: str) -> None:
        raise fault

    monkeypatch.setattr(Director, "mark", fail)
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "marker", "name": "m"})
        if isinstance(fault, ValueError):
            assert message(socket, "error")["text"]
            socket.send_json({"type": "stop"})
        assert closing(socket).code in wire.CLOSES.values()
    with house.socket(house.token()) as after:
        after.send_bytes(frame(0))
        assert picture(after)[0] == 0


def test_an_open_socket_does_not_outlive_its_logout(house: House) -> None:
    house.app.auth = {"ann": "secret"}
    house.app.tokens["cookie"] = "ann"
    house.client.cookies.set("access-token-unsecure-here", "cookie")
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        assert picture(socket)[0] == 0
        house.app.tokens.clear()
        assert closing(socket).code == wire.CLOSES["refused"]


def test_bursts_pass_the_rate_limit_and_floods_do_not() -> None:
    limit = RateLimit(rate=0.0, burst=3)
    assert [limit.passes() for _ in range(5)] == [True, True, True, False, False]


def test_a_broken_frame_is_answered_with_itself_and_the_next_one_works(house: House) -> None:
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0, b"no picture"))
        assert picture(socket) == (0, b"no picture")
        socket.send_bytes(frame(1))
        assert picture(socket)[0] == 1


def test_a_new_connection_of_the_page_takes_over(house: House) -> None:
    token = house.token()
    with house.socket(token) as first:
        first.send_bytes(frame(0))
        assert picture(first)[0] == 0
        with house.socket(token) as second:
            assert closing(first).code == wire.CLOSES["taken"]
            second.send_bytes(frame(40))
            assert picture(second)[0] == 40


def test_the_take_goes_on_over_a_lost_connection(house: House) -> None:
    token = house.token()
    with house.socket(token) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "record", "on": True, "slate": {"production": "lost", "scene": "1", "shot": "A"}})
        assert message(socket, "recording")["on"]
        socket.send_bytes(frame(1))
        picture(socket)
    with house.socket(token) as socket:
        socket.send_json({"type": "hello", "version": wire.VERSION, "prompt": "as it is"})
        assert message(socket, "ready")["recording"]
        socket.send_bytes(frame(2))
        picture(socket)
        socket.send_json({"type": "record", "on": False})
        kept = message(socket, "kept")
    assert kept["frames"] == 2
    assert Take.open(house.folder / kept["take"]).state == "complete"


def test_when_every_place_is_taken_the_next_page_is_told(house: House) -> None:
    with house.socket(house.token()) as first:
        first.send_bytes(frame(0))
        picture(first)
        with house.socket(house.token()) as second:
            assert closing(second).code == wire.CLOSES["busy"]
        first.send_json({"type": "stop"})
        assert closing(first).code == wire.CLOSES["stopped"]
    with house.socket(house.token()) as third:
        third.send_bytes(frame(0))
        assert picture(third)[0] == 0


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ({"type": "prompt", "text": "  "}, "empty"),
        ({"type": "prompt", "text": "x" * 5000}, "5,000 characters"),
        ({"type": "prompt", "text": "snowfall", "fade_s": -1}, "fade"),
        ({"type": "record", "on": True, "slate": {"production": "../../etc", "scene": "1", "shot": "A"}}, "production"),
    ],
)
def test_a_mistake_is_explained_and_the_picture_goes_on(house: House, command: dict[str, Any], problem: str) -> None:
    with house.socket(house.token()) as socket:
        socket.send_json(command)
        assert problem in message(socket, "error")["text"]
        socket.send_bytes(frame(0))
        assert picture(socket)[0] == 0
    assert not house.folder.exists() or not any(house.folder.iterdir())


def test_only_what_browsers_may_read_of_a_take_is_served(house: House) -> None:
    take = house.folder / "film/S01/A/T001"
    (take / "proxy").mkdir(parents=True)
    (take / "renders/v001").mkdir(parents=True)
    (house.folder.parent / "secret.mp4").write_bytes(b"secret")
    (take / "proxy/live.mp4").write_bytes(bytes(range(200)))
    for name in ("take.json", "raw.mkv", "renders/v001/render.json"):
        (take / name).write_bytes(b"{}")
    (take / "renders/v001/out.mp4").symlink_to(house.folder.parent / "secret.mp4")
    token = {"token": house.token()}
    home = "/studio/files/film/S01/A/T001"
    for path in (
        f"{home}/take.json",
        f"{home}/raw.mkv",
        f"{home}/renders/v001/render.json",
        f"{home}/renders/v001/out.mp4",  # a link that leads out
        f"{home}/proxy/%2e%2e/take.json",
        "/studio/files/%2e%2e/secret.mp4",
        "/studio/files//etc/passwd",
        f"{home}/proxy/none.mp4",
        f"{home}/proxy",
        "/studio/files/.exports/%2e%2e/passwd",
        "/studio/web/..%2fpages.py",
        "/studio/web/live.html",
    ):
        assert house.client.get(path, params=token).status_code == 404, path
    whole = house.client.get(f"{home}/proxy/live.mp4", params=token)
    assert (whole.status_code, whole.content) == (200, bytes(range(200)))
    part = house.client.get(f"{home}/proxy/live.mp4", params=token, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))


def recorded(house: House, weights: Path) -> Path:
    """A take of twelve frames, without pictures for browsers."""
    director = Director(stream(weights), weights=str(weights))
    director.record(house.folder, Slate("crashed"))
    for number in range(12):
        director.shoot(jpeg(number), number, number * 41_667)
    folder = director.cut()
    director.close()
    assert folder
    return folder


def test_a_take_without_pictures_for_browsers_is_prepared_when_it_is_opened(house: House, weights: Path) -> None:
    folder = recorded(house, weights)
    asked = {"token": house.token(), "take": folder.relative_to(house.folder).as_posix()}
    assert house.callbacks.take(asked) == {"preparing": True}
    until = time.monotonic() + 30
    while (prepared := house.callbacks.take(asked)).get("preparing"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert prepared["frames"] == 12
    assert house.client.get(f"/studio/files/{prepared['raw']}", params={"token": asked["token"]}).status_code == 200
    (line,) = house.callbacks.takes(asked)["takes"]
    assert line["poster"]


def test_what_the_lane_does_not_show_is_rendered_again_too(house: House, weights: Path) -> None:
    """Edits of a version wait in the take, and keep its props and parameters."""
    take = proxies.make(recorded(house, weights))
    moon = Matte("disc", "a moon", {"colour": "white"})
    line = replace(Timeline.of("underwater").set(0.1, strength=0.5), mattes=(moon,))
    render(take, line, stream(weights), progress=lambda done, total: None)
    page = {"token": house.token(), "take": take.folder.relative_to(house.folder).as_posix(), "version": "v001"}
    (live, version) = house.callbacks.take(page)["versions"]
    assert (live["draft"], version["draft"]) == (None, None)
    keys = [{**version["keys"][0], "prompt": "wild west"}]
    assert house.callbacks.draft({**page, "keys": keys, "markers": []}) == {}
    assert house.callbacks.take(page)["versions"][1]["draft"] == {"keys": keys, "markers": []}
    job = house.callbacks.render({**page, "keys": keys, "markers": []})
    assert house.callbacks.take(page)["job"] == job["job"]
    assert [line["rendering"] for line in house.callbacks.takes(page)["takes"]] == [True]
    ended = until_it_ends(house, page | job)
    assert (ended["state"], ended["version"], ended["share"]) == ("made", "v002", 1.0)
    assert house.callbacks.take(page)["job"] is None
    made = take.renders[1].timeline
    assert made.at(0).directed().prompt == (("as it is", 0.5), ("wild west", 0.5))
    assert (made.mattes, made.tracks) == (line.mattes, line.tracks)
    assert house.callbacks.take(page)["versions"][1]["draft"] is None, "a version holds it now"
    assert "has no version 'v009'; load the page again" in house.callbacks.draft({**page, "version": "v009"})["error"]


def until_it_ends(house: House, job: dict[str, Any]) -> dict[str, Any]:
    """How a render ended; its process takes seconds to begin."""
    until = time.monotonic() + 60
    while (progress := house.callbacks.progress(job))["state"] in ("waiting", "running"):
        assert time.monotonic() < until, progress
        time.sleep(0.05)
    return progress


def test_a_render_is_cancelled(house: House, weights: Path) -> None:
    take = proxies.make(recorded(house, weights))
    page = {"token": house.token(), "take": take.folder.relative_to(house.folder).as_posix(), "version": "live"}
    keys = {"keys": [{"time_s": 0, "prompt": "wild west"}], "markers": []}
    jobs = [house.callbacks.render({**page, **keys}) for _ in range(2)]
    assert house.callbacks.cancel(page | jobs[1]) == {}
    assert until_it_ends(house, page | jobs[1])["state"] == "cancelled"
    assert until_it_ends(house, page | jobs[0])["state"] == "made"
    assert [version.name for version in Take.open(take.folder).renders] == ["v001"]


def test_callbacks_explain_themselves(house: House) -> None:
    token = {"token": house.token()}
    assert "Load it again" in house.callbacks.takes({"token": "guessed"})["error"]
    for path in ("../../etc", "a/S01/A/T001", "", "a"):
        assert house.callbacks.take({**token, "take": path})["error"]
    assert "does not know this render" in house.callbacks.progress({**token, "job": "none"})["error"]
