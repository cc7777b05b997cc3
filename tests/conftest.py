"""What tests share: footage, a small generated clip, Chromium; which lane a test is in; and that nothing skips unseen.

Folders of the engine, the studio, the laws and the course run in as many processes as there are cores, up to eight, a
module in one of them (`pytest -n 0` runs all in one). The browser's tests measure frame rates, and run alone.

With LSD_NO_SKIP=1, as `.ci/run` sets it, a test that skips fails: a machine that is to prove everything has to have
everything.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Generator
from fractions import Fraction
from pathlib import Path

import av
import hypothesis
import numpy as np
import pytest

CORES = os.cpu_count() or 1
PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
"""That share the cores."""

# Both are read when torch is loaded, which most tests of the studio never do. Threads that wait must not spin, or two
# programs on the same cores slow each other tenfold; two are enough for tiny models, and leave the browser tests room.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, min(2, CORES // PROCESSES))))

# How long an example takes says how busy the machine is; pytest-timeout ends what hangs.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)

ROOT = Path(__file__).parent.parent
TESTS = Path(__file__).parent
LANES = {"browser": "browser", "course": "course"}
"""Folders whose tests bear a marker of their own."""
SIDE_BY_SIDE = ("engine", "studio", "laws", "faults", "course")
"""Folders whose tests measure no speed and share nothing outside their process, so that cores may share them out."""
MOST_PROCESSES = 8
MAY_SKIP = {"gpu", "slow"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at its options
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Folders whose tests may run side by side have a process a core, where nothing else is asked for."""
    options = config.option
    if not config.pluginmanager.hasplugin("xdist") or "PYTEST_XDIST_WORKER" in os.environ:
        return
    if options.numprocesses is not None or options.usepdb or options.collectonly:
        return
    asked = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    apart = [TESTS / name for name in SIDE_BY_SIDE]
    if all(path.is_dir() and any(path.is_relative_to(folder) for folder in apart) for path in asked):
        options.numprocesses = min(CORES, MOST_PROCESSES)
        options.dist = "loadfile" if options.dist == "no" else options.dist


def pytest_configure(config: pytest.Config) -> None:
    """A run that leaves the long tests out tries each law with 20 examples, others as `.ci/run` with 100."""
    hypothesis.settings.load_profile("quick" if "not long" in config.option.markexpr else "tests")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The collector rests while all is imported, none of which is garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before those of other lanes are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        lane = LANES.get(item.path.relative_to(TESTS).parts[0]) if item.path.is_relative_to(TESTS) else None
        if lane:
            item.add_marker(lane)


def pytest_collection_finish() -> None:
    """The collector leaves out what was imported, a million objects that every full collection would look at again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("gpu: torch sees no CUDA device here")


def no_skips() -> bool:
    return os.environ.get("LSD_NO_SKIP", "") not in ("", "0")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # half a character, as a test may print it, goes to no other process
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    allowed = any(item.get_closest_marker(name) for name in MAY_SKIP)
    if no_skips() and report.skipped and not allowed and not hasattr(report, "wasxfail"):
        _fail_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if no_skips() and report.skipped:
        _fail_skipped(report)
    return report


def _fail_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says why."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason}\nWith LSD_NO_SKIP=1 nothing may skip but tests marked gpu or slow."


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real footage, with `train` and `dev` in it."""
    folder = Path(os.environ.get("LSD_FOOTAGE") or ROOT / "../shared/footage").resolve()
    if not (folder / "dev").is_dir():
        pytest.skip(f"no footage at {folder}; set LSD_FOOTAGE to a folder whose subfolder `dev` holds the test clips")
    return folder


@pytest.fixture(scope="session")
def clip(footage: Path) -> Callable[[str], Path]:
    """`clip("foreman-cif")` is the path of that clip among the footage that no model was trained on."""

    def find(name: str) -> Path:
        path = footage / "dev" / f"{name}.mp4"
        assert path.exists(), f"{path} is missing; there are: {', '.join(p.stem for p in path.parent.glob('*.mp4'))}"
        return path

    return find


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated clip: 24 frames, 24 fps, 96x64, a disc that crosses a colour ramp. Read it, never write it."""
    path = tmp_path_factory.mktemp("clips") / "small.mp4"
    y, x = np.mgrid[0:64, 0:96].astype(np.float32)
    ramp = np.stack([x * 255 / 95, y * 255 / 63, 128 + 0 * x], axis=-1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24), options={"crf": "12", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(24):
            disc = (x - 12 - 3 * index) ** 2 + (y - 32) ** 2 < 100
            rgb = np.where(disc[..., None], np.array([250, 240, 230], np.float32), ramp).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium to drive with Playwright."""
    found = os.environ.get("LSD_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            found = playwright.chromium.executable_path
    if not Path(found).exists():
        pytest.skip("no Chromium; get it with `apt-get install chromium` or `playwright install chromium`")
    return found


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots and contact sheets go that people should look at; ignored by git."""
    folder = ROOT / "tests" / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
