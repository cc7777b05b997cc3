"""The talk on the live socket: frames, commands and sound are answered, and mistakes close in words."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from PIL import Image
from starlette.websockets import WebSocketDisconnect

from studio.app import wire
from studio.live.director import Director
from studio.takes.recorder import WEBM_MAGIC
from studio.takes.take import Take
from tests.studio.app.house import House, closing, frame, message, parameter, picture


@pytest.mark.parametrize("house", ["edge", "lsd"], indirect=True)
def test_a_frame_is_answered_with_its_own_number(house: House) -> None:
    with house.socket(house.token()) as socket:
        for number in (5, 6, 9):
            socket.send_bytes(frame(number))
            answered, body = picture(socket)
            assert answered == number
            assert Image.open(io.BytesIO(body)).size == (96, 64)


def test_each_record_is_answered_once_and_names_no_folder(house: House) -> None:
    roll = {"type": "record", "on": True, "slate": {"production": "twice", "scene": "1", "shot": "A"}}
    with house.socket(house.token()) as socket:
        socket.send_json(roll)
        assert message(socket, "recording")["on"]
        socket.send_json(roll)
        assert message(socket, "recording") == {"type": "recording", "on": True}
        assert message(socket, "error")["text"] == "A take is being recorded already; cut it first"
        socket.send_json({"type": "record", "on": False})
        assert not message(socket, "recording")["on"]
        socket.send_json(roll | {"slate": {"production": "..", "scene": "1", "shot": "A"}})
        assert message(socket, "recording") == {"type": "recording", "on": False}


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
        assert strength == {
            "name": "strength",
            "least": 0.0,
            "most": 1.0,
            "default": 1.0,
            "value": 1.0,
            "on_set": False,
        }
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


def slow(house: House, monkeypatch: pytest.MonkeyPatch, text_s: float) -> list[str]:
    """Let the model take that long for a text, in seconds; the texts that it is given."""
    sessions = house.callbacks.sessions
    assert sessions._spare
    mailbox, prepared = sessions._spare.result()._mailbox, []
    embed = mailbox._embed

    def wait(text: str) -> None:
        prepared.append(text)
        time.sleep(text_s)
        embed(text)

    monkeypatch.setattr(mailbox, "_embed", wait)
    return prepared


def test_frames_are_answered_while_many_new_prompts_are_looked_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty new prompts at once, each of which takes 0.2 s: only the newest are looked up, and no frame waits."""
    prepared = slow(house, monkeypatch, 0.2)
    with house.socket(house.token()) as socket:
        begun_s = time.monotonic()
        for number in range(30):
            socket.send_json({"type": "prompt", "text": f"words {number}"})
            socket.send_bytes(frame(number))
            assert picture(socket)[0] == number
        assert time.monotonic() - begun_s < 4, "they would take six seconds one after the other"
        while message(socket, "prompt")["text"] != "words 29":
            pass
    assert prepared[0] == "words 0"
    assert prepared[-1] == "words 29"
    assert len(prepared) < 25


def test_a_take_begins_with_the_words_that_were_asked_for_before_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(house, monkeypatch, 0.3)
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "prompt", "text": "underwater"})
        socket.send_json({"type": "record", "on": True, "slate": SLATE})
        take = message(socket, "recording")["take"]
        socket.send_bytes(frame(1))
        picture(socket)
        socket.send_json({"type": "record", "on": False})
        message(socket, "kept")
    assert Take.open(house.folder / f"typed/S01/A/T{take:03d}").timeline.keys[0].prompt == "underwater"


@pytest.mark.parametrize("text", ["", "x" * 1001])
def test_a_prompt_that_is_refused_is_explained_and_the_next_one_is_taken(house: House, text: str) -> None:
    with house.socket(house.token()) as socket:
        for _ in range(2):
            socket.send_json({"type": "prompt", "text": text})
            assert message(socket, "error")["text"].startswith("The prompt ")
            socket.send_json({"type": "prompt", "text": "pencil"})
            assert message(socket, "prompt")["text"] == "pencil"


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
