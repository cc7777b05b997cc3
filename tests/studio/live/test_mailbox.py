"""The mailbox between who asks and the frame loop: the newest wins, and comes out embedded."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from studio.live.mailbox import Mailbox, PromptRequest, ValueRequest
from studio.timeline.keys import Key


class Embedder:
    """Embeds when it may; refuses the text `nonsense`."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.begun, self.may = threading.Event(), threading.Event()

    def __call__(self, text: str) -> None:
        self.texts.append(text)
        self.begun.set()
        assert self.may.wait(10)
        if text == "nonsense":
            raise ValueError("the text cannot be embedded")


@pytest.fixture
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def mailbox(embedder: Embedder, complaints: list[str]) -> Iterator[Mailbox]:
    mailbox = Mailbox(embedder, complaints.append)
    yield mailbox
    embedder.may.set()
    mailbox.close()


def request(text: str) -> PromptRequest:
    return PromptRequest(Key(0.0, text), 0)


def test_only_the_newest_of_those_that_wait_is_embedded(mailbox: Mailbox, embedder: Embedder) -> None:
    mailbox.ask(request("one"))
    assert embedder.begun.wait(10)
    for text in ("two", "three", "four"):
        mailbox.ask(request(text))
    assert mailbox.take() is None, "nothing is embedded yet"
    embedder.may.set()
    mailbox.ask(request("five"), wait=True)
    taken = mailbox.take()
    assert taken
    assert taken.key.prompt == "five"
    assert mailbox.take() is None
    assert embedder.texts[0] == "one"
    assert not {"two", "three"} & set(embedder.texts)


def test_a_text_that_cannot_be_embedded_is_dropped_and_said(
    mailbox: Mailbox, embedder: Embedder, complaints: list[str]
) -> None:
    embedder.may.set()
    mailbox.ask(request("nonsense"), wait=True)
    assert mailbox.take() is None
    assert complaints == ["the text cannot be embedded"]


def test_of_each_parameter_the_newest_value_is_taken_once(mailbox: Mailbox) -> None:
    for value in (0.25, 0.5):
        mailbox.set(ValueRequest("strength", value, 0.0, "linear"))
    assert mailbox.asked_value("strength") == 0.5
    assert [each.value for each in mailbox.take_values()] == [0.5]
    assert mailbox.take_values() == ()
    assert mailbox.asked_value("strength") is None
