"""Watching the engine shows what it does, and changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.config import lsd_test
from engine.models.attention import Attention
from engine.stream import Stream
from engine.tools.inspection import watch


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), seed=3)


@pytest.fixture
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 255, (96, 128, 3), dtype=np.uint8) for _ in range(8)]


def test_the_stream_goes_on_as_if_nobody_had_looked(stream: Stream, pictures: list[np.ndarray]) -> None:
    for picture in pictures[:5]:
        stream.step(picture)
    before = stream.snapshot()
    seen = watch(stream, pictures[5], steps=3)
    assert stream.snapshot() == before
    assert stream.steps == 1
    assert len(seen.clean) == len(seen.noisy) == 3
    assert seen.levels == pytest.approx([1, 2 / 3, 1 / 3])


def test_what_is_watched_is_what_comes(stream: Stream, pictures: list[np.ndarray]) -> None:
    for picture in pictures[:5]:
        stream.step(picture)
    seen = watch(stream, pictures[5])
    assert np.array_equal(seen.clean[-1], stream.step(pictures[5]))


def test_attention_is_shared_among_the_past_and_itself(stream: Stream, pictures: list[np.ndarray]) -> None:
    cold = watch(stream, pictures[0])
    assert (cold.ages, cold.past_shares.shape[1], float(cold.past_map.max())) == ([], 0, 0.0)
    for picture in pictures[:7]:
        stream.step(picture)
    seen = watch(stream, pictures[7])
    assert seen.past_shares.shape == (stream.config.layers, len(seen.ages))
    assert seen.past_map.shape == (3, 4)
    assert max(seen.ages) == 7, "the first frame stays"
    assert 0 < float(seen.past_shares.sum(1).max()) < 1
    assert float(seen.past_map.mean()) == pytest.approx(float(seen.past_shares.sum(1).mean()), rel=1e-3)


def test_the_weights_are_those_that_are_used(stream: Stream, pictures: list[np.ndarray]) -> None:
    """Values weighed by them are what the attention gives."""
    attention = next(module for module in stream.maker.network.modules() if isinstance(module, Attention))
    with torch.no_grad():
        attention.qkv.weight.mul_(2)
    from engine.tools.inspection import _weights

    x = torch.randn(1, 12, attention.qkv.in_features, generator=torch.Generator().manual_seed(0)).to(
        attention.qkv.weight.dtype
    )
    with torch.inference_mode():
        weights = _weights(attention, x, lambda t: t, None)
        value = attention.qkv(x)[0, :, 2 * x.shape[-1] :].float()
        values = torch.cat([value, attention.null[1:].float()])
        expected = attention.out((weights @ values).to(x.dtype)[None])
        given = attention(torch.zeros_like(x), x, lambda t: t, None)
    torch.testing.assert_close(given.float(), expected.float(), atol=0.02, rtol=0.02)  # bfloat16


def test_a_recorded_program_cannot_be_watched(pictures: list[np.ndarray]) -> None:
    stream = Stream.from_config(lsd_test(), backend="recorded")
    with pytest.raises(ValueError, match=r"recorded programs and cannot be watched; load one with .* backend='auto'"):
        watch(stream, pictures[0])
