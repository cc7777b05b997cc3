"""Open country: grass, sand."""

from __future__ import annotations

from engine.designer.grounds import parts
from engine.designer.pen import Pen
from engine.designer.registry import ground


@ground(
    "grass",
    rough=0.012,
    synonyms=(
        "meadow",
        "lawn",
        "field",
        "hill",
        "prairie",
        "pasture",
        "hillside",
        "countryside",
        "steppe",
        "savanna",
        "park",
    ),
)
def grass(pen: Pen) -> None:
    """A meadow with tufts and a few flowers."""
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 26.0 + at).a, m = grain.eval(g * 34.0 + at).a;
        float w = streak.eval(g * float2(9.0, 60.0) + at).a;
        c = mix(dark, bright, half(cut(0.12 + 0.62 * n + 0.34 * (m - 0.5) * near + 0.25 * (w - 0.5))));
        c = mix(c, extra, half(0.5 * smoothstep(0.5, 0.9, puff.eval(g * 11.0 + at.yx).a)));
        """,
        "grass",
        extra="moss",
    )
    parts.blades(pen, "grass", 15000, 0.040)
    for tint, key in ((0xF3EFE0, 11), (0xE7C34A, 12), (0xB98AD0, 13)):
        rows = parts.scatter(pen, 70, key, top=0.03)
        for x, y, near in rows.tolist():
            pen.circle(x, y - 0.02 * near, 0.0042 * near, pen.colour(tint, 0.8, 0.85))


@ground(
    "sand",
    rough=0.02,
    synonyms=("beach", "desert", "dune", "shore", "sahara", "seaside", "coast"),
    implies={"sky": "day"},
)
def sand(pen: Pen) -> None:
    """Wind ripples between dunes."""
    far = pen.hill(pen.ridge(-0.016, 0.034, waves=0.5, rough=0.0))
    pen.fill_between(far, (0, -0.05), (0, 0.08), pen.colour("sand", 0.95, far=0.35), pen.colour("sand", 0.45, far=0.2))
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 14.0 + at).a, fine = grain.eval(g * 60.0 + at).a;
        float warp = puff.eval(g * 30.0 + at.yx).a * 7.0 + n * 5.0;
        float wave = sin(g.y * 9.0 + g.x * 1.6 + warp);
        float swell = puff.eval(g * 7.0 + at.yx).a;
        c = mix(dark, bright, half(cut(0.40 + 0.42 * swell + 0.11 * wave * near + 0.16 * (fine - 0.5) * near)));
        """,
        "sand",
    )
    pen.dots(parts.scatter(pen, 900, 3)[:, :2], 0.0009, pen.colour("sand", 1.2, 0.6))
    parts.stones(pen, "rock", 16, 0.016)
