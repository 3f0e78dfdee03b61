"""Codes are exact: C1 holds to rounding, another solver agrees, and hostile dictionaries are no exception."""

import numpy as np
import oracles
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from testbed import CodingError, Problem, encode, verify
from testbed.coding import exact
from testbed.kernels import active_set, rescue
from testbed.problem import power_of_two_near


def hostile(seed, size=12):
    """A small coding problem with decorations that random matrices never show: duplicates, near-duplicates, antipodal
    and dependent atoms, rank loss, ties at lam, zero rows, extreme scales."""
    rng = np.random.default_rng(seed)
    n, d, m = (int(v) for v in rng.integers(1, (size, size, 2 * size)))
    D = rng.standard_normal((m, d))
    chance = rng.random(10)
    if chance[0] < 0.3 and m > 2:
        D[1] = D[0]
    if chance[1] < 0.3 and m > 4:
        D[3] = D[2] + 10.0 ** rng.integers(-12, -3) * rng.standard_normal(d)
    if chance[2] < 0.3 and m > 6:
        D[5] = -D[4]
    if chance[3] < 0.3 and m > 8:
        D[6] = D[7] + D[8]
    if chance[4] < 0.3:
        D[:, (d + 1) // 2 :] = 0
    if chance[5] < 0.3:
        D = np.round(2 * D) / 2
    if chance[6] < 0.2:
        D = D + 3 * rng.standard_normal(d)
    D[np.linalg.norm(D, axis=1) < 1e-6, 0] = 1
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    X = rng.standard_normal((n, d))
    if chance[7] < 0.3:
        X = rng.integers(0, 3, (n, m)) @ D
    if chance[8] < 0.2:
        X[0] = 0
    lam = float(rng.choice([1e-3, 0.01, 0.1, 0.5, 1.0, 3.0]))
    if chance[9] < 0.2:
        lam = max(float(np.abs(X @ D.T).max()), 1e-3)
    scale = float(rng.choice([1, 1, 1, 1e100, 1e-100]))
    return Problem(X * scale, lam * scale, nonnegative=bool(rng.integers(2))), D


def kkt(problem, D, Z):
    return verify.measure(problem, D, np.zeros(problem.d), Z).kkt


def assert_exact(seeds):
    for seed in seeds:
        problem, D = hostile(seed)
        Z = encode(problem.X, D, problem.lam, nonnegative=problem.nonnegative)
        assert kkt(problem, D, Z) <= verify.KKT_TOLERANCE, seed


@given(st.integers(0, 2**32))
def test_hostile_dictionaries_are_coded_exactly(seed):
    assert_exact([seed])


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(2500), pytest.param(range(2500, 10_000), marks=pytest.mark.nightly)],
                         ids=["2500", "7500"])
def test_hostile_dictionaries_of_fixed_seeds(seeds):
    """Of the first 2500, eleven are coded on the atoms themselves, where the Gram matrix does not do (`rescue`)."""
    assert_exact(seeds)


@given(st.integers(0, 2**32))
@at_most(60)
def test_another_solver_agrees(seed):
    """The reconstruction is unique even where codes are not, and so is the objective."""
    rng = np.random.default_rng(seed)
    d, m = rng.integers(1, 8), rng.integers(1, 12)
    D = rng.standard_normal((m, d))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    X, lam, nonnegative = rng.standard_normal((4, d)), rng.uniform(0.01, 1), bool(rng.integers(2))
    mine = encode(X, D, lam, nonnegative=nonnegative).toarray()
    other = np.array([oracles.code(x, D, lam, nonnegative) for x in X])
    np.testing.assert_allclose(mine @ D, other @ D, atol=1e-12)
    w = np.full(4, 0.25)
    assert abs(oracles.loss(X, D, mine, lam, w) - oracles.loss(X, D, other, lam, w)) < 1e-13


@given(st.integers(0, 2**32))
@at_most(30)
def test_the_safe_route_gives_the_same_codes(seed):
    problem, D = hostile(seed, size=8)
    if problem.lam > 1e10 or problem.lam < 1e-10:
        return
    fast = encode(problem.X, D, problem.lam, nonnegative=problem.nonnegative).toarray()
    cap = min(D.shape)
    for x, z in zip(problem.X, fast, strict=True):
        S, sign, value = np.zeros(cap, np.int64), np.ones(cap), np.zeros(cap)
        k = rescue.code_safely(x, D, problem.lam, not problem.nonnegative, S, sign, value)
        assert k >= 0
        safe = np.zeros(len(D))
        safe[S[:k]] = value[:k]
        size = np.abs(x).max() + np.abs(z).sum()
        np.testing.assert_allclose(safe @ D, z @ D, atol=1e-11 * max(size, problem.lam))


def test_a_warm_start_does_not_change_the_answer():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((200, 10))
    D, E = (A / np.linalg.norm(A, axis=1, keepdims=True) for A in rng.standard_normal((2, 25, 10)))
    coder = exact.Coder(200, 10, 25, 0.6, True)
    coder.code(X, E)
    coder.code(X, D)
    np.testing.assert_allclose(coder.sparse(25).toarray(), encode(X, D, 0.6).toarray(), atol=1e-12)


def test_supports_wider_than_the_first_buffer():
    rng = np.random.default_rng(4)
    D = np.linalg.qr(rng.standard_normal((80, 80)))[0]
    X = rng.uniform(1, 2, (5, 80)) @ D
    Z = encode(X, D, 0.01)
    assert Z.nnz == 5 * 80
    assert kkt(Problem(X, 0.01), D, Z) <= 1e-12


def test_an_old_snapshot_fits_the_buffers_grown_since():
    rng = np.random.default_rng(4)
    D = np.linalg.qr(rng.standard_normal((80, 80)))[0]
    X = rng.uniform(1, 2, (5, 80)) @ D
    coder = exact.Coder(5, 80, 80, 1.99, True)
    coder.code(X, D)
    narrow = coder.snapshot()
    coder.lam = 0.01
    coder.code(X, D)
    assert coder.width == 80
    coder.restore(narrow)
    coder.code(X, D)
    assert coder.sparse(80).nnz == 5 * 80


def test_a_penalty_above_every_score_gives_no_codes():
    assert encode(np.eye(3), np.eye(3), 5.0).nnz == 0


def test_codes_that_cannot_be_found_raise_instead_of_passing_as_zero(monkeypatch):
    monkeypatch.setattr(exact.active_set, "code_rows", lambda *a: a[-1].fill(active_set.FAILED))
    monkeypatch.setattr(exact.rescue, "code_safely", lambda *a: active_set.FAILED)
    with pytest.raises(CodingError, match="sample 0 could not be coded"):
        encode(np.eye(3), np.eye(3), 0.1)


def test_a_failed_sample_is_rescued(monkeypatch):
    """The slow route alone gives the same codes when the fast one gives up everywhere."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((20, 4))
    D = rng.standard_normal((7, 4))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    expected = encode(X, D, 0.1).toarray()
    monkeypatch.setattr(exact.active_set, "code_rows", lambda *a: a[-1].fill(active_set.FAILED))
    np.testing.assert_allclose(encode(X, D, 0.1).toarray(), expected, atol=1e-12)


@pytest.mark.parametrize("shift", [1e-6, 1e-3])
def test_verification_notices_wrong_codes(shift):
    rng = np.random.default_rng(6)
    X = rng.standard_normal((20, 4))
    D = rng.standard_normal((7, 4))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    Z = encode(X, D, 0.1)
    assert kkt(Problem(X, 0.1), D, Z) < 1e-12
    Z.data[0] += shift
    assert kkt(Problem(X, 0.1), D, Z) > shift


def test_the_fast_route_is_enough_for_almost_every_hostile_sample():
    """The slow route hides the fast one's mistakes from every other test; what it cannot hide is being called."""
    samples = rescued = 0
    for seed in range(1500):
        problem, D = hostile(seed)
        unit = power_of_two_near(problem.lam)
        coder = exact.Coder(problem.n, problem.d, len(D), problem.lam / unit, problem.nonnegative)
        coder.code(np.ascontiguousarray(problem.X / unit), D)
        samples += problem.n
        rescued += coder.rescued
    assert rescued < 0.012 * samples


@pytest.mark.parametrize("m", [30, exact.GRAM + 8])
@pytest.mark.parametrize("nonnegative", [True, False])
def test_few_atoms_and_many_are_coded_by_different_cosines_to_the_same_accuracy(m, nonnegative):
    """Cosines are read from a matrix of few atoms and computed when needed of many; a matrix given changes nothing."""
    rng = np.random.default_rng(7)
    D = rng.standard_normal((m, 40))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    X = rng.standard_normal((50, 40))
    Z = encode(X, D, 0.4, nonnegative=nonnegative)
    assert kkt(Problem(X, 0.4, nonnegative=nonnegative), D, Z) < 1e-13
    for gram in (D @ D.T, (D @ D.T).astype(np.float32)):
        again = encode(X, D, 0.4, nonnegative=nonnegative, gram=gram)
        assert kkt(Problem(X, 0.4, nonnegative=nonnegative), D, again) < 1e-13
        assert abs(again - Z).max() < 1e-13


def test_scores_within_rounding_of_single_precision_are_judged_in_double():
    """Scores that differ from lam by far less than float32 resolves: above it they enter, below they do not."""
    lam, d = 0.5, 8
    for shift, enters in ((1e-11, True), (-1e-11, False)):
        X = np.zeros((1, d))
        X[0, 0], X[0, 1] = 2.0, lam + shift
        assert encode(X, np.eye(d), lam).nnz == 1 + enters


@pytest.mark.parametrize(("gram", "error"), [
    (np.eye(3, dtype=np.float16), TypeError), ([[1.0]], TypeError), (np.eye(2), ValueError),
    (np.full((3, 3), np.nan), ValueError), (np.eye(3) + 1e-9, ValueError)])
def test_a_gram_matrix_that_is_not_that_of_the_atoms_is_refused(gram, error):
    with pytest.raises(error, match="encode: gram must"):
        encode(np.eye(3), np.eye(3), 0.1, gram=gram)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_penalties_below_what_single_precision_resolves(nonnegative):
    """At lam = 1e-7 |x| float32 scores say nothing about lam: every atom must be judged in float64."""
    rng = np.random.default_rng(8)
    for _ in range(50):
        D = rng.standard_normal((12, 4)) + 4
        D /= np.linalg.norm(D, axis=1, keepdims=True)
        X = rng.integers(0, 3, (5, 12)) @ D
        problem = Problem(X, 1e-6, nonnegative=nonnegative)
        assert kkt(problem, D, encode(X, D, 1e-6, nonnegative=nonnegative)) <= 1e-12
