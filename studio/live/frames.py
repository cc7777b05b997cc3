"""The two ends of the live loop: a camera frame as it arrives, and the picture that answers it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.prompts import Blend

LIVE_QUALITY = 85
"""JPEG quality of an answer, unless its frame asks for another."""
MAX_QUALITY = 95
"""JPEG quality beyond which a picture grows and looks no better."""


@dataclass(frozen=True)
class Arrival:
    """A camera frame as it reached the studio, by the camera's own count and clock and by the director's."""

    packet: bytes
    """JPEG."""
    number: int
    """The camera's own number of the frame."""
    camera_ticks: int
    """Microseconds on the camera's own clock."""
    index: int
    """Its number on the director's count; with the seed it determines the noise."""
    ticks: int
    """Microseconds on the director's clock."""
    arrived_s: float
    """time.monotonic() of its arrival."""
    quality: int = LIVE_QUALITY
    """JPEG quality of its answer; 1 to 95, the nearest of them for others."""


@dataclass(frozen=True)
class LiveFrame:
    """The answer to one camera frame."""

    packet: bytes
    """JPEG of the generated picture, or the camera's own where the engine failed."""
    number: int
    """The camera's own number of the frame that it answers."""
    camera_ticks: int
    """Microseconds on the camera's own clock."""
    index: int
    """On the director's count."""
    ticks: int
    """On the director's clock."""
    age_ms: float
    """From the frame's arrival to this answer."""
    step_ms: float
    """Of that, what making it took: decoding the JPEG, finding mattes, the model, parameters, encoding. The rest is the
    wait for the frame loop."""
    prompt: Blend
    """What the picture was to become."""
    error: str | None = None
    """Why it is the camera's own picture; None for a generated one."""
    sha256: str | None = None
    """Of the generated RGB, while a take is recorded."""
