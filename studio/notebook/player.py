"""The player of a take as a widget; what is edited on its lane comes back as a `Timeline`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from studio import proxies
from studio.notebook.esm import WEB, join, style
from studio.take import Render, Take
from studio.timeline import Timeline


class TakePlayer(anywidget.AnyWidget):
    """A take's camera and world in step, a wipe between them, and its prompts on a lane that can be edited.

    Space plays, J/K/L shuttle, arrows step, S splits, Q and W trim; `?` shows all keys. `timeline` is what the lane
    holds now: hand it to `take.render` for the next version.
    """

    _esm = join(Path(__file__).with_name("player.js"))
    _css = style(WEB / "player.css")
    _raw = traitlets.Bytes().tag(sync=True)
    _live = traitlets.Bytes().tag(sync=True)
    _mic = traitlets.Bytes().tag(sync=True)
    _take = traitlets.Dict().tag(sync=True)
    _edit: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, take: Take, version: Render | None = None, **kwargs: Any) -> None:
        """version: a render to show in place of the live picture."""
        raw, live = take.folder / proxies.RAW, take.folder / proxies.LIVE
        if not (raw.exists() and live.exists()):
            proxies.make(take.folder)
        self._shown = version.timeline if version else take.timeline
        start_s, mic = take.sounds[0] if take.sounds else (0.0, None)
        fps = take.manifest.picture.fps if take.manifest.picture else 24.0
        lane = self._shown.to_dict()
        super().__init__(
            _raw=raw.read_bytes(),
            _live=(version.video if version else live).read_bytes(),
            _mic=mic.read_bytes() if mic else b"",
            _take={
                "start_s": start_s,
                "fps": fps,
                "duration_s": take.duration_s,
                "times": [row.time_s for row in take.made],
            },
            _edit={name: lane[name] for name in ("keys", "markers")},
            **kwargs,
        )

    @property
    def timeline(self) -> Timeline:
        """The prompts and markers as they stand on the lane, all else as shown. Raises TimelineError."""
        edited = Timeline.from_dict({**self._shown.to_dict(), **self._edit})
        return replace(self._shown, keys=edited.keys, markers=edited.markers)
