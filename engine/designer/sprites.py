"""Sprites: small pictures that are drawn once and put into every frame, which is what a live drawing lives on."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.designer.library import skia


@dataclass
class Sprite:
    """A small picture that is drawn once and stamped in every frame."""

    image: skia.Image
    width: float
    height: float
    """In units."""


class Sprites:
    """What a pen does with sprites; `Pen` is one of these, and gives what it needs."""

    canvas: skia.Canvas
    name: str
    seed: int
    _unit: float
    """Pixels of a unit."""
    _sprites: dict[tuple[str, int, str], Sprite]
    _chance: random.Random | None

    def sprite(self, key: str, width: float, height: float, draw: Callable[[Any], None], detail: float = 1.0) -> Sprite:
        """A picture `width` x `height` units that `draw` makes once, with (0, 0) in its middle; kept with the place.

        detail: pixels that are drawn for each of the picture's; 0.5 does for clouds, in a quarter of the time.
        """
        name = (self.name, round(self._unit), key)
        if name not in self._sprites:
            w, h = (max(1, math.ceil(side * self._unit * detail)) for side in (width, height))
            surface = skia.Surface.MakeRasterN32Premul(w, h)
            canvas = surface.getCanvas()
            canvas.scale(w / width, h / height)
            canvas.translate(width / 2, height / 2)
            before, self.canvas = self.canvas, canvas
            chance, self._chance = self._chance, random.Random(f"{self.seed}/{self.name}/{key}")
            try:
                draw(self)
            finally:
                self.canvas, self._chance = before, chance
            image = _whole(surface, width * self._unit, height * self._unit)
            self._sprites[name] = Sprite(image, width, height)
        return self._sprites[name]

    def stamp(
        self,
        sprite: Sprite,
        x: float,
        y: float,
        scale: float = 1.0,
        alpha: float = 1.0,
        turn: float = 0.0,
        flip: bool = False,
        whole: bool = False,
        plus: bool = False,
    ) -> None:
        """Put a sprite's middle at (x, y), turned by `turn` degrees, mirrored if `flip`.

        whole: on whole pixels, as it is, which is many times as fast: for large sprites that hardly move. plus: add its
        light to what is there.
        """
        c = self.canvas
        paint = skia.Paint(Alphaf=alpha, BlendMode=skia.BlendMode.kPlus if plus else skia.BlendMode.kSrcOver)
        if whole:
            corner = c.getTotalMatrix().mapXY(x - sprite.width / 2, y - sprite.height / 2)
            c.save()
            c.resetMatrix()
            c.drawImage(sprite.image, round(corner.x()), round(corner.y()), skia.SamplingOptions(), paint)
            c.restore()
            return
        c.save()
        c.translate(x, y)
        if turn:
            c.rotate(turn)
        c.scale(-scale if flip else scale, scale)
        area = skia.Rect.MakeXYWH(-sprite.width / 2, -sprite.height / 2, sprite.width, sprite.height)
        c.drawImageRect(sprite.image, area, skia.SamplingOptions(skia.FilterMode.kLinear), paint)
        c.restore()

    def stamps(
        self,
        sprite: Sprite,
        x: np.ndarray,
        y: np.ndarray,
        scale: np.ndarray | float = 1.0,
        alpha: np.ndarray | float = 1.0,
        turn: np.ndarray | float = 0.0,
        tall: np.ndarray | float = 1.0,
    ) -> None:
        """Put a sprite at each of N places, (N,) units each: as `stamp`, in a third of the time for many.

        turn: degrees. tall: height over width, before it is turned. Those outside the picture are left out.
        """
        scale, alpha, turn, tall = (np.broadcast_to(each, len(x)) for each in (scale, alpha, turn, tall))
        reach = 0.5 * math.hypot(sprite.width, sprite.height) * scale * np.maximum(np.abs(tall), 1.0)
        seen = self._within(x, reach) & (alpha > 0)
        angle = np.radians(turn)
        c, s = np.cos(angle) * scale, np.sin(angle) * scale
        rows = np.stack([c, -s * tall, x, s, c * tall, y, alpha], 1)[seen]
        area = skia.Rect.MakeXYWH(-sprite.width / 2, -sprite.height / 2, sprite.width, sprite.height)
        linear, paint, canvas = skia.SamplingOptions(skia.FilterMode.kLinear), skia.Paint(), self.canvas
        for *affine, opacity in rows.tolist():
            paint.setAlphaf(opacity)
            canvas.save()
            canvas.concat(skia.Matrix.MakeAll(*affine, 0, 0, 1))
            canvas.drawImageRect(sprite.image, area, linear, paint)
            canvas.restore()

    def roll(
        self, sprite: Sprite, x: float, y: float, alpha: float = 1.0, plus: bool = False, down: bool = False
    ) -> None:
        """Put a sprite side by side with itself across the picture, its middle at (x, y): clouds, waves, curtains.

        plus: add its light to what is there. down: repeat it downwards too, for a sheet of rain or snow. It is copied
        on whole pixels, many times as fast as sampling: thousands of drops fall in a tenth of a millisecond.
        """
        canvas, image = self.canvas, sprite.image
        corner = canvas.getTotalMatrix().mapXY(x - sprite.width / 2, y - sprite.height / 2)
        width, height, size = image.width(), image.height(), canvas.getBaseLayerSize()
        paint = skia.Paint(Alphaf=alpha, BlendMode=skia.BlendMode.kPlus if plus else skia.BlendMode.kSrcOver)
        tops = range(round(corner.y()) % height - height, size.height(), height) if down else (round(corner.y()),)
        canvas.save()
        canvas.resetMatrix()
        for top in tops:
            for left in range(round(corner.x()) % width - width, size.width(), width):
                canvas.drawImage(image, left, top, skia.SamplingOptions(), paint)
        canvas.restore()

    def _seen(self, points: np.ndarray, reach: float) -> np.ndarray:
        """Those of (N, 2) points that are not wholly beside the picture: what lies there takes as long to draw."""
        return points[self._within(points[:, 0], reach)]

    def _within(self, x: np.ndarray, reach: np.ndarray | float) -> np.ndarray:
        """Which of (N,) places reach into the picture; all of them where the canvas records strokes or is turned."""
        matrix = self.canvas.getTotalMatrix()
        if matrix.getScaleX() <= 1 or matrix.getSkewX() or matrix.getSkewY():
            return np.ones(len(x), bool)
        at, margin = x * matrix.getScaleX() + matrix.getTranslateX(), reach * matrix.getScaleX() + 1
        return np.asarray((at > -margin) & (at < self.canvas.getBaseLayerSize().width() + margin))


def _whole(surface: skia.Surface, width: float, height: float) -> skia.Image:
    """What was drawn, as an image of the picture's own pixels."""
    image, w, h = surface.makeImageSnapshot(), max(1, round(width)), max(1, round(height))
    if (image.width(), image.height()) == (w, h):
        return image
    scaled = skia.Surface.MakeRasterN32Premul(w, h)
    scaled.getCanvas().drawImageRect(image, skia.Rect(w, h), skia.SamplingOptions(skia.CubicResampler.Mitchell()))
    return scaled.makeImageSnapshot()
