"""What can be drawn in a prop's place: each thing by its name, and the hand that draws it.

    @drawn("lightsaber", "laser sword", glows=True)
    def lightsaber(hand: Hand) -> None: ...

A drawing is a function of the hand alone: pose, time and chance. Register another under a name of its own, and every
prop that becomes it is drawn by it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from engine.designer.library import DesignerError, skia
from engine.designer.props.pose import Pose
from engine.prompts import Blend

Point = tuple[float, float]


@dataclass
class Hand:
    """Draws in a prop's own coordinates: its middle at (0, 0), its top up, one unit half of its length."""

    canvas: skia.Canvas
    pose: Pose
    time_s: float
    """Seconds on the take's clock."""
    unit: float
    """Pixels of a unit."""
    outline: skia.Path
    """Of the prop, in its coordinates."""

    @property
    def width(self) -> float:
        """Half of the prop's width, in units."""
        return self.pose.width / self.unit

    @property
    def up(self) -> Point:
        """Where the picture's up is, as a direction in the prop's coordinates: what flames go for."""
        return -math.sin(self.pose.angle), -math.cos(self.pose.angle)

    def chance(self, count: int, columns: int, key: int = 0) -> np.ndarray:
        """(count, columns) chances 0..1, the same at every call."""
        return np.random.Generator(np.random.PCG64([7, key])).random((count, columns))

    def paint(self, colour: int, alpha: float = 1.0, blur: float = 0.0, plus: bool = False) -> skia.Paint:
        """A paint of 0xRRGGBB; blur in units; plus: it adds light to what is there."""
        paint = skia.Paint(Color=skia.ColorSetA(0xFF000000 | colour, _byte(alpha)), AntiAlias=True)
        if blur > 0:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        if plus:
            paint.setBlendMode(skia.BlendMode.kScreen)
        return paint

    def round(self, at: Point, radius: float, colours: Sequence[tuple[float, int, float]], plus: bool = False) -> None:
        """A disc shaded from its middle outwards; colours: (share of the radius, 0xRRGGBB, alpha) in order."""
        paint = skia.Paint(AntiAlias=True, Shader=self.radial(at, radius, colours))
        if plus:
            paint.setBlendMode(skia.BlendMode.kScreen)
        self.canvas.drawCircle(*at, radius, paint)

    def radial(self, at: Point, radius: float, colours: Sequence[tuple[float, int, float]]) -> skia.Shader:
        """A gradient from a point outwards; colours as for `round`."""
        codes = [skia.ColorSetA(0xFF000000 | code, _byte(alpha)) for _, code, alpha in colours]
        return skia.GradientShader.MakeRadial(skia.Point(*at), radius, codes, [share for share, _, _ in colours])

    def linear(self, start: Point, end: Point, colours: Sequence[tuple[float, int, float]]) -> skia.Shader:
        """A gradient along a way; colours as for `round`."""
        codes = [skia.ColorSetA(0xFF000000 | code, _byte(alpha)) for _, code, alpha in colours]
        return skia.GradientShader.MakeLinear(
            [skia.Point(*start), skia.Point(*end)], codes, [share for share, _, _ in colours]
        )

    def polygon(self, points: Sequence[Point]) -> skia.Path:
        """Straight lines through the points, closed."""
        return skia.Path().addPoly([skia.Point(x, y) for x, y in points], True)

    def lamp(self, at: Point, reach: float, colour: int, strength: float = 1.0) -> None:
        """Light that falls from a point on what is near: what is bright answers more, and the air glows."""
        fall = ((0.0, colour, 0.55 * strength), (0.35, colour, 0.22 * strength), (1.0, colour, 0.0))
        for mode in (skia.BlendMode.kColorDodge, skia.BlendMode.kScreen):
            paint = skia.Paint(AntiAlias=True, Shader=self.radial(at, reach, fall), BlendMode=mode)
            self.canvas.drawCircle(*at, reach, paint)


Draw: TypeAlias = Callable[[Hand], None]


@dataclass(frozen=True)
class Drawing:
    """One thing that is drawn."""

    name: str
    words: tuple[str, ...]
    """What else it is called."""
    draw: Draw
    better: bool
    """Whether it is drawn where nothing else is asked for."""
    hides: bool
    """Whether the prop under it is taken out of the picture first."""


_DRAWINGS: dict[str, Drawing] = {}


def drawn(name: str, *words: str, better: bool = True, hides: bool = True) -> Callable[[Draw], Draw]:
    """Decorator: the function draws the thing `name`, which `words` mean, too. Raises DesignerError for a bad name."""
    if not re.fullmatch(r"[a-z]+( [a-z]+)*", name):
        raise DesignerError(f"{name!r} is not a thing's name; write small letters, such as 'magic wand'")

    def register(draw: Draw) -> Draw:
        _DRAWINGS[name] = Drawing(name, words, draw, better, hides)
        return draw

    return register


def drawings() -> tuple[Drawing, ...]:
    """All of them, in the order in which they were registered."""
    return tuple(_DRAWINGS.values())


def drawing_of(text: str) -> Drawing | None:
    """The drawing that a text names, the longest name first; None where it names none."""
    said = " ".join(re.findall(r"[a-z]+", text.lower()))
    named = [(name, drawing) for drawing in _DRAWINGS.values() for name in (drawing.name, *drawing.words)]
    for name, drawing in sorted(named, key=lambda pair: -len(pair[0])):
        if re.search(rf"\b{name}s?\b", said):
            return drawing
    return None


def drawn_things(prompt: Blend) -> tuple[tuple[Drawing, float], ...]:
    """The drawings that a prompt names, with the shares of their texts, above 0 up to 1."""
    return tuple((drawing, weight) for text, weight in prompt if weight > 0 and (drawing := drawing_of(text)))


def _byte(alpha: float) -> int:
    return round(255 * min(max(alpha, 0.0), 1.0))
