"""A take for the world outside: MP4 at a constant rate with sound, and an OpenTimelineIO file for the editing room."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
from av.error import FFmpegError

from engine.media.video import VideoSource
from engine.prompts import blend, words
from engine.types import Frame
from studio.background import Progress
from studio.takes.documents import TakeError
from studio.takes.frames import pictures, write_video
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.curves import Keyframes
from studio.timeline.files import keyframes_to_rows, track_to_dict
from studio.timeline.timeline import Timeline

SAMPLE_RATE = 48_000
"""Of the exported sound, per second; Opus has no other."""
JITTER_S = 0.03
"""WebM counts milliseconds, and a microphone's clock drifts: what fits so nearly follows without a gap."""
NAMESPACE = "lsd-studio"
"""Where our metadata stands in an .otio."""


def pick(take: Take, version: str | None) -> Render | str:
    """The picture to export: `raw`, `live` or a version such as `v002`; by default the newest version, else live."""
    versions = {render.name: render for render in take.renders}
    if version is None:
        return take.renders[-1] if versions else "live"
    if version in ("raw", "live"):
        return version
    if version not in versions:
        raise TakeError(f"{take.name} has no version {version!r}; it has {', '.join(['raw', 'live', *versions])}")
    return versions[version]


def write_mp4(take: Take, out: Path, version: str | None = None, progress: Progress | None = None) -> None:
    """Write a version at the source's nominal rate, constant, with the microphone's sound where there is one."""
    picked = pick(take, version)
    frames = VideoSource(picked.video) if isinstance(picked, Render) else pictures(take, picked)
    picture = take.manifest.picture
    if picture is None or not take.frames:
        raise TakeError(f"{take.name} holds no picture; nothing to export")
    total = max(1, round(take.duration_s * picture.fps))

    def counted() -> Iterator[Frame]:
        for frame in constant_rate(frames, picture.fps, total):
            yield frame
            if progress:
                progress(frame.index + 1, total)

    with tempfile.TemporaryDirectory(prefix=".part-", dir=out.absolute().parent) as folder:
        silent = Path(folder) / "silent.mp4"
        write_video(silent, counted(), take)
        if sounds := take.sounds:
            whole = Path(folder) / "whole.mp4"
            _add_sound(silent, sounds, whole)
            whole.replace(out)
        else:
            silent.replace(out)


def write_otio(take: Take, out: Path) -> None:
    """Write the take as a timeline: a track for the world's newest version, one for each older, one for the camera.

    Prompt keys, markers and mattes are markers on the clips, with prompt, fade and weights, or region and values, as
    metadata; parameters over time are the clip's own.
    """
    if take.manifest.picture is None or not take.frames:
        raise TakeError(f"{take.name} holds no picture; nothing to export")
    rate = take.manifest.picture.fps
    timeline = otio.schema.Timeline(take.name)
    timeline.metadata[NAMESPACE] = {"take": take.manifest.slate.model_dump(), "seed": take.manifest.engine.seed}
    layers = [
        ("camera", take.folder / "proxy" / "raw.mp4", None),
        ("live", take.folder / "proxy" / "live.mp4", take.timeline),
    ]
    layers += [(render.name, render.video, render.timeline) for render in take.renders]
    for name, path, played in layers:
        timeline.tracks.append(_track(name, path, out.absolute().parent, take, rate, played))
    for number, (_, path) in enumerate(take.sounds, start=1):
        track = _track(f"sound {number}", path, out.absolute().parent, take, rate, None)
        track.kind = otio.schema.TrackKind.Audio
        timeline.tracks.append(track)
    out.write_text(otio.adapters.write_to_string(timeline, "otio_json") + "\n", encoding="utf-8")


def constant_rate(frames: Iterable[Frame], fps: float, total: int) -> Iterator[Frame]:
    """`total` frames at a constant rate: at each moment the newest picture that is there by mid-frame."""
    shown: Frame | None = None
    tick = 0
    for frame in frames:
        while shown is not None and tick < total and (tick + 0.5) / fps < frame.time_s:
            yield Frame(shown.rgb, tick, tick / fps)
            tick += 1
        shown = frame
    while shown is not None and tick < total:
        yield Frame(shown.rgb, tick, tick / fps)
        tick += 1


def _track(name: str, path: Path, beside: Path, take: Take, rate: float, played: Timeline | None) -> otio.schema.Track:
    span = otio.opentime.TimeRange(_time(0.0, rate), _time(take.duration_s, rate))
    inside = path.absolute().is_relative_to(beside)
    url = path.absolute().relative_to(beside).as_posix() if inside else path.absolute().as_uri()
    clip = otio.schema.Clip(f"{take.name} {name}", otio.schema.ExternalReference(url, span), span)
    for key in played.keys if played else ():
        marker = _marker(words(key.prompt), key.time_s, rate, otio.schema.MarkerColor.CYAN)
        marker.metadata[NAMESPACE] = {
            "prompt": [[text, weight] for text, weight in blend(key.prompt)],
            "time_s": key.time_s,
            "fade_s": key.fade_s,
        }
        clip.markers.append(marker)
    for mark in played.markers if played else ():
        clip.markers.append(_marker(mark.name, mark.time_s, rate, otio.schema.MarkerColor.RED))
    for matte in played.mattes if played else ():
        begin, end = _seen(matte.weight, take.duration_s)
        marker = _marker(
            f"{matte.name}: {words(matte.prompt)}", begin, rate, otio.schema.MarkerColor.MAGENTA, end - begin
        )
        marker.metadata[NAMESPACE] = {"where": dict(matte.region), "values": keyframes_to_rows(matte.weight)}
        clip.markers.append(marker)
    if played and played.tracks:
        clip.metadata[NAMESPACE] = {"tracks": [track_to_dict(track) for track in played.tracks]}
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Video)
    track.append(clip)
    return track


def _marker(name: str, time_s: float, rate: float, color: str, for_s: float = 0.0) -> otio.schema.Marker:
    span = otio.opentime.TimeRange(_time(time_s, rate), _time(for_s, rate))
    return otio.schema.Marker(name=name, marked_range=span, color=color)


def _seen(weight: Keyframes, duration_s: float) -> tuple[float, float]:
    """From when to when a matte is to be seen: from its first rise to its last fall."""
    shows = [n for n, keyframe in enumerate(weight) if keyframe.value]
    first, last = shows[0], shows[-1]
    rises = first > 0 and weight[first].ease != "step"
    begin = weight[first - 1 if rises else first].time_s if first else 0.0
    return begin, min(weight[last + 1].time_s, duration_s) if last + 1 < len(weight) else duration_s


def _time(seconds: float, rate: float) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(round(seconds * rate), rate)


def _add_sound(silent: Path, sounds: Sequence[tuple[float, Path]], out: Path) -> None:
    """Copy the video's packets, and encode the sounds as AAC beside them, each from its time on."""
    with av.open(str(silent)) as video, av.open(str(out), "w", format="mp4") as mp4:
        picture = mp4.add_stream_from_template(video.streams.video[0])
        voice = mp4.add_stream("aac", rate=SAMPLE_RATE)
        voice.layout = "mono"
        for packet in video.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                mp4.mux(packet)
        heard = 0
        for samples in _soundtrack(sounds):
            frame = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, heard, Fraction(1, SAMPLE_RATE)
            heard += len(samples)
            mp4.mux(voice.encode(frame))
        mp4.mux(voice.encode(None))


def _soundtrack(sounds: Sequence[tuple[float, Path]]) -> Iterator[np.ndarray]:
    """Samples without a gap from the take's first frame on, silence between the sounds; (N,) float32 a piece."""
    heard = 0
    for start_s, path in sounds:
        for time_s, samples in _samples(path):
            begin = round((start_s + time_s) * SAMPLE_RATE)
            if abs(begin - heard) < JITTER_S * SAMPLE_RATE:
                begin = heard
            while heard < begin:
                silence = np.zeros(min(begin - heard, SAMPLE_RATE), np.float32)
                heard += len(silence)
                yield silence
            if len(rest := samples[heard - begin :]):
                heard += len(rest)
                yield rest


def _samples(path: Path) -> Iterator[tuple[float, np.ndarray]]:
    """A sound file's pieces in mono, (N,) float32, with their times in it; up to where a crash cut it."""
    resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
    try:
        with av.open(str(path)) as webm:
            for frame in webm.decode(audio=0):
                for piece in resampler.resample(frame):
                    yield float(piece.time or 0.0), piece.to_ndarray()[0]
    except (FFmpegError, IndexError) as error:
        raise TakeError(f"{path} is damaged: {error}; move it away to export without its sound") from None
