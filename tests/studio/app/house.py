"""The routes of a studio with a tiny model, without a browser, and how tests talk to them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from engine.stream import Stream
from studio.app import wire
from studio.app.callbacks import Callbacks
from studio.app.guard import Guard
from studio.live.director import Director
from studio.takes.slate import Slate

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


def stream(weights: Path) -> Stream:
    return Stream.load(weights, device="cpu", threads=1)


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


def until_it_ends(house: House, job: dict[str, Any]) -> dict[str, Any]:
    """How a render ended; its process takes seconds to begin."""
    until = time.monotonic() + 60
    while (progress := house.callbacks.progress(job))["state"] in ("waiting", "running"):
        assert time.monotonic() < until, progress
        time.sleep(0.05)
    return progress
