"""The variants of a take side by side, to pick from; the choice is written on the take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets

from engine.prompts import words
from studio.notebook.esm import join, style
from studio.notebook.html import versions_html
from studio.notebook.widget import Widget, require_take, version_of
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.takes.version import Render
from studio.variants import Grid
from studio.web import WEB
from studio.workers import text_of

_HERE = Path(__file__).parent


class GridPicker(Widget):
    """Versions of a take, playing in step; a click circles one, another click takes the circle away.

    Space plays all, the arrows step a frame, 1 to 9 circle. What is circled stands in the take (`take.json`): open the
    take in another kernel, and `GridPicker(take)` shows it again.
    """

    _esm = join(_HERE / "picker.js")
    _css = style(WEB / "player.css", _HERE / "picker.css")
    _tiles: Any = traitlets.List().tag(sync=True)
    _videos: Any = traitlets.List().tag(sync=True)
    _clock = traitlets.Dict().tag(sync=True)
    _picked: Any = traitlets.Int(None, allow_none=True).tag(sync=True)
    _fault = traitlets.Unicode().tag(sync=True)

    def __init__(self, grid: Grid | Take | Sequence[Render], **kwargs: Any) -> None:
        """grid: what `render_grid` gave, a take for all the versions that it has, or a list of some of them.

        Raises TakeError for none, for versions of several takes, and for anything else.
        """
        take, tiles, self._renders = _compared(grid)
        if not tiles:
            raise TakeError(f"{take.name} has no version to pick from; make some with render_grid(take, prompts=[...])")
        self._what = f"{len(tiles)} versions of {take.name} to pick from"
        self.take = Take.open(take.folder)
        """The take as it is now, the choice included."""
        super().__init__(
            _tiles=tiles,
            _videos=[render.video.read_bytes() for render in self._renders],
            _clock={"fps": take.fps, "length_s": take.duration_s},
            _picked=self._circled(),
            **kwargs,
        )
        self.observe(self._choose, names="_picked")

    @property
    def picked(self) -> Render | None:
        """The circled version, as the take on disk says now."""
        self.take = Take.open(self.take.folder)
        number = self._circled()
        return None if number is None else self._renders[number]

    def pick(self, number: int | None) -> Take:
        """Circle a version by its number, or none; as a click does. Returns the take as it is then."""
        if number is not None and not 0 <= number < len(self._renders):
            raise TakeError(f"no variant {number}; they are 0 to {len(self._renders) - 1}")
        self._picked = number
        if self._fault:
            raise TakeError(self._fault)
        return self.take

    def still_html(self) -> str:
        """The versions as strips, each under its name and label."""
        labels = [tile["label"] + " (circled)" * (n == self._picked) for n, tile in enumerate(self._tiles)]
        return versions_html(self.take.name, self._renders, labels, self.take.duration_s)

    def _circled(self) -> int | None:
        names = [render.name for render in self._renders]
        circled = self.take.manifest.circled
        return names.index(circled) if circled in names else None

    def _choose(self, change: Any) -> None:
        """Write the choice on the take; where that fails, say so and show what the take says."""
        number = change["new"]
        name = None if number is None else self._renders[number].name
        if name == self.take.manifest.circled:
            return
        try:
            self.take = self.take.edit(circled=name, verdict="circled" if name else None)
            self._fault = ""
        except (ValueError, OSError) as error:
            self._fault = text_of(error)
            self._picked = self._circled()


def _of_grid(grid: Grid) -> tuple[list[dict[str, str]], list[Render]]:
    """Tiles with what was measured, and the versions behind them."""
    tiles = []
    for variant in grid.variants:
        facts = [] if variant.adherence is None else [f"{variant.adherence:.0%} {variant.world.replace('-', ' ')}"]
        facts += [f"flicker {variant.flicker:.3f}", f"sharpness {variant.sharpness:.2f}"]
        tiles.append({"name": variant.render.name, "label": variant.label, "facts": " · ".join(facts)})
    return tiles, [variant.render for variant in grid.variants]


def _compared(grid: Any) -> tuple[Take, list[dict[str, str]], list[Render]]:
    """The take, tiles, and the versions behind them. Raises TakeError for what has no versions to compare."""
    if isinstance(grid, Grid):
        return grid.take, *_of_grid(grid)
    if isinstance(grid, list | tuple) and grid and all(isinstance(each, Render) for each in grid):
        take = Take.open(grid[0].folder.parents[1])
        for each in grid:
            version_of(take, each)
        return take, *_of_versions(grid)
    if isinstance(grid, list | tuple):
        raise TakeError("a list to pick from holds versions of one take; write GridPicker([first, second])")
    require_take(grid)
    return grid, *_of_versions(grid.renders)


def _of_versions(renders: Sequence[Render]) -> tuple[list[dict[str, str]], list[Render]]:
    """Versions by their prompts."""
    tiles = []
    for render in renders:
        label = " → ".join(dict.fromkeys(words(key.prompt) for key in render.timeline.keys))
        tiles.append(
            {"name": render.name, "label": label, "facts": str(render.info.get("made", ""))[:16].replace("T", " ")}
        )
    return tiles, list(renders)
