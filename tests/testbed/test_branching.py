"""Codes by branch and bound (L0, TopK, non-convex Log and MCP) against every support tried by itself.

The judges share no code with the kernels: nonnegative least squares of scipy on each support for penalties that count,
its box-bounded quasi-Newton method from several starts on each for the others; N1 by testbed.verify.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from testbed import Problem, encode, verify
from testbed.coding.branching import BranchingCoder, branch
from testbed.coding.choosing import codes
from testbed.penalties import L0, MCP, Log, TopK
from testbed.threads import limited

ABOVE = 1e-10  # of |x|^2, what a judge's own rounding may be


def hostile(seed, atoms=7, dimensions=5):
    """Samples (2, d) and atoms (m, d) such as random ones never are: coincident, nearly coincident, antipodal and
    dependent atoms, rank loss, x = 0, exact combinations; and a scale."""
    rng = np.random.default_rng(seed)
    d, m = int(rng.integers(1, dimensions + 1)), int(rng.integers(1, atoms + 1))
    D = rng.standard_normal((m, d))
    chance = rng.random(9)
    if chance[0] < 0.3:
        D = np.round(D)
    if chance[1] < 0.2:
        D[:, (d + 1) // 2 :] = 0
    if chance[2] < 0.2:
        D += 3 * rng.standard_normal(d)
    D[np.linalg.norm(D, axis=1) < 1e-3, 0] = 1
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    if m > 1 and chance[3] < 0.3:
        D[-1] = D[0]
    if m > 1 and chance[4] < 0.3:
        D[-1] = -D[0]
    if m > 1 and chance[5] < 0.3:
        D[-1] = D[0] + 10.0 ** rng.integers(-9, -3) * rng.standard_normal(d)
    if m > 3 and chance[6] < 0.3:
        D[2] = D[0] + D[1]
    D[np.linalg.norm(D, axis=1) < 1e-3, 0] = 1
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    X = rng.integers(0, 3, (2, m)) @ D if chance[7] < 0.3 else rng.standard_normal((2, d))
    if chance[8] < 0.1:
        X[0] = 0
    return X, D, float(rng.choice([1, 1, 1e100, 1e-100])), rng


def cost(penalty, X, D, Z):
    """(n,) 1/2 |x - zD|^2 + sum g(z)."""
    return 0.5 * ((X - Z @ D) ** 2).sum(axis=1) + penalty.cost(Z).sum(axis=1)


def on_support(penalty, x, A):
    """The least cost of a sample on the atoms A (k, d), as far as a descent from two starts finds it."""
    if isinstance(penalty, L0 | TopK):
        z, _ = nnls(A.T, x)  # whose own residual may be wrong where atoms are dependent
        return 0.5 * np.sum((x - z @ A) ** 2) + penalty.cost(z).sum()

    def loss(z):
        r = x - z @ A
        return 0.5 * r @ r + penalty.cost(z).sum(), penalty.slope(z) - A @ r

    starts = np.maximum(np.linalg.lstsq(A.T, x)[0], 0), np.full(len(A), 0.3)
    return min(minimize(loss, start, jac=True, bounds=[(0, None)] * len(A), method="L-BFGS-B",
                        options={"ftol": 1e-15, "gtol": 1e-12}).fun for start in starts)


def best_support(penalty, x, D):
    """The least cost of a sample over all supports."""
    most = min(*D.shape, penalty.k) if isinstance(penalty, TopK) else min(D.shape)
    supports = (list(T) for k in range(1, most + 1) for T in combinations(range(len(D)), k))
    return min(0.5 * x @ x, *(on_support(penalty, x, D[T]) for T in supports))


def nearly_same(D):
    """Whether two atoms are within 0.001 of one line and not on it."""
    return any(1e-12 < min(np.linalg.norm(a - b), np.linalg.norm(a + b)) < 1e-3 for a, b in combinations(D, 2))


def judge(penalty, X, D, scale):
    """Codes of the data times `scale` satisfy N1; they are claimed to be the best of all supports, and are."""
    Z, claim = codes(X * scale, D, np.zeros(D.shape[1]), penalty.scaled(1 / scale))
    problem = Problem(X * scale, penalty=penalty.scaled(1 / scale))
    close = nearly_same(D)
    kkt = verify.measure(problem, D, np.zeros(D.shape[1]), Z).kkt
    assert kkt <= (1e-3 if close else verify.KKT_TOLERANCE)  # an atom within rounding of the span of others stays off
    assert claim == ("swap" if close else "exact")
    if claim == "exact":
        for x, value in zip(X, cost(penalty, X, D, Z.toarray() / scale), strict=True):
            above = value - best_support(penalty, x, D)
            assert above <= ABOVE * (1 + x @ x)
            assert isinstance(penalty, Log | MCP) or above >= -ABOVE * (1 + x @ x)  # a descent may miss the least


def counted_case(seed, **sizes):
    X, D, scale, rng = hostile(seed, **sizes)
    lam0 = float(rng.choice([1e-4, 0.01, 0.1, 0.5]))
    judge(TopK(int(rng.integers(1, 5))) if rng.random() < 0.5 else L0(lam0), X, D, scale)


def concave_case(seed, **sizes):
    X, D, scale, rng = hostile(seed, **sizes)
    lam = float(rng.choice([0.05, 0.2, 0.5]))
    penalty = (Log(lam, float(rng.choice([0.02, 0.1, 0.5]))) if rng.random() < 0.5 else
               MCP(lam, float(rng.choice([1.1, 1.5, 4]))))
    judge(penalty, X, D, scale)


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_counted_codes_of_hostile_problems(first):
    for seed in range(first, first + 50):
        counted_case(seed)


@pytest.mark.parametrize("first", range(0, 40, 20))
def test_concave_codes_of_hostile_problems(first):
    for seed in range(first, first + 20):
        concave_case(seed, atoms=5, dimensions=3)


def test_atoms_that_depend_but_for_rounding_do_not_mislead_a_bound():
    counted_case(3869, atoms=9)
    counted_case(7375, atoms=9)


@pytest.mark.nightly
def test_counted_codes_of_ten_thousand_hostile_problems():
    for seed in range(10_000):
        counted_case(1000 + seed, atoms=9)


@pytest.mark.nightly
def test_concave_codes_of_a_thousand_hostile_problems():
    for seed in range(1000):
        concave_case(1000 + seed, atoms=5, dimensions=4)


# --- claims and bits


@pytest.mark.parametrize("penalty", [L0(0.05), TopK(3), Log(0.2, 0.1), MCP(0.2, 1.2)], ids=str)
def test_any_number_of_threads_and_any_power_of_two_give_the_same_bits(penalty):
    rng = np.random.default_rng(1)
    D = rng.standard_normal((12, 5))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X = rng.standard_normal((60, 5))
    one = branch(X, D, penalty, threads=1)
    scaled = branch(2.0**400 * X, D, penalty.scaled(2.0**-400), threads=2)
    assert np.array_equal(one.Z.data, 2.0**-400 * scaled.Z.data) and np.array_equal(one.Z.indices, scaled.Z.indices)
    assert np.array_equal(one.nodes, scaled.nodes) and (one.claims == "global").all() and one.Z.nnz > 60


@pytest.mark.parametrize("penalty", [L0(0.02), TopK(3), Log(0.1, 0.1), MCP(0.1, 4)], ids=str)
def test_beyond_the_budget_the_claim_is_weaker_and_still_true(penalty):
    """No adding, dropping or swapping helps, by the judge of fixed supports; and what is global is no higher."""
    rng = np.random.default_rng(4)
    D = rng.standard_normal((10, 4))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X = rng.standard_normal((4, 4))
    swap, best = branch(X, D, penalty, budget=0), branch(X, D, penalty)
    assert (swap.claims == "swap").all() and (best.claims == "global").all()
    assert (cost(penalty, X, D, best.Z.toarray()) <= cost(penalty, X, D, swap.Z.toarray()) + 1e-12).all()
    for x, z, value in zip(X, swap.Z.toarray(), cost(penalty, X, D, swap.Z.toarray()), strict=True):
        S = set(np.flatnonzero(z).tolist())
        moves = [S - {i} | {j} for i in [-1, *S] for j in [-1, *range(10)]]
        for T in {tuple(sorted(move - {-1})) for move in moves}:
            if T and len(T) <= getattr(penalty, "k", 4):
                assert on_support(penalty, x, D[list(T)]) >= value - 1e-9


def test_more_atoms_than_can_be_searched_are_coded_without_a_claim():
    rng = np.random.default_rng(5)
    D = rng.standard_normal((70, 20))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X = (rng.random((6, 70)) < 0.04) @ D
    for penalty in (L0(0.01), MCP(0.05, 2)):
        Z, claim = codes(X, D, np.zeros(20), penalty)
        problem = Problem(X, penalty=penalty)
        assert claim == "swap" and verify.measure(problem, D, np.zeros(20), Z).kkt <= verify.KKT_TOLERANCE


@pytest.mark.parametrize("penalty", [L0(0.01), TopK(2), Log(0.2, 0.1), MCP(0.2, 1.2)], ids=str)
def test_of_equal_supports_the_lower_indices(penalty):
    D = np.array([[0.0, 1], [1, 0], [0, 1], [1, 0], [-1, 0]])
    assert encode([[2.0, 3], [2, 0]], D, penalty=penalty).indices.tolist() == [0, 1, 1]


def test_supports_of_eight_among_sixty_four_within_the_budget():
    rng = np.random.default_rng(6)
    D = rng.standard_normal((64, 32))
    D /= np.linalg.norm(D, axis=1)[:, None]
    true = np.zeros((2, 64))
    for row in true:
        row[rng.permutation(64)[:8]] = rng.uniform(0.5, 1.5, 8)
    for penalty in (L0(0.01), TopK(8)):
        found = branch(true @ D, D, penalty)
        assert (found.claims == "global").all()
        np.testing.assert_allclose(found.Z.toarray(), true, atol=1e-12)


def test_a_warm_start_is_never_left_for_worse():
    rng = np.random.default_rng(7)
    D = rng.standard_normal((12, 4))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X = rng.standard_normal((20, 4))
    best = branch(X, D, L0(0.02)).Z
    coder = BranchingCoder(20, 4, 12, L0(0.02), budget=0)
    coder.load(best)
    with limited(0):
        coder.code(X, D)
    value = cost(L0(0.02), X, D, coder.sparse(12).toarray())
    np.testing.assert_allclose(value, cost(L0(0.02), X, D, best.toarray()), rtol=1e-12)
