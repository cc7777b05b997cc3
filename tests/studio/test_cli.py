"""The command line as it is typed: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from studio.__main__ import main
from studio.takes.documents import file_sha256
from studio.takes.take import Take
from tests.studio.takes.test_sound import clip, onset_s

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("takes", "ls")` -> exit status, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        out, err = capsys.readouterr()
        return status, out, err

    return call


def _versions(first: Path, number: int) -> list[Path]:
    """The versions that the variants made of T001 and T002, by name."""
    return sorted((first.with_name(f"T{number:03d}") / "renders").glob("v*"))[-4:]


def _made(version: Path) -> tuple[str, int]:
    (render,) = (one for one in Take.open(version.parents[1]).renders if one.folder == version)
    return render.timeline.texts()[0], render.info["engine"]["seed"]


@pytest.mark.long
def test_record_render_check_export_and_list(run: Run, small_clip: Path, tmp_path: Path) -> None:
    """The chain of a take: the last line of standard output is the folder, alone."""
    sessions = tmp_path / "sessions"
    schedule = tmp_path / "words.json"
    schedule.write_text('{"0": "underwater", "0.5": {"prompt": "wild west", "fade_s": 0.2}}')
    at = ("--sessions", sessions)
    shot = ("--source", small_clip, "--production", "Film", "--size", "96x64", *at)
    status, out, err = run("record", *shot, "--schedule", schedule)
    assert status == 0, err
    take = Take.open(Path(out.splitlines()[-1]))
    assert (take.state, len(take.made), len(take.timeline.keys)) == ("complete", 24, 2)
    deforum = tmp_path / "deforum.json"
    deforum.write_text('{"0": "underwater", "12": {"prompt": "wild west", "fade_s": 0.2}}')
    status, out, err = run("record", *shot, "--schedule", deforum, "--frames", 24)
    assert Take.open(Path(out.splitlines()[-1])).timeline == take.timeline, err
    assert "its frames are converted" not in err
    shutil.rmtree(out.splitlines()[-1])
    status, out, err = run("record", *shot, "--schedule", deforum, "--frames", 25)
    assert "counts 25 frames a second and" in err
    shutil.rmtree(out.splitlines()[-1])
    assert run("record", *shot, "--prompt", "pencil")[1].splitlines()[-1].endswith("T002")

    schedule.write_text('{"0": "underwater", "0.75": "pencil"}')
    status, out, err = run("render", take.folder, "--schedule", schedule, *at)
    version = Path(out.splitlines()[-1])
    assert (status, version.name) == (0, "v001"), err
    assert (version / "out.mp4").stat().st_size > 0

    schedule.write_text('{"0": "underwater", "18": "pencil"}')
    status, out, err = run("render", take.folder, "--schedule", schedule, "--frames", 24, *at)
    assert Path(out.splitlines()[-1]) == version, "the same keys, counted in frames: the version that is there"
    script = tmp_path / "script.yaml"
    head = "schema: lsd-studio.script\nversion: 1\nscenes: {sea: underwater}\n"
    script.write_text(f"{head}beats: [{{at: 0, scene: sea}}, {{at: 9, scene: sea}}]")
    status, out, err = run("render", take.folder, "--script", script, *at)
    assert (status, Path(out.splitlines()[-1]).name) == (0, "v002"), err
    assert "warning: beat 2 (script.yaml, line 4): it is at 9 s, past the end" in " ".join(err.split())
    script.write_text(f"{head}beats: [{{at: 0, scene: see}}]")
    status, _, err = run("render", take.folder, "--script", script, *at)
    assert status == 1
    assert "no scene is called 'see'; did you mean 'sea'?" in err

    nowhere = tmp_path / "nowhere"
    variants = ("--prompt", "underwater", "--prompt", "pencil", "--seed", 1, "--seed", 2, "--workers", 2)
    status, out, err = run("render", take.folder, nowhere, take.folder.with_name("T002"), *variants, *at)
    assert status == 1
    assert f"failed: {' '.join(nowhere.parts[-4:])}, seed 1: {nowhere} is not a folder" in " ".join(err.split())
    assert "2 of 10 renders failed" in err
    versions = [Path(line) for line in out.splitlines()]
    assert sorted(versions) == [folder for number in (1, 2) for folder in _versions(take.folder, number)]
    assert [_made(version) for version in versions[:4]] == [(t, s) for t in ("underwater", "pencil") for s in (1, 2)]

    status, out, err = run("check", take.folder, *at)
    assert status == 0, err
    assert "24 of 24 are the same, byte for byte" in out

    for kind in ("mp4", "otio"):
        status, _, err = run("export", take.folder, "--to", kind, "--out", tmp_path / f"out.{kind}", *at)
        assert status == 0, err
        assert (tmp_path / f"out.{kind}").stat().st_size > 0

    status, out, _ = run("takes", "ls", "--json", *at)
    assert status == 0
    assert len(json.loads(out)) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere"], "nowhere is not a folder"),
        (["record", "--source", "{clip}", "--production", "../../etc", "--prompt", "pencil"], "production"),
        (["record", "--source", "{text}", "--production", "film", "--prompt", "pencil"], "text.mp4"),
        (["record", "--source", "{clip}", "--production", "film", "--prompt", "x" * 5000], "5,000"),
        (["record", "--source", "{clip}", "--production", "film", "--schedule", "{broken}"], "line 2"),
        (["record", "--source", "{clip}", "--production", "film", "--frames", "24"], "give --schedule FILE with it"),
        (
            ["record", "--source", "{clip}", "--production", "film", "--schedule", "{text}", "--frames", "0"],
            "0.0 frames",
        ),
        (["record", "--source", "{clip}", "--production", "film", "--weights", "{text}"], "safetensors"),
        (["record", "--source", "{clip}", "--production", "film", "--kind", "no-such-kind"], "no-such-kind"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    run: Run, small_clip: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    text, broken = tmp_path / "text.mp4", tmp_path / "broken.json"
    text.write_text("no video")
    broken.write_text('{"0": "underwater",\n "1": 5}')
    names = {"clip": small_clip, "text": text, "broken": broken}
    status, _, err = run(*(a.format(**names) for a in arguments), "--sessions", tmp_path / "sessions")
    assert status != 0
    assert says in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("sessions/**/raw.mkv"))


@pytest.mark.long
def test_help_is_fast_for_it_loads_no_engine() -> None:
    code = "import sys, studio.__main__; sys.exit('torch' in sys.modules or 'gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_record_keeps_the_sound_of_the_clip_in_sync(run: Run, tmp_path: Path) -> None:
    """The clip's tone begins at 0.4 s; so it does in the take, and in its export."""
    path = clip(tmp_path / "spoken.mp4", tone_s=0.4, length_s=0.8)
    status, out, err = run(
        "record", "--source", path, "--production", "Film", "--size", "96x64", "--sessions", tmp_path
    )
    assert status == 0, err
    take = Take.open(Path(out.splitlines()[-1]))
    ((start_s, sound),) = take.sounds
    assert onset_s(sound, start_s) == pytest.approx(0.4, abs=0.03)
    assert sound.name in take.manifest.files
    assert run("export", take.folder, "--to", "mp4", "--out", tmp_path / "out.mp4", "--sessions", tmp_path)[0] == 0
    assert onset_s(tmp_path / "out.mp4") == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("way", ["option", "environment", "file", "file with BOM and newline"])
def test_name_and_password_come_from_option_environment_or_file(
    way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[object] = []

    class Closed:
        url = share_url = "here"

        def wait(self) -> None: ...

    def serve(sessions: Path, **how: object) -> Closed:
        served.append(how["auth"])
        return Closed()

    monkeypatch.setattr("studio.app.server.serve", serve)
    login = tmp_path / "login.txt"
    login.write_bytes(b"ann:pass:word" if way == "file" else b"\xef\xbb\xbfann:pass:word\r\n")
    options = {"option": ["--auth", "ann:pass:word"], "environment": []}.get(way, ["--auth-file", str(login)])
    if way == "environment":
        monkeypatch.setenv("LSD_AUTH", "ann:pass:word")
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--sessions", str(tmp_path), *options])
    assert not ended.value.code
    assert served == [("ann", "pass:word")]


@pytest.mark.parametrize("content", [b"", b"ann", b"ann:", b":word", b"\xff\xfe", None])
def test_a_login_file_without_name_and_password_is_refused(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    login = tmp_path / "login.txt"
    if content is not None:
        login.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--auth-file", str(login)])
    assert ended.value.code == 1
    assert str(login) in capsys.readouterr().err


@pytest.mark.long
def test_a_set_stands_behind_a_recording_and_a_render(run: Run, small_clip: Path, tmp_path: Path) -> None:
    sessions, photo = tmp_path / "sessions", tmp_path / "beach.png"
    Image.linear_gradient("L").convert("RGB").save(photo)
    at = ("--sessions", sessions)
    shot = ("--source", small_clip, "--production", "Film", "--size", "96x64", *at)
    status, out, err = run("record", *shot, "--set", photo)
    assert status == 0, err
    take = Take.open(Path(out.splitlines()[-1]))
    name = f"{file_sha256(photo)}.png"
    assert [key.set for key in take.timeline.sets] == [{"file": name}]
    assert {f"sets/{name}", "matte.mkv"} <= take.manifest.files.keys()
    status, out, err = run("render", take.folder, "--set", "colour:#204060", "--set", "off", "--mattes", "anew")
    assert status == 0, err
    lines = {render.timeline.sets and render.timeline.sets[0].set["colour"] for render in take.renders}  # type: ignore[index,call-overload]
    assert lines == {"#204060", ()}
    status, _, err = run("render", take.folder, "--set", tmp_path / "gone.png")
    assert (status, "gone.png does not exist; give the path of a picture or a clip" in err) == (1, True)
    assert run("check", take.folder)[0] == 0


def serve(*options: str, cwd: Path) -> tuple[int, str, str]:
    """`lsd-studio serve` in a process of its own, for options with which it ends at once."""
    command = [sys.executable, "-m", "studio", "serve", *options]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.long
def test_a_device_that_is_not_there_ends_serve(tmp_path: Path) -> None:
    missing = "cuda" if sys.platform == "darwin" else "mps"
    status, out, error = serve("--device", missing, cwd=tmp_path)
    assert status == 1
    assert f"device '{missing}' is not available" in error
    assert "open at" not in out + error


@pytest.mark.long
def test_a_link_that_cannot_be_made_ends_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that makes links is one that refuses: a port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GRADIO_SHARE_SERVER_ADDRESS", "{}:{}".format(*probe.getsockname()))
        monkeypatch.setenv("HF_HOME", str(tmp_path / "nothing"))  # nor is the program that opens them there
        monkeypatch.setenv("HTTPS_PROXY", "http://{}:{}".format(*probe.getsockname()))
        status, out, error = serve("--share", cwd=tmp_path)
    assert status == 1
    assert "no public link could be made" in error
    assert "--auth" in error, "strangers would have come in"
    assert "open at" not in out + error
    assert "antivirus" not in out + error
