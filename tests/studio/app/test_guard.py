"""Laws of the guard: without a token, from elsewhere, too large or too much, nothing is answered but a refusal."""

from __future__ import annotations

import time

import pytest

from studio.app import wire
from studio.app.guard import BURST, FLOOD_BURST, MAX_COMMAND, MAX_FRAME, RateLimit
from tests.studio.app.house import House, closing, frame, jpeg, message, picture, refusal


def test_without_a_token_or_with_a_wrong_one_there_is_no_socket(house: House) -> None:
    assert refusal(house, "") == 403
    assert refusal(house, "guessed") == 403


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://testserver.example", "null", "http://[", None])
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


def test_a_flood_of_commands_ends_the_connection(house: House) -> None:
    with house.socket(house.token()) as socket:
        for _ in range(2 * BURST):
            socket.send_json({"type": "marker", "name": "m"})
        assert closing(socket).code == wire.CLOSES["refused"]


def test_a_flood_of_anything_ends_the_connection(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.app.socket.FLOOD_RATE", 10.0)  # whatever else this machine does meanwhile
    with house.socket(house.token()) as socket:
        for _ in range(2 * FLOOD_BURST):
            socket.send_bytes(frame(1, b"x"))
        assert closing(socket).code == wire.CLOSES["refused"]


@pytest.mark.long
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


@pytest.mark.long
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
