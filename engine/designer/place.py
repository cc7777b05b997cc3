"""A plan as a plate: layers drawn once for a size and kept, shifted for the view, with what moves drawn over them.

    place = Place(Plan(sky="night", structures=("castle",)))
    picture = place.picture(time_s, 1280, 720, View(free_x=0.66))

Each layer is one image, cropped to what is drawn on it. A frame copies the layers from far to near, each a little
farther than the one before (parallax), and after each layer lets its live drawings draw. A ground that reflects mirrors
what is behind it by a runtime shader.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import cv2
import numpy as np

from engine.compositing.types import STRAIGHT, Light, View
from engine.designer import framing, vocabulary
from engine.designer.colours import graded_light
from engine.designer.library import DesignerError, skia
from engine.designer.pen import BOTTOM, HORIZON, LAYERS, MARGIN, REACH, TOP, Pen
from engine.designer.plan import Plan
from engine.designer.registry import Drawing, Part
from engine.designer.sprites import Sprite

LEAST, MOST = 16, 8192
"""Pixels of a picture's side."""
WIDEST = 2.6
"""Width over height of the widest picture that shows a whole place; a wider one shows a strip of it."""
PAN = 0.44
"""Share of the picture's width that a landmark goes from the middle to either side, where the layers reach so far."""
FAR_SCALE = 0.62
"""Of a range behind a landmark or another range."""
SIZES_KEPT = 2
SHARP_VIGNETTE = 1280 * 720
"""Pixels of a picture above which its darker corners are kept at half its size, a quarter of the memory."""
WORTH_A_CUT = 0.8
"""A layer is kept in two pieces where both together have less than this share of its pixels."""

_MIRROR = """
uniform shader behind;
uniform float horizon, unit, time, ripple, strength, middle;
half4 main(float2 p) {
    float d = (p.y - horizon) / unit;
    float x = (p.x - middle) / unit;
    float z = 1.0 / (d + 0.045);
    float wave = sin(z * 5.3 + x * 3.1 - time * 1.1) + 0.6 * sin(z * 11.7 - x * 7.3 + time * 1.7)
               + 0.4 * sin(z * 2.9 + x * 17.0 + time * 0.9);
    float pull = ripple * (0.006 + 0.05 * d) * unit;
    float2 q = float2(p.x + wave * pull, horizon - 1.0 - (d * 1.35 * unit) + wave * pull * 0.5);
    half4 c = behind.eval(q);
    float share = strength * mix(1.0, 0.30, clamp(d * 3.2, 0.0, 1.0)) * (1.0 - 0.16 * ripple * abs(wave));
    return half4(c.rgb * half(share), half(share));
}
"""


@dataclass(frozen=True)
class Slot:
    """Where one drawing stands, and on which layers its parts go."""

    drawing: Drawing
    x: float = 0.0
    scale: float = 1.0
    distance: float = 0.0
    """Added to the layer's own."""
    far: bool = False
    """Whether what it draws on `middle` goes on `far`."""

    def layer(self, part: Part) -> str:
        return "far" if self.far and part.layer == "middle" else part.layer


@dataclass
class _Layer:
    """A piece of a kept layer, its upper left corner `x` pixels right of the layer's middle and `y` below the top."""

    pixels: np.ndarray
    """(H, W, 4) uint8, blue, green, red and opacity, premultiplied; a border that is not the picture's is empty."""
    opaque: bool
    x: int
    y: int
    below: bool = False
    """Whether its first row is the last one of the piece above it, which both need between pixels."""


@dataclass
class _Drawn:
    """All that is kept for one size."""

    width: int
    height: int
    layers: dict[str, list[_Layer]] = field(default_factory=dict)
    sprites: dict[tuple[str, int, str], Sprite] = field(default_factory=dict)
    vignette: skia.Image | None = None

    @property
    def unit(self) -> float:
        """Pixels of a unit."""
        return max(self.height, self.width / WIDEST)

    @property
    def half(self) -> float:
        """Units from the picture's middle to its side."""
        return self.width / self.unit / 2

    @property
    def bytes(self) -> int:
        images = [each.image for each in self.sprites.values()] + ([self.vignette] if self.vignette else [])
        layers = sum(piece.pixels.nbytes for pieces in self.layers.values() for piece in pieces)
        return layers + sum(4 * image.width() * image.height() for image in images)


def arrange(plan: Plan) -> tuple[Slot, ...]:
    """Who stands where, from far to near: ranges behind landmarks, the second landmark smaller and aside."""
    structures = [vocabulary.drawing("structure", name) for name in plan.structures]
    landmarks = [each for each in structures if each.stands == "landmark"]
    ranges = [each for each in structures if each.stands == "range"]
    rooms = [each for each in structures if each.stands == "room"]
    slots = [Slot(vocabulary.drawing("sky", plan.sky))]
    sky_things = [vocabulary.drawing("thing", name) for name in plan.things]
    slots += [Slot(each) for each in sky_things if each.parts[0].layer in ("sky", "heaven")]
    slots += [Slot(each) for each in rooms[:1]]
    slots += [
        Slot(each, far=True, distance=0.12 * i, scale=FAR_SCALE) if landmarks or i else Slot(each)
        for i, each in reversed(list(enumerate(ranges)))
    ]
    way = 1 if plan.seed % 2 else -1
    for i, each in reversed(list(enumerate(landmarks[1:]))):
        slots.append(Slot(each, x=way * (-1) ** i * (0.92 - 0.1 * i), scale=0.52 - 0.1 * i, distance=0.22 + 0.1 * i))
    slots += [Slot(each) for each in landmarks[:1]]
    slots.append(Slot(vocabulary.drawing("ground", plan.ground)))
    slots += [Slot(each) for each in sky_things if each.parts[0].layer not in ("sky", "heaven")]
    return tuple(slots)


class Place:
    """A drawn place: a plate of a function of its arguments alone, from any thread, one at a time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._slots = arrange(plan)
        self._ground = vocabulary.drawing("ground", plan.ground)
        air = vocabulary.drawing("sky", plan.sky).air
        assert air is not None, "a sky has its air"
        self._air = air
        self._kept: OrderedDict[tuple[int, int], _Drawn] = OrderedDict()
        self._lock = threading.Lock()
        self._mirror = skia.RuntimeEffect.MakeForShader(_MIRROR)

    @property
    def light(self) -> Light:
        """The light of its sky, in its palette."""
        return graded_light(self._air.light, self.plan.palette)

    @property
    def still(self) -> bool:
        """Whether nothing in it moves."""
        moving = any(part.live for slot in self._slots for part in slot.drawing.parts)
        return not moving and not (self._ground.reflects and self._ground.ripple)

    @property
    def kept_bytes(self) -> int:
        """Memory of all that is kept, for all sizes that are kept."""
        with self._lock:
            return sum(each.bytes for each in self._kept.values())

    def close(self) -> None:
        """Forget what is kept; a later picture draws it again."""
        with self._lock:
            self._kept.clear()

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """The place, (height, width, 3) uint8 sRGB, at `time_s` seconds since it stands.

        The first picture of a size draws its layers (up to a second at 1280x720); the last two sizes are kept. Raises
        DesignerError for a size beyond 16 to 8192 pixels a side.
        """
        if not (LEAST <= width <= MOST and LEAST <= height <= MOST):
            raise DesignerError(f"a place is drawn at {LEAST} to {MOST} pixels a side, not at {width}x{height}")
        with self._lock:
            drawn = self._drawn(width, height)
            pixels = np.empty((height, width, 4), np.uint8)
            info = skia.ImageInfo.Make(width, height, skia.kBGRA_8888_ColorType, skia.kPremul_AlphaType)
            surface = skia.Surface.MakeRasterDirect(info, pixels, width * 4)
            self._paint(surface, drawn, time_s, view)
            return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)

    # ---- one frame

    def _paint(self, surface: skia.Surface, drawn: _Drawn, time_s: float, view: View) -> None:
        canvas = surface.getCanvas()
        most = min(PAN * 2 * drawn.half, REACH - drawn.half - max(each.parallax for each in LAYERS.values()))
        pan = min(max((view.free_x - 0.5) * 2 * drawn.half, -most), most)
        for name, layer in LAYERS.items():
            dx = pan * layer.follow - min(max(view.x, -1.0), 1.0) * layer.parallax
            dy = min(max(view.y, -1.0), 1.0) * layer.parallax * 0.35
            for piece in drawn.layers.get(name, ()):
                self._copy(canvas, drawn, piece, dx * drawn.unit, dy * drawn.unit, opaque=name == "sky")
            if name == "ground" and self._ground.reflects:
                self._reflect(surface, drawn, time_s, dx, dy)
            for slot in self._slots:
                for part in slot.drawing.parts:
                    if part.live is not None and slot.layer(part) == name:
                        canvas.save()
                        self._place(canvas, drawn, slot, dx, dy)
                        part.live(self._pen(canvas, slot, name, drawn), time_s)
                        canvas.restore()
        assert drawn.vignette is not None, "it is drawn with the layers"
        if drawn.vignette.width() == drawn.width:
            canvas.drawImage(drawn.vignette, 0, 0)
        else:
            whole, linear = skia.Rect(drawn.width, drawn.height), skia.SamplingOptions(skia.FilterMode.kLinear)
            canvas.drawImageRect(drawn.vignette, whole, linear)

    def _copy(self, canvas: skia.Canvas, drawn: _Drawn, layer: _Layer, dx: float, dy: float, opaque: bool) -> None:
        """Put a layer where the view moves it; between pixels it is mixed of its neighbours, first across, then down.

        The same as skia's linear sampling in a third of the time.
        """
        x, y = drawn.width / 2 + layer.x + dx, layer.y + dy
        left, top = math.floor(x + 1 / 32), math.floor(y + 1 / 32)
        first_x, first_y = max(-left - 1, 0), max(-top - 1, 0)
        part = layer.pixels[first_y : max(drawn.height - top + 1, 0), first_x : max(drawn.width - left + 1, 0)]
        if min(part.shape[:2]) < 2:
            return
        if x - left > 1 / 32:  # the picture's pixel i lies between the layer's i - left - 1 and i - left
            part, left = cv2.addWeighted(part[:, :-1], x - left, part[:, 1:], 1 - x + left, 0), left + 1
        if layer.below and y - top <= 1 / 32 and not first_y:
            part, top = part[1:], top + 1
        if y - top > 1 / 32:
            part, top = cv2.addWeighted(part[:-1], y - top, part[1:], 1 - y + top, 0), top + 1
        paint = skia.Paint(BlendMode=skia.BlendMode.kSrc if opaque else skia.BlendMode.kSrcOver)
        canvas.drawImage(_image(part, layer.opaque), left + first_x, top + first_y, skia.SamplingOptions(), paint)

    def _reflect(self, surface: skia.Surface, drawn: _Drawn, time_s: float, dx: float, dy: float) -> None:
        horizon = HORIZON * drawn.height + dy * drawn.unit
        behind = surface.makeImageSnapshot().makeShader(skia.TileMode.kMirror, skia.TileMode.kClamp)
        builder = skia.RuntimeShaderBuilder(self._mirror)
        builder.setChild("behind", behind)
        values = {"horizon": horizon, "unit": drawn.unit, "time": time_s % 3600.0, "ripple": self._ground.ripple}
        values |= {"strength": self._ground.reflects, "middle": drawn.width / 2 + dx * drawn.unit}
        for key, value in values.items():
            builder.setUniform(key, float(value))
        area = skia.Rect(0, math.floor(horizon), drawn.width, drawn.height)
        small = skia.Surface.MakeRasterN32Premul(-(-drawn.width // 2), max(1, math.ceil(area.height() / 2)))
        canvas = small.getCanvas()  # half as many pixels each way: waves are soft, and it takes a quarter of the time
        canvas.scale(small.width() / area.width(), small.height() / area.height())
        canvas.translate(0, -area.top())
        canvas.drawPaint(skia.Paint(Shader=builder.makeShader()))
        linear = skia.SamplingOptions(skia.FilterMode.kLinear)
        surface.getCanvas().drawImageRect(small.makeImageSnapshot(), area, linear)

    # ---- drawing the layers

    def _place(self, canvas: skia.Canvas, drawn: _Drawn, slot: Slot, dx: float, dy: float) -> None:
        """Units of a slot over the pixels of a canvas whose middle is the picture's."""
        canvas.translate(drawn.width / 2 + dx * drawn.unit, HORIZON * drawn.height + dy * drawn.unit)
        canvas.scale(drawn.unit, drawn.unit)
        self._stand(canvas, drawn, slot)

    def _stand(self, canvas: skia.Canvas, drawn: _Drawn, slot: Slot) -> None:
        scale = self._scale(drawn, slot)
        canvas.translate(slot.x * scale / slot.scale, 0)
        canvas.scale(scale, scale)

    def _scale(self, drawn: _Drawn, slot: Slot) -> float:
        """How large a slot's drawing is: a landmark is smaller in a narrow picture."""
        landmark = slot.drawing.kind == "structure" and slot.drawing.stands == "landmark"
        return slot.scale * (min(max(drawn.half / 0.75, 0.45), 1.0) if landmark else 1.0)

    def _pen(self, canvas: skia.Canvas, slot: Slot, layer: str, drawn: _Drawn) -> Pen:
        return Pen(
            canvas,
            slot.drawing.name,
            self.plan.seed,
            self._air,
            self.plan.palette,
            period=self.plan.period,
            sky=self.plan.sky,
            ground=self.plan.ground,
            things=self.plan.things,
            distance=min(LAYERS[layer].distance + slot.distance, 1.0),
            rough=self._ground.rough,
            unit=drawn.unit * self._scale(drawn, slot),
            sprites=drawn.sprites,
        )

    def _drawn(self, width: int, height: int) -> _Drawn:
        if (width, height) not in self._kept:
            drawn = _Drawn(width, height)
            for name in LAYERS:
                if pieces := self._draw_layer(name, drawn):
                    drawn.layers[name] = pieces
            share = 1 if width * height <= SHARP_VIGNETTE else 2
            drawn.vignette = _vignette(-(-width // share), -(-height // share))
            self._kept[width, height] = drawn
            while len(self._kept) > SIZES_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end((width, height))
        return self._kept[width, height]

    def _draw_layer(self, name: str, drawn: _Drawn) -> list[_Layer]:
        """All still parts of one layer in one image, cut into pieces; none where there are none."""
        stills = [
            (slot, part.still)
            for slot in self._slots
            for part in slot.drawing.parts
            if part.still is not None and slot.layer(part) == name
        ]
        framed = name == "near" and self.plan.framed
        open_land = all(slot.drawing.stands == "landmark" for slot in self._slots)
        backed = name == "far" and open_land and self.plan.sky not in ("underwater", "indoors", "stars")
        if not stills and not framed and not backed:
            return []
        layer, unit = LAYERS[name], drawn.unit
        half = min(drawn.half * (1 + 2 * PAN * layer.follow) + layer.parallax, REACH)
        side, margin = math.ceil(half * unit) + 1, math.ceil(MARGIN * unit)
        pixels = np.zeros((drawn.height + 2 * margin, 2 * side, 4), np.uint8)
        info = skia.ImageInfo.Make(2 * side, pixels.shape[0], skia.kBGRA_8888_ColorType, skia.kPremul_AlphaType)
        surface = skia.Surface.MakeRasterDirect(info, pixels, 2 * side * 4)  # lives as long as its canvas is used
        canvas = surface.getCanvas()
        canvas.translate(side, margin + HORIZON * drawn.height)
        canvas.scale(unit, unit)
        air = Pen(
            canvas, "air", self.plan.seed, self._air, self.plan.palette, ground=self.plan.ground, sky=self.plan.sky,
            distance=layer.distance,
        )  # fmt: skip
        if backed:
            framing.backdrop(air)
        for slot, still in stills:
            canvas.save()
            self._stand(canvas, drawn, slot)
            pen = self._pen(canvas, slot, name, drawn)
            if slot.drawing.kind == "structure" and slot.drawing.stands == "landmark" and name == "middle":
                framing.islet(pen)
            still(pen)
            canvas.restore()
        if name in ("far", "middle") and not any(slot.drawing.stands == "room" for slot in self._slots):
            framing.haze(air, name)
        if framed:
            framing.frame(air, indoors=self.plan.sky == "indoors", half=drawn.half)
        return _crop(pixels, side, margin)


def _crop(pixels: np.ndarray, side: int, margin: int) -> list[_Layer]:
    """A drawn layer without its empty border, but for a pixel of it, which what lies beside it fades into.

    It is cut in two where that saves most: a tower over a wide haze is narrow above and low below.
    """
    full = pixels[..., 3] > 0
    rows = np.flatnonzero(full.any(1))
    if not len(rows):
        return []
    top, bottom = max(int(rows[0]) - 1, 0), min(int(rows[-1]) + 2, len(full))
    lefts = np.where(full.any(1), full.argmax(1), full.shape[1])
    rights = np.where(full.any(1), full.shape[1] - full[:, ::-1].argmax(1), 0)
    above = np.maximum.accumulate(rights[top:bottom]) - np.minimum.accumulate(lefts[top:bottom])
    below = (np.maximum.accumulate(rights[top:bottom][::-1]) - np.minimum.accumulate(lefts[top:bottom][::-1]))[::-1]
    lines = np.arange(bottom - top)
    areas = lines * above.clip(0) + (bottom - top - lines) * below.clip(0)
    cut = top + int(areas.argmin())
    if areas.min() > WORTH_A_CUT * areas[0] or not top + 1 < cut < bottom - 1:
        pieces = [(top, bottom)]
    else:
        pieces = [(top, cut + 1), (cut, bottom)]
    layers = []
    for first, last in pieces:
        left, right = max(int(lefts[first:last].min()) - 1, 0), int(rights[first:last].max()) + 1
        part = np.ascontiguousarray(pixels[first:last, left:right])
        opaque = bool((part[..., 3] == 255).all())
        layers.append(_Layer(part, opaque, left - side, first - margin, below=first > top))
    return layers


def _image(pixels: np.ndarray, opaque: bool) -> skia.Image:
    """Pixels (H, W, 4) as an image for one call; they are not copied where their rows follow one another."""
    alpha = skia.kOpaque_AlphaType if opaque else skia.kPremul_AlphaType
    if pixels.flags.c_contiguous:
        return skia.Image.fromarray(pixels, skia.kBGRA_8888_ColorType, alpha, None, copy=False)
    info = skia.ImageInfo.Make(pixels.shape[1], pixels.shape[0], skia.kBGRA_8888_ColorType, alpha)
    return skia.Image.MakeRasterCopy(skia.Pixmap(info, pixels, pixels.strides[0]))


def _vignette(width: int, height: int) -> skia.Image:
    """Darker corners, which hold the eye."""
    surface = skia.Surface.MakeRasterN32Premul(width, height)
    centre, radius = skia.Point(width / 2, height * 0.48), math.hypot(width, height) / 2
    shade = skia.GradientShader.MakeRadial(centre, radius, [0, 0, 0x16000008, 0x58000010], [0.0, 0.55, 0.8, 1.0])
    surface.getCanvas().drawPaint(skia.Paint(Shader=shade, Dither=True))
    return surface.makeImageSnapshot()


def draw(plan: Plan, width: int, height: int, time_s: float = 0.0, view: View = View(free_x=0.64)) -> np.ndarray:
    """One picture of a plan, (height, width, 3) uint8 sRGB; its landmark stands on the right third unless told."""
    return Place(plan).picture(time_s, width, height, view)


__all__ = ["BOTTOM", "TOP", "Place", "Slot", "arrange", "draw"]
