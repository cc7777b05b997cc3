"""What is there already is not made again, and a render with it is the one without it: hash by hash."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.media.video import VideoSource
from studio.live.director import Director
from studio.rendering import making
from studio.rendering.render import render
from studio.rendering.replay import replay
from studio.rendering.verify import psnr
from studio.takes.documents import TakeError, read_document, rgb_sha256, write_document
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Key, Matte
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.studio.conftest import camera_jpeg, ticks

FRAMES, GRID = 48, 8
TEXTS = ("as it is", "wild west", "underwater")
BLUR = {"blur": 0.4, "cast": {"matter": "none", "also": {"colour": "red"}}}
SEED = 7


class Counted(EdgeModel):
    """Counts the frames that it answers."""

    count = 0

    def step(self, *args: Any, **kwargs: Any) -> np.ndarray:
        self.count += 1
        return super().step(*args, **kwargs)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take of two seconds, of which the seventh frame was dropped."""
    director = Director(EdgeModel(seed=SEED))
    director.say("a pencil sketch", wait=True)
    director.record(tmp_path_factory.mktemp("short"), Slate("Short", "1", "a"))
    for n in (n for n in range(FRAMES + 1) if n != 6):
        director.shoot(camera_jpeg(n), n, ticks(n))
    folder = director.cut()
    director.close()
    assert folder
    return folder


@pytest.fixture
def copy(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    """A copy of it, whose versions keep a state every third of a second."""
    monkeypatch.setattr(making, "EVERY", GRID)
    monkeypatch.setattr(making, "APART", 3)
    return fresh(short, tmp_path)


def fresh(short: Path, place: Path) -> Take:
    folder = place / "sessions" / Path(*short.parts[-4:])
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(short, folder)
    return Take.open(folder)


def quiet(*_: object) -> None:
    """Neither bar nor remark."""


def rendered(take: Take, line: Timeline, **choices: Any) -> tuple[Render, int]:
    """The version, and how many frames the model answered for it."""
    model = Counted(seed=SEED)
    return render(take, line, model, progress=quiet, **{"remark": quiet, **choices}), model.count


def anew(take: Take, line: Timeline, seed: int = SEED) -> list[str]:
    """The hashes of all frames, made one after the other, with nothing that is there."""
    return [rgb_sha256(rgb) for _, rgb in replay(EdgeModel(seed=seed), take, line)]


LINE = Timeline().at(0, "underwater").at(0.6, "wild west").at(1.5, "as it is")


def test_of_another_last_beat_only_that_is_made(copy: Take) -> None:
    rendered(copy, LINE)
    other = LINE.change("k3", prompt="wild west")
    version, count = rendered(copy, other)
    last = sum(row.time_s >= 1.5 for row in copy.frames)
    assert count == last < FRAMES, "a state is kept where a beat begins"
    assert version.info["parts"] == [{"from": "v001", "frames": FRAMES - last}, {"from": "", "frames": last}]
    assert version.info["hashes"] == anew(copy, other)


@pytest.mark.long
def test_the_same_is_there_already(copy: Take) -> None:
    remarks: list[str] = []
    first, _ = rendered(copy, LINE, name="dusk")
    again, count = rendered(copy, LINE, remark=remarks.append)
    assert (again.name, again.label, count) == ("v001", "dusk", 0)
    assert len(remarks) == 1
    assert remarks[0].endswith("v001 is there already: the same timeline, model and seed (full=True makes it anew)")
    other, count = rendered(copy, LINE, name="dawn")
    assert (other.name, other.label, count) == ("v002", "dawn", 0), "another name, another version, of the same frames"
    assert rendered(copy, LINE, full=True)[0].name == "v003"
    assert rendered(copy, LINE, seed=8)[0].name == "v004"
    (first.folder / "out.mp4").write_bytes(b"damaged")
    assert rendered(copy, LINE)[0].name == "v002", "one that is damaged is passed over"


def test_a_change_in_the_middle_leaves_both_ends(copy: Take) -> None:
    """The fake model's afterglow ends after some frames; then its state is the same again."""
    rendered(copy, LINE)
    other = LINE.at(0.8, "underwater").at(1.0, "wild west")
    version, count = rendered(copy, other)
    assert version.info["hashes"] == anew(copy, other)
    parts = version.info["parts"]
    assert [part["from"] for part in parts] == ["v001", "", "v001"]
    assert 5 <= count < FRAMES // 2
    pictures = [rgb for _, rgb in replay(EdgeModel(seed=SEED), copy, other)]
    shown = [frame.rgb for frame in VideoSource(version.video)]
    assert min(psnr(one, two) for one, two in zip(pictures, shown, strict=True)) > 30


def test_it_is_said_why_the_end_was_made_again(copy: Take) -> None:
    class Remembering(EdgeModel):
        """Its snapshot has a sum of all that it ever showed."""

        total = 0

        def step(self, *args: Any, **kwargs: Any) -> np.ndarray:
            picture = super().step(*args, **kwargs)
            self.total = (self.total * 31 + int(picture.sum())) % 2**61
            return picture

        def snapshot(self) -> bytes:
            return super().snapshot()[:-1] + f', "total": {self.total}}}'.encode()

    remarks: list[str] = []
    render(copy, LINE, Remembering(seed=SEED), progress=quiet, remark=quiet)
    other = LINE.at(0.8, "underwater").at(1.0, "wild west")
    version = render(copy, other, Remembering(seed=SEED), progress=quiet, remark=remarks.append)
    assert version.info["hashes"] == anew(copy, other)
    (remark,) = remarks
    assert remark.startswith("Short S01 A T001 v002: from 1.0 s on v001 asks for the same, but the model remembers")
    assert remark.endswith("the change: its state differed at all 4 comparisons")


@pytest.mark.long
def test_another_seed_maker_or_size_takes_nothing(copy: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered(copy, LINE)
    other = LINE.change("k3", prompt="wild west")
    assert rendered(copy, other, seed=8)[0].info["reused"] == 0
    small, _ = rendered(copy, other, size=(64, 64))
    assert (small.info["reused"], VideoSource(small.video).width) == (0, 64)
    assert rendered(copy, other, size=(64, 64))[0].name == small.name
    monkeypatch.setattr(making, "maker", lambda: "of tomorrow")
    assert rendered(copy, LINE)[0].info["parts"] == [{"from": "", "frames": FRAMES}]


@pytest.mark.parametrize("field", [{"parts": [{"from": "", "frames": 2**40}]}, {"rows": [5, 2]}, {"hashes": ["00"]}])
def test_a_version_that_says_what_cannot_be_is_passed_over(copy: Take, field: dict[str, Any]) -> None:
    first, _ = rendered(copy, LINE)
    document = first.folder / "render.json"
    write_document(document, read_document(document)[0] | field)
    again, count = rendered(copy, LINE)
    assert (again.name, count, again.info["hashes"]) == ("v002", FRAMES, anew(copy, LINE))


@pytest.mark.long
def test_a_version_whose_source_is_gone_gives_its_own_copy(copy: Take) -> None:
    rendered(copy, LINE)
    second, _ = rendered(copy, LINE.change("k3", prompt="wild west"))
    shutil.rmtree(copy.folder / "renders" / "v001")
    third = LINE.change("k3", prompt="underwater")
    version, _ = rendered(copy, third)
    assert version.info["hashes"] == anew(copy, third)
    assert version.info["parts"][0]["from"] == "v001", "where they were made is what counts for whoever has it still"
    assert second.info["snapshots"], "a version keeps the states of what it took"


@pytest.mark.long
def test_a_part_has_the_frames_of_the_whole(copy: Take) -> None:
    part, _ = rendered(copy, LINE, start_s=0.7, end_s=1.2)
    rows = copy.made
    inside = [0.7 <= row.time_s < 1.2 for row in rows]
    whole, live = anew(copy, LINE), [row.sha256 for row in rows]
    assert part.info["hashes"] == [new if shown else old for new, old, shown in zip(whole, live, inside, strict=True)]
    assert rendered(copy, LINE)[0].info["hashes"] == whole
    other, count = rendered(copy, LINE, start_s=0.3, end_s=1.0)
    assert (count, other.info["hashes"] != part.info["hashes"]) == (0, True), "a part of a whole is there"
    with pytest.raises(TakeError, match=r"from 5 s to inf s there is no frame of Short S01 A T001, which ends at 2"):
        rendered(copy, LINE, start_s=5)


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ({"steps": 0}, "0 steps a frame; it is a whole number from 1 to 1,000"),
        ({"steps": 4}, "the model makes 1 steps a frame, not 4"),
        ({"size": 640}, "640 is not a size; write width and height in pixels"),
        ({"size": (8, 8)}, "8x8 is out of range"),
        ({"name": "two\nlines"}, "is not a version's name"),
        ({"start_s": 1.5, "end_s": 1.0}, "the start is before the end"),
    ],
)
def test_what_cannot_be_is_said(copy: Take, choices: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        rendered(copy, LINE, **choices)


# -- the law

TIMES = st.sampled_from([0.1 * n for n in range(20)])
PROMPTS = st.sampled_from(TEXTS)
BOX = {"box": {"0.3": [0.2, 0.2, 0.4, 0.4]}}


def _edit(draw: Callable[[Any], Any], line: Timeline) -> Timeline:
    kind = draw(st.sampled_from(["add", "prompt", "move", "delete", "strength", "region", "set", "no set"]))
    key = draw(st.sampled_from(line.keys))
    if kind == "add":
        return line.at(draw(TIMES), draw(PROMPTS), draw(st.sampled_from([0.0, 0.25])))
    if kind == "prompt":
        return line.change(key.id, prompt=draw(PROMPTS))
    if kind == "move":
        time_s = draw(TIMES)
        return line if any(other.time_s == round(time_s, 6) for other in line.keys) else line.move(key.id, time_s)
    if kind == "delete":
        return line.delete(key.id) if len(line.keys) > 1 else line
    if kind == "strength":
        return line.set(draw(TIMES), "step", strength=draw(st.sampled_from([0.5, 1.0])))
    if kind == "region":
        begin = draw(TIMES)
        weight = (Keyframe(0.0, 0.0), Keyframe(begin + 0.05, 1.0, "step"), Keyframe(begin + 0.4, 0.0, "step"))
        region = draw(st.sampled_from([{"colour": "red"}, BOX]))
        ways = [("underwater", "painted"), ("a lightsaber", "drawn"), ("wild west", "apart")]
        text, made = draw(st.sampled_from(ways))
        return replace(line, mattes=(Matte("ball", text, region, weight, made=made),))
    begin = draw(TIMES)
    return replace(line, sets=() if kind == "no set" else (SetKey(begin, BLUR), SetKey(begin + 0.45, None)))


@st.composite
def edited(draw: Callable[[Any], Any]) -> list[Timeline]:
    """Timelines, each an edit of one before it."""
    lines = [Timeline((Key(0.0, draw(PROMPTS)), Key(1.0, draw(PROMPTS))))]
    for _ in range(draw(st.integers(2, 4))):
        lines.append(_edit(draw, draw(st.sampled_from(lines))))
    return lines


def assert_law(take: Take, lines: list[Timeline], parts: list[tuple[float, float] | None]) -> None:
    """Each version has the frames that it would have if no other were there."""
    for line, part in zip(lines, parts, strict=True):
        start_s, end_s = part or (None, None)
        version, _ = rendered(take, line, start_s=start_s, end_s=end_s)
        inside = [part is None or part[0] <= row.time_s < part[1] for row in take.made]
        shot = [row.sha256 for row in take.made]
        wanted = [new if shown else old for new, old, shown in zip(anew(take, line), shot, inside, strict=True)]
        assert version.info["hashes"] == wanted


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rendering_with_reuse_is_rendering_anew(short: Path, copy: Take, data: st.DataObject) -> None:
    lines = data.draw(edited())
    part = st.none() | st.sampled_from([(0.0, 0.9), (0.5, 1.4), (1.2, 9.0)])
    parts = data.draw(st.lists(part, min_size=len(lines), max_size=len(lines)))
    assert_law(fresh(short, copy.folder.parents[4]), lines, parts)
