"""The pages by themselves: sources without a camera, lost connections, keys, the lane, sign-in, what is said when."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, FloatRect, Page, expect

from engine.config import lsd_test
from engine.models.checkpoint import save_weights, shard
from engine.models.hourglass import Hourglass
from engine.router import Router
from engine.stream import Stream
from studio.takes.sound import SAMPLE_RATE, soundtrack
from studio.takes.take import Take
from studio.timeline.files import SCHEMA, VERSION, timeline_from_dict
from studio.timeline.timeline import Timeline
from tests.browser.support import Cable, Served, enter
from tests.studio.takes.test_sound import clip

ROOT = Path(__file__).parents[2]
PICTURE = "document.querySelector('.monitors').dataset.picture === 'yes'"


@pytest.fixture(scope="module")
def studio(serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A studio with the shipped example and nothing else."""
    sessions = tmp_path_factory.mktemp("example") / "sessions"
    shutil.copytree(ROOT / "sessions/example", sessions / "example")
    return serve("--allow-host", "studio.test", sessions=sessions)


@pytest.fixture
def cable(studio: Served) -> Iterator[Cable]:
    cable = Cable(studio.port)
    yield cable
    cable.close()


def start(page: Page) -> None:
    """Press Start and wait for the world's first picture."""
    page.get_by_role("button", name="Start").click()
    page.wait_for_function(PICTURE)


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".link b")).to_have_text("Not started")


def open_lane(page: Page, studio: Served) -> FloatRect:
    """Review the first take, and wait for its lane; where that is. Edits of other tests are gone."""
    for drafts in studio.sessions.glob("*/S*/*/T*/drafts"):
        shutil.rmtree(drafts)
    enter(page, f"{studio.url}#review")
    page.locator(".item").first.click()
    page.wait_for_function("[...document.querySelectorAll('.lsd-screen video')].every(video => video.readyState >= 2)")
    expect(page.locator(".lsd-key").first).to_be_visible()
    box = page.locator(".lsd-lane").bounding_box()
    assert box
    return box


def test_at_first_open_the_example_plays_without_a_camera(studio: Served, page: Page, artefacts: Path) -> None:
    page.context.clear_permissions()
    enter(page, studio.url)
    expect(page.get_by_role("radio", name="Example")).to_have_attribute("aria-checked", "true")
    page.wait_for_function("document.querySelector('.camera video').videoWidth")
    page.screenshot(path=artefacts / "live-first-open.png")
    start(page)
    page.get_by_role("button", name="World alone").click()
    page.screenshot(path=artefacts / "live-world-alone.png")
    stop(page)


def test_a_clip_of_ones_own_is_a_camera(studio: Served, page: Page, small_clip: Path) -> None:
    enter(page, studio.url)
    page.get_by_role("radio", name="Clip").click()
    page.locator(".drop input[type=file]").set_input_files(small_clip)
    start(page)
    size = page.evaluate("(({width, height}) => [width, height])(document.querySelector('.world canvas'))")
    side = Stream.from_config(lsd_test()).sizes.live_side  # what this processor keeps up with
    assert size == [side, side * 2 // 3]  # its own shape
    stop(page)
    page.locator(".drop input[type=file]").set_input_files(__file__)
    expect(page.locator(".camera .empty")).to_contain_text("cannot play")


def test_a_clips_own_sound_is_recorded_as_it_plays(serve: Callable[..., Served], page: Page, tmp_path: Path) -> None:
    """The clip is a second long and plays in a loop; its tone begins at 0.2 s each time."""
    served = serve(sessions=tmp_path / "sessions")
    enter(page, served.url)
    page.get_by_role("radio", name="Clip").click()
    page.locator(".drop input[type=file]").set_input_files(clip(tmp_path / "spoken.mp4", tone_s=0.2, length_s=1.0))
    expect(page.locator(".about")).to_contain_text("its sound while a take is recorded")
    start(page)
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".record")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(2500)
    page.locator(".record").click()
    expect(page.locator(".kept")).to_contain_text("T001")
    (folder,) = served.sessions.glob("*/S01/A/T001")
    ((start_s, sound),) = Take.open(folder).sounds
    assert abs(start_s) < 1
    samples = np.concatenate(list(soundtrack([(0.0, sound)], "mono", 60.0)), axis=1)[0]
    loud = np.convolve(np.abs(samples) > 0.05, np.ones(2400), "same") > 0
    assert samples.size > 1.5 * SAMPLE_RATE
    assert np.count_nonzero(np.diff(loud.astype(int)) > 0) >= 1, "silence, then the tone again"
    stop(page)


def test_a_lost_connection_says_so_comes_back_and_the_take_goes_on(
    studio: Served, cable: Cable, page: Page, artefacts: Path
) -> None:
    enter(page, cable.url)
    start(page)
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".tally")).to_be_visible()
    page.wait_for_timeout(700)
    cable.cut()
    expect(page.locator(".overlay")).to_contain_text("Reconnecting")
    expect(page.locator(".link b")).to_contain_text("lost")
    page.screenshot(path=artefacts / "live-lost.png")
    cable.mend()
    expect(page.locator(".link b")).to_have_text("Live", timeout=15_000)
    expect(page.locator(".overlay")).to_be_hidden()
    expect(page.locator(".tally")).to_be_visible()
    page.wait_for_timeout(700)
    page.keyboard.press("r")
    expect(page.locator(".kept")).to_contain_text("T001")
    stop(page)


def test_a_link_and_a_tab_bear_the_studios_own_name(serve: Callable[..., Served], page: Page) -> None:
    url = serve("--auth", "ann:word").url  # whoever fetches a preview signs in nowhere
    text = page.request.get(url).text()
    assert '<meta property="og:title" content="Live film studio">' in text
    assert "{url}" not in text
    assert page.request.get(f"{url}studio/preview.jpg").headers["content-type"] == "image/jpeg"
    assert "e2b25a" in page.request.get(f"{url}favicon.ico").text()


def test_a_second_press_cuts_though_the_first_is_not_answered(serve: Callable[..., Served], page: Page) -> None:
    enter(page, serve().url)
    start(page)
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'r', bubbles: true}))"
    page.evaluate(f"{press}; {press}")
    answer = page.locator(".kept, .notices").filter(has_text=re.compile("T001|Nothing was recorded"))
    expect(answer).to_have_count(1)
    expect(page.locator(".record")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".record")).to_have_attribute("aria-pressed", "false")
    assert "being recorded" not in page.locator(".notices").inner_text()
    stop(page)


def test_live_work_knows_the_worlds_of_the_weights_that_were_given(
    serve: Callable[..., Served], page: Page, tmp_path: Path
) -> None:
    config = dataclasses.replace(lsd_test(), worlds=("as-is", "risograph"), things=())
    weights = tmp_path / "mine.safetensors"
    save_weights(weights, Hourglass(config), Router(2, 0), {})
    shard(weights, limit=weights.stat().st_size // 2 + 1)
    served = serve("--weights", str(weights), sessions=tmp_path / "sessions")
    enter(page, served.url)
    expect(page.get_by_role("button", name="risograph")).to_be_visible()
    page.get_by_role("radio", name="Camera").click()
    start(page)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="underwater")).to_have_count(0)
    expect(page.locator(".tally")).to_be_visible()
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    expect(page.locator(".kept")).to_contain_text("T001")
    manifest = json.loads(next(served.sessions.glob("*/*/*/T001/take.json")).read_text(encoding="utf-8"))
    assert manifest["engine"]["weights"] == str(weights)
    stop(page)


def test_a_studio_that_was_started_anew_asks_for_a_new_page(
    serve: Callable[..., Served], page: Page, tmp_path: Path
) -> None:
    first = serve(sessions=tmp_path / "sessions")
    enter(page, first.url)
    page.get_by_role("radio", name="Camera").click()
    start(page)
    first.kill()
    expect(page.locator(".link b")).to_contain_text("lost")
    serve(sessions=tmp_path / "sessions", port=first.port)
    expect(page.locator(".overlay")).to_contain_text("Load it again", timeout=15_000)
    page.get_by_role("button", name="Reload").click()
    page.locator("#studio [data-ready]").wait_for(state="attached")
    expect(page.locator(".link b")).to_have_text("Not started")


def test_a_camera_needs_a_secure_address_and_the_page_says_so(studio: Served, page: Page, artefacts: Path) -> None:
    enter(page, f"http://studio.test:{studio.port}/")
    page.get_by_role("radio", name="Camera").click()
    expect(page.locator(".camera .empty")).to_contain_text("--ssl-certfile")
    page.screenshot(path=artefacts / "live-insecure.png")
    page.get_by_role("radio", name="Example").click()
    start(page)
    stop(page)


def test_no_key_acts_while_a_text_field_has_the_focus(studio: Served, page: Page, artefacts: Path) -> None:
    enter(page, studio.url)
    start(page)
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.click()
    page.keyboard.type("r1?m")
    expect(prompt).to_have_value("r1?m")
    expect(page.locator(".tally")).to_be_hidden()
    expect(page.locator("dialog.help")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator(".now b")).to_have_text("wild west")
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    page.screenshot(path=artefacts / "keys.png")
    page.keyboard.press("Escape")
    stop(page)


def test_words_of_ones_own_become_a_cue_that_stays(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    expect(page.locator(".cue").first).to_be_visible(timeout=30_000)
    page.get_by_role("textbox", name="Prompt").fill("a harbour in fog")
    page.get_by_role("button", name="Keep these words as a cue").click()
    expect(page.locator(".cue").first).to_contain_text("a harbour in fog")
    page.reload()
    expect(page.locator(".cue").first).to_contain_text("a harbour in fog", timeout=30_000)
    page.locator(".cue").first.hover()
    page.locator(".cue .forget").click()
    expect(page.locator(".cue").first).to_contain_text("underwater")


def test_a_covered_page_goes_on_shooting(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    start(page)
    page.evaluate("""() => {
      HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0;  // what browsers do to pages that nobody sees
      Object.defineProperty(document, 'hidden', {value: true});
      document.dispatchEvent(new Event('visibilitychange'));
      const canvas = document.querySelector('.world canvas'), draw = CanvasRenderingContext2D.prototype.drawImage;
      window.drawn = 0;
      CanvasRenderingContext2D.prototype.drawImage = function (...given) {
        if (this.canvas === canvas) window.drawn++;
        draw.apply(this, given);
      };
    }""")
    page.wait_for_function("window.drawn > 12")
    stop(page)


def test_a_slate_that_cannot_name_a_folder_is_explained(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    production = page.get_by_label("Production")
    production.fill("../../etc")
    production.press("Enter")
    expect(page.locator(".notices")).to_contain_text("cannot name a folder")


def test_the_lane_is_edited_by_hand_and_undone(studio: Served, page: Page, artefacts: Path) -> None:
    enter(page, f"{studio.url}#review")
    page.locator(".item").first.click()
    keys = page.locator(".lsd-key")
    page.wait_for_function("[...document.querySelectorAll('.lsd-screen video')].every(video => video.readyState >= 2)")
    expect(keys.first).to_be_visible()  # drawn once the pictures are known
    before = keys.count()
    page.screenshot(path=artefacts / "review-example.png")
    lane = page.locator(".lsd-lane").bounding_box()
    assert lane
    page.mouse.dblclick(lane["x"] + lane["width"] * 0.93, lane["y"] + 16)
    expect(keys).to_have_count(before + 1)
    page.keyboard.type("a storm at sea")
    page.keyboard.press("Enter")
    expect(keys.last).to_contain_text("a storm at sea")
    handle = keys.last.locator("i").bounding_box()
    assert handle
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    page.mouse.move(handle["x"] - 40, handle["y"] + 5, steps=4)
    page.mouse.up()
    moved = float(page.locator(".lsd-editor [name=time_s]").input_value())
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(keys.last).not_to_contain_text("a storm at sea")
    page.keyboard.press("Control+z")
    expect(keys).to_have_count(before)
    for _ in range(3):
        page.keyboard.press("Control+Shift+z")
    expect(keys.last).to_contain_text("a storm at sea")
    again = re.search(r"at ([\d.]+) s", keys.last.get_attribute("aria-label") or "")
    assert again
    assert float(again[1]) == pytest.approx(moved, abs=0.01)
    keys.last.click()
    page.keyboard.press("Delete")
    expect(keys).to_have_count(before)


def test_edits_outlive_the_page(studio: Served, page: Page) -> None:
    open_lane(page, studio)
    keys = page.locator(".lsd-key")
    before = keys.count()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    with page.expect_response(lambda answer: "draft" in (answer.request.post_data or "")):
        page.keyboard.press("s")
    page.reload()
    page.locator("#studio [data-ready]").wait_for(state="attached")
    expect(keys).to_have_count(before + 1)
    expect(page.locator(".lsd-note")).to_contain_text("undo takes them back")
    with page.expect_response(lambda answer: "draft" in (answer.request.post_data or "")):
        page.keyboard.press("Control+z")
    expect(keys).to_have_count(before)
    assert not list(studio.sessions.glob("*/S*/*/T*/drafts/*"))


def test_a_prompt_is_split_trimmed_and_faded(studio: Served, page: Page) -> None:
    lane = open_lane(page, studio)
    second = lane["width"] / 20

    def edited() -> Timeline:
        state = page.evaluate("document.querySelector('#studio [data-ready]').studio.review.player.state()")
        return timeline_from_dict({"schema": SCHEMA, "version": VERSION, **state})

    def drag(time_s: float, y: float, by_s: float) -> None:
        x = lane["x"] + time_s * second
        page.mouse.move(x, lane["y"] + y)
        page.mouse.down()
        page.mouse.move(x + by_s * second, lane["y"] + y, steps=6)
        page.mouse.up()

    line = edited()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("s")
    line = line.split(3.0)
    assert edited() == line
    drag(4.5, 30, 1.0)
    line = line.trim("k3", start_s=5.5)
    assert edited() == line
    drag(5.5, 30, -5.0)
    assert edited().key("k3").time_s == pytest.approx(3 + 1 / 24, abs=1e-5), "an edge stops at the edge before it"
    page.keyboard.press("Control+z")
    assert edited() == line
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("q")
    line = line.trim("k9", start_s=4.0)
    assert edited() == line
    page.keyboard.press("w")
    expect(page.locator(".lsd-note")).to_contain_text("nothing would be left")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("w")
    line = line.trim("k9", end_s=5.0)
    assert edited() == line
    drag(5.5, 10, 1.0)
    line = line.change("k3", fade_s=1.5)
    assert edited() == line


def test_the_lane_is_seen_from_near(studio: Served, page: Page, artefacts: Path) -> None:
    lane = open_lane(page, studio)
    ruler, head = page.locator(".lsd-ruler span"), page.locator(".lsd-head")
    expect(ruler.nth(1)).to_have_text("00:02")
    x = round(lane["x"] + lane["width"] * 4.5 / 20)
    page.mouse.move(x, lane["y"] + 20)
    page.keyboard.down("Control")
    for _ in range(8):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    expect(ruler.nth(1)).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))  # frames, too
    near = page.locator(".lsd-lane").bounding_box()
    assert near
    assert near["width"] > 8 * lane["width"]
    under = [(x - box["x"]) / box["width"] for box in (lane, near)]
    assert under[0] == pytest.approx(under[1], abs=1 / near["width"]), "what is under the pointer stays there"
    page.screenshot(path=artefacts / "review-zoomed.png")
    page.keyboard.press("End")
    box = head.bounding_box()
    assert box
    assert lane["x"] < box["x"] < lane["x"] + lane["width"], "the playhead is kept in sight"
    page.keyboard.press("0")
    whole = page.locator(".lsd-lane").bounding_box()
    assert whole
    assert whole["width"] == pytest.approx(lane["width"], abs=1)
    page.get_by_role("button", name="Keys (?)").last.click()
    expect(page.locator(".lsd-help")).to_contain_text("Split")
    page.screenshot(path=artefacts / "review-keys.png")
    page.keyboard.press("Escape")
    expect(page.locator(".lsd-help")).to_be_hidden()


def test_frames_step_and_the_wipe_is_dragged(studio: Served, page: Page) -> None:
    enter(page, f"{studio.url}#review")
    page.locator(".item").first.click()
    page.wait_for_function("[...document.querySelectorAll('.lsd-screen video')].every(video => video.readyState >= 2)")
    time = page.locator(".lsd-time")
    expect(time).to_have_text("00:00:00:00")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(time).to_have_text("00:00:00:03")
    page.keyboard.press("ArrowLeft")
    expect(time).to_have_text("00:00:00:02")
    page.keyboard.press("Shift+ArrowRight")
    expect(time).to_have_text("00:00:01:02")
    page.keyboard.press("Home")
    expect(time).to_have_text("00:00:00:00")
    screen = page.locator(".lsd-screen").bounding_box()
    assert screen
    page.mouse.move(screen["x"] + screen["width"] / 2, screen["y"] + 50)
    page.mouse.down()
    page.mouse.move(screen["x"] + screen["width"] / 4, screen["y"] + 50, steps=3)
    page.mouse.up()
    expect(page.locator(".lsd-wipe")).to_have_attribute("aria-valuenow", "25")


def test_a_verdict_and_notes_are_kept(studio: Served, page: Page) -> None:
    enter(page, f"{studio.url}#review")
    page.locator(".item").first.click()
    page.get_by_role("button", name="Circle", exact=True).click()
    page.get_by_label("Notes").fill("the ball is late")
    page.get_by_label("Notes").blur()
    expect(page.locator(".item").first).to_contain_text("circled")
    page.reload()
    page.locator("#studio [data-ready]").wait_for(state="attached")
    expect(page.get_by_label("Notes")).to_have_value("the ball is late")


def test_a_version_is_exported_for_download(studio: Served, page: Page, tmp_path: Path) -> None:
    enter(page, f"{studio.url}#review")
    page.locator(".item").first.click()
    for kind in ("OTIO", "MP4"):
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name=f"Export {kind}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.suffix == f".{kind.lower()}"
        assert path.stat().st_size > 1000


def test_a_room_without_takes_teaches(serve: Callable[..., Served], browser: Browser, artefacts: Path) -> None:
    served = serve("--auth", "ann:a long secret")
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    page = context.new_page()
    page.goto(served.url)
    page.get_by_label("username").fill("ann")
    page.get_by_label("password").fill("a long secret")
    page.get_by_role("button", name=re.compile("log ?in", re.IGNORECASE)).click()
    page.locator("#studio [data-ready]").wait_for(state="attached")
    page.screenshot(path=artefacts / "live-tablet.png")
    page.get_by_role("link", name="Review").click()
    expect(page.locator(".room > .empty")).to_contain_text("No takes yet")
    page.screenshot(path=artefacts / "review-empty.png")
    context.close()
