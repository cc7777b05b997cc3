"""An exception in each thread of the studio: its words reach the page or the command, and nobody waits for the dead.

The threads are read from the source, so that a new one fails here until its exception is thrown, too.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from studio.app import wire
from studio.app.server import routes
from studio.app.sessions import Sessions
from studio.farm import cluster
from studio.farm.farm import render_many
from studio.farm.inprocess import InProcess
from studio.farm.jobs import Job
from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.filecamera import FileCamera, roll
from studio.live.newest import Newest
from studio.live.overload import overload
from studio.live.takelog import TakeLog
from studio.notebook import LiveCamera
from studio.sets.store import Store
from studio.takes.recorder import Recorder
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.timeline import Timeline
from studio.workers import Worker
from tests.edge_model import EdgeModel
from tests.faults.shooting import camera_jpeg, shoot_take
from tests.faults.support import ROOT, assert_kept, send, until, within
from tests.studio import test_workers
from tests.studio.app.house import HOME, House, closing, frame, message

SLATE = {"production": "threads", "scene": "1", "shot": "A"}


class Odd(BaseException):
    """What nobody expects in a thread, with a text to be found again."""


def throwing(error: BaseException) -> Callable[..., Any]:
    """A function that raises it, whatever it is called with."""

    def throw(*_: object, **__: object) -> Any:
        raise error

    return throw


odd = throwing(Odd("quite odd"))


def threads() -> set[str]:
    """`module: name` of each place in the studio's source that begins a thread, a timer or a pool of threads."""
    places = set()
    for path in sorted((ROOT / "studio").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            maker = ast.unparse(node.func)
            if maker in ("Worker", "Newest"):  # which is a worker with a slot of one
                places.add(f"{module}: {_first_word(node.args[0])}")
            elif maker.rpartition(".")[2] in ("Thread", "Timer"):
                places.add(f"{module}: {maker}")
            elif maker.endswith("PoolExecutor"):
                places.add(f"{module}: {ast.literal_eval(node.args[1])} pool")
    return places


def _first_word(name: ast.expr) -> str:
    """A worker's name, or its part before what differs."""
    if isinstance(name, ast.JoinedStr):
        name = name.values[0]
    return str(name.value).strip() if isinstance(name, ast.Constant) else ast.unparse(name)


def record(socket: WebSocketTestSession) -> None:
    send(socket, 0, 2)
    socket.send_json({"type": "record", "on": True, "slate": SLATE})
    assert message(socket, "recording")["on"]


def trouble(socket: WebSocketTestSession) -> str:
    """The next trouble that the page's status line shows."""
    while not (text := message(socket, "status")["trouble"]):
        pass
    return str(text)


def is_free(house: House) -> None:
    """The studio's one place is free, and works."""
    with house.socket(house.token()) as socket:
        send(socket, 0, 1)


# -- what is thrown where, and where its words are heard


def recorder(house: House, patch: pytest.MonkeyPatch) -> str:
    calls: list[None] = []
    write = Recorder._write_frame

    def fail(self: Recorder, *arguments: Any) -> None:
        calls.append(None)
        write(self, *arguments) if len(calls) < 4 else odd()

    patch.setattr(Recorder, "_write_frame", fail)
    with house.socket(house.token()) as socket:
        record(socket)
        send(socket, 2, 9)
        ended = message(socket, "recording")
        assert ended["on"] is False
        send(socket, 9, 12)  # the picture goes on
        socket.send_json({"type": "record", "on": False})
        kept = message(socket, "kept")
    take = assert_kept(house.folder / kept["take"])
    assert take.state == "recovered"
    assert len(take.frames) == 3
    assert "odd" in take.manifest.ended
    return str(ended["text"])


def frame_loop(house: House, patch: pytest.MonkeyPatch) -> str:
    start = Worker.start

    def start_and_end(worker: Worker) -> Worker:
        """So that it has ended before the socket's side goes on, as it may."""
        start(worker)
        if worker.name == "frame loop":
            worker.join()
        return worker

    patch.setattr(Connection, "run", odd)
    patch.setattr(Worker, "start", start_and_end)
    with house.socket(house.token()) as socket:
        socket.send_bytes(frame(0))
        bye = message(socket, "bye")["text"]
        with pytest.raises(WebSocketDisconnect) as closed:
            message(socket, "nothing more")
        assert closed.value.code == wire.CLOSES["broken"]
    patch.undo()
    is_free(house)
    return str(bye)


def embedder(house: House, patch: pytest.MonkeyPatch) -> str:
    patch.setattr(Newest, "_prepared", odd)
    with house.socket(house.token()) as socket:
        socket.send_json({"type": "prompt", "text": "underwater"})
        send(socket, 0, 3)
        words = trouble(socket)
        socket.send_json({"type": "prompt", "text": "wild west"})
        assert "start again" in message(socket, "error")["text"]
        send(socket, 3, 5)
        socket.send_json({"type": "stop"})
        assert closing(socket).code == wire.CLOSES["stopped"]
    patch.undo()
    is_free(house)
    return words


def maker_of_sets(house: House, patch: pytest.MonkeyPatch) -> str:
    patch.setattr(Newest, "_prepared", odd)
    token = house.token()
    with house.socket(token) as socket:
        send(socket, 0, 2)
        director = house.callbacks.sessions.enter(token).director
        within(10, lambda: director.change_set(None, wait=True))
        words = trouble(socket)
        with pytest.raises(ValueError, match="start again"):
            director.change_set(None)
        send(socket, 2, 4)
    return words


def coming_set(house: House, patch: pytest.MonkeyPatch) -> str:
    """A timeline's next set is made ahead of its time; the picture goes on without."""
    token = house.token()
    with house.socket(token) as socket:
        send(socket, 0, 2)
        director = house.callbacks.sessions.enter(token).director
        patch.setattr(Newest, "_prepared", odd)
        line = Timeline.of("as it is").with_set(0, {"colour": "red"}).with_set(9, {"colour": "blue"})
        take = director.record(house.folder, Slate(**SLATE), timeline=line)
        send(socket, 2, 4)
        words = trouble(socket)
        send(socket, 4, 6)
        within(10, director.cut)
    assert Take.open(take).state == "complete"
    return words


def copier(house: House, patch: pytest.MonkeyPatch) -> str:
    """A set's file that no link can be made of is copied beside the frames."""
    house.folder.mkdir(parents=True)
    picture = house.folder / "sea.png"
    Image.new("RGB", (64, 36), "teal").save(picture)
    name = Store(house.folder / "threads" / "sets").add(picture)
    patch.setattr("studio.takes.recorder.link_file", lambda *_: False)
    patch.setattr("studio.takes.recorder.copy_file", odd)
    with house.socket(house.token()) as socket:
        send(socket, 0, 2)
        socket.send_json({"type": "set", "set": {"file": name}})
        message(socket, "set")
        record(socket)
        send(socket, 2, 9)
        ended = message(socket, "recording")
        assert ended["on"] is False
        send(socket, 9, 12)
    return str(ended["text"])


def clean_plate(house: House, patch: pytest.MonkeyPatch) -> str:
    patch.setattr("studio.live.cleanplate.Learner.plate", odd)
    with house.socket(house.token()) as socket:
        send(socket, 0, 1)
        socket.send_json({"type": "clean"})
        text = ""
        for number in range(1, 200):  # of which the plate is learnt
            socket.send_bytes(frame(number))
            while (received := socket.receive()).get("bytes") is None:
                said = json.loads(received["text"])
                text = said["text"] if said["type"] == "error" else text
            if text:
                break
    return text


def end_of_take(house: House, patch: pytest.MonkeyPatch) -> str:
    """The recorder ends by itself, and then its end, which has a thread of its own, fails too."""
    patch.setattr(Recorder, "_write_frame", throwing(OSError(28, "No space left on device")))
    patch.setattr(TakeLog, "finish", odd)
    token = house.token()
    with house.socket(token) as socket:
        record(socket)
        number, words = 2, ""
        while "odd" not in words:
            send(socket, number, number + 1)  # the take is let go at a frame after its end
            number, words = number + 1, house.callbacks.sessions.enter(token).director.status().trouble
        assert trouble(socket) == words
        patch.undo()
        send(socket, number, number + 3)
    return words


def keeper(house: House, patch: pytest.MonkeyPatch) -> str:
    patch.setattr("studio.app.sessions.finish", throwing(MemoryError("quite odd")))
    with house.socket(house.token()) as socket:
        record(socket)
        send(socket, 2, 5)
        socket.send_json({"type": "record", "on": False})
        kept = message(socket, "kept")
        text = message(socket, "error")["text"]
        patch.undo()
        socket.send_json({"type": "record", "on": True, "slate": SLATE})  # the next one is kept
        message(socket, "recording")
        send(socket, 5, 8)
        socket.send_json({"type": "record", "on": False})
        while not message(socket, "kept")["ready"]:
            pass
    assert Take.open(house.folder / kept["take"]).state == "complete"
    return str(text)


def model_loader(house: House, patch: pytest.MonkeyPatch) -> str:
    places = Sessions(throwing(RuntimeError("quite odd")), 1)
    client = TestClient(Starlette(routes=routes(house.guard, places, house.callbacks)), base_url=HOME)
    with client, client.websocket_connect(f"/studio/live?token={house.token()}", headers={"origin": HOME}) as socket:
        text = message(socket, "bye")["text"]
    within(10, places.close)
    return str(text)


def grace(house: House, patch: pytest.MonkeyPatch) -> str:
    """The page is gone, so nobody is told; but its place is free, and what failed is in the log."""
    patch.setattr("studio.app.sessions.GRACE_S", 0.05)
    patch.setattr(Director, "cut", throwing(RuntimeError("quite odd")))
    with house.socket(house.token()) as socket:
        send(socket, 0, 1)
    until(lambda: not house.callbacks.sessions._sessions)
    patch.undo()
    is_free(house)
    return "quite odd"


def overload_camera(house: House, patch: pytest.MonkeyPatch) -> str:
    patch.setattr(Connection, "offer", odd)
    director = Director(EdgeModel())
    heard: list[str] = []

    def run() -> None:
        try:
            overload(director, [camera_jpeg(0)], size=(96, 64), fps=20, seconds=1)
        except Odd as error:
            heard.append(str(error))

    within(10, run)
    director.close()
    return heard[0]


def file_camera(house: House, patch: pytest.MonkeyPatch) -> str:
    take = Take.open(shoot_take(house.folder, 3))
    camera, director, heard = FileCamera(take.folder / "raw.mkv", (96, 64)), Director(EdgeModel()), []
    patch.setattr(camera, "play", odd)

    def run() -> None:
        try:
            roll(camera, Connection(director), lambda shown: None)
        except Odd as error:
            heard.append(str(error))

    within(10, run)
    director.close()
    return heard[0]


def heard_by_a_view(camera: LiveCamera, patch: pytest.MonkeyPatch, kind: str) -> list[dict[str, Any]]:
    """What a notebook's page gets of that kind from now on."""
    sent: list[dict[str, Any]] = []
    patch.setattr(camera, "send", lambda content, buffers=None: sent.append(content) if content["type"] == kind else 0)
    return sent


def notebook_cut(house: House, patch: pytest.MonkeyPatch) -> str:
    camera = LiveCamera("threads", sessions=house.folder, stream=EdgeModel())
    sent = heard_by_a_view(camera, patch, "error")
    patch.setattr(camera, "cut", odd)
    camera._handle_custom_msg({"type": "cut", "view": "page"}, [])
    until(lambda: sent)
    within(10, camera.close)
    return str(sent[0]["text"])


def notebook_camera(house: House, patch: pytest.MonkeyPatch) -> str:
    camera = LiveCamera("threads", sessions=house.folder, stream=EdgeModel())
    sent = heard_by_a_view(camera, patch, "error")
    patch.setattr(Connection, "run", odd)
    camera._handle_custom_msg({"type": "start", "view": "page", "fps": 24}, [])
    until(lambda: sent)
    patch.undo()
    within(10, camera.close)
    return str(sent[0]["text"])


def ray_task(house: House, patch: pytest.MonkeyPatch) -> str:
    """The task's own function, as a machine of the cluster runs it."""
    patch.setattr("studio.farm.worker.work", odd)
    events: list[dict[str, Any]] = []
    function: Any = cluster._work._function  # type: ignore[attr-defined]
    within(10, lambda: events.extend(function(Job(house.folder).to_dict())))
    assert events[-1]["kind"] == "failed"
    return str(events[-1]["text"])


def farm(house: House, patch: pytest.MonkeyPatch) -> str:
    """Nobody follows the workers any more; a page asks for a render's progress."""
    take = shoot_take(house.folder, 6)
    path = take.relative_to(house.folder).as_posix()
    callbacks, token = house.callbacks, house.token()
    keys = [{"id": "k1", "time_s": 0, "prompt": "wild west"}]
    patch.setattr(callbacks._farm._tracker, "next", odd)
    asked = {"token": token, "take": path, "keys": keys, "markers": []}
    job = callbacks.render(asked)
    until(lambda: callbacks.progress({"token": token, **job})["state"] == "failed")
    words = callbacks.progress({"token": token, **job})["error"]
    patch.undo()
    job = callbacks.render(asked)
    until(lambda: callbacks.progress({"token": token, **job})["state"] == "made")
    return str(words)


def render_in_process(house: House, patch: pytest.MonkeyPatch) -> str:
    take = shoot_take(house.folder, 6)
    results: list[Any] = []
    patch.setattr(InProcess, "_run", odd)
    within(20, lambda: results.extend(render_many([Job(take), Job(take)], model=EdgeModel(7))))
    assert [result.version for result in results] == [None, None]
    return str(results[0].error)


def farm_process(house: House, patch: pytest.MonkeyPatch) -> str:
    """Three processes are lost with what they say: tests/studio/test_workers.py throws it there."""
    assert callable(test_workers.test_a_farm_worker_that_talks_nonsense_is_lost_and_not_waited_for)
    return "quite odd"


INJECTIONS: dict[str, Callable[[House, pytest.MonkeyPatch], str]] = {
    "studio.takes.recorder: recorder": recorder,
    "studio.app.socket: frame loop": frame_loop,
    "studio.live.mailbox: prompt": embedder,
    "studio.live.director: set": maker_of_sets,
    "studio.live.cleanplate: clean plate": clean_plate,
    "studio.live.ahead: coming set": coming_set,
    "studio.takes.recorder: copier": copier,
    "studio.live.director: end of take": end_of_take,
    "studio.live.overload: camera": overload_camera,
    "studio.live.filecamera: file camera": file_camera,
    "studio.notebook.camera: cut": notebook_cut,
    "studio.notebook.feeds: camera": notebook_camera,
    "studio.farm.cluster: render": ray_task,
    "studio.farm.farm: farm": farm,
    "studio.farm.inprocess: render": render_in_process,
    "studio.farm.local: farm worker": farm_process,
    "studio.app.sessions: studio pool": model_loader,
    "studio.app.sessions: keeper pool": keeper,
    "studio.app.sessions: threading.Timer": grace,
}
"""By thread: throws an exception in it, and returns the words that the page or the command heard."""
NOT_INJECTED = {"studio.workers: threading.Thread", "studio.live.newest: {what}"}
"""What others are made of."""


def test_each_thread_of_the_studio_has_an_exception_thrown_in_it() -> None:
    assert threads() - NOT_INJECTED == INJECTIONS.keys()


@pytest.mark.parametrize("thread", INJECTIONS)
def test_an_exception_in_a_thread_is_heard_in_words(house: House, monkeypatch: pytest.MonkeyPatch, thread: str) -> None:
    assert "quite odd" in INJECTIONS[thread](house, monkeypatch)
