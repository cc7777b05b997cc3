"""Pictures of HDR (PQ, HLG) and of wide gamuts as an SDR screen shows them."""

from __future__ import annotations

from functools import cache

import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc

_HDR = {ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67}  # PQ and HLG
_WHITE = 203.0  # cd/m² of reference white, ITU-R BT.2408
_PEAK = 1000.0  # cd/m² of the screen for which HLG is defined, ITU-R BT.2100
_GAMMA = 2.4  # of an SDR screen, ITU-R BT.1886
_KNEE = 0.6  # of the light of SDR white: what is brighter is compressed, so that highlights keep their drawing

# From linear light of other primaries to that of BT.709, both with the white of D65: ITU-R BT.2087, SMPTE EG 432-1.
_TO_BT709 = {
    ColorPrimaries.BT2020: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    ColorPrimaries.SMPTE432: [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0196, -0.0786, 1.0979]],
}


def needs_grading(trc: int, primaries: int) -> bool:
    """Whether pictures of that transfer and those primaries (FFmpeg's numbers) are not yet SDR of BT.709."""
    return trc in _HDR or primaries in _TO_BT709


def to_sdr(rgb: np.ndarray, trc: int, primaries: int) -> np.ndarray:
    """(H, W, 3) uint16, full range and non-linear, as (H, W, 3) uint8 of an SDR screen; reference white becomes 239.

    trc, primaries: as FFmpeg numbers them. What lies outside of BT.709 is clipped to it.
    """
    light = _linear(trc)[rgb]
    if trc == ColorTrc.ARIB_STD_B67:  # the screen's share: BT.2100, table 5, gamma 1.2
        luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
        light *= (_PEAK / _WHITE) * np.power(luminance, np.float32(0.2))[..., None]
    if primaries in _TO_BT709:
        light = light @ np.array(_TO_BT709[primaries], np.float32).T  # type: ignore[index]
    np.maximum(light, 0, out=light)
    if trc in _HDR:
        over = light > _KNEE
        room = 1 - _KNEE
        light[over] = _KNEE + room * (1 - np.exp((_KNEE - light[over]) / room))
    return np.rint(255 * np.power(np.minimum(light, 1), np.float32(1 / _GAMMA))).astype(np.uint8)


@cache
def _linear(trc: int) -> np.ndarray:
    """Linear light of each 16-bit code, (65536,) float32: SDR and PQ of the screen, 1 is white; HLG of the scene."""
    signal = np.arange(65_536) / 65_535
    if trc == ColorTrc.SMPTE2084:  # SMPTE ST 2084, equation 4.1
        power = signal ** (32 / 2523)
        light = (
            10_000 / _WHITE * (np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)) ** (8192 / 1305)
        )
    elif trc == ColorTrc.ARIB_STD_B67:  # ITU-R BT.2100, table 5
        a = 0.17883277
        b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    else:
        light = signal**_GAMMA
    return light.astype(np.float32)
