"""The way to the wide limit (G2): the floor, own atoms and finite-size laws, against training and other methods."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from figures.wide_limit import lonely, own
from generators import digits, one_sparse
from generators.wide import ring_excess
from testbed import Optimum, Problem, fit
from testbed.basins.paths import path


def ring(n):
    """(n, 2) unit vectors, evenly spaced."""
    angle = 2 * np.pi * (np.arange(n) + 0.5) / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@pytest.mark.parametrize(("m", "lam", "radius"), [(3, 0.1, 1), (4, 0.3, 1), (5, 0.8, 1), (8, 0.3, 2), (24, 0.9, 1)])
def test_the_ring_law_is_F_of_evenly_spaced_atoms(m, lam, radius):
    optimum = Optimum.at(Problem(radius * ring(2400 * m), lam), ring(m))
    assert optimum.stationarity < 1e-6
    assert ring_excess(m, lam, radius) == pytest.approx(optimum.objective - optimum.problem.huber_floor, rel=1e-6)


@pytest.mark.parametrize(("lam", "radius"), [(0.1, 1.0), (0.5, 1.0), (0.9, 1.5)])
def test_the_ring_law_has_its_limit(lam, radius):
    limit = lam * (radius - lam) * (2 * radius - lam) * np.pi**2 / (6 * radius)
    wrong = lam * (radius - lam) * radius * np.pi**2 / (3 * radius)  # as if every point were coded by one atom
    gaps = [abs(m * m * ring_excess(m, lam, radius) / limit - 1) for m in (50, 100)]
    assert gaps[1] < 1e-3 and gaps[0] / gaps[1] == pytest.approx(4, abs=0.1)
    assert abs(100**2 * ring_excess(100, lam, radius) / wrong - 1) > 0.02


def test_training_finds_nothing_better_on_a_ring_and_the_number_of_atoms_follows():
    lam, eps = 0.3, 2e-3
    wanted = math.pi * math.sqrt(lam * (1 - lam) * (2 - lam) / (6 * eps))
    excess = {m: (o := fit(ring(720), m, lam, restarts=2)).objective - o.problem.huber_floor
              for m in (12, math.floor(wanted), math.ceil(wanted) + 1)}
    assert excess[12] == pytest.approx(ring_excess(12, lam), rel=1e-4)
    assert excess[math.floor(wanted)] > eps > excess[math.ceil(wanted) + 1]


@pytest.mark.parametrize("name", ["rays", "digits"])
def test_floor_residual_and_own_atoms_go_together(name):
    """Three measurements of the wide limit, along a path that reaches it."""
    sample = one_sparse(24).embed(4, "random", 1).exact() if name == "rays" else digits().sample(40, 1)
    lam, n = 0.2, int((np.linalg.norm(sample.X, axis=1) > 0).sum())
    found = path(sample.X, [n // 4, n // 2, n - 3, n - 1, n], lam, weights=sample.weights, restarts=2, rounds=2)
    shares = [own(o)[np.linalg.norm(sample.X, axis=1) > 0].mean() for o in found.optima]
    for optimum, share in zip(found.optima, shares, strict=True):
        at_floor = optimum.objective <= optimum.problem.huber_floor * (1 + 1e-9)
        assert at_floor == (optimum.radius <= 1 + 1e-9) == (share == 1) == (optimum.n_atoms == n)
        norms = np.linalg.norm(sample.X, axis=1)
        U = sample.X[norms > 0] / norms[norms > 0, None]
        aligned = (U @ optimum.D.T).max(axis=1) > 1 - 1e-9  # what own says of residuals, told by directions
        assert np.array_equal(aligned, own(optimum)[norms > 0])
    assert np.all(np.diff(shares) >= 0)


def test_lonely_points_have_their_atoms_first():
    sample = one_sparse(40).embed(3, "random", 3).exact()
    X = sample.X[np.linalg.norm(sample.X, axis=1) > 0]
    found = path(X, [20, 24, 28, 32, 36, 40], 0.2, restarts=2, rounds=1)
    mine = np.array([own(o) for o in found.optima])
    first = mine.argmax(axis=0)
    assert spearmanr(lonely(X, 0.2), first).statistic < -0.6
    assert (mine[:-1] & mine[1:]).sum() >= 0.9 * mine[:-1].sum()  # few lose it again


def test_what_sharing_costs():
    """lonely: the loss of a point under its nearest neighbour's direction, less its floor."""
    X = np.random.default_rng(0).standard_normal((6, 3)) + 1
    lam = 0.3
    norms = np.linalg.norm(X, axis=1)
    for i in range(6):
        others = np.delete(X / norms[:, None], i, axis=0)
        at = [Optimum.at(Problem(X[[i]], lam), others[[j]]) for j in range(5)]
        best = min(at, key=lambda o: o.objective)
        assert lonely(X, lam)[i] == pytest.approx(best.objective - best.problem.huber_floor, abs=1e-14)


@pytest.mark.parametrize(("arguments", "message"), [
    ((2, 0.1), "ring_excess: m must be >= 3"), ((6, 0.9), "ring_excess: lam must be"),
    ((6, 0.1, -1), "ring_excess: radius must be")])
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ring_excess(*arguments)
