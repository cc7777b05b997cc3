"""A drawn person with an exact alpha: strands of hair that swing, an arm that waves fast, motion blur.

Every part is drawn three times as large and averaged, over several moments of the shutter, so coverage is exact. Its
face is one of a photo, well inside the outline.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.evaluation.keyed import Figure

OVER = 3
"""Pixels drawn for each one of the picture, a side."""
MOMENTS = 3
"""Of the open shutter, half of a frame's time, that are averaged."""
FACE = (0.5, 0.5, 0.15, 0.2)
"""Middle and half axes of the face in a portrait of the footage, as shares of its sides."""


class DrawnPerson:
    """A person to the waist, at any time. portrait: (h, w, 3) uint8, a face as in FACE. size: (height, width) in px."""

    def __init__(self, portrait: np.ndarray, size: tuple[int, int], seed: int) -> None:
        self._height, self._width = size
        rng = np.random.default_rng(seed)
        rows, columns = size[0] * OVER, size[1] * OVER
        self._rows, self._columns = rows, columns
        self._cloth = rng.integers(30, 200, 3)
        self._skin = np.median(_patch(portrait, (0.5, 0.57, 0.05, 0.03)).reshape(-1, 3), 0)
        self._hair = np.array([rng.uniform(25, 120), 0, 0])
        self._hair[1:] = self._hair[0] * rng.uniform(0.6, 0.85), self._hair[0] * rng.uniform(0.4, 0.65)
        self._strands = [(rng.uniform(-1.15, 1.15), rng.uniform(0.8, 1.9), rng.uniform(0, 6.3)) for _ in range(70)]
        weave = rng.normal(0, 9, (rows // 4, columns // 4, 1)).astype(np.float32)
        self._weave = cv2.resize(weave, (columns, rows), interpolation=cv2.INTER_LINEAR)[..., None]
        self._face = _patch(portrait, FACE).astype(np.float32)

    def at(self, time_s: float, fps: float = 24.0) -> Figure:
        """The person while the shutter is open from `time_s` on, for half a frame."""
        light = np.zeros((self._height, self._width, 3), np.float32)
        alpha = np.zeros((self._height, self._width), np.float32)
        for moment in range(MOMENTS):
            colours, covered = self._draw(time_s + 0.5 * moment / (MOMENTS * fps))
            whole = colours * covered[..., None]
            size = (self._width, self._height)
            light += cv2.resize(whole, size, interpolation=cv2.INTER_AREA) / MOMENTS
            alpha += cv2.resize(covered, size, interpolation=cv2.INTER_AREA) / MOMENTS
        return Figure(light, np.clip(alpha, 0, 1))

    def _draw(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """Colours, (rows, columns, 3) float32, and what they cover, (rows, columns) float32 0 or 1."""
        rows, columns = self._rows, self._columns
        unit = rows / 10.0  # a tenth of the picture's height
        x = columns * 0.45 + 1.1 * unit * np.sin(0.9 * t) + 0.35 * unit * np.sin(2.6 * t)
        y = 4.2 * unit + 0.15 * unit * np.sin(1.7 * t)
        colours = np.zeros((rows, columns, 3), np.float32)
        colours[:] = self._cloth
        colours += self._weave
        covered = np.zeros((rows, columns), np.uint8)
        self._strand_lines(colours, covered, x, y, unit, t, behind=True)
        shoulders = np.array(
            [(-3.3, 7.0), (-3.0, 3.6), (-1.2, 2.75), (-0.7, 2.3), (0.7, 2.3), (1.2, 2.75), (3.0, 3.6), (3.3, 7.0)]
        )
        body = (shoulders * unit + (x, y)).astype(np.int32)
        cv2.fillPoly(covered, [body], 1)
        cv2.fillPoly(part := np.zeros_like(covered), [body], 1)
        colours[part > 0] = (self._cloth + self._weave)[part > 0]
        self._limb(colours, covered, [(x, y + 1.2 * unit), (x, y + 2.7 * unit)], 1.3 * unit, self._skin * 0.85)
        self._ellipse(colours, covered, (x, y - 0.25 * unit), (1.75 * unit, 2.15 * unit), self._hair)
        self._ellipse(colours, covered, (x, y + 0.1 * unit), (1.5 * unit, 2.0 * unit), self._skin)
        self._paste_face(colours, x, y + 0.15 * unit, 1.42 * unit, 1.9 * unit)
        self._strand_lines(colours, covered, x, y, unit, t, behind=False)
        self._arm(colours, covered, x, y, unit, t)
        return colours, covered.astype(np.float32)

    def _arm(self, colours: np.ndarray, covered: np.ndarray, x: float, y: float, unit: float, t: float) -> None:
        """A raised arm whose hand waves for a second in every two."""
        swing = 0.6 * np.sin(2 * np.pi * 2.0 * t) if t % 2 > 1 else 0.15 * np.sin(t)
        elbow = np.array((x + 3.9 * unit, y + 4.2 * unit))
        up = np.array((np.sin(swing), -np.cos(swing)))
        wrist = elbow + 3.0 * unit * up
        self._limb(colours, covered, [(x + 2.6 * unit, y + 4.2 * unit), tuple(elbow)], 1.3 * unit, self._cloth)
        self._limb(colours, covered, [tuple(elbow), tuple(wrist)], 0.8 * unit, self._skin * 0.95)
        palm = wrist + 0.6 * unit * up
        self._limb(colours, covered, [tuple(wrist), tuple(palm)], 1.15 * unit, self._skin)
        for spread in (-0.45, -0.15, 0.15, 0.45, 1.1):
            angle = swing + spread
            tip = palm + (1.25 - 0.3 * abs(spread)) * unit * np.array((np.sin(angle), -np.cos(angle)))
            self._limb(colours, covered, [tuple(palm), tuple(tip)], 0.26 * unit, self._skin * 1.03)

    def _strand_lines(
        self, colours: np.ndarray, covered: np.ndarray, x: float, y: float, unit: float, t: float, *, behind: bool
    ) -> None:
        """Hair around the head, a pixel or two wide, that swings with the time."""
        for number, (angle, length, phase) in enumerate(self._strands):
            if (number % 3 > 0) != behind:
                continue
            along = np.linspace(0, 1, 9)[:, None]
            root = np.array((x + 1.7 * unit * np.sin(angle), y - 0.3 * unit - 2.0 * unit * np.cos(angle)))
            out = np.array((np.sin(angle), -0.5 * np.cos(angle) + 0.3)) * length * unit * 0.7
            sway = np.array((0.25 * unit * np.sin(3.1 * t + phase), 0.1 * unit))
            points = root + along * out + along**2 * (sway + (0, 0.5 * unit * length))
            tone = tuple(float(c) for c in self._hair * (0.8 + 0.4 * (number % 5) / 4))
            wide = 1 + (number % 4) * OVER // 3
            for target, ink in ((colours, tone), (covered, 1)):
                cv2.polylines(target, [points.astype(np.int32)], False, ink, wide)

    @staticmethod
    def _limb(colours: np.ndarray, covered: np.ndarray, line: list, wide: float, tone: np.ndarray) -> None:
        ends = np.array(line).astype(np.int32)
        for target, ink in ((colours, tuple(float(c) for c in tone)), (covered, 1)):
            cv2.polylines(target, [ends], False, ink, max(1, round(wide)))
        inner = tuple(float(c) for c in np.asarray(tone) * 1.08)
        cv2.polylines(colours, [ends], False, inner, max(1, round(wide * 0.5)))

    @staticmethod
    def _ellipse(colours: np.ndarray, covered: np.ndarray, at: tuple, axes: tuple, tone: np.ndarray) -> None:
        middle, half = tuple(round(v) for v in at), tuple(round(v) for v in axes)
        for target, ink in ((colours, tuple(float(c) for c in tone)), (covered, 1)):
            cv2.ellipse(target, middle, half, 0, 0, 360, ink, cv2.FILLED)

    def _paste_face(self, colours: np.ndarray, x: float, y: float, half_x: float, half_y: float) -> None:
        face = cv2.resize(self._face, (2 * round(half_x), 2 * round(half_y)), interpolation=cv2.INTER_AREA)
        top, left = round(y - half_y), round(x - half_x)
        v, u = np.mgrid[-1 : 1 : face.shape[0] * 1j, -1 : 1 : face.shape[1] * 1j]
        share = np.clip((1 - np.hypot(u, v)) * 6, 0, 1)[..., None]
        place = colours[top : top + face.shape[0], left : left + face.shape[1]]
        height, width = place.shape[:2]
        place += share[:height, :width] * (face[:height, :width] - place)


def _patch(portrait: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    height, width = portrait.shape[:2]
    x, y, half_x, half_y = box
    rows = slice(round((y - half_y) * height), round((y + half_y) * height))
    return portrait[rows, round((x - half_x) * width) : round((x + half_x) * width)]
