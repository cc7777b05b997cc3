"""Every kernel equals its twin: in Triton's interpreter on a CPU, and natively where there is a GPU.

In float32, where the two differ by the order of summation alone, a few units in the seventh digit; a tolerance of 1e-5
for sums of a few hundred terms of size one leaves ten times that. The interpreter's bfloat16 products are wrong, so
that dtype is compared on a GPU only, where 2^-8 is one unit in its last place and the tolerance is a few of these.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.config import ModelConfig, lsd_test
from engine.kernels import twins
from engine.kernels.packing import Folding, TransformerWeights
from engine.kernels.rotary import RotaryTables
from engine.models import fields
from engine.models.hourglass import Hourglass
from engine.models.modulation import Modulation, conv_blocks
from engine.models.particles import particle_table
from engine.sampler import noise_patches, noise_tables

ROOT = Path(__file__).parents[3]


def long(*values: object) -> object:
    """A case that the interpreter takes seconds for, beside a quick one."""
    return pytest.param(*values, marks=pytest.mark.long)


EXACT, ROUGH = 1e-5, 3e-2


class Case:
    """Where and in what numbers a kernel is compared with its twin."""

    def __init__(self, device: str, dtype: torch.dtype) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self.generator = torch.Generator().manual_seed(0)

    def random(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator).to(self.device, self.dtype)

    def float(self, *shape: int) -> Tensor:
        return self.random(*shape).float()

    def bytes(self, *shape: int) -> Tensor:
        return torch.randint(0, 256, shape, generator=self.generator, dtype=torch.uint8).to(self.device)

    def masks(self, *shape: int) -> Tensor | None:
        """Soft masks over the last dimension; None for a single prompt."""
        return None if shape[-1] == 1 else self.float(*shape).softmax(-1)

    def same(self, made: Tensor, expected: Tensor) -> None:
        tolerance = EXACT if self.dtype == torch.float32 else ROUGH
        torch.testing.assert_close(made, expected, rtol=tolerance, atol=tolerance)


@pytest.fixture(
    params=[
        pytest.param(("cpu", torch.float32), id="interpreter"),
        pytest.param(("cuda", torch.float32), id="gpu-float32", marks=pytest.mark.gpu),
        pytest.param(("cuda", torch.bfloat16), id="gpu-bfloat16", marks=pytest.mark.gpu),
    ]
)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(*request.param)


@pytest.mark.parametrize("shape", [(1, 5, 7, 24), (2, 4, 6, 96), (3, 2, 2, 8)])
@pytest.mark.parametrize("prompts", [1, 3])
def test_modulate_hardswish(case: Case, shape: tuple[int, int, int, int], prompts: int) -> None:
    from engine.kernels.pointwise import modulate_hardswish

    b, h, w, c = shape
    x, wide = case.random(*shape) * 3, case.float(2, b, prompts, c + 5)  # a part of more, as in a network
    gain, offset = wide[..., 3 : c + 3]
    masks = case.masks(b, h, w, prompts)
    case.same(modulate_hardswish(x, gain, offset, masks), twins.modulate_hardswish(x, gain, offset, masks))


@pytest.mark.parametrize("shape", [(1, 5, 7, 24), (2, 4, 6, 96)])
def test_add(case: Case, shape: tuple[int, int, int, int]) -> None:
    from engine.kernels.pointwise import add

    x, y, bias = case.random(*shape), case.random(*shape), case.random(shape[-1])
    case.same(add(x, y, bias), twins.add(x, y, bias))


@pytest.mark.parametrize("shape", [(1, 4, 6, 96), (2, 2, 14, 24), (3, 6, 2, 7)])
def test_levels_begin_normalised(case: Case, shape: tuple[int, int, int, int]) -> None:
    from engine.kernels.pointwise import bias_norm, upsample_add_norm

    b, h, w, c = shape
    x, bias, coarse = case.random(*shape) + 2, case.random(c), case.random(b, h // 2, w // 2, 4 * c)
    case.same(bias_norm(x, bias), twins.bias_norm(x, bias))
    case.same(upsample_add_norm(x, coarse), twins.upsample_add_norm(x, coarse))


def test_noise_is_that_of_the_cpu_bit_for_bit(case: Case) -> None:
    from engine.kernels.noise import fill_noise

    counter = torch.tensor([[0, 0], [2**63 - 1, 2**40], [-7, 123456]], device=case.device)
    noise = torch.empty(3, 8, 16, 48, device=case.device)
    fill_noise(counter, torch.from_numpy(noise_tables()).to(case.device), noise)
    for made, (seed, index) in zip(noise.cpu(), counter.tolist(), strict=True):
        assert torch.equal(made, noise_patches(seed, index, 32, 64))


@pytest.mark.parametrize(("height", "width"), [(64, 96), long(96, 128)])
def test_the_particles_are_the_same(case: Case, height: int, width: int) -> None:
    """After an hour too; positions are float64 on both sides, and a plane's sums are as the others'."""
    from engine.kernels.particles import fill_particles

    counter = torch.tensor([[3, 0], [-5, 9]], device=case.device)
    clock = torch.tensor([1.25, 3601.7], dtype=torch.float64, device=case.device)
    table = particle_table(height, width, case.device)
    made, expected = (torch.full((2, 6, height, width), 9.0, device=case.device) for _ in range(2))
    fill_particles(counter, clock, table, made)
    twins.fill_particles(counter, clock, table, expected)
    torch.testing.assert_close(made, expected, rtol=2e-5, atol=2e-5)
    assert (expected.amax((2, 3)) > 0.1).any(0).all(), "a dark plane would prove nothing"


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        ((2, 30, 29), (0.05, 1.0)),
        long((1, 64, 32), (1.0, 1.0)),
        long((2, 34, 29), (0.05, 1.0)),
        long((1, 45, 32), (0.05, 0.05)),
    ],
)
def test_the_first_layers_input_is_the_same(
    case: Case, size: tuple[int, int, int], levels: tuple[float, float]
) -> None:
    from engine.kernels.assemble import assemble_input

    b, height, width = size
    h, w = -(-height // 32) * 8, -(-width // 32) * 8
    camera, last, before = (case.bytes(b, height, width, 3) for _ in range(3))
    parts = [part(h * 4, w * 4, 4, case.device)[0] for part in (fields.coordinates, fields.lattice)]
    still = torch.cat(parts).permute(1, 2, 0).contiguous()
    scalars = torch.tensor([[3.7, 0.04, *levels, 1.0, 2.0]] * b, device=case.device)
    scalars[-1, 0] = 7.9
    noisy, waves, particles = case.float(b, h, w, 48), fields.wave_table(case.device), case.float(b, 6, h * 4, w * 4)
    made, expected = (torch.full((b, h, w, 312), 9.0, device=case.device, dtype=case.dtype) for _ in range(2))
    assemble_input(noisy, camera, last, before, particles, still, waves, scalars, made)
    twins.assemble_input(noisy, camera, last, before, particles, still, waves, scalars, expected)
    case.same(made, expected)
    assert not made[..., 309:].any()


@pytest.mark.parametrize(
    ("size", "ratio", "past_level"),
    [
        ((2, 29, 30), 0.5, 0.05),
        ((1, 29, 30), 0.0, 1.0),
        long((1, 64, 32), 0.0, 1.0),
        long((2, 34, 29), 0.0, 0.05),
        long((2, 29, 34), 0.5, 0.05),
        long((1, 32, 64), 0.5, 1.0),
    ],
)
def test_a_frame_is_composed(case: Case, size: tuple[int, int, int], ratio: float, past_level: float) -> None:
    """Pictures may differ by one grey level where a value lies on the edge between two."""
    from engine.kernels.compose import compose_step

    b, height, width = size
    h, w = -(-height // 32) * 8, -(-width // 32) * 8
    head, bias, particles = case.random(b, h, w, 80) * 0.3, case.random(75) * 0.3, case.float(b, 6, h * 4, w * 4)
    camera, last, before = (case.bytes(b, height, width, 3) for _ in range(3))
    scalars, noisy = torch.full((b, 6), past_level, device=case.device), case.float(b, h, w, 48)
    last_, before_, noisy_ = (tensor.clone() for tensor in (last, before, noisy))
    compose_step(head, bias, camera, last, before, particles, noisy, scalars, ratio)
    twins.compose_step(head, bias, camera, last_, before_, particles, noisy_, scalars, ratio)
    case.same(noisy, noisy_)
    assert torch.equal(before, before_)
    difference = (last.int() - last_.int()).abs()
    assert difference.max() <= 1
    assert (difference > 0).float().mean() < 0.01


def remembered(
    case: Case, b: int, height: int, width: int, slots: int, config: ModelConfig
) -> tuple[Tensor, Tensor, RotaryTables]:
    """A ring with an empty slot and one older than the network tells apart."""
    tables = RotaryTables.of(height, width, config.width // config.heads, case.device)
    ring = case.random(b, slots, len(tables.past_cos), config.layers, 2, config.width)
    age = torch.arange(1.0, b * slots + 1, device=case.device).view(b, slots)
    age[:, -1] = 300.0
    if slots > 1:
        age[0, 0] = -1.0
    return ring, age, tables


@pytest.mark.parametrize(
    ("b", "height", "width", "slots", "heads"), [(1, 64, 96, 3, 1), (2, 96, 160, 2, 2), (3, 32, 64, 1, 2)]
)
def test_attention_over_the_ring(case: Case, b: int, height: int, width: int, slots: int, heads: int) -> None:
    from engine.kernels.attention import attend

    config = ModelConfig("narrow", width=48 * heads, heads=heads, layers=2)
    ring, age, tables = remembered(case, b, height, width, slots, config)
    qkv = case.random(b, len(tables.own_cos), 3 * config.width)
    null = case.random(2, config.width)
    case.same(attend(qkv, null, ring, age, tables, 1), twins.attend(qkv, null, ring, age, tables, 1))


def test_an_empty_slot_is_as_none(case: Case) -> None:
    """What an empty slot holds never shows."""
    from engine.kernels.attention import attend

    config = ModelConfig("narrow", width=32, heads=1, layers=1)
    ring, age, tables = remembered(case, 1, 64, 96, 2, config)
    qkv, null = case.random(1, 6, 96), case.random(2, 32)
    one = attend(qkv, null, ring, age, tables, 0)
    ring[:, 0] = 1e4
    assert torch.equal(one, attend(qkv, null, ring, age, tables, 0))
    two = attend(qkv, null, ring[:, 1:].contiguous(), age[:, 1:].contiguous(), tables, 0)
    assert torch.equal(one, two)


@pytest.mark.parametrize(
    ("way", "prompts", "size"),
    [
        ("one program", 2, (64, 96)),
        long("one program", 1, (96, 192)),
        long("a launch per phase", 2, (96, 192)),
        long("one program", 3, (96, 192)),
    ],
)
def test_the_mega_kernel(case: Case, way: str, prompts: int, size: tuple[int, int]) -> None:
    """All layers at once, by one program that passes the barriers and by several without: see its module."""
    from engine.kernels.transformer import Workspace, run_transformer

    config = ModelConfig("narrow", width=48, heads=2, layers=2)
    torch.manual_seed(0)
    network = Hourglass(config)
    for parameter in network.bottleneck.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    weights = TransformerWeights.of(network.to(case.device, case.dtype))
    ring, age, tables = remembered(case, 1, *size, 2, config)
    n = len(tables.own_cos)
    tokens = case.random(1, n, config.width)
    gain, offset = case.float(1, prompts, 2, 2, 48), case.float(1, prompts, 2, 2, 48)
    masks = case.masks(1, n, prompts)
    expected = twins.run_transformer(tokens, weights, gain, offset, masks, ring, age, tables)
    several = way == "a launch per phase"
    work = Workspace.like(tokens)
    for _ in range(1 if several else 2):  # the barrier's counter goes on from where it stands
        made = run_transformer(
            tokens.clone(), weights, gain, offset, masks, ring, age, tables, work, 5 if several else None, several
        )
        case.same(made, expected)


@pytest.mark.long
def test_kernels_compile_for_hopper(tmp_path: Path) -> None:
    """Down to machine code, by the assembler that Triton brings: types that the interpreter lets pass, registers,
    memory. A bare cosine keeps some bytes on the stack; spilled registers would take hundreds."""
    env = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    compilation = subprocess.run(
        [sys.executable, Path(__file__).with_name("hopper.py")],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    needs = json.loads(compilation.stdout)
    assert {name.split()[0] for name in needs} >= {
        "_modulate_hardswish",
        "_attend",
        "_compose_step",
        "_noise",
        "_assemble_input",
        "_transformer",
    }
    for name, need in needs.items():
        assert need["stack"] < 128, f"{name} spills: {need}"
        assert need["shared"] <= 227 * 1024, f"{name} does not fit a multiprocessor: {need}"


def test_folded_modulation_is_the_networks() -> None:
    """At every place of the network's table; gains and offsets carry the bias of the convolution before."""
    network = Hourglass(lsd_test())
    vectors = torch.randn(2, 3, network.modulate.out_features)
    folded, modulation = Folding(network)(vectors), Modulation(vectors, torch.ones(2, 3, 64, 64) / 3)
    blocks = {block.place: block for block in conv_blocks(network)}
    assert len(blocks) == 6
    for place in network.places:
        bias = blocks[place].first.bias if place in blocks else torch.zeros(place.channels)
        assert bias is not None
        scale, shift = modulation.at(place)
        gain, offset = (part.mean(1)[:, None, None] for part in folded.at(place))
        torch.testing.assert_close(gain.expand_as(scale), 1 + scale)
        torch.testing.assert_close(offset.expand_as(shift), shift + (1 + scale) * bias)


def test_the_transformers_modulation_is_layer_by_layer() -> None:
    network = Hourglass(replace(lsd_test(), layers=2))
    folded = Folding(network)(torch.randn(2, 3, network.modulate.out_features))
    for i, layer in enumerate(("bottleneck.0", "bottleneck.1")):
        for j, name in enumerate(("attention", "mlp")):
            place = next(place for place in network.places if place.name == f"{layer}.{name}")
            for together, by_itself in zip(folded.of_transformer(network), folded.at(place), strict=True):
                assert torch.equal(together[:, :, i, j], by_itself)
