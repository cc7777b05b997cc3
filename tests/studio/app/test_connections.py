"""Connections before their first word: those that are too slow or too many are closed, and nobody else waits."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from studio.app import connections
from studio.app.connections import bound

ASK = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


async def quick(request: Request) -> PlainTextResponse:
    return PlainTextResponse("quick")


async def slow(request: Request) -> PlainTextResponse:
    await asyncio.sleep(1.0)
    return PlainTextResponse("slow")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Of a server that waits 0.4 s for a header."""
    monkeypatch.setattr(connections, "HEADER_S", 0.4)
    app = Starlette(routes=[Route("/quick", quick), Route("/slow", slow), WebSocketRoute("/echo", echo)])
    config = uvicorn.Config(app, port=0, log_level="critical", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    bound(config)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def closed_s(client: socket.socket) -> float:
    """After how many seconds the server closes a connection."""
    begun_s = time.monotonic()
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begun_s


def answer(client: socket.socket) -> bytes:
    data = b""
    while b"quick" not in data and b"slow" not in data:
        data += client.recv(4096)
    return data


@pytest.mark.parametrize("sent", [b"", b"G", b"GET /quick HTTP/1.1\r\nHost: a\r\n"])
def test_a_header_that_does_not_come_ends_its_connection(port: int, sent: bytes) -> None:
    with opened(port) as client:
        client.sendall(sent)
        assert closed_s(client) < 4


def test_the_next_header_that_does_not_come_ends_its_connection(port: int) -> None:
    """Uvicorn lets an idle connection go after five seconds, unless a byte of the next header has come."""
    with opened(port) as client:
        client.sendall(ASK % b"quick")
        answer(client)
        client.sendall(b"G")
        assert closed_s(client) < 4


def test_a_header_that_drips_ends_its_connection(port: int) -> None:
    begun_s = time.monotonic()
    with opened(port) as client:
        for byte in b"GET /quick HTTP/1.1\r\nX: " + b"x" * 1000:
            try:
                client.sendall(bytes([byte]))
            except ConnectionError:
                break
            time.sleep(0.05)
    assert time.monotonic() - begun_s < 4


@pytest.mark.long
def test_an_answer_may_take_its_time(port: int) -> None:
    with opened(port) as client:
        client.sendall(ASK % b"slow")
        assert answer(client).endswith(b"slow")
        client.sendall(ASK % b"quick")
        assert answer(client).endswith(b"quick")


@pytest.mark.long
def test_a_socket_stays_open(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/echo") as client:
        for word in ("one", "two"):
            time.sleep(0.6)
            client.send(word)
            assert client.recv(timeout=10) == word


def test_connections_are_bounded_and_free_again(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "AT_ONCE", 8)
    monkeypatch.setattr(connections, "HEADER_S", 2.0)
    with ExitStack() as stack:
        idle = [stack.enter_context(opened(port)) for _ in range(8)]
        with opened(port) as one_more:
            assert closed_s(one_more) < 1
        idle[0].sendall(ASK % b"quick")
        assert answer(idle[0]).endswith(b"quick"), "those that are open are answered"
        idle[1].close()
        time.sleep(0.2)
        with opened(port) as next_one:
            next_one.sendall(ASK % b"quick")
            assert answer(next_one).endswith(b"quick")


def test_another_machine_has_not_all_connections(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "AT_ONCE_OF_ONE", 2)
    with ExitStack() as stack:
        for _ in range(3):  # a proxy on this machine may
            client = stack.enter_context(opened(port))
            client.sendall(ASK % b"quick")
            assert answer(client).endswith(b"quick")
        monkeypatch.setattr(connections, "_is_here", lambda address: False)
        with opened(port) as one_more:
            assert closed_s(one_more) < 1
