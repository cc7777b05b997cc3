"""What flies on wings: birds in a loose flock, a dragon."""

from __future__ import annotations

import math
from itertools import pairwise

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import moving_thing
from engine.designer.things.flight import crossing, tone


@moving_thing(
    "birds",
    synonyms=("bird", "seagull", "gull", "crow", "raven", "parrot", "swallow", "flock", "dove", "eagle"),
    layer="heaven",
)
def birds(pen: Pen, time_s: float) -> None:
    """A loose flock that beats, glides and drifts across, with two that fly their own way."""
    ink = pen.blend(tone(pen, "black", 0.4), pen.shine(pen.air.haze), 0.15)
    ink = pen.blend(ink, pen.shine(0xA9BBE0), 0.8 * max(2 * pen.dark - 1, 0.0))  # the moon on their wings
    for i, (a, b, c) in enumerate(pen.numbers(15, 3, 1).tolist()):
        lone = i >= 13
        x = crossing(time_s, 46 if not lone else 31, 0.38 if not lone else 0.3 + 0.4 * a)
        x += 0 if lone else (a - 0.5) * 0.55 + 0.03 * math.sin(time_s * 0.5 + 9 * b)
        y = -0.40 + (b - 0.5) * 0.26 + 0.018 * math.sin(time_s * 0.7 + 12 * c)
        beats = math.sin(time_s * (7.5 + 2 * c) + 20 * a)
        glide = 0.5 + 0.5 * math.tanh(3 * math.sin(time_s * 0.6 + 15 * c))
        size = 0.020 + 0.016 * c
        bird(pen, x, y, size, 0.12 + beats * 0.55 * glide, ink)


def bird(pen: Pen, x: float, y: float, size: float, lift: float, ink: int) -> None:
    """Two bent wings and a body, seen from afar; lift: how high the wings' tips stand, in sizes."""
    wings = skia.Path()
    wings.moveTo(x - size * 1.5, y - size * lift * 1.2)
    wings.quadTo(x - size * 0.65, y - size * (0.35 + lift * 0.9), x, y)
    wings.quadTo(x + size * 0.65, y - size * (0.35 + lift * 0.9), x + size * 1.5, y - size * lift * 1.2)
    wings.quadTo(x + size * 0.6, y - size * (0.08 + lift * 0.75), x + size * 0.1, y + size * 0.2)
    wings.lineTo(x - size * 0.1, y + size * 0.2)
    wings.quadTo(x - size * 0.6, y - size * (0.08 + lift * 0.75), x - size * 1.5, y - size * lift * 1.2)
    wings.close()
    pen.fill(wings, ink)
    pen.canvas.drawOval(skia.Rect(x - size * 0.16, y - size * 0.16, x + size * 0.42, y + size * 0.22), pen.paint(ink))


@moving_thing("dragon", synonyms=("wyvern", "drake", "wyrm"), layer="heaven")
def dragon(pen: Pen, time_s: float) -> None:
    """A dragon that glides across the sky with slow beats of its wings, and now and then breathes fire."""
    x = crossing(time_s, 38, 0.30, 1.9)
    y = -0.40 + 0.035 * math.sin(time_s * 0.52) - 0.02 * math.sin(time_s * 2.1)
    beat = math.sin(time_s * 2.1)
    hide = pen.sprite("hide", 0.62, 0.26, dragon_body)
    canvas = pen.canvas
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(4 * math.sin(time_s * 0.52 + 1.2))
    wing(pen, 0.045, -0.02, beat * 0.85 + 0.1, 0.25)
    pen.stamp(hide, 0, 0)
    wing(pen, 0.02, -0.012, beat, 0.75)
    phase = time_s % 11.0
    if phase < 1.6:
        strength = math.sin(math.pi * phase / 1.6)
        for k in range(9):
            share = k / 8
            flutter = 0.012 * math.sin(time_s * 17 + 2.3 * k) * share
            pen.glow(
                0.285 + 0.26 * share * strength,
                -0.045 + 0.07 * share * strength + flutter,
                0.016 + 0.055 * share,
                0xFFC04A if share < 0.4 else 0xFF7A22,
                0.75 * strength * (1 - 0.55 * share),
            )
    canvas.restore()


def dragon_body(pen: Pen) -> None:
    """Head to the right: neck, belly, legs, and a tail with its barb."""
    dark, light = moonlit(pen, tone(pen, 0x2E4A38, 0.05), 0.16), moonlit(pen, tone(pen, 0x5E7F52, 0.8), 0.42)
    spine = [
        (-0.29, 0.02),
        (-0.20, 0.035),
        (-0.10, 0.005),
        (0.0, -0.018),
        (0.10, -0.022),
        (0.17, -0.045),
        (0.235, -0.075),
    ]
    thick = [0.002, 0.010, 0.021, 0.034, 0.026, 0.014, 0.012]
    upper = [(x, y - t) for (x, y), t in zip(spine, thick, strict=True)]
    lower = [(x, y + t) for (x, y), t in zip(spine, thick, strict=True)]
    body = pen.curve([*upper, *lower[::-1]], close=True)
    for x, y, tilt in ((-0.055, 0.025, 0.04), (0.06, 0.005, 0.03)):
        leg = pen.curve(
            [
                (x - 0.018, y - 0.01),
                (x - 0.03, y + 0.03),
                (x - 0.055, y + tilt),
                (x - 0.062, y + tilt + 0.008),
                (x - 0.02, y + 0.042),
                (x + 0.016, y),
            ],
            close=True,
        )
        pen.fill(leg, dark)
    pen.fill_between(body, (0, -0.08), (0, 0.05), light, moonlit(pen, tone(pen, 0x44663F, 0.4), 0.28), dark)
    pen.texture(body, "grain", dark, scale=0.03, strength=0.35)
    if pen.dark > 0.5:
        pen.stroke(pen.curve(upper), pen.shine(0xC9D8FF, 0.75), 0.0035)  # rim light
    for k in range(22):  # the crest
        share = k / 21
        i = min(int(share * 6), 5)
        mix = share * 6 - i
        cx = spine[i][0] * (1 - mix) + spine[i + 1][0] * mix
        cy = upper[i][1] * (1 - mix) + upper[i + 1][1] * mix
        pen.fill(pen.polygon([(cx - 0.006, cy + 0.002), (cx - 0.005, cy - 0.010), (cx + 0.006, cy + 0.002)]), dark)
    barb = pen.polygon([(-0.285, 0.018), (-0.305, 0.005), (-0.318, 0.024), (-0.302, 0.034)])
    pen.fill(barb, dark)
    head = pen.curve(
        [
            (0.222, -0.088),
            (0.245, -0.096),
            (0.272, -0.078),
            (0.300, -0.064),
            (0.296, -0.054),
            (0.268, -0.056),
            (0.290, -0.044),
            (0.262, -0.046),
            (0.236, -0.06),
        ],
        close=True,
    )
    pen.fill(head, light, dark)
    for dx in (0.0, 0.01):
        horn = pen.curve([(0.236 + dx, -0.09), (0.215 + dx, -0.108), (0.196 + dx, -0.112)])
        stroke = pen.paint(tone(pen, "sandstone", 0.6), Style=skia.Paint.kStroke_Style, StrokeWidth=0.005)
        pen.canvas.drawPath(horn, stroke)
    pen.glow(0.2535, -0.079, 0.007, 0xFFB020, 1.0)


def wing(pen: Pen, x: float, y: float, beat: float, light: float) -> None:
    """A wing of skin over three fingers; beat -1 below to 1 above."""
    tip_y = -0.20 * beat - 0.05
    elbow = (x - 0.015, y - 0.07 - 0.07 * beat)
    fingers = [
        (x + 0.02, y + tip_y - 0.06),
        (x - 0.09, y + tip_y * 1.05 - 0.02),
        (x - 0.165, y + tip_y * 0.7 + 0.005),
        (x - 0.15, y + 0.01),
    ]
    skin = skia.Path()
    skin.moveTo(x, y)
    skin.quadTo(*elbow, *fingers[0])
    for a, b in pairwise(fingers):
        skin.quadTo((a[0] + b[0]) / 2 + 0.028, (a[1] + b[1]) / 2 + 0.022, *b)
    skin.quadTo(x - 0.07, y + 0.02, x - 0.06, y + 0.012)
    skin.close()
    lit, dim = tone(pen, 0x7A4A38, light), tone(pen, 0x40322E, 0.5 * light)
    pen.fill(skin, moonlit(pen, lit, 0.16 + 0.36 * light), moonlit(pen, dim, 0.1 + 0.2 * light))
    stroke = pen.paint(moonlit(pen, tone(pen, 0x2E2A26, 0.3), 0.75), Style=skia.Paint.kStroke_Style, StrokeWidth=0.0035)
    for finger in fingers[:3]:
        bone = skia.Path()
        bone.moveTo(x, y)
        bone.quadTo(*elbow, *finger)
        pen.canvas.drawPath(bone, stroke)


def moonlit(pen: Pen, colour: int, share: float) -> int:
    """The colour with a share of moonlight over it, by night alone: what is dark would not be seen before the sky."""
    return pen.blend(colour, pen.shine(0xA4B8E6), share * max(2 * pen.dark - 1, 0.0))
