"""What directs the live picture: a timeline that grows with what is asked for, on the director's clock."""

from __future__ import annotations

from dataclasses import replace

from studio.live.mailbox import PromptRequest, ValueRequest
from studio.live.takelog import REQUESTED
from studio.takes.take import TICKS_PER_SECOND
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Cue, Key, Track
from studio.timeline.timeline import Timeline


class LiveCues:
    """Answers what holds at a tick of the director's clock. Belongs to the frame loop.

    timeline: what holds until something is asked for; its clock starts with the director's.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._origin = 0
        """The director's tick at which the timeline's clock starts."""

    def at(self, ticks: int) -> tuple[Cue, float]:
        """What the picture is to become at that tick, and the seconds since the clock started."""
        time_s = self._seconds(ticks)
        return self.timeline.at(time_s), time_s

    def value(self, name: str, ticks: int) -> float:
        """What a parameter is at that tick; from any thread."""
        return self.timeline.value(name, max(0.0, self._seconds(ticks)))

    def restart(self, ticks: int, timeline: Timeline | None = None) -> None:
        """The timeline's clock starts anew at that tick, with what holds there, or with another timeline."""
        self.timeline = timeline or self.timeline.since(self._seconds(ticks))
        self._origin = ticks

    def turn(self, request: PromptRequest, ticks: int, *, keep_past: bool) -> None:
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

    def set(self, request: ValueRequest, ticks: int) -> None:
        """Let a parameter reach a value from that tick on, in place of what the timeline has for it from there on."""
        time_s = self._seconds(ticks)
        reached = Keyframe(time_s + request.fade_s, request.value, request.ease)
        before = Keyframe(time_s, self.timeline.value(request.name, time_s))
        others = [track for track in self.timeline.tracks if track.name != request.name]
        track = Track(request.name, (before, reached) if request.fade_s else (reached,))
        self.timeline = replace(self.timeline, tracks=(*others, track))

    def _seconds(self, ticks: int) -> float:
        return (ticks - self._origin) / TICKS_PER_SECOND
