"""The three measures of a matte, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.alphas import MEASURES, flicker, gradient_error, mean_error

HALF = np.zeros((40, 40))
HALF[:, 20:] = 1


@pytest.mark.parametrize("name", MEASURES)
def test_the_truth_has_no_error(name: str) -> None:
    assert MEASURES[name]([HALF, HALF[::-1]], [HALF, HALF[::-1]]) == 0


def test_the_mean_error_is_in_thousandths() -> None:
    assert mean_error([HALF * 0.9], [HALF]) == pytest.approx(50)  # a tenth too little on half of the picture


def test_flicker_is_the_change_that_the_truth_has_not() -> None:
    """A matte that is wrong but still does not flicker; one that jumps by 0.2 everywhere flickers by 20 hundredths."""
    assert flicker([HALF * 0.5] * 3, [HALF] * 3) == 0
    assert flicker([HALF * 0, HALF * 0 + 0.2, HALF * 0], [HALF] * 3) == pytest.approx(20)


def test_the_gradient_error_sees_a_missing_edge() -> None:
    """Of a step seen through a Gaussian of sigma s the gradient is that Gaussian, whose square sums to 1 / (2 s √π)."""
    flat = np.full((40, 40), 0.5)
    inside = 40 / (2 * 1.4 * np.sqrt(np.pi)) / 1000
    assert gradient_error([flat], [HALF]) == pytest.approx(inside, rel=0.03)  # sampled half a pixel beside its middle
