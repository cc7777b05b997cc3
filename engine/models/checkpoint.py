"""Weights on disk: one safetensors file, and beside it the model card with its hash. No pickle is ever read.

Where files may not be that large, shards stand in its place: `cat NAME.safetensors.*-of-* > NAME.safetensors` puts them
together, and `load_weights` reads them as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.config import ModelConfig
from engine.media.files import published, read_regular, write_whole
from engine.media.texts import read_text
from engine.media.values import parse
from engine.models.calibration import Calibration, calibration_path, read_calibration
from engine.models.hourglass import Hourglass
from engine.models.modulation import modulated_places
from engine.router import Router
from engine.text import DIMENSIONS

SHIPPED = Path(__file__).parents[1] / "weights" / "lsd-tiny.safetensors"
"""The weights file in the package."""
FORMAT = "lsd-weights-3"
"""Format and version, in a file's metadata."""
OLD_NAMES = {"waist": "bottleneck"}
"""The network's modules that have another name in files than in the code: name in the file -> name in the code."""
MOST_BYTES = 2**32
"""Of a file of weights: a hundred times the largest of ours. It is held in memory while it is read."""
SHARD = 15_000_000
"""The most bytes of a shard."""


class WeightsError(ValueError):
    """Weights that must not be used; the message says why and what to do."""


@dataclass(frozen=True)
class Weights:
    """A network with its router and the wordings whose embeddings ship with it."""

    config: ModelConfig
    network: Hourglass
    """Float32 on the CPU, as loaded."""
    router: Router
    wordings: dict[str, np.ndarray]
    """Sentence embeddings of known wordings, (384,) float32 each."""
    sha256: str
    """Of the file."""
    calibration: Calibration | None = None
    """For int8; None where the weights have none."""


def file_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A network's state dict under the names that files use."""
    return _renamed(state, {code: file for file, code in OLD_NAMES.items()})


def code_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A file's network under the names that the code uses, the inverse of `file_keys`."""
    return _renamed(state, OLD_NAMES)


def _renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """The same tensors; where a key's first part has a new name, it takes the place of the old."""
    parts = {key: key.partition(".") for key in state}
    return {names.get(first, first) + dot + rest: state[key] for key, (first, dot, rest) in parts.items()}


def card_path(path: Path) -> Path:
    """The model card of a weights file."""
    return path.with_suffix(".json")


def random_weights(config: ModelConfig, seed: int = 0) -> Weights:
    """Weights of noise, the same for the same seed: for tests and for timing, where no picture need mean anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, router = Hourglass(config), Router(len(config.worlds), len(config.things))
        for parameter in network.parameters():  # the zero-initialised ones too, or it would only copy its source
            torch.nn.init.normal_(parameter, std=max(parameter[0].numel(), 4) ** -0.5)
        for parameter in router.parameters():  # wide, so that each text lands somewhere
            torch.nn.init.normal_(parameter, std=0.5)
    return Weights(config, network.eval(), router.eval(), {}, f"random-{config.name}-{seed}")


def save_weights(
    path: Path, network: Hourglass, router: Router, wordings: dict[str, np.ndarray], dtype: torch.dtype = torch.bfloat16
) -> str:
    """Write a weights file; returns its sha256, which belongs into the card as `sha256`.

    wordings: text -> embedding (384,), stored in half precision. dtype: of the network's tensors; the router's are
    float32. The file is there whole or not at all, and the card of one before it goes. Raises WeightsError for the name
    of a card, and OSError.
    """
    card = card_path(path)
    if card == path:
        raise WeightsError(f"{path.name} is the name of a card; name the weights {path.stem}.safetensors")
    tensors = {f"network.{k}": v.to(dtype).contiguous().cpu() for k, v in file_keys(network.state_dict()).items()}
    tensors |= {f"router.{k}": v.float().contiguous().cpu() for k, v in router.state_dict().items()}
    if wordings:
        tensors["known"] = torch.from_numpy(np.stack(list(wordings.values()))).half()
    metadata = {"format": FORMAT, "config": json.dumps(network.config.to_dict()), "known": json.dumps(list(wordings))}
    data = save(tensors, metadata)
    with published(path) as part:
        part.write_bytes(data)
        card.unlink(missing_ok=True)  # it would call the new file damaged; whoever saves writes a new one
    return hashlib.sha256(data).hexdigest()


def shard(path: Path, limit: int = SHARD) -> list[Path]:
    """Replace a weights file by shards of at most `limit` bytes, named `NAME.safetensors.1-of-3`; returns them."""
    data = path.read_bytes()
    count = max(1, -(-len(data) // limit))
    shards = [path.with_name(f"{path.name}.{n}-of-{count}") for n in range(1, count + 1)]
    for old in path.parent.glob(f"{path.name}.*-of-*"):
        old.unlink()
    for n, part in enumerate(shards):
        write_whole(part, data[n * limit : (n + 1) * limit])
    path.unlink()
    return shards


_SHARD = re.compile(r"\.[0-9]{1,4}-of-[0-9]{1,4}")


def parts_of(path: Path) -> list[Path]:
    """A weights file, or the shards that stand in its place, in order. Raises WeightsError where there are none."""
    if path.is_file():
        return [path]
    beside = sorted(path.parent.glob(f"{path.name}.*-of-*"))
    shards = [part for part in beside if _SHARD.fullmatch(part.name.removeprefix(path.name)) and part.is_file()]
    if not shards:
        raise WeightsError(f"no weights at {path}; give the path of a .safetensors file, or none for the shipped ones")
    counts = {part.name.rsplit("-of-", 1)[1] for part in shards}
    wanted = [path.with_name(f"{path.name}.{n}-of-{count}") for count in counts for n in range(1, int(count) + 1)]
    missing = [part.name for part in wanted if part not in shards]
    if len(counts) > 1 or missing:
        why = f"of several splits ({', '.join(sorted(counts))})" if len(counts) > 1 else f"without {missing[0]}"
        raise WeightsError(f"the shards of {path} are {why}; bring all those of one split, and no others")
    return wanted


def load_weights(path: Path | None = None) -> Weights:
    """Read a weights file, or its shards, and check it against its card; None reads the shipped one.

    Raises WeightsError.
    """
    path = Path(path) if path is not None else SHIPPED
    data = _read(path)
    sha256 = hashlib.sha256(data).hexdigest()
    _check_card(path, sha256)
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise WeightsError(f"{path} is not a safetensors file ({error}); only safetensors is read") from None
    metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path} holds {metadata.get('format', 'no known format')}, not {FORMAT}")
    try:
        config = ModelConfig.from_dict(parse(metadata["config"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WeightsError(f"{path} does not say which architecture it is of ({error}); fetch it again") from None
    if (given := sum(tensor.numel() for tensor in tensors.values())) < least_numbers(config):
        raise WeightsError(f"{path} does not fit the architecture of {config.name!a}: it holds {given:,} numbers alone")
    network, router = Hourglass(config), Router(len(config.worlds), len(config.things))
    for name, module in (("network", network), ("router", router)):
        part = {k.removeprefix(f"{name}."): v.float() for k, v in tensors.items() if k.startswith(f"{name}.")}
        try:
            module.load_state_dict(code_keys(part) if name == "network" else part)
        except RuntimeError as error:
            raise WeightsError(f"{path} does not fit the architecture of {config.name!a}: {str(error)[:500]}") from None
    wordings = _wordings(path, metadata.get("known", "[]"), tensors.get("known"))
    calibration = read_calibration(calibration_path(path), sha256)
    return Weights(config, network.eval(), router.eval(), wordings, sha256, calibration)


def _read(path: Path) -> bytes:
    """A weights file, or its shards, as one; MOST_BYTES at most."""
    whole, left = [], MOST_BYTES
    for part in parts_of(path):
        try:
            whole.append(read_regular(part, left))
        except OSError as error:
            raise WeightsError(f"{part} cannot be read: {error.strerror or error}") from None
        left -= len(whole[-1])
    return b"".join(whole)


def _check_card(path: Path, sha256: str) -> None:
    """Raises WeightsError where the card beside some weights names others; only the shipped ones must have one."""
    card = card_path(path)
    if card == path or not card.is_file():
        if path == SHIPPED:
            raise WeightsError(f"the model card {card} of the shipped weights is missing; reinstall lsd-studio")
        return
    try:
        expected = parse(read_text(card), thorough=False)["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"the model card {card} cannot be read ({error}); fetch it again, or remove it") from None
    if expected != sha256:
        raise WeightsError(
            f"{path.name} has sha256 {sha256[:12]}…, its card {card.name} says {str(expected)[:12]!a}: "
            "the file is damaged or not the one the card describes; fetch it again"
        )


def least_numbers(config: ModelConfig) -> int:
    """How many numbers the network of an architecture has at least: a twentieth of them or more.

    A file of a few hundred bytes could ask for all memory that a machine has; this tells before any of it is taken.
    """
    blocks = sum(
        count * channels**2
        for counts in (config.encoder, config.decoder)
        for count, channels in zip(counts, config.channels, strict=True)
    )
    layers = config.layers * (8 * config.width**2)
    return blocks + layers + config.condition * (config.condition + modulated_places(config)[-1].vector_span.stop)


def _wordings(path: Path, texts_json: str, embeddings: Tensor | None) -> dict[str, np.ndarray]:
    """The known wordings and their embeddings. Raises WeightsError where these are not a row each."""
    try:
        texts = parse(texts_json)
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("its known wordings are not a list of texts")
        rows = () if embeddings is None else embeddings.float().numpy()
        if texts and np.shape(rows) != (len(texts), DIMENSIONS):
            raise ValueError(f"{len(texts)} known wordings, and embeddings of {np.shape(rows)}")
    except ValueError as error:
        raise WeightsError(f"{path} is damaged: {error}; fetch it again") from None
    return dict(zip(texts, rows, strict=True)) if texts else {}
