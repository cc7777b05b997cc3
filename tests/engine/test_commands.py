"""The engine's commands, as a user types them: what comes out, and what is said where nothing can."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from engine.__main__ import main
from engine.bench import moving_pictures
from engine.config import ModelConfig, lsd_test
from engine.evaluation.scores import MEASURES
from engine.evaluation.trials import TRIALS
from engine.media.video import VideoSource
from engine.models.checkpoint import card_path, load_weights, save_weights
from engine.models.hourglass import Hourglass
from engine.router import Router
from engine.tools.render import legal_size
from engine.types import Sizes


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the tiny test model."""
    config: ModelConfig = lsd_test()
    path = tmp_path_factory.mktemp("weights") / "test.safetensors"
    torch.manual_seed(0)
    network, router = Hourglass(config), Router(len(config.worlds), len(config.things))
    for parameter in network.parameters():
        parameter.data.normal_(std=0.1)
    router.world.weight.data.normal_(std=10)  # each text its own world
    save_weights(path, network, router, {})
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(next(moving_pictures(96, 64))).save(path)
    return path


Engine = Callable[..., tuple[int, str, str]]


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    """Run `python -m engine …` in this process: exit status, standard output, standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        code = exit_.value.code
        assert isinstance(code, int)
        return code, out, err

    return run


ONE = ("--threads", "1")
"""Tiny steps are faster on one core, the more so on a busy machine."""


def read(path: Path) -> np.ndarray:
    return np.stack([frame.rgb for frame in VideoSource(path)])


# -- render


def test_render_keeps_size_number_and_times(engine: Engine, small_clip: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    status, stdout, _ = engine("render", small_clip, out, "--prompt", "underwater", "--weights", weights, *ONE)
    assert (status, stdout) == (0, f"{out}: 24 frames\n")
    assert read(out).shape == (24, 64, 96, 3)
    assert [f.time_s for f in VideoSource(out)] == pytest.approx([f.time_s for f in VideoSource(small_clip)], abs=1e-3)


@pytest.mark.long
def test_the_same_seed_renders_the_same_and_another_does_not(
    engine: Engine, small_clip: Path, weights: Path, tmp_path: Path
) -> None:
    def rendered(name: str, seed: int) -> bytes:
        out = tmp_path / name
        arguments = ("--prompt", "snowfall", "--weights", weights, "--size", "64x64", "--seed", str(seed), *ONE)
        assert engine("render", small_clip, out, *arguments)[0] == 0
        return read(out).tobytes()

    first, same, other = rendered("a.mp4", 3), rendered("b.mp4", 3), rendered("c.mp4", 4)
    assert first == same
    assert first != other


@pytest.mark.long
def test_a_schedule_changes_nothing_before_its_key(
    engine: Engine, small_clip: Path, weights: Path, tmp_path: Path
) -> None:
    schedule = tmp_path / "schedule.json"
    schedule.write_text('{"0": "as it is", "0.5": {"prompt": "deep space", "fade_s": 0.25}}')
    arguments = ("--weights", weights, "--size", "64x64", *ONE)
    plain, scheduled = tmp_path / "plain.mp4", tmp_path / "scheduled.mp4"
    assert engine("render", small_clip, plain, "--prompt", "as it is", *arguments)[0] == 0
    assert engine("render", small_clip, scheduled, "--schedule", schedule, *arguments)[0] == 0
    difference = np.abs(read(plain).astype(int) - read(scheduled)).max((1, 2, 3))
    assert not difference[:12].any()
    assert difference[14:].all()


def test_a_picture_becomes_a_picture_or_a_video(engine: Engine, picture: Path, weights: Path, tmp_path: Path) -> None:
    arguments = ("--prompt", "pencil", "--weights", weights, *ONE)
    assert engine("render", picture, tmp_path / "out.png", *arguments)[0] == 0
    with Image.open(tmp_path / "out.png") as made:
        assert made.size == (96, 64)
    assert engine("render", picture, tmp_path / "out.mp4", *arguments, "--seconds", "0.5")[0] == 0
    assert len(read(tmp_path / "out.mp4")) == 12


@pytest.mark.long
def test_a_plate_stands_behind_the_cast_and_the_world_over_both(
    engine: Engine, small_clip: Path, weights: Path, tmp_path: Path
) -> None:
    plain, world, out = tmp_path / "plain.mp4", tmp_path / "world.mp4", tmp_path / "camera.mp4"
    # Nobody is in the clip, so that the plate fills it.
    assert engine("render", small_clip, plain, "--plate", "#2060c0")[0] == 0
    colours = np.median(next(iter(VideoSource(plain))).rgb.reshape(-1, 3), axis=0)
    assert np.abs(colours - (0x20, 0x60, 0xC0)).max() <= 3
    arguments = "--prompt", "underwater", "--weights", weights, *ONE
    assert engine("render", small_clip, world, "--plate", "#2060c0", *arguments)[0] == 0
    assert engine("render", small_clip, out, *arguments)[0] == 0
    assert len(list(VideoSource(world))) == len(list(VideoSource(small_clip)))
    assert world.read_bytes() != out.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--plate", "nowhere.jpg"], "nowhere.jpg does not exist; a plate is a picture or a clip"),
        (["--plate", "#12"], "'#12' is not a colour"),
        (["--plate", "blur", "--matter", "ghost"], "'ghost' is not a matte; there are person"),
    ],
)
def test_a_plate_that_cannot_be_used_says_why(
    engine: Engine, small_clip: Path, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    status, _, err = engine("render", small_clip, tmp_path / "out.mp4", *arguments)
    assert status != 0
    assert complaint in " ".join(err.split())
    assert not (tmp_path / "out.mp4").exists()


def test_of_a_truncated_video_what_decodes_is_kept(
    engine: Engine, clip: Callable[[str], Path], weights: Path, tmp_path: Path
) -> None:
    truncated, out = tmp_path / "truncated.mp4", tmp_path / "out.mp4"
    truncated.write_bytes(clip("foreman-cif").read_bytes()[:40_000])
    status, stdout, err = engine(
        *("render", truncated, out, "--prompt", "snow"), *("--weights", weights, "--size", "64x64", *ONE)
    )
    assert status == 1
    kept = len(read(out))
    assert kept > 5
    assert stdout == ""
    assert f"{kept} frames were kept" in err
    assert "missing at the end" in err


def test_an_odd_size_is_rendered(engine: Engine, small_clip: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    assert engine("render", small_clip, out, "--prompt", "snow", "--weights", weights, "--size", "97x65", *ONE)[0] == 0
    assert read(out).shape[1:3] == (66, 98), "4:2:0 has even sizes only"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.mp4", "out.mp4", "--prompt", "snow"], "none.mp4 does not exist"),
        (["empty.mp4", "out.mp4", "--prompt", "snow"], "empty.mp4 is empty"),
        (["text.mp4", "out.mp4", "--prompt", "snow"], "text.mp4 is not a video"),
        (["clip.mp4", "out.mp4", "--prompt", "  "], "the prompt is empty"),
        (["clip.mp4", "out.mp4", "--prompt", "x" * 5000], "5,000 characters"),
        (["clip.mp4", "out.mp4"], "give either --prompt"),
        (["clip.mp4", "out.mp4", "--prompt", "snow", "--schedule", "bad.json"], "give either --prompt"),
        (["clip.mp4", "out.mp4", "--schedule", "bad.json"], "bad.json: line 2, column 2"),
        (["clip.mp4", "out.mp4", "--schedule", "none.json"], "none.json"),
        (["clip.mp4", "out.avi", "--prompt", "snow"], "out.avi: a render is an .mp4"),
        (["clip.mp4", "out.png", "--prompt", "snow"], "name the output .mp4"),
        (["clip.mp4", "clip.mp4", "--prompt", "snow"], "would overwrite its own source"),
        (["clip.mp4", "nowhere/out.mp4", "--prompt", "snow"], "there is no folder"),
        (["clip.mp4", "out.mp4", "--prompt", "snow", "--size", "12x12"], "out of range"),
        (["clip.mp4", "out.mp4", "--prompt", "snow", "--size", "large"], "is not a size"),
        (["clip.mp4", "out.mp4", "--prompt", "snow", "--device", "abacus"], "'abacus' is not one of auto, cpu"),
        (["clip.mp4", "out.mp4", "--prompt", "snow", "--weights", "text.mp4"], "only safetensors is read"),
        (["clip.mp4", "out.mp4", "--prompt", "snow", "--weights", "wrong.safetensors"], "has sha256"),
    ],
)
def test_what_cannot_be_rendered_says_why_and_leaves_nothing(
    arguments: list[str],
    says: str,
    engine: Engine,
    small_clip: Path,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("TERMINAL_WIDTH", "300")
    Path("clip.mp4").write_bytes(small_clip.read_bytes())
    Path("empty.mp4").touch()
    Path("text.mp4").write_text("no video at all, but a page of text " * 50)
    Path("bad.json").write_text('{"0": "snow",\n "soon": "pencil"}')
    Path("wrong.safetensors").write_bytes(weights.read_bytes())
    card_path(Path("wrong.safetensors")).write_text(json.dumps({"sha256": "0" * 64}))
    if "--weights" not in arguments:
        arguments = [*arguments, "--weights", str(weights)]
    status, stdout, err = engine("render", *arguments)
    assert status != 0
    assert stdout == ""
    assert says in err
    assert Path("clip.mp4").read_bytes() == small_clip.read_bytes()
    assert not [path for path in Path().iterdir() if path.name.startswith("out")]


def test_a_legal_size_stays_and_others_come_near() -> None:
    assert legal_size(97, 65) == (97, 65)
    assert legal_size(3840, 2160) == (1920, 1080)
    assert legal_size(1080, 1920) == (608, 1080)
    assert legal_size(32, 16) == (128, 64)
    for width, height in ((5000, 10), (10, 5000), (1, 1), (1921, 1080)):
        wide, tall = legal_size(width, height)
        assert Sizes.smallest[0] <= wide <= Sizes.largest[0]
        assert Sizes.smallest[1] <= tall <= Sizes.largest[1]


# -- teacher


def test_the_teacher_paints_its_world(engine: Engine, small_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    assert engine("teacher", small_clip, out, "--world", "pencil")[0] == 0
    drawn, filmed = read(out).astype(int), read(small_clip).astype(int)
    assert drawn.shape == filmed.shape
    assert np.ptp(drawn, axis=-1).mean() < 0.3 * np.ptp(filmed, axis=-1).mean(), "a pencil has no colours"


def test_an_unknown_world_is_named_beside_the_known(engine: Engine, small_clip: Path, tmp_path: Path) -> None:
    status, _, err = engine("teacher", small_clip, tmp_path / "out.mp4", "--world", "atlantis")
    assert status == 1
    assert "'atlantis' is not a world; there are as-is, underwater" in err


# -- bench


@pytest.mark.long
def test_bench_prints_one_json_object(engine: Engine, weights: Path) -> None:
    status, stdout, _ = engine("bench", "--json", "--weights", weights, "--size", "96x64", "--frames", "205", *ONE)
    report = json.loads(stdout)
    assert status == 0
    ms = report["frame_ms"]
    assert 0 < ms["p50"] <= ms["p95"] <= ms["p99"] <= ms["max"]
    assert 1000 / ms["max"] <= report["fps"]
    assert set(report["rss_mb_at"]) == {"200", "205"}
    assert max(report["rss_mb_at"].values()) <= report["peak_rss_mb"]
    assert report["device"] in ("cpu", "cuda", "mps")
    assert report["dtype"] in ("bfloat16", "float32")
    assert (report["steps"], report["size"], report["frames"]) == (1, "96x64", 205)
    assert report["weights_hash"] == load_weights(weights).sha256
    assert min(report["convolution"]["gflops"]) > 0


@pytest.mark.long
def test_bench_prints_a_table(engine: Engine, weights: Path) -> None:
    status, stdout, _ = engine("bench", "--weights", weights, "--size", "64x64", "--frames", "2", "--steps", "2", *ONE)
    assert status == 0
    assert "frame_ms p99" in stdout
    assert "2 steps" in stdout


@pytest.mark.long
def test_bench_of_sets_finds_a_cast_and_times_it_by_turns(engine: Engine, weights: Path) -> None:
    arguments = "--sets", "--json", "--weights", weights, "--size", "192x108", "--frames", "4", *ONE
    status, out, _ = engine("bench", *arguments)
    assert status == 0
    figures = json.loads(out)
    assert figures["frames"] == 4
    assert 0.1 < figures["cast"] < 0.5  # the drawn figure is taken for a person
    assert figures["parts_added_ms"] == pytest.approx(
        sum(figures["parts_ms"][name]["p50"] for name in ("matte", "colours", "composite")), abs=0.02
    )
    assert engine("bench", "--sets", "--weights", weights, "--size", "192x108", "--frames", "2", *ONE)[0] == 0


def test_bench_pictures_move_and_differ() -> None:
    pictures = moving_pictures(96, 64)
    first, second, third = (next(pictures).astype(int) for _ in range(3))
    assert first.shape == (64, 96, 3)
    assert np.abs(first - second).mean() > 0.5
    assert np.abs(second - third).mean() > 0.5
    assert first.std() > 10


# -- eval


def test_eval_writes_figures_and_a_sheet(
    engine: Engine, clip: Callable[[str], Path], weights: Path, tmp_path: Path
) -> None:
    clips, out, prompts = tmp_path / "clips", tmp_path / "eval.json", tmp_path / "prompts.json"
    clips.mkdir()
    (clips / "a.mp4").write_bytes(clip("foreman-cif").read_bytes())
    (clips / "b.mp4").write_bytes(b"not a video")
    prompts.write_text(json.dumps({"underwater": ["under the sea"], "pencil": ["a pencil drawing", "graphite"]}))
    status, stdout, err = engine(
        *("eval", "--clips", clips, "--prompts", prompts, "--json", out),
        *("--weights", weights, "--frames", "2", "--size", "96x64", *ONE),
    )
    report = json.loads(out.read_text())
    assert status == 0
    assert str(out) in stdout
    assert "skipped b.mp4" in err
    assert [row["file"] for row in report["skipped"]] == ["b.mp4"]
    assert set(report["per_world"]) == {"underwater", "pencil"}
    assert report["adherence"] == pytest.approx(
        sum(report["per_world"][w] * n for w, n in (("underwater", 1), ("pencil", 2))) / 3, abs=1e-3
    )
    assert {"psnr_db", "ssim", "flicker_ratio", "distance"} <= set(report)
    assert "sharpness_ratio" not in report, "it was not asked for"
    assert report["pairs"] == 3
    assert Path(report["contact_sheet"]).is_file()
    assert report["setup"]["weights_hash"] == load_weights(weights).sha256


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--clips", "nowhere"], "is not a folder"),
        (["--clips", "empty"], "has no video and no picture"),
        (["--clips", "clips", "--prompts", "unknown.json"], "'atlantis' is not a world"),
        (["--clips", "clips", "--measures", "beauty"], "unknown measure beauty"),
        (["--clips", "clips", "--split", "test"], "held_out or train"),
        (["--clips", "clips", "--json", "nowhere/out.json"], "there is no folder"),
    ],
)
def test_what_cannot_be_evaluated_says_why(
    arguments: list[str], says: str, engine: Engine, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERMINAL_WIDTH", "300")
    Path("empty").mkdir()
    Path("clips").mkdir()
    Path("clips/a.mp4").touch()
    Path("unknown.json").write_text('{"atlantis": ["under the sea"]}')
    if "--json" not in arguments:
        arguments = [*arguments, "--json", "out.json"]
    status, _, err = engine("eval", *arguments, "--weights", weights)
    assert status != 0
    assert says in err
    assert not Path("out.json").exists()


def test_all_measures_and_trials_are_listed(engine: Engine) -> None:
    status, stdout, _ = engine("eval", "--list-measures")
    assert status == 0
    assert all(name in stdout for name in (*MEASURES, *TRIALS))


# -- the entry point


@pytest.mark.long
def test_help_answers_without_loading_torch() -> None:
    code = """
import sys
from engine.__main__ import main
try:
    main(["render", "--help"])
finally:
    assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--schedule" in done.stdout


@pytest.mark.long
def test_an_error_ends_in_one_line_and_status_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine", "render", "none.mp4", str(tmp_path / "out.mp4"), "--prompt", "snow"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "error: none.mp4 does not exist; give the path of a video file"


# -- sheet, film


@pytest.mark.long
def test_a_sheet_and_a_film_show_the_worlds(engine: Engine, small_clip: Path, weights: Path, tmp_path: Path) -> None:
    picture, movie = tmp_path / "sheet.png", tmp_path / "film.mp4"
    arguments = ("--weights", weights, "--size", "96x64", *ONE)
    assert engine("sheet", small_clip, picture, "--at", "0.3", *arguments)[0] == 0
    with Image.open(picture) as image:
        assert image.width > 5 * 256
    status, stdout, _ = engine(
        "film", small_clip, movie, "--seconds", "2", "--worlds", "underwater,pencil,cartoon", *arguments
    )
    assert (status, stdout) == (0, f"{movie}: 48 frames\n")
    assert len(read(movie)) == 48
    status, _, stderr = engine("film", small_clip, movie, "--worlds", "atlantis", *arguments)
    assert status == 1
    assert "'atlantis' is not a world; there are as-is, underwater" in stderr


@pytest.mark.long
def test_a_render_says_that_it_leaves_the_sound_out(
    engine: Engine, weights: Path, small_clip: Path, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.mp4"
    with av.open(str(small_clip)) as clip, av.open(str(heard), "w") as container:
        picture, sound = container.add_stream_from_template(clip.streams.video[0]), container.add_stream("aac", 48_000)
        for packet in clip.demux(video=0):
            if packet.size:
                packet.stream = picture
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    for source, says in ((heard, True), (small_clip, False)):
        status, out, _ = engine("render", source, tmp_path / "out.mp4", "--prompt", "underwater", "--weights", weights)
        assert status == 0
        assert ("without the sound of the source" in out) == says
