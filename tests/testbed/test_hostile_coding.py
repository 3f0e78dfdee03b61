"""The coding kernel against independent answers on hostile input.

Three judges, none of which shares code with the kernel: (1) a duality gap in plain numpy: scaling a residual into
{r : D r <= lam} gives a lower bound on every objective (C3), so a small gap proves optimality whatever the solver did;
(2) scipy's NNLS on the least-distance form of C3 (tests/support/oracles.py), and (3) brute force over supports where
there are few: both give objectives that exact codes may not exceed. C1 is measured by testbed.verify.

Examples are a seed, a shape and decorations: seeds alone never draw a duplicate or a tie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import oracles
import pytest
from examples import at_most
from hypothesis import example, given, settings, target
from hypothesis import strategies as st

from testbed import Problem, encode, verify
from testbed.coding import exact
from testbed.problem import power_of_two_near

ATOMS = ("duplicates", "near", "antipodal", "dependent", "rank loss", "axes", "coherent", "rounded")
DATA = ("zero rows", "combinations", "lam is a score", "saturated", "barely on", "repeated rows")
WIDE = (300, 700, 1500, 3000)
# What rounding can do to a computed objective: a share of |x|^2 + lam sum|z|, and what cancels in r times |r|.
ROUNDING, EPS = 1e-14, 2.0**-52


@dataclass(frozen=True)
class Case:
    """All that determines a coding problem."""

    seed: int
    n: int
    d: int
    m: int
    lam: float
    apart: int  # near-duplicates differ by 10 ** -apart
    scale: float
    nonnegative: bool
    words: frozenset[str]

    def build(self) -> tuple[Problem, np.ndarray]:
        """The problem, and atoms (m, d) of unit norm."""
        rng = np.random.default_rng(self.seed)
        n, d, m, words = self.n, self.d, self.m, self.words
        D = rng.standard_normal((m, d))
        if "axes" in words:
            D = np.eye(d)[rng.integers(d, size=m)] * rng.choice([-1.0, 1.0], (m, 1))
        if "rounded" in words:
            D = np.round(2 * D) / 2
        if "coherent" in words:
            D += 4 * rng.standard_normal(d)
        if "rank loss" in words:
            D[:, (d + 1) // 2 :] = 0
        D[np.linalg.norm(D, axis=1) < 1e-3, 0] = 1
        D /= np.linalg.norm(D, axis=1, keepdims=True)
        some = rng.permutation(m)
        if "dependent" in words and m > 2:
            D[some[0]] = D[some[1]] + D[some[2]]
        if "antipodal" in words and m > 1:
            D[some[-1]] = -D[some[0]]
        if "near" in words:
            half = m // 2
            D[some[:half]] = D[some[half : 2 * half]] + 10.0**-self.apart * rng.standard_normal((half, d))
        if "duplicates" in words:
            D[some[m // 2 :]] = D[some[rng.integers(m // 2 + 1, size=m - m // 2)]]
        D[np.linalg.norm(D, axis=1) < 1e-3, 0] = 1  # a sum of opposite atoms
        D /= np.linalg.norm(D, axis=1, keepdims=True)

        X, lam = rng.standard_normal((n, d)), self.lam
        if "combinations" in words:
            X = rng.integers(0, 3, (n, m)) @ D
        if "lam is a score" in words:
            scores = X @ D.T
            lam = float(scores[scores > 1e-3].min(initial=lam))
        if "saturated" in words:  # x - zD has score lam on some atoms, with z = 0 on half of them
            for i in range(n):
                A = rng.permutation(m)[: rng.integers(1, m + 1)]
                X[i] = lam * np.linalg.pinv(D[A], 1e-8).sum(axis=1) + rng.integers(0, 2, len(A)) @ D[A]
        if "barely on" in words:  # scores alone lie above lam by less than float32 can tell
            X = lam * (1 + 10.0 ** rng.uniform(-12, -5, (n, 1))) * D[rng.integers(m, size=n)]
        if "repeated rows" in words:
            X[n // 2 :] = X[0]
        if "zero rows" in words:
            X[rng.random(n) < 0.5] = 0
        return Problem(X * self.scale, lam * self.scale, nonnegative=self.nonnegative), D


def cases(atoms=14, dimensions=9):
    """Cases of at most so many atoms and dimensions; or of the atoms listed."""
    return st.builds(
        Case, seed=st.integers(0, 2**32 - 1), n=st.integers(1, 4), d=st.integers(1, dimensions),
        m=st.integers(1, atoms) if isinstance(atoms, int) else st.sampled_from(atoms),
        lam=st.sampled_from([0.1, 1e-3, 0.5, 1.0, 1e-6, 4.0]), apart=st.integers(4, 14),
        scale=st.sampled_from([1.0, 1.0, 1.0, 1e100, 1e-100]), nonnegative=st.booleans(),
        words=st.frozensets(st.sampled_from(ATOMS + DATA), max_size=4),
    )


# --- the judges


def objectives(problem, D, Z):
    """(n,) 1/2 |x - zD|^2 + lam sum |z|; Z is (..., n, m)."""
    R = problem.X - Z @ D
    return 0.5 * (R * R).sum(axis=-1) + problem.lam * np.abs(Z).sum(axis=-1)


def bounds(problem, D, Z):
    """(n,) lower bounds on any objective: <x, r> - |r|^2 / 2 at the residual of Z, shrunk until D r <= lam."""
    R = problem.X - Z @ D
    scores = R @ D.T
    top = (scores if problem.nonnegative else np.abs(scores)).max(axis=1)
    R *= (problem.lam / np.maximum(top, problem.lam))[:, None]
    return (problem.X * R).sum(axis=1) - 0.5 * (R * R).sum(axis=1)


def brute_force(problem, D):
    """(n,) least objective over all supports of at most 6 atoms, from the normal equations of each."""
    if not problem.nonnegative:
        D = np.vstack([D, -D])
    m = len(D)
    masks = (np.arange(2**m)[:, None] >> np.arange(m)) & 1
    inverses = np.linalg.pinv(masks[:, :, None] * masks[:, None, :] * (D @ D.T), hermitian=True)
    Z = ((problem.X @ D.T - problem.lam) * masks[:, None, :]) @ inverses
    return objectives(problem, D, np.maximum(Z, 0)).min(axis=0)


def judge(problem, D, codes):
    """Assert that codes, a csr_array (n, m), are feasible and optimal by every judge; returns the KKT violation."""
    Z = codes.toarray()
    assert np.isfinite(Z).all()
    assert not problem.nonnegative or (Z >= 0).all()
    size = np.abs(Z).sum(axis=1)
    cancel = np.linalg.norm(problem.X, axis=1) + size
    residual = np.linalg.norm(problem.X - Z @ D, axis=1)
    # scores off by v lam, as C1 allows, leave a gap of at most 2 v lam sum|z|, and shrinking r by 1 + v adds the rest;
    # then what rounding does
    v = verify.KKT_TOLERANCE * np.maximum(problem.lam, 1e-3 * cancel) / problem.lam
    above = 2 * v * problem.lam * size + 0.5 * (v * residual) ** 2
    above += ROUNDING * ((problem.X**2).sum(axis=1) + problem.lam * size) + 4 * EPS * residual * cancel
    mine = objectives(problem, D, Z)
    assert (mine - bounds(problem, D, Z) <= above).all(), "the duality gap is open"
    other = np.array([oracles.code(x, D, problem.lam, problem.nonnegative) for x in problem.X])
    assert (mine <= objectives(problem, D, other) + above).all(), "NNLS found a lower objective"
    if len(D) <= (6 if problem.nonnegative else 3):
        assert (mine <= brute_force(problem, D) + above).all(), "a support tried by itself has a lower objective"
    kkt = verify.measure(problem, D, np.zeros(problem.d), codes).kkt
    assert kkt <= verify.KKT_TOLERANCE
    return kkt


def coded(case):
    """A case's problem, atoms and exact codes."""
    problem, D = case.build()
    return problem, D, encode(problem.X, D, problem.lam, nonnegative=problem.nonnegative)


def assert_exact(case):
    target(judge(*coded(case)), label="kkt")


# --- the kernel


LONG = Case(0, 1, 11, 12, 0.1, 7, 1.0, False, frozenset({"near", "duplicates", "axes", "saturated"}))  # |x| >> lam


@given(cases())
@example(LONG)
@at_most(300)
def test_hostile_codes_are_optimal(case):
    assert_exact(case)


@pytest.mark.nightly
@given(cases(atoms=24, dimensions=16))
@settings(max_examples=10_000)
def test_ten_thousand_hostile_problems(case):
    assert_exact(case)


@given(cases(atoms=WIDE, dimensions=40))
@at_most(20)
def test_hostile_large_dictionaries(case):
    """Wide enough for whatever is done differently for many atoms, and for supports wider than the first buffer."""
    assert_exact(case)


@pytest.mark.nightly
@given(cases(atoms=WIDE, dimensions=40))
@settings(max_examples=600)
def test_hundreds_of_hostile_large_dictionaries(case):
    assert_exact(case)


@pytest.mark.parametrize("word", DATA)
def test_rows_enough_for_several_blocks(word):
    """Every sample of many is exact, the last ones too, whatever its neighbours left behind."""
    for seed, atoms in enumerate(("near", "duplicates", "rank loss")):
        judge(*coded(Case(seed, 701, 6, 12, 0.1, 9, 1.0, seed % 2 == 0, frozenset({word, atoms}))))


@given(cases(), st.integers(0, 2**32 - 1))
@at_most(100)
def test_codes_do_not_depend_on_where_they_start(case, seed):
    """Warm from the codes of another dictionary, or of the same one: the reconstruction, which is unique, stays."""
    problem, D, cold = coded(case)
    E = D + 0.3 * np.random.default_rng(seed).standard_normal(D.shape)
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    unit = power_of_two_near(problem.lam)
    coder = exact.Coder(problem.n, problem.d, len(D), problem.lam / unit, problem.nonnegative)
    for dictionary in (E, D, D):
        coder.code(np.ascontiguousarray(problem.X / unit), dictionary)
    warm = coder.sparse(len(D), unit)
    judge(problem, D, warm)
    far = np.linalg.norm((warm - cold) @ D, axis=1)
    assert (far <= 1e-10 * np.maximum(problem.lam, np.linalg.norm(problem.X, axis=1))).all()


@given(cases())
@at_most(60)
def test_codes_do_not_depend_on_the_neighbours(case):
    problem, D, together = coded(case)
    for i in range(problem.n):
        alone = encode(problem.X[i : i + 1], D, problem.lam, nonnegative=problem.nonnegative)
        far = np.linalg.norm((alone - together[[i]]) @ D)
        assert far <= 1e-10 * max(problem.lam, float(np.linalg.norm(problem.X[i])))


@pytest.mark.parametrize("scale", [1.0, 1e100, 1e-100])
@pytest.mark.parametrize("d", [1, 5])
def test_one_atom_is_a_soft_threshold(d, scale):
    rng = np.random.default_rng(d)
    atom = rng.standard_normal((1, d))
    atom /= np.linalg.norm(atom)
    X = rng.standard_normal((50, d))
    score = (X @ atom.T).ravel()
    one = encode(X * scale, atom, 0.3 * scale).toarray().ravel() / scale
    np.testing.assert_allclose(one, np.maximum(score - 0.3, 0), atol=1e-14)
    signed = encode(X * scale, atom, 0.3 * scale, nonnegative=False).toarray().ravel() / scale
    np.testing.assert_allclose(signed, np.sign(score) * np.maximum(np.abs(score) - 0.3, 0), atol=1e-14)
    copies = encode(X * scale, np.repeat(atom, 7, axis=0), 0.3 * scale).sum(axis=1) / scale
    np.testing.assert_allclose(copies, one, atol=1e-14)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_scores_exactly_lam_stay_off(nonnegative):
    """At x = lam d the atom's score is lam and its code zero; one step of rounding further it is on."""
    D = np.eye(6)
    assert encode(0.25 * D, D, 0.25, nonnegative=nonnegative).nnz == 0
    assert encode(np.full((1, 6), 0.25), D, 0.25, nonnegative=nonnegative).nnz == 0
    on = encode(0.25 * (1 + 1e-9) * D, D, 0.25, nonnegative=nonnegative)
    np.testing.assert_allclose(on.toarray(), 0.25e-9 * D, rtol=1e-6)


# --- the judges themselves


def wrong(kind):
    """Codes that are nearly right, with their problem."""
    rng = np.random.default_rng(8)
    D = rng.standard_normal((5, 3))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    problem = Problem(2 * rng.standard_normal((20, 3)), 0.2)
    codes = encode(problem.X, D, 0.2)
    judge(problem, D, codes)
    if kind == "an atom missing":
        codes.data[codes.data == codes.data.min()] = 0
    elif kind == "shrunk":
        codes.data *= 1 - 1e-6
    elif kind == "another penalty":
        codes = encode(problem.X, D, 0.2 * (1 + 1e-6))
    return problem, D, codes


KINDS = ("an atom missing", "shrunk", "another penalty")


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_codes_are_noticed(kind):
    with pytest.raises(AssertionError):
        judge(*wrong(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_judge_notices_by_itself(kind):
    """Bounds and rivals meet at the optimum, and the wrong codes lie above it: no judge is vacuous."""
    problem, D, codes = wrong(kind)
    Z, best = codes.toarray(), encode(problem.X, D, problem.lam).toarray()
    mine, least = objectives(problem, D, Z), objectives(problem, D, best)
    assert (mine - least).max() > 1e-13
    assert np.abs(bounds(problem, D, best) - least).max() < 1e-13
    assert np.abs(brute_force(problem, D) - least).max() < 1e-13
    other = np.array([oracles.code(x, D, problem.lam) for x in problem.X])
    assert np.abs(objectives(problem, D, other) - least).max() < 1e-13
    assert verify.measure(problem, D, np.zeros(problem.d), codes).kkt > 1e-8
