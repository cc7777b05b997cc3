"""Sets over the pages' socket and doors: asked for, brought, refused in words, recorded, back after a lost line."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import WebSocketTestSession

from engine.media.pictures import decode_jpeg
from studio.app import doors, wire
from studio.app.commands import Closing, _check
from studio.rendering.verify import check_take
from studio.sets.gallery import GALLERY
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.studio.app.house import House, closing, frame, message, picture

RED: dict[str, Any] = {"colour": "red"}


def beach() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    return out.getvalue()


def bring(house: House, token: str, data: bytes, name: str = "My beach.JPG", production: str = "My film") -> Any:
    return house.client.post(
        "/studio/sets",
        params={"token": token, "name": name, "production": production},
        content=data,
        headers={"content-type": "application/octet-stream", "origin": "http://testserver"},
    )


def test_a_set_stands_from_a_next_frame_on_and_is_recorded(house: House) -> None:
    token = house.token()
    with house.socket(token) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "set", "set": RED, "fade_s": 0})
        assert message(socket, "set") == {"type": "set", "set": RED, "name": "red", "unknown": []}
        slate = {"production": "f", "scene": "1", "shot": "A"}
        socket.send_json({"type": "record", "on": True, "slate": slate})
        assert message(socket, "recording")["on"]
        for number in (1, 2, 3):
            socket.send_bytes(frame(number))
            picture(socket)
        socket.send_json({"type": "set", "set": None, "fade_s": 0.02})
        assert message(socket, "set")["name"] == "off"
        for number in (4, 5, 6, 7):
            socket.send_bytes(frame(number))
            picture(socket)
        socket.send_json({"type": "record", "on": False})
        kept = message(socket, "kept")
    take = Take.open(house.folder / kept["take"])
    assert [key.set if key.set is None else key.set["colour"] for key in take.timeline.sets] == ["red", None]  # type: ignore[call-overload]
    assert check_take(take, EdgeModel()).sound


def test_words_are_shown_as_three_places_of_which_one_click_takes_another(house: House) -> None:
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "set", "words": "a castle at night", "fade_s": 0, "cast": {"matter": "none"}})
        stands = message(socket, "set")["set"]
        shown = message(socket, "proposals")["sets"]
        assert len(shown) == 3
        assert {**shown[0]["set"], "cast": {"matter": "none"}} == stands, "the first is what stands"
        assert [each["set"]["plan"].get("seed", 0) for each in shown] == [0, 1, 2]
        assert {each["set"]["name"] for each in shown} == {"a castle at night"}
        pictures = [each["picture"] for each in shown]
        assert len(set(pictures)) == 3
        assert all(each.startswith("data:image/jpeg;base64,") for each in pictures)
        socket.send_json({"type": "set", "set": shown[2]["set"], "fade_s": 0})
        assert message(socket, "set")["set"] == shown[2]["set"]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"set": {"gallery": "nowhere"}}, "The gallery has no set 'nowhere'"),
        ({"set": {"file": "0" * 64 + ".jpg"}}, "is gone from any folder"),
        ({"set": {"file": "../../secret"}}, "does not name a file of a set"),
        ({"set": {"plan": {"sky": "green cheese"}}}, "green cheese"),
        ({"set": RED, "cast": {"matter": "ghosts"}}, "'ghosts' is not a cast"),
        ({"set": RED, "fade_s": -1}, "a set's fade"),
        ({"set": {"x": 1}}, "A set of x; it has one of"),
    ],
)
def test_a_set_that_cannot_stand_is_said_and_the_one_before_stays(house: House, asked: Any, text: str) -> None:
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "set", "set": RED})
        message(socket, "set")
        socket.send_bytes(frame(1))
        picture(socket)
        socket.send_json({"type": "set", **asked})
        assert text.lower() in message(socket, "error")["text"].lower()
        assert message(socket, "set")["set"] == RED
        socket.send_bytes(frame(2))
        assert picture(socket)[0] == 2


@pytest.mark.parametrize(
    "command", [{"set": "dunes"}, {"set": [1]}, {"words": 3}, {"cast": "person"}, {"fade_s": "1"}, {"fade_s": True}]
)
def test_what_no_page_sends_closes(house: House, command: dict[str, Any]) -> None:
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "set", **command})
        assert closing(socket).code == wire.CLOSES["refused"]
    with pytest.raises(TypeError):
        _check({"type": "matte", "on": 1})
    assert issubclass(Closing, Exception)


def test_words_give_a_set_and_a_look_and_what_they_do_not_is_said(house: House) -> None:
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "set", "words": "a castle at night beside a qwxyzt"})
        stands = message(socket, "set")
        assert (stands["set"]["plan"]["sky"], stands["set"]["plan"]["structures"]) == ("night", ["castle"])
        assert stands["name"] == "a castle at night beside a qwxyzt"
        ((word, nearest),) = stands["unknown"]
        assert word == "qwxyzt"
        assert len(nearest) == 3
        socket.send_json({"type": "set", "words": "a castle at night as a watercolour"})
        answers: dict[str, dict[str, Any]] = {}
        while not {"set", "prompt"} <= answers.keys():
            answer = json.loads(socket.receive()["text"])
            answers[answer["type"]] = answer
        assert (answers["set"]["unknown"], answers["prompt"]["text"]) == ([], "watercolour")


def test_a_page_that_comes_back_finds_its_set(house: House) -> None:
    token = house.token()
    with house.socket(token) as socket:
        socket.send_json({"type": "hello", "version": wire.VERSION, "set": RED})
        assert message(socket, "set")["set"] == RED
        socket.send_bytes(frame(0))
        picture(socket)
    with house.socket(token) as socket:
        socket.send_json({"type": "hello", "version": wire.VERSION, "set": None})
        assert message(socket, "set")["set"] is None


def test_the_matte_is_shown_in_place_of_the_picture(house: House) -> None:
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "set", "set": {"colour": "red", "cast": {"matter": "all"}}})
        message(socket, "set")
        socket.send_bytes(frame(0))
        before = decode_jpeg(picture(socket)[1])
        socket.send_json({"type": "matte", "on": True})
        socket.send_bytes(frame(1))
        matte = decode_jpeg(picture(socket)[1])
        assert matte.min() > 250 > before.mean()


def cleaned(socket: WebSocketTestSession, first: int, greys: tuple[int, ...]) -> list[dict[str, Any]]:
    """What the studio says until it speaks of the clean plate, while frames of these greys come in real time."""
    socket.send_json({"type": "clean", "production": "My film"})
    said: list[dict[str, Any]] = []
    for number in range(first, first + 200):
        socket.send_bytes(frame(number, frame_of(greys[number % len(greys)])))
        while (received := socket.receive()).get("bytes") is None:
            said.append(json.loads(received["text"]))
            if said[-1]["type"] == "clean":
                return said
        time.sleep(1 / 24)  # a camera's clock is held to its frames' arrival
    raise AssertionError(f"no clean plate in 200 frames, only {said}")


@pytest.mark.long
def test_a_clean_plate_is_taken_and_names_the_cast(house: House) -> None:
    with house.socket(house.token()) as socket:
        plate = cleaned(socket, 0, (120, 121))[-1]["plate"]
        assert (house.folder / "My-film" / "sets" / plate).is_file()
        cast = {"matter": "clean-plate", "plate": plate}
        socket.send_json({"type": "set", "set": RED, "cast": cast})
        assert message(socket, "set")["set"] == {**RED, "cast": cast}
        socket.send_json({"type": "set", "set": None})
        *said, last = cleaned(socket, 300, (0, 90, 180))
        assert any("moved while the clean plate was taken" in each.get("text", "") for each in said)
        assert last["plate"] is None


def test_a_picture_that_is_refused_is_not_learnt(house: House) -> None:
    """One too small for a camera came between."""
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        picture(socket)
        socket.send_json({"type": "clean"})
        out = io.BytesIO()
        Image.new("RGB", (8, 8)).save(out, "JPEG")
        for number, data in ((1, out.getvalue()), (2, beach())):
            socket.send_bytes(frame(number, data))
            picture(socket)


def frame_of(grey: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((64, 96, 3), grey, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def test_a_picture_is_brought_and_shown(house: House) -> None:
    token = house.token()
    kept = bring(house, token, beach()).json()["set"]
    assert kept["name"] == "My beach.JPG"
    assert (house.folder / "My-film" / "sets" / kept["file"]).read_bytes() == beach()
    with house.socket(token) as socket:
        socket.send_json({"type": "set", "set": kept})
        assert message(socket, "set")["set"] == kept


def test_a_file_that_is_there_stays_when_it_cannot_be_looked_at_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = bring(house, token := house.token(), beach()).json()["set"]

    def refuse(path: Any, of: Any) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("studio.sets.stage._plate_of_file", refuse)
    assert bring(house, token, beach()).status_code == 422
    assert (house.folder / "My-film" / "sets" / kept["file"]).read_bytes() == beach()


@pytest.mark.parametrize(
    ("data", "name", "production", "text"),
    [
        (b"no picture", "beach.jpg", "film", "is not a whole picture"),
        (b"", "beach.jpg", "film", "is empty"),
        (b"MZ", "beach.exe", "film", "is not a picture or a clip by its name"),
        (b"x", "beach.jpg", "../..", "cannot name a folder"),
    ],
)
def test_what_cannot_be_a_set_is_not_kept(house: House, data: bytes, name: str, production: str, text: str) -> None:
    answer = bring(house, house.token(), data, name, production)
    assert answer.status_code == 422
    assert text in answer.json()["error"]
    assert not [path for path in house.folder.rglob("*") if path.is_file()]


def test_the_gallery_shows_itself_to_pages_alone(house: House) -> None:
    name = next(iter(GALLERY))
    answer = house.client.get(f"/studio/gallery/{name}.jpg", params={"token": house.token()})
    assert Image.open(io.BytesIO(answer.content)).size == (192, 108)
    assert house.client.get("/studio/gallery/nowhere.jpg", params={"token": house.token()}).status_code == 404
    assert house.client.get(f"/studio/gallery/{name}.jpg").status_code == 403
    assert bring(house, "wrong", beach()).status_code == 403
    assert doors.door_of("/studio/sets") is not None
