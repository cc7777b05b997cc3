"""What directs the live picture: a timeline that grows with what is asked for, on the director's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from studio.live.mailbox import PromptRequest, SetRequest, ValueRequest
from studio.live.takelog import REQUESTED
from studio.script.region import Box
from studio.takes.manifest import TICKS_PER_SECOND
from studio.timeline.curves import TICK_S, Keyframe, Keyframes, since, value_at
from studio.timeline.keys import Cue, Key
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline


class LiveCues:
    """Answers what holds at a tick of the director's clock. Belongs to the frame loop.

    timeline: what holds until something is asked for; its clock starts with the director's.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._set: dict[str, Keyframes] = {}
        """Parameters that were set live, in place of the timeline's tracks. They are not put into it: a slider that is
        moved would make a new timeline with every frame."""
        self._origin = 0
        """The director's tick at which the timeline's clock starts."""

    def at(self, ticks: int) -> tuple[Cue, float]:
        """What the picture is to become at that tick, and the seconds since the clock started."""
        time_s = self._seconds(ticks)
        cue = self.timeline.at(time_s)
        if self._set:
            values = {name: value_at(keyframes, time_s) for name, keyframes in self._set.items()}
            cue = replace(cue, parameters={**cue.parameters, **values})
        return cue, time_s

    def value(self, name: str, ticks: int) -> float:
        """What a parameter is at that tick; from any thread. Raises TimelineError for an unknown one."""
        time_s = max(0.0, self._seconds(ticks))
        keyframes = self._set.get(name)
        return value_at(keyframes, time_s) if keyframes else self.timeline.value(name, time_s)

    def restart(
        self, ticks: int, timeline: Timeline | None = None, seen: Mapping[str, Box | None] | None = None
    ) -> list[str]:
        """The timeline's clock starts anew at that tick, with what holds there, or with another timeline.

        seen: where the things that regions follow were seen last, by the regions' names. Such a region goes on from
        there, for its own box stands in the picture of a moment that is over. Returns those that end, for their thing
        is lost.
        """
        time_s = self._seconds(ticks)
        lost: list[str] = []
        if timeline is None:
            now, mattes = self.timeline.since(time_s), []
            for matte in now.mattes:
                if "box" not in matte.region:
                    mattes.append(matte)
                elif box := (seen or {}).get(matte.name):
                    mattes.append(replace(matte, region={**matte.region, "box": {repr(0.0): list(box)}}))
                else:
                    lost.append(matte.name)
            self.timeline = replace(now, mattes=tuple(mattes))
            self._set = {name: since(keyframes, time_s) for name, keyframes in self._set.items()}
        else:
            self.timeline, self._set = timeline, {}
        self._origin = ticks
        return lost

    def apply_prompt(self, request: PromptRequest, ticks: int, *, keep_past: bool) -> None:
        """Turn to a prompt at that tick; parameters, regions and, in a take, later keys stay.

        keep_past: the keys before it stay, too, as a take's record needs them.
        """
        time_s = self._seconds(ticks)
        asked = {REQUESTED: request.requested_ticks - self._origin}
        key = replace(request.key, time_s=time_s, metadata=asked)
        if not keep_past and time_s > 0:
            keys = (Key(0.0, self.timeline.prompts.at(time_s).blend), key)
            self.timeline = replace(self.timeline, keys=keys)
        elif key.time_s > self.timeline.keys[-1].time_s:
            self.timeline = self.timeline.extended(key)
        else:
            others = (other for other in self.timeline.keys if other.time_s != key.time_s)
            self.timeline = replace(self.timeline, keys=(*others, key))

    def apply_set(self, request: SetRequest, ticks: int, *, keep_past: bool) -> None:
        """Turn to a set at that tick; later keys stay. keep_past: as in `apply_prompt`."""
        time_s = self._seconds(ticks)
        key = replace(request.key, time_s=time_s, metadata={REQUESTED: request.requested_ticks - self._origin})
        others = tuple(other for other in self.timeline.sets if other.time_s != key.time_s)
        if not keep_past and time_s > 0:
            lane = self.timeline.set_lane
            layers, ruling, _ = lane.layers(time_s)
            before_s = max(0.0, time_s - TICK_S)  # when each of them stood already, so that its own clock goes on
            others = (SetKey(before_s, lane.carried(layers, 0.0, before_s)),) if ruling >= 0 else ()
        self.timeline = replace(self.timeline, sets=(*others, key))

    def set(self, request: ValueRequest, ticks: int) -> None:
        """Let a parameter reach a value from that tick on, in place of what the timeline has for it."""
        reached = Keyframe(self._seconds(ticks) + request.fade_s, request.value, request.ease)
        before = Keyframe(self._seconds(ticks), self.value(request.name, ticks))
        self._set[request.name] = (before, reached) if request.fade_s else (reached,)

    def _seconds(self, ticks: int) -> float:
        return (ticks - self._origin) / TICKS_PER_SECOND
