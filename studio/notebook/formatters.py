"""How takes, versions, timelines, scripts and grids show themselves in a notebook: registered with IPython, from above.

A take or a version shows its player where widgets run, else its strip of moments.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display
from rich.console import Console
from rich.progress import Progress as Bars

from studio.background import COLUMNS, Progress, use_bars
from studio.delivery.film import Film
from studio.notebook.html import film_html, grid_html, render_html, script_html, take_html
from studio.notebook.lane import timeline_html
from studio.notebook.player import TakePlayer
from studio.script.script import Script
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.timeline import Timeline
from studio.variants import Grid

HTML: dict[type, Callable[[Any], str]] = {
    Take: take_html,
    Render: render_html,
    Timeline: timeline_html,
    Script: script_html,
    Grid: grid_html,
    Film: film_html,
}
"""What shows a thing of each class as HTML."""

_players: dict[int, TakePlayer] = {}


def register(shell: Any) -> None:
    """Let a shell show our things, and bars where a page can move them."""
    for shown, html in HTML.items():
        shell.display_formatter.formatters["text/html"].for_type(shown, html)
    if hasattr(shell, "kernel"):  # a page looks at it, and may show widgets
        for shown in (Take, Render):
            shell.display_formatter.mimebundle_formatter.for_type(shown, player_bundle)
        use_bars(notebook_bar)


def register_here() -> None:
    """`register` in the shell that runs, if one does."""
    if (shell := get_ipython()) is not None:
        register(shell)


def html_of(shown: Take | Render | Timeline | Script | Grid | Film) -> str:
    """How it shows itself where no widget runs."""
    return HTML[type(shown)](shown)


def player(shown: Take | Render) -> TakePlayer:
    """The player that a cell shows which ends with this take or version; `timeline` is what its lane holds.

    Raises TakeError for a take without a picture.
    """
    if id(shown) not in _players:
        whole = Take.open(shown.folder.parents[1]) if isinstance(shown, Render) else shown
        _players[id(shown)] = TakePlayer(whole, shown if isinstance(shown, Render) else None)
        weakref.finalize(shown, _players.pop, id(shown), None)
    return _players[id(shown)]


def player_bundle(shown: Take | Render) -> dict[str, Any]:
    """The player by its MIME type; nothing where there is nothing to play."""
    try:
        bundle = player(shown).view_bundle()
    except (ValueError, OSError):
        return {}  # the strip, which is shown then, says what is missing
    return {kind: data for kind, data in bundle.items() if kind != "text/plain"}


@contextmanager
def notebook_bar(title: str, total: int | None) -> Iterator[Progress]:
    """A bar as an output that is replaced as it grows; from another thread, too, it leaves running cells alone."""
    bars = Bars(*COLUMNS, console=Console(force_jupyter=True), auto_refresh=False)
    task = bars.add_task(title, total=total)
    handle = display(bars.make_tasks_table(bars.tasks), display_id=True)
    shown = 0.0

    def advance(done: int, total: int) -> None:
        nonlocal shown
        bars.update(task, completed=done, total=total or None)
        if done == total or bars.get_time() - shown > 0.2:
            shown = bars.get_time()
            handle.update(bars.make_tasks_table(bars.tasks))

    try:
        yield advance
    finally:
        handle.update(bars.make_tasks_table(bars.tasks))
