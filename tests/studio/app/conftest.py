"""A studio for each test of the app, with the tiny weights that all tests of the studio share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from studio.app.callbacks import Callbacks
from studio.app.guard import Guard
from studio.app.server import routes
from studio.app.sessions import Sessions
from studio.farm.farm import Farm
from studio.farm.local import Processes
from studio.live.director import Director
from tests.studio.app.house import HOME, App, House, stream


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
