"""Small files that ask for much work, memory or time: what they may cost is bounded, and the refusal is in words."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, save

from engine import snapshot
from engine.config import lsd_test
from engine.media.files import inflated, open_regular, read_regular
from engine.media.jpeg import MOST_SEGMENTS, read_header
from engine.media.pictures import MAX_SCANS, MediaError, decode_jpeg
from engine.media.schedule import MOST_KEYS, ScheduleError
from engine.prompts import Key, PromptError, Prompts
from engine.stream import Stream
from studio.live.director import Director
from studio.rendering.checkpoints import Checkpoints, DamagedCheckpointsError
from studio.script.files import load_script, loads
from studio.script.reader import Budget
from studio.script.region import Region, drawn_mask
from studio.script.script import ScriptError
from studio.takes.documents import DamagedError, TakeError, read_document, read_journal
from studio.takes.mjpeg import packets
from studio.takes.slate import Slate
from studio.takes.sound import channels, length_s
from studio.takes.take import Take
from studio.timeline import files as timelines
from studio.timeline.curves import TimelineError
from tests.edge_model import EdgeModel
from tests.pictures import disc
from tests.studio.conftest import camera_jpeg, ticks

HEAD = "schema: lsd-studio.script\nversion: 1\n"
pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are files only where the system has them")


@contextmanager
def within(seconds: float, megabytes: float = 0) -> Iterator[None]:
    """What is done in this context takes no longer, in seconds of a processor, and no more of Python's memory."""
    if megabytes:
        tracemalloc.start()
    started, peak = time.process_time(), 0.0
    try:
        yield
    finally:
        taken = time.process_time() - started
        if megabytes:
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
    assert taken <= seconds, f"{taken:.2f} s of a processor"
    assert peak <= megabytes, f"{peak:.0f} MB"


# -- JPEG


def picture(width: int, height: int, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(disc(3, width, height)).save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def many_scans(scans: int, width: int = 1920, height: int = 1080) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data[data.rfind(b"\xff\xda") : -2]
    return data[:-2] + last * (scans - data.count(b"\xff\xda")) + data[-2:]


def test_a_jpeg_is_known_by_its_markers() -> None:
    for options in (
        {},
        {"optimize": True},
        {"subsampling": 0},
        {"dpi": (72, 72)},
        {"exif": b"Exif\0\0" + b"\xff\xda" * 9},
    ):
        header = read_header(picture(96, 64, **options))
        assert (header.width, header.height, header.scans, header.one_pass) == (96, 64, 1, True)
    header = read_header(picture(96, 64, progressive=True))
    assert (header.width, header.height, header.kind, header.one_pass) == (96, 64, 0xC2, False)
    assert header.scans == 10
    for nothing in (b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xc0", b"x" * 100, b"\xff" * 1000):
        assert read_header(nothing).scans == 0


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once() -> None:
    data = many_scans(20_000)
    assert 240_000 < len(data) < 270_000
    with within(0.05), pytest.raises(MediaError, match=r"20,000 scans; at most 24 are decoded: send it as baseline"):
        decode_jpeg(data)
    assert decode_jpeg(many_scans(MAX_SCANS, 96, 64)).shape == (64, 96, 3)


def test_sequential_scans_colour_by_colour_count_too() -> None:
    """A baseline JPEG with a scan for each colour is decoded as a progressive one is: all scans, to the end."""
    data = picture(96, 64)
    at = data.index(b"\xff\xda")
    colour = data[: at + 4] + b"\1" + data[at + 5 :]
    assert read_header(colour + data[at:-2] * 50).scans == 51


def test_segments_without_end_before_a_picture_are_not_walked() -> None:
    data = picture(96, 64)
    comments = data[:2] + b"\xff\xfe\0\2" * (MOST_SEGMENTS + 1) + data[2:]
    with within(0.05), pytest.raises(MediaError, match="not a whole JPEG"):
        decode_jpeg(comments)


@pytest.mark.parametrize("make", [lambda: picture(384, 216, progressive=True), lambda: many_scans(20_000)])
def test_the_frame_loop_takes_jpeg_of_one_pass_alone(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """Another is answered with itself, recorded as failed in words, and the next frame is made."""
    director = Director(EdgeModel(seed=7))
    director.record(tmp_path, Slate("Slow"))
    director.shoot(camera_jpeg(0), 0, ticks(0))
    data = make()
    with within(0.5):
        frame = director.shoot(data, 1, ticks(1))
    assert frame.packet == data
    director.shoot(camera_jpeg(2), 2, ticks(2))
    folder = director.cut()
    director.close()
    assert folder
    rows = Take.open(folder).frames
    assert [row.step for row in rows] == [0, None, 1]
    assert "baseline" in str(rows[1].error)


def test_a_frame_larger_than_legal_is_refused_before_it_is_decoded() -> None:
    data = picture(96, 64)
    at = data.index(b"\xff\xc0") + 5
    bomb = data[:at] + struct.pack(">HH", 65_000, 65_000) + data[at + 4 :]
    with within(0.05, 1), pytest.raises(MediaError, match="65000x65000; the largest is"):
        decode_jpeg(bomb)


# -- what is packed


def test_what_unpacks_beyond_its_limit_is_refused() -> None:
    packed = zlib.compress(bytes(10**7))
    assert inflated(packed, 10**7) == bytes(10**7)
    for data, why in ((packed, "more than 9,999,999"), (packed[:-9], "cut off"), (b"xx", "header"), (b"", "cut off")):
        with pytest.raises(ValueError, match=why):
            inflated(data, 10**7 - 1 if data is packed else 10**7)


@pytest.fixture(scope="module")
def state() -> tuple[Stream, bytes]:
    """A small stream, and its snapshot after three frames."""
    stream = Stream.from_config(lsd_test(), seed=3)
    stream.prompt("underwater")
    for n in range(3):
        stream.step(disc(n, 96, 64), n / 24, n)
    return stream, stream.snapshot()


def test_a_small_snapshot_does_not_unpack_to_gigabytes(state: tuple[Stream, bytes]) -> None:
    packer = zlib.compressobj(9)
    start = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = start + (packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)) * 255
    assert len(bomb) < 4.5e6, "of 4 GB"
    with within(5, 2 * snapshot.MOST_BYTES / 2**20 + 16), pytest.raises(ValueError, match="unpacks to more than"):
        state[0].restore(bomb)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("size", []),
            ("size", [10**9, 10**9]),
            ("size", [0, 64]),
            ("size", [-64, 96]),
            ("index", -1),
            ("index", 2**60),
        ),
        *(("steps", -1), ("steps", 2**60), ("time_s", float("inf")), ("time_s", 1e300), ("seed", "7")),
        *(("remembered_steps", [2, 0]), ("remembered_steps", [0, 7]), ("remembered_steps", [0.5])),
    ],
)
def test_a_snapshots_numbers_are_bounded(state: tuple[Stream, bytes], name: str, value: object) -> None:
    stream, good = state
    raw = zlib.decompress(good)
    header = json.loads(json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]["stream"])
    bad = zlib.compress(save(load(raw), {"stream": json.dumps({**header, name: value})}))
    with within(1), pytest.raises(ValueError, match="not a snapshot of a stream, or a damaged one"):
        stream.restore(bad)


def test_a_snapshots_tensors_are_finite_and_of_a_pictures_size(state: tuple[Stream, bytes]) -> None:
    stream, good = state
    raw = zlib.decompress(good)
    metadata = {"stream": json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]["stream"]}
    tensors = load(raw)
    for name, tensor in (
        ("concepts", tensors["concepts"] * float("nan")),
        ("remembered.0", tensors["remembered.0"] / 0),
        ("masks", torch.zeros(1, 1, 5000)),
        ("masks", torch.zeros(1, 0, 0)),
        ("masks", torch.zeros(1, 8, 8, dtype=torch.float64)),
    ):
        with pytest.raises(ValueError, match="do not fit together"):
            stream.restore(zlib.compress(save({**tensors, name: tensor}, metadata)))


def test_a_checkpoint_that_unpacks_to_gigabytes_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.rendering.checkpoints.MOST_BYTES", 10**7)
    first = Checkpoints(tmp_path, {"seed": 1})
    first.save(48, [disc(n, 96, 64) for n in range(3)], b"state")
    first.leave()
    (path,) = first.folder.glob("*.checkpoint")
    path.write_bytes(zlib.compress(bytes(2 * 10**7)))
    second = Checkpoints(tmp_path, {"seed": 1})
    with pytest.raises(DamagedCheckpointsError, match="was damaged"):
        _ = second.reached
    second.close()


@pytest.mark.parametrize("count", [2, 4])
def test_checkpoints_of_fewer_or_more_pictures_than_rows_are_damage(tmp_path: Path, count: int) -> None:
    checkpoints = Checkpoints(tmp_path, {"seed": 1})
    checkpoints.save(48, [disc(n, 96, 64) for n in range(3)], b"state")
    checkpoints.leave()
    again = Checkpoints(tmp_path, {"seed": 1})
    assert len(list(again.pictures(3))) == 3
    with pytest.raises(DamagedCheckpointsError, match="was damaged"):
        list(again.pictures(count))
    again.close()


# -- devices, pipes, sizes


@pipes
@pytest.mark.timeout(30)
def test_only_regular_files_are_read(tmp_path: Path) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_bytes(b"12345")
    assert read_regular(file, 5) == b"12345"
    with pytest.raises(OSError, match="5 bytes, and at most 4 are read"):
        read_regular(file, 4)
    for path in (pipe, Path("/dev/zero"), Path("/dev/tty"), tmp_path):
        if path.exists():
            with pytest.raises(OSError, match=r"device or a pipe|folder"):
                open_regular(path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")


@pipes
@pytest.mark.timeout(30)
@pytest.mark.parametrize("place", ["pipe", "/dev/zero", "/dev/stdin", "/proc/self/mem", "/"])
def test_a_script_includes_files_alone(tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "film.yaml").write_text(f"{HEAD}include: [{place}]\n")
    with pytest.raises(ScriptError, match=r"film\.yaml, line 3, column 11: cannot read the script"):
        load_script(tmp_path / "film.yaml")
    for read in (load_script, timelines.load):
        with pytest.raises(PromptError, match="cannot read"):
            read(tmp_path / "pipe")
    with pytest.raises(TimelineError, match="not a PNG"):
        drawn_mask(tmp_path / "pipe")
    with pytest.raises(DamagedError, match="device or a pipe"):
        read_document(tmp_path / "pipe")
    with pytest.raises(DamagedError, match="device or a pipe"):
        read_journal(tmp_path / "pipe")


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    """A sparse file takes no room on the disk, and a terabyte to read."""
    for name, read, words in (
        ("take.json", read_document, "at most"),
        ("frames.jsonl", read_journal, "at most"),
        ("film.yaml", load_script, "at most"),
        ("words.json", timelines.load, "at most"),
        ("mask.png", drawn_mask, "at most"),
    ):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2**40)
        with within(0.5, 8), pytest.raises((TakeError, PromptError), match=words):
            read(tmp_path / name)


SECRETS = [
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n" * 30,
    "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 40,
    "*" + "hunter2" * 200,
    "- " + "hunter2 " * 200,
    "hunter2",
    '"' + "hunter2" * 200,
    "{" + "hunter2: " * 200,
    f"{HEAD}scenes: " + "hunter2" * 200,
    f"schema: {'hunter2' * 300}\n",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_file_that_is_no_script_is_not_printed(tmp_path: Path, secret: str) -> None:
    (tmp_path / "passwd").write_text(secret)
    (tmp_path / "film.yaml").write_text(f"{HEAD}include: [passwd]\n")
    with pytest.raises(ScriptError) as error:
        load_script(tmp_path / "film.yaml")
    shown = str(error.value).replace(str(tmp_path), "")
    assert len(shown) < 1200
    assert shown.count("hunter2") <= len(secret) // 7 // 2, "not the whole of it"
    assert "daemon" not in shown
    assert "MIIE" not in shown
    with pytest.raises(PromptError) as other:
        timelines.load(tmp_path / "passwd")
    assert len(str(other.value).replace(str(tmp_path), "")) < 1200


# -- counts and depths


def test_includes_that_multiply_are_bounded(tmp_path: Path) -> None:
    """Each file includes the next one twice: thirty files, a thousand million readings."""
    for n in range(30):
        (tmp_path / f"{n}.yaml").write_text(f"{HEAD}include: [{n + 1}.yaml, {n + 1}.yaml]\n")
    (tmp_path / "30.yaml").write_text(HEAD)
    with within(5), pytest.raises(ScriptError, match=f"more than {Budget.files} files to read"):
        load_script(tmp_path / "0.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "x: " + "[" * 5000, "nested too deeply"),
        (HEAD + "x: " + "{a: " * 5000, "nested too deeply"),
        (HEAD + "x:\n " + "- " * 5000, "nested too deeply"),
        (HEAD + "x: [" + "1," * 60_000 + "]", "more than 50,000 values"),
        (HEAD + "".join(f"k{n}: 1\n" for n in range(30_000)), "more than 50,000 values"),
    ],
    ids=["lists", "objects", "dashes", "a long list", "many names"],
)
def test_a_scripts_depth_and_count_are_bounded(text: str, words: str) -> None:
    with within(20), pytest.raises(ScriptError, match=words):
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "|".join(["a[1s]"] * (MOST_KEYS + 1)),
        "a|" * 1_000_000,
        "[" * 1_000_000,
        "{" * 100_000,
        "[" * 100_000,
        '{"0": ' + "[" * 100_000,
        '{"0": ' + "9" * 10_000 + "}",
        "{" + ",".join(f'"{n}": "a"' for n in range(MOST_KEYS + 1)) + "}",
        ", ".join(f"{n}:(a)" for n in range(MOST_KEYS + 1)),
        "0" + ":" * 1_000_000,
        "0:(" + "(" * 500_000,
        '{"0": {"prompt": [' + ",".join(['["a", 1]'] * 100_000) + "]}}",
        " " * 5_000_000,
    ],
    ids=range(13),
)
def test_a_schedule_is_read_or_refused_soon(text: str) -> None:
    with within(20):
        try:
            timelines.parse(text)
        except ScheduleError as error:
            assert len(str(error)) < 1000


def test_a_schedule_of_thousands_of_durations_is_read_in_time() -> None:
    """Once each part was looked for among all others."""
    with within(8):
        timeline = timelines.parse("|".join(f"a{n}[1s]" for n in range(5000)))
    assert (len(timeline.keys), timeline.end_s) == (5000, 5000.0)


def test_a_timelines_lists_are_bounded() -> None:
    base = {"schema": timelines.SCHEMA, "version": 2}
    for name in ("keys", "markers", "mattes", "tracks"):
        with within(1), pytest.raises(TimelineError, match=f"{name}; a timeline has at most"):
            timelines.timeline_from_dict({**base, name: [{}] * (timelines.MOST_ENTRIES + 1)})


def test_fades_that_never_end_do_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.prompts.MAX_BLENDED", 10_000)
    keys = [Key(float(n), f"text {n}", 1e9) for n in range(200)]
    with pytest.raises(PromptError, match="texts are blended; shorten the fades"):
        Prompts(tuple(keys))
    assert len(Prompts(tuple(keys[:100])).keys) == 100


def test_a_mask_of_a_thousand_million_pixels_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert out.tell() < 200_000
    (tmp_path / "mask.png").write_bytes(out.getvalue())
    url = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    for mask in (str(tmp_path / "mask.png"), url):
        with within(0.5, 8), pytest.raises(TimelineError, match="30000x30000 pixels; at most"):
            drawn_mask(mask)
    with pytest.raises(TimelineError, match="30000x30000 pixels"):
        Region(mask="mask.png").embedded(tmp_path)


# -- what is no container of its own media


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 26\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_takes_streams_are_no_playlists(tmp_path: Path, kind: str) -> None:
    """FFmpeg would open whatever they name: a file of this machine, or a place in the network."""
    secret = tmp_path / "secret.mkv"
    director = Director(EdgeModel(seed=7))
    director.record(tmp_path / "sessions", Slate("Secret"))
    for n in range(4):
        director.shoot(camera_jpeg(n), n, ticks(n))
    folder = director.cut()
    director.close()
    assert folder
    (folder / "raw.mkv").rename(secret)
    (folder / "raw.mkv").write_text(PLAYLISTS[kind].format(secret=secret))
    with pytest.raises(DamagedError, match="is damaged"):
        list(packets(folder / "raw.mkv"))
    assert channels(folder / "raw.mkv") == 0
    assert length_s(folder / "raw.mkv") == 0


def test_the_limits_leave_room_for_what_is_real(state: tuple[Stream, bytes]) -> None:
    """A snapshot at the largest size is a twelfth of what may be unpacked."""
    stream = Stream.from_config(lsd_test(), seed=3)
    stream.step(np.zeros((1080, 1920, 3), np.uint8), 0.0, 0)
    data = stream.snapshot()
    assert len(zlib.decompress(data)) < snapshot.MOST_BYTES / 12
    stream.restore(data)
