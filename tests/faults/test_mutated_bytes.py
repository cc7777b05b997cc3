"""Bytes that were altered on the way: a JPEG or a snapshot is read, or refused with the project's own error, soon."""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load, save

from engine.config import lsd_test
from engine.media.jpeg import read_header
from engine.media.pictures import MAX_SCANS, MediaError, decode_jpeg
from engine.stream import Stream
from tests.pictures import disc

BOUNDED = settings(max_examples=200, derandomize=True, deadline=20_000, suppress_health_check=[*HealthCheck])
LONG = settings(BOUNDED, max_examples=20_000, derandomize=False)


def jpeg(**options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(disc(3, 96, 64)).save(out, "JPEG", quality=80, **options)
    return out.getvalue()


JPEGS = [jpeg(), jpeg(progressive=True), jpeg(subsampling=0, optimize=True), jpeg(exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")]
MARKERS = st.sampled_from([bytes((0xFF, marker)) for marker in (0xC0, 0xC2, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE1)])


class Bytes(bytes):
    """Bytes that are not printed whole."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes, crc32 {zlib.crc32(self):08x}: {self[:40].hex()}…>"


@st.composite
def mutated(draw: st.DrawFn, whole: bytes, ahead: int) -> bytes:
    """Bytes with some changed, cut out, put in or said twice, most of them among the first ones."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        end = min(len(data), ahead) if draw(st.booleans()) else len(data)
        at = draw(st.integers(0, max(0, end - 1)))
        length = draw(st.integers(1, 40))
        match draw(st.integers(0, 4)):
            case 0:
                data[at : at + 1] = bytes((draw(st.integers(0, 255)),))
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = draw(st.binary(max_size=20) | MARKERS)
            case 3:
                data[at:at] = data[at : at + length] * draw(st.integers(1, 30))
            case 4:
                data[at : at + 2] = draw(MARKERS)
    return Bytes(data)


def _look_at(data: bytes) -> None:
    header = read_header(data)
    assert header.one_pass <= (header.scans == 1)
    for one_pass in (False, True):
        try:
            rgb = decode_jpeg(data, one_pass=one_pass)
        except MediaError as error:
            assert len(str(error)) < 500
            continue
        assert rgb.ndim == 3
        assert 0 < header.scans <= (1 if one_pass else MAX_SCANS)


@given(st.sampled_from(JPEGS).flatmap(lambda whole: mutated(whole, 700)))
@BOUNDED
def test_mutated_jpegs(data: bytes) -> None:
    _look_at(data)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(st.sampled_from(JPEGS).flatmap(lambda whole: mutated(whole, 700)))
@LONG
def test_many_mutated_jpegs(data: bytes) -> None:
    _look_at(data)


STREAM = Stream.from_config(lsd_test(), seed=3)
OTHER = Stream.from_config(lsd_test(), seed=3)


def _snapshot() -> bytes:
    STREAM.prompt("underwater")
    for n in range(4):
        STREAM.step(disc(n, 96, 64), n / 24, n)
    return STREAM.snapshot()


PACKED = _snapshot()
UNPACKED = zlib.decompress(PACKED)
HEADER = json.loads(json.loads(UNPACKED[8 : 8 + int.from_bytes(UNPACKED[:8], "little")])["__metadata__"]["stream"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A snapshot with other values in its header, or without some."""
    header = dict(HEADER)
    for name in draw(st.lists(st.sampled_from(sorted(HEADER)), min_size=1, max_size=3)):
        header[name] = draw(VALUES)
        if draw(st.integers(0, 3)) == 0:
            del header[name]
    return Bytes(zlib.compress(save(load(UNPACKED), {"stream": json.dumps(header)})))


SNAPSHOTS = mutated(PACKED, 40) | mutated(UNPACKED, 1500).map(lambda data: Bytes(zlib.compress(data))) | headers()


def _restore(data: bytes) -> None:
    before = OTHER.snapshot()
    try:
        OTHER.restore(data)
    except ValueError as error:
        assert str(error)
        assert type(error) is ValueError, "of the engine, in words"
        assert OTHER.snapshot() == before, "a snapshot that is refused changes nothing"
        return
    picture = OTHER.step(disc(5, *(OTHER._size or (64, 96))[::-1]), 5.0, 5)
    assert picture.ndim == 3


@given(SNAPSHOTS)
@BOUNDED
def test_mutated_snapshots(data: bytes) -> None:
    _restore(data)


@pytest.mark.parametrize("name", ["time_s", "seed", "index", "steps", "size", "remembered_steps", "config"])
@pytest.mark.parametrize("value", [10**400, 2**64, -(2**64), float("inf"), float("nan"), [10**400, 10**400], "\ud800"])
def test_a_snapshot_whose_header_holds_no_usable_number_is_refused(name: str, value: object) -> None:
    header = json.loads(json.loads(UNPACKED[8 : 8 + int.from_bytes(UNPACKED[:8], "little")])["__metadata__"]["stream"])
    _restore(zlib.compress(save(load(UNPACKED), {"stream": json.dumps({**header, name: value})})))
    with pytest.raises(ValueError, match="not a snapshot of a stream, or a damaged one"):
        OTHER.restore(zlib.compress(save(load(UNPACKED), {"stream": json.dumps({**header, name: value})})))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(SNAPSHOTS)
@LONG
def test_many_mutated_snapshots(data: bytes) -> None:
    _restore(data)
