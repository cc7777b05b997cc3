"""A model performs a timeline: the one way in which a frame is answered under a cue, live and in every replay.

    performance = Performance(model, timeline.mattes)
    cue = timeline.at(take_s)
    picture = performance.answer(cue, rgb, take_s=take_s, stream_s=stream_s, index=index)

The live loop answers frames as they come and records them; a replay answers a take's frames again. Both go through
`answer`, so that whatever a cue asks for is live, recorded and rendered by being handled here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from engine.compositing.composer import Behind, Composer
from engine.compositing.settings import Settings
from engine.prompts import Blend
from engine.types import LiveModel
from studio.performing.casting import Casting
from studio.performing.mattes import MatteFinder
from studio.script.region import Box
from studio.timeline.keys import Cue, Matte
from studio.timeline.parameters import finished, on_pictures, on_sets


class Performance:
    """One model that answers the frames of one take (or of the time between two takes) in order.

    Its whole state beside the model's: `prompted`, what the model was last asked for, the tracks of what is followed
    in the picture, and, where sets stand, what the composer and the cast's matters know of the frames so far. A change
    of prompt touches neither the tracks nor the model's memory of the frames before.
    mattes: the parts of the picture that the timeline gives a prompt of their own. casting: finds the cast and makes
    the plates of sets.
    """

    def __init__(self, model: LiveModel, mattes: Iterable[Matte] = (), casting: Casting | None = None) -> None:
        self.model = model
        self.prompted: Blend | None = None
        """The prompt in force for the whole picture; None where it is unknown, or where parts have one of their own."""
        self.matte: np.ndarray | None = None
        """How much of each pixel of the last answered frame is cast, (H, W) uint8; None where no set stood."""
        self._finder = MatteFinder(mattes)
        self._casting = casting or Casting()
        self._composer = Composer()

    def change(self, mattes: Iterable[Matte]) -> None:
        """Go on under a timeline with these mattes; what is followed already keeps its track."""
        self._finder.keep(mattes)

    def seen(self, mattes: Iterable[Matte]) -> dict[str, Box | None]:
        """Where the things that these mattes follow were seen last; see MatteFinder.seen."""
        return self._finder.seen(mattes)

    @property
    def follows(self) -> bool:
        """Whether `pass_by` must see every frame that is not answered, and not only those with a set."""
        return self._finder.follow

    def pass_by(self, cue: Cue, rgb: np.ndarray, take_s: float, matte: np.ndarray | None = None) -> None:
        """Follow the picture through a frame, (H, W, 3) uint8, that a replay does not make again.

        cue, matte: as in `answer`.
        """
        self._finder.pass_by(rgb, take_s)
        if cue.sets:
            alpha = self._casting.matte(cue.cast, rgb, take_s) if matte is None else matte
            self._composer.pass_by(rgb, alpha, take_s)

    def trouble(self, cue: Cue) -> str:
        """What the director should know of the cast, such as `nobody in the picture`; else empty."""
        return self._casting.trouble(cue.cast) if cue.sets else ""

    def restore(self, state: bytes | None) -> None:
        """Set the model to a snapshot, or without one to its beginning; the next frame prompts it again.

        Raises ValueError for a snapshot of another model. Tracks stay: they depend on the camera's frames alone.
        """
        if state is None:
            self.model.reset()
        else:
            self.model.restore(state)
        self.prompted = None

    def answer(
        self,
        cue: Cue,
        rgb: np.ndarray,
        *,
        take_s: float,
        stream_s: float,
        index: int,
        before_step: Callable[[], object] | None = None,
        matte: np.ndarray | None = None,
    ) -> np.ndarray:
        """The picture that answers a frame under a cue, (H, W, 3) uint8 each; the caller owns it.

        take_s: seconds on the take's clock, which regions are followed by. stream_s: seconds on the model's clock.
        index: the source frame's number. before_step: called when the model is prompted and before it sees the frame,
        which is where a snapshot of a take belongs. matte: the cast where it was recorded, (H, W) uint8; by default
        the cast's matter finds it.

        The model sees the cast before the set, and props that are drawn; regions are found in the camera's own picture.

        Raises what the model raises, SetError (ValueError) for a set or a cast that cannot be shown, and ValueError
        where its answer, or what a parameter makes of it, is not a picture of the frame's size. A frame that fails is
        as if it had not been seen: a replay, which leaves failed frames out, follows the same tracks.
        """
        tracks, following = self._finder.tracks(), self._composer.following
        try:
            staged = self._staged(cue, rgb, take_s, matte)
            staged = self._direct(cue.directed(), rgb, staged, take_s)
            if before_step is not None:
                before_step()
            picture = _checked(self.model.step(staged, stream_s, index), rgb, f"the model {self.model.kind!r}")
            shown = finished(picture, cue.parameters, time_s=take_s, index=index, seed=self.model.seed)
            return _checked(shown, rgb, f"a parameter ({', '.join(on_pictures(cue.parameters))})")
        except BaseException:
            self._finder.restore(tracks)
            self._composer.following = following
            raise

    def _staged(self, cue: Cue, rgb: np.ndarray, take_s: float, matte: np.ndarray | None) -> np.ndarray:
        """The cast before its set, (H, W, 3) uint8; the frame itself where none stands."""
        self.matte = None
        if not cue.sets:
            return rgb
        alpha = self._casting.matte(cue.cast, rgb, take_s) if matte is None else matte
        plates = self._casting.stage.plates(cue.sets)
        stand = zip(plates, cue.sets, strict=True)
        behind = [Behind(plate, set_.weight, take_s - set_.time_s) for plate, set_ in stand]
        cast = self._casting.colours(cue.cast, rgb, alpha)
        picture = self._composer.compose(rgb, alpha, behind, Settings(**on_sets(cue.parameters)), take_s, cast)
        self.matte = alpha
        return picture

    def _direct(self, cue: Cue, rgb: np.ndarray, staged: np.ndarray, take_s: float) -> np.ndarray:
        """Prompt the model, unless the picture is to go on as it is; the picture that it is to see, props drawn."""
        prompt, staged = self._finder.direct(cue, rgb, staged, take_s)
        if prompt is cue.prompt:
            if cue.prompt != self.prompted:
                self.model.prompt(cue.prompt)
                self.prompted = cue.prompt
        else:  # masks move with every frame
            self.prompted = None
            self.model.prompt(prompt)
        return staged


def _checked(picture: np.ndarray, rgb: np.ndarray, maker: str) -> np.ndarray:
    """The picture, if it is one of the frame's size and type. Raises ValueError, which names its maker, if not."""
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.shape == rgb.shape:
        return picture
    got = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
    raise ValueError(f"{maker} answered a frame of uint8 {rgb.shape} with {got}; both are the same")
