"""Search finds what brute force finds: a grid over angles in the plane, many restarts elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from generators import correlated_pair, digits, one_sparse
from testbed import fit
from testbed.basins.searching import Search, search

KINDS = ["restart", "relocate", "split", "merge"]


def plane(seed, n=7):
    rng = np.random.default_rng(seed)
    w = rng.uniform(0.5, 1, n)
    return rng.standard_normal((n, 2)) + 0.5, w / w.sum()


def two_atoms(X, w, lam, first, second):
    """phi of two atoms at angles (any shape) in closed form: for each point the best of four supports."""
    cosine = np.cos(first - second)
    sine2 = np.maximum(1 - cosine**2, 1e-12)
    total = 0.0
    for x, weight in zip(X, w, strict=True):
        a, b = (np.cos(t) * x[0] + np.sin(t) * x[1] - lam for t in (first, second))
        y, z = (a - cosine * b) / sine2, (b - cosine * a) / sine2
        alone = np.maximum(np.maximum(a, b), 0) ** 2
        total += weight * (x @ x - np.where((y > 0) & (z > 0), a * y + b * z, alone)) / 2
    return total


def brute_force(X, w, lam):
    """The least phi of two atoms: every pair of angles 1 degree apart, then descent from the best few."""
    turn = np.radians(np.arange(0.0, 360))
    first, second = np.meshgrid(turn, turn, indexing="ij")
    values = np.where(first < second, two_atoms(X, w, lam, first, second), np.inf)
    starts = np.argsort(values, axis=None)[:40]
    return min(minimize(lambda t: float(two_atoms(X, w, lam, *t)), (first.flat[i], second.flat[i]),
                        method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-15}).fun for i in starts[::8])


def rays(n, d, seed):
    V = np.random.default_rng(seed).standard_normal((n, d))
    V /= np.linalg.norm(V, axis=1, keepdims=True)
    return one_sparse(directions=V).exact()


@pytest.mark.parametrize("seed", range(8))
def test_two_atoms_in_the_plane_against_every_pair_of_angles(seed):
    X, w = plane(seed)
    found = search(X, 2, 0.2, weights=w, restarts=2)
    assert found.best.objective == pytest.approx(brute_force(X, w, 0.2), rel=1e-9)


@pytest.mark.parametrize("beta", [0.2, 0.5])
def test_T2_where_it_holds_and_past_the_end_of_its_range(beta):
    s = correlated_pair(alpha=(1 - beta) / 2, beta=beta).exact()
    found = search(s.X, 2, 0.4, weights=s.weights, restarts=2)
    assert found.best.objective == pytest.approx(brute_force(s.X, s.weights, 0.4), rel=1e-9)


@pytest.mark.parametrize("n, d, n_atoms, lam", [(12, 3, 6, 0.1), (24, 4, 8, 0.2)])
def test_a_few_restarts_and_moves_find_what_many_restarts_find(n, d, n_atoms, lam):
    s = rays(n, d, 0)
    least = min(search(s.X, n_atoms, lam, weights=s.weights, restarts=60, rounds=0).objectives)
    improved = 0
    for seed in range(6):
        found = search(s.X, n_atoms, lam, weights=s.weights, restarts=1, seed=100 + seed)
        assert found.best.objective <= least * (1 + 1e-9)
        improved += found.best.objective < min(found.best.objectives) * (1 - 1e-6)
    assert improved >= 1  # the same test without moves would fail: one start does not suffice


@pytest.mark.slow
def test_digits_against_many_restarts():
    X = digits().sample(300, 0).X
    least = min(search(X, 16, 0.1, restarts=40, rounds=0).objectives)
    assert search(X, 16, 0.1, restarts=3).best.objective <= least * (1 + 1e-9)


@pytest.fixture(scope="module")
def found():
    s = rays(24, 4, 0)
    return search(s.X, 8, 0.2, weights=s.weights, restarts=4, seed=100), s


def test_what_is_reported(found):
    found, _ = found
    best = found.best
    assert best.status in ("global", "local_min") and best.stationarity < 1e-10
    assert found.origins[:4] == ("restart",) * 4 and set(found.origins) == set(KINDS)
    assert len(found.origins) == len(found.objectives) and (found.objectives[:4] == best.objectives).all()
    assert found.objectives.min() == pytest.approx(best.objective, rel=1e-12)
    values, counts = zip(*found.distribution, strict=True)
    assert sum(counts) == len(found.objectives) and values[0] == found.objectives.min() and found.hits == counts[0]
    assert (np.diff(values) > 1e-9 * values[0]).all()
    # a sweep of all moves that improves nothing ends the search
    last = len(found.origins) - 1 - found.origins[::-1].index("relocate")
    assert found.objectives[last:].min() >= best.objective * (1 - 1e-10)


def test_the_restarts_are_those_of_fit_and_so_it_is_never_worse(found):
    found, s = found
    o = fit(s.X, 8, 0.2, weights=s.weights, restarts=4, seed=100)
    np.testing.assert_allclose(o.objectives, found.best.objectives, rtol=1e-12)
    assert found.best.objective <= o.objective


def test_the_same_seed_gives_the_same_bits(found):
    found, s = found
    again = search(s.X, 8, 0.2, weights=s.weights, restarts=4, seed=100)
    assert np.array_equal(found.best.D, again.best.D) and np.array_equal(found.objectives, again.objectives)


def test_distribution_counts_objectives_that_agree(found):
    values = np.array([2.0, 1.0, 1 + 1e-12, 3.0, 1.0, 2 + 1e-6])
    made = Search(found[0].best, values, ("restart",) * 6)
    assert made.distribution == ((1.0, 3), (2.0, 1), (2 + 1e-6, 1), (3.0, 1)) and made.hits == 3


@pytest.mark.parametrize("bias, nonnegative", [(True, True), (False, False), (True, False)])
def test_other_problems(bias, nonnegative):
    s = rays(10, 3, 1)
    found = search(s.X, 4, 0.1, bias, nonnegative, s.weights, restarts=2)
    many = search(s.X, 4, 0.1, bias, nonnegative, s.weights, restarts=30, rounds=0)
    assert found.best.objective <= many.best.objective * (1 + 1e-9)
    assert found.best.problem.bias == bias and found.best.problem.nonnegative == nonnegative


@pytest.mark.parametrize("X, n_atoms", [(np.eye(3), 3), (np.eye(3), 7), (np.zeros((2, 3)), 2), (np.eye(3) / 100, 1)])
def test_nothing_to_move_at_the_wide_limit(X, n_atoms):
    found = search(X, n_atoms, 0.1, restarts=2)
    assert found.best.status == "global" and found.origins == ("restart",) * 2


@pytest.mark.parametrize("d", [1, 3])
def test_one_atom(d):
    X = np.random.default_rng(0).standard_normal((12, d))
    found = search(X, 1, 0.1, restarts=1)
    many = fit(X, 1, 0.1, restarts=20)
    assert found.best.objective == pytest.approx(many.objective, rel=1e-9)
    assert set(found.origins) <= {"restart", "relocate"}


def test_progress_counts_descents(found):
    seen = []
    s = found[1]
    result = search(s.X, 8, 0.2, weights=s.weights, restarts=2, seed=1, progress=lambda *step: seen.append(step))
    assert [k for k, _, _ in seen] == sorted(k for k, _, _ in seen)
    assert {k for k, _, _ in seen} == set(range(len(result.objectives)))


@pytest.mark.parametrize("options, kind, message", [
    ({"n_atoms": 0}, ValueError, "search: n_atoms must be >= 1; got 0"),
    ({"n_atoms": 2.0}, TypeError, "search: n_atoms must be a whole number; got float 2.0"),
    ({"restarts": 0}, ValueError, "search: restarts must be >= 1; got 0"),
    ({"rounds": -1}, ValueError, "search: rounds must be >= 0; got -1"),
    ({"seed": -1}, ValueError, "search: seed must be between 0 and 9223372036854775807; got -1"),
    ({"lam": 0.0}, ValueError, "Problem: lam must be finite and > 0; got 0"),
    ({"bias": 1}, TypeError, "Problem: bias must be True or False; got int 1"),
    ({"weights": [1.0]}, ValueError, "Problem: weights must have 3 entries; it has 1"),
])
def test_messages(options, kind, message):
    with pytest.raises(kind, match=message):
        search(**({"X": np.eye(3), "n_atoms": 2, "lam": 0.1} | options))
