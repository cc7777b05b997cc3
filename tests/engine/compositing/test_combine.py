"""Mattes united, cut and inverted: worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.compositing.combine import cut, inverted, united

A = np.array([[0, 100, 255, 255]], np.uint8)
B = np.array([[0, 255, 0, 102]], np.uint8)


def test_what_is_in_any_is_united() -> None:
    assert united(A, B).tolist() == [[0, 255, 255, 255]]
    assert united(A) is not A


def test_a_cut_takes_away() -> None:
    assert cut(A, B).tolist() == [[0, 0, 255, 153]]


def test_inverted_twice_is_the_same() -> None:
    assert inverted(A).tolist() == [[255, 155, 0, 0]]
    np.testing.assert_array_equal(inverted(inverted(A)), A)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="4x1 px beside 3x1"):
        united(A[:, :3], A)
    with pytest.raises(TypeError, match="float64"):
        cut(A, B / 255)
    with pytest.raises(ValueError, match="at least one"):
        united()
