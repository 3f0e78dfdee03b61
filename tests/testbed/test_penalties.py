"""The l1 penalty: its value, its slope, and what it claims of codes."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from testbed import Problem
from testbed.penalties import L1

rng = np.random.default_rng(0)
Z = rng.standard_normal((20, 5)) * (rng.random((20, 5)) < 0.4)
Z[3] = 0
W = np.full(20, 1 / 20)


@pytest.mark.parametrize("signed", [False, True])
def test_value_and_slope(signed):
    price, step = L1(0.7, signed), 1e-6
    codes = Z if signed else np.abs(Z)
    assert price.value(csr_array(codes), W) == pytest.approx(0.7 * np.abs(codes).sum() / 20, rel=1e-14)
    for z in codes[codes != 0]:
        rise = price.value(csr_array([[z + step]]), W[:1]) - price.value(csr_array([[z - step]]), W[:1])
        assert price.slope(np.array([z])) == pytest.approx(rise / (2 * step * W[0]), rel=1e-8)


@pytest.mark.parametrize("signed", [False, True])
def test_what_it_claims_of_codes_entry_by_entry(signed):
    S = rng.standard_normal((20, 5))
    expected = np.zeros(20)
    for i, j in np.ndindex(20, 5):
        z, s = Z[i, j], S[i, j]
        expected[i] = max(expected[i], (abs(s) if signed else s) - 1)
        if z:
            expected[i] = max(expected[i], abs(s - (np.sign(z) if signed else 1)), 0 if signed else -z / 0.7)
    found = L1(0.7, signed).violation(S, csr_array(Z))
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    optimal = np.where(Z != 0, np.sign(Z), 0.5) if signed else np.where(Z != 0, 1.0, -3.0)
    assert not L1(0.7, signed).violation(optimal, csr_array(Z if signed else np.abs(Z))).any()


def test_a_score_that_is_no_number_is_a_violation():
    S = np.zeros((2, 5))
    S[1, 2] = np.nan
    assert np.array_equal(np.isnan(L1(1.0).violation(S, csr_array((2, 5)))), [False, True])


def test_lam_and_nonnegative_are_its_shorthand():
    assert Problem(np.eye(2), 0.25).penalty == L1(0.25) and Problem(np.eye(2), 1.0, nonnegative=False).penalty.signed
