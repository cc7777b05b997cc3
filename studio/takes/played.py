"""What was played live, read from a take's events as a timeline: prompts, markers, parameters, regions and sets.

    {"kind": "prompt", "ticks": 0, "key": {...}}                  a key, as a timeline's JSON has it
    {"kind": "marker", "ticks": 2500000, "name": "the ball drops"}
    {"kind": "param", "ticks": 2500000, "name": "strength", "value": 0.5, "ease": "step"}
    {"kind": "region", "ticks": 2500000, "matte": {...}}          a matte, as a timeline's JSON has it
    {"kind": "set", "ticks": 2500000, "key": {...}}               a set's key, as a timeline's JSON has it

A parameter has its default until its first event, and reaches each value at its event's time: `step` at once, `linear`
or `smooth` on the way from the event before. An event gives way to one that is written after it for an earlier time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from studio.takes.manifest import TICKS_PER_SECOND
from studio.timeline import curves
from studio.timeline.curves import Keyframe, Keyframes
from studio.timeline.files import key_from_dict, matte_from_dict, set_key_from_dict
from studio.timeline.keys import Key, Marker, Matte, Track
from studio.timeline.parameters import parameter_of
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline

_NOTHING: Keyframes = (Keyframe(0.0, 0.0),)


def timeline_of(events: Iterable[Mapping[str, Any]]) -> Timeline:
    """The timeline of a take's events. Raises KeyError, TypeError or PromptError for events that are damaged."""
    keys: dict[float, Key] = {}
    markers: list[Marker] = []
    curves_by_name: dict[str, list[Keyframe]] = {}
    regions: list[tuple[float, Matte]] = []
    sets: dict[float, SetKey] = {}
    for event in events:
        if event["kind"] == "prompt":
            key = key_from_dict(event["key"])
            keys[key.time_s] = key  # asked for again at the same frame: the later one holds
        elif event["kind"] == "marker":
            markers.append(Marker(_seconds(event), str(event["name"]).strip() or "Marker"))
        elif event["kind"] == "param":
            name = str(event["name"])
            keyframe = Keyframe(_seconds(event), event["value"], event.get("ease", "step"))
            _reach(curves_by_name.setdefault(name, []), keyframe, parameter_of(name).default)
        elif event["kind"] == "region":
            regions.append((_seconds(event), matte_from_dict(event["matte"])))
        elif event["kind"] == "set":
            set_key = set_key_from_dict(event["key"])
            sets[set_key.time_s] = set_key
    tracks = tuple(Track(name, tuple(keyframes)) for name, keyframes in curves_by_name.items())
    timeline = Timeline(tuple(keys.values()), tuple(markers), tracks=tracks, sets=tuple(sets.values()))
    for time_s, matte in regions:
        timeline = with_region(timeline, time_s, matte)
    return timeline


def with_region(timeline: Timeline, time_s: float, matte: Matte) -> Timeline:
    """The timeline with a part of the picture from `time_s` on, in place of the one of the same name.

    The past stays: nothing of the new one shows before, and the old one ends there, in the middle of a way too; of a
    smooth one even ways are left, as curves.py cuts it. A box is followed from `time_s` on
    at the earliest; that of a part which is in the timeline already, as with another prompt, keeps its track. One
    whose weight is 0 from then on takes the part away.
    """
    if matte in timeline.mattes:
        return timeline
    continues = any(other.region == matte.region for other in timeline.mattes)
    region = matte.region if continues else _followed_from(matte.region, time_s)
    others = [
        replace(other, weight=_ended(other.weight, time_s)) if other.name == matte.name else other
        for other in timeline.mattes
    ]
    weight = curves.joined(_NOTHING, curves.since(matte.weight, time_s), time_s) if time_s else matte.weight
    mattes = (*others, replace(matte, region=region, weight=weight))
    shown = tuple(other for other in mattes if any(keyframe.value for keyframe in other.weight))
    return replace(timeline, mattes=shown)


def _ended(weight: Keyframes, time_s: float) -> Keyframes:
    """As it was up to that time, whatever was on its way there, and 0 from it on."""
    return curves.joined(curves.until(weight, time_s), _NOTHING, time_s) if time_s else _NOTHING


def _reach(keyframes: list[Keyframe], keyframe: Keyframe, default: float) -> None:
    """Append a keyframe to those of a parameter; what was to come later gives way, and what was on its way stops."""
    if keyframes and keyframes[-1].time_s > keyframe.time_s:
        keyframes[:] = curves.until(tuple(keyframes), keyframe.time_s)
    while keyframes and keyframes[-1].time_s == keyframe.time_s:
        if keyframe.ease == "step" != keyframes[-1].ease:
            break  # a ramp that ends where the jump begins
        keyframes.pop()
    if not keyframes and keyframe.time_s:
        keyframes.append(Keyframe(0.0, default))
    keyframes.append(keyframe)


def _followed_from(region: Mapping[str, Any], time_s: float) -> Mapping[str, Any]:
    """With the last of the boxes that come before `time_s` at that time, and without the earlier ones."""
    boxes = region.get("box")
    if not isinstance(boxes, Mapping):
        return region
    by_time = sorted((float(at), box) for at, box in boxes.items())
    early = [box for at, box in by_time if at <= time_s]
    later = {repr(at): box for at, box in by_time if at > time_s}
    return {**region, "box": {repr(time_s): early[-1], **later} if early else later}


def _seconds(event: Mapping[str, Any]) -> float:
    return float(event["ticks"] / TICKS_PER_SECOND)
