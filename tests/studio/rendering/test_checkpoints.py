"""A render that ends before its version keeps its checkpoints, unless they are the damage."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.rendering import making
from studio.rendering.checkpoints import Checkpoints, DamagedCheckpointsError
from studio.rendering.render import render
from studio.takes.documents import TakeError
from studio.takes.lock import is_locked
from studio.takes.take import Take
from tests.edge_model import EdgeModel

ROOT = Path(__file__).parents[3]


def kept(take: Take) -> list[Path]:
    return sorted((take.folder / "renders").glob(".unfinished-*/*.checkpoint"))


def assert_goes_on(take: Take, frames: int) -> None:
    """The next render makes only the rest, publishes, and leaves nothing beside its version."""
    model = EdgeModel(seed=7)
    made = []
    step = model.step

    def counted(*args: object) -> object:
        made.append(args)
        return step(*args)  # type: ignore[arg-type]

    model.step = counted  # type: ignore[method-assign, assignment]
    render(take, take.timeline, model, full=True)
    assert len(made) == frames
    assert [path.name for path in (take.folder / "renders").iterdir()] == ["v001"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        TakeError("the take is damaged"),
        RuntimeError("out of memory"),
        KeyboardInterrupt(),
        SystemExit(143),
    ],
)
def test_checkpoints_stay_whatever_ends_a_render(edge_take: Take, error: BaseException) -> None:
    def stop(done: int, total: int) -> None:
        if done == 60:
            raise error

    with pytest.raises(type(error)):
        render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True, progress=stop)
    assert len(kept(edge_take)) == 1
    assert not [*(edge_take.folder / "renders").glob(".unfinished-*/attempt-*")], "only they stay"
    assert_goes_on(edge_take, len(edge_take.made) - 48)


@pytest.mark.long
@pytest.mark.parametrize("where", ["write_document", "file_sha256", "_publish"])
def test_a_disk_that_fills_at_the_end_keeps_them_too(
    edge_take: Take, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, where, full)
        with pytest.raises(OSError, match="No space"):
            render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True)
    assert len(kept(edge_take)) == 1
    assert_goes_on(edge_take, len(edge_take.made) - 48)


def test_a_render_without_a_checkpoint_leaves_nothing(edge_take: Take) -> None:
    def stop(done: int, total: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True, progress=stop)
    assert [*(edge_take.folder / "renders").iterdir()] == []


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"", lambda data: data[:30] + b"x" + data[31:]]
)
def test_checkpoints_that_are_the_damage_go(edge_take: Take, damage: Callable[[bytes], bytes]) -> None:
    def stop(done: int, total: int) -> None:
        if done == 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True, progress=stop)
    (file,) = kept(edge_take)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DamagedCheckpointsError, match="render again"):
        render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True)
    assert kept(edge_take) == []
    assert_goes_on(edge_take, len(edge_take.made))


def test_a_state_that_the_model_does_not_read_is_damage(edge_take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: int, total: int) -> None:
        if done == 60:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EdgeModel, "snapshot", lambda self: b"of another version")
        with pytest.raises(KeyboardInterrupt):
            render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True, progress=stop)
    with pytest.raises(DamagedCheckpointsError, match="render again"):
        render(edge_take, edge_take.timeline, EdgeModel(seed=7), full=True)
    assert kept(edge_take) == []


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_checkpoints_stay_when_the_asker_is_killed(take: Take, name: str) -> None:
    """The asker's workers notice that nobody listens, and end; what they made is kept."""
    script = "import sys; from studio.__main__ import main; main(['render', sys.argv[1], '--full'])"
    sitecustomize = take.folder.parent / "slow"
    sitecustomize.mkdir()
    (sitecustomize / "sitecustomize.py").write_text(
        "import threading, sys, time\n"
        "def slow():\n"
        "    while 'studio.rendering.replay' not in sys.modules: time.sleep(0.01)\n"
        "    time.sleep(0.5)\n"
        "    import engine.stream\n"
        "    step = engine.stream.Stream.step\n"
        "    engine.stream.Stream.step = lambda *a, **k: (time.sleep(0.03), step(*a, **k))[1]\n"
        "if 'studio.farm.worker' in sys.orig_argv: threading.Thread(target=slow, daemon=True).start()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(sitecustomize), str(ROOT)])}
    with subprocess.Popen([sys.executable, "-c", script, str(take.folder)], cwd=ROOT, env=environment) as asker:
        deadline = time.monotonic() + 60
        while not kept(take) and time.monotonic() < deadline:
            time.sleep(0.01)
        asker.send_signal(getattr(signal, name))
    assert kept(take)
    folder = kept(take)[0].parent
    deadline = time.monotonic() + 30
    while is_locked(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert kept(take), "what was made is there for the next one"
    assert not take.renders


def test_two_renders_of_the_same_leave_their_own(edge_take: Take) -> None:
    one, other = (Checkpoints(edge_take.folder / "renders", {"seed": 1}) for _ in range(2))
    one.leave()
    assert other.folder.is_dir()
    other.close()
