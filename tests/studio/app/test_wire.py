"""The socket's binary messages: what Python packs, Python and the page's JavaScript unpack alike."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from studio.app import wire

ROOT = Path(__file__).parents[3]
FIELDS = {"number": 7, "time_ms": 291.5, "quality": 0.75, "step_ms": 12.5}
ROUND = """
import { readFileSync } from "node:fs";
import { pack, unpack } from "./studio/web/link.js";
import { WIRE } from "./studio/web/wire.js";
const data = readFileSync(0);
const [fields, body] = unpack(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
const kind = Object.keys(WIRE.kinds).find((name) => WIRE.kinds[name] === fields.kind);
const packed = Buffer.from(pack(kind, fields, body)).toString("hex");
console.log(JSON.stringify({ fields, body: Buffer.from(body).toString(), packed }));
"""
"""The page's own reading and writing of a message."""


@pytest.mark.parametrize("kind", wire.KINDS)
def test_what_is_packed_is_unpacked(kind: str) -> None:
    message = wire.unpack(wire.pack(kind, b"a picture", **FIELDS))
    assert (message.kind, message.body, message.fields) == (kind, b"a picture", FIELDS)


def test_fields_that_are_not_given_are_zero() -> None:
    assert set(wire.unpack(wire.pack("frame", b"x")).fields.values()) == {0}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"short", "its header alone has"),
        (wire.pack("frame", b""), "without a picture"),
        (b"\xff" + wire.pack("frame", b"x")[1:], "of kind 255"),
        (wire.pack("frame", b"x", time_ms=float("nan")), "at nan ms"),
        (wire.pack("frame", b"x", time_ms=-1), "at -1.0 ms"),
    ],
    ids=["short", "no body", "unknown kind", "no time", "before the start"],
)
def test_what_is_not_a_message_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        wire.unpack(data)


def test_a_browsers_empty_chunk_of_sound_is_a_message() -> None:
    assert wire.unpack(wire.pack("sound", b"")).body == b""


def test_a_field_beyond_its_type_is_refused() -> None:
    with pytest.raises(struct.error):
        wire.pack("frame", b"x", number=2**32)


@pytest.mark.parametrize("kind", wire.KINDS)
def test_the_page_reads_and_writes_the_same(kind: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node; install Node.js to run the page's side")
    packed = wire.pack(kind, b"a picture", **FIELDS)
    ran = subprocess.run(
        [node, "--input-type=module", "-e", ROUND], input=packed, cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    fields = {**FIELDS, "kind": wire.KINDS[kind]}
    assert json.loads(ran.stdout) == {"fields": fields, "body": "a picture", "packed": packed.hex()}
