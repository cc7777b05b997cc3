"""Puts the example take into the wheel; all else about the package is in pyproject.toml."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithExample(build_py):
    """Copies the example to where studio/takes/example.py looks for it; an editable install uses the checkout's."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "studio", "shipped", "example")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("sessions/example", target, ignore=shutil.ignore_patterns("renders", "drafts"))


setup(cmdclass={"build_py": BuildWithExample})
