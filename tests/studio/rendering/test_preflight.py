"""Scripts against a take: what is wrong is told before rendering, and what is rendered is what the script says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config import lsd_test
from engine.stream import Stream
from engine.teachers.wordings import wordings
from engine.types import Frame, LiveModel, Vocabulary
from studio.notebook.formatters import html_of
from studio.performing.mattes import sightings
from studio.rendering import propcheck
from studio.rendering.preflight import check_script, frames_between
from studio.rendering.render import render, timeline_for
from studio.rendering.replay import first_change
from studio.script.compile import place, timeline_of
from studio.script.region import FINDER, Region
from studio.script.script import Beat, Prop, Scene, Script
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.timeline.clock import Clock
from studio.timeline.curves import Keyframe, TimelineError
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.keys import Matte
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel

DESERT, SEA = Scene("desert", "wild west at dusk"), Scene("sea", "underwater")


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream.from_config(lsd_test(), threads=1)


def test_a_check_says_what_is_wrong(shot: Path, stream: Stream) -> None:
    take = Take.open(shot)
    beats = [
        Beat(0.5, DESERT, fade=2, until=3),
        Beat("the ball falls", SEA),  # marked at 1.54 s
        Beat("48f", DESERT, until=2.5),
        Beat(3, props=[Prop("disc", "a moon", "white"), Prop("hat", "a crown", "black")], metadata={"fad": 1}),
        Beat(3.99, SEA, fade=2),
        Beat(4, DESERT),
        Beat(60, SEA),
    ]
    props = [Prop("ball", "a planet", metadata={"regoin": "red"})]
    script = Script(beats, [Scene("hall", "moon", metadata={"noet": "x"})], props, fps=25, metadata={"temop": 120})
    problems = [str(problem) for problem in check_script(script, take, stream)]
    for part in (
        "counts 25 frames a second and the take 24; its frames are converted",
        "beat 1: a gap: nothing is said before 0.5 s",
        "beat 1: an overlap: it goes until 3 s, and beat 2 begins at 1.",
        "beat 1: an overlap: it fades for 2 s, and is over after 1.",
        "beat 3: a gap: nothing is said from 2.5 s to 3 s",
        "beat 4: 'fad' means nothing; did you mean 'fade'?",
        "beat 4: the prop 'hat' is not seen from 3 s to",
        "beat 5: it never shows: beat 6 begins within the same frame",
        "beat 5: an overlap: it fades for 2 s, and is over after 0.01 s",
        "beat 7: it is at 60 s, past the end of the take at 4.1",
        "the scene 'hall': 'noet' means nothing; did you mean 'note'?",
        "the prop 'ball': 'regoin' means nothing; did you mean 'region'?",
        "the script: 'temop' means nothing; did you mean 'tempo'?",
    ):
        assert any(part in line for line in problems), (part, problems)
    assert not any("beat 4: the prop 'disc'" in line for line in problems)
    wrong = check_script(Script([Beat(0, "dessert"), Beat("the bell", SEA)], [DESERT]), take, stream)
    assert [problem.level for problem in wrong] == ["error", "error"]
    assert "did you mean 'desert'?" in str(wrong[0])
    assert "'the bell' is not a marker; the markers are: 'the ball falls'" in str(wrong[1])


@pytest.mark.parametrize("fps", [24, 25, 29.97])
def test_beats_a_frame_apart_all_show(shot: Path, fps: float) -> None:
    """In the clock of a plan; in a take's own by its frames."""
    frames = [Beat(f"{n}f", Scene(f"scene {n}", "underwater")) for n in range(90)]
    take = Take.open(shot)
    for clock in (Clock(fps, 8.0), take.clock):
        placed, _ = place(Script(frames), clock)
        times = [one.start_s for one in placed]
        assert all(frames_between(clock, start, end) for start, end in pairwise(times))
    assert not frames_between(Clock(24), 0.05, 0.08)
    assert frames_between(Clock(24), 0.03, 0.06), "1/24 s lies between"


def doubted(known: Stream, take: Take, looks: Sequence[str], becomes: Sequence[str] = ()) -> list[str]:
    """The texts of scenes and props that a check says the model does not know."""
    props = [Prop(f"prop {n}", text) for n, text in enumerate(becomes)]
    beats = [Beat(0, props=props), *(Beat(1 + n / 100, Scene(f"scene {n}", text)) for n, text in enumerate(looks))]
    problems = [problem.text for problem in check_script(Script(beats), take, known)]
    return [
        text
        for text in (*looks, *becomes)
        if any(said.startswith((f"{text!r} is a thing", f"the model does not know {text!r}")) for said in problems)
    ]


def test_a_check_names_words_that_the_model_does_not_know(shot: Path) -> None:
    """By the shipped weights."""
    known, take = Stream.load(), Take.open(shot)
    nearest, _ = known.how_near("a tax return")
    strange = ["a tax return", "a supermarket", "a horse", "zzqq blorb", "a zebra"]
    assert doubted(known, take, strange[:3], strange[3:]) == strange
    (problem,) = check_script(Script([Beat(0, SEA), Beat(1, Scene("tax", "a tax return"))]), take, known)
    assert (
        str(problem) == f"warning: beat 2: the model does not know 'a tax return'; the nearest it knows is {nearest!r}"
    )
    assert doubted(known, take, ["a crate of nailed planks"]) == ["a crate of nailed planks"], "a thing is no world"
    assert doubted(known, take, ["underwater", "as it is", "wild west at dusk"], ["a lightsaber", "a gold chest"]) == []


@pytest.mark.long
def test_few_wordings_that_the_model_never_read_are_doubted(shot: Path) -> None:
    """One in twenty, and no more."""
    known, held_out = Stream.load(), wordings("held_out")
    looks = [text for world in known.vocabulary.worlds for text in held_out[world]]
    assert len(doubted(known, Take.open(shot), looks)) <= 0.06 * len(looks)


def test_where_weights_know_no_wordings_a_text_that_lands_nowhere_is_told(shot: Path) -> None:
    lost = Stream.from_config(replace(lsd_test(), things=()))
    (problem,) = check_script(Script([Beat(0, SEA)]), Take.open(shot), lost)
    blended = ", ".join(f"{name} {share:.0%}" for name, share in lost.nearest("underwater")[:3])
    assert str(problem) == f"warning: beat 1: the model does not know 'underwater'; it would show {blended}"


def test_a_take_without_its_camera_frames_is_told(take: Take, stream: Stream) -> None:
    for damage, message in ((Path.unlink, "is missing"), (lambda path: path.write_bytes(b"no film"), "is damaged")):
        damage(take.folder / "raw.mkv")
        (problem,) = (one for one in check_script(Script([Beat(0, SEA)]), take, stream) if one.level == "error")
        assert f"raw.mkv {message}" in problem.text
        assert problem.text.endswith("bring it back from a copy")
        assert problem.text in html_of(take), "it shows itself, too, and says so"
        with pytest.raises(TakeError, match=f"{message}.*bring it back from a copy"):
            render(take, Script([Beat(0, SEA)]), stream, progress=lambda done, total: None)


def test_frames_of_another_rate_are_converted_and_that_is_said(take: Take) -> None:
    script = Script([Beat(0, SEA), Beat("50f", DESERT)], fps=25, title="The duel")
    with pytest.warns(UserWarning, match=r"The duel: it counts 25 frames a second and the take 24; its frames are"):
        assert timeline_for(take, script).keys[1].time_s == 2.0
    assert timeline_for(take, replace(script, fps=24)).keys[1].time_s == take.frames[50].time_s, "unsaid where none is"


def test_a_take_renders_a_script_a_timeline_or_words(take: Take) -> None:
    said = [("underwater", 3.0), ("wild west", 1.0)]
    assert timeline_for(take, said) == timeline_for(take, Timeline.of(said)) == Timeline.of(said)
    assert timeline_for(take, Script([Beat(0, SEA)])) == timeline_of(Script([Beat(0, SEA)]), take.clock)
    with pytest.raises(TimelineError, match="is nothing to render; give a Script, a Timeline or a prompt in words"):
        render(take, {0: "underwater"})  # type: ignore[arg-type]


@pytest.mark.parametrize("finder", [1, FINDER])
@pytest.mark.parametrize("kind", ["edge", pytest.param("lsd", marks=pytest.mark.long)])
def test_a_script_renders_and_its_regions_replay_exactly(take: Take, finder: int, kind: str) -> None:
    stream: LiveModel = EdgeModel(seed=7) if kind == "edge" else Stream.from_config(lsd_test(), threads=1, seed=7)
    region = Region("white", 0.4, box=(0.25, 0.2, 0.3, 0.6), finder=finder)
    moon = Prop("disc", "a moon", region)
    script = Script([Beat(0, SEA), Beat("the ball falls", DESERT, [moon], fade=0.5), Beat(3, props=[])])
    one, two = render(take, script, stream), render(take, timeline_of(script, take.clock), stream, full=True)
    assert one.info["hashes"] == two.info["hashes"]
    assert timeline_from_dict(timeline_to_dict(one.timeline)) == timeline_of(script, take.clock)
    plain = render(take, Script([Beat(0, SEA), Beat("the ball falls", DESERT, fade=0.5)]), stream)
    same = [a == b for a, b in zip(one.info["hashes"], plain.info["hashes"], strict=True)]
    rows = [row.time_s for row in take.made]
    assert all(equal for equal, time_s in zip(same, rows, strict=True) if time_s <= 1.54)
    seen = {sighting.time_s for sighting in sightings(take, region) if sighting.box and 1.7 < sighting.time_s < 3}
    assert len(seen) > 12
    assert not any(equal for equal, time_s in zip(same, rows, strict=True) if time_s in seen)


@pytest.mark.parametrize("kind", ["edge", pytest.param("lsd", marks=pytest.mark.long)])
def test_from_a_snapshot_a_followed_prop_is_where_it_was(kind: str, request: pytest.FixtureRequest) -> None:
    """What follows a thing must see the frames before the one that is rendered first."""
    take: Take = request.getfixturevalue("edge_take" if kind == "edge" else "take")
    stream: LiveModel = EdgeModel(seed=7)
    if kind == "lsd":
        stream = Stream.load(request.getfixturevalue("weights"), device="cpu", seed=7, threads=1)
    area = Region(box={0.5: (0.1, 0.2, 0.3, 0.6)})
    values = (Keyframe(0, 0), Keyframe(3, 1, "step"))
    line = replace(take.timeline, mattes=(Matte("disc", "wild west", area.to_dict(), values),))
    assert take.frames[first_change(take, line)].time_s == pytest.approx(3, abs=0.05)
    part, whole = render(take, line, stream), render(take, line, stream, full=True)
    assert part.info["hashes"] == whole.info["hashes"]
    assert part.info["reused"] > 0
    live = [row.sha256 for row in take.made]
    assert part.info["hashes"][-1] != live[-1]


def test_words_that_mean_nothing_and_prompts_past_the_end_are_said_and_strict_refuses(edge_take: Take) -> None:
    class Few(EdgeModel):
        """Knows two looks and one thing."""

        vocabulary = Vocabulary(("as-is", "underwater"), ("torch",))

        def how_near(self, text: str) -> tuple[str, float]:
            return {"a banana": ("a fruit torch", 0.6), "plain": ("plain", 1.0)}.get(text, ("underwater", 0.9))

        def nearest(self, text: str) -> list[tuple[str, float]]:
            shares = {"a banana": [("as-is", 1.0), ("torch", 0.4)], "a fruit torch": [("as-is", 1.0), ("torch", 0.9)]}
            return {**shares, "plain": [("as-is", 1.0)]}.get(text, [("underwater", 1.0)])

    line = Timeline().at(0, "a banana").at(1, "plain").at(2, "underwater").at(60, "underwater")
    nothing = "'a banana' means nothing to the model, lands on 'as it is' and changes nothing"
    nothing += "; the nearest it knows is 'a fruit torch'"
    remarks: list[str] = []
    render(edge_take, line, Few(seed=7), progress=lambda done, total: None, remark=remarks.append)
    assert remarks[:2] == [
        "warning: the prompt at 60 s: it is past the end of the take at 4.16667 s; it never shows",
        f"warning: the prompt at 0 s: {nothing}",
    ]
    with pytest.raises(ValueError, match=r"refused, for strict is asked for: the prompt at 60 s: .*'a banana' means"):
        render(edge_take, line, Few(seed=7), strict=True)
    script = Script([Beat(0, Scene("fruit", "a banana")), Beat(1, Scene("none", "plain"), [Prop("hat", "a banana")])])
    assert [str(problem) for problem in check_script(script, edge_take, Few(seed=7))] == [
        f"warning: beat 1: {nothing}",
    ]


def test_props_are_counted_and_photos_for_masks_are_said(edge_take: Take, tmp_path: Path) -> None:
    Image.effect_noise((96, 64), 60).save(tmp_path / "photo.png")
    props = [Prop("hat", "a crown", str(tmp_path / "photo.png"))]
    problems = [str(problem) for problem in check_script(Script([Beat(0, SEA, props)]), edge_take, EdgeModel(seed=7))]
    assert len(problems) == 1
    assert "warning: the prop 'hat': " in problems[0]
    assert "of its mask is grey, as in a photo: draw one, white where it is and black elsewhere" in problems[0]


def test_jumps_and_frames_in_which_a_prop_is_seen_are_counted(edge_take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    """A region that is seen at the left and at the right in turn, and then no longer."""

    def masks(take: Take, region: Region, folder: Path) -> Iterator[tuple[Frame, np.ndarray]]:
        for n, row in enumerate(take.made):
            mask = np.zeros((64, 96), np.float32)
            if n < 20:
                mask[20:40, 60 * (n // 5 % 2) : 60 * (n // 5 % 2) + 20] = 1
            yield Frame(np.zeros((64, 96, 3), np.uint8), n, row.time_s), mask

    monkeypatch.setattr(propcheck, "masks", masks)
    wanted = [propcheck.Wanted("beat 1", 0.0, 9.0)]
    found = list(propcheck.check_region("hat", Region(colour="red"), edge_take, wanted, Path()))
    first = f"at {edge_take.made[5].time_s:.1f} s first: it finds other things too; narrow it by a box or a mask"
    assert [problem.at for problem in found] == [
        "beat 1: the prop 'hat' is seen in 20 of 89 frames from 0 s to 9 s: correct its region",
        f"beat 1: the region of the prop 'hat' jumps 3 times from 0 s to 9 s, {first}",
    ]
