"""Runtime shaders (SkSL): small programs that colour each pixel of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from engine.designer.library import skia


def shade(source: str, children: dict[str, skia.Shader], **uniforms: float | Sequence[float]) -> skia.Shader:
    """A runtime shader (SkSL): `source` with its children and uniforms. Raises skia's error for a bad source."""
    builder = skia.RuntimeShaderBuilder(effect(source))
    for name, child in children.items():
        builder.setChild(name, child)
    for name, value in uniforms.items():
        builder.setUniform(name, float(value) if isinstance(value, int | float) else [float(v) for v in value])
    return builder.makeShader()


@cache
def effect(source: str) -> skia.RuntimeEffect:
    """The compiled form of a shader's source."""
    return skia.RuntimeEffect.MakeForShader(source)


def three(colour: int) -> tuple[float, float, float]:
    """skia's colour as numbers 0..1."""
    return ((colour >> 16) & 255) / 255, ((colour >> 8) & 255) / 255, (colour & 255) / 255
