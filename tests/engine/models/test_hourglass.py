"""The network's ends: what its first layer gets, and the frame that its last layer's output is."""

from __future__ import annotations

import torch

from engine.config import lsd_test
from engine.models import fields
from engine.models.hourglass import LUMINANCE, PARTICLE_PLANES, Conditions, Hourglass, compose_output, fill
from engine.models.patches import PATCH


def test_a_frame_is_the_residual_and_gains_on_what_is_sharp() -> None:
    """The one product is what the docstring says, term by term."""
    planes = PARTICLE_PLANES
    head = torch.randn(1, 2, 3, 48 + 9 + 3 * planes)
    source, last, particles = torch.randn(1, 2, 3, 48), torch.randn(1, 2, 3, 48), torch.rand(1, 2, 3, 16 * planes)
    clean = compose_output(head, source, last, particles).unflatten(-1, (3, 16))
    residual, *gains, on_particles = head.split([48, 3, 3, 3, 3 * planes], -1)
    on_own, on_luminance, on_last = (gain[..., None] for gain in gains)
    source, last, particles = (x.unflatten(-1, (-1, 16)) for x in (source, last, particles))
    luminance = (source * torch.tensor(LUMINANCE)[:, None]).sum(-2, keepdim=True)
    expected = residual.unflatten(-1, (3, 16)) + (1 + on_own) * source + on_luminance * luminance + on_last * last
    expected = expected + on_particles.unflatten(-1, (3, planes)) @ particles
    torch.testing.assert_close(clean, expected, rtol=1e-4, atol=1e-5)


def test_parts_are_filled_in_one_after_the_other_and_what_is_left_is_nothing() -> None:
    whole = torch.full((2, 3, 8), torch.nan, dtype=torch.bfloat16)
    first, second = torch.randn(2, 3, 4), torch.randn(2, 3, 1)
    fill(whole, [first, second])
    assert torch.equal(whole, torch.cat([first, second, torch.zeros(2, 3, 3)], -1).bfloat16())


def test_the_first_layers_input_has_the_fields() -> None:
    """Place, lattice and waves, which are kept or made channels last, are those of `engine.models.fields`."""
    network, h, w = Hourglass(lsd_test()).eval(), 64, 96
    patches, past = torch.rand(2, h // 4, w // 4, 48), torch.rand(2, 2, h // 4, w // 4, 48)
    particles = torch.rand(2, h // 4, w // 4, 16 * PARTICLE_PLANES)
    clock = torch.tensor([0.3, 71.0], dtype=torch.float64)
    number, level = torch.full((2,), 0.05), torch.ones(2, 2)
    concepts = torch.rand(2, 1, network.config.concepts)
    conditions = Conditions(concepts, number, number, level, number, clock, particles)
    assembled = network.assemble_input(patches, patches, past, conditions)
    first = 4 * 48 + 16 * PARTICLE_PLANES
    for field in (fields.coordinates(h, w, PATCH), fields.lattice(h, w, PATCH), fields.waves(clock, h, w, PATCH)):
        torch.testing.assert_close(assembled[:, first : first + field.shape[1]], field.expand(2, -1, -1, -1))
        first += field.shape[1]
    assert first + 3 == assembled.shape[1]
