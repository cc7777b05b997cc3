"""Sounds on the take's clock: cut from clips, in sync with their picture, and as long as they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from studio.takes.documents import TakeError
from studio.takes.sound import SAMPLE_RATE, Part, channels, clip_sound, length_s, soundtrack


def clip(
    path: Path,
    codec: str = "aac",
    layout: str = "mono",
    picture_s: float = 0.0,
    tone_s: float = 1.0,
    length_s: float = 3.0,
    fps: int = 24,
) -> Path:
    """A clip whose picture begins at `picture_s` of the file; its sound begins at 0 and is a tone from `tone_s` on.

    In stereo the tone is on the left alone.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"bf": "0"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        audio = container.add_stream(codec, rate=SAMPLE_RATE)
        assert isinstance(audio, AudioStream)
        audio.layout = layout
        for n in range(round((length_s - picture_s) * fps)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 9 * n % 256, np.uint8), format="rgb24")
            frame.pts, frame.time_base = n + round(picture_s * fps), Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        time_s = np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE
        tone = np.where(time_s >= tone_s, 0.5 * np.sin(2 * np.pi * 440 * time_s), 0).astype(np.float32)
        both = np.stack([tone, np.zeros_like(tone)])[: 1 if layout == "mono" else 2]
        for at in range(0, both.shape[1] - 1023, 1024):
            sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(both[:, at : at + 1024]), "fltp", layout)
            sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


def onset_s(path: Path, start_s: float = 0.0) -> float:
    """When the tone of a sound file begins that itself begins at `start_s`."""
    samples = np.concatenate(list(soundtrack([(start_s, path)], "mono", 60.0)), axis=1)[0]
    return float(np.argmax(np.abs(samples) > 0.05) / SAMPLE_RATE)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "libopus"), ("a.mov", "aac"), ("a.ts", "mp2")])
@pytest.mark.parametrize(("start_s", "expected_s"), [(0.0, 1.0), (0.5, 0.5)])
def test_a_clips_sound_is_cut_in_sync(tmp_path: Path, name: str, codec: str, start_s: float, expected_s: float) -> None:
    path = clip(tmp_path / name, codec)
    out = tmp_path / "out.webm"
    out.write_bytes(b"".join(clip_sound(path, [Part(0, start_s, 2.5)])))
    assert onset_s(out) == pytest.approx(expected_s, abs=0.03)
    assert length_s(out) == pytest.approx(2.5 - start_s, abs=0.025)
    assert channels(out) == 1


def test_sound_counts_from_the_first_picture(tmp_path: Path) -> None:
    """A picture that begins half a second after the sound: the tone is half a second after the first picture."""
    path = clip(tmp_path / "late.mkv", "libopus", picture_s=0.5)
    (tmp_path / "out.webm").write_bytes(b"".join(clip_sound(path, [Part(0, 0, 2)])))
    assert onset_s(tmp_path / "out.webm") == pytest.approx(0.5, abs=0.03)


def test_stereo_stays_stereo(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", layout="stereo", tone_s=0.0)
    (tmp_path / "out.webm").write_bytes(b"".join(clip_sound(path, [Part(0, 0, 2)])))
    assert channels(tmp_path / "out.webm") == 2
    left, right = np.concatenate(list(soundtrack([(0.0, tmp_path / "out.webm")], "stereo", 9.0)), axis=1)
    assert np.abs(left).max() > 0.3
    assert np.abs(right).max() < 0.05


def test_a_silent_clip_and_a_moment_without_sound_give_nothing(tmp_path: Path, small_clip: Path) -> None:
    assert list(clip_sound(small_clip, [Part(0, 0, 1)])) == []
    assert list(clip_sound(clip(tmp_path / "a.mp4"), [Part(0, 5, 6)])) == []
    assert length_s(small_clip) == 0
    assert channels(small_clip) == 0


def test_a_soundtrack_has_no_gap_and_ends_with_the_take(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mkv", "libopus", tone_s=0.0)
    pieces = list(soundtrack([(0.5, path), (1.0, path)], "mono", 2.25))
    assert sum(piece.shape[1] for piece in pieces) == round(2.25 * SAMPLE_RATE)
    assert not np.concatenate(pieces, axis=1)[0, : SAMPLE_RATE // 2 - 2000].any()


def test_damaged_sound_says_which_file(tmp_path: Path) -> None:
    (tmp_path / "mic.webm").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(200))
    with pytest.raises(TakeError, match=r"mic\.webm is damaged"):
        list(soundtrack([(0.0, tmp_path / "mic.webm")], "mono", 1.0))
    assert length_s(tmp_path / "mic.webm") == 0


def test_a_clip_that_plays_again_is_heard_again(tmp_path: Path) -> None:
    """From 2.5 s of the clip to its end, then after a moment from its start: the tone from 1 s on."""
    path = clip(tmp_path / "a.mp4")
    (tmp_path / "out.webm").write_bytes(b"".join(clip_sound(path, [Part(0, 2.5, 3), Part(0.6, 0, 1.5)])))
    samples = np.concatenate(list(soundtrack([(0.0, tmp_path / "out.webm")], "mono", 9.0)), axis=1)[0]
    loud = np.abs(samples[: SAMPLE_RATE * 2].reshape(-1, SAMPLE_RATE // 20)).max(axis=1) > 0.2
    assert loud[1:9].all()
    assert not loud[11:31].any()
    assert loud[33:40].all()
