"""The exact answers of the toy worlds, against slow references that share no code with them, and against training."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from generators import antipodal, correlated_pair, exclusive_children, nested_pair, one_sparse
from generators.magnitudes import discrete
from generators.worlds.correlated_pair import best_angles, two_atoms
from testbed import fit


def objective(X, weights, lam, D, b):
    """F with exact codes, the slow way: every support solved as linear equations, the best feasible one kept."""
    total = 0.0
    for x, w in zip(X - b, weights, strict=True):
        losses = [x @ x / 2]
        for size in range(1, len(D) + 1):
            for support in itertools.combinations(range(len(D)), size):
                A = D[list(support)]
                if np.linalg.matrix_rank(A) < size:
                    continue
                z = np.linalg.solve(A @ A.T, A @ x - lam)
                if (z >= 0).all():
                    r = x - z @ A
                    losses.append(r @ r / 2 + lam * z.sum())
        total += w * min(losses)
    return total


def at(angle):
    return np.array([math.cos(angle), math.sin(angle)])


@given(seed=st.integers(0, 10**6))
def test_the_planar_objective_agrees_with_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    X, w, lam = rng.standard_normal((4, 2)), np.full(4, 0.25), float(rng.uniform(0.01, 1))
    first, second = rng.uniform(-np.pi, np.pi, 2)
    expected = objective(X, w, lam, np.array([at(first), at(second)]), np.zeros(2))
    assert float(two_atoms(X, w, lam, first, second)) == pytest.approx(expected, abs=1e-9)


def test_T2_numbers():
    found = correlated_pair(0.4, 0.2).predict(0.1)
    assert abs(found.values["psi"] - 0.0441403333) < 1e-10 and abs(found.objective - 0.1132082883) < 1e-10
    assert found.statement == "T2" and found.n_atoms == 2 and not found.bias


@pytest.mark.parametrize("alpha, beta, lam", [(0.4, 0.2, 0.1), (0.2, 0.1, 0.4), (0.1, 0.8, 0.05), (0.3, 0.0, 0.2)])
def test_T2_is_the_global_minimum_over_angles_and_in_space(alpha, beta, lam):
    world = correlated_pair(alpha, beta)
    found, exact = world.predict(lam), world.exact()
    assert objective(exact.X, exact.weights, lam, found.D, found.b) == pytest.approx(found.objective, abs=1e-14)
    best, angles = best_angles(exact.X, exact.weights, lam)
    assert best == pytest.approx(found.objective, abs=1e-11)
    np.testing.assert_allclose(angles, [found.values["psi"], np.pi / 2 - found.values["psi"]], atol=1e-4)
    rng = np.random.default_rng(0)
    lifted = world.embed(3, seed=1)
    points, tilted = lifted.exact().X, lifted.predict(lam)
    assert tilted.objective == pytest.approx(found.objective, abs=1e-14)
    for scale in (1e-3, 0.1, 1.0):  # no dictionary nearby, or anywhere that chance looks, does better
        for _ in range(20):
            D = tilted.D + scale * rng.standard_normal((2, 3))
            D /= np.linalg.norm(D, axis=1, keepdims=True)
            assert objective(points, exact.weights, lam, D, np.zeros(3)) >= found.objective - 1e-14


@given(alpha=st.floats(0.02, 0.49), share=st.floats(0.0, 1.0), lam=st.floats(0.01, 0.95))
def test_T2_refuses_or_is_the_global_minimum(alpha, share, lam):
    world = correlated_pair(alpha, share * (1 - 2 * alpha))
    exact = world.exact()
    angle = np.radians(np.arange(-45, 136, 3.0))
    first, second = np.meshgrid(angle, angle)
    floor = two_atoms(exact.X, exact.weights, lam, first, second).min()
    try:
        found = world.predict(lam)
    except ValueError as refused:
        assert "T2 holds where" in str(refused)
    else:
        assert found.objective <= floor + 1e-11


def test_T2_breaks_its_symmetry_where_the_pair_is_common():
    alpha, beta, lam = 0.05, 0.9, 0.1
    exact = correlated_pair(alpha, beta).exact()
    best, angles = best_angles(exact.X, exact.weights, lam)
    assert best < 0.1475216338 - 1e-3  # the tilted pair's
    assert min(abs(angles[0]), abs(angles[1] - np.pi / 2)) < 1e-4  # one atom on a single, exactly
    found = correlated_pair(alpha, beta).predict(lam)
    assert found.values["regime"] == "broken" and found.objective == pytest.approx(best, abs=1e-11)
    np.testing.assert_allclose(np.sort(np.arccos(found.D[:, 0])), np.sort(np.pi / 2 - angles), atol=1e-4)


@pytest.mark.parametrize("rho, theta, lam", [(0.5, math.pi / 2, 0.1), (0.3, 1.0, 0.5), (0.7, 2.5, 0.05)])
def test_T3_is_the_global_minimum_over_angles(rho, theta, lam):
    world = nested_pair(rho, theta)
    found, exact = world.predict(lam), world.exact()
    formula = (1 - rho) * (lam - lam**2 / 2) + rho * (2 * math.cos(theta / 2) * lam - lam**2 / 2)
    assert found.objective == pytest.approx(formula, abs=1e-15)
    assert objective(exact.X, exact.weights, lam, found.D, found.b) == pytest.approx(formula, abs=1e-14)
    assert found.values["child_angle"] == pytest.approx(theta / 2, abs=1e-14)
    angle = np.radians(np.arange(-180, 180, 3.0))
    first, second = np.meshgrid(angle, angle)
    assert two_atoms(exact.X, exact.weights, lam, first, second).min() >= formula - 1e-12
    true_features = objective(exact.X, exact.weights, lam, world.features, np.zeros(2))
    assert true_features > formula + 1e-4  # recovering the features is not optimal: S6


def test_T1_and_T4_reach_the_huber_floor():
    world = one_sparse(4, [0.1, 0.2, 0.3, 0.4], "discrete([1,3])").embed(3, "random", seed=4)
    found, exact = world.predict(0.2), world.exact()
    assert found.objective == pytest.approx(0.2 * 2 - 0.02, abs=1e-15)
    assert objective(exact.X, exact.weights, 0.2, found.D, found.b) == pytest.approx(found.objective, abs=1e-13)
    assert one_sparse(3, magnitude="uniform(1,2)").predict(0.5).objective == pytest.approx(0.5 * 1.5 - 0.125)
    children = exclusive_children(3, 0.6)
    found, exact = children.predict(0.1), children.exact()
    assert found.n_atoms == 3
    assert objective(exact.X, exact.weights, 0.1, found.D, found.b) == pytest.approx(found.objective, abs=1e-14)
    assert found.objective == pytest.approx(0.6 * (0.1 * math.sqrt(2) - 0.005), abs=1e-15)


@given(seed=st.integers(0, 10**6), points=st.integers(2, 6), lam=st.floats(0.01, 0.4))
def test_T5_is_the_huber_location_and_no_dictionary_beats_it(seed, points, lam):
    rng = np.random.default_rng(seed)
    values, p = np.sort(rng.uniform(-2, 2, points)) + np.arange(points), rng.dirichlet(np.ones(points))
    law = discrete(values, p)
    world = antipodal(1, law, offset=0.7).embed(2, seed=3)
    found, exact = world.predict(lam), world.exact()

    def cost(c):
        t = np.abs(values - c)
        return float(p @ np.where(t > lam, lam * t - lam**2 / 2, t**2 / 2))

    searched = minimize_scalar(cost, bounds=(values.min(), values.max()), method="bounded", options={"xatol": 1e-10})
    assert found.objective <= searched.fun + 1e-12
    assert found.objective == pytest.approx(cost(found.values["location"]), abs=1e-13)
    assert objective(exact.X, exact.weights, lam, found.D, found.b) == pytest.approx(found.objective, abs=1e-12)
    D = rng.standard_normal((2, 2))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    assert objective(exact.X, exact.weights, lam, D, found.b + rng.normal(0, 0.1, 2)) >= found.objective - 1e-12


def test_T5_on_off_atoms_change_sides_at_density_one_half():
    lam = 0.1
    sparse, dense = (antipodal(1, f"bernoulli({p})").predict(lam) for p in (0.3, 0.7))
    assert sparse.b[0] == pytest.approx(lam * 0.3 / 0.7, abs=1e-15)
    assert dense.b[0] == pytest.approx(1 - lam * 0.3 / 0.7, abs=1e-15)
    assert (sparse.values["plus_on"], sparse.values["minus_on"]) == (pytest.approx(0.3), 0)
    assert (dense.values["plus_on"], dense.values["minus_on"]) == (0, pytest.approx(0.3))
    half = antipodal(1, "bernoulli(.5)").predict(lam)
    assert half.b[0] == pytest.approx(0.5) and half.values["plus_on"] == half.values["minus_on"] == 0.5
    spread = antipodal(1, "discrete([1,1.5,2,2.5,3])", p=0.8).predict(lam).values
    plus, minus = spread["plus_on"], spread["minus_on"]
    assert min(plus, minus) > 0.3 and abs(plus - minus) <= 1 - plus - minus + 1e-12  # a pair, balanced as B3 bounds


# --- prediction against training ---------------------------------------------------------------------------------

@pytest.mark.parametrize("world, lam", [
    (one_sparse(3, [0.2, 0.3, 0.5], "discrete([1,2])").embed(2, "random", seed=3), 0.2),
    (correlated_pair(0.4, 0.2), 0.1),
    (correlated_pair(0.2, 0.6), 0.2),  # close to the jump, on the tilted side
    (correlated_pair(0.3, 0.1).embed(5, seed=2), 0.3),
    (nested_pair(0.3, 1.0), 0.2),
    (nested_pair(0.5, 2.5), 0.1),
    (exclusive_children(4, 0.5), 0.1),
    (antipodal(1, "bernoulli(.3)").embed(2, seed=1), 0.1),
    (antipodal(1, "bernoulli(.7)", offset=0.4).embed(2, seed=1), 0.1),
    (antipodal(1, "discrete([-2,-1,.5,3],[.2,.3,.4,.1])", p=0.8, offset=-1.0).embed(3, seed=1), 0.3),
], ids=repr)
def test_training_finds_what_is_predicted(world, lam):
    found, exact = world.predict(lam), world.exact()
    trained = fit(exact.X, found.n_atoms, lam, bias=found.bias, weights=exact.weights, restarts=8)
    assert trained.objective == pytest.approx(found.objective, abs=1e-10)
    cosines = trained.D @ found.D.T
    for j in np.flatnonzero(trained.live):  # every live atom is a predicted one
        assert cosines[j].max() > 1 - 1e-8
    if found.bias:
        np.testing.assert_allclose(trained.b, found.b, atol=1e-8)


def test_training_too_breaks_the_symmetry_of_T2():
    exact = correlated_pair(0.05, 0.9).exact()
    trained = fit(exact.X, 2, 0.1, weights=exact.weights, restarts=32)
    assert trained.objective == pytest.approx(best_angles(exact.X, exact.weights, 0.1)[0], abs=1e-10)
