"""Flags and strings of pennants that wave in the wind."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import thing

MASTS = ((-0.80, 0.22, 0.95), (-0.46, 0.11, 0.56), (0.46, 0.11, 0.56), (0.80, 0.22, 0.95))
DYES = ((0xB5302C, 0xE8C24A), (0x2B4FA0, 0xF2EBDD), (0x2E7A4A, 0xF0D060), (0x6A2A7A, 0xE6A03A))


@thing("flags", synonyms=("flag", "banner", "pennant", "bunting", "standard"), layer="front")
def flags(pen: Pen) -> None:
    """Masts on both sides of the way to the landmark."""
    for x, y, scale in MASTS:
        mast = pen.polygon(
            [
                (x - 0.006 * scale, y),
                (x - 0.0035 * scale, y - 0.62 * scale),
                (x + 0.0035 * scale, y - 0.62 * scale),
                (x + 0.006 * scale, y),
            ]
        )
        pen.round(mast, "wood")
        knob = skia.Path().addCircle(x, y - 0.628 * scale, 0.011 * scale)
        pen.round(knob, "gold")
        pen.canvas.drawOval(
            skia.Rect(x - 0.045 * scale, y - 0.005 * scale, x + 0.045 * scale, y + 0.009 * scale), pen.paint(0x48000008)
        )


@flags.live
def waving(pen: Pen, time_s: float) -> None:
    """Cloth in eight folds; the wind blows to the right, in gusts."""
    gust = 0.8 + 0.2 * math.sin(0.6 * time_s) + 0.1 * math.sin(1.7 * time_s)
    for i, (x, y, scale) in enumerate(MASTS):
        dye, trim = DYES[i % len(DYES)]
        top, length, height, folds = y - 0.605 * scale, 0.25 * scale, 0.15 * scale, 8
        upper, lower = [], []
        for k in range(folds + 1):
            share = k / folds
            lift = 0.022 * scale * share * math.sin(5.2 * time_s - 5.5 * share + 1.3 * i) * gust
            sag = 0.05 * scale * share * share * (1.15 - gust)
            across = x + 0.004 * scale + length * share * (0.9 + 0.06 * gust)
            upper.append((across, top + lift + sag))
            lower.append((across, top + height + lift * 0.8 + sag - 0.18 * height * share))
        for k in range(folds):
            slope = (upper[k + 1][1] - upper[k][1]) / (length / folds)
            light = min(max(0.62 + 0.9 * slope * (1 if pen.side >= 0 else -1), 0.15), 1.05)
            strip = pen.polygon([upper[k], upper[k + 1], lower[k + 1], lower[k]])
            paint = pen.paint(pen.colour(dye, light))
            paint.setStyle(skia.Paint.kStrokeAndFill_Style)
            paint.setStrokeWidth(0.0006)
            pen.canvas.drawPath(strip, paint)
            a, b, c, d = upper[k], upper[k + 1], lower[k + 1], lower[k]
            band = pen.polygon(
                [
                    (a[0], a[1] * 0.62 + d[1] * 0.38),
                    (b[0], b[1] * 0.62 + c[1] * 0.38),
                    (b[0], b[1] * 0.38 + c[1] * 0.62),
                    (a[0], a[1] * 0.38 + d[1] * 0.62),
                ]
            )
            pen.fill(band, pen.colour(trim, light))
