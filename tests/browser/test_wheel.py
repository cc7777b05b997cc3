"""What `pip install` of a built wheel gives: in an empty folder the studio starts with its example take."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Served, enter, start_server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the packages as the wheel installs them."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.startswith(("engine/", "studio/", "sessions/")) or "/" not in name:
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, folder / "tree" / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *offline, "--wheel-dir", folder, folder / "tree"], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", folder / "site", wheel], check=True)
    return folder / "site"


@pytest.fixture
def studio(installed: Path, tmp_path: Path) -> Iterator[Served]:
    """`lsd-studio serve` of the wheel in an empty folder."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    environment.pop("LSD_SESSIONS", None)
    work = tmp_path / "empty"
    work.mkdir()
    served = start_server(sessions=work / "sessions", log=tmp_path / "serve.log", cwd=work, env=environment)
    yield served
    served.kill()


def test_the_wheel_holds_the_packages_the_example_and_nothing_else(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} <= {"engine", "studio", "bin"}
    shipped = installed / "studio" / "shipped" / "example" / "S01" / "A" / "T001"
    assert (shipped / "take.json").is_file()
    assert not list(installed.rglob("puppets"))
    assert sum(path.stat().st_size for path in shipped.rglob("*") if path.is_file()) < 20_000_000
    script = "import studio.takes.example as example; print(example.__file__, example.SHIPPED)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=installed, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [
        str(installed / "studio/takes/example.py"),
        str(installed / "studio/shipped"),
    ]


@pytest.mark.timeout(240)
def test_in_an_empty_folder_the_example_is_in_live_and_in_review(studio: Served, page: Page) -> None:
    page.context.clear_permissions()
    enter(page, studio.url)
    expect(page.get_by_role("radio", name="Example")).to_have_attribute("aria-checked", "true")
    page.wait_for_function("document.querySelector('.camera video').videoWidth")
    enter(page, f"{studio.url}#review")
    expect(page.locator(".item")).to_have_count(1)
    page.locator(".item").click()
    page.wait_for_function("[...document.querySelectorAll('.lsd-screen video')].every(video => video.readyState >= 2)")
    expect(page.locator(".lsd-key").first).to_be_visible()
