"""Variants of a take are versions like any other, measured alike; a picked one is written on the take."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from engine.media.pictures import GAP, MARGIN
from engine.media.video import VideoSource
from engine.teachers.places import PLACES
from studio.model import load_model
from studio.notebook import GridPicker
from studio.notebook.formatters import html_of
from studio.rendering.render import render, render_async
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline
from studio.variants import Grid, render_grid, render_grid_async


@pytest.mark.long
def test_a_grid_is_every_prompt_under_every_strength(take: Take, tmp_path: Path) -> None:
    nearest = load_model(take.manifest.engine).nearest
    other = next(text for text in ("a pencil sketch", "oil", "lava", "ice") if nearest(text)[0][0] not in PLACES)
    grid = render_grid(take, ["underwater", other], strengths=[1.0, 0.5], workers=1)
    assert [(one.prompt, one.strength) for one in grid.variants] == [
        ("underwater", 1.0),
        ("underwater", 0.5),
        (other, 1.0),
        (other, 0.5),
    ]
    assert len({one.render.name for one in grid.variants}) == 4
    assert grid[0].world == nearest("underwater")[0][0]
    assert [row["version"] for row in grid.table] == [one.render.name for one in grid.variants]
    assert grid[2].adherence is not None
    assert len({row["seconds"] for row in grid.table}) == 4, "each has a time of its own"
    assert all(0 < one.seconds < 60 for one in grid.variants)
    assert grid[3].adherence is None, "half a world is no world's"
    assert grid.sheet(count=3).size[0] == 3 * 320 + 2 * GAP + 2 * MARGIN
    wall = VideoSource(grid.video(tmp_path / "wall.mp4"))
    assert wall.width == 2 * 320
    assert len(list(wall)) == len(take.made)
    assert "◉" not in html_of(grid)
    assert grid.pick(2).manifest.verdict == "circled"
    assert grid.picked == 2
    assert "◉" in html_of(grid)
    with pytest.raises(TakeError, match="no variant 9; they are 0 to 3"):
        grid.pick(9)
    choose(take, grid)


def choose(take: Take, grid: Grid) -> None:
    """What is clicked in the picker is on the disk, and what the disk refuses is said."""
    picker = GridPicker(grid)
    assert picker._picked == 2, "what was circled is shown"
    picker._picked = 1  # as a click sends it
    assert Take.open(take.folder).manifest.circled == grid[1].render.name
    assert GridPicker(Take.open(take.folder))._picked == 1, "another kernel finds it in the take"
    picker.pick(None)
    judged = Take.open(take.folder).manifest
    assert (judged.circled, judged.verdict) == (None, None)
    assert GridPicker(grid).picked is None
    picker.pick(3)
    assert picker.picked == grid[3].render
    with pytest.raises(TakeError, match="no variant 4"):
        picker.pick(4)
    (grid[0].render.folder / "render.json").unlink()
    with pytest.raises(TakeError, match="has no version"):
        picker.pick(0)
    assert picker._fault.startswith(f"{take.name} has no version")
    assert picker._picked == 3


def test_a_take_without_versions_has_nothing_to_pick_from(take: Take) -> None:
    with pytest.raises(TakeError, match=r"no version to pick from; make some with render_grid"):
        GridPicker(take)


@pytest.mark.long
def test_a_strength_weakens_the_timelines_own(take: Take) -> None:
    line = Timeline.of("underwater").set(1, strength=0.2).set(2, strength=0.8, ease="smooth")
    grid = render_grid(take, [line, "underwater"], strengths=np.linspace(0.5, 1, 2), seeds=np.arange(7, 8), workers=1)
    assert json.loads(json.dumps([(one.seed, one.strength) for one in grid.variants])) == [[7, 0.5], [7, 1.0]] * 2
    weak, own, half, whole = (one.render.timeline for one in grid.variants)
    for time_s in (0.0, 1.0, 1.3, 1.7, 2.0, 4.0):
        assert weak.value("strength", time_s) == pytest.approx(0.5 * line.value("strength", time_s))
        assert half.value("strength", time_s) == 0.5
    assert own == line
    assert whole == Timeline.of("underwater")


@pytest.mark.long
def test_an_awaited_grid_leaves_the_loop_free_and_can_be_cancelled(take: Take) -> None:
    told: list[tuple[int, int]] = []

    async def scene() -> None:
        task = asyncio.create_task(
            render_grid_async(
                take, ["underwater"], strengths=[0.5], workers=1, progress=lambda *news: told.append(news)
            )
        )
        turns = 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0.01)
        assert turns > 3
        assert len(await task) == 1
        assert told[-1] == (len(take.made), len(take.made))

        reached, loop = asyncio.Event(), asyncio.get_running_loop()

        def begun(done: int, total: int) -> None:
            loop.call_soon_threadsafe(reached.set)

        task = asyncio.create_task(render_grid_async(take, ["wild west"] * 40, workers=1, progress=begun))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert len(take.renders) < 40


def test_nothing_makes_no_grid(take: Take) -> None:
    for wrong, told in (
        ({"prompts": []}, "at least one prompt"),
        ({"prompts": "underwater"}, r"prompts are a list, not 'underwater'; write prompts=\['underwater'\]"),
        ({"prompts": ["underwater"], "strengths": 0.5}, r"strengths are a list, not 0.5; write strengths=\[1, 0.5\]"),
        ({"prompts": ["underwater"], "seeds": ["one"]}, "the seed 'one' is not a whole number"),
        ({"prompts": ["underwater"], "seeds": np.array([0.5])}, "the seed 0.5 is not a whole number"),
        ({"prompts": ["underwater"], "strengths": [1.5]}, "the strength 1.5 is not a number from 0 to 1"),
        ({"prompts": ["underwater"], "strengths": np.array([])}, "at least one prompt"),
    ):
        with pytest.raises(TakeError, match=told):
            render_grid(take, **wrong)
    assert not take.renders


def test_only_a_version_of_the_take_is_circled(take: Take) -> None:
    with pytest.raises(TakeError, match=r"has no version 'v009'; it has none"):
        take.edit(circled="v009")


# -- one after the other: interrupted, resumed, awaited


def _line(take: Take) -> Timeline:
    return take.timeline.add(Key(0.4, "wild west", 0.2))


@pytest.mark.long
def test_an_interrupted_render_goes_on(take: Take, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(done: int, total: int) -> None:
        if done == 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(take, _line(take), progress=stop)
    assert not take.renders
    assert list((take.folder / "renders").glob(".unfinished-*/*.checkpoint"))
    version = render(take, _line(take))
    assert f"{len(take.made)}/{len(take.made)}" in capsys.readouterr().err, "a bar shows it"
    assert not list((take.folder / "renders").glob(".unfinished-*"))
    full = render(take, _line(take), load_model(take.manifest.engine))
    assert version.info["hashes"] == full.info["hashes"]


@pytest.mark.long
def test_an_awaited_render_leaves_the_loop_free(take: Take) -> None:
    turns = 0

    async def scene() -> None:
        nonlocal turns
        task = asyncio.create_task(render_async(take, _line(take), progress=lambda done, total: None))
        while not task.done():
            turns += 1
            await asyncio.sleep(0.005)
        assert (await task).name == "v001"

    asyncio.run(scene())
    assert turns > 3


@pytest.mark.long
def test_a_cancelled_render_keeps_its_checkpoints(take: Take) -> None:
    async def scene() -> None:
        reached = asyncio.Event()
        loop = asyncio.get_running_loop()

        def told(done: int, total: int) -> None:
            if done == 70:
                loop.call_soon_threadsafe(reached.set)

        task = asyncio.create_task(render_async(take, _line(take), progress=told))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    if not take.renders:  # on a fast machine the render may have ended before it heard of it
        assert list((take.folder / "renders").glob(".unfinished-*/*.checkpoint"))
    assert len(render(take, _line(take)).info["hashes"]) == len(take.made)
