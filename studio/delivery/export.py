"""A take for the world outside: MP4 at a constant rate with sound, and an OpenTimelineIO file for the editing room."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import av
import opentimelineio as otio

from engine.media.files import published, write_whole
from engine.media.paths import local
from engine.media.video import VideoSource
from engine.prompts import blend, words
from engine.types import Frame
from studio.background import Progress
from studio.takes import sound
from studio.takes.documents import TakeError
from studio.takes.frames import pictures, write_video
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.curves import Keyframes
from studio.timeline.files import keyframes_to_rows, track_to_dict
from studio.timeline.timeline import Timeline

AAC_FRAME = 1024
"""Samples in a frame of AAC."""
EDITING_RATES = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 24_000 / 1001, 30_000 / 1001, 48_000 / 1001, 60_000 / 1001)
"""Rates for which there is timecode, and so EDL and XML: the first of them that holds a take's frames is its own."""
MOST_STILL_S = 120.0
"""The longest that an exported picture stands still: the live page ends a take after less without a frame, so that a
longer gap is a wrong time in the take."""
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


def exported_frames(take: Take, version: str | None = None, fps: float | None = None) -> Iterator[Frame]:
    """A version's frames as every format writes them: `exported_count` of them at a constant rate, numbered from 0.

    version: `raw`, `live` or `v001` …; the newest version by default, else live. fps: frames a second, by default the
    source's nominal rate. Raises TakeError at once for a version that is not there, or a take without a picture.
    """
    picked = pick(take, version)
    fps = fps or rate_of(take)
    frames = VideoSource(picked.video) if isinstance(picked, Render) else pictures(take, picked)
    return constant_rate(without_gaps(frames), fps, exported_count(take, fps))


def exported_count(take: Take, fps: float) -> int:
    """How many frames a take is at a constant rate: 1 or more."""
    times = [row.time_s for row in take.frames]
    return max(1, round((take.duration_s - (_gaps_before(times, times[-1]) if times else 0.0)) * fps))


def rate_of(take: Take) -> float:
    """The source's nominal rate, in frames a second. Raises TakeError for a take without a picture."""
    picture = take.manifest.picture
    if picture is None or not take.frames:
        raise TakeError(f"{take.name} holds no picture; nothing to export")
    return picture.fps


def write_mp4(take: Take, out: Path, version: str | None = None, progress: Progress | None = None) -> None:
    """Write `exported_frames` at the source's nominal rate, with the microphone's sound where there is one."""
    frames, fps = exported_frames(take, version), rate_of(take)
    total = exported_count(take, fps)

    def counted() -> Iterator[Frame]:
        for frame in frames:
            yield frame
            if progress:
                progress(frame.index + 1, total)

    with published(out) as part:
        if not take.sounds:
            write_video(part, counted(), take)
            return
        with tempfile.TemporaryDirectory(prefix=".part-", dir=out.absolute().parent) as folder:
            silent = Path(folder) / "silent.mp4"
            write_video(silent, counted(), take)
            times = [row.time_s for row in take.frames]
            heard = tuple((start_s - _gaps_before(times, start_s), path) for start_s, path in take.sounds)
            _add_sound(silent, heard, part, total / fps)


def write_otio(take: Take, out: Path, beside: Path | None = None) -> None:
    """Write the take as a timeline: a track for the world's newest version, one for each older, one for the camera.

    Prompt keys, markers and mattes are markers on the clips, with prompt, fade and weights, or region and values, as
    metadata; parameters over time are the clip's own. beside: the folder that it will lie in, from which its paths to
    the videos start; that of `out` by default.
    """
    beside = (beside or out.parent).absolute()
    rate = editing_rate(rate_of(take))
    timeline = otio.schema.Timeline(take.name)
    timeline.metadata[NAMESPACE] = {"take": take.manifest.slate.model_dump(), "seed": take.manifest.engine.seed}
    layers = [
        ("camera", take.folder / "proxy" / "raw.mp4", None),
        ("live", take.folder / "proxy" / "live.mp4", take.timeline),
    ]
    layers += [(render.name, render.video, render.timeline) for render in take.renders]
    for name, path, played in layers:
        timeline.tracks.append(_track(name, path, beside, take, rate, played))
    for number, (start_s, path) in enumerate(take.sounds, start=1):
        if track := _sound_track(f"sound {number}", path, beside, take, rate, start_s):
            timeline.tracks.append(track)
    write_whole(out, (otio.adapters.write_to_string(timeline, "otio_json") + "\n").encode())


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


def without_gaps(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames, none more than `MOST_STILL_S` after the one before."""
    left_out, last = 0.0, None
    for frame in frames:
        if last is not None:
            left_out += max(0.0, frame.time_s - last - MOST_STILL_S)
        last = frame.time_s
        yield replace(frame, time_s=frame.time_s - left_out)


def _gaps_before(times: Sequence[float], moment: float) -> float:
    """Seconds that `without_gaps` leaves out before a moment of the take."""
    pairs = itertools.pairwise(times)
    return sum(max(0.0, after - before - MOST_STILL_S) for before, after in pairs if after <= moment)


def editing_rate(fps: float) -> float:
    """The rate at which an editing room counts the frames of a take of that nominal rate, as timecode needs it.

    That is the rate itself where it is one of EDITING_RATES, else the least that is a multiple of it (30 for 10 or 15),
    else the nearest whole one above it, or the highest.
    """
    for rate in EDITING_RATES:
        if abs(rate / fps - 1) < 5e-4:
            return rate
    multiples = [rate for rate in EDITING_RATES if rate > fps and abs(rate / fps - round(rate / fps)) < 1e-3]
    return min(multiples or [rate for rate in EDITING_RATES if rate > fps and rate.is_integer()] or [60.0])


def _sound_track(
    name: str, path: Path, beside: Path, take: Take, rate: float, start_s: float
) -> otio.schema.Track | None:
    """A sound from its own start on, for its own length, within the take; None where nothing of it is in the take."""
    length_s = sound.length_s(path)
    begin_s, end_s = max(0.0, start_s), min(start_s + length_s, take.duration_s)
    if end_s <= begin_s:
        return None
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Audio)
    if begin_s:
        track.append(otio.schema.Gap(source_range=_span(0.0, begin_s, rate)))
    media = otio.schema.ExternalReference(_url(path, beside), _span(0.0, length_s, rate))
    track.append(otio.schema.Clip(f"{take.name} {name}", media, _span(begin_s - start_s, end_s - begin_s, rate)))
    return track


def _url(path: Path, beside: Path) -> str:
    """Where a file is, as a URL (RFC 3986): relative to the document where it lies beside or below it."""
    path = path.absolute()
    if not path.is_relative_to(beside):
        return path.as_uri()
    return quote(os.fsencode(path.relative_to(beside).as_posix()))  # a colon too: it would end a scheme's name


def _span(start_s: float, length_s: float, rate: float) -> otio.opentime.TimeRange:
    """Of sound, which is not cut at frames: to the sample, in frames and parts of them."""
    to_sample = [round(time_s * sound.SAMPLE_RATE) / sound.SAMPLE_RATE * rate for time_s in (start_s, length_s)]
    return otio.opentime.TimeRange(*(otio.opentime.RationalTime(frames, rate) for frames in to_sample))


def _track(name: str, path: Path, beside: Path, take: Take, rate: float, played: Timeline | None) -> otio.schema.Track:
    span = otio.opentime.TimeRange(_time(0.0, rate), _time(take.duration_s, rate))
    clip = otio.schema.Clip(f"{take.name} {name}", otio.schema.ExternalReference(_url(path, beside), span), span)
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
        values = keyframes_to_rows(matte.weight)
        marker.metadata[NAMESPACE] = {"where": dict(matte.region), "values": values, "made": matte.made}
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


def _add_sound(silent: Path, sounds: Sequence[tuple[float, Path]], out: Path, end_s: float) -> None:
    """Copy the video's packets, and encode the sounds as AAC beside them, each from its time on, up to `end_s`.

    AAC comes in whole frames, and the last one must not outlast the picture: what does not fill one is left out.
    """
    layout = "mono" if max(sound.channels(path) for _, path in sounds) < 2 else "stereo"
    with av.open(local(silent)) as video, av.open(local(out), "w", format="mp4") as mp4:
        picture = mp4.add_stream_from_template(video.streams.video[0])
        voice = mp4.add_stream("aac", rate=sound.SAMPLE_RATE)
        voice.layout = layout
        for packet in video.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                mp4.mux(packet)
        whole_s = int(end_s * sound.SAMPLE_RATE) // AAC_FRAME * AAC_FRAME / sound.SAMPLE_RATE
        for packet in sound.encode(voice, sound.soundtrack(sounds, layout, whole_s), layout):
            mp4.mux(packet)
