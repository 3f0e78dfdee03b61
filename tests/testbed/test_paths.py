"""G1 and G3 on paths of optima; and a path with a bad optimum in it is caught, and repaired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from generators import correlated_pair, digits, exclusive_children, hierarchical, independent, nested_pair, one_sparse
from testbed import Optimum, Problem, fit, tables
from testbed.basins.paths import Path, Violation, path, reach, repair, transfer

WORLDS = {
    "independent": independent(6, 0.25),
    "overlapping": independent(7, 0.3).embed(4, "random", 2),
    "hierarchy": hierarchical(roots=2, depth=2, branching=2),
    "rays": one_sparse(12).embed(3, "random", 0),
}
LAMS = np.linspace(0.05, 1.3, 7)


def along(name, bias=False, **what):
    s = WORLDS[name].exact()
    return path(s.X, bias=bias, weights=s.weights, **({"restarts": 1} | what))


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("bias", [False, True])
def test_G3_along_penalties(name, bias):
    p = along(name, bias, n_atoms=4, lams=LAMS)
    F, slope, lam = p.objectives, p.slopes, p.lams
    assert p.violations == () and (p.widths == 4).all() and np.array_equal(lam, LAMS)
    assert (np.diff(F) >= -1e-12).all()
    assert (np.diff(slope) <= 1e-9).all()
    assert (np.diff(np.diff(F) / np.diff(lam)) <= 1e-9).all()  # concave: chords turn down
    assert (F[:, None] <= F + (lam[:, None] - lam) * slope + 1e-12).all()  # below every tangent
    assert not (F[:, None] <= F - (lam[:, None] - lam) * slope).all()  # as it is not with a wrong sign
    assert (F >= p.floors - 1e-12).all()
    assert slope[0] > 0.1 and all(o.status in ("local_min", "global") for o in p.optima)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_G3_the_slope_is_the_derivative(nonnegative):
    lam, h = 0.4, 1e-4
    s = WORLDS["overlapping"].exact()
    p = path(s.X, 4, [lam - h, lam, lam + h], nonnegative=nonnegative, weights=s.weights, restarts=3)
    F = p.objectives
    assert (F[2] - F[0]) / (2 * h) == pytest.approx(p.slopes[1], rel=1e-6)
    # planted errors: twice the activity, and the rate at which atoms fire instead of how strongly
    fired = p.optima[1].problem.weights @ p.optima[1].support.sum(axis=1)
    for wrong in (2 * p.slopes[1], fired):
        assert (F[2] - F[0]) / (2 * h) != pytest.approx(wrong, rel=1e-2)


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("bias", [False, True])
def test_G1_along_widths(name, bias):
    p = along(name, bias, n_atoms=range(1, 7), lams=0.2)
    F, low = p.objectives, p.floors[0]
    assert p.violations == () and (p.lams == 0.2).all() and (p.floors == low).all()
    assert (F >= low * (1 - 1e-12)).all()
    limit = np.array([o.radius for o in p.optima]) <= 1 + 1e-9
    assert (np.diff(F)[~limit[:-1]] < 0).all() and (np.abs(np.diff(F)[limit[:-1]]) < 1e-12).all()


def test_G1_the_wide_limit_is_the_floor():
    s = exclusive_children(4).exact()
    p = path(s.X, range(1, 7), 0.2, weights=s.weights)
    assert p.objectives[2] > p.floors[2] * 1.01
    np.testing.assert_allclose(p.objectives[3:], p.floors[3:], rtol=1e-13)
    assert [o.status for o in p.optima[3:]] == ["global"] * 3


@pytest.mark.slow
def test_a_few_hundred_digits():
    X = digits().sample(200, 0).X
    narrow = path(X, [2, 5, 9, 16], 0.1, restarts=1)
    cheap = path(X, 10, [0.05, 0.1, 0.2, 0.4], restarts=1)
    assert narrow.violations == () and cheap.violations == ()
    # as good as many fresh starts
    assert narrow.optima[2].objective <= fit(X, 9, 0.1, restarts=20).objective * (1 + 1e-9)
    assert cheap.optima[1].objective <= fit(X, 10, 0.1, restarts=20).objective * (1 + 1e-9)


def test_T2_along_penalties():
    world = correlated_pair(alpha=0.4, beta=0.2)
    s = world.exact()
    p = path(s.X, 2, [0.05, 0.1, 0.2], weights=s.weights, restarts=2)
    np.testing.assert_allclose(p.objectives, [world.predict(lam).objective for lam in p.lams], rtol=1e-9)
    assert p.violations == ()


def test_T3_along_penalties():
    world = nested_pair(0.3, 1.0)
    s = world.exact()
    p = path(s.X, 2, [0.1, 0.3, 0.6], weights=s.weights)
    np.testing.assert_allclose(p.objectives, [world.predict(lam).objective for lam in p.lams], rtol=1e-12)
    assert p.violations == () and [o.status for o in p.optima] == ["global"] * 3


# --- bad optima, planted


def rival(o, worse):
    """Another local minimum of the same problem, worse by more than a given share."""
    p = o.problem
    for seed in range(200):
        found = fit(p.X, o.n_atoms, p.lam, p.bias, p.nonnegative, p.weights, seed=seed, restarts=1)
        if found.objective > o.objective * (1 + worse):
            assert found.status == "local_min"
            return found
    raise AssertionError("no second local minimum found")


@pytest.fixture(scope="module")
def rays():
    """A world with many local minima, along 4 penalties close together, and along widths."""
    s = one_sparse(24).embed(4, "random", 0).exact()
    options = {"weights": s.weights, "restarts": 6}
    return path(s.X, 8, [0.19, 0.2, 0.21, 0.22], **options), path(s.X, range(6, 11), 0.2, **options)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_bad_optimum_on_a_path_of_penalties(rays, place):
    good = rays[0]
    bad = rival(good.optima[place], 1e-3)
    planted = Path(tuple(bad if i == place else o for i, o in enumerate(good.optima)))
    assert good.violations == () and {v.point for v in planted.violations} == {place}
    assert {v.statement for v in planted.violations} == {"G3"}
    assert any(v.source in (place - 1, place + 1) and 1e-5 < v.excess < 0.1 for v in planted.violations)
    mended = repair(planted)
    assert mended.violations == ()
    assert mended.optima[place].objective <= good.optima[place].objective * (1 + 1e-9)
    assert repair(planted, rounds=0).violations == planted.violations  # what was not looked for is still reported


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_bad_optimum_on_a_path_of_widths(rays, place):
    """The bounds are looser here: atoms twice, which is not even a minimum."""
    good = rays[1]
    D = good.optima[place].D.copy()
    D[:3] = D[3]
    bad = Optimum.at(good.optima[place].problem, D)
    planted = Path(tuple(bad if i == place else o for i, o in enumerate(good.optima)))
    assert good.violations == () and place in {v.point for v in planted.violations}
    assert {v.statement for v in planted.violations} == {"G1"}
    mended = repair(planted)
    assert mended.violations == () and mended.optima[place].status == "local_min"
    assert mended.optima[place].objective <= good.optima[place].objective * (1 + 3e-3) < bad.objective


def test_a_worse_local_minimum_is_mended_whether_or_not_a_bound_shows_it(rays):
    good = rays[1]
    planted = Path((*good.optima[:2], rival(good.optima[2], 1e-3), *good.optima[3:]))
    mended = repair(planted)
    assert mended.optima[2].objective <= good.optima[2].objective * (1 + 1e-9)


def test_an_objective_below_the_floor_is_a_violation(rays):
    o = rays[1].optima[0]
    wrong = replace(o, objective=0.9 * o.problem.huber_floor)
    assert Path((wrong,)).violations == (Violation(0, None, "G1", pytest.approx(0.1)),)


# --- its parts


@pytest.mark.parametrize("bias, nonnegative", [(False, True), (True, True), (True, False)])
def test_a_neighbour_keeps_what_it_promises(bias, nonnegative):
    """`transfer` ends at or below `reach`, for every direction of step and steps of several atoms."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 4)) * rng.exponential(size=(60, 1))
    source = fit(X, 5, 0.3, bias, nonnegative, restarts=1)
    for lam, m in [(0.2, 5), (0.45, 5), (0.3, 6), (0.3, 9), (0.3, 4), (0.3, 2), (0.35, 3)]:
        found = transfer(source, Problem(X, lam, None, bias, nonnegative), m)
        bound = reach(source, lam, m)
        assert found.objective <= bound * (1 + 1e-12) and found.n_atoms == m
        assert found.status in ("local_min", "global", "stationary")
        # the bound itself is that of a feasible dictionary: never below the floor, and not far above the objective
        assert found.problem.floor < bound < 3 * found.objective


def test_reach_gains_nothing_past_the_wide_limit():
    o = fit(np.eye(3), 3, 0.1)
    assert reach(o, 0.1, 8) == o.objective and reach(o, 0.2, 3) == pytest.approx(o.objective + 0.1 * 0.9)


@pytest.mark.parametrize("lam", [0.01, 0.3, 2.0, 50.0])
def test_the_floor_with_a_bias_is_the_huber_location(lam):
    s = np.random.default_rng(0).exponential(size=(21, 1))
    w = np.full(21, 1 / 21)

    def value(b):
        t = np.abs(s[:, 0] - b)
        return w @ np.where(t > lam, lam * t - lam**2 / 2, t * t / 2)

    least = minimize_scalar(value, bounds=(s.min(), s.max()), method="bounded", options={"xatol": 1e-10}).fun
    assert Problem(s, lam, bias=True).floor == pytest.approx(least, rel=1e-9)
    assert Problem(s, lam).floor == pytest.approx(value(0.0), rel=1e-14)
    V = s @ np.array([[0.6, 0.8]]) + [3.0, -2]
    assert Problem(V, lam, bias=True).floor == pytest.approx(least, rel=1e-9)


def test_the_same_seed_gives_the_same_bits_and_progress_names_the_points():
    seen = []
    a = along("rays", n_atoms=[2, 4], lams=0.2, progress=lambda *step: seen.append(step[0]))
    b = along("rays", n_atoms=[2, 4], lams=0.2)
    assert np.array_equal(a.optima[1].D, b.optima[1].D) and set(seen) == {0, 1}


def test_a_path_of_one_point_and_of_penalties_above_all_data():
    p = path(np.eye(3), 2, [0.5])
    assert len(p.optima) == 1 and p.violations == ()
    p = path(np.eye(3), 2, [0.5, 1.5, 3.0], bias=True)
    assert p.violations == () and p.slopes[-1] == 0 and p.objectives[-1] == pytest.approx(1 / 3)
    assert path(np.zeros((2, 2)), [1, 2], 1.0).violations == ()


@pytest.mark.parametrize("options, kind, message", [
    ({"lams": 0.1}, ValueError, "path: n_atoms or lams must be a sequence, or both; got two numbers"),
    ({"n_atoms": [2, 1]}, ValueError, "path: n_atoms must be strictly increasing; got 2, 1"),
    ({"lams": [0.2, 0.1]}, ValueError, "path: lams must be strictly increasing; got 0.2, 0.1"),
    ({"lams": [0.1, 0.1]}, ValueError, "path: lams must be strictly increasing"),
    ({"lams": []}, ValueError, "path: lams is empty"),
    ({"lams": [0.0, 0.1]}, ValueError, "path: lams must be finite and > 0; got 0"),
    ({"lams": 0.1, "n_atoms": [2, 1]}, ValueError, "path: n_atoms must be strictly increasing; got 2, 1"),
    ({"lams": 0.1, "n_atoms": [1.0, 2.0]}, TypeError, "path: n_atoms must be a whole number; got float 1.0"),
    ({"rounds": -1}, ValueError, "path: rounds must be >= 0; got -1"),
    ({"restarts": 0}, ValueError, "restarts must be >= 1; got 0"),
    ({"weights": [1.0]}, ValueError, "weights must have 3 entries; it has 1"),
])
def test_messages(options, kind, message):
    with pytest.raises(kind, match=message):
        path(**({"X": np.eye(3), "n_atoms": 2, "lams": [0.1, 0.2]} | options))


# --- both axes at once


def test_a_grid_is_as_good_as_its_lines_and_is_one_table(tmp_path):
    s = WORLDS["hierarchy"].exact()
    widths, lams = [2, 3, 5], [0.1, 0.25]
    grid = path(s.X, widths, lams, weights=s.weights, restarts=1)
    assert grid.violations == ()
    table = grid.table()
    assert table["lam"].tolist() == [0.1] * 3 + [0.25] * 3 and table["n_atoms"].tolist() == widths * 2
    for lam, row in zip(lams, table["objective"].reshape(2, 3), strict=True):
        line = path(s.X, widths, lam, weights=s.weights, restarts=1).objectives
        assert (row <= line * (1 + 1e-9)).all()
    assert (table["objective"] >= table["floor"]).all() and table["live"].max() == 5
    assert table["activity"] == pytest.approx(grid.slopes) and (table["kkt"] < 1e-12).all()
    tables.save(tmp_path / "sweep.csv", table)
    back = np.genfromtxt(tmp_path / "sweep.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert back.dtype.names == table.dtype.names
    assert np.array_equal(back["objective"], table["objective"]) and list(back["status"]) == list(table["status"])


def test_a_bad_optimum_in_a_grid_is_found_and_mended_from_either_side():
    s = one_sparse(24).embed(4, "random", 0).exact()
    good = path(s.X, [7, 8], [0.19, 0.2], weights=s.weights, restarts=2)
    bad = rival(good.optima[3], 1e-3)
    planted = Path((*good.optima[:3], bad))
    assert {v.point for v in planted.violations} == {3} and {v.source for v in planted.violations} == {1}
    assert repair(planted).objectives == pytest.approx(good.objectives, rel=1e-9)
