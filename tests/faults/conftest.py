"""A studio of one place, without a network, for the tests that hurt it."""

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
from studio.farm.inprocess import InProcess
from studio.live.director import Director
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED
from tests.faults.support import within
from tests.studio.app.house import HOME, App, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A studio of one place."""
    guard, app = Guard(), App()
    guard.watch(app)
    sessions = Sessions(lambda: Director(EdgeModel(SEED)), limit=1)
    farm = Farm(InProcess(EdgeModel(SEED)))
    callbacks = Callbacks(guard, sessions, tmp_path / "sessions", farm)
    with TestClient(Starlette(routes=routes(guard, sessions, callbacks)), base_url=HOME) as client:
        yield House(client, guard, app, callbacks)
    within(20, sessions.close)
    within(20, farm.close)
    callbacks.close()
