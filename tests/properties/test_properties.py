"""Every statement holds where it should: in its extremal case, at exact codes, at trained optima; other methods agree.

tests/properties/test_negative_controls.py shows that each can fail.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from examples import at_most
from hypothesis import assume, given, target
from hypothesis import strategies as st
from scipy.optimize import minimize
from strategies import coded, optima

from properties import ALL, BY_ID, cases, check, get
from properties.b2_hull import highest
from properties.base import PLACES
from properties.c4_floor import floor
from properties.s5_cone import distance
from properties.s6_nesting import sides
from properties.scaled import Scaled
from properties.sums import Running, Totals
from testbed import Optimum, Problem, encode, fit

CODE = [p for p in ALL if p.where == "code" and "l1" in p.penalties]
CASES = [cases.threshold, cases.correlated_pair, cases.co_firing, lambda: cases.co_firing(False), cases.antipodal_pair,
         cases.shrinkage_bias]


def scaled(optimum: Optimum, c: float) -> Optimum:
    """The same optimum in other units: (X, lam) -> (c X, c lam)."""
    p = optimum.problem
    problem = Problem(c * p.X, None, p.weights, p.bias, p.nonnegative, p.penalty.scaled(1 / c))
    return replace(optimum, problem=problem, b=c * optimum.b, Z=c * optimum.Z)


def totals(id: str, optimum: Optimum) -> Totals:
    """What a statement's `finish` sees."""
    running = Running([get(id)])
    running.add(Scaled.whole(optimum))
    return running.totals(id)


def applicable(optimum: Optimum):
    return [p for p in ALL if p.applies(optimum)]


@pytest.fixture(scope="module", params=[(bias, nonnegative) for bias in (False, True) for nonnegative in (True, False)],
                ids=lambda kind: f"{'bias' if kind[0] else 'no bias'}, {'nonnegative' if kind[1] else 'signed'}")
def optimum(request) -> Optimum:
    """An optimum of generic data with six overlapping atoms in four dimensions."""
    bias, nonnegative = request.param
    rng = np.random.default_rng(5)
    X = rng.standard_normal((60, 4)) * rng.exponential(size=(60, 1)) + 0.2
    return fit(X, n_atoms=6, lam=0.3, bias=bias, nonnegative=nonnegative, seed=1, restarts=2)


# --- in closed form


def test_the_table_of_contents():
    known = "C1 C2 C3 C4 S1 S2 S3 S4 S5 S6 B1 B2 B3 B4 M2 M3 G1".split()
    assert [p.id for p in ALL if p.id in known] == known
    assert list(BY_ID.values()) == list(ALL) and get("S5") is BY_ID["S5"]
    for p in ALL:
        assert p.where in PLACES and p.name and "\n" not in p.statement and 0 < p.tolerance <= 1e-8
    with pytest.raises(KeyError, match="'S9' is not one of C1, C2"):
        get("S9")


@pytest.mark.parametrize("p", ALL, ids=lambda p: p.id)
def test_extremal_case_holds(p):
    assert p.residual(p.extremal()).max < 1e-14


@pytest.mark.parametrize("case", CASES)
def test_every_closed_form_obeys_all_that_applies(case):
    o = case()
    for p in applicable(o):
        if p.where == "code" or o.status != "unconverged":
            assert p.residual(o).max < 1e-14, p.id


@pytest.mark.parametrize("psi, lam", [(0.05, 0.1), (0.2, 0.3), (1e-3, 0.02), (0.0441403333, 0.1)])
def test_correlated_pair_is_stationary_for_every_tilt(psi, lam):
    assert check(cases.correlated_pair(psi, lam)).holds


def test_extremal_cases_leave_no_slack():
    for nonnegative in (True, False):
        o = Scaled.whole(cases.co_firing(nonnegative))
        np.testing.assert_allclose(np.linalg.norm(o.r, axis=1), floor(o), rtol=1e-14)  # C4
    left, right = sides(totals("S6", cases.correlated_pair()))
    np.testing.assert_allclose(left, right, atol=1e-15)  # S6
    assert left[0, 1] > 0.3
    o = Scaled.whole(cases.antipodal_pair())
    top = highest(totals("B2", cases.antipodal_pair()))
    assert 1 - o.G[0, 1] == pytest.approx(top[0, 1], rel=1e-14) == pytest.approx(2)  # B2
    fires = o.w @ o.on
    assert fires[0] - fires[1] == o.w @ ~o.on.any(axis=1) == 0.25  # B3


# --- wherever they should


@given(coded())
def test_code_statements_hold_at_exact_codes_of_any_dictionary(optimum):
    for p in CODE:
        residual = p.residual(optimum)
        target(residual.max / p.tolerance, label=p.id)
        assert residual.max <= p.tolerance, f"{p.id} at {residual.worst}"


@given(optima())
def test_every_statement_holds_at_trained_optima(optimum):
    assume(optimum.status != "unconverged")  # rare, and Hypothesis objects if it is not
    report = check(optimum)
    for verdict in (verdict for verdict in report.verdicts if verdict.holds is not None):
        target(verdict.residual / verdict.tolerance, label=verdict.id)
    assert report.holds, str(report)
    assert [v.id for v in report.verdicts] == [id for id, p in BY_ID.items() if "l1" in p.penalties]


@given(coded(), st.integers(-300, 300))
def test_residuals_are_scale_free_to_the_last_bit(optimum, k):
    other = scaled(optimum, 2.0 ** (k // 2) if np.abs(optimum.problem.X).max() in (0, 1) else _power(optimum, k))
    for p in applicable(optimum):
        np.testing.assert_array_equal(p.residual(optimum).values, p.residual(other).values, err_msg=p.id)


def _power(optimum: Optimum, k: int) -> float:
    """A power of two that moves the data's exponent to k / 2, far from overflow of squares."""
    return 2.0 ** (k // 2 - np.frexp(np.abs(optimum.problem.X).max())[1])


@pytest.mark.parametrize("c", [1e50, 1e-50, 3.0])
def test_residuals_are_scale_free_in_any_units(optimum, c):
    rotated = Optimum.at(optimum.problem, np.roll(optimum.D, 1, axis=1), optimum.b)
    for o in (optimum, rotated):
        for p in applicable(o):
            np.testing.assert_allclose(p.residual(scaled(o, c)).values, p.residual(o).values, atol=1e-12, err_msg=p.id)


def test_integer_weights_are_repeated_rows(optimum):
    p, times = optimum.problem, np.random.default_rng(0).integers(1, 4, 60)
    D = np.roll(optimum.D, 1, axis=1)
    weighted = Optimum.at(Problem(p.X, p.lam, times / times.sum(), p.bias, p.nonnegative), D, optimum.b)
    repeated = Optimum.at(Problem(np.repeat(p.X, times, axis=0), p.lam, None, p.bias, p.nonnegative), D, optimum.b)
    for a, b in zip(check(weighted).verdicts, check(repeated).verdicts, strict=True):
        assert a.holds is b.holds and (a.residual or 0) == pytest.approx(b.residual or 0, rel=1e-9, abs=1e-12), a.id


def test_samples_and_atoms_can_be_reordered_and_space_rotated(optimum):
    p, rng = optimum.problem, np.random.default_rng(0)
    rows, atoms = rng.permutation(p.n), rng.permutation(optimum.n_atoms)
    turn = np.linalg.qr(rng.standard_normal((p.d, p.d)))[0]
    D = np.roll(optimum.D, 1, axis=1)
    one = Optimum.at(p, D, optimum.b)
    other = Optimum.at(Problem(p.X[rows] @ turn, p.lam, None, p.bias, p.nonnegative), D[atoms] @ turn, optimum.b @ turn)
    for a, b in zip(check(one).verdicts, check(other).verdicts, strict=True):
        assert a.holds is b.holds and (a.residual or 0) == pytest.approx(b.residual or 0, rel=1e-9, abs=1e-12), a.id


# --- by other methods


@given(coded())
def test_c3_residual_is_the_nearest_point_of_the_polytope(optimum):
    p = optimum.problem
    D = optimum.D if p.nonnegative else np.vstack([optimum.D, -optimum.D])
    for i in range(min(p.n, 3)):
        x = (p.X[i] - optimum.b) / p.lam
        found = minimize(lambda r, x=x: 0.5 * (r - x) @ (r - x), 0 * x, jac=lambda r, x=x: r - x, method="SLSQP",
                         constraints={"type": "ineq", "fun": lambda r: 1 - D @ r, "jac": lambda r: -D},
                         options={"ftol": 1e-14, "maxiter": 500})
        assert np.linalg.norm(found.x - optimum.R[i] / p.lam) < 1e-5 * max(1, np.linalg.norm(x))


@given(coded())
def test_c3_is_firmly_nonexpansive(optimum):
    o = Scaled.whole(optimum)
    for i in range(min(o.n, 8)):
        for l in range(i):
            moved = [np.sum((part[i] - part[l]) ** 2) for part in (o.r, o.y, o.x)]
            assert moved[0] + moved[1] <= moved[2] + 1e-9 * (1 + moved[2])


@given(coded())
def test_c4_floor_by_least_squares(optimum):
    o = Scaled.whole(optimum)
    least, sign = floor(o), np.sign(o.z.toarray())
    for i in range(o.n):
        A = np.flatnonzero(o.on[i])
        if not len(A) or np.linalg.cond(o.G[np.ix_(A, A)]) > 1e3:
            continue
        shortest = np.linalg.lstsq(o.D[A], sign[i, A], rcond=None)[0]
        assert least[i] == pytest.approx(np.linalg.norm(shortest), rel=1e-9)
        for j in A:
            for k in A:
                if nonparallel := 1 + sign[i, j] * sign[i, k] * o.G[j, k]:
                    assert least[i] >= np.sqrt(2 / nonparallel) * (1 - 1e-9)  # the floor of a pair


def test_s1_and_b1_are_the_gradient(optimum):
    """S1's residual is the tangential gradient of phi over lam mu_j, B1's the gradient in b: by finite differences."""
    p, rng = optimum.problem, np.random.default_rng(0)
    D = rng.standard_normal(optimum.D.shape)
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    b = optimum.b + 0.1 * p.bias
    o = Optimum.at(p, D, b)

    def phi(D, b):
        D = D / np.linalg.norm(D, axis=1, keepdims=True)
        Z = encode(p.X, D, p.lam, b, p.nonnegative).toarray()
        return p.weights @ (0.5 * np.sum((p.X - b - Z @ D) ** 2, axis=1) + p.lam * np.abs(Z).sum(axis=1))

    h = 1e-5
    slope = np.zeros_like(D)
    for place in np.ndindex(*D.shape):
        step = np.zeros_like(D)
        step[place] = h
        slope[place] = (phi(D + step, b) - phi(D - step, b)) / (2 * h)
    expected = np.linalg.norm(slope, axis=1) / (p.lam * o.mu)
    np.testing.assert_allclose(get("S1").residual(o).values, expected, rtol=1e-5, atol=1e-7)
    if p.bias:
        slope_b = [(phi(D, b + h * e) - phi(D, b - h * e)) / (2 * h) for e in np.eye(p.d)]
        assert get("B1").residual(o).max == pytest.approx(np.linalg.norm(slope_b) / p.lam, rel=1e-5)


@at_most(15)
@given(optima())
def test_s5_and_b2_membership_is_confirmed_by_a_solver(optimum):
    p = optimum.problem
    assume(optimum.live.any() and optimum.status != "unconverged")
    for j in range(min(optimum.n_atoms, 3)):
        assert distance(optimum, j, hull=p.bias and p.nonnegative) < 1e-8


def test_s5_membership_is_a_condition_a_dictionary_can_miss():
    """Features that never fire alone: no code is ever seen while the other is silent, so the cone is the origin."""
    X = np.array([[1.0, 1.0], [2.0, 1.5]])
    o = Optimum.at(Problem(X, 0.1), np.eye(2))
    assert distance(o, 0) == pytest.approx(1)
    assert distance(Optimum.at(Problem(X, 0.1, nonnegative=False), np.eye(2)), 0) == pytest.approx(1)
    pair = cases.correlated_pair()  # no bias: in the cone, but off the hull, which is the one code seen without atom 0
    point, target = pair.Z[1, 1] / pair.mu[1], 1 - pair.G[0, 1]
    assert distance(pair, 0) < 1e-15
    assert distance(pair, 0, hull=True) == pytest.approx(abs(target - point) / np.hypot(1, point), rel=1e-12)
    for sign in (1, -1):  # signed: 0.9 of atom 1's activity is beside atom 0, and without it at most 0.1 can be had
        X = np.array([[2.0, 2 * sign], [0, 2 * sign]])
        signed = Optimum.at(Problem(X, 0.1, np.array([0.9, 0.1]), nonnegative=False), np.eye(2))
        assert distance(signed, 0) == pytest.approx(0.8, rel=1e-12)
    with pytest.raises(ValueError, match="nonnegative"):
        distance(Optimum.at(Problem(X, 0.1, nonnegative=False), np.eye(2)), 0, hull=True)


def test_s5_as_it_is_stated(optimum):
    """The identity that the code writes once for both kinds, in the form each has in the statement."""
    o = Scaled.whole(optimum)
    z, off, w = o.z.toarray(), ~o.on, o.w
    for j in range(o.m):
        if o.nonnegative:
            left, right = o.mu * (1 - o.G[j]), z.T @ (w * (1 - o.s[:, j]) * off[:, j])
        else:
            left, right = z.T @ (w * np.sign(z[:, j])) - o.mu * o.G[j], -z.T @ (w * o.s[:, j] * off[:, j])
        np.testing.assert_allclose(left, right, atol=1e-10)


def test_s6_implies_the_cruder_bound(optimum):
    o = Scaled.whole(optimum)
    if not o.nonnegative:
        pytest.skip("stated for nonnegative codes")
    t = totals("S6", optimum)
    silent = ((o.mass @ ~o.on) / o.mu[:, None])[t.live]
    crude = silent * (1 + np.linalg.norm(o.r, axis=1).max())
    left, right = sides(t)
    assert (1 - o.G <= crude + 1e-9).all()
    assert (left + silent * (1 - o.G) <= right + silent * (1 - o.G) + 1e-9).all()
    assert (right + silent * (1 - o.G) <= crude + 1e-9).all()  # what S6 allows 1 - G_jk to be, against the crude bound


def test_statements_that_do_not_apply_say_why():
    plain, signed = cases.correlated_pair(), cases.co_firing(False)
    assert not get("B1").applies(plain) and get("B1").excuse(plain) == "needs a fitted bias"
    assert get("S5").applies(signed) and get("S6").applies(signed)
    with pytest.raises(ValueError, match="B1: mean residual needs a fitted bias"):
        get("B1").residual(plain)
    p = signed.problem
    biased = Optimum.at(Problem(p.X, p.lam, bias=True, nonnegative=False), signed.D, Z=signed.Z)
    assert get("B2").excuse(biased) == "needs nonnegative codes"
