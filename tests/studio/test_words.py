"""Words that tools would interpret: they are shown, read and written as they are, or refused in words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from engine.evaluation.clips import read_prompts
from engine.media.pictures import MediaError
from engine.media.video import VideoSource, VideoWriter
from engine.prompts import PromptError
from engine.types import Frame
from studio.__main__ import main
from studio.delivery.film import Card, Film, write_film
from studio.delivery.formats import export
from studio.script.files import load_script
from studio.takes.documents import TakeError
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.files import load, parse, timeline_to_dict
from studio.timeline.timeline import Timeline

WORDS = ["underwater [/b]", "[red]rain[/red]", ":smile: sea"]


def studio(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "studio", *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "COLUMNS": "400", **environment},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("words", WORDS)
def test_the_list_of_takes_shows_words_as_they_are(
    words: str, edge_take: Take, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = edge_take.folder / "events.jsonl"
    events.write_text(events.read_text().replace("wild west", words))  # `check` would complain; the list does not
    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit) as ended:
        main(["takes", "ls", "--sessions", str(edge_take.folder.parents[3])])
    assert not ended.value.code
    assert f", {words}," in capsys.readouterr().out


@pytest.mark.parametrize("words", WORDS)
def test_progress_and_remarks_show_words_as_they_are(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    from studio.__main__ import _remark
    from studio.background import terminal_bar

    with terminal_bar(words, 2) as progress:
        progress(2, 2)
    _remark(words)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{words} ")
    assert lines[-1] == words


@pytest.mark.long
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_name_that_the_console_lacks_ends_no_command(encoding: str, small_clip: Path, tmp_path: Path) -> None:
    made = studio(
        *("record", "--source", small_clip, "--production", "Дуэль", "--size", "96x64"),
        *("--sessions", tmp_path, "--prompt", "underwater"),
        PYTHONIOENCODING=encoding,
    )
    assert made.returncode == 0, made.stderr
    name = "Дуэль" if encoding == "utf-8" else r"\u0414\u0443\u044d\u043b\u044c"
    assert made.stdout.splitlines()[-1] == str(tmp_path / name / "S01" / "A" / "T001")
    assert "Traceback" not in made.stderr
    listed = studio("takes", "ls", "--sessions", tmp_path, PYTHONIOENCODING=encoding)
    assert listed.returncode == 0, listed.stderr
    assert name in listed.stdout


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Windows hands over whole characters")
def test_prompts_that_are_not_utf_8_are_refused_in_a_sentence(small_clip: Path, tmp_path: Path) -> None:
    prompt = os.fsdecode(b"caf\xe9")
    made = studio("record", "--source", small_clip, "--production", "film", "--prompt", prompt, "--sessions", tmp_path)
    assert made.returncode == 1
    assert made.stderr.strip().endswith("is not UTF-8: it holds the byte e9; write it as UTF-8 text")


@pytest.mark.parametrize("text", ["caf\udce9", "\udcff", "a \udc80"])
def test_bytes_in_a_prompt_are_named(text: str) -> None:
    with pytest.raises(PromptError, match=f"it holds the byte {ord(text[-1]) & 0xFF:02x}"):
        Timeline.of(text)


@pytest.mark.parametrize("name", ["12:30.mp4", "http:x.mp4", "file:x.mp4", "concat:a|b.mp4", "-i.mp4", "50%d.mp4"])
@pytest.mark.skipif(sys.platform == "win32", reason="such names are not to be had there")
def test_a_file_is_read_and_written_whatever_its_name_looks_like(
    name: str, small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(small_clip, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert sum(1 for _ in VideoSource(name)) == 24
    assert sum(1 for _ in VideoSource(tmp_path / name)) == 24
    written = write_film(Film([Card("x", 0.2)], size=(64, 48)), f"out-{name}", lambda done, total: None)
    assert sum(1 for _ in VideoSource(written)) == 5
    with VideoWriter(f"o:{name}", 64, 48) as writer:
        for frame in VideoSource(name, (64, 48)):
            writer.write(frame)
    assert sum(1 for _ in VideoSource(f"o:{name}")) == 24


@pytest.mark.parametrize("name", ["http://example.com/x.mp4", "rtsp://camera/1", "concat:a.mp4|b.mp4"])
def test_nothing_is_asked_of_a_network(name: str) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        VideoSource(name)


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not to be had there")
def test_a_take_plays_in_a_folder_with_a_colon(
    edge_take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.move(edge_take.folder.parents[3], tmp_path.with_name("12:30"))
    monkeypatch.chdir(tmp_path.parent)
    take = Take.open(Path("12:30", *edge_take.folder.parts[-4:]))
    export(take, "mp4", "12:30/out.mp4", progress=lambda done, total: None)
    assert sum(1 for _ in VideoSource("12:30/out.mp4")) == round(take.duration_s * 24)


# -- marks and encodings of text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_saved_timelines_schedules_and_scripts_are_read_with_a_mark(encoding: str, tmp_path: Path) -> None:
    timeline = Timeline.of("Дуэль")
    saved, words, script, prompts = (tmp_path / name for name in ("tl.json", "words.json", "s.yaml", "prompts.json"))
    saved.write_bytes(json.dumps(timeline_to_dict(timeline), ensure_ascii=False).encode(encoding))
    words.write_bytes('{"0": "Дуэль"}'.encode(encoding))
    lines = "schema: lsd-studio.script", "version: 1", "scenes: {duel: Дуэль}", "beats: [{at: 0, scene: duel}]"
    script.write_bytes("\n".join(lines).encode(encoding))
    prompts.write_bytes('{"underwater": ["Дуэль"]}'.encode(encoding))
    assert load(saved) == timeline
    assert load(words).keys[0].prompt == "Дуэль"
    assert load_script(script).scenes[0].look == "Дуэль"
    assert read_prompts(prompts, ["underwater"]) == {"underwater": ["Дуэль"]}


def test_text_that_begins_with_a_mark_is_parsed() -> None:
    timeline = Timeline.of("underwater")
    assert parse("\ufeff" + json.dumps(timeline_to_dict(timeline))) == timeline
    assert parse('\ufeff{"0": "underwater"}').keys[0].prompt == "underwater"


def test_a_timeline_in_another_encoding_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "tl.json"
    path.write_bytes('{"0": "Дуэль"}'.encode("utf-16-le"))
    with pytest.raises(PromptError, match=r"tl\.json: it holds zero bytes, as UTF-16 and UTF-32 text does; save it as"):
        load(path)


# -- names of what is written


@pytest.mark.parametrize(
    ("name", "kind"), [("a.mp4", "mp4"), ("a.M4V", "mp4"), ("a.mov", "mov"), ("a.mkv", "matroska")]
)
def test_a_film_is_written_as_its_name_says(name: str, kind: str, tmp_path: Path) -> None:
    path = write_film(Film([Card("x", 0.5)], size=(64, 48)), tmp_path / name, lambda done, total: None)
    with av.open(str(path)) as film:
        assert kind in film.format.name.split(",")
        brand = film.metadata.get("major_brand", "").strip()
    assert (brand == "qt") == (kind == "mov")
    assert [round(frame.time_s * 24) for frame in VideoSource(path)] == list(range(12))


@pytest.mark.parametrize("name", ["a.webm", "a.avi", "a", "a.mp4.part", "a.png"])
def test_a_film_of_another_name_is_refused_with_the_legal_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"a video is written as \.mp4, \.m4v, \.mov, \.mkv"):
        write_film(Film([Card("x", 0.5)], size=(64, 48)), tmp_path / name, lambda done, total: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("to", "name"), [("mp4", "a.webm"), ("otio", "a.mp4"), ("mp4", "a.otio"), ("otio", "a")])
def test_an_export_of_another_name_is_refused_with_the_legal_ones(
    to: str, name: str, edge_take: Take, tmp_path: Path
) -> None:
    with pytest.raises(TakeError, match=rf"{name}: {to} is written as \.{to}"):
        export(edge_take, to, tmp_path / name, progress=lambda done, total: None)
    assert not (tmp_path / name).exists()


def test_a_folder_that_is_not_there_is_named(edge_take: Take, tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "such"
    film = Film([Card("x", 0.2)], size=(64, 48))
    says = f"there is no folder {nowhere} for out"
    with pytest.raises(MediaError, match=says):
        write_film(film, nowhere / "out.mp4", lambda done, total: None)
    with pytest.raises(MediaError, match=says):
        VideoWriter(nowhere / "out.mp4", 64, 48)
    for to in ("mp4", "otio"):
        with pytest.raises(MediaError, match=says):
            export(edge_take, to, nowhere / f"out.{to}", progress=lambda done, total: None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is simulated by Linux alone")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    full = tmp_path / "full.mp4"
    full.symlink_to("/dev/full")
    film = Film([Card("x", 2)], size=(320, 240))
    with pytest.raises(OSError, match=r"No space left on device.*full\.mp4"):
        _write(full, film)


def _write(path: Path, film: Film) -> None:
    """Write a film's first card over what is there."""
    with VideoWriter(path, *film.size, film.fps) as writer:
        for n, rgb in enumerate(film.parts[0].frames(film.size, film.fps)):
            writer.write(Frame(rgb, n, n / film.fps))


def test_a_slate_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(TakeError, match="cannot name a folder"):
        Slate("caf\udce9")
