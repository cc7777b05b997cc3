"""A stream remembers a constant amount, and reads what it remembers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.config import lsd_test
from engine.history import PATCH_ROOM, History, as_signal
from engine.models.patches import to_patches
from engine.stream import Stream


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), seed=3)


def test_the_history_is_of_constant_size(stream: Stream) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    sizes = []
    for _ in range(40):
        stream.step(picture)
        state = stream.maker.state()
        sizes.append((len(state.last), len(state.remembered)))
    assert sizes[-1] == sizes[15] == (2, stream.config.slots)


def test_the_two_last_outputs_are_the_past_however_long_it_is(stream: Stream) -> None:
    history = History(stream.maker.network, 64, 96, torch.device("cpu"))
    frames = [torch.full((64, 96, 3), 20 * i, dtype=torch.uint8) for i in range(PATCH_ROOM * 2 + 2)]
    assert torch.equal(history.past, torch.zeros(1, 2, 16, 24, 48))
    before = torch.zeros(1, 16, 24, 48)
    for frame in frames:
        history.append(frame)
        last = to_patches(as_signal(frame[None]))
        assert torch.equal(history.past, torch.stack([last, before], 1))
        before = last


def test_the_memory_is_read_anew_when_a_frame_was_remembered(stream: Stream) -> None:
    history = History(stream.maker.network, 64, 96, torch.device("cpu"))
    for i in range(2 * stream.config.slots * stream.config.ring_stride):
        history.append(torch.full((64, 96, 3), 5 * i, dtype=torch.uint8))
        memory = history.read()[2]
        assert memory is not None
        assert torch.equal(memory.keys_values, torch.stack(history._keys_values, 1))
