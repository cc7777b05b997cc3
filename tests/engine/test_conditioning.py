"""Regions' masks share the picture out; conditionings are compared bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.conditioning import Conditioning, fit_masks, normalised_masks
from engine.prompts import PromptError

LEFT = np.tile(np.linspace(1, 0, 10, dtype=np.float32), (9, 1))


def test_masks_share_each_place() -> None:
    both = normalised_masks([LEFT, np.ones_like(LEFT), 1 - LEFT])
    torch.testing.assert_close(both.sum(0), torch.ones(9, 10))
    torch.testing.assert_close(both[1], torch.full((9, 10), 0.5))


def test_fitted_masks_cover_the_padded_picture_and_still_sum_to_one() -> None:
    fitted = fit_masks(normalised_masks([LEFT, 1 - LEFT]), 72, 100)
    assert fitted.shape == (2, 96, 128)
    torch.testing.assert_close(fitted.sum(0), torch.ones(96, 128))
    assert torch.equal(fitted[:, 71:, :100], fitted[:, 71:72, :100].expand(-1, 25, -1)), "the edge is repeated"


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        ([LEFT, LEFT[:4]], r"of one size for all; got \(4, 10\)"),
        ([LEFT[0]], r"\(H, W\) in 0..1"),
        ([LEFT + 1], r"in 0..1"),
        ([LEFT * np.nan], r"in 0..1"),
        ([LEFT, LEFT], "leave a part of the picture without a prompt; add one, e.g. 'as it is'"),
    ],
)
def test_masks_that_share_nothing_out_are_refused(masks: list[np.ndarray], says: str) -> None:
    with pytest.raises(PromptError, match=says):
        normalised_masks(masks)


def test_conditionings_are_compared_bit_for_bit() -> None:
    concepts, masks = torch.eye(2), normalised_masks([LEFT, 1 - LEFT])
    conditioning = Conditioning(concepts, masks)
    assert conditioning.equals(Conditioning(concepts.clone(), masks.clone()))
    others = Conditioning(concepts, None), Conditioning(1 - concepts, masks), Conditioning(concepts, masks.flip(0))
    for other in others:
        assert not conditioning.equals(other)
        assert not other.equals(conditioning)
    assert not conditioning.equals(Conditioning(concepts, masks[:, :4])), "of another size"
    assert Conditioning(concepts[:1], None).equals(Conditioning(concepts[:1].clone(), None))
