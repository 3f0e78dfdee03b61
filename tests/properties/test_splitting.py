"""M2, M3, G1: what splitting, adding and removing atoms does to phi, against codes on the changed dictionary."""

from __future__ import annotations

import numpy as np
import oracles
import pytest
from examples import at_most
from hypothesis import given
from strategies import coded, optima

from generators import hierarchical, independent
from properties import cases
from properties.g1_floor import PROPERTY as G1
from properties.g1_floor import excess
from properties.m2_splitting import PROPERTY as M2
from properties.m2_splitting import splitting_slopes
from properties.m3_dead_atoms import PROPERTY as M3
from properties.scaled import Scaled
from testbed import Optimum, Problem, encode, fit, huber
from testbed.basins.moves import gain, newcomers, removal_costs
from testbed.descent.phi import Reduced
from testbed.threads import limited

KINDS = [(bias, nonnegative) for bias in (False, True) for nonnegative in (True, False)]


def phi(problem, D, b):
    """min over codes of F, from `encode`."""
    D = D / np.linalg.norm(D, axis=1, keepdims=True)
    Z = encode(problem.X, D, problem.lam, b, problem.nonnegative)
    R = problem.X - b - Z @ D
    return problem.weights @ (0.5 * (R * R).sum(axis=1) + problem.lam * np.asarray(abs(Z).sum(axis=1)).ravel())


def measured_slope(o, j, u, eps=2e-4):
    """d phi / d eps at 0 of two copies of atom j at d_j +/- eps u, by Richardson's extrapolation."""
    def quotient(eps):
        D = np.vstack([o.D, o.D[j] - eps * u])
        D[j] += eps * u
        return (phi(o.problem, D, o.b) - o.objective) / eps

    return 2 * quotient(eps / 2) - quotient(eps)


def overlapping(bias, nonnegative, d=4, seed=5, n_atoms=5):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, d)) * rng.exponential(size=(60, 1)) + 0.2
    return fit(X, n_atoms, 0.3, bias, nonnegative, seed=1, restarts=2)


@pytest.fixture(scope="module", params=KINDS)
def optimum(request):
    return overlapping(*request.param)


# --- M2


def test_splitting_lowers_phi_at_the_predicted_rate(optimum):
    slopes, directions = splitting_slopes(optimum)
    assert (slopes > 0).all() and np.abs((directions * optimum.D).sum(axis=1)).max() < 1e-12
    p, Z = optimum.problem, optimum.Z.toarray()
    for j, (slope, u) in enumerate(zip(slopes, directions, strict=True)):
        found = measured_slope(optimum, j, u)
        assert found == pytest.approx(-slope, rel=1e-5)
        # planted errors that the same test rejects: the wrong sign, no modulus (0 by S1), no activity
        along = optimum.R @ u
        for wrong in (slope, -p.weights @ (Z[:, j] * along), -p.weights @ np.abs(along)):
            assert found != pytest.approx(wrong, rel=1e-2)


def test_every_direction_splits_at_its_own_rate(optimum):
    rng = np.random.default_rng(0)
    u = rng.standard_normal(4)
    u -= (u @ optimum.D[0]) * optimum.D[0]
    u /= np.linalg.norm(u)
    rate = optimum.problem.weights @ (np.abs(optimum.Z.toarray()[:, 0]) * np.abs(optimum.R @ u))
    assert measured_slope(optimum, 0, u) == pytest.approx(-rate, rel=1e-4)
    assert rate <= splitting_slopes(optimum)[0][0]


@pytest.mark.parametrize("seed", range(6))
def test_the_best_split_by_looking_everywhere(seed):
    """In three dimensions the directions orthogonal to an atom are a circle."""
    o = overlapping(False, True, d=3, seed=seed, n_atoms=3)
    turn = np.linspace(0, np.pi, 2001)
    slopes, _ = splitting_slopes(o)
    for j, d in enumerate(o.D):
        frame = np.linalg.svd(d[None])[2][1:]
        circle = np.column_stack([np.cos(turn), np.sin(turn)]) @ frame
        rates = (o.problem.weights * o.Z.toarray()[:, j]) @ np.abs(o.R @ circle.T)
        assert slopes[j] == pytest.approx(rates.max(), rel=1e-5) and slopes[j] >= rates.max() * (1 - 1e-12)


def test_nothing_to_split_where_residuals_follow_their_atoms():
    o = fit([[3.0, 1], [-1, 2]], 3, 0.5)
    # training stops at stationarity 1e-12: atoms, and so slopes, are no better than that
    assert o.status == "global" and splitting_slopes(o)[0].max() < 1e-12
    dead = ~o.live
    assert dead.any() and not splitting_slopes(o)[1][dead].any()


def duplicated(o, j, sign=1.0, share=0.25):
    """One more atom, at (sign times) atom j, with a share of its codes."""
    Z = np.column_stack([o.Z.toarray(), sign * share * o.Z.toarray()[:, j]])
    Z[:, j] *= 1 - share
    return Optimum.at(o.problem, np.vstack([o.D, sign * o.D[j]]), o.b, Z)


@pytest.mark.parametrize("share", [0.25, 1.0, 0.0])
def test_a_duplicate_is_a_saddle_and_M2_sees_it(optimum, share):
    assert M2.residual(optimum).max == 0
    copied = duplicated(optimum, 1, share=share)
    assert copied.stationarity < 1e-9 and copied.kkt < 1e-11  # first order cannot tell
    found = M2.residual(copied)
    assert found.max > 0.1 and found.worst in ("atoms 1, 5", "atoms 5, 1")
    if not optimum.problem.nonnegative:
        assert M2.residual(duplicated(optimum, 1, -1.0, share)).max > 0.1
    escaped = fit(*_arguments(copied), start=copied.D)
    assert escaped.objective < copied.objective - 1e-4 and M2.residual(escaped).max <= M2.tolerance


def _arguments(o):
    p = o.problem
    return p.X, o.n_atoms, p.lam, p.bias, p.nonnegative, p.weights


def test_M2_extremal_case_and_what_it_is_blind_to():
    o = M2.extremal()
    assert o.status == "global" and M2.residual(o).max < 1e-14
    p = o.problem
    worse = Optimum.at(Problem(p.X, 1.01 * p.lam), o.D, Z=o.Z)
    assert M2.residual(worse).max > 1e-3
    apart = o.D.copy()
    apart[1] = [0.6 - 0.8e-6, 0.8 + 0.6e-6]
    assert M2.residual(Optimum.at(p, apart / np.linalg.norm(apart, axis=1, keepdims=True))).max == 0


@at_most(25)
@given(optima())
def test_trained_dictionaries_have_no_useful_duplicate_and_no_useful_dead_atom(o):
    for statement in (M2, M3, G1):
        assert statement.residual(o).max <= statement.tolerance, statement.id


# --- M3


@pytest.mark.parametrize("bias, nonnegative", KINDS)
def test_a_dead_atom_short_of_the_wide_limit(bias, nonnegative):
    """An atom orthogonal to all data is dead wherever it is, at a local minimum of the others and of itself."""
    narrow = overlapping(bias, nonnegative)
    p = narrow.problem
    flat = fit(np.pad(p.X, ((0, 0), (0, 1))), 5, p.lam, bias, nonnegative, start=np.pad(narrow.D, ((0, 0), (0, 1))))
    o = Optimum.at(flat.problem, np.vstack([flat.D, np.eye(5)[4]]), flat.b)
    assert M3.residual(flat).max == 0 and o.objective == pytest.approx(flat.objective, rel=1e-12)
    found = M3.residual(o)
    assert found.max == pytest.approx(o.radius - 1) and found.max > 0.5
    assert found.worst == f"sample {np.linalg.norm(o.R, axis=1).argmax()}"
    assert fit(*_arguments(o), start=o.D).objective < o.objective - _gain_at_longest(o)


def _gain_at_longest(o):
    length = np.linalg.norm(o.R, axis=1)
    return gain(o.R, o.problem.weights, o.problem.lam, o.R[length.argmax()] / length.max(), not o.problem.nonnegative)


def test_M3_extremal_case_and_samples_without_weight():
    o = M3.extremal()
    assert not o.live.all() and o.radius == pytest.approx(1) and M3.residual(o).max < 1e-14
    p = o.problem
    assert M3.residual(Optimum.at(Problem(p.X, 0.99 * p.lam), o.D, Z=o.Z)).max == pytest.approx(1 / 99)
    X = np.vstack([p.X, [[5.0, 0]]])
    Z = np.vstack([o.Z.toarray(), [[0, 0]]])
    assert M3.residual(Optimum.at(Problem(X, p.lam, [0.5, 0.5, 0]), o.D, Z=Z)).max < 1e-14
    assert M3.residual(Optimum.at(Problem(X, p.lam, [0.5, 0.25, 0.25]), o.D, Z=Z)).worst == "sample 2"


# --- what one atom more or less is worth


def test_one_atom_more_or_less_within_its_bounds(optimum):
    """1/2 E[(<r, u> - lam)_+^2] <= what a new atom gains; what removing one costs <= 1/2 E[z_j^2]."""
    p, o = optimum.problem, optimum
    reduced = Reduced(p, o.n_atoms)
    with limited(reduced.work):
        point = reduced.at(np.vstack([o.D, o.b / reduced.unit]) if p.bias else o.D)
        costs = removal_costs(reduced, point) * reduced.unit**2
        new = newcomers(reduced, point.R, 3)
    energy = np.asarray((o.Z**2).T @ p.weights).ravel()
    for j, cost in enumerate(costs):
        assert cost == pytest.approx(phi(p, np.delete(o.D, j, axis=0), o.b) - o.objective, rel=1e-9)
        assert 0 < cost <= energy[j] / 2
    least = [gain(o.R, p.weights, p.lam, u, not p.nonnegative) for u in new]
    assert len(new) == 3 and max(least) == least[0] >= _gain_at_longest(o) > 0
    for u, promised in zip(new, least, strict=True):
        assert o.objective - phi(p, np.vstack([o.D, u]), o.b) >= promised
    assert o.objective - phi(p, np.vstack([o.D, new]), o.b) > 1.2 * least[0]  # and they do not all do the same


# --- G1, G2


@given(coded())
def test_G1_at_exact_codes_of_any_dictionary(o):
    assert G1.residual(o).max <= G1.tolerance


def test_G1_by_independent_codes(optimum):
    p, s = optimum.problem, Scaled.whole(optimum)
    misaligned, distance, floor = excess(s)
    np.testing.assert_allclose(floor * p.lam**2, huber(np.linalg.norm(p.X - optimum.b, axis=1), p.lam))
    assert misaligned.min() >= -1e-12 and distance.max() > 0.1
    total = p.weights @ (floor + misaligned + distance**2 / 2) * p.lam**2
    assert total == pytest.approx(oracles.phi(p.X, optimum.D, p.lam, p.weights, optimum.b, p.nonnegative), rel=1e-12)


def test_G2_the_floor_is_reached_exactly_at_the_wide_limit():
    for seed in range(5):
        sample = independent(3, 0.4).embed(3, "random", seed).exact()
        for n_atoms in range(1, 8):
            o = fit(sample.X, n_atoms, 0.3, weights=sample.weights)
            above = (o.objective - o.problem.huber_floor) / o.problem.huber_floor
            assert (above < 1e-12) == (o.radius < 1 + 1e-9) == (o.status == "global") and above > -1e-13


@pytest.mark.parametrize("change", ["negative codes", "codes up", "one missing"])
def test_G1_fails_on_codes_that_are_not_exact(change):
    o = G1.extremal()
    assert G1.residual(o).max < 1e-14 and o.radius == 3
    Z = o.Z.toarray()
    if change == "negative codes":
        Z[3, 0] = -2 * o.problem.lam
    elif change == "codes up":
        Z *= 1.01
    else:
        o = hierarchy()
        Z = np.where(o.Z.toarray() > 0, o.Z.toarray(), 0)
        Z[np.arange(len(Z)), Z.argmax(axis=1)] *= 2
    assert G1.residual(Optimum.at(o.problem, o.D, Z=Z)).max > 1e3 * G1.tolerance


def hierarchy():
    sample = hierarchical(roots=2, depth=2, branching=2).exact()
    return fit(sample.X, 4, 0.15, weights=sample.weights)


def test_G1_is_tight_above_as_well():
    """The sample that nothing codes has loss - h = (|x| - lam)(|r| - lam) / 2; with a wrong constant it would fail."""
    misaligned, distance, floor = excess(Scaled.whole(G1.extremal()))
    assert misaligned[3] == 0 and distance[3] ** 2 == (3 - 1) * (3 - 1)
    assert floor[3] == 2.5


def test_a_saddle_of_the_correlated_pair():
    o = cases.correlated_pair()
    assert M2.residual(o).max == 0 and M2.residual(duplicated(o, 0)).max > 1e-2
