"""The measures: what they must say of pictures whose answer is known."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from engine.evaluation import measures


def noise(frames: int = 2, height: int = 64, width: int = 96, seed: int = 0) -> torch.Tensor:
    return torch.rand(frames, 3, height, width, generator=torch.Generator().manual_seed(seed))


def snow(seed: int) -> torch.Tensor:
    """A grey picture with one white dot in every 16 px cell, at a place of its own."""
    generator = torch.Generator().manual_seed(seed)
    picture = torch.full((1, 3, 128, 192), 0.3)
    for y in range(0, 128, 16):
        for x in range(0, 192, 16):
            dy, dx = torch.randint(0, 14, (2,), generator=generator).tolist()
            picture[:, :, y + dy : y + dy + 2, x + dx : x + dx + 2] = 1.0
    return picture


def test_a_picture_is_like_itself():
    picture = noise()
    statistics = measures.local_statistics(picture)
    assert torch.equal(measures.world_distance(statistics, statistics), torch.zeros(2))
    assert measures.ssim(picture, picture).tolist() == pytest.approx([1, 1])
    assert measures.detail_correlation(picture, picture).tolist() == pytest.approx([1, 1])
    assert measures.psnr(picture, picture).tolist() == pytest.approx([58.92, 58.92], abs=0.01)


def test_each_frame_is_measured_alone():
    a, b = noise(3, seed=1), noise(3, seed=2)
    for measure in (measures.psnr, measures.ssim, measures.detail_correlation):
        alone = torch.cat([measure(a[i : i + 1], b[i : i + 1]) for i in range(3)])
        assert torch.allclose(measure(a, b), alone, atol=1e-6)


def test_psnr_of_a_known_error():
    grey = torch.full((1, 3, 32, 32), 0.5)
    assert measures.psnr(grey, grey + 0.1).item() == pytest.approx(20, abs=1e-4)


def test_ssim_of_two_flat_greys_is_its_luminance_term():
    a, b = torch.full((1, 3, 32, 32), 0.2), torch.full((1, 3, 32, 32), 0.6)
    assert measures.ssim(a, b).item() == pytest.approx((2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4), abs=1e-3)


def test_ssim_of_a_negative_is_negative():
    assert measures.ssim(noise(), 1 - noise()).max().item() < -0.5


def test_ssim_refuses_what_is_smaller_than_its_window():
    with pytest.raises(ValueError, match="10x10"):
        measures.ssim(noise(1, 10, 10), noise(1, 10, 10))


def test_sharpness_of_a_sine_is_that_of_its_laplacian():
    """The five-point Laplacian turns sin(w x) into (2 cos w - 2) sin(w x)."""
    w = 2 * math.pi / 8
    wave = 0.5 + 0.25 * torch.sin(torch.arange(66) * w).expand(1, 3, 66, 66)
    assert measures.sharpness(wave).item() == pytest.approx((0.25 * (2 * math.cos(w) - 2)) ** 2 / 2, rel=1e-3)


def test_blur_lowers_sharpness_and_keeps_its_place():
    picture = noise()
    twice = F.avg_pool2d(F.avg_pool2d(F.pad(picture, (1,) * 4, mode="replicate"), 2, 1), 2, 1)
    blurred = twice[:, :, :64, :96]
    assert (measures.sharpness(blurred) < 0.1 * measures.sharpness(picture)).all()
    assert (measures.detail_correlation(blurred, picture) > 0.5).all()
    assert measures.detail_correlation(noise(seed=7), picture).abs().max() < 0.1


def test_a_flat_picture_has_no_detail_to_correlate():
    assert measures.detail_correlation(torch.zeros(1, 3, 32, 32), noise(1, 32, 32)).item() == 0


def test_a_still_neither_flickers_nor_moves():
    still = noise(1).expand(4, -1, -1, -1)
    assert measures.flicker(still).tolist() == [0, 0, 0]
    assert measures.motion_energy(still).tolist() == [0, 0, 0]


def test_flicker_is_the_mean_change():
    steps = torch.tensor([0.2, 0.5, 0.4]).view(3, 1, 1, 1).expand(3, 3, 32, 32)
    assert measures.flicker(steps).tolist() == pytest.approx([0.3, 0.1])


def test_motion_is_of_things_and_not_of_noise():
    thing = torch.zeros(2, 3, 64, 64)
    thing[0, :, 16:32, 16:32], thing[1, :, 16:32, 20:36] = 1, 1
    grain = 0.5 + thing.abs().mean() * torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert measures.motion_energy(thing).item() > 10 * measures.motion_energy(grain).item()


def test_a_world_is_recognised_by_its_texture_and_not_by_where_its_flakes_are():
    first, other, without = (measures.local_statistics(x) for x in (snow(1), snow(2), snow(1).clamp(max=0.3) + 0.01))
    assert measures.world_distance(first, other) < 0.25 * measures.world_distance(first, without)
    assert measures.psnr(snow(1), snow(2)) < measures.psnr(snow(1), snow(1).clamp(max=0.3))  # the trap it avoids


def test_world_distance_is_a_metric():
    a, b, c = (measures.local_statistics(noise(seed=seed)) for seed in range(3))
    assert torch.equal(measures.world_distance(a, b), measures.world_distance(b, a))
    assert (measures.world_distance(a, c) <= measures.world_distance(a, b) + measures.world_distance(b, c) + 1e-6).all()


def test_local_statistics_refuse_what_is_smaller_than_a_window():
    with pytest.raises(ValueError, match="at least 32x32"):
        measures.local_statistics(noise(1, 16, 64))


def test_vital_signs_of_a_known_picture():
    picture = torch.zeros(1, 3, 32, 32)
    picture[:, 0, :, :16] = 1.0
    signs = {name: value.item() for name, value in measures.vital_signs(picture).items()}
    assert signs["saturation"] == pytest.approx(0.5)
    assert signs["luminance"] == pytest.approx(0.1063)
    assert signs["contrast"] == pytest.approx(0.1063, rel=1e-2)
    assert signs["clipped"] == 1.0


def test_motion_over_a_longer_lag_shows_what_is_slow():
    ramp = torch.linspace(0, 0.3, 4).view(4, 1, 1, 1).expand(4, 3, 32, 32)
    assert measures.motion_energy(ramp).tolist() == pytest.approx([0.01] * 3)
    assert measures.motion_energy(ramp, 3).tolist() == pytest.approx([0.09])
