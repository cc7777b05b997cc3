"""Names, seeds and sets as somebody types them by mistake, or on purpose: each is refused in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.delivery.formats import file_name
from studio.model import KINDS, load_model
from studio.sets.store import SetError, Store
from studio.sets.typed import set_of
from studio.takes.documents import TakeError
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.curves import TimelineError
from tests.faults.shooting import shoot_take


@pytest.mark.parametrize(
    "name", ["con", "NUL.txt", "COM1", "COM\u00b9", "lpt\u00b3.x", "CO\uff2d1", "aux ", "x.", "..", "\u202ea"]
)
def test_a_name_that_some_system_keeps_for_itself_names_no_folder(name: str) -> None:
    with pytest.raises(TakeError, match="cannot name a folder"):
        Slate(name)


@pytest.mark.parametrize("letter", ["\U00020000", "\U0001d49c"])
def test_a_name_of_letters_of_four_bytes_is_as_long_as_a_disk_takes(letter: str, tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="longer than the name of a folder may be; shorten it"):
        Slate(letter * 64).reserve(tmp_path)
    assert Slate(letter * 63).reserve(tmp_path).is_dir()


def test_an_export_of_the_longest_slate_has_a_name_that_a_disk_takes(tmp_path: Path) -> None:
    take = Take.open(shoot_take(tmp_path, 2, "\u6620" * 64))
    longest = take.manifest.slate.model_copy(update={"scene": "\u6620" * 16, "shot": "\u6620" * 16})
    take.manifest.slate = longest
    for to in ("mp4", "otio"):
        name = file_name(take, to, "v001")
        (tmp_path / name).write_bytes(b"")
        assert len(name.encode()) <= 255
        assert name.startswith("\u6620")
        assert name.endswith(("_T001_v001.mp4", "_T001.otio"))


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 10**30])
def test_a_seed_that_no_file_keeps_is_refused_in_words(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "lsd", "tests.edge_model:EdgeModel")
    with pytest.raises(ValueError, match="is not a whole number of at most 64 bits; give one such as 7"):
        load_model(seed=seed)
    assert load_model(seed=2**63 - 1).seed == 2**63 - 1


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("/dev/zero", SetError, "zero is not a picture or a clip by its name"),
        ("/tmp", SetError, "tmp is not a picture or a clip by its name"),
        ("./beach", SetError, "beach is not a picture or a clip by its name"),
        ("../beach.jpg", SetError, "does not exist"),
        ("blur:nan", TimelineError, "blur:nan is not a blur; it goes from 0 to 1"),
        ("blur:1e400", TimelineError, "blur:1e400 is not a blur; it goes from 0 to 1"),
        ("a beach \ud800", TimelineError, "holds half a character; write the whole character"),
    ],
)
def test_what_is_not_a_set_is_said(text: str, error: type[Exception], says: str, tmp_path: Path) -> None:
    """A path that leads to no picture became the words of a drawn place."""
    with pytest.raises(error, match=says):
        set_of(text, Store(tmp_path))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"notes": "good \ud800"}, "a text holds half a character after"),
        ({"notes": "x" * 10_001}, r"notes of 10,001 characters; at most 10,000 are kept: shorten them"),
        ({"verdict": "\ud800"}, "is not a judgement"),
    ],
    ids=["half a character", "a book", "half a verdict"],
)
def test_a_judgement_that_no_file_or_list_can_hold_is_refused_in_words(
    fields: dict[str, str], says: str, tmp_path: Path
) -> None:
    take = Take.open(shoot_take(tmp_path, 2))
    with pytest.raises(ValueError, match=says):
        take.edit(**fields)
    assert Take.open(take.folder) == take
    assert take.edit(notes="x" * 10_000).manifest.notes
