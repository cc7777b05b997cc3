"""Teachers of worlds drawn or painted by hand: TeacherInputs -> picture (B, 3, H, W) float32.

Legend as in `inputs.py`. Values may pass 0..1 a little.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.teachers import brushes as b
from engine.teachers.inputs import TeacherInputs


def pencil(inputs: TeacherInputs) -> Tensor:
    """Graphite lines and hatching on cream paper."""
    height, width = inputs.size
    grey = b.gaussian(inputs.grey, 1.0)
    line = b.ink_lines(inputs.grey) + ((b.soft(grey, 8) - grey) * 2.0 - 0.1).clamp(0, 0.4)
    first, second = b.hatching(height, width, grey), b.hatching(height, width, grey, rising=False)
    tooth = b.paper(height, width, grey)
    dark = 1 - grey
    tone = 0.42 * b.smoothstep(0.25, 0.85, dark) * (0.72 + 0.28 * first)
    tone = tone + 0.30 * b.smoothstep(0.55, 0.95, dark) * (0.7 + 0.3 * second)
    graphite = (0.8 * line.clamp(0, 1) + tone) * (1 + 0.10 * tooth)
    cream = b.ink((0.965, 0.945, 0.89), inputs.source) * (1 - 0.010 * tooth)
    return b.mix(cream, b.ink((0.16, 0.16, 0.19), inputs.source), graphite.clamp(0, 0.95))


def cartoon(inputs: TeacherInputs) -> Tensor:
    """Flat colours in four steps with ink outlines."""
    flat = b.kuwahara(inputs.source, 5)
    grey = b.luminance(flat)
    level = grey * 4.5
    step = level.floor() + b.smoothstep(0.38, 0.62, level - level.floor())
    shaded = flat * ((step / 4.5 + 0.06) / (grey + 0.03)).clamp(0.4, 2.2)
    picture = b.saturate(shaded.clamp(0, 1), 1.9)
    picture = (0.06 + 1.02 * picture).clamp(0, 1)
    return b.mix(picture, b.ink((0.05, 0.04, 0.08), picture), b.ink_lines(inputs.grey, 1.4, 0.012, 0.04))


def oil_painting(inputs: TeacherInputs) -> Tensor:
    """Smoothed forms, bristle strokes along the contours, impasto, canvas."""
    height, width = inputs.size
    paint = b.mix(b.kuwahara(inputs.source, 7), b.box(inputs.source, 3), 0.25)
    form = b.luminance(paint)
    turn = 26 * b.box(form, 7)  # bristles 8 px apart, turning along the form's contours
    column = torch.arange(width, device=inputs.source.device) * (torch.pi / 4)
    row = torch.arange(height, device=inputs.source.device)[:, None] * (torch.pi / 8)
    way = b.smoothstep(
        -0.3, 0.3, torch.sin(7 * inputs.x + 3 * inputs.y + 8 * form) * torch.sin(6 * inputs.y - 4 * inputs.x)
    )
    bristles = b.mix(torch.sin(column + row + turn), torch.sin(column - 2 * row + turn), way)
    right, down = b.slopes(b.box(form, 3))
    impasto = ((-right - down) * 2.6).clamp(-0.2, 0.2) + 0.03 * bristles * (0.5 + form)
    picture = b.saturate(paint, 1.6)
    picture = b.mix(picture, b.ramp(b.luminance(picture), _OIL), 0.28)
    return ((picture - 0.5) * 1.15 + 0.5 + impasto + 0.012 * b.canvas(height, width, inputs.source)).clamp(0, 1)


_OIL = ((0.0, (0.10, 0.06, 0.10)), (0.4, (0.42, 0.24, 0.14)), (0.7, (0.86, 0.62, 0.30)), (1.0, (1.0, 0.95, 0.78)))
