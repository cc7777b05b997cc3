"""The studio in a notebook: open a take, script its prompts, render it again, look.

    take = Take.open("sessions/example/S01/A/T001")
    version = take.render(script({0: "underwater", 4: ("wild west", 1.0)}))
    TakePlayer(take, version)

The player is the review page's own JavaScript, mounted by anywidget; what is edited in it comes back as a `Timeline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from PIL import Image, ImageDraw, ImageFont

from engine.media import VideoSource
from engine.pictures import fit
from studio import display, proxies
from studio.take import Render
from studio.take import Take as Take  # so that a notebook imports from here alone
from studio.timeline import Key, Prompt, Timeline, key_from_dict, key_to_dict, words

_WEB = Path(__file__).parent / "app" / "web"
_MOUNT = """
export default {
  render({model, el}) {
    const urls = [];
    const video = name => {
      const bytes = model.get(name);
      if (!bytes || !bytes.byteLength) return undefined;
      urls.push(URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'})));
      return urls.at(-1);
    };
    const player = mount(el, {
      ...model.get('_take'), raw: video('_raw'), live: video('_live'),
      onEdit: ({keys}) => { model.set('_keys', keys); model.save_changes(); },
    });
    return () => { player.destroy(); urls.forEach(url => URL.revokeObjectURL(url)); };
  },
};
"""


def script(prompts: Mapping[float, Prompt | tuple[Prompt, float]]) -> Timeline:
    """A timeline from seconds to prompts; `(prompt, fade_s)` fades. Raises TimelineError.

    script({0: "underwater", 4.5: ("wild west at dusk", 1.0)})
    """
    keys = []
    for time_s, said in prompts.items():
        match said:
            case (prompt, int() | float() as fade_s) if not isinstance(prompt, tuple):
                keys.append(Key(float(time_s), prompt, float(fade_s)))
            case _:
                keys.append(Key(float(time_s), said))  # type: ignore[arg-type]
    return Timeline(tuple(keys))


class TakePlayer(anywidget.AnyWidget):
    """A take's camera and world in step, a wipe between them, and its prompts on a lane that can be edited.

    Space plays, J/K/L shuttle, arrows step; `?` shows all keys. `timeline` is what the lane holds now: hand it to
    `take.render` for the next version.
    """

    _esm = (_WEB / "player.js").read_text(encoding="utf-8") + _MOUNT
    _css = (_WEB / "player.css").read_text(encoding="utf-8")
    _raw = traitlets.Bytes().tag(sync=True)
    _live = traitlets.Bytes().tag(sync=True)
    _take = traitlets.Dict().tag(sync=True)
    _keys: Any = traitlets.List().tag(sync=True)

    def __init__(self, take: Take, version: Render | None = None, **kwargs: Any) -> None:
        """version: a render to show in place of the live picture."""
        raw, live = take.folder / proxies.RAW, take.folder / proxies.LIVE
        if not (raw.exists() and live.exists()):
            proxies.make(take.folder)
        timeline = version.timeline if version else take.timeline
        self._shown = timeline
        keys = [key_to_dict(key) for key in timeline.keys]
        fps = take.manifest.picture.fps if take.manifest.picture else 24.0
        shown = {"keys": keys, "fps": fps, "duration_s": take.duration_s, "times": [row.time_s for row in take.made]}
        super().__init__(
            _raw=raw.read_bytes(),
            _live=(version.video if version else live).read_bytes(),
            _take=shown,
            _keys=keys,
            **kwargs,
        )

    @property
    def timeline(self) -> Timeline:
        """The prompts as they stand on the lane, all else as shown. Raises TimelineError where they make none."""
        return replace(self._shown, keys=tuple(key_from_dict(key) for key in self._keys))


def strip(take: Take, version: Render | None = None, count: int = 8, width: int = 160) -> Image.Image:
    """A contact strip: `count` moments of the camera above, of the world below, and the prompts under them."""
    timeline = version.timeline if version else take.timeline
    world = version.video if version else take.folder / proxies.LIVE
    times = [take.duration_s * (i + 0.5) / count for i in range(count)]
    rows = [display.moments(VideoSource(video), times) for video in (take.folder / proxies.RAW, world)]
    height = round(width * rows[0][0].shape[0] / rows[0][0].shape[1])
    lane, gap = 26, 4
    sheet = Image.new("RGB", (count * (width + gap) - gap, 2 * (height + gap) + lane), "#0b0c0e")
    for row, pictures in enumerate(rows):
        for column, rgb in enumerate(pictures):
            sheet.paste(Image.fromarray(fit(rgb, width, height)), (column * (width + gap), row * (height + gap)))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    top, scale = 2 * (height + gap), sheet.width / take.duration_s
    ends = [key.time_s for key in timeline.keys[1:]] + [take.duration_s]
    for number, (key, end) in enumerate(zip(timeline.keys, ends, strict=True)):
        left = key.time_s * scale
        draw.rectangle((left, top, end * scale - 2, sheet.height), fill=("#26313c", "#3a2f25")[number % 2])
        if key.fade_s:
            draw.polygon([(left, sheet.height), (left + key.fade_s * scale, top), (left, top)], fill="#0b0c0e")
        draw.text((left + 8, top + 5), words(key.prompt), fill="#e7e9ec", font=font)
    return sheet
