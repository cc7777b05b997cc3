"""A decoded frame as it is meant to be seen: upright, opaque, in SDR colours, not interlaced."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import Colorspace, Interpolation

from engine.media.hdr import needs_grading, to_sdr
from engine.media.pictures import opaque

_TO_RGB = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_SMALLER = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_UNTAGGED = 2  # AVCOL_SPC_UNSPECIFIED


def to_rgb(
    frame: av.VideoFrame, aspect: float = 1.0, *, padded: bool = False, cover: tuple[int, int] | None = None
) -> np.ndarray:
    """(H, W, 3) uint8, BT.709 and sRGB primaries, upright, with square pixels, over black where it is transparent.

    aspect: width of a pixel divided by its height. Untagged colour is BT.709 from 720 lines on, as players take it.
    padded: a fourth channel that is 0 all over is padding. cover: (width, height); a larger picture is reduced while it
    is converted, which is fast, as far as it covers that size.
    """
    matrix = _display_matrix(frame)
    width = round(frame.width * aspect) if abs(aspect - 1) > 0.01 else None
    height, how = None, _TO_RGB
    if cover is not None:
        across, down = (width or frame.width), frame.height
        wide, high = cover[::-1] if _turned(matrix) else cover
        scale = max(wide / across, high / down)
        if scale < 1:
            width, height, how = round(across * scale), round(down * scale), _SMALLER
    graded = needs_grading(frame.color_trc, frame.color_primaries)
    untagged_hd = frame.colorspace == _UNTAGGED and frame.height >= 720
    transparent = _has_alpha(frame.format)
    converted = frame.reformat(
        width=width,
        height=height,
        format=("rgba64le" if transparent else "rgb48le") if graded else ("rgba" if transparent else "rgb24"),
        src_colorspace=Colorspace.ITU709 if untagged_hd else None,
        interpolation=how,
    )
    rgb = converted.to_ndarray()
    if graded:
        sdr = to_sdr(rgb[..., :3], frame.color_trc, frame.color_primaries)
        rgb = np.dstack([sdr, (rgb[..., 3] // 256).astype(np.uint8)]) if transparent else sdr
    if transparent:
        rgb = rgb[..., :3] if padded and not rgb[..., 3].any() else opaque(rgb)
    return np.ascontiguousarray(_upright(rgb, matrix))


def _has_alpha(form: av.VideoFormat) -> bool:
    return form.has_palette or any(component.is_alpha for component in form.components)


def _display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """How columns and rows of the file become those of the picture: a, b, c, d of ISO 14496-12, section 6.2.2."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()  # type: ignore[call-overload]
    return a, b, c, d


def _turned(matrix: tuple[int, int, int, int]) -> bool:
    """Whether rows of the file become columns of the picture."""
    a, b, c, d = matrix
    return abs(b) + abs(c) > abs(a) + abs(d)


def _upright(rgb: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Turned and mirrored by a display matrix: x' = a x + c y, y' = b x + d y, to the nearest quarter."""
    a, b, c, d = matrix
    if _turned(matrix):
        rgb, across, down = rgb.swapaxes(0, 1), c, b
    else:
        across, down = a, d
    return rgb[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]


class _Chain:
    """A filter of FFmpeg with frames of one shape going through it."""

    def __init__(self, frame: av.VideoFrame, *filters: tuple[str, str]) -> None:
        self.shape = _shape(frame)
        self._graph = Graph()
        time_base = frame.time_base or Fraction(1, 1_000_000)
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=time_base
        )
        nodes = [source, *(self._graph.add(name, options) for name, options in filters), self._graph.add("buffersink")]
        for node, following in pairwise(nodes):
            node.link_to(following)
        self._graph.configure()

    def push(self, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """What comes out as a frame goes in; None ends it."""
        self._graph.push(frame)
        while True:
            try:
                out = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            assert isinstance(out, av.VideoFrame)
            yield out


def _shape(frame: av.VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


class Deinterlacer:
    """Makes whole pictures of interlaced frames, one of each; frames that are not interlaced pass unchanged.

    A picture comes out when the next one has gone in, since both are needed.
    """

    def __init__(self) -> None:
        self._chain: _Chain | None = None

    def push(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """The frames that are ready now."""
        if self._chain and self._chain.shape != _shape(frame):
            yield from self.flush()
        if self._chain is None and frame.interlaced_frame:
            self._chain = _Chain(frame, ("bwdif", "mode=send_frame:deint=interlaced"))
        if self._chain:
            yield from self._chain.push(frame)
        else:
            yield frame

    def flush(self) -> Iterator[av.VideoFrame]:
        """The last ones."""
        chain, self._chain = self._chain, None
        if chain:
            yield from chain.push(None)
