"""The live film studio: what a program or a notebook writes, each name loaded when it is first used.

    from studio import Take, Timeline, render

    take = Take.open("sessions/example/S01/A/T001")
    version = render(take, Timeline().at(0, "underwater").at(4, "wild west", fade=1))

Data is data (`Take`, `Timeline`, `Script`, `Film` …: open, look, edit), verbs are functions (`render`, `check_take`,
`write_film` …). In a notebook `import studio.notebook` lets the data show itself.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "studio.timeline.timeline": ("Timeline",),
    "studio.timeline.keys": ("Key", "Marker", "Track", "Matte"),
    "studio.timeline.curves": ("Keyframe",),
    "studio.script.script": ("Script", "Scene", "Prop", "Beat", "Tempo"),
    "studio.script.region": ("Region",),
    "studio.takes.take": ("Take",),
    "studio.takes.version": ("Render",),
    "studio.takes.slate": ("Slate",),
    "studio.takes.listing": ("list_takes",),
    "studio.model": ("load_model",),
    "studio.rendering.render": ("render", "render_async", "timeline_for"),
    "studio.rendering.verify": ("check_take",),
    "studio.rendering.preflight": ("check_script", "check_timeline"),
    "studio.script.compile": ("timeline_of",),
    "studio.script.markers": ("mark", "move_marker", "rename_marker", "delete_marker"),
    "studio.takes.bin": ("delete_version", "restore_version", "deleted_versions", "empty_bin"),
    "studio.script.files": ("load_script", "save_script"),
    "studio.farm.jobs": ("Job",),
    "studio.farm.farm": ("render_many",),
    "studio.variants": ("Grid", "Variant", "render_grid", "render_grid_async"),
    "studio.delivery.film": ("Film", "Card", "Excerpt", "write_film", "write_film_async"),
    "studio.delivery.formats": ("export",),
}
"""Where each public name is defined. None of these modules is imported before one of its names is asked for: torch
and PyAV take seconds, and reading a take needs neither."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'studio' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
