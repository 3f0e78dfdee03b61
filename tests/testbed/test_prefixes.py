"""Matryoshka dictionaries: codes, balance, nesting law and Hessian against computations that share no code."""

from __future__ import annotations

import numpy as np
import oracles
import pytest

from testbed import InputError, fit
from testbed.coding.prefixes import PrefixCoder, stacked
from testbed.descent.prefixes import Prefixed, fit_prefixes, measure
from testbed.problem import Problem
from testbed.threads import limited


def hostile(seed):
    rng = np.random.default_rng(seed)
    d, m = int(rng.integers(1, 5)), int(rng.integers(1, 8))
    D = rng.standard_normal((m, d))
    chance = rng.random(4)
    if chance[0] < 0.3:
        D[-1] = D[0]
    if chance[1] < 0.3:
        D[-1] = -D[0]
    if chance[2] < 0.3:
        D = np.round(D)
    D[np.linalg.norm(D, axis=1) < 1e-3, 0] = 1
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    X = rng.standard_normal((3, d)) * (rng.random((3, 1)) < 0.9)
    cuts = sorted({int(c) for c in rng.integers(1, m + 1, 2)} | {m})
    return X, D, tuple(cuts), float(rng.choice([1e-3, 0.1, 0.5]))


def value(x, D, prefixes, lam, z):
    return sum(0.5 * np.sum((x - z[:g] @ D[:g]) ** 2) for g in prefixes) + lam * z.sum()


@pytest.mark.parametrize("seed", range(150))
def test_codes_agree_with_nnls(seed):
    """The stacked problem's residual is the point of {r : D~ r <= lam} nearest to the stacked data (C3)."""
    X, D, prefixes, lam = hostile(seed)
    coder = PrefixCoder(3, X.shape[1], len(D), lam, prefixes)
    with limited(0):
        coder.code(X, stacked(D, prefixes))
    Z = coder.sparse(len(D))
    assert measure(Problem(X, lam), prefixes, D, Z)[1] <= 1e-12
    for x, z in zip(X, Z.toarray(), strict=True):
        other = oracles.code(np.tile(x, len(prefixes)), stacked(D, prefixes), lam)
        assert value(x, D, prefixes, lam, z) <= value(x, D, prefixes, lam, other) + 1e-11


def test_one_prefix_is_l1():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    one, plain = fit_prefixes(X, [4], 0.3, restarts=2), fit(X, 4, 0.3, restarts=2)
    assert one.objective == pytest.approx(plain.objective, rel=1e-12) and one.status == plain.status


def residuals(found):
    """r_g of every prefix."""
    X, Z = found.problem.X, found.Z.toarray()
    return [X - Z[:, :g] @ found.D[:g] for g in found.prefixes]


@pytest.mark.parametrize("child", [(0.5, 0.8), (1.2, 1.6)])
def test_a_hierarchy_stands_at_the_angle_of_the_nesting_law(child):
    X = np.array([(a, c) for a in (0.9, 1.3) for c in (0, *child)])
    w = np.array([0.3 / len(child) if c else 0.7 for _, c in X]) / 2
    found = fit_prefixes(X, [1, 2], 0.1, weights=w)
    assert found.status == "local_min" and found.stationarity <= 1e-12
    Z, mu, (first, _) = found.Z.toarray(), w @ found.Z.toarray(), residuals(found)
    assert (Z[Z[:, 1] > 0, 0] > 0).all() and (Z[:, 1] > 0).any()  # parent and child, nested
    cosine = found.D[0] @ found.D[1]
    assert 0.1 * mu[1] * (1 - cosine) == pytest.approx((w * Z[:, 1]) @ first @ found.D[0], abs=1e-14)
    assert cosine < 0.5  # as one prefix they would be one atom (S6)


@pytest.mark.parametrize("seed", range(4))
def test_stationary_and_curved_as_phi_is(seed):
    """Balance by `measure`, which loops over prefixes; the Hessian by differences of phi with the oracle's codes."""
    rng = np.random.default_rng(seed)
    X = (rng.random((25, 5)) < 0.4) @ rng.standard_normal((5, 3))
    found = fit_prefixes(X, [1, 3, 5], 0.2, restarts=2, seed=seed)
    assert found.status in ("local_min", "stationary")
    phi = Prefixed(Problem(X, 0.2), (1, 3, 5))

    def by_oracle(D):
        wide = stacked(D, (1, 3, 5))
        return np.mean([value(x, D, (1, 3, 5), 0.2, oracles.code(np.tile(x, 3), wide, 0.2)) for x in X])

    assert found.objective == pytest.approx(by_oracle(found.D), rel=1e-10)
    if found.status == "local_min":
        point = phi.at(np.array(found.D))
        V = phi.tangent(point.theta, rng.standard_normal(point.theta.shape))
        step = 1e-3 / np.linalg.norm(V)
        bend = sum(by_oracle(phi.move(point.theta, sign * step * V)) for sign in (-1, 1)) - 2 * by_oracle(found.D)
        assert bend / step**2 / phi.unit**2 == pytest.approx((V * phi.hessian(point)(V)).sum(), rel=1e-2)


def test_what_is_not_balanced_is_seen():
    X = np.array([[1.0, 0], [1, 1], [0, 1]])
    found = fit_prefixes(X, [1, 2], 0.1)
    turned = found.D @ np.array([[np.cos(1e-4), np.sin(1e-4)], [-np.sin(1e-4), np.cos(1e-4)]])
    assert measure(found.problem, found.prefixes, turned, found.Z)[2] > 1e-6
    assert measure(found.problem, found.prefixes, found.D, 1.001 * found.Z)[1] > 1e-6


@pytest.mark.parametrize("arguments, says", [
    ({"prefixes": [2, 1]}, "prefixes must ascend"), ({"prefixes": []}, "prefixes must ascend"),
    ({"prefixes": [1, 2], "start": [[1.0, 0]]}, "start must have 2 rows"), ({"prefixes": [0, 1]}, "prefixes")])
def test_bad_prefixes_are_named(arguments, says):
    with pytest.raises(InputError, match=f"fit_prefixes: .*{says}|fit_prefixes: {says}"):
        fit_prefixes(np.eye(2), lam=0.1, **arguments)
