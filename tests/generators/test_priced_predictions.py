"""Predictions under any price (T1, T8-T10, N9), against a solver that shares nothing; planted mistakes are seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
import successors
from examples import at_most
from hypothesis import assume, given
from hypothesis import strategies as st

from generators import antipodal, correlated_pair, exclusive_children, nested_pair, one_sparse, prices
from generators.plane import priced
from testbed import InputError, fit
from testbed.penalties import L0, L1, MCP, Energy, Log, TopK

ALL = [(L1(0.1), ("l1", 0.1)), (Energy(0.05, 0.3), ("energy", 0.05, 0.3)), (Log(0.1, 0.5), ("log", 0.1, 0.5)),
       (Log(0.3, 0.2), ("log", 0.3, 0.2)), (MCP(0.1, 4), ("mcp", 0.1, 4.0)), (MCP(0.3, 2), ("mcp", 0.3, 2.0)),
       (L0(0.02), ("l0", 0.02)), (TopK(1), ("topk", 1)), (TopK(2), ("topk", 2))]
LOUD, QUIET = "discrete([1.2, 1.6, 2])", "discrete([0.5, 0.8])"


def plane(world):
    sample = world.exact()
    some = sample.X.any(axis=1)
    return sample.X[some], sample.weights[some]


# --- the search


@pytest.mark.parametrize("penalty, price", ALL, ids=lambda p: str(p))
def test_objective_of_two_atoms(penalty, price):
    rng = np.random.default_rng(1)
    X, w = plane(nested_pair(0.4, magnitude=LOUD, child_magnitude=QUIET))
    X = np.vstack([X, rng.standard_normal((12, 2))])
    w = rng.dirichlet(np.ones(len(X)))
    for angles in rng.uniform(-2, 3, (8, 2)):
        F = priced.objectives(penalty, X, w, angles[0], angles[1])
        assert F == pytest.approx(successors.phi(price, X, w, angles), abs=1e-12)
    np.testing.assert_allclose(priced.slopes(penalty, X, w, angles), successors.slopes(price, X, w, angles), atol=1e-9)


def test_the_numbers_seen_first():
    """Nested pairs whose optima another solver had found before any of this was written."""
    quiet = nested_pair(0.4, magnitude=QUIET, child_magnitude=LOUD)
    loud = nested_pair(0.4, magnitude=LOUD, child_magnitude=QUIET)
    energy, saturating = Energy(0.05, 0.3), MCP(0.1, 4)
    assert quiet.predict(penalty=energy).values["cosine"] == pytest.approx(0.456947, abs=1e-6)
    assert loud.predict(penalty=energy).values["cosine"] == pytest.approx(0.890689, abs=1e-6)
    assert np.degrees(loud.predict(penalty=energy).values["angles"]) == pytest.approx([-4.277, 22.763], abs=2e-3)
    assert loud.predict(penalty=Energy(0.02, 1)).values["regime"] == "merged"
    assert quiet.predict(penalty=saturating).objective == pytest.approx(0.0241320, abs=1e-7)
    for world in (quiet, loud):
        X, w = plane(world)
        truth = priced.objectives(saturating, X, w, 0.0, math.pi / 2)
        assert truth == pytest.approx(0.028, abs=1e-14)
        assert world.predict(penalty=saturating).objective < truth - 1e-3  # the truth is a valley, not the optimum (N9)


# --- T8


@at_most(6)
@given(a=st.floats(0.6, 2), c=st.floats(0.4, 2), rho=st.floats(0.2, 0.8), angle=st.floats(0.8, 2.2),
       lam=st.floats(0.03, 0.2))
def test_T8_where_energy_lets_go(a, c, rho, angle, lam):
    world = nested_pair(rho, angle, a, c)
    X, w = plane(world)
    lengths = np.linalg.norm(X, axis=1)
    cosine = X[0] @ X[1] / lengths.prod()
    assume(0.2 < cosine < 0.98 and lengths.max() * cosine > 1.5 * lam)
    tau = prices.letting_go(lam, lengths.max(), cosine)
    angles = np.arctan2(X[:, 1], X[:, 0])
    for factor, stays in ((0.999, True), (1.001, False)):
        price = ("energy", lam, factor * tau)
        assert np.abs(successors.slopes(price, X, w, angles)).max() < 1e-12 or not stays
        Z = successors.codes(price, X, successors.at(angles))
        assert ((Z > 0).sum(axis=1).max() == 1) == stays
    kept = world.predict(penalty=Energy(lam, 0.3 * tau))
    assert kept.values["regime"] == "absorbed"
    assert kept.objective == pytest.approx(w @ Energy(lam, 0.3 * tau).floor(lengths), rel=1e-12)
    if lengths[1] > lengths[0]:  # else it is the child's atom that comes on under the parent
        assert world.predict(penalty=Energy(lam, 1.05 * tau)).values["regime"] == "tilted"


def test_T8_the_optimum_may_jump_first():
    """Points close in angle: below the tau at which absorption ceases to be stationary it is no longer the best."""
    world = nested_pair(0.78125, 1.0, 0.625, 1.0)
    tau = world.predict(penalty=Energy(0.125, 0.01)).values["shares_from"]
    regimes = [world.predict(penalty=Energy(0.125, f * tau)).values["regime"] for f in (0.9, 0.99)]
    assert regimes == ["absorbed", "tilted"]


@at_most(6)
@given(a=st.floats(0.6, 1.5), c=st.floats(0.4, 1.5), rho=st.floats(0.25, 0.75), lam=st.floats(0.02, 0.15))
def test_T8_where_energy_merges(a, c, rho, lam):
    X, w = plane(nested_pair(rho, magnitude=a, child_magnitude=c))
    tau, angle = prices.merging(lam, X, w)
    assume(tau < 50)
    turn = 1e-3 * np.array([-1, 1])
    for factor, merged in ((0.98, False), (1.02, True)):
        price = ("energy", lam, factor * tau)
        together, apart = (successors.phi(price, X, w, angle + step) for step in (0 * turn, turn))
        assert (together <= apart) == merged
    assert nested_pair(rho, magnitude=a, child_magnitude=c).predict(
        penalty=Energy(lam, 1.05 * tau)).values["regime"] == "merged"


@pytest.mark.parametrize("penalty, price", [ALL[1], ALL[4], ALL[6], ALL[7]], ids=lambda p: str(p))
def test_T8_against_another_search(penalty, price):
    for world in (nested_pair(0.3, 1.2, 1.0, 0.7), nested_pair(0.4, 1.3, "discrete([0.5, 0.8])", 1.4)):
        X, w = plane(world)
        found = world.predict(penalty=penalty)
        F, _ = successors.minima(price, X, w, step=15.0, most=2)[0]
        assert found.objective <= F + 1e-9
        assert successors.phi(price, X, w, found.values["angles"]) == pytest.approx(found.objective, abs=1e-12)
        if len(X) == 2 and penalty.concave:
            assert found.values["regime"] == "absorbed"
            lengths = np.linalg.norm(X, axis=1)
            floor = w @ [min(successors.losses(price, np.array([[t, 0]]), np.eye(2), np.array([[z, 0]]))[0]
                             for z in np.linspace(0, t, 2001)) for t in lengths]
            assert found.objective == pytest.approx(floor, abs=1e-6)


def test_T8_planted_mistakes():
    a, lam = 1.0, 0.1
    X, _ = plane(nested_pair(0.4))
    right = prices.letting_go(lam, math.sqrt(2), math.sqrt(0.5))
    assert right == pytest.approx(lam * (math.sqrt(2) - a) / (math.sqrt(2) * (a - lam)), rel=1e-14)
    for wrong in (prices.letting_go(lam, 1.0, math.sqrt(0.5)), prices.letting_go(lam, math.sqrt(2), 0.5), lam):
        between = ("energy", lam, math.sqrt(right * wrong))
        Z = successors.codes(between, X, successors.at(np.array([0, math.pi / 4])))
        assert ((Z > 0).sum(axis=1).max() == 1) == (right > wrong)  # the other side of one is not of the other


def test_not_unique_under_topk():
    for world in (nested_pair(0.4), correlated_pair()):
        with pytest.raises(InputError, match=r"under topk\(k=2\) the optimum is not unique: .* \(N9\)"):
            world.predict(penalty=TopK(2))


# --- T9


@at_most(5)
@given(alpha=st.floats(0.1, 0.45), share=st.floats(0.1, 1.0))
def test_T9_where_the_truth_ends(alpha, share):
    beta = share * (1 - 2 * alpha)
    world = correlated_pair(alpha, beta)
    end = world.predict(penalty=L0(0.01)).values["breaks_from"]
    assert end == pytest.approx(0.5 + alpha / (4 * beta) - math.sqrt(0.25 + alpha**2 / (16 * beta**2)), rel=1e-9)
    X, w = plane(world)
    broken = np.array([0, math.pi / 4 + 0.5 * math.atan2(alpha, 2 * beta)])
    for factor, holds in ((0.99, True), (1.01, False)):
        price = ("l0", factor * end)
        truth, other = (successors.phi(price, X, w, angles) for angles in (np.array([0, math.pi / 2]), broken))
        assert (truth <= other) == holds and np.abs(successors.slopes(price, X, w, broken)).max() < 1e-12
        found = world.predict(penalty=L0(factor * end))
        assert found.objective <= min(truth, other) + 1e-12
        assert np.abs(successors.slopes(price, X, w, found.values["angles"])).max() < 1e-10
        assert successors.phi(price, X, w, found.values["angles"]) == pytest.approx(found.objective, abs=1e-12)
    wrong = np.array([0, math.pi / 4 + 0.5 * math.atan2(alpha, beta)])
    assert np.abs(successors.slopes(price, X, w, wrong)).max() > 1e-4


def test_T9_nothing_tilts_where_codes_are_free():
    world = correlated_pair(0.3, 0.3)
    for penalty in (L0(0.02), MCP(0.1, 4)):
        assert world.predict(penalty=penalty).values["regime"] == "faithful"
        np.testing.assert_array_equal(world.predict(penalty=penalty).D.round(12), np.eye(2))
    assert world.predict(penalty=Energy(0.1, 0.1)).values["regime"] == "tilted"


# --- T10, T1, arguments


@at_most(8)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 6), p=st.floats(0.3, 1.0), lam0=st.floats(0.01, 0.3))
def test_T10(seed, n, p, lam0):
    rng = np.random.default_rng(seed)
    values, mass = np.sort(rng.uniform(-2, 2, n)) + np.arange(n), rng.dirichlet(np.full(n, 3.0))
    world = antipodal(1, f"discrete({values.tolist()}, {mass.tolist()})", p=p)
    s, w = world.exact().codes[:, 0], world.exact().weights
    for penalty, price in ((L0(lam0), ("l0", lam0)), (MCP(lam0, 3), ("mcp", lam0, 3.0))):
        found = world.predict(penalty=penalty)
        c = found.values["location"]
        D = np.array([[1.0, 0], [-1.0, 0]])
        for shift, sign in ((0.0, 0), (1e-3, 1), (-1e-3, 1), (0.3, 1), (-0.3, 1)):
            X = np.column_stack([s - c - shift, 0 * s])
            F = w @ successors.losses(price, X, D, successors.codes(price, X, D))
            assert F == pytest.approx(found.objective, abs=1e-10) if not sign else found.objective <= F + 1e-12


def test_T10_bias_at_a_mode():
    world = antipodal(1, "discrete([-1, 0, 0.5, 1, 3], [0.15, 0.15, 0.25, 0.15, 0.3])")
    assert world.predict(penalty=L0(0.01)).values["location"] == 3.0
    assert world.predict(penalty=Log(0.01, 5)).values["location"] == pytest.approx(0.5, abs=0.1)  # like l1: the median


@pytest.mark.parametrize("penalty", [Log(0.1, 0.5), MCP(0.1, 4), L0(0.02), TopK(1)], ids=str)
def test_T1_under_concave_prices(penalty):
    V = np.array([[1.0, 0], [0.8, 0.6]])
    world = one_sparse(2, magnitude="discrete([1, 2])", directions=V)
    found = world.predict(penalty=penalty)
    X, w = plane(world)
    assert priced.minima(penalty, X, w)[0].objective == pytest.approx(found.objective, abs=1e-12)
    np.testing.assert_array_equal(found.D, V)


def test_what_is_not_known_is_refused():
    with pytest.raises(InputError, match="give lam or penalty, not both"):
        nested_pair().predict(0.1, penalty="l0(lam0=1)")
    with pytest.raises(InputError, match=r"no exact answer under mcp\(lam=0.1, gamma=4\) is known"):
        exclusive_children(3).predict(penalty="mcp(lam=0.1, gamma=4)")
    with pytest.raises(InputError, match="T10 is for concave prices"):
        antipodal(1, "discrete([-1, 2])").predict(penalty=Energy(0.1, 0.1))
    assert nested_pair(0.3).predict(penalty=L1(0.2)).objective == nested_pair(0.3).predict(0.2).objective


# --- training agrees


@pytest.mark.parametrize("penalty", [
    Energy(0.1, 0.02), Energy(0.1, 0.3), Log(0.1, 0.5), MCP(0.1, 4), L0(0.02), TopK(1)], ids=str)
@pytest.mark.parametrize("world", [
    nested_pair(0.4), nested_pair(0.3, 1.2, 1.0, 0.7), correlated_pair(0.3, 0.3)], ids=str)
def test_training_confirms(world, penalty):
    sample, found = world.exact(), world.predict(penalty=penalty)
    optimum = fit(sample.X, 2, penalty=penalty, weights=sample.weights, seed=1, restarts=12)
    assert optimum.objective == pytest.approx(found.objective, abs=1e-10)
    assert optimum.stationarity <= 1e-10 and optimum.kkt <= 1e-10
    order = np.argsort(np.arctan2(optimum.D[:, 1], optimum.D[:, 0]))
    mirrored = np.linalg.norm(optimum.D[order][::-1, ::-1] - found.D)  # a broken pair has a twin
    assert min(np.linalg.norm(optimum.D[order] - found.D), mirrored) < 1e-8
    turn = np.array([[np.cos(1e-5), np.sin(1e-5)], [-np.sin(1e-5), np.cos(1e-5)]])
    assert np.linalg.norm(optimum.D[order] - found.D @ turn) > 1e-6 and np.linalg.norm(
        optimum.D[order][::-1, ::-1] - found.D @ turn) > 1e-6
