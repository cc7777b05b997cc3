"""The player in a real JupyterLab, and on the review page: the frame that it shows is the frame that it names."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.media.video import VideoWriter
from engine.types import Frame
from studio.rendering.render import render
from studio.takes.take import Take
from tests.browser.support import Served, answers, enter, free_port

ROOT = Path(__file__).parents[2]
SIZE, COLUMN = (192, 96), 24
FRAMES = 72
READ = """video => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext('2d');
  pen.drawImage(video, 0, 0);
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    const [r] = pen.getImageData(bit * 24 + 12, 48, 1, 1).data;
    number |= (r > 127) << bit;
  }
  return number;
}"""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take whose camera shows each frame's number as black and white columns, a bit each."""
    folder = tmp_path_factory.mktemp("lab")
    with VideoWriter(folder / "coded.mp4", *SIZE, 24.0) as writer:
        for n in range(FRAMES):
            bits = np.repeat([255 * (n >> bit & 1) for bit in range(8)], COLUMN)
            picture = np.broadcast_to(bits[None, :, None], (SIZE[1], SIZE[0], 3)).astype(np.uint8)
            writer.write(Frame(np.ascontiguousarray(picture), n, n / 24))
    (folder / "words.json").write_text('{"0": "underwater", "1.5": "a pencil sketch"}')
    command = [sys.executable, "-m", "studio", "record", "--source", "coded.mp4", "--schedule", "words.json"]
    command += ["--production", "lab", "--size", "192x96", "--sessions", "sessions", "--device", "cpu"]
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return folder / "sessions"


@pytest.fixture(scope="module")
def take(sessions: Path) -> Take:
    return Take.open(next(sessions.glob("lab/S*/*/T*")))


@pytest.fixture(scope="module")
def lab(sessions: Path, take: Take, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab with a notebook that opens the take and renders what its player holds; its address."""
    desk = sessions.parent
    made = "take.timeline.split(1.0).change('k3', prompt='snowfall in winter').trim('k3', start_s=1.25)"
    made += ".move('k2', 2.0).change('k2', fade_s=0.25).mark(1.25, 'Marker 1')"
    opened = f"take = Take.open({str(take.folder)!r})"
    cells = [
        f"from studio import Take, render\nfrom studio.notebook import GridPicker, LiveCamera, TakePlayer\n{opened}",
        "player = TakePlayer(take)\nplayer",
        f"made = {made}\nassert player.timeline == made, player.timeline\nTakePlayer(take, render(take, made))",
        "picker = GridPicker(Take.open(take.folder))\npicker",
        "picker.picked.name",
        f"camera = LiveCamera('lab', '2', sessions={str(sessions)!r})\ncamera",
        "import time\ncamera.prompt('a pencil sketch')\ntime.sleep(3)",
        "take = camera.take\nTakePlayer(take)",
        f"Take.open({str(take.folder)!r})",
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(notebook, desk / "try.ipynb")
    port, log = free_port(), tmp_path_factory.mktemp("log") / "lab.log"
    options = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.port_retries=0"]
    options += ["--ServerApp.allow_remote_access=True"]
    news = desk / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    options += [f"--LabApp.user_settings_dir={desk}/settings", f"--LabApp.workspaces_dir={desk}/workspaces"]
    options += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={desk}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=out,
        )
    until = time.monotonic() + 60
    url = f"http://127.0.0.1:{port}/"
    while not answers(f"{url}api"):
        assert process.poll() is None, f"JupyterLab ended:\n{log.read_text()}"
        assert time.monotonic() < until, f"JupyterLab does not answer:\n{log.read_text()}"
        time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(20)


def frame_shown(page: Page, player: str) -> int:
    """The number burnt into the camera's picture."""
    return int(page.locator(f"{player} .lsd-raw").first.evaluate(READ))


def frame_named(page: Page, player: str) -> int:
    """The frame that the player's timecode names."""
    hours, minutes, seconds, frames = map(int, page.locator(f"{player} .lsd-time").first.inner_text().split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 24 + frames


def step_and_compare(page: Page, player: str) -> None:
    """Ten frames from here, then three back: at each the picture's number is the timecode's."""
    for key in ["ArrowRight"] * 10 + ["ArrowLeft"] * 3:
        before = frame_named(page, player)
        page.keyboard.press(key)
        way = 1 if key == "ArrowRight" else -1
        deadline = time.monotonic() + 10
        while frame_shown(page, player) != before + way and time.monotonic() < deadline:
            time.sleep(0.05)
        assert frame_named(page, player) == before + way
        assert frame_shown(page, player) == before + way


def play_for_a_while(page: Page, player: str) -> None:
    """Play by a key, pause by the same: the frame that is shown then is the one that is named."""
    before = frame_named(page, player)
    page.keyboard.press("Space")
    page.wait_for_function(
        "([player, time_s]) => document.querySelector(`${player} .lsd-raw`).currentTime > time_s",
        arg=[player, before / 24 + 0.5],
    )
    page.keyboard.press("Space")
    expect(page.locator(f"{player} .lsd-play")).to_have_attribute("aria-label", "Play (space)")
    page.wait_for_function("player => !document.querySelector(`${player} .lsd-raw`).seeking", arg=player)
    page.wait_for_timeout(200)
    assert frame_shown(page, player) == frame_named(page, player) > before


def world_at(page: Page, number: int, time_s: float) -> np.ndarray:
    """A coarse look at the world's picture in the player of that number, at seconds."""
    look: list[int] = page.evaluate(
        """async ([number, time_s]) => {
          const video = document.querySelectorAll('.lsd-live')[number];
          const there = new Promise(resolve => video.addEventListener('seeked', resolve, {once: true}));
          video.currentTime = time_s;
          await there;
          const canvas = Object.assign(document.createElement('canvas'), {width: 24, height: 12});
          const pen = canvas.getContext('2d');
          pen.drawImage(video, 0, 0, 24, 12);
          return [...pen.getImageData(0, 0, 24, 12).data];
        }""",
        [number, time_s],
    )
    return np.array(look, float)


def restart_kernel(page: Page, lab: str) -> None:
    """As the menu does; what its variables held is gone."""
    (session,) = page.request.get(f"{lab}api/sessions").json()
    xsrf = next(one["value"] for one in page.context.cookies() if one["name"] == "_xsrf")
    answer = page.request.post(
        f"{lab}api/kernels/{session['kernel']['id']}/restart", headers={"X-XSRFToken": xsrf}, timeout=60_000
    )
    assert answer.ok


def wait_for(what: Callable[[], bool]) -> None:
    """For what happens outside the page."""
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def open_notebook(page: Page, lab: str) -> None:
    """In the one kernel of all these tests."""
    page.goto(f"{lab}lab/tree/try.ipynb")
    expect(page.locator(".jp-Cell").nth(2)).to_be_visible(timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000)


def run_cell(page: Page, number: int) -> None:
    """Without waiting for its end. A kernel that has just begun may let a request go: then it is asked again."""
    cell = page.locator(".jp-Cell").nth(number)
    before = cell.locator(".jp-InputPrompt").inner_text()
    for patience_ms in (3_000, 6_000, 30_000):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(AssertionError):
            expect(cell.locator(".jp-InputPrompt")).not_to_have_text(before, timeout=patience_ms)
            return
    raise AssertionError(f"cell {number} does not run")


def drag(page: Page, x: float, y: float, by: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=5)
    page.mouse.up()


@pytest.mark.timeout(240)
def test_in_jupyterlab_what_is_edited_comes_back_and_is_rendered_from_there(
    lab: str, take: Take, page: Page, artefacts: Path
) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    open_notebook(page, lab)
    run_cell(page, 0)
    run_cell(page, 1)
    expect(page.locator(".lsd-player")).to_be_visible(timeout=60_000)
    page.wait_for_function("document.querySelector('.lsd-raw').readyState >= 2")
    page.locator(".lsd-screen").click(position={"x": 20, "y": 20})
    page.keyboard.press("Home")
    step_and_compare(page, ".lsd-player")
    play_for_a_while(page, ".lsd-player")

    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("s")
    page.locator(".lsd-editor [name=prompt]").fill("snowfall in winter")
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("q")
    page.keyboard.press("m")
    lane = page.locator(".lsd-lane").bounding_box()
    assert lane
    second = lane["width"] / 3
    drag(page, lane["x"] + 1.5 * second, lane["y"] + lane["height"] - 16, 0.5 * second)
    drag(page, lane["x"] + 2.0 * second, lane["y"] + 10, 0.25 * second)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    page.screenshot(path=artefacts / "lab_edited.png")
    run_cell(page, 2)
    expect(page.locator(".lsd-player")).to_have_count(2, timeout=120_000)
    page.locator(".lsd-player").nth(1).scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.lsd-live')[1].readyState >= 2")
    page.screenshot(path=artefacts / "lab_rendered.png")
    changes = [np.abs(world_at(page, 0, time_s) - world_at(page, 1, time_s)).mean() for time_s in (0.9, 1.4)]
    assert changes[0] < 3 < changes[1], "the new version is another picture from the first change on"

    version = Take.open(take.folder).renders[0]
    assert [key.prompt for key in version.timeline.keys] == ["underwater", "snowfall in winter", "a pencil sketch"]
    assert version.info["reused"] == 30, "what comes before the first change is as it was"
    full = render(take, version.timeline, full=True, progress=lambda done, total: None)
    assert full.info["reused"] == 0
    assert full.info["hashes"] == version.info["hashes"]


@pytest.mark.timeout(240)
def test_the_review_page_shows_the_frame_that_it_names(
    serve: Callable[..., Served], sessions: Path, take: Take, page: Page, artefacts: Path
) -> None:
    served = serve(sessions=sessions)
    enter(page, f"{served.url}#review/{take.folder.relative_to(sessions).as_posix()}")
    page.wait_for_function("document.querySelector('.lsd-raw')?.readyState >= 2", timeout=60_000)
    page.keyboard.press("Home")
    step_and_compare(page, "body")
    page.screenshot(path=artefacts / "review_coded.png")


@pytest.mark.timeout(240)
def test_in_jupyterlab_a_variant_is_circled(lab: str, take: Take, page: Page, artefacts: Path) -> None:
    """Goes on in the kernel of the test before."""
    open_notebook(page, lab)
    run_cell(page, 3)
    tiles = page.locator(".lsd-tile")
    expect(tiles).to_have_count(2, timeout=60_000)
    tiles.nth(1).scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.lsd-tile video')].every(video => video.readyState >= 2)")
    page.locator(".lsd-grid").click(position={"x": 4, "y": 4})
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".lsd-grid .lsd-time")).to_have_text("00:00:00:05")
    page.wait_for_function(
        "[...document.querySelectorAll('.lsd-tile video')].every(video => Math.floor(video.currentTime * 24) === 5)"
    )
    tiles.nth(1).click()
    expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".lsd-choice")).to_contain_text("v002 is circled")
    page.screenshot(path=artefacts / "lab_picked.png")
    run_cell(page, 4)
    expect(page.locator(".jp-Cell").nth(4).locator(".jp-OutputArea-output")).to_contain_text("v002")
    assert Take.open(take.folder).manifest.circled == "v002"


@pytest.mark.timeout(240)
def test_in_jupyterlab_edits_outlive_their_kernel(lab: str, take: Take, page: Page, artefacts: Path) -> None:
    """A take shows its player by itself; what is edited on the lane waits in the take."""
    open_notebook(page, lab)
    run_cell(page, 8)
    cell, draft = page.locator(".jp-Cell").nth(8), take.folder / "drafts" / "live.json"
    keys = cell.locator(".lsd-key")
    expect(keys).to_have_count(2, timeout=60_000)
    cell.locator(".lsd-screen").click(position={"x": 20, "y": 20})
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("s")
    expect(keys).to_have_count(3)
    wait_for(draft.is_file)

    restart_kernel(page, lab)
    page.reload()
    open_notebook(page, lab)
    run_cell(page, 0)
    run_cell(page, 8)
    expect(keys).to_have_count(3, timeout=60_000)
    expect(cell.locator(".lsd-note")).to_contain_text("undo takes them back")
    cell.scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "lab_waiting.png")
    cell.locator(".lsd-screen").click(position={"x": 20, "y": 20})
    page.keyboard.press("Control+z")
    expect(keys).to_have_count(2)
    wait_for(lambda: not draft.exists())


@pytest.mark.timeout(240)
def test_in_jupyterlab_a_camera_is_prompted_and_its_take_kept(
    lab: str, sessions: Path, page: Page, artefacts: Path
) -> None:
    """In the page and from a cell, while the cell runs; a kernel that ends leaves a whole take."""
    open_notebook(page, lab)
    run_cell(page, 5)
    expect(page.locator(".lsd-live-camera")).to_be_visible(timeout=60_000)
    page.locator(".lsd-go").click()
    expect(page.locator(".lsd-state")).to_contain_text("Live")
    page.wait_for_function("+document.querySelector('[data-figure=fps]').textContent > 1", timeout=30_000)
    page.wait_for_function("+document.querySelector('[data-figure=age]').textContent > 1")
    page.locator(".lsd-ask [name=fade]").fill("0")
    page.locator(".lsd-ask [name=prompt]").fill("underwater")
    page.keyboard.press("Enter")
    record, kept = page.locator(".lsd-record"), page.locator(".lsd-kept")
    record.click()
    expect(record).to_have_text("Cut")
    page.wait_for_timeout(1000)
    run_cell(page, 6)
    expect(page.locator(".lsd-ask [name=prompt]")).to_have_value("a pencil sketch")
    page.wait_for_timeout(1500)
    assert float(page.locator("[data-figure=fps]").inner_text()) > 1, "the picture goes on while a cell runs"
    page.screenshot(path=artefacts / "lab_camera.png")
    record.click()
    expect(kept).to_contain_text("frames", timeout=60_000)
    take = Take.open(sessions / "lab" / "S02" / "A" / "T001")
    assert [key.prompt for key in take.timeline.keys] == ["underwater", "a pencil sketch"]
    assert take.sounds, "the microphone is heard"
    run_cell(page, 7)
    player = page.locator(".lsd-player:not(.lsd-live-camera)").last
    expect(player.locator(".lsd-key")).to_have_count(2, timeout=60_000)

    record.click()
    expect(record).to_have_text("Cut")
    page.wait_for_timeout(1000)
    for session in page.request.get(f"{lab}api/sessions").json():
        xsrf = next(one["value"] for one in page.context.cookies() if one["name"] == "_xsrf")
        page.request.delete(f"{lab}api/sessions/{session['id']}", headers={"X-XSRFToken": xsrf})
    last = Take.open(sessions / "lab" / "S02" / "A" / "T002")
    assert last.state == "complete", last.problems
    assert last.made


@pytest.mark.timeout(240)
def test_a_camera_needs_a_secure_address_and_the_notebook_says_so(lab: str, page: Page, artefacts: Path) -> None:
    open_notebook(page, lab.replace("127.0.0.1", "studio.test"))
    run_cell(page, 0)
    run_cell(page, 5)
    expect(page.locator(".lsd-live-camera")).to_be_visible(timeout=60_000)
    page.locator(".lsd-go").click()
    expect(page.locator(".lsd-live-camera .lsd-note")).to_contain_text("by http://localhost")
    page.screenshot(path=artefacts / "lab_insecure.png")
