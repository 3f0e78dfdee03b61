"""Phase diagrams of two features: exact landscapes, boundaries and spinodals, against training and closed forms."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from generators import correlated_pair, critical_lam, hedging, held_fixed, nested_pair, two_features
from generators.plane.atoms import unit
from generators.plane.boundaries import boundary, spinodal, trace
from generators.plane.data import plane_data
from generators.plane.phases import Minimum, landscape, prepare, ranked, regime
from testbed import Optimum, Problem, classify, fit

SPREADS = {"constant": 1.0, "levels": "discrete([0.6,1.0,1.4])", "uniform": "uniform(0.6,1.4)"}


def by_lam(child, **options):
    """The line of worlds along which lam varies."""
    world = two_features(0.4, 0.2, child, **options)
    return lambda lam: (world, lam)


def trained(world, lam, restarts=12, angles=None, start=None):
    """Two trained atoms on the world, or on the quadrature points of given atoms if magnitudes are continuous."""
    data = plane_data("trained", world)
    X, weights, _ = data.at(np.zeros(2) if angles is None else np.asarray(angles), lam)
    rest = 1 - weights.sum()
    X, weights = np.vstack([X, np.zeros((1, 2))]), np.append(weights, max(rest, 0.0))
    return fit(X @ data.basis, 2, lam, weights=weights / weights.sum(), restarts=restarts, start=start)


@pytest.mark.parametrize("magnitude", [*SPREADS.values(), "exponential(0.5,0.4)"])
@pytest.mark.parametrize("angle", [0.6, math.pi / 2, 2.2])
def test_gradient_and_hessian_are_those_of_F(magnitude, angle):
    family = prepare("test", two_features(0.4, 0.2, 0.1, angle, magnitude), 0.25)
    at, h = np.array([0.07, angle - 0.15]), 1e-4
    sides = [(family.at(at + h * e), family.at(at - h * e)) for e in np.eye(2)]
    here = family.at(at)
    assert_allclose(here.gradient, [(a.objective - b.objective) / (2 * h) for a, b in sides], atol=1e-8)
    assert_allclose(here.hessian, [(a.gradient - b.gradient) / (2 * h) for a, b in sides], atol=1e-6)


def test_two_nodes_for_each_piece_integrate_uniform_magnitudes_exactly():
    angles, lam = np.array([0.05, 1.2]), 0.3
    world = two_features(0.4, 0.2, 0.1, magnitude="uniform(0.6,1.4)")
    few = prepare("test", world, lam).at(angles)
    grid = 0.6 + 0.8 * (np.arange(400) + 0.5) / 400
    X = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    midpoint = 0.2 * Optimum.at(Problem(X, lam), unit(angles)).objective
    for k, p in ((0, 0.4), (1, 0.1)):
        midpoint += p * Optimum.at(Problem(grid[:, None] * np.eye(2)[k], lam), unit(angles)).objective
    assert_allclose(few.objective, midpoint, rtol=1e-6)  # of the midpoint rule
    X, weights, _ = plane_data("test", world).at(angles, lam)
    assert len(X) < 1000 and weights.sum() == pytest.approx(0.7, abs=1e-14)


@pytest.mark.parametrize("magnitude", [SPREADS["uniform"], "exponential(0.5,0.4)"])
def test_points_cut_for_several_pairs_are_exact_for_each(magnitude):
    family = prepare("test", two_features(0.4, 0.2, 0.1, magnitude=magnitude), 0.3)
    pairs = np.array([[0.05, 1.2], [0.6, 1.7], [-0.1, 0.9]])
    X, weights, magnitudes = family.data.at(pairs, family.lam)
    assert weights.min() > 0 and np.linalg.norm(X, axis=1) == pytest.approx(np.linalg.norm(magnitudes, axis=1))
    problem = Problem(np.vstack([X, np.zeros(2)]), family.lam, np.append(weights, 1 - weights.sum()))
    for pair in pairs:
        assert family.at(pair).objective == pytest.approx(Optimum.at(problem, unit(pair)).objective, abs=1e-13)


@given(parent=st.floats(0.05, 0.4), both=st.floats(0.05, 0.4), child=st.floats(0, 0.2), angle=st.floats(0.4, 2.4),
       lam=st.floats(0.03, 0.8), spread=st.sampled_from(["constant", "levels"]))
def test_the_best_minimum_is_what_training_finds(parent, both, child, angle, lam, spread):
    world = two_features(parent, both, child, angle, SPREADS[spread])
    best = landscape(world, lam).best
    found = trained(world, lam)
    assert best.objective <= found.objective + 1e-12
    assert_allclose(best.objective, found.objective, rtol=1e-9)
    assert best.tilt >= 0 and best.least > 0


@pytest.mark.parametrize(("world", "lam"), [
    (two_features(0.4, 0.2, 0.39), 0.61), (two_features(0.4, 0.2, 0.1, 2.2), 0.5),
    (two_features(0.3, 0.2, 0.2, 1.0, "discrete([0.5,1.0,1.5])"), 0.6), (correlated_pair(0.2, 0.6), 0.23)])
def test_every_minimum_is_one_to_the_independent_second_order_check(world, lam):
    for minimum in landscape(world, lam).minima:
        D = unit(np.nan_to_num(minimum.angles, nan=minimum.angles[0] + 3)) @ plane_data("test", world).basis
        sample = world.exact()
        optimum = Optimum.at(Problem(sample.X, lam, sample.weights), D)
        assert optimum.objective == pytest.approx(minimum.objective, abs=1e-14)
        assert regime(world, lam, D) == minimum.regime
        seen = classify(optimum)
        assert seen.kind == "local minimum"
        assert seen.least == pytest.approx(minimum.least, abs=1e-9)


def test_closed_forms_are_the_edges():
    for lam in (0.05, 0.2, 0.4):
        pair, nested = correlated_pair(0.2, 0.6), nested_pair(0.4, 1.1)
        assert landscape(pair, lam).best.objective == pytest.approx(pair.predict(lam).objective, abs=1e-14)
        assert landscape(nested, lam).best.objective == pytest.approx(nested.predict(lam).objective, abs=1e-14)
        wide = nested_pair(0.5, magnitude="uniform(0.5,1.5)")
        assert landscape(wide, lam).best.objective == pytest.approx(wide.predict(lam).objective, abs=1e-12)
    assert landscape(nested_pair(0.4), 0.1).best.regime == "absorbed"
    assert landscape(correlated_pair(0.4, 0.0), 0.3).best.regime == "faithful"
    assert landscape(hedging("independent"), 0.05).best.regime == "faithful"
    assert landscape(correlated_pair(0.2, 0.2), 1.2).best.regime == "merged"  # only the pair is longer than lam


def test_without_the_child_alone_there_is_no_other_minimum_than_absorption():
    """S6: k on wherever j is on needs d_j = d_k, so the tilted pair cannot be stationary."""
    assert [m.regime for m in landscape(two_features(0.4, 0.2, 0.0), 0.3).minima] == ["absorbed"]


@pytest.mark.parametrize("lam", [0.01, 0.3, 0.7, 0.95])
@pytest.mark.parametrize(("both", "child"), [(0.2, 0.0), (0.5, 0.0), (0.2, 0.1)])
def test_difference_of_dictionaries_held_fixed(both, child, lam):
    sample = two_features(0.3, both, child).exact()
    problem = Problem(sample.X, lam, sample.weights)
    faithful, absorbed = (Optimum.at(problem, D).objective for D in (np.eye(2), unit(np.array([0, math.pi / 4]))))
    assert held_fixed(both, child, lam) == pytest.approx(faithful - absorbed, abs=1e-15)
    if child == 0:
        claim = both * lam * (2 - math.sqrt(2) - lam / 2)
        assert faithful - absorbed == pytest.approx(claim, abs=1e-15) and claim > 0
        wrong = both * lam * (2 - math.sqrt(2) - lam)  # a planted slip
        assert abs(faithful - absorbed - wrong) > 1e-5


def test_the_boundary_of_the_symmetric_pair_is_its_critical_lam():
    found = boundary(lambda lam: (correlated_pair(0.2, 0.6), lam), 0.05, 0.6)
    assert found.parameter == pytest.approx(critical_lam(0.2, 0.6), abs=1e-9)
    assert found.jump and (found.below.regime, found.above.regime) == ("tilted", "absorbed")


CUTS = {  # a line, its ends, whether the optimum jumps
    "slide": (by_lam(0.05), 0.05, 0.6, False),
    "small jump": (by_lam(0.12), 0.05, 0.6, True),
    "jump": (by_lam(0.36), 0.05, 0.8, True),
    "angle": (lambda angle: (two_features(0.4, 0.2, 0.3, angle), 0.6), 1.5, 2.4, True),
    "child": (lambda child: (two_features(0.4, 0.2, child), 0.5), 0.0, 0.4, True),
    "spread": (lambda s: (two_features(0.4, 0.2, 0.2, magnitude=f"uniform({1 - s},{1 + s})"), 0.449), 0.01, 0.3, False),
}


@pytest.mark.parametrize("name", CUTS)
def test_training_changes_sides_at_the_boundary(name):
    line, low, high, jump = CUTS[name]
    found = boundary(line, low, high, "absorbed")
    assert found.jump is jump
    for sign, near in ((-1, found.below), (1, found.above)):
        world, lam = line(found.parameter + 1e-3 * sign)
        best = landscape(world, lam).best
        assert best.regime == near.regime
        starts = [None, *(unit(np.array(side.angles) + [0.02, -0.03]) for side in (found.below, found.above))]
        optimum = min((trained(world, lam, angles=best.angles, start=start) for start in starts),
                      key=lambda o: o.objective)
        assert optimum.objective == pytest.approx(best.objective, rel=1e-10 if world.finite else 1e-7)
        assert regime(world, lam, optimum.D) == near.regime
    assert (found.below.regime == "absorbed") != (found.above.regime == "absorbed")


def test_a_wrong_boundary_is_seen_to_be_one():
    """The penalty at which dictionaries held fixed tie is not where the optimum changes: training keeps its side."""
    child, both = 0.3, 0.2
    low, high = 0.1, 0.7
    for _ in range(60):
        lam = (low + high) / 2
        low, high = (low, lam) if held_fixed(both, child, lam) > 0 else (lam, high)
    right = boundary(by_lam(child), 0.05, 0.8, "absorbed").parameter
    assert abs(lam - right) > 0.01
    sides = [regime(*by_lam(child)(lam + e), trained(*by_lam(child)(lam + e)).D) for e in (-1e-3, 1e-3)]
    assert sides[0] == sides[1]


def test_boundaries_have_equal_objectives_and_six_digits():
    for child in (0.12, 0.25, 0.36):
        line = by_lam(child)
        found = boundary(line, 0.05, 0.8, "absorbed")
        assert found.below.objective == pytest.approx(found.above.objective, abs=1e-9)
        again = boundary(line, found.parameter - 0.03, found.parameter + 0.02, "absorbed")  # other bisections
        assert again.parameter == pytest.approx(found.parameter, abs=1e-6)


@pytest.mark.parametrize(("child", "soft"), [(0.36, (True, False)), (0.28, (True, False))])
def test_spinodals_enclose_the_boundary_and_end_what_training_follows(child, soft):
    line = by_lam(child)
    middle = boundary(line, 0.05, 0.8, "absorbed")
    up = spinodal(line, middle.parameter, 0.9, middle.below)
    down = spinodal(line, middle.parameter, 0.05, middle.above)
    assert down.parameter < middle.parameter < up.parameter
    assert (up.soft, down.soft) == soft
    for end, sign in ((up, 1), (down, -1)):
        start = unit(np.array(end.last.angles))
        kept = trained(*line(end.parameter - 1e-6 * sign), start=start).D
        left = trained(*line(end.parameter + 1e-3 * sign), start=start).D
        assert regime(*line(end.parameter), kept) == end.last.regime
        assert regime(*line(end.parameter + 1e-3 * sign), left) != end.last.regime


def test_the_turning_points_of_a_traced_curve_are_the_spinodals():
    """Arclength continuation shares only the derivatives with the search for spinodals."""
    line = by_lam(0.36)
    start = landscape(*line(0.5)).best
    curve = trace(line, 0.5, start, 0.3, 0.8, step=0.01)
    lams, least = np.array([t.parameter for t in curve]), np.array([t.least for t in curve])
    first = int(np.argmax(np.diff(lams) < 0))
    back = first + int(np.argmax(np.diff(lams[first:]) > 0))
    up, down = spinodal(line, 0.5, 0.8), spinodal(line, 0.79, 0.3)
    assert 0 <= up.parameter - lams[first] < 1e-4  # smooth: the curve is a parabola there
    assert 0 <= lams[back] - down.parameter < 5e-3  # a corner
    assert least[: first - 1].min() > 0 > least[first + 2 : back - 2].max() and least[back + 2 :].min() > 0
    near = trace(line, up.parameter - 1e-5, up.last, up.parameter - 1e-4, up.parameter + 1e-4, step=0.01)
    assert max(t.parameter for t in near) == pytest.approx(up.parameter, abs=1e-6)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: two_features(0.6, 0.5), r"two_features: parent \+ both \+ child must be at most 1; got 1.2"),
    (lambda: two_features(0.4, 0.0, 0.0), "two_features: both features must fire with positive probability"),
    (lambda: two_features(angle=0), "two_features: angle must be finite and > 0"),
    (lambda: landscape(two_features(), -1), "landscape: lam must be finite and > 0"),
    (lambda: landscape(two_features(), 3.0), "landscape: nothing is coded at lam = 3"),
    (lambda: landscape(two_features().noise(0.1), 0.1), "landscape: expected a world of two features, without offset"),
    (lambda: boundary(by_lam(0.1), 0.2, 0.1), "boundary: high must be"),
    (lambda: boundary(by_lam(0.1), 0.4, 0.5), "boundary: the regimes at both ends must differ; the optimum is abs"),
    (lambda: boundary(by_lam(0.1), 0.1, 0.5, "split"), "boundary: regime must be one of"),
    (lambda: spinodal(by_lam(0.1), 0.2, 0.2), "spinodal: start and stop must differ"),
    (lambda: regime(two_features(), 0.1, np.eye(2)[:1]), "regime: D must have two rows"),
    (partial(held_fixed, 0.2, 0.1, 1.0), r"held_fixed: lam must be"),
])
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_equal_minima_are_in_the_order_of_their_angles_whatever_their_last_bits():
    one, other, above = (Minimum(angles, F, 1.0, "absorbed", 0.0, 0.0)
                         for angles, F in (((0.3, 0.4), 1 + 2e-16), ((0.5, np.nan), 1.0), ((0.1, 0.2), 1 + 1e-8)))
    assert ranked([above, other, one]) == ranked([one, above, other]) == [one, other, above]
