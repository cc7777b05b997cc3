"""What a drawing draws with: a canvas in units of the picture's height, colours in its light, its own chance.

Coordinates: x = 0 is the middle of the drawing (a landmark's foot stands there), y = 0 the horizon, which is the ground
line; y is downwards, so a tower 0.4 high reaches up to y = -0.4. The picture's height is 1; its top is at y = TOP, its
lower edge at y = BOTTOM, and all that spans the picture is drawn from -REACH to REACH. No drawing asks for pixels.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.compositing.types import RGB, Light
from engine.designer import textures
from engine.designer.colours import Air, graded, lit, mix, split
from engine.designer.library import skia
from engine.designer.sprites import Sprite, Sprites

HORIZON = 0.64
"""Of the picture's height, from above."""
MARGIN = 0.03
"""What the layers have above and below, for a camera that rises and sinks."""
TOP, BOTTOM = -HORIZON - MARGIN, 1 - HORIZON + MARGIN
REACH = 2.0
"""Half of what a layer can show from side to side."""


class Layer(NamedTuple):
    """How a layer moves and how far it is."""

    follow: float
    """Share of the way to the free place that it goes with the landmark, 0..1."""
    parallax: float
    """Units that it moves for a camera that goes from the middle to one side."""
    distance: float
    """0 near to 1 the horizon, for the air between."""


LAYERS = {
    "sky": Layer(0.0, 0.0, 1.0),
    "heaven": Layer(0.2, 0.004, 0.9),
    "far": Layer(0.5, 0.015, 0.36),
    "middle": Layer(1.0, 0.035, 0.14),
    "ground": Layer(1.0, 0.04, 0.0),
    "front": Layer(1.0, 0.045, 0.05),
    "near": Layer(0.0, 0.08, 0.0),
}
"""From far to near: `heaven` holds the moon, clouds and birds; a landmark stands on `middle`, its foot covered by
the ground; `front` is drawn over the ground, and things on it stand at y > 0; `near` is the air before the camera."""

Point = tuple[float, float]


class Pen(Sprites):
    """The hands of one drawing on one layer. Its chance begins anew at each call: live flakes are found again."""

    def __init__(
        self,
        canvas: skia.Canvas,
        name: str,
        seed: int,
        air: Air,
        palette: str | None,
        *,
        period: str | None = None,
        sky: str = "day",
        ground: str = "grass",
        things: tuple[str, ...] = (),
        distance: float = 0.0,
        rough: float = 0.0,
        unit: float = 720.0,
        sprites: dict[tuple[str, int, str], Sprite] | None = None,
    ) -> None:
        self.canvas = canvas
        self.name = name
        self.seed = seed
        self.air = air
        self.palette = palette
        self.period = period
        self.sky = sky
        self.ground = ground
        self.things = things
        """The place's things, for a sky that leaves its moon out where the moon is one of them."""
        self.distance = distance
        self.rough = rough
        """Height of the bumps of the ground's far edge."""
        self._unit = unit
        self._sprites = sprites if sprites is not None else {}
        self._chance: random.Random | None = None

    @property
    def random(self) -> random.Random:
        """Chance of this drawing: the same plan, the same numbers."""
        if self._chance is None:  # most live drawings never ask, and it takes longer to make than many of them to draw
            self._chance = random.Random(f"{self.seed}/{self.name}")
        return self._chance

    def numbers(self, count: int, columns: int, key: int = 0) -> np.ndarray:
        """(count, columns) chances 0..1 for many small things; the same at every call, others for another `key`."""
        if count > 1000:  # of a still part, asked for once
            return _numbers.__wrapped__(self.seed, self.name, key, count, columns)
        return _numbers(self.seed, self.name, key, count, columns).copy()

    # ---- light and colour

    @property
    def light(self) -> Light:
        """The light of the place, before its palette."""
        return self.air.light

    @property
    def side(self) -> float:
        """Where the key light comes from: -1 left to 1 right."""
        return self.air.light.key_from[0]

    @property
    def dark(self) -> float:
        """0 broad day to 1 night."""
        return self.air.dark

    @property
    def lamps(self) -> float:
        """How brightly lamps and windows burn, 0 by day to 1 by night."""
        return 0.0 if self.sky == "underwater" else min(max((self.air.dark - 0.25) / 0.4, 0.0), 1.0)

    def colour(self, material: str | int, light: float = 0.5, alpha: float = 1.0, far: float = 0.0) -> int:
        """A material (of colours.MATERIALS, or 0xRRGGBB by day) in the light and the air, as skia's 0xAARRGGBB.

        light: the share of the key light that falls on it, 0 to 1, over 1 for a highlight. far: distance beyond the
        layer's own.
        """
        return pack(lit(material, self.air, self.palette, round(light, 3), round(self.distance + far, 3)), alpha)

    def shine(self, code: int, alpha: float = 1.0) -> int:
        """The colour of what shines by itself (a window, a flame, the moon): no light and little air changes it."""
        return pack(graded(mix(split(code), split(self.air.haze), 0.3 * self.distance), self.palette), alpha)

    def blend(self, a: int, b: int, share: float) -> int:
        """Between two of skia's colours: `a` at share 0, `b` at 1."""
        parts = [round(((a >> s) & 255) * (1 - share) + ((b >> s) & 255) * share) for s in (24, 16, 8, 0)]
        return parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]

    # ---- shapes

    def box(self, x: float, y: float, width: float, height: float) -> skia.Path:
        """A box that stands on y, with x in its middle."""
        return skia.Path().addRect(skia.Rect(x - width / 2, y - height, x + width / 2, y))

    def polygon(self, points: Iterable[Point], close: bool = True) -> skia.Path:
        """Straight lines through the points."""
        return skia.Path().addPoly([skia.Point(x, y) for x, y in points], close)

    def curve(self, points: Sequence[Point], close: bool = False) -> skia.Path:
        """A smooth line through the points (Catmull and Rom 1974)."""
        path = skia.Path()
        path.moveTo(*points[0])
        count = len(points)
        for i in range(count if close else count - 1):
            if close:
                p0, p1, p2, p3 = (points[(i + k) % count] for k in (-1, 0, 1, 2))
            else:
                p0, p1, p2, p3 = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, count - 1)]
            path.cubicTo(
                p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6,
                p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6,
                p2[0], p2[1],
            )  # fmt: skip
        if close:
            path.close()
        return path

    def arch(self, x: float, y: float, width: float, height: float, pointed: float = 0.0) -> skia.Path:
        """An opening that stands on y and ends in a round arch, or a pointed one (1 is gothic)."""
        r = width / 2
        spring = y - max(height - r * (1 + 0.5 * pointed), 0)
        top = spring - r * (1 + 0.5 * pointed)
        path = skia.Path()
        path.moveTo(x - r, y)
        path.lineTo(x - r, spring)
        bow = 0.55 * (1 - pointed)
        path.cubicTo(x - r, spring - r * 0.6, x - r * bow, top, x, top)
        path.cubicTo(x + r * bow, top, x + r, spring - r * 0.6, x + r, spring)
        path.lineTo(x + r, y)
        path.close()
        return path

    def ridge(
        self,
        y: float,
        amplitude: float,
        waves: float = 1.0,
        rough: float = 0.5,
        left: float = -REACH,
        right: float = REACH,
    ) -> list[Point]:
        """Points of a hill line about y, `amplitude` high, `waves` hills a unit; rough 0 is dunes, 1 is crags."""
        octaves = 1 + round(6 * rough)
        gain = 0.32 + 0.24 * rough
        parts = [
            (waves * 2**k * self.random.uniform(0.85, 1.15), self.random.random() * math.tau, gain**k)
            for k in range(octaves)
        ]
        total = sum(part[2] for part in parts)
        steps = round((right - left) * max(24, 10 * waves * 2 ** min(octaves, 5)))
        xs = np.linspace(left, right, steps + 1)
        rise = np.zeros_like(xs)
        for frequency, phase, weight in parts:
            wave = np.sin(xs * frequency * math.tau + phase)
            rise += weight / total * (wave if rough < 0.6 else 1 - 2 * np.abs(np.sin(xs * frequency * math.pi + phase)))
        return [(float(a), float(b)) for a, b in zip(xs, y - amplitude * rise, strict=True)]

    def hill(self, points: Sequence[Point], bottom: float = BOTTOM) -> skia.Path:
        """The land under a line of points."""
        return self.polygon([*points, (points[-1][0], bottom), (points[0][0], bottom)])

    # ---- painting

    def paint(self, colour: int, **options: object) -> skia.Paint:
        """skia's paint, smooth at the edges, without bands in its gradients."""
        return skia.Paint(AntiAlias=True, Dither=True, Color=colour, **options)

    def fill(self, path: skia.Path, top: int, bottom: int | None = None) -> None:
        """Fill with a colour, or from one above to another below."""
        if bottom is None:
            self.canvas.drawPath(path, self.paint(top))
            return
        bounds = path.getBounds()
        self.fill_between(path, (0, bounds.top()), (0, bounds.bottom()), top, bottom)

    def fill_between(self, path: skia.Path, a: Point, b: Point, *colours: int) -> None:
        """Fill with an even gradient of colours from point a to point b."""
        shade = skia.GradientShader.MakeLinear([skia.Point(*a), skia.Point(*b)], list(colours))
        self.canvas.drawPath(path, self.paint(0xFFFFFFFF, Shader=shade))

    def solid(self, path: skia.Path, material: str | int, strength: float = 1.0) -> None:
        """Fill a flat wall: lighter above, and in the sun or the shade as it stands."""
        self.fill(path, self.colour(material, 0.75 * strength), self.colour(material, 0.45 * strength))

    def round(self, path: skia.Path, material: str | int) -> None:
        """Fill a round thing (a tower, a trunk, a column): bright towards the light, dark on the other side."""
        bounds = path.getBounds()
        left, right = bounds.left(), bounds.right()
        bright, mid, shade = (self.colour(material, share) for share in (1.0, 0.5, 0.08))
        colours = [mid, bright, mid, shade, shade]
        if self.side > 0:
            colours.reverse()
        self.fill_between(path, (left, 0), (right, 0), *colours)

    def texture(
        self, path: skia.Path, kind: str, colour: int, scale: float = 0.5, stretch: float = 1.0, strength: float = 1.0
    ) -> None:
        """Lay noise over a shape: kind of textures.KINDS, one tile `scale` units high and `stretch` times as wide."""
        at = (self.random.random() * 4, self.random.random() * 4)
        paint = self.paint(colour, Shader=textures.shader(kind, scale, stretch, at))
        paint.setAlphaf(paint.getAlphaf() * strength)
        self.canvas.drawPath(path, paint)

    def stroke(self, path: skia.Path, colour: int, width: float) -> None:
        """Draw a line `width` units thick along a path."""
        self.canvas.drawPath(
            path,
            self.paint(
                colour, Style=skia.Paint.kStroke_Style, StrokeWidth=width, StrokeCap=skia.Paint.kRound_Cap,
                StrokeJoin=skia.Paint.kRound_Join,
            ),
        )  # fmt: skip

    def line(self, a: Point, b: Point, colour: int, width: float) -> None:
        """One straight line."""
        self.stroke(self.polygon([a, b], close=False), colour, width)

    def circle(self, x: float, y: float, radius: float, colour: int) -> None:
        """A disc."""
        self.canvas.drawCircle(x, y, radius, self.paint(colour))

    def soft(self, path: skia.Path, colour: int, blur: float) -> None:
        """Fill with an edge `blur` units soft: shadows, smoke, contact with the ground. Slow: for still parts."""
        self.canvas.drawPath(
            path, self.paint(colour, MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        )

    def glow(self, x: float, y: float, radius: float, code: int, strength: float = 1.0) -> None:
        """Light around a lamp, added to what is there. code: 0xRRGGBB."""
        c = self.shine(code, 1.0) & 0xFFFFFF
        stops = [int(255 * min(strength, 1.0) * share) << 24 | c for share in (1.0, 0.36, 0.1, 0.0)]
        shade = skia.GradientShader.MakeRadial(skia.Point(x, y), radius, stops, [0.0, 0.25, 0.6, 1.0])
        self.canvas.drawCircle(x, y, radius, self.paint(0xFFFFFFFF, Shader=shade, BlendMode=skia.BlendMode.kPlus))

    def window(
        self, x: float, y: float, width: float, height: float, pointed: float = 0.0, code: int = 0xFFC766
    ) -> None:
        """A window that stands on y: lit by night and glowing softly, a dark pane by day."""
        pane = self.arch(x, y, width, height, pointed)
        self.fill(pane, self.colour("black", 0.3), self.colour("dark metal", 0.4))
        if self.lamps > 0 and self.random.random() < 0.75:
            warm = self.random.uniform(0.75, 1.0) * self.lamps
            self.fill(pane, self.shine(0xFFE9B0, warm), self.shine(code, warm))
            self.glow(x, y - height / 2, 2.6 * max(width, height), code, 0.30 * warm)

    def dots(self, points: np.ndarray, radius: float, colour: int) -> None:
        """Many equal round dots in one call, (N, 2) units: stars, flakes, sparks. Cheap enough for a live drawing.

        Dots of under 1.3 pixels are drawn as squares of the same area, in a fifth of the time.
        """
        points = self._seen(points, 1.5 * radius)
        fine = radius * self._unit < 1.3
        width, cap = (1.7725 * radius, skia.Paint.kSquare_Cap) if fine else (2 * radius, skia.Paint.kRound_Cap)
        paint = skia.Paint(AntiAlias=True, Color=colour, StrokeWidth=width, StrokeCap=cap)
        self.canvas.drawPoints(skia.Canvas.kPoints_PointMode, [skia.Point(*p) for p in points.tolist()], paint)

    def dashes(self, points: np.ndarray, dx: float, dy: float, colour: int, width: float) -> None:
        """Many equal short lines in one call, from each of (N, 2) points: rain, grass, streaks.

        Lines of under a pixel are drawn a pixel wide and as much fainter, in a third of the time.
        """
        pixels = width * self._unit
        points = self._seen(points, abs(dx) + width)
        if pixels < 1.0:
            colour, width = round((colour >> 24) * pixels) << 24 | colour & 0xFFFFFF, 0.0
        ends = np.stack([points, points + (dx, dy)], 1).reshape(-1, 2)
        paint = skia.Paint(AntiAlias=True, Color=colour, StrokeWidth=width)
        self.canvas.drawPoints(skia.Canvas.kLines_PointMode, [skia.Point(*p) for p in ends.tolist()], paint)

    def mist(self, top: float, bottom: float, strength: float = 0.5, code: int | None = None) -> None:
        """A veil of haze across the layer, thickest between `top` and `bottom`."""
        c = pack(graded(split(self.air.haze if code is None else code), self.palette), 1.0) & 0xFFFFFF
        edge, full = c, int(255 * strength) << 24 | c
        shade = skia.GradientShader.MakeLinear([skia.Point(0, top), skia.Point(0, bottom)], [edge, full, edge])
        self.canvas.drawRect(skia.Rect(-REACH, top, REACH, bottom), self.paint(0xFFFFFFFF, Shader=shade))

    def record(self, draw: Callable[[Pen], None]) -> skia.Picture:
        """What `draw` draws around (0, 0), as strokes that `replay` repeats in one call: trees, stalls, houses."""
        recorder = skia.PictureRecorder()
        before, self.canvas = self.canvas, recorder.beginRecording(skia.Rect(-4, -4, 4, 4))
        try:
            draw(self)
        finally:
            self.canvas = before
        return recorder.finishRecordingAsPicture()

    def replay(self, picture: skia.Picture, x: float, y: float, scale: float = 1.0, stretch: float = 1.0) -> None:
        """Draw a recorded picture with its (0, 0) at (x, y), `scale` times as large and `stretch` times as wide again.

        It isn't mirrored: its light would come from the wrong side.
        """
        matrix = skia.Matrix().setScale(scale * stretch, scale)
        matrix.postTranslate(x, y)
        self.canvas.drawPicture(picture, matrix)

    # ---- live drawings

    def halo(self, x: float, y: float, radius: float, code: int, strength: float = 1.0) -> None:
        """As `glow`, from a sprite that is kept, on whole pixels, in a fifth of the time.

        For live lights that hardly grow. Its radius is rounded to a sixteenth, and its place to a pixel.
        """
        matrix = self.canvas.getTotalMatrix()
        pixels = radius * math.hypot(matrix.getScaleX(), matrix.getSkewY())
        step = max(1, round(16 * math.log2(max(pixels, 1.0))))
        kept = 2 ** (step / 16) / self._unit
        light = self.sprite(f"halo {code:06x} {step}", 2 * kept, 2 * kept, lambda pen: pen.glow(0, 0, kept, code))
        self.stamp(light, x, y, alpha=min(max(strength, 0.0), 1.0), whole=True, plus=True)

    def sheet(self, key: str, width: float, height: float, draw: Callable[[Pen], None], detail: float = 1.0) -> Sprite:
        """A sprite that joins itself on all sides: what `draw` draws over an edge comes in again at the other."""

        def repeat(pen: Pen) -> None:
            picture = pen.record(draw)
            for dx in (-width, 0.0, width):
                for dy in (-height, 0.0, height):
                    pen.replay(picture, dx, dy)

        return self.sprite(key, width, height, repeat, detail)

    def flame(self, x: float, y: float, size: float, time_s: float, phase: float = 0.0, code: int = 0xFF9A3C) -> None:
        """A small flame that stands on y and flickers: torches, candles, fires. `size` is its height."""
        flicker = math.sin(time_s * 11 + phase * 7) * 0.5 + math.sin(time_s * 7.3 + phase * 13) * 0.5
        height = size * (1 + 0.13 * flicker)
        lean = size * 0.10 * math.sin(time_s * 3.1 + phase * 5)
        self.halo(x, y - size * 0.4, size * 3.2, code, 0.34 + 0.06 * flicker)
        for share, colour in ((1.0, code), (0.68, 0xFFC65A), (0.38, 0xFFF2C0)):
            w, h = size * 0.30 * share, height * share
            tongue = skia.Path()
            tongue.moveTo(x - w, y - h * 0.22)
            tongue.cubicTo(x - w * 1.1, y - h * 0.6, x + lean * 0.2, y - h * 0.6, x + lean * share, y - h)
            tongue.cubicTo(x + w * 0.4, y - h * 0.6, x + w * 1.2, y - h * 0.5, x + w, y - h * 0.22)
            tongue.cubicTo(x + w * 0.9, y + h * 0.05, x - w * 0.9, y + h * 0.05, x - w, y - h * 0.22)
            self.fill(tongue, self.shine(colour, 0.9))


@lru_cache(maxsize=512)
def _numbers(seed: int, name: str, key: int, count: int, columns: int) -> np.ndarray:
    code = sum(ord(c) * 31**i for i, c in enumerate(name)) % 2**31
    return np.random.Generator(np.random.PCG64([seed, code, key])).random((count, columns))


def pack(colour: RGB, alpha: float = 1.0) -> int:
    """sRGB 0..1 as skia's 0xAARRGGBB."""
    a = int(255 * alpha + 0.5) if 0 <= alpha <= 1 else 255 * (alpha > 1)
    return a << 24 | int(255 * colour[0] + 0.5) << 16 | int(255 * colour[1] + 0.5) << 8 | int(255 * colour[2] + 0.5)
