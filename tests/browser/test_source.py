"""What a page sends of a clip: its own shape and its own rate."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from studio.web import WEB


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with feed.js and source.js as `window.modules`."""
    page = browser.new_page()
    sources = [(WEB / name).read_text(encoding="utf-8") for name in ("feed.js", "source.js")]
    page.evaluate(
        """async sources => {
          const load = source => import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
          window.modules = Object.assign({}, ...(await Promise.all(sources.map(load))));
        }""",
        sources,
    )
    yield page
    page.close()


@pytest.mark.parametrize(
    ("shape", "side", "size"),
    [
        ((1920, 1080), 384, [384, 216]),
        ((640, 480), 384, [384, 288]),
        ((360, 640), 384, [216, 384]),  # a phone's clip: nothing of its height is lost
        ((1080, 1080), 384, [384, 384]),
        ((720, 480), 384, [384, 256]),
        ((2560, 1080), 640, [640, 270]),
        ((360, 640), 1280, [608, 1080]),  # the engine takes no taller one
        ((1000, 20), 384, [384, 64]),
    ],
)
def test_a_picture_keeps_its_shape(page: Page, shape: tuple[int, int], side: int, size: list[int]) -> None:
    assert page.evaluate("([width, height, side]) => modules.sizeFor(width, height, side)", [*shape, side]) == size


@pytest.mark.parametrize(
    ("spacings", "fps"),
    [
        ([1 / 12] * 20, 12),
        ([0.033, 0.034, 0.033] * 8, 30),
        ([1001 / 24_000] * 40, 24_000 / 1001),
        ([0.04, 0.08, 0.04, 0.12, 0.04] * 4, 25),  # a page that misses pictures
        ([0.1, 0.1, 1.3, 0.1, 0.1, 0.6, 0.1, 0.1], 10),
        ([1 / 37] * 20, 37),
        ([0.04] * 7, None),
        ([3.0] * 10, 1),
    ],
)
def test_a_rate_is_that_of_the_usual_spacing(page: Page, spacings: list[float], fps: float | None) -> None:
    assert page.evaluate("spacings => modules.frameRate(spacings)", spacings) == pytest.approx(fps)


@pytest.mark.parametrize("fps", [10, 15])
def test_a_clip_is_recorded_at_its_own_rate(page: Page, tmp_path: Path, fps: int) -> None:
    with av.open(str(tmp_path / "clip.webm"), "w") as container:
        stream = container.add_stream("libvpx", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 90, 160, "yuv420p"
        for n in range(3 * fps):
            frame = av.VideoFrame.from_ndarray(np.full((160, 90, 3), 3 * n, np.uint8), format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    url = "data:video/webm;base64," + base64.b64encode((tmp_path / "clip.webm").read_bytes()).decode()
    page.evaluate(
        """url => {
          document.body.innerHTML = '<video muted loop autoplay></video>';
          const video = document.querySelector('video');
          video.muted = true;
          window.source = new modules.Source(video, null, () => {});
          source.play(url, 'clip');
        }""",
        url,
    )
    assert page.evaluate("source.fps") == 24  # nothing was seen yet
    page.wait_for_function(f"source.fps === {fps}", timeout=20_000)
