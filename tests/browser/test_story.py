"""The whole chain as a film maker walks it: camera, world, another prompt, a take, its review, a new version."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from studio.takes.take import Take
from tests.browser.support import Figures, Served, enter

CAMERA_SIZE = (480, 270)
PROBE = Path(__file__).with_name("probe.js")
FIRST_PICTURE_S, CHANGE_S = 3.0, 1.0
"""What the studio promises on two cores."""
ON_THEIR_WAY, UNTIL_CHANGED = 4, 16
"""Pictures between camera and page at most, for nothing may queue; and pictures until a new prompt is seen. Counted in
pictures, so that they hold however fast the processor is; the benchmarks judge pictures a second."""


@pytest.fixture(scope="module")
def camera(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a dev clip as the uncompressed file that Chromium's fake camera plays in a loop."""
    path = tmp_path_factory.mktemp("camera") / "camera.y4m"
    width, height = CAMERA_SIZE
    with av.open(str(clip("scientist-at-desk-b"))) as video, path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F24:1 Ip A1:1 C420jpeg\n".encode())
        for n, frame in enumerate(video.decode(video=0)):
            if n == 72:
                break
            out.write(b"FRAME\n" + frame.reformat(width, height, "yuv420p").to_ndarray().tobytes())
    return path


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser], camera: Path) -> Iterator[Browser]:
    browser = launch(f"--use-file-for-fake-video-capture={camera}")
    yield browser
    browser.close()


def shown_fps(page: Page) -> float:
    text = page.locator("[data-figure=fps]").inner_text()
    return float(text) if text.isdigit() else 0.0


def change_s(page: Page) -> float:
    """Seconds from Enter until the picture was nearer to what it then became than to what it had been."""
    watched = page.evaluate("probe")
    entered = watched["pressed"]["enter"]
    times = np.array([at for at, _ in watched["pictures"]])
    pictures = np.array([picture for _, picture in watched["pictures"]], np.float32)
    before = np.median(pictures[(times > entered - 1000) & (times < entered)], 0)
    after = np.median(pictures[times > entered + 1500], 0)
    assert np.abs(before - after).mean() > 4, "the new world looks like the old one"
    nearer = np.abs(pictures - after).mean(1) < np.abs(pictures - before).mean(1)
    return float(times[nearer & (times > entered)][0] - entered) / 1000


def test_from_camera_to_new_version(
    serve: Callable[..., Served], page: Page, artefacts: Path, figures: Figures
) -> None:
    studio = serve()
    page.add_init_script(path=PROBE)
    enter(page, studio.url)
    expect(page.locator(".cue").first).to_be_visible(timeout=30_000)  # the model is loaded
    page.screenshot(path=artefacts / "live-opened.png")

    page.get_by_role("radio", name="Camera").click()
    expect(page.locator(".camera .empty")).to_be_hidden()
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("probe.pictures.length")
    first_s = page.evaluate("(probe.pictures[0][0] - probe.pressed.start) / 1000")
    figures.note(first_picture_s=round(first_s, 3))
    assert first_s < FIRST_PICTURE_S

    page.wait_for_function("+document.querySelector('[data-figure=fps]').textContent > 0", timeout=30_000)
    time.sleep(3)  # the figures are means of three seconds
    rates, ages = [], []
    for _ in range(8):
        time.sleep(0.5)
        rates.append(shown_fps(page))
        ages.append(float(page.locator("[data-figure=age]").inner_text()))
    figures.note(fps_shown=statistics.median(rates), age_ms=statistics.median(ages))
    assert 0 < statistics.median(rates) * statistics.median(ages) / 1000 <= ON_THEIR_WAY
    page.screenshot(path=artefacts / "live-running.png")

    page.get_by_label("Fade in seconds").fill("0")
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("film noir")
    prompt.press("Enter")
    expect(page.locator(".now b")).to_have_text("film noir")
    time.sleep(2.5)
    changed_s = change_s(page)
    figures.note(change_s=round(changed_s, 3))
    assert changed_s < CHANGE_S
    assert changed_s * statistics.median(rates) <= UNTIL_CHANGED
    prompt.press("Escape")

    page.keyboard.press("r")
    expect(page.locator(".tally")).to_be_visible()
    time.sleep(2.5)
    page.keyboard.press("1")  # a cue, on the way
    page.screenshot(path=artefacts / "live-recording.png")
    time.sleep(2.5)
    page.keyboard.press("r")
    expect(page.locator(".kept a")).to_be_visible(timeout=30_000)
    expect(page.locator("output[name=take]")).to_have_text("2")
    page.screenshot(path=artefacts / "live-kept.png")
    folder = studio.sessions / "my-film/S01/A/T001"
    take = Take.open(folder)
    figures.note(take_s=round(take.duration_s, 2), take_frames=len(take.frames), take_dropped=take.dropped)
    assert take.state == "complete"
    assert 4 < take.duration_s < 8
    assert [key.prompt for key in take.timeline.keys] == ["film noir", "underwater"]
    assert (folder / "mic.webm").stat().st_size > 0

    page.locator(".kept a").click()
    expect(page.locator(".lsd-key")).to_have_count(2)
    live = page.locator("video.lsd-live")
    page.wait_for_function("[...document.querySelectorAll('.lsd-screen video')].every(video => video.readyState >= 2)")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('video.lsd-live').currentTime > 1")
    page.keyboard.press("k")
    page.wait_for_function(
        "document.querySelector('video.lsd-live').paused && !document.querySelector('video.lsd-raw').seeking"
    )
    expect(page.locator(".lsd-time")).not_to_have_text("00:00:00:00")
    times = page.evaluate("[...document.querySelectorAll('.lsd-screen video')].map(video => video.currentTime)")
    assert times[0] == times[1]
    page.screenshot(path=artefacts / "review.png")

    page.locator(".lsd-key").nth(1).click()
    words = page.locator(".lsd-editor [name=prompt]")
    expect(words).to_have_value("underwater")
    words.fill("snowfall")
    words.press("Enter")
    page.locator(".lsd-editor [name=fade_s]").fill("0.8")
    page.locator(".lsd-editor [name=fade_s]").press("Enter")
    page.screenshot(path=artefacts / "review-edited.png")
    page.get_by_role("button", name="Render again").click()
    version = page.locator(".versions").get_by_role("button", name="v001")
    expect(version).to_have_attribute("aria-pressed", "true", timeout=60_000)
    assert re.search(r"renders/v001/out\.mp4", live.get_attribute("src") or "")
    page.wait_for_function("document.querySelector('video.lsd-live').readyState >= 2")
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('video.lsd-live').currentTime > 4")
    page.screenshot(path=artefacts / "review-v001.png")
    (render,) = Take.open(folder).renders
    assert [(key.prompt, key.fade_s) for key in render.timeline.keys] == [("film noir", 0.0), ("snowfall", 0.8)]
    assert render.info["reused"] > 0, "what comes before the edit is not made again"
