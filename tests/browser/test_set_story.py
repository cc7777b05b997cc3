"""A film maker puts places behind the cast, from the gallery, a photo, words; shoots, reviews, changes one."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from studio.rendering.verify import check_take
from studio.takes.documents import file_sha256
from studio.takes.mattes import MATTE, mattes
from studio.takes.take import Take
from studio.timeline.sets import words_of
from tests.browser.support import Served, enter
from tests.browser.test_story import camera as camera

DROP = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), char => char.charCodeAt(0)), files = new DataTransfer();
  files.items.add(new File([bytes], name, {type: 'image/jpeg'}));
  document.querySelector('.set').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true}));
}"""


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser], camera: Path) -> Iterator[Browser]:
    browser = launch(f"--use-file-for-fake-video-capture={camera}")
    yield browser
    browser.close()


def photo() -> bytes:
    """A beach as a camera would not make it: sand below, sea, sky."""
    rgb = np.zeros((270, 480, 3), np.uint8)
    rgb[:150], rgb[150:190], rgb[190:] = (120, 190, 240), (30, 110, 160), (230, 200, 150)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.mark.timeout(300)
def test_places_behind_the_cast(serve: Callable[..., Served], page: Page, artefacts: Path) -> None:
    studio = serve()
    page.set_viewport_size({"width": 1280, "height": 720})
    enter(page, studio.url)
    expect(page.locator(".cue").first).to_be_visible(timeout=60_000)
    page.get_by_role("radio", name="Camera").click()
    expect(page.locator(".camera .empty")).to_be_hidden()
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("+document.querySelector('[data-figure=fps]').textContent > 0", timeout=60_000)

    page.get_by_label("Fade in seconds").fill("0.3")
    card = page.get_by_role("region", name="Set", exact=True)
    castle = card.get_by_role("radio", name="Castle", exact=True)
    castle.click()
    expect(castle).to_have_attribute("aria-checked", "true", timeout=30_000)
    expect(card.locator(".standing")).to_have_text("castle")
    time.sleep(2)
    page.screenshot(path=artefacts / "sets-gallery.png")

    page.keyboard.press("r")
    expect(page.locator(".tally")).to_be_visible()
    time.sleep(2)
    page.evaluate(DROP, [base64.b64encode(photo()).decode(), "beach.jpg"])
    beach = card.get_by_role("radio", name="beach.jpg")
    expect(beach).to_have_attribute("aria-checked", "true", timeout=30_000)
    time.sleep(2)
    page.screenshot(path=artefacts / "sets-photo.png")
    words = card.get_by_role("textbox", name="Words for a set")
    words.fill("a temple at sunset")
    words.press("Enter")
    expect(card.locator(".standing")).to_have_text("a temple at sunset", timeout=30_000)
    words.press("Escape")
    time.sleep(2)
    page.screenshot(path=artefacts / "sets-words.png")
    page.keyboard.press("r")
    expect(page.locator(".kept a")).to_be_visible(timeout=60_000)

    folder = studio.sessions / "my-film/S01/A/T001"
    take = Take.open(folder)
    assert [words_of(key.set) for key in take.timeline.sets] == ["castle", "beach.jpg", "a temple at sunset"]
    (copy,) = (folder / "sets").iterdir()
    assert copy.read_bytes() == photo()
    assert copy.name == f"{file_sha256(copy)}.jpg"
    seen = [float((matte > 128).mean()) for matte in mattes(folder / MATTE)]
    assert len(seen) == len(take.made)
    assert 0.02 < np.median(seen) < 0.8, "somebody sits at the desk"

    page.locator(".kept a").click()
    expect(page.locator(".lsd-set")).to_have_count(3)
    page.wait_for_function("[...document.querySelectorAll('.lsd-screen video')].every(video => video.readyState >= 2)")
    page.locator(".lsd-set").nth(2).click()
    text = page.locator(".lsd-editor [name=prompt]")
    expect(text).to_have_value("a temple at sunset")
    text.fill("castle-at-night")
    text.press("Enter")
    expect(page.locator(".lsd-set").nth(2)).to_contain_text("castle-at-night")
    page.screenshot(path=artefacts / "sets-review.png")
    page.get_by_role("button", name="Render again").click()
    version = page.locator(".versions").get_by_role("button", name="v001")
    expect(version).to_have_attribute("aria-pressed", "true", timeout=120_000)
    page.wait_for_function("document.querySelector('video.lsd-live').readyState >= 2")
    page.keyboard.press("End")
    time.sleep(1)
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.screenshot(path=artefacts / "sets-v001.png")
    take = Take.open(folder)
    (render,) = take.renders
    assert render.timeline.sets[2].set == {"gallery": "castle-at-night"}
    assert render.info["reused"] > 0
    assert check_take(take).sound
