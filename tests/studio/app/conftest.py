"""A studio for each test of the app, whose model has no network: what pages and studio say does not depend on it."""

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
from tests.edge_model import EdgeModel
from tests.studio.app.house import HOME, App, House, stream


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Parametrized with "lsd", its model is a stream of tiny weights."""
    guard, app = Guard(["docs.puppets"]), App()
    guard.watch(app)
    weights = request.getfixturevalue("weights") if getattr(request, "param", "edge") == "lsd" else None
    sessions = Sessions(lambda: Director(stream(weights) if weights else EdgeModel()), limit=1)
    farm = Farm(Processes(1), tmp_path / "renders")
    callbacks = Callbacks(guard, sessions, tmp_path / "sessions", farm)
    with TestClient(Starlette(routes=routes(guard, sessions, callbacks)), base_url=HOME) as client:
        yield House(client, guard, app, callbacks)
    sessions.close()
    farm.close()
    callbacks.close()
