"""Where the exact answers change or end: T2's jump, T3's limits, T4's tree, T5's laws; and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from generators import antipodal, correlated_pair, critical_lam, exclusive_children, nested_pair, nests, sharing
from generators.magnitudes import discrete, scalar
from generators.plane.absorption import absorbed, stand_in
from generators.quadrature import edges, nodes
from generators.splitting import children, leading_direction
from generators.worlds.correlated_pair import broken, tilted
from properties import splitting_tree
from properties.splitting_tree import confirmed, splits
from testbed import fit

# --- T2 ----------------------------------------------------------------------------------------------------------


@at_most(30)
@given(alpha=st.floats(0.02, 0.49), share=st.floats(0.02, 1.0))
def test_the_jump_is_where_the_branches_cross(alpha, share):
    beta = share * (1 - 2 * alpha)
    lam = critical_lam(alpha, beta)
    at, before, after = ([branch(alpha, beta, x).objective for branch in (tilted, broken)]
                         for x in (lam, lam - 1e-4 * lam, lam + 1e-4 * (1 - lam)))
    assert at[0] == pytest.approx(at[1], abs=1e-14)
    assert before[0] < before[1] and after[0] > after[1]
    slope = abs((before[0] - before[1]) - (after[0] - after[1])) / (1e-4 * lam + 1e-4 * (1 - lam))
    assert abs(at[0] - at[1]) < 1e-10 * slope  # so lam is known to 1e-10
    world = correlated_pair(alpha, beta)
    assert world.predict(lam * (1 - 1e-6)).values["regime"] == "tilted"
    assert world.predict(lam + 1e-6 * (1 - lam)).values["regime"] == "broken"


@pytest.mark.parametrize("alpha, beta", [(0.4, 0.2), (0.2, 0.6)])
def test_training_jumps_there_too(alpha, beta):
    lam, X = critical_lam(alpha, beta), correlated_pair(alpha, beta).exact()
    cosines = [fit(X.X, 2, lam + step, weights=X.weights, restarts=24).G[0, 1] for step in (-1e-4, 1e-4)]
    assert cosines[0] == pytest.approx(math.sin(2 * tilted(alpha, beta, lam).angle), abs=1e-3)
    assert cosines[1] == pytest.approx(math.cos(math.pi / 4 + broken(alpha, beta, lam).angle), abs=1e-3)


# --- T3 ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("parent, child, power", [
    ("1", "discrete([.5,1,1.5])", 1), ("1", "uniform(.5,1.5)", 1 / 2), ("uniform(.5,1.5)", "uniform(.5,1.5)", 1 / 3)])
def test_the_childs_atom_reaches_the_extreme_ray(parent, child, power):
    world, lams = nested_pair(0.5, 1.3, parent, child), np.array([1e-3, 1e-4, 1e-5])
    values = [world.predict(lam).values for lam in lams]
    gaps = np.array([v["extreme_angle"] - v["child_angle"] for v in values])
    np.testing.assert_allclose(np.log10(gaps[:-1] / gaps[1:]), power, atol=0.02)
    assert values[-1]["parent_angle"] < 1e-4 and (np.diff([v["parent_angle"] for v in values]) < 0).all()


def test_continuous_magnitudes_are_the_limit_of_fine_levels():
    world, errors = nested_pair(0.4, 1.2, "uniform(.8,1.2)", "uniform(.5,1.5)"), []
    exact = world.predict(0.2)
    for n in (8, 16, 32):
        middle = (np.arange(n) + 0.5) / n
        levels = [discrete(low + width * middle, np.full(n, 1 / n)) for low, width in ((0.8, 0.4), (0.5, 1.0))]
        fine = nested_pair(0.4, 1.2, *levels)
        X, found = fine.exact(), fine.predict(0.2)
        trained = fit(X.X, 2, 0.2, weights=X.weights, restarts=2)
        assert found.objective == pytest.approx(trained.objective, abs=1e-12)
        errors.append(found.objective - exact.objective)
    np.testing.assert_allclose(np.array(errors[:-1]) / errors[1:], 4, rtol=0.05)  # O(n^-2), towards the prediction


def test_with_little_spread_the_constant_formula_is_continued():
    constant, narrow = (nested_pair(0.5, 1.0, 1.0, child).predict(0.2) for child in (1.0, "uniform(.999,1.001)"))
    assert narrow.objective == pytest.approx(constant.objective, abs=1e-6)
    assert narrow.values["child_angle"] == pytest.approx(constant.values["child_angle"], abs=1e-3)
    assert narrow.values["parent_given_child"] == 0


DENSITIES = {"uniform(1,2)": stats.uniform(1, 1), "exponential(.7,.2)": stats.expon(0.2, 0.7),
             "folded_normal(1,.5)": stats.foldnorm(2, scale=0.5), "folded_normal(.1,1)": stats.foldnorm(0.1),
             "gaussian(.3,2)": stats.norm(0.3, 2), "laplace(.3,2)": stats.laplace(0.3, 2)}


@pytest.mark.parametrize("law", DENSITIES)
def test_quadrature_integrates_what_scipy_does(law):
    density, law = DENSITIES[law], scalar("test", "law", law, signed=law[0] in "gl")
    x, w = nodes(law, np.array([1.1, np.nan, 40.0]))
    assert w.sum() == pytest.approx(1, abs=1e-15)
    assert w @ x == pytest.approx(law.mean, abs=1e-13)
    assert w @ x**2 == pytest.approx(law.mean_square, abs=1e-12)
    cuts = edges(law)
    slow, _ = integrate.quad(lambda t: abs(t - 1.1) ** 3 * density.pdf(t), cuts[0], cuts[-1],
                             points=sorted({1.1, *cuts[1:-1]}), epsabs=1e-12, limit=200)
    assert w @ np.abs(x - 1.1) ** 3 == pytest.approx(slow, abs=1e-9)


def test_absorption_when_the_parents_atom_is_never_on_with_the_childs():
    found = nested_pair(0.5, 1.5, 1.0, "discrete([1,1.1])").predict(0.4)  # then each atom has its share of the data
    assert found.values["parent_given_child"] == 0 and found.values["parent_angle"] == pytest.approx(0, abs=1e-12)
    s = nested_pair(0.5, 1.5, 1.0, "discrete([1,1.1])").exact()
    _, d = leading_direction(s.X[s.codes[:, 1] > 0], s.weights[s.codes[:, 1] > 0], 0.4)
    np.testing.assert_allclose(found.D[1], d, atol=1e-10)


# --- T4 ----------------------------------------------------------------------------------------------------------

def chain(*cosines):
    """Exclusive children with these cosines between neighbours, orthogonal to the parent and otherwise."""
    k = len(cosines) + 1
    V = np.zeros((k + 1, k + 1))
    V[0, 0] = 1
    V[1:, 1:] = np.linalg.cholesky(np.eye(k) + np.diag(cosines, 1) + np.diag(cosines, -1))
    return exclusive_children(k, directions=V)


def test_splits_nest_with_orthogonal_children_and_need_not_otherwise():
    ordered = exclusive_children(4, probabilities=[0.4, 0.3, 0.2, 0.1])
    path = splits(ordered, 0.5)
    assert nests(path) and path[1] == ((1, 2, 3), (0,)) and path[2] == ((2, 3), (0,), (1,))
    assert nests(splits(exclusive_children(4), 0.5), exchangeable=True)
    crossed = chain(0.4, 0.5, 0.4)
    path = splits(crossed, 0.5)
    assert path[1:3] == [((0, 1), (2, 3)), ((1, 2), (0,), (3,))]
    assert not nests(path) and not nests([((0, 1), (2, 3)), ((0, 1, 2, 3),)], exchangeable=True)
    for world in (ordered, crossed):
        for m, groups in enumerate(splits(world, 0.5), 1):
            assert sorted(sharing(world, 0.5, m).values["groups"]) == sorted(groups)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 5), lam=st.floats(0.05, 1.3))
def test_the_leading_direction_is_the_best_of_all(seed, n, lam):
    rng = np.random.default_rng(seed)
    X, w = np.column_stack([np.ones(n), rng.standard_normal((n, 1))]), rng.dirichlet(np.ones(n))
    gain, d = leading_direction(X, w, lam)
    angle = np.linspace(-np.pi, np.pi, 20001)
    tried = np.maximum(np.column_stack([np.cos(angle), np.sin(angle)]) @ X.T - lam, 0) ** 2 @ w / 2
    assert gain >= tried.max() - 1e-15 and gain <= tried.max() + 1e-5 * (1 + gain)
    pull = (w * np.maximum(X @ d - lam, 0)) @ X
    assert np.linalg.norm(pull - (pull @ d) * d) <= 1e-12 * np.linalg.norm(pull)


def test_training_does_better_where_sharing_refuses():
    world = exclusive_children(4, probabilities=[0.4, 0.3, 0.2, 0.1])
    with pytest.raises(ValueError, match=r"sharing: T4 with 2 of 4 atoms .* another atom would fire too \(score 3\.48"):
        sharing(world, 0.05, 2)
    X, weights = children(world)
    optimum = fit(X, 2, 0.05, weights=weights, restarts=24)
    assert ((optimum.Z.toarray() > 1e-6).sum(axis=1) > 1).any()  # some child is coded by two atoms
    with pytest.raises(ValueError, match=r"splits: with 2 atoms child \d is coded by several"):
        splits(world, 0.05, restarts=8)


def test_a_partition_is_confirmed_unless_training_finds_better(monkeypatch):
    world = exclusive_children(4, probabilities=[0.4, 0.3, 0.2, 0.1])
    found, upheld = sharing(world, 0.5, 2), confirmed(world, 0.5, 2)
    assert upheld.objective == found.objective and upheld.values == found.values
    assert upheld.valid_because == f"{found.valid_because}, and training finds nothing better"
    planted = fit(np.array([[1.0, 0], [0, 1]]), 2, 0.5, restarts=1)  # any optimum with a lower objective
    monkeypatch.setattr(splitting_tree, "trained", lambda *_: replace(planted, objective=found.objective - 1e-9))
    with pytest.raises(ValueError, match=r"confirmed: T4 with 2 of 4 atoms .* a trained dictionary 0\.\d+"):
        confirmed(world, 0.5, 2)
    for m in (1, 4):  # one atom, and an atom for every child, are settled without training
        assert confirmed(world, 0.5, m).objective == sharing(world, 0.5, m).objective


# --- T5 ----------------------------------------------------------------------------------------------------------

@given(loc=st.floats(-2, 2), scale=st.floats(0.3, 2), lam=st.floats(0.05, 2), p=st.floats(0.05, 1.0))
def test_T5_on_gaussians_is_the_closed_form(loc, scale, lam, p):
    found, normal = antipodal(1, f"gaussian({loc!r},{scale!r})", p=p).predict(lam), stats.norm(loc, scale)
    c = found.values["location"]
    low, high = c - lam, c + lam
    slope = (lam * normal.cdf(low) * -1 + lam * normal.sf(high) + (loc - c) * (normal.cdf(high) - normal.cdf(low))
             - scale**2 * (normal.pdf(high) - normal.pdf(low)))  # E clip(s - c, -lam, lam)
    assert p * slope + (1 - p) * np.clip(-c, -lam, lam) == pytest.approx(0, abs=1e-13)
    assert found.values["plus_on"] == pytest.approx(p * normal.sf(high) + (1 - p) * (0 > high), abs=1e-13)
    assert found.values["minus_on"] == pytest.approx(p * normal.cdf(low) + (1 - p) * (0 < low), abs=1e-13)


def test_T5_symmetric_laws_have_a_balanced_pair_and_spread_decides_who_lives():
    for law in ("uniform(-1,3)", "gaussian(1,2)", "laplace(1,.5)"):
        values = antipodal(1, law).predict(0.2).values
        assert values["location"] == pytest.approx(1, abs=1e-13) and values["live"] == 2
        assert values["plus_on"] == pytest.approx(values["minus_on"], abs=1e-13)
    narrow, wide = (antipodal(1, f"uniform({1 - h},{1 + h})", p=0.8).predict(0.2).values for h in (0.05, 0.5))
    assert narrow["live"] == 1 and narrow["plus_on"] == 0  # on-magnitudes within lam of the bias: only absence is coded
    assert wide["live"] == 2 and abs(wide["plus_on"] - wide["minus_on"]) <= 1 - wide["plus_on"] - wide["minus_on"]
    assert antipodal(1, "uniform(1,2)", p=0.5).predict(0.2).b[0] == pytest.approx(0.5)  # the middle of a flat minimum


@given(scale=st.floats(0.3, 2), lam=st.floats(0.05, 0.5), p=st.floats(0.1, 0.45))
def test_T5_below_one_half_the_bias_only_makes_up_for_shrinkage(scale, lam, p):
    found = antipodal(1, f"uniform(1.5,{1.5 + scale!r})", p=p).predict(lam)
    assert found.values["location"] == pytest.approx(lam * p / (1 - p), abs=1e-14)
    assert (found.values["plus_on"], found.values["minus_on"]) == (pytest.approx(p), 0)
    slow = optimize.minimize_scalar(lambda c: p * (lam * (1.5 + scale / 2 - c) - lam**2 / 2) + (1 - p) * c * c / 2)
    assert found.objective == pytest.approx(slow.fun, abs=1e-12)


# --- outside the range -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("call, message", [
    (lambda: critical_lam(0.4, 0), r"critical_lam: beta must be > 0"),
    (lambda: critical_lam(0.4, 0.4), r"2 alpha \+ beta must be at most 1; got 1\.2"),
    (lambda: correlated_pair().predict(1.0), r"predict: T2 holds for lam < 1, .* got 1"),
    (lambda: nested_pair(0.5, 1.0, 1.0, "uniform(1,2)").predict(3.5), r"T3 .* at angle = 1, magnitudes constant\("),
    (lambda: nested_pair().predict(1.2), r"T3 holds for lam below the shortest nonzero point of the data, 1; got 1\.2"),
    (lambda: sharing(exclusive_children(3), 0.1, 4), r"sharing: n_atoms must be between 1 and 3; got 4"),
    (lambda: sharing(exclusive_children(3), 1.5, 2), r"T4 holds while every atom is live; lam = 1\.5"),
    (lambda: sharing(exclusive_children(10), 0.1, 2), r"all partitions are tried for at most 9 children"),
    (lambda: sharing(nested_pair(), 0.1, 1), r"sharing: T4 is for exclusive_children; got nested_pair\("),
    (lambda: sharing(exclusive_children(3, magnitude="discrete([1,2])"), 0.1, 1), r"T4 .* needs constant magnitudes"),
    (lambda: stand_in(correlated_pair(), 0.1), r"stand_in: expected a nested_pair; got correlated_pair\("),
    (lambda: antipodal(1, "uniform(-1,1)").predict(1.0), r"T5 holds for lam below max \|s - E s\| = 1, .* got 1"),
    (lambda: antipodal(2).predict(0.1), r"T5 is for one direction; .* has 2"),
    (lambda: exclusive_children(2, probabilities=[1, 0]), r"probabilities must be > 0; entry 1 is 0"),
    (lambda: exclusive_children(2, directions=np.eye(2)), r"directions must have k \+ 1 = 3 rows.* got 2"),
])
def test_refusals_say_what_holds_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_T3_follows_its_features_into_space():
    flat, lifted = (w.predict(0.1) for w in (nested_pair(0.3, 1.0, 1.0, "uniform(.5,1.5)"),
                                             nested_pair(0.3, math.pi / 2, 1.0, "uniform(.5,1.5)").embed(4, seed=2)))
    assert lifted.D.shape == (2, 4) and flat.statement == "T3"
    turned = absorbed(nested_pair(0.3, math.pi / 2, 1.0, "uniform(.5,1.5)"), 0.1)
    assert lifted.objective == pytest.approx(turned.objective, abs=1e-14)
    np.testing.assert_allclose(lifted.D @ lifted.D.T, turned.D @ turned.D.T, atol=1e-12)
