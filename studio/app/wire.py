"""Binary messages and close codes of the socket, as studio/web/wire.js has them for the page.

A message is a header and a body: the camera's JPEG or the microphone's WebM from the page, the world's JPEG to it.
`number` and `time_ms` are the camera's own count and clock, which the studio gives back with its answer; `quality` is
the JPEG quality that a frame asks for, 0 to 1; `step_ms` is how long the model took for an answer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from studio.web import table

_WIRE = table("wire.js")

VERSION: int = _WIRE["version"]
"""Of the table and of what messages mean; the page says its own in `hello`."""
KINDS: dict[str, int] = _WIRE["kinds"]
CLOSES: dict[str, int] = _WIRE["closes"]
"""Close codes by name; studio/web/link.js knows what each means for the page."""

_CODES = {"u8": "B", "u32": "I", "f32": "f", "f64": "d"}
_FIELDS: tuple[str, ...] = tuple(name for name, _ in _WIRE["header"])
_HEADER = struct.Struct("<" + "".join(_CODES[kind] for _, kind in _WIRE["header"]))
HEADER_BYTES = _HEADER.size


@dataclass(frozen=True)
class Message:
    """A binary message."""

    kind: str
    """One of KINDS."""
    fields: dict[str, Any]
    """The header's other fields by name."""
    body: bytes


def pack(kind: str, body: bytes, **fields: float) -> bytes:
    """A message of that kind; fields of the header that are not given are 0."""
    values = {**dict.fromkeys(_FIELDS, 0), **fields, "kind": KINDS[kind]}
    return _HEADER.pack(*(values[name] for name in _FIELDS)) + body


def unpack(data: bytes) -> Message:
    """The message of these bytes. Raises ValueError for what is not one of the studio's."""
    if len(data) < HEADER_BYTES:
        raise ValueError(f"A message of {len(data)} bytes came; its header alone has {HEADER_BYTES}.")
    fields = dict(zip(_FIELDS, _HEADER.unpack_from(data), strict=True))
    number = fields.pop("kind")
    kind = next((name for name, code in KINDS.items() if code == number), None)
    if kind is None or not 0 <= fields["time_ms"] < 1e12:
        raise ValueError(f"A message of kind {number} at {fields['time_ms']} ms came, which this studio does not know.")
    if kind == "frame" and len(data) == HEADER_BYTES:
        raise ValueError("A frame without a picture came.")
    return Message(kind, fields, data[HEADER_BYTES:])
