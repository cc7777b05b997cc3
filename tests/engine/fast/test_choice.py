"""Frames are made by what the hardware has; what is missing is said."""

from __future__ import annotations

import logging

import pytest
import torch

from engine.config import lsd_test
from engine.fast import onednn
from engine.fast.choice import choose_maker
from engine.fast.onednn import OneDnn
from engine.fast.plain import Plain
from engine.fast.recorded import Recorded
from engine.models.checkpoint import random_weights

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("backend", "kind"), [("auto", OneDnn), ("plain", Plain), ("onednn", OneDnn), ("recorded", Recorded)]
)
def test_a_backend_has_its_maker(backend: str, kind: type) -> None:
    assert type(choose_maker(random_weights(lsd_test()).network, CPU, torch.float32, backend)) is kind


def test_without_onednn_plain_torch_makes_frames_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(onednn, "available", lambda network: False)
    network = random_weights(lsd_test()).network
    with caplog.at_level(logging.WARNING):
        assert type(choose_maker(network, CPU, torch.float32)) is Plain
    assert caplog.messages == ["no oneDNN for torch.float32 here: frames are made by plain torch"]
    with pytest.raises(ValueError, match="leave the backend at auto, or take plain"):
        choose_maker(network, CPU, torch.float32, "onednn")


@pytest.mark.parametrize("backend", ["fast", "onednn "])
def test_an_unknown_backend_is_refused(backend: str) -> None:
    with pytest.raises(ValueError, match="is not a backend; there are auto, plain, onednn, recorded"):
        choose_maker(random_weights(lsd_test()).network, CPU, torch.float32, backend)
