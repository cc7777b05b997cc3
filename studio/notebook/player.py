"""The player of a take as a widget; what is edited on its lane comes back as a `Timeline`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from studio.delivery import proxies
from studio.notebook.esm import join, style
from studio.notebook.html import player_html
from studio.notebook.widget import Widget, require_take, version_of
from studio.sets.gallery import GALLERY
from studio.takes import drafts
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.files import lane_to_dict, with_lane
from studio.timeline.timeline import Timeline
from studio.web import WEB
from studio.workers import text_of

_HERE = Path(__file__).parent


class TakePlayer(Widget):
    """A take's camera and world in step, a wipe between them, and its prompts on a lane that can be edited.

    Space plays, J/K/L shuttle, arrows step, S splits, Q and W trim; `?` shows all keys. `timeline` is what the lane
    holds now: hand it to `render` for the next version. Until then the edits wait in the take, so that another
    kernel, or the review page, shows them again; undo takes them back.
    """

    _esm = join(_HERE / "player.js")
    _css = style(WEB / "player.css", _HERE / "player.css")
    _raw = traitlets.Bytes().tag(sync=True)
    _live = traitlets.Bytes().tag(sync=True)
    _mic = traitlets.Bytes().tag(sync=True)
    _take = traitlets.Dict().tag(sync=True)
    _edit: Any = traitlets.Dict().tag(sync=True)
    _fault = traitlets.Unicode().tag(sync=True)

    def __init__(self, take: Take, version: Render | str | None = None, **kwargs: Any) -> None:
        """version: a render of the take to show in place of the live picture, or its name, "v001".

        Raises TakeError for a take without a picture, and for what is not a version of it.
        """
        require_take(take)
        version = version_of(take, version)
        proxies.ensure(take)
        raw, live = take.folder / proxies.RAW, take.folder / proxies.LIVE
        self._of, self._version = take, version
        self._shown = version.timeline if version else take.timeline
        self._what = f"the player of {take.name}" + (f", {version.name}" if version else "")
        start_s, mic = take.sounds[0] if take.sounds else (0.0, None)
        super().__init__(
            _raw=raw.read_bytes(),
            _live=(version.video if version else live).read_bytes(),
            _mic=mic.read_bytes() if mic else b"",
            _take={
                "start_s": start_s,
                "fps": take.fps,
                "duration_s": take.duration_s,
                "times": [row.time_s for row in take.made],
                "gallery": list(GALLERY),
                **lane_to_dict(self._shown),
            },
            _edit=lane_to_dict(drafts.load(take, version) or self._shown),
            **kwargs,
        )
        self.observe(self._keep, names="_edit")

    @property
    def timeline(self) -> Timeline:
        """The prompts and markers as they stand on the lane, all else as shown. Raises TimelineError."""
        return with_lane(self._shown, self._edit)

    def still_html(self) -> str:
        """Camera and world as a strip, over the prompts on the lane."""
        return player_html(self._of, self._version, self.timeline)

    def _keep(self, _: Any) -> None:
        """Leave the edits with the take; where that cannot be, the page says why."""
        try:
            drafts.keep(self._of, self._version, self.timeline)
            self._fault = ""
        except (ValueError, OSError) as error:
            self._fault = f"Not kept for another kernel: {text_of(error)}"
