"""The only place that loads engine models: live models by kind, and whatever else of the engine the studio needs.

    model = load_model()                        # for live work
    model = load_model(take.manifest.engine)    # as much like the take's as this machine can

A kind is a class named in `KINDS`. Everything else in the studio knows a model by `engine.types.LiveModel` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.types import LiveModel, check_seed
from studio.takes.manifest import EngineEntry

if TYPE_CHECKING:
    from engine.evaluation.judge import Judge


class Loader(Protocol):
    """What a kind's class has as its class method `load`."""

    def __call__(
        self, weights: Path | None, *, device: str, seed: int, steps: int, threads: int | None, dtype: str
    ) -> LiveModel:
        """A new model. weights: a file, None for the shipped ones. device: auto, cpu, cuda or mps. seed, steps: see
        LiveModel. threads: CPU cores to use, None for what suits the machine. dtype: of the numbers, as the set-up
        names it; auto for what suits the machine. Raises ValueError where weights or device are not to be had, or the
        dtype is unknown."""


DEFAULT_KIND = "lsd"
"""Our own live-stream diffusion; what a take was shot with that names no kind."""

KINDS: dict[str, str] = {DEFAULT_KIND: "engine.stream:Stream"}
"""Every kind of live model that can be loaded here: the name that takes keep, and `module:Class`, which is imported
when a model of that kind is wanted (torch alone takes a second). The class fulfils `engine.types.LiveModel`, bears the
same name as its `kind`, and has a class method `load`, see Loader.

Another kind is one file, engine/kinds/<name>.py, and one line here; tests/live_model.py holds it to the laws."""


def shipped_looks() -> tuple[str, ...]:
    """The worlds of the shipped weights by name, without loading them."""
    from engine.config import SHIPPED_WORLDS

    return SHIPPED_WORLDS


def offered(worlds: Iterable[str]) -> list[str]:
    """Those of a model's worlds that menus offer, in their order: all but its own places, which are vague behind a
    person. The gallery of sets has the same ones, sharp. Prompts may name them as before."""
    from engine.config import SHIPPED_PLACES

    return [name for name in worlds if name not in SHIPPED_PLACES]


def load_model(
    engine: EngineEntry | None = None,
    *,
    kind: str = DEFAULT_KIND,
    device: str = "auto",
    weights: Path | None = None,
    seed: int = 0,
    dtype: str = "auto",
) -> LiveModel:
    """A model for live work, or, given a take's engine entry, as much like the take's as this machine can.

    kind: one of KINDS; a take's entry names its own. device: auto, cpu, cuda or mps; auto is the take's own where it
    is there. weights: a file in place of the take's or the shipped ones. seed, dtype: for live work; a take has its
    own. Raises ValueError where the kind, the weights or the device are not to be had, or the model answers late
    (`LiveModel.delay`).
    """
    check_seed(seed if engine is None else engine.seed)
    if engine is None:
        model = _loader(kind, "")(weights, device=device, seed=seed, steps=1, threads=None, dtype=dtype)
    else:
        model = _load_for(engine, device, weights)
    if model.delay > 0:
        model.close()
        late = f"answers {model.delay} frames late, which takes cannot record yet"
        raise ValueError(f"the model kind {model.kind!r} {late}; take one that answers each frame at once")
    return model


def _load_for(engine: EngineEntry, device: str, weights: Path | None) -> LiveModel:
    """A model as much like a take's as this machine can."""
    load = _loader(engine.kind, "the take was shot with ")
    weights = weights or _own_weights(engine)
    setup = engine.setup
    if device in ("auto", setup.get("device")):
        try:
            threads = setup.get("threads") if setup.get("device") == "cpu" else None
            own_device = setup.get("device", "auto")
            dtype = _own_dtype(engine)
            return load(weights, device=own_device, seed=engine.seed, steps=engine.steps, threads=threads, dtype=dtype)
        except ValueError:
            if device != "auto":
                raise
    return load(weights, device=device, seed=engine.seed, steps=engine.steps, threads=None, dtype="auto")


def _loader(kind: str, whose: str) -> Loader:
    if kind not in KINDS:
        legal = ", ".join(KINDS)
        raise ValueError(f"{whose}the model kind {kind!r}, which is not installed here; there is {legal}")
    module, _, name = KINDS[kind].partition(":")
    load: Loader = getattr(import_module(module), name).load
    return load


def _own_dtype(engine: EngineEntry) -> str:
    """The number type that a take names, where it can be asked for; else what suits the machine."""
    from engine.runtime import DTYPES

    dtype = engine.setup.get("dtype")
    return str(dtype) if dtype in DTYPES else "auto"


def _own_weights(engine: EngineEntry) -> Path | None:
    """The weights that a take names, if it does and they are still there; else the shipped ones are meant."""
    path = Path(engine.weights)
    return path if engine.weights and weights_are_there(path) else None


def check_weights(path: Path) -> None:
    """Raises ValueError, which says what is missing, where no weights are at `path`."""
    from engine.models.checkpoint import parts_of

    parts_of(path)


def check_device(name: str) -> None:
    """Raises ValueError, which says what to use, where the device is not to be had. name: auto, cpu, cuda or mps."""
    if name in ("auto", "cpu"):
        return  # torch, which knows of the others, takes seconds to import
    from engine.runtime import choose_device

    choose_device(name)


def weights_are_there(path: Path) -> bool:
    """Whether `path` names weights, whole or in shards."""
    try:
        check_weights(path)
    except ValueError:
        return False
    return True


def settle() -> None:
    """Call when all is loaded and frames are about to flow; see engine.runtime.settle."""
    from engine.runtime import settle as settle_runtime

    settle_runtime()


def judge_of(camera: Iterable[np.ndarray], seed: int) -> Judge:
    """Compares films made of these camera pictures, (H, W, 3) uint8, with what each world's teacher paints."""
    from engine.evaluation.judge import Judge  # it loads the teachers

    return Judge(camera, seed)
