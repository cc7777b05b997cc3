"""JSON from the disk, as values that every later reader can rely on: finite, of whole characters, not too deep."""

from __future__ import annotations

import json
import math
from typing import Any

MOST_DEPTH = 64
"""Lists and objects within each other; those of the studio's own files have six."""


def parse(text: str, *, thorough: bool = True) -> Any:
    """The value that a JSON text is. Raises ValueError, which says what is wrong, and where if it can.

    thorough: refuse infinity, integers of more than 64 bits, half characters and more than MOST_DEPTH levels, which
    Python's own reader lets pass. Not so for a text of which the caller checks every field: there it costs time.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError("its values lie too deep in each other") from None
    except ValueError as error:  # an integer of thousands of digits, or `_refuse`
        raise ValueError(str(error).partition(";")[0]) from None
    if thorough:
        _check(value, MOST_DEPTH)
    return value


def check_text(text: str) -> None:
    """Raises ValueError for a text that holds half a character (a lone surrogate), which no file holds."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        start = text[max(0, error.start - 20) : error.start]
        raise ValueError(f"a text holds half a character after {start!a}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} stands where a finite number must")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if not value.isascii():
            check_text(value)
    elif isinstance(value, dict | list):
        if not depth:
            raise ValueError(f"its values lie more than {MOST_DEPTH} deep in each other")
        for name in value if isinstance(value, dict) else ():
            _check(name, depth)
        for part in value.values() if isinstance(value, dict) else value:
            _check(part, depth - 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number is too large to be finite")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"an integer has {value.bit_length()} bits; at most 64 are legal")
