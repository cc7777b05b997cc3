"""The evaluation: judged by players whose figures are known, above all by the teachers themselves."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.evaluation.clips import find_clips, read_clip, read_prompts
from engine.evaluation.evaluate import choose, evaluate, teacher_frames
from engine.evaluation.scores import Findings, Run, StillRun, WorldTraits, summary
from engine.media.pictures import MediaError
from engine.teachers.worlds import teachers_of
from engine.types import Frame

SIZE = (96, 64)
WORLDS = teachers_of(["as-is", "underwater", "snowfall", "golden-rome", "pencil", "film-noir"])
"""A few of each kind: still and moving, with random content and without."""
PROMPTS = {world: [world] for world in WORLDS}


class Teacher:
    """Plays what the prompted world's teacher paints: the perfect student, or, with noise of its own, an honest one."""

    def __init__(self, seed: int = 0, noise_seed: int | None = None) -> None:
        self.seed = seed
        self._noise_seed = seed if noise_seed is None else noise_seed
        self.reset()

    def prompt(self, prompt: str) -> None:
        self._painted = teacher_frames(prompt, iter(self._camera.popleft, None), self._noise_seed)

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        assert time_s is not None
        assert index is not None
        self._camera.append(Frame(frame, index, time_s))
        return next(self._painted).rgb

    def reset(self) -> None:
        self._camera: deque[Frame] = deque()


class Camera:
    """Heeds no prompt."""

    seed = 0

    def prompt(self, prompt: str) -> None:
        pass

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        return frame

    def reset(self) -> None:
        pass


@pytest.fixture(scope="module")
def clips(clip: Callable[[str], Path]) -> list[Path]:
    return [clip("foreman-cif"), clip("foreman-cif").with_name("london-face-009-smiling.jpg")]


def test_the_teacher_is_its_own_best_student(clips: list[Path], tmp_path: Path) -> None:
    report = evaluate(Teacher(), clips[:1], PROMPTS, frames=3, size=SIZE, sheet=tmp_path / "sheet.png", worlds=WORLDS)
    assert report["adherence"] == 1
    assert set(report["per_world"]) == set(WORLDS)
    assert report["psnr_db"] == pytest.approx(58.92, abs=0.01)
    assert (report["ssim"], report["sharpness_ratio"], report["detail_correlation"]) == (1, 1, 1)
    assert report["flicker_ratio"] <= 1
    moving = {world for world in WORLDS if WORLDS[world].moving}
    assert set(report["motion_left_out"]) < moving, "too slow to be seen within three frames"
    assert report["motion_ratio_per_world"] == dict.fromkeys(moving - set(report["motion_left_out"]), 1)
    assert report["pairs"] == report["pairs_possible"] == len(WORLDS)
    with Image.open(report["contact_sheet"]) as sheet:
        assert sheet.width > 200 * (1 + len(WORLDS))


def test_other_particles_are_still_the_same_world(clips: list[Path]) -> None:
    random = {world: [world] for world in WORLDS if WORLDS[world].random}
    report = evaluate(
        Teacher(noise_seed=99), clips, random, frames=3, size=SIZE, chosen=["adherence", "psnr"], worlds=WORLDS
    )
    assert report["adherence"] == 1
    assert report["psnr_db"] is None, "no picture of a world with random content can be demanded"
    assert min(report["psnr_db_per_world"].values()) < 40, "the other noise was to paint other pictures"


def test_what_heeds_no_prompt_is_always_as_is(clips: list[Path]) -> None:
    report = evaluate(Camera(), clips[:1], PROMPTS, frames=3, size=SIZE, worlds=WORLDS)
    assert report["per_world"] == {world: float(world == "as-is") for world in WORLDS}
    assert {entry["nearest"] for entry in report["mistaken"]} == {"as-is"}
    assert report["motion_ratio"] == 0
    assert report["flicker_ratio"] == 0


def test_a_damaged_clip_is_skipped_and_named(clips: list[Path], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(clips[0].read_bytes()[:1000])
    report = evaluate(Camera(), [damaged, clips[1]], {"as-is": ["as it is"]}, frames=2, size=SIZE, worlds=WORLDS)
    assert [row["file"] for row in report["skipped"]] == ["damaged.mp4"]
    assert report["clips"] == report["stills"] == [clips[1].name]
    with pytest.raises(ValueError, match=r"no clip could be read.*damaged\.mp4"):
        evaluate(Camera(), [damaged], {"as-is": ["as it is"]}, frames=2, size=SIZE, worlds=WORLDS)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"chosen": ["beauty"]}, "beauty"), ({"chosen": []}, "there are adherence"), ({"frames": 1}, "at least 2")],
)
def test_what_makes_no_evaluation_is_refused(options: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        evaluate(Camera(), [], PROMPTS, **options)


@given(
    st.integers(1, 40),
    st.dictionaries(
        st.sampled_from(list(WORLDS)), st.lists(st.text(), min_size=1, max_size=4, unique=True), min_size=1
    ),
    st.integers(1, 400),
)
def test_the_choice_of_runs_is_even(clips: int, prompts: dict[str, list[str]], max_runs: int) -> None:
    chosen = choose(clips, prompts, max_runs)
    assert len(set(chosen)) == len(chosen) <= max(max_runs, len(prompts))
    per_clip = [sorted({world for number, world, _ in chosen if number == clip}) for clip in {c for c, _, _ in chosen}]
    assert per_clip == [sorted(prompts)] * len(per_clip), "each clip is seen under each world"
    if clips * len(prompts) * max(map(len, prompts.values())) <= max_runs:
        assert len(chosen) == clips * sum(map(len, prompts.values())), "everything fits, so everything is run"


def test_wordings_take_turns_where_not_all_fit() -> None:
    chosen = choose(4, {"pencil": ["a", "b"], "cartoon": ["c", "d"]}, 8)
    assert [wording for _, _, wording in chosen] == ["a", "c", "b", "d", "a", "c", "b", "d"]


def test_a_still_becomes_a_gentle_pan(clips: list[Path]) -> None:
    panned = read_clip(clips[1], 24, SIZE)
    pictures = [frame.rgb.astype(float) for frame in panned.frames]
    changes = [np.abs(b - a).mean() for a, b in pairwise(pictures)]
    assert 0 < max(changes) < 10
    assert {picture.shape for picture in pictures} == {(SIZE[1], SIZE[0], 3)}
    assert not np.ptp([frame.rgb for frame in panned.still().frames], axis=0).any()


def test_a_clip_of_one_frame_says_nothing_of_motion(small_clip: Path) -> None:
    assert len(read_clip(small_clip, 2, SIZE).frames) == 2
    with pytest.raises(MediaError, match="one frame only"):
        read_clip(small_clip, 1, SIZE)


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").touch()
    with pytest.raises(ValueError, match="has no video and no picture"):
        find_clips(tmp_path)
    with pytest.raises(ValueError, match="is not a folder"):
        find_clips(tmp_path / "manifest.csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"underwater": ["under the sea"],}', "line 1 column 34"),
        ('["underwater"]', "expected worlds and their wordings"),
        ("{}", "expected worlds and their wordings"),
        ('{"atlantis": ["under the sea"]}', "'atlantis' is not a world; there are as-is, underwater"),
        ('{"underwater": "under the sea"}', "underwater needs a list"),
        ('{"underwater": []}', "underwater needs a list"),
        ('{"underwater": [" "]}', "underwater needs a list"),
    ],
)
def test_a_mistake_in_the_prompts_is_named(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        read_prompts(path, tuple(WORLDS))


def test_prompts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps({"underwater": ["under the sea"]}))
    assert read_prompts(path, tuple(WORLDS)) == {"underwater": ["under the sea"]}


def test_the_summary_of_known_runs() -> None:
    def run(world: str, nearest: str, psnr_db: float) -> Run:
        distances = {name: float(name != nearest) for name in ("snowfall", "pencil")}
        return Run("clip", world, "wording", distances, psnr_db, 0.5, 2.0, 4.0, 0.25)

    findings = Findings(
        {"snowfall": WorldTraits(random=True, moving=True), "pencil": WorldTraits(random=False, moving=False)},
        [run("snowfall", "snowfall", 10), run("snowfall", "pencil", 12), run("pencil", "pencil", 30)],
        [
            StillRun("clip", "snowfall", flicker=0.03, teacher_flicker=0.02, motion=0.5, teacher_motion=0.25),
            StillRun("clip", "pencil", flicker=0.5 / 255, teacher_flicker=0, motion=1, teacher_motion=0),
        ],
    )
    report = summary(findings)
    assert report["adherence"] == pytest.approx(2 / 3, abs=1e-4)
    assert report["per_world"] == {"snowfall": 0.5, "pencil": 1}
    assert report["confusion"] == {"snowfall": {"snowfall": 1, "pencil": 1}, "pencil": {"pencil": 1}}
    assert report["psnr_db"] == 30, "over worlds without random content"
    assert report["psnr_db_per_world"] == {"snowfall": 11, "pencil": 30}
    assert report["sharpness_ratio"] == 0.5
    assert report["flicker_ratio_per_world"] == {"snowfall": 1.5, "pencil": 0.5}, "pencil's teacher stands still"
    assert report["motion_ratio_per_world"] == {"snowfall": 2}, "pencil has no motion of its own"
    assert "psnr_db" not in summary(findings, ["adherence"])
