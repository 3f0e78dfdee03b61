"""Statements about any price (N1-N10): at optima of random worlds, against methods that share nothing, and failing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import successors
from examples import at_most
from hypothesis import assume, given
from hypothesis import strategies as st

from generators import nested_pair
from generators.plane import priced
from generators.plane.atoms import unit
from properties import BY_ID, check, get
from properties.base import EVERY, SUCCESSORS
from properties.m2_splitting import splitting_slopes
from properties.theory import statements
from testbed import Optimum, Problem, fit
from testbed.penalties import L0, L1, MCP, PENALTIES, Energy, Log, TopK

LAW = [Energy(0.05, 0.3), Log(0.05, 1.0), MCP(0.1, 12)]
PRICES = [*LAW, L0(0.02), TopK(1)]


def points(seed: int, n: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Points in the plane and weights, no two alike."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.2, 2, (n, 2)) * [1, 0.8], rng.dirichlet(np.ones(n))


def placed(penalty, X, w, angles) -> Optimum:
    """Two atoms at angles with codes that the plane's search gives, measured by testbed.verify."""
    return Optimum.at(Problem(X, weights=w, penalty=penalty), unit(angles), Z=priced.codes(penalty, X, angles))


def nested_world(seed: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """A random hierarchy with finite magnitudes; whether the parent is the louder one."""
    rng = np.random.default_rng(seed)
    loud = bool(rng.random() < 0.5)
    laws = ([1.0, 2.0], [0.3, 0.8]) if loud else ([0.3, 0.8], [1.0, 2.0])
    texts = [f"discrete({np.sort(rng.uniform(low, high, 2)).tolist()})" for low, high in laws]
    sample = nested_pair(float(rng.uniform(0.2, 0.7)), magnitude=texts[0], child_magnitude=texts[1]).exact()
    return sample.X, sample.weights, loud


# --- what there is


def test_every_statement_names_penalties_that_exist():
    for id, statement in statements().items():
        assert statement.penalties and set(statement.penalties) <= set(PENALTIES), id
    assert set(EVERY) == set(PENALTIES) and set(SUCCESSORS) == set(PENALTIES) - {"l1"}
    assert [id for id in BY_ID if id[0] == "N"] == ["N1", "N2", "N3", "N4", "N5", "N6", "N7"]


def test_no_optimum_is_asked_twice():
    """A statement about l1 and its general form share their code, and an optimum is asked one of them."""
    for special, general in (("C1", "N1"), ("S1", "N2"), ("S4", "N4"), ("S5", "N5"), ("M2", "N7")):
        assert get(special).finish is get(general).finish and not set(get(special).penalties) & set(
            get(general).penalties)


# --- they hold


@pytest.mark.parametrize("penalty", PRICES, ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_all_hold_at_optima_of_random_points(penalty, seed):
    X, w = points(seed)
    best = priced.minima(penalty, X, w, most=2)[0]
    o = placed(penalty, X, w, best.angles)
    report = check(o)
    assert report.holds, str(report)
    turned = placed(penalty, X, w, best.angles + [2e-3, -1e-3])
    failed = {v.id for v in check(turned).verdicts if v.holds is False}
    assert failed >= {"N2", "N3"} | ({"N4"} if not isinstance(penalty, L0 | TopK) else set()) and "N1" not in failed


@at_most(6)
@given(seed=st.integers(0, 10**6), tau=st.floats(0.05, 1.0))
def test_trained_under_energy(seed, tau):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((20, 3)) + 0.3
    o = fit(X, 3, penalty=Energy(0.2, tau), seed=1, restarts=1)
    assume(o.status != "unconverged")
    assert check(o).holds, str(check(o))


def law(seed: int, penalty) -> float | None:
    """By how much N6 is off at a minimum near the truth of a random hierarchy; None where no supports are nested."""
    X, w, _ = nested_world(seed)
    end = priced.descend(penalty, X, w, np.array([0.05, 1.2]))[1]
    o = placed(penalty, X, w, end)
    if o.stationarity > 1e-9 or o.kkt > 1e-9:
        return None
    residual = get("N6").residual(o)
    if residual.empty:
        return None
    Z = o.Z.toarray()
    for j, k in ((0, 1), (1, 0)):  # in the law's own words
        if Z[Z[:, j] > 0, k].all() and Z[:, j].any():
            dear, cheap = (w @ (Z[:, j] * np.where(Z[:, i] > 0, penalty.slope(Z[:, i]), 0)) for i in (j, k))
            assert o.G[j, k] * dear == pytest.approx(cheap, abs=1e-9)
    return residual.max


def test_nesting_law():
    tried = [law(seed, penalty) for seed in range(14) for penalty in (LAW if seed < 1 else LAW[::2])]
    found = [off for off in tried if off is not None]
    assert len(found) >= 12 and max(found) <= 1e-8


@pytest.mark.nightly
def test_nesting_law_in_many_worlds():
    found: list[float] = []
    for seed in range(100, 10**5):
        found += [off for penalty in LAW if (off := law(seed, penalty)) is not None]
        if len(found) >= 1000:
            break
    assert len(found) >= 1000 and max(found) <= 1e-8


def test_who_may_be_louder():
    """Energy lets the parent stay on under the child if it is the quieter in codes, MCP if it is the louder (N6)."""
    for seed in range(6):
        X, w, _ = nested_world(seed)
        for penalty in LAW[::2]:
            o = placed(penalty, X, w, priced.descend(penalty, X, w, np.array([0.05, 1.2]))[1])
            Z = o.Z.toarray()
            if o.stationarity > 1e-9 or not Z[Z[:, 1] > 0, 0].all():
                continue
            parent, child = (w @ (Z[:, 1] * np.where(Z[:, i] > 0, penalty.slope(Z[:, i]), 0)) for i in (0, 1))
            assert parent <= child + 1e-12


# --- they fail where they should


def test_a_hierarchy_that_l1_and_energy_refuse():
    """True features, nested: the law fails under every price with a slope there, and does not where codes are free."""
    X, w, _ = nested_world(3)
    truth = np.array([0.0, math.pi / 2])
    for penalty in (Energy(0.05, 0.3), Log(0.05, 1.0)):
        assert get("N6").residual(placed(penalty, X, w, truth)).max > 1e-2
        assert get("N2").residual(placed(penalty, X, w, truth)).max > 1e-2
    free = placed(MCP(0.02, 2), X, w, truth)
    assert check(free).holds and free.G[0, 1] == pytest.approx(0, abs=1e-15)


def test_a_code_of_another_penalty_is_seen():
    X, w = points(4)
    angles = np.array([0.2, 1.1])
    for penalty in PRICES:
        for other in PRICES:
            Z = priced.codes(other, X, angles)
            o = Optimum.at(Problem(X, weights=w, penalty=penalty), unit(angles), Z=Z)
            assert (get("N1").residual(o).max <= 1e-10) == (str(penalty) == str(other)), (penalty, other)


def test_a_code_that_is_not_worth_its_price():
    """Under L0 a code below sqrt(2 lam0) saves less than its atom costs, though its score is 0 as it should be."""
    problem = Problem(np.array([[0.15, 0], [1.0, 0]]), penalty=L0(0.02))
    for small, holds in ((0.0, True), (0.15, False)):
        o = Optimum.at(problem, np.array([[1.0, 0]]), Z=np.array([[small], [1.0]]))
        assert (get("N1").residual(o).max <= 1e-12) == holds
    assert get("N1").residual(o).worst == "sample 0, atom 0" and get("N1").residual(o).max == pytest.approx(0.25)


def test_topk_counts():
    X, w = points(5)
    angles = np.array([0.2, 1.1])
    Z = priced.codes(TopK(2), X, angles)
    at = Optimum.at(Problem(X, weights=w, penalty=TopK(2)), unit(angles), Z=Z)
    assert get("N1").residual(at).max <= 1e-12 and (np.count_nonzero(Z, axis=1) == 2).any()
    assert get("N1").residual(Optimum.at(Problem(X, weights=w, penalty=TopK(1)), unit(angles), Z=Z)).max > 0.1


# --- by other methods


def test_n2_is_the_gradient():
    X, w = points(6)
    for penalty, price in zip(LAW, (("energy", 0.05, 0.3), ("log", 0.05, 1.0), ("mcp", 0.1, 12.0)), strict=True):
        angles = np.array([0.3, 1.2])
        o = placed(penalty, X, w, angles)
        h = 1e-6
        slope = [(successors.phi(price, X, w, angles + s) - successors.phi(price, X, w, angles - s)) / (2 * h)
                 for s in h * np.eye(2)]
        expected = np.abs(slope) / (penalty.unit * o.mu)
        np.testing.assert_allclose(get("N2").residual(o).values, expected, rtol=1e-4, atol=1e-6)


def test_n3_what_a_linear_map_predicts_of_the_residual():
    """Zero under L0 and TopK, however the regression is done; the price's share under L1."""
    X, w = points(7, 14)
    for penalty, free in ((L0(0.03), True), (TopK(1), True), (L1(0.2), False)):
        best = priced.minima(penalty, X, w, most=2)[0]
        Z = priced.codes(penalty, X, best.angles)
        Y = Z @ unit(best.angles)
        root = np.sqrt(w)[:, None]
        slope = np.linalg.lstsq(root * Y, root * (X - Y), rcond=None)[0]
        assert (np.abs(slope).max() < 1e-7) == free, penalty


@pytest.mark.parametrize("penalty, price", [(MCP(0.1, 12), ("mcp", 0.1, 12.0)), (L0(0.02), ("l0", 0.02)),
                                            (Log(0.05, 1.0), ("log", 0.05, 1.0))], ids=lambda p: str(p))
def test_n7_splitting_gains_at_first_order(penalty, price):
    """Coincident atoms turned apart by eps: F falls by eps E[z |<u, r>|] under a concave price."""
    X, w = points(8)
    angle = float(np.arctan2(*(w @ X)[::-1]))
    o = placed(penalty, X, w, np.array([angle, angle]))
    codes, R = o.Z.toarray(), o.R
    gain = w @ (codes.sum(axis=1) * np.abs(R @ unit(angle + math.pi / 2)))
    eps = 1e-5
    apart = successors.phi(price, X, w, np.array([angle - eps, angle + eps]))
    assert (o.objective - apart) / eps == pytest.approx(gain, rel=1e-2) and gain > 1e-3
    assert get("N7").residual(o).max > 1e-2
    assert splitting_slopes(o)[0].max() == pytest.approx(gain, rel=1e-6)


def test_n7_not_under_energy():
    """Copies share, and part only at second order: coincident atoms may be a minimum (T8)."""
    X, w = points(8)
    price = ("energy", 0.02, 20.0)
    together = min((successors.phi(price, X, w, np.array([a, a])), a) for a in np.linspace(0, 1.5, 301))[1]
    together = successors.descend(price, X, w, np.array([together, together]))[1]
    F = successors.phi(price, X, w, together)
    assert np.ptp(together) < 1e-4
    assert all(successors.phi(price, X, w, together + s) > F for s in 1e-2 * np.array([[1, -1], [1, 1], [1, 0]]))


@pytest.mark.parametrize("price, penalty", [(("energy", 0.1, 0.5), Energy), (("log", 0.1, 0.4), Log),
                                            (("mcp", 0.1, 3.0), MCP), (("l0", 0.1), L0)], ids=lambda p: str(p))
@given(seed=st.integers(0, 10**6), m=st.integers(1, 4), size=st.floats(0.05, 2))
def test_n8_no_codes_are_below_the_floor(price, penalty, seed, m, size):
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.01, 3, 8)
    rays = successors.at(rng.uniform(0, 6, 8))
    Z = size * np.maximum(rng.standard_normal((8, m)), 0)
    floor = (Energy(0.1, 0.5 / m) if penalty is Energy else penalty(*price[1:])).floor(lengths)
    D = successors.at(rng.uniform(0, 6, m))
    assert (successors.losses(price, lengths[:, None] * rays, D, Z) >= floor - 1e-12).all()
    # reached on the ray itself: by one atom, or by all m sharing
    share = m if penalty is Energy else 1
    S = np.linspace(0, 3, 3001)
    on = np.array([np.min(0.5 * (t - S) ** 2 + share * successors.value(price, S / share)) for t in lengths])
    np.testing.assert_allclose(on, floor, atol=1e-6)


def test_n8_planted_mistake():
    """A floor of l1 in place of Energy's own, shared, is undercut by nobody; Energy's for one atom is, by two."""
    t, one = np.array([3.0]), Energy(0.1, 0.5)
    z = (3.0 - 0.1) / 2.5
    pair = successors.losses(("energy", 0.1, 0.5), np.array([[3.0, 0]]), successors.at(np.zeros(2)), np.array([[z, z]]))
    assert L1(0.1).floor(t) < Energy(0.1, 0.25).floor(t) < one.floor(t)
    assert pair == pytest.approx(Energy(0.1, 0.25).floor(t), rel=1e-14)


@pytest.mark.parametrize("id", ["N8", "N9", "N10"])
def test_evidence(id):
    assert all(evidence.agrees for evidence in statements()[id].evidence())


def test_n10_planted_mistake(monkeypatch):
    """The Hessian of the objective, and not so once g'' is left out of the codes' response."""
    from properties.n10_second_order import plane_hessian

    X, w = points(9)
    a, h, price = np.array([0.3, 1.2]), 1e-4, Energy(0.05, 0.8)
    second = (priced.objectives(price, X, w, a[0] + h, a[1]) - 2 * priced.objectives(price, X, w, *a)
              + priced.objectives(price, X, w, a[0] - h, a[1])) / h**2
    assert plane_hessian(price, X, w, a)[0, 0] == pytest.approx(second, rel=1e-4)
    Z = priced.codes(price, X, a)
    monkeypatch.setattr(priced, "codes", lambda *_: Z)
    monkeypatch.setattr(Energy, "curvature", lambda self, z: 0 * z)
    assert plane_hessian(price, X, w, a)[0, 0] != pytest.approx(second, rel=1e-2)
