"""Between which values a network's convolutions get their inputs: measured over clips, in every world and thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from engine.evaluation.clips import Clip
from engine.evaluation.evaluate import perform
from engine.models.checkpoint import Weights
from engine.models.hourglass import Hourglass
from engine.models.modulation import conv_blocks
from engine.stream import Stream

Ranges = dict[str, tuple[float, float]]
"""Path of a convolution in the network -> least and greatest value of its input."""


def words(name: str) -> str:
    """A world's or thing's name as a prompt."""
    return name.replace("-", " ").replace("as is", "as it is")


def block_layers(network: Hourglass) -> list[str]:
    """The paths of the blocks' convolutions, in the network's order.

    They are nine tenths of its arithmetic. In bytes the last layer alone costs more than all of them together, and what
    else there is gains less than a hundredth of a frame's time.
    """
    names = {layer: name for name, layer in network.named_modules()}
    return [names[layer] for block in conv_blocks(network) for layer in (block.first, block.second)]


@contextmanager
def _watched(network: Hourglass, layers: Iterable[str], ranges: Ranges) -> Iterator[None]:
    """Widens `ranges` by the inputs that the layers get meanwhile."""

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            low, high = (float(bound) for bound in inputs[0].aminmax())
            before = ranges.get(name, (0.0, 0.0))
            ranges[name] = min(before[0], low), max(before[1], high)

        return note

    handles = [network.get_submodule(name).register_forward_pre_hook(watch(name)) for name in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def measure_ranges(
    weights: Weights,
    clips: Iterable[Clip],
    layers: Sequence[str] | None = None,
    *,
    prompts: Sequence[str] | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] = lambda name: None,
) -> Ranges:
    """The ranges of the layers' inputs over each clip in every world and thing of the weights, from a cold start each.

    layers: paths; default: those of the blocks. prompts: in place of all worlds and things. progress: called with the
    name of each clip when it is done.
    """
    stream = Stream.of(weights, threads=threads, backend="plain")  # every layer is called by itself there
    network = stream.maker.network
    texts = prompts or [words(name) for name in (*stream.vocabulary.worlds, *stream.vocabulary.things)]
    ranges: Ranges = {}
    with _watched(network, block_layers(network) if layers is None else layers, ranges):
        for clip in clips:
            for prompt in texts:
                perform(stream, clip, prompt)
            progress(clip.name)
    return ranges
