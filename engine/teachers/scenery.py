"""Teachers of worlds with weather and light of their own: TeacherInputs -> picture (B, 3, H, W) float32.

Legend as in `inputs.py`. Values may pass 0..1 a little.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.teachers import brushes as b
from engine.teachers.inputs import TeacherInputs


def underwater(inputs: TeacherInputs) -> Tensor:
    """Blue-green water that darkens downward, caustics, shafts of light, bubbles."""
    w = inputs.waves
    depth = (0.5 + 0.5 * inputs.y).clamp(0, 1)  # light fails towards the bottom
    body = b.mix(inputs.source, inputs.grey.expand(-1, 3, -1, -1), 0.3)
    body = ((body - 0.42) * 1.25 + 0.46).clamp(0, 1) * b.ink((0.22, 0.80, 0.86), body) * (1.1 - 0.45 * depth)
    fog = b.mix(b.ink((0.04, 0.50, 0.62), body), b.ink((0.0, 0.12, 0.27), body), depth)
    picture = b.mix(body, fog, 0.12 + 0.5 * inputs.far)
    lit = b.smoothstep(0.2, 0.85, inputs.grey) * (1 - 0.75 * inputs.far)
    picture = picture + inputs.plane("caustics") * (0.05 + 0.5 * lit) * (1 - 0.5 * depth) * b.ink((0.6, 1.0, 0.9), body)
    slant = inputs.x + 0.32 * inputs.y
    shafts = torch.sin(9.0 * slant + 1.3 * w[:, :1]) * torch.sin(4.1 * slant + 0.7)
    rays = b.smoothstep(0.05, 0.75, shafts) * (0.62 - 0.55 * inputs.y).clamp(0, 1)
    picture = b.screen(picture, 0.45 * rays * b.ink((0.5, 0.95, 0.92), body))
    return b.screen(picture, inputs.plane("bubbles") * b.ink((0.75, 1.0, 1.0), body))


def wild_west(inputs: TeacherInputs) -> Tensor:
    """Sepia, dust in the distance, a low sun with beams."""
    w = inputs.waves
    tone = b.ramp(
        inputs.grey,
        ((0.0, (0.09, 0.04, 0.02)), (0.3, (0.42, 0.20, 0.08)), (0.6, (0.82, 0.54, 0.26)), (1.0, (1.0, 0.93, 0.72))),
    )
    picture = b.mix(tone, inputs.source * b.ink((1.05, 0.82, 0.55), tone), 0.35)
    picture = (picture - 0.5) * 1.18 + 0.5
    haze = (1 - (inputs.y - 0.05).abs() * 1.6).clamp(0, 1) * (0.75 + 0.25 * w[:, :1] * w[:, 1:2])
    dust = (0.16 + 0.5 * haze * (0.35 + 0.65 * inputs.far)).clamp(0, 0.7)
    picture = b.mix(picture, b.ink((0.93, 0.64, 0.33), picture), dust)
    height, width = inputs.size
    distance = ((inputs.x + 0.62).square() * (width / height) ** 2 + (inputs.y + 0.42).square()).sqrt()
    sun = b.smoothstep(0.19, 0.15, distance)
    glow = (-distance * 1.7).exp() + 0.35 * (-distance * 0.8).exp()
    beams = torch.sin(5.0 * (inputs.y - 0.45 * inputs.x) + 0.8 * w[:, 1:2]).clamp(0, 1) * (-distance * 0.9).exp()
    picture = b.screen(picture, (0.55 * glow + 0.18 * beams) * b.ink((1.0, 0.72, 0.34), picture))
    picture = b.mix(picture, b.ink((1.0, 0.95, 0.78), picture), sun * (0.55 + 0.45 * inputs.far))
    return b.screen(picture, 0.55 * inputs.plane("sparks") * b.ink((1.0, 0.86, 0.6), picture))


def deep_space(inputs: TeacherInputs) -> Tensor:
    """Night sky with nebula, a banded planet and its halo, stars, coloured rims of light."""
    w = inputs.waves
    calm = b.smoothstep(0.045, 0.01, b.soft(b.edges(inputs.grey), 8))
    night = b.smoothstep(0.62, 0.15, b.soft(inputs.grey, 8))
    open_sky = (0.25 + 0.75 * calm) * (0.3 + 0.7 * night)
    body = b.ramp(inputs.grey, ((0.0, (0.0, 0.0, 0.02)), (0.5, (0.07, 0.10, 0.22)), (1.0, (0.42, 0.52, 0.78))))
    body = b.mix(body, inputs.source * b.ink((0.45, 0.5, 0.75), body), 0.3)
    right, down = b.slopes(b.box(inputs.grey, 3))
    rim = ((right - 0.6 * down) * 7).clamp(0, 1)
    back = ((-right) * 5).clamp(0, 1)
    cloud = (0.5 + 0.25 * (w[:, :1] + w[:, 1:2]) * (1 + 0.4 * w[:, 2:3])).clamp(0, 1)
    nebula = cloud * b.ink((0.30, 0.06, 0.38), body) + (1 - cloud) * b.ink((0.0, 0.10, 0.24), body)
    picture = body + 0.75 * nebula * open_sky
    height, width = inputs.size
    px, py = (inputs.x - 0.58) * (width / height), inputs.y + 0.46
    radius = (px.square() + py.square()).sqrt()
    lit = b.smoothstep(-0.25, 0.35, (-0.8 * px + 0.6 * py) / 0.42)
    bands = 0.5 + 0.5 * torch.sin(22 * (py + 0.25 * px))
    surface = b.mix(b.ink((0.72, 0.40, 0.24), body), b.ink((0.95, 0.78, 0.52), body), bands) * (0.10 + 0.9 * lit)
    disc = b.smoothstep(0.36, 0.335, radius)
    picture = b.mix(picture, surface, disc * (0.55 + 0.45 * open_sky))
    halo = (-((radius - 0.345) / 0.05).square()).exp() * (0.25 + 0.75 * lit)
    picture = b.screen(picture, 0.7 * halo * b.ink((0.55, 0.75, 1.0), body))
    picture = b.screen(picture, rim * b.ink((0.55, 0.85, 1.0), body) + 0.5 * back * b.ink((0.9, 0.35, 0.8), body))
    stars = inputs.plane("stars") * (0.35 + 0.65 * open_sky) * (1 - 0.9 * disc)
    return b.screen(picture, stars * b.ink((0.92, 0.95, 1.0), body))


def golden_rome(inputs: TeacherInputs) -> Tensor:
    """Relief in gold leaf and veined marble, glints."""
    w = inputs.waves
    form = b.box(inputs.grey, 3)
    right, down = b.slopes(form)
    relief = ((-right - down) * 3.2).clamp(-0.5, 0.5)  # lit from the upper left, as embossed
    sheen = 0.5 + 0.5 * torch.sin(9.5 * b.box(inputs.grey, 5) + 2.4 * relief - 1.2)  # metal answers light in bands
    level = (0.62 * inputs.grey + 0.30 * sheen * (0.3 + 0.7 * inputs.grey) + relief).clamp(0, 1)
    gold = b.ramp(
        level,
        (
            (0.0, (0.13, 0.05, 0.01)),
            (0.3, (0.48, 0.27, 0.05)),
            (0.58, (0.86, 0.60, 0.16)),
            (0.82, (1.0, 0.86, 0.42)),
            (1.0, (1.0, 0.98, 0.84)),
        ),
    )
    vein = (
        1
        - (w[:, :1] * 0 + torch.sin(6 * inputs.x + 9 * inputs.y + 3 * torch.sin(7 * inputs.y - 4 * inputs.x))).abs() * 6
    ).clamp(0, 1)
    marble = b.ink((0.95, 0.91, 0.83), gold) * (0.55 + 0.5 * inputs.grey) - 0.13 * vein
    pale = b.smoothstep(0.62, 0.88, b.soft(inputs.grey, 4)) * b.smoothstep(0.05, 0.015, b.soft(b.edges(inputs.grey), 4))
    picture = b.mix(gold, marble.clamp(0, 1), 0.8 * pale)
    light = (0.6 - 0.5 * inputs.y - 0.35 * inputs.x).clamp(0, 1)
    picture = picture * (0.82 + 0.25 * light)
    glint = b.smoothstep(0.86, 1.0, level) * (0.5 + 0.5 * w[:, 5:6] * w[:, 6:7]).clamp(0, 1)
    return b.screen(picture, 0.5 * glint * b.ink((1.0, 0.95, 0.7), gold))


def snowfall(inputs: TeacherInputs) -> Tensor:
    """Cold light, snow on upper edges and on the ground, falling flakes."""
    cold = b.mix(inputs.source, inputs.grey.expand(-1, 3, -1, -1), 0.5) * b.ink((0.84, 0.95, 1.10), inputs.source)
    picture = 0.10 + 0.82 * cold
    picture = b.mix(picture, b.ink((0.76, 0.84, 0.93), picture), 0.45 * inputs.far)
    _, down = b.slopes(b.box(inputs.grey, 9))
    top = b.smoothstep(0.016, 0.040, (-down).clamp(min=0))  # what darkens downward is an upper edge against the light
    cover = F.max_pool2d(top, 5, 1, 2)
    powder = 1 + 0.18 * b.paper(*inputs.size, inputs.source).clamp(-1, 1)
    drift = (b.box(cover, 5) * powder).clamp(0, 1)
    ground = 0.6 * b.smoothstep(0.3, 1.0, inputs.y) * b.smoothstep(0.2, 0.7, inputs.grey)
    picture = b.mix(picture, b.ink((0.95, 0.98, 1.0), picture), (0.85 * drift + ground).clamp(0, 1))
    return b.screen(picture, inputs.plane("flakes").expand(-1, 3, -1, -1))


def neon_rain(inputs: TeacherInputs) -> Tensor:
    """Night: cyan and magenta contours, neon tubes, a wet reflecting street, rain."""
    w = inputs.waves
    night = b.mix(inputs.source, inputs.grey.expand(-1, 3, -1, -1), 0.4) * b.ink((0.34, 0.22, 0.58), inputs.source)
    picture = night * 0.85 + 0.02
    line = (b.edges(b.box(inputs.grey, 3)) * 9 - 0.25).clamp(0, 1)
    glow = b.soft(line, 4) * 1.3
    side = (0.5 + 0.5 * torch.sin(2.6 * inputs.x + 1.1 * inputs.y + 0.8)).clamp(0, 1)
    colour = b.mix(b.ink((0.05, 0.85, 1.0), inputs.source), b.ink((1.0, 0.12, 0.72), inputs.source), side)
    picture = b.screen(picture, (0.85 * line + 0.75 * glow) * colour)
    width = inputs.size[1]
    for place, tint, flicker in (
        (-0.88, (1.0, 0.15, 0.65), 0),
        (0.88, (0.1, 0.8, 1.0), 1),
        (0.74, (1.0, 0.55, 0.1), 2),
    ):
        away = (inputs.x - place).abs() * width / 2
        tall = b.smoothstep(-0.92, -0.85, inputs.y) * b.smoothstep(0.25 + 0.2 * flicker, 0.15 + 0.2 * flicker, inputs.y)
        tube = b.smoothstep(3.5, 1.5, away) + 0.5 * (-away / 14).exp()
        steady = 0.85 + 0.15 * torch.sign(w[:, flicker : flicker + 1].mean((2, 3), keepdim=True) + 0.01)
        picture = b.screen(picture, tube * tall * steady * b.ink(tint, inputs.source))
    wet = b.smoothstep(0.2, 0.9, inputs.y)
    ripple = (0.5 + 0.5 * w[:, 6:7] * w[:, 7:8] + 0.35 * w[:, 5:6]).clamp(0, 1).pow(2)
    shine = b.soft(b.screen(line, glow), 8) * colour + 0.25 * b.soft(inputs.grey, 16)
    picture = b.screen(picture, wet * (0.25 + 0.9 * ripple) * shine)
    return b.screen(picture, 0.6 * inputs.plane("rain") * b.ink((0.72, 0.82, 1.0), inputs.source))


def film_noir(inputs: TeacherInputs) -> Tensor:
    """Hard black and white, light through blinds, film grain."""
    hard = b.smoothstep(0.06, 0.9, inputs.grey)
    slats = b.smoothstep(-0.5, 0.5, torch.sin((inputs.y + 0.24 * inputs.x) * 13.0))
    window = b.smoothstep(1.3, 0.3, (inputs.x + 0.1).square() + (inputs.y + 0.15).square())
    light = 0.42 + (0.72 * slats) * window + 0.2 * window
    picture = hard * light * (1 - 0.22 * (inputs.x.square() + inputs.y.square()))
    picture = picture + 0.07 * slats * window
    picture = b.screen(picture, 0.3 * b.soft(b.smoothstep(0.7, 1.0, picture), 8))
    grain = b.box(inputs.noise[:, :1], 3) * 3
    picture = picture + 0.026 * grain * (1 - 0.6 * (2 * picture - 1).square())
    return picture.clamp(0, 1) * b.ink((1.0, 0.985, 0.955), inputs.source)
