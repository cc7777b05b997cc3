"""Roofs that several structures share."""

from __future__ import annotations

from engine.designer.library import skia
from engine.designer.pen import Pen


def roof(pen: Pen, y: float, width: float, rise: float) -> None:
    """A hipped roof whose eaves curl up."""
    eave = width / 2 + 0.085
    path = skia.Path()
    path.moveTo(-eave, y - 0.020)
    path.cubicTo(-eave * 0.72, y + 0.014, -width * 0.3, y + 0.012, 0, y + 0.012)
    path.cubicTo(width * 0.3, y + 0.012, eave * 0.72, y + 0.014, eave, y - 0.020)
    path.cubicTo(eave * 0.74, y - 0.012, width * 0.46, y - rise * 0.55, width * 0.40, y - rise)
    path.lineTo(-width * 0.40, y - rise)
    path.cubicTo(-width * 0.46, y - rise * 0.55, -eave * 0.74, y - 0.012, -eave, y - 0.020)
    path.close()
    pen.fill(path, pen.colour("slate", 0.95), pen.colour("slate", 0.1))
    pen.canvas.save()
    pen.canvas.clipPath(path, True)
    for k in range(-14, 15):
        x = k * eave / 12
        pen.line((x * 0.80, y - rise), (x * 1.08, y + 0.02), pen.colour("slate", 0.0, 0.5), 0.0016)
    pen.canvas.restore()
    edge = pen.curve(
        [(-eave, y - 0.020), (-eave * 0.6, y + 0.004), (0, y + 0.012), (eave * 0.6, y + 0.004), (eave, y - 0.020)]
    )
    pen.stroke(edge, pen.colour("gold", 0.6), 0.0026)
