"""Words become concepts: blends are sums, each text is embedded and routed once, what is far is said to be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import engine.text
from engine.config import lsd_test
from engine.prompts import Key, Prompts
from engine.stream import Stream


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), seed=3)


def test_a_blend_is_the_sum_of_its_texts_by_their_weights(stream: Stream) -> None:
    """Bit for bit: replay of a fade must be exact."""
    texts, weights = ["underwater", "cartoon", "pencil"], torch.tensor([0.5, 0.3, 0.2])
    embeddings = [torch.from_numpy(stream.prompt_encoder.text.embed(text)) for text in texts]
    with torch.inference_mode():
        concepts = torch.stack([stream.prompt_encoder.router(embedding) for embedding in embeddings])
    expected = (concepts * (weights / weights.sum())[:, None]).sum(0)
    assert torch.equal(stream.prompt_encoder.blend(list(zip(texts, weights.tolist(), strict=True))), expected)


def test_a_fade_of_known_texts_embeds_and_routes_nothing(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def watch(owner: object, name: str) -> None:
        usual = getattr(owner, name)

        def noted(given: object) -> object:
            calls.append(name)
            return usual(given)

        monkeypatch.setattr(owner, name, noted)

    watch(stream.prompt_encoder.text, "embed")
    watch(stream.prompt_encoder.router, "forward")
    fade = Prompts((Key(0, "underwater"), Key(0.1, "cartoon", fade_s=0.5)))
    for text in fade.texts:
        stream.prepare(text)
    assert calls == ["embed", "forward"] * 2
    calls.clear()
    frame, blends = np.zeros((64, 64, 3), np.uint8), set()
    for index in range(16):
        blend = fade.at(index / 24).blend
        stream.prompt(blend)
        stream.step(frame)
        blends.add(blend)
    assert len(blends) > 10, "a fade"
    assert calls == []


def test_shares_of_nearest_worlds_sum_to_one(stream: Stream) -> None:
    near = stream.nearest("a shipwreck at the bottom of the sea")
    assert sum(share for name, share in near if name in stream.vocabulary.worlds) == pytest.approx(1)
    shares = [share for name, share in near if name in stream.vocabulary.worlds]
    assert shares == sorted(shares, reverse=True)
    assert {name for name, _ in near} <= {*stream.vocabulary.worlds, *stream.vocabulary.things}


def test_text_far_from_everything_has_a_low_cosine(stream: Stream) -> None:
    text = stream.prompt_encoder.text
    text.wordings["under the sea"] = text.embed("under the sea")
    wording, cosine = stream.how_near("under the sea")
    assert wording == "under the sea"
    assert cosine == pytest.approx(1)
    assert stream.how_near("quarterly tax return")[1] < 0.4


def test_texts_are_made_once_and_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(words: str) -> int:
        made.append(words)
        return len(made)

    cache = engine.text.TextCache(make)
    monkeypatch.setattr(engine.text, "MOST_TEXTS", 3)
    assert [cache(words) for words in "abcabc"] == [1, 2, 3, 1, 2, 3]
    assert [cache(words) for words in "dbcda"] == [4, 2, 3, 4, 5]
    assert made == list("abcda")


def test_what_a_prompt_leaves_as_it_is_becomes_the_look_under_it(stream: Stream, monkeypatch) -> None:
    worlds, things = stream.vocabulary.worlds, stream.vocabulary.things

    def concepts(**shares: float) -> torch.Tensor:
        return torch.tensor([shares.get(name.replace("-", "_"), 0.0) for name in (*worlds, *things)])

    texts = {
        "a wet chest": concepts(as_is=0.75, underwater=0.25, gold_chest=0.5),
        "a drawn crate": concepts(as_is=0.5, pencil=0.5, crate=1.0),
    }
    monkeypatch.setattr(stream.prompt_encoder, "_concepts", texts.__getitem__)
    over = stream.prompt_encoder.blend_over("a wet chest", "a drawn crate")
    assert torch.equal(over, concepts(as_is=0.375, underwater=0.25, pencil=0.375, gold_chest=0.5))
    assert torch.equal(stream.prompt_encoder.blend_over("a wet chest", None), texts["a wet chest"])
