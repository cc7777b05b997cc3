"""Teachers of crafts, prints and instruments, and of three worlds of the imagination.

Each takes `TeacherInputs` and returns (B, 3, H, W) float32; values may pass 0..1 a little. Lattices have periods of 8,
16 or 32 px, whose phase is an input of the network (`engine.models.fields.lattice`). Legend as in `inputs.py`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.teachers import brushes as b
from engine.teachers.inputs import TeacherInputs


def cells(picture: Tensor, side: int) -> Tensor:
    """Each `side` x `side` px cell filled with its mean."""
    means = F.avg_pool2d(picture, side, ceil_mode=True)
    full = means.repeat_interleave(side, -1).repeat_interleave(side, -2)
    return full[..., : picture.shape[-2], : picture.shape[-1]]


def within(like: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Where in its cell of `side` px a pixel's centre is: x (1, 1, 1, W) and y (1, 1, H, 1), 0 to side."""
    height, width = like.shape[-2:]
    x = (torch.arange(width, device=like.device, dtype=torch.float32) + 0.5) % side
    y = (torch.arange(height, device=like.device, dtype=torch.float32) + 0.5) % side
    return x.view(1, 1, 1, -1), y.view(1, 1, -1, 1)


def bevel(like: Tensor, side: int, depth: float) -> Tensor:
    """Light of a raised tile: up to +1 at the upper and left edges of its cell, down to -1 at the others."""
    x, y = within(like, side)
    rise = b.smoothstep(depth, 0.0, x) + b.smoothstep(depth, 0.0, y)
    fall = b.smoothstep(side - depth, float(side), x) + b.smoothstep(side - depth, float(side), y)
    return (rise - fall).clamp(-1, 1)


def volcano(inputs: TeacherInputs) -> Tensor:
    """Black rock, lava in the cracks of what is dark, heat from below, embers."""
    w = inputs.waves
    rock = b.ramp(inputs.grey, ((0.0, (0.03, 0.02, 0.02)), (0.45, (0.20, 0.14, 0.13)), (1.0, (0.72, 0.55, 0.46))))
    picture = b.mix(rock, inputs.source * b.ink((0.85, 0.55, 0.42), rock), 0.3)
    right, down = b.slopes(b.box(inputs.grey, 3))
    heat = ((0.9 * down + 0.35 * right) * 7).clamp(0, 1)
    picture = b.screen(picture, heat * b.ink((1.0, 0.42, 0.10), picture))
    x, y = within(inputs.grey, 32)
    bend = 5 * torch.sin(2 * math.pi * y / 32) + 10 * b.soft(inputs.grey, 8)
    net = torch.minimum(torch.sin(math.pi * (x + bend) / 32).abs(), torch.sin(math.pi * (y - x + bend) / 32).abs())
    crack = b.smoothstep(0.30, 0.02, net)
    dark = b.smoothstep(0.50, 0.14, b.soft(inputs.grey, 4))
    pulse = 0.75 + 0.25 * w[:, 1:2]
    hot = b.ramp(crack * pulse, ((0.0, (0.25, 0.02, 0.0)), (0.5, (0.95, 0.25, 0.02)), (1.0, (1.0, 0.86, 0.35))))
    picture = b.mix(picture, hot, (crack * dark).clamp(0, 1))
    picture = b.screen(picture, 0.30 * dark * pulse * b.ink((0.85, 0.18, 0.03), picture))
    smoke = (0.45 - 0.55 * inputs.y + 0.22 * w[:, :1] * w[:, 2:3]).clamp(0, 1) * (0.25 + 0.6 * inputs.far)
    picture = b.mix(picture, b.ink((0.34, 0.12, 0.08), picture), smoke.clamp(0, 0.8))
    return b.screen(picture, inputs.plane("sparks") * b.ink((1.0, 0.62, 0.18), picture))


def enchanted_forest(inputs: TeacherInputs) -> Tensor:
    """Green and gold light in shafts, leaves in the distance, fireflies."""
    w = inputs.waves
    tone = b.ramp(
        inputs.grey,
        ((0.0, (0.01, 0.05, 0.03)), (0.4, (0.10, 0.30, 0.13)), (0.75, (0.55, 0.68, 0.28)), (1.0, (1.0, 0.97, 0.70))),
    )
    picture = b.mix(tone, inputs.source * b.ink((0.85, 1.0, 0.62), tone), 0.4)
    x, y = (2 * math.pi / 32 * axis for axis in within(inputs.grey, 32))
    sway = 0.4 * w[:, :1]
    leaf = torch.sin(2 * x + sway + 2 * torch.sin(y)) * torch.sin(2 * (y + x) + 2 * torch.sin(x))
    canopy = (0.25 - 0.75 * inputs.y).clamp(0, 1)
    calm = b.smoothstep(0.05, 0.012, b.soft(b.edges(inputs.grey), 8))
    cover = b.smoothstep(-0.15, 0.45, leaf) * (0.25 * calm + canopy).clamp(0, 1)
    green = b.mix(b.ink((0.03, 0.16, 0.05), tone), b.ink((0.36, 0.56, 0.12), tone), (0.5 + 0.5 * leaf) * 0.7)
    picture = b.mix(picture, green, 0.8 * cover * (0.35 + 0.65 * calm))
    slant = inputs.x - 0.55 * inputs.y
    shafts = torch.sin(7.0 * slant + 0.8 * w[:, 1:2]) * torch.sin(3.1 * slant + 1.2)
    light = b.smoothstep(0.1, 0.8, shafts) * (0.75 - 0.45 * inputs.y).clamp(0, 1)
    picture = b.screen(picture, 0.55 * light * b.ink((1.0, 0.92, 0.50), tone))
    picture = picture * (1.05 - 0.35 * (inputs.x.square() + inputs.y.square()) * 0.6)
    return b.screen(picture, inputs.plane("sparks") * b.ink((0.95, 1.0, 0.45), tone))


def watercolour(inputs: TeacherInputs) -> Tensor:
    """Wet washes on paper, pigment gathering at their edges, white paper round them."""
    height, width = inputs.size
    wash = b.kuwahara(b.kuwahara(inputs.source, 5), 3)
    wash = b.saturate(b.mix(wash, b.soft(inputs.source, 4), 0.2), 1.5)
    grey = b.luminance(wash)
    rim = ((b.soft(grey, 4) - grey) * 2.2).clamp(0, 0.35) + 0.55 * b.smoothstep(0.02, 0.09, b.edges(b.box(grey, 3)))
    x, y = (2 * math.pi / 32 * axis for axis in within(grey, 32))
    bloom = 0.5 + 0.5 * torch.sin(x + 2 * torch.sin(y)) * torch.sin(y + 2 * torch.sin(x))
    load = (0.62 + 0.25 * bloom) * (1 + 0.06 * b.paper(height, width, grey).clamp(-2, 2))
    pigment = (1 - wash) * load + 0.30 * rim * (1.15 - wash)
    edge = torch.maximum(inputs.x.abs(), inputs.y.abs()) + 0.02 * torch.sin(2 * x) * torch.sin(2 * y + 1)
    painted = b.smoothstep(0.98, 0.90, edge)
    sheet = b.ink((0.985, 0.97, 0.93), grey) - 0.012 * b.paper(height, width, grey)
    return sheet * (1 - pigment.clamp(0, 1) * painted)


def woodblock(inputs: TeacherInputs) -> Tensor:
    """A Japanese print: few flat inks, bold contours, grain of the block, a graded sky."""
    flat = b.kuwahara(b.kuwahara(inputs.source, 5), 5)
    grey = b.luminance(flat)
    level = grey * 4
    step = (level.floor() + b.smoothstep(0.35, 0.65, level - level.floor())) / 4
    print_ = b.ramp(
        step,
        (
            (0.0, (0.07, 0.10, 0.24)),
            (0.28, (0.13, 0.27, 0.45)),
            (0.52, (0.44, 0.60, 0.60)),
            (0.74, (0.91, 0.80, 0.60)),
            (1.0, (0.97, 0.93, 0.82)),
        ),
    )
    red, green, blue = flat.split(1, 1)
    warm = b.smoothstep(0.07, 0.22, red - 0.5 * (green + blue)) * b.smoothstep(0.12, 0.35, grey)
    flesh = b.ramp(step, ((0.0, (0.36, 0.08, 0.07)), (0.5, (0.80, 0.30, 0.20)), (1.0, (0.97, 0.80, 0.64))))
    print_ = b.mix(print_, flesh, 0.9 * warm)
    x, y = (2 * math.pi / 32 * axis for axis in within(grey, 32))
    grain = torch.cos(4 * y + 1.6 * torch.sin(x) + torch.cos(y))
    print_ = print_ * (1 + 0.055 * grain)
    print_ = b.mix(print_, b.ink((0.10, 0.22, 0.45), grey), 0.75 * b.smoothstep(-0.55, -1.0, inputs.y))
    return b.mix(print_, b.ink((0.05, 0.05, 0.10), grey), b.ink_lines(inputs.grey, 1.2, 0.014, 0.045))


def stained_glass(inputs: TeacherInputs) -> Tensor:
    """Glowing panes between lead: a lattice of diamonds, and lead along the contours."""
    flat = b.kuwahara(b.kuwahara(inputs.source, 5), 3)
    x, y = within(flat, 32)
    first, second = (x + y) % 32, (x - y) % 32
    away = torch.minimum(torch.minimum(first, 32 - first), torch.minimum(second, 32 - second))
    pane = b.mix(flat, b.soft(inputs.source, 8), 0.25)
    grey = b.luminance(pane)
    glass = b.saturate((pane * (0.30 + 0.55 * grey.sqrt()) / (grey + 0.08)).clamp(0, 1), 2.6)
    tint = b.mix(
        b.ink((0.15, 0.25, 1.0), grey),
        b.ink((1.0, 0.28, 0.10), grey),
        (0.5 + 0.5 * torch.sin(2 * math.pi * (x + y) / 32)),
    )
    glass = b.mix(glass, tint * (0.25 + 0.9 * grey), 0.28)
    sun = (1.15 - 0.55 * (inputs.x.square() + (inputs.y + 0.3).square())).clamp(0.4, 1.2)
    ripple = 1 + 0.10 * torch.cos(2 * math.pi * away / 8)
    glass = (glass * sun * ripple * 1.25).clamp(0, 1)
    lead = torch.maximum(b.smoothstep(1.9, 0.8, away), b.ink_lines(inputs.grey, 1.2, 0.014, 0.045))
    edge = b.smoothstep(4.0, 2.2, away) * 0.3
    return b.mix(
        glass * (1 - edge), b.ink((0.04, 0.04, 0.05), grey) + 0.10 * b.smoothstep(0.9, 0.3, away), lead.clamp(0, 1)
    )


def mosaic(inputs: TeacherInputs) -> Tensor:
    """Tesserae on a lattice of 8 px in dark grout, the bright ones gilt."""
    tile = b.saturate(cells(inputs.source, 8), 1.55)
    grey = b.luminance(tile)
    gilt = b.ramp(grey, ((0.0, (0.12, 0.07, 0.02)), (0.6, (0.85, 0.62, 0.18)), (1.0, (1.0, 0.93, 0.62))))
    tile = b.mix(tile, gilt, 0.15 + 0.55 * b.smoothstep(0.6, 0.85, grey))
    x, y = within(tile, 32)
    column, row = (x / 8).floor(), (y / 8).floor()
    shade = torch.sin(2.4 * column + 4.1 * row + 1.0) * 0.07
    tile = tile * (1 + shade) + 0.11 * bevel(tile, 8, 2.5)
    x, y = within(tile, 8)
    side = torch.maximum((x - 4).abs(), (y - 4).abs())
    return b.mix(tile.clamp(0, 1), b.ink((0.10, 0.085, 0.07), tile), b.smoothstep(3.0, 3.9, side))


def voxel(inputs: TeacherInputs) -> Tensor:
    """Toy blocks of 16 px, broken into blocks of 8 px where there is detail."""
    coarse, fine = cells(inputs.source, 16), cells(inputs.source, 8)
    busy = cells((inputs.grey - cells(inputs.grey, 16)).abs(), 16)
    split = b.smoothstep(0.035, 0.06, busy)
    colour = b.saturate(b.mix(coarse, fine, split), 1.45)
    light = b.mix(bevel(colour, 16, 4.0), bevel(colour, 8, 2.5), split)
    x, y = within(colour, 16)
    stud = b.smoothstep(4.6, 3.4, ((x - 8).square() + (y - 8).square()).sqrt()) * (1 - split)
    stud_light = stud * ((8 - x) + (8 - y)) / 22
    return colour * (1 + 0.10 * stud) + 0.20 * light * (0.35 + 0.65 * colour) + 0.35 * stud_light


def thermal(inputs: TeacherInputs) -> Tensor:
    """A heat camera: blurred warmth on an ironbow scale, scan lines, a cross and the scale at the side."""
    height, width = inputs.size
    red, _, blue = inputs.source.split(1, 1)
    warmth = b.box(b.box((0.85 * inputs.grey + 0.35 * (red - blue) + 0.06).clamp(0, 1), 5), 3)
    scale = (0.5 - 0.62 * inputs.y).clamp(0, 1).expand(1, 1, height, width)
    bar = (
        b.smoothstep(0.905, 0.915, inputs.x)
        * b.smoothstep(0.965, 0.955, inputs.x)
        * b.smoothstep(0.84, 0.82, inputs.y.abs())
    )
    heat = b.mix(b.smoothstep(0.02, 0.98, warmth), scale, bar)
    picture = b.ramp(
        heat,
        (
            (0.0, (0.01, 0.0, 0.06)),
            (0.2, (0.20, 0.02, 0.42)),
            (0.42, (0.68, 0.06, 0.46)),
            (0.62, (0.96, 0.36, 0.10)),
            (0.82, (1.0, 0.78, 0.12)),
            (1.0, (1.0, 1.0, 0.88)),
        ),
    )
    _, y = within(picture, 4)
    picture = picture * (0.94 + 0.08 * torch.cos(2 * math.pi * y / 4))
    px, py = (inputs.x * width / 2).abs(), (inputs.y * height / 2).abs()
    arm = torch.maximum(
        b.smoothstep(1.6, 0.8, px) * b.smoothstep(5.0, 6.0, py) * b.smoothstep(15.0, 14.0, py),
        b.smoothstep(1.6, 0.8, py) * b.smoothstep(5.0, 6.0, px) * b.smoothstep(15.0, 14.0, px),
    )
    return b.mix(picture, b.ink((0.85, 1.0, 0.95), picture), arm)


def comic(inputs: TeacherInputs) -> Tensor:
    """A pop-art panel: flat loud colours, halftone dots that grow with darkness, fat ink."""
    flat = b.kuwahara(b.kuwahara(inputs.source, 5), 5)
    grey = b.luminance(flat)
    level = grey * 3
    step = (level.floor() + b.smoothstep(0.4, 0.6, level - level.floor())) / 3
    pop = b.ramp(
        step,
        ((0.0, (0.16, 0.10, 0.42)), (0.34, (0.16, 0.46, 0.90)), (0.67, (1.0, 0.80, 0.18)), (1.0, (1.0, 0.97, 0.86))),
    )
    colour = b.saturate((flat * ((step + 0.12) / (grey + 0.06)).clamp(0.5, 2.0)).clamp(0, 1), 2.4)
    picture = b.mix(colour, pop, 0.5)
    x, y = within(grey, 8)
    radius = 4.9 * (1 - b.soft(inputs.grey, 4)).clamp(0, 1)
    away = ((x - 4).square() + (y - 4).square()).sqrt()
    dot = b.smoothstep(0.8, -0.8, away - radius) * b.smoothstep(0.95, 0.75, grey) * b.smoothstep(0.05, 0.25, grey)
    picture = b.mix(picture, picture * b.ink((0.85, 0.30, 0.45), grey), 0.75 * dot)
    return b.mix(picture, b.ink((0.03, 0.02, 0.05), grey), b.ink_lines(inputs.grey, 1.3, 0.012, 0.04))


def ice_palace(inputs: TeacherInputs) -> Tensor:
    """Everything is ice: facets that bend what is behind them, frost from the frame inwards, glints."""
    w = inputs.waves
    x, y = within(inputs.grey, 32)
    upper = b.smoothstep(-1.5, 1.5, (x + y) - 32)
    cross = b.smoothstep(-1.5, 1.5, (x - y))
    bent = b.mix(b.shifted(inputs.source, right=4), b.shifted(inputs.source, right=-4), upper)
    bent = b.mix(bent, b.shifted(inputs.source, down=4), 0.5 * cross)
    grey = b.luminance(b.mix(inputs.source, bent, 0.6))
    ice = b.ramp(
        grey,
        ((0.0, (0.02, 0.10, 0.26)), (0.35, (0.10, 0.38, 0.66)), (0.7, (0.55, 0.82, 0.96)), (1.0, (0.96, 1.0, 1.0))),
    )
    ice = b.mix(ice, bent * b.ink((0.75, 0.95, 1.15), ice), 0.22)
    ice = ice * (0.90 + 0.22 * b.mix(upper, 1 - upper, cross))
    edge = torch.minimum((x + y - 32).abs(), (x - y).abs())
    ice = b.screen(ice, 0.35 * b.smoothstep(1.6, 0.4, edge) * b.ink((0.8, 0.95, 1.0), ice))
    right, down = b.slopes(b.box(inputs.grey, 3))
    ice = b.screen(ice, ((-right - down) * 6).clamp(0, 0.9) * b.ink((0.85, 0.97, 1.0), ice))
    border = torch.maximum(inputs.x.abs(), inputs.y.abs())
    frost = b.smoothstep(0.55, 1.05, border + 0.10 * b.paper(*inputs.size, grey).clamp(-2, 2))
    ice = b.mix(ice, b.ink((0.93, 0.98, 1.0), ice), 0.8 * frost)
    twinkle = (w[:, 6:7] * w[:, 7:8]).clamp(0, 1).pow(2) * b.smoothstep(0.45, 0.85, grey)
    ice = b.screen(ice, 0.7 * twinkle)
    return b.screen(ice, inputs.plane("stars").expand(-1, 3, -1, -1))


def blueprint(inputs: TeacherInputs) -> Tensor:
    """White lines on blue paper with a drawing grid, the dark parts hatched."""
    height, width = inputs.size
    form = b.gaussian(inputs.grey, 1.0)
    line = b.ink_lines(inputs.grey)
    paper = b.ink((0.045, 0.19, 0.47), form) * (1.05 - 0.18 * (inputs.x.square() + inputs.y.square()))
    x, y = within(form, 16)
    x4, y4 = within(form, 32)
    grid = 0.16 * torch.maximum(b.smoothstep(1.5, 0.5, x), b.smoothstep(1.5, 0.5, y))
    grid = torch.maximum(grid, 0.30 * torch.maximum(b.smoothstep(1.5, 0.5, x4), b.smoothstep(1.5, 0.5, y4)))
    hatch = b.smoothstep(0.25, 0.9, b.hatching(height, width, form)) * b.smoothstep(0.42, 0.12, form)
    wash = 0.20 * b.smoothstep(0.45, 0.95, form)
    chalk = (line + 0.38 * hatch + grid + wash).clamp(0, 1)
    return b.mix(paper, b.ink((0.90, 0.96, 1.0), form), chalk)
