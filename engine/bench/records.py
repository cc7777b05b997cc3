"""Measurements on disk: one JSON file per kind of machine, a section for each thing that was measured.

    benchmarks/intel-xeon-processor-2-cores.json
      machine     what it was taken on, with versions
      sections    name -> taken, commit, seed, load of the machine before and after, rows, and what else there is to say

A row has `what` in words, `size`, `threads`, `frames`, `frame_ms` (p50, p95, p99, max), `fps` and `wanted` as far as
they apply, or `not_measured` with the reason. `engine/bench/report.py` makes the README's table of them.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from engine.media.files import write_whole
from engine.runtime import cores, cpu_features

SCHEMA = "lsd-benchmark"
VERSION = 1
PERCENTILES = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


def figures(taken_ms: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Percentiles (`PERCENTILES`) of times in ms, rounded to hundredths."""
    return {name: round(float(np.percentile(taken_ms, share)), 2) for name, share in PERCENTILES.items()}


def machine(device: str | torch.device = "cpu") -> dict[str, Any]:
    """The machine that figures are taken on: processor, GPU, memory, versions."""
    about: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cpu_features": cpu_features(),
        "cores": cores(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    with suppress(PackageNotFoundError):
        about["diffusers"] = version("diffusers")
    if torch.device(device).type == "cuda":
        about["gpu"] = torch.cuda.get_device_name(device)
    return about


def load() -> float | None:
    """Load average of the last minute, in processes; None where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def kind(about: dict[str, Any]) -> str:
    """A machine's kind as a file name: its GPU, or its processor and cores."""
    name = about.get("gpu") or f"{about['cpu']} {about['cores']} cores"
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)", "", name.lower())).strip("-")


def commit() -> str:
    """The checkout's commit, with a plus where it was changed; empty outside of one."""

    def git(*arguments: str) -> str:
        here = Path(__file__).parent
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + "+" * bool(git("status", "--porcelain", "-uno"))
    except (OSError, subprocess.CalledProcessError):
        return ""


@contextmanager
def section(folder: Path, name: str, *, seed: int, device: str | torch.device = "cpu") -> Iterator[dict[str, Any]]:
    """A section to fill with `rows` and the like; kept on leaving in the machine's file, in place of an older one.

    Other sections of the file stay. Raises ValueError where the file is of another program or version.
    """
    about = machine(device)
    content: dict[str, Any] = {
        "taken": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(),
        "seed": seed,
        "torch": about["torch"],
        "load": [load()],
    }
    yield content
    content["load"].append(load())
    path = folder / f"{kind(about)}.json"
    record = read(path) if path.exists() else {"sections": {}}
    record = {"schema": SCHEMA, "version": VERSION, "machine": about, "sections": {**record["sections"], name: content}}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode())


def read(path: Path) -> dict[str, Any]:
    """A machine's file. Raises ValueError for another file."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); delete it and measure again") from None
    if not isinstance(record, dict) or (record.get("schema"), record.get("version")) != (SCHEMA, VERSION):
        raise ValueError(f"{path} is not a {SCHEMA} of version {VERSION}; move it away and measure again")
    return record


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
