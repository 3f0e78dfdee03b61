"""M1: the Hessian against finite differences at optima; saddles are found, escaped, and never called minima."""

import numpy as np
import pytest

from testbed import Optimum, Problem, classify, fit
from testbed.descent import newton
from testbed.descent.curvature import complementarity, least_curvature
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Reduced
from testbed.descent.revival import escape
from testbed.threads import limited


def world(seed, n=40, d=4, m=3):
    rng = np.random.default_rng(seed)
    F = rng.standard_normal((m + 1, d))
    F /= np.linalg.norm(F, axis=1, keepdims=True)
    X = (rng.random((n, m + 1)) < 0.4) * rng.uniform(0.5, 2, (n, m + 1)) @ F
    return X + 0.02 * rng.standard_normal((n, d))


def optimum_and_point(seed, bias):
    o = fit(world(seed), 3, 0.2, bias=bias, restarts=1, seed=seed)
    phi = Reduced(o.problem, 3)
    theta = np.vstack([o.D, o.b[None] / phi.unit]) if bias else np.array(o.D)
    return o, phi, phi.at(theta)


def form_error(seed, bias, factor=1.0):
    """Relative error of <V, HV> at an optimum against a central difference of the gradient; None near a kink.

    Along the retraction (d + sV)/|d + sV| the derivative of phi at s is <gradient, V> / |d + sV| row by row.
    """
    _, phi, point = optimum_and_point(seed, bias)
    margin = complementarity(phi, point)
    rng = np.random.default_rng(seed + 10_000)
    V = phi.tangent(point.theta, rng.standard_normal(point.theta.shape))
    V[np.append(point.mu == 0, np.zeros(phi.extra, bool))] = 0
    h = min(1e-4, 0.02 * margin)
    if h < 1e-6 or point.stationarity > 1e-10:
        return None
    sides = [phi.at(phi.move(point.theta, s * h * V), near=point) for s in (1, -1)]
    if any(not np.array_equal(p.codes[2], point.codes[2]) for p in sides):
        return None
    slow = np.ones(len(V))
    slow[:3] = np.sqrt(1 + h * h * (V[:3] ** 2).sum(axis=1))
    slopes = [((p.gradient * V).sum(axis=1) / slow).sum() for p in sides]
    measured = (slopes[0] - slopes[1]) / (2 * h)
    form = factor * (V * phi.hessian(point)(V)).sum()
    return abs(measured - form) / abs(form)


@pytest.mark.slow
@pytest.mark.parametrize("bias", [False, True])
def test_the_form_agrees_with_finite_differences_at_a_hundred_optima(bias):
    errors = [error for seed in range(160) if (error := form_error(seed, bias)) is not None][:100]
    assert len(errors) == 100
    assert max(errors) < 1e-6


def test_the_form_agrees_at_a_few_optima_and_a_wrong_one_does_not():
    errors = [error for seed in range(8) for bias in (False, True) if (error := form_error(seed, bias)) is not None]
    assert len(errors) >= 8 and max(errors) < 1e-6
    wrong = [form_error(seed, True, factor=1.001) for seed in range(4)]
    assert all(error > 1e-4 for error in wrong if error is not None)


def planted(seed):
    """Data symmetric under a mirror, and atoms trained inside it: stationary everywhere by symmetry, often a saddle."""
    rng = np.random.default_rng(seed)
    A = np.abs(rng.standard_normal((12, 4))) * (rng.random((12, 4)) < 0.6)
    A[:, -1] *= rng.uniform(0.3, 1.5)
    X = np.vstack([A, A * [1, 1, 1, -1]])
    problem = Problem(X, 0.2, bias=bool(seed % 2))
    phi = Reduced(problem, 3)
    D = rng.standard_normal((3, 4)) * [1, 1, 1, 0]
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    with limited(0):
        engine = Alone(phi, phi.at(np.vstack([D, np.zeros(4)]) if problem.bias else D))
        newton.minimise(engine, ALONE, np.array([1e-12]), lambda: None)
        point = engine.point
        least = least_curvature(phi, point).least
    b = point.theta[3] * phi.unit if problem.bias else None
    return Optimum.at(problem, point.theta[:3], b, hessian_min=least), least


def escapes(seeds, wanted):
    """Check what training and classification make of planted saddles; returns how many there were."""
    count = 0
    for seed in seeds:
        saddle, least = planted(seed)
        if least is None or least > -1e-3 or saddle.stationarity > 1e-10:
            continue
        count += 1
        assert saddle.status == "stationary"
        found = classify(saddle)
        assert found.kind == "saddle" and found.decrease > 0
        assert found.least == pytest.approx(least, rel=1e-6)
        o = fit(saddle.problem.X, 3, 0.2, bias=saddle.problem.bias, start=saddle.D)
        assert o.objective < saddle.objective - 1e-9
        assert o.hessian_min is None or o.hessian_min > -1e-9
        if count == wanted:
            break
    return count


def test_planted_saddles_are_escaped():
    assert escapes(range(40), 6) == 6


@pytest.mark.slow
def test_fifty_planted_saddles_are_found_escaped_and_never_called_minima():
    assert escapes(range(200), 50) == 50


def test_the_decrease_along_the_direction_is_real():
    """The saddle's descent direction, followed by a dictionary measured from outside, lowers F."""
    saddle, _ = next(pair for seed in range(40) if (pair := planted(seed))[1] is not None and pair[1] < -1e-3)
    found = classify(saddle)
    size = np.linalg.norm(found.direction, axis=1).max()
    lower = []
    for step in (0.1, -0.1, 0.01, -0.01):
        D = saddle.D + step / size * found.direction
        b = saddle.b + step / size * found.bias_direction if saddle.problem.bias else None
        lower.append(Optimum.at(saddle.problem, D / np.linalg.norm(D, axis=1, keepdims=True), b).objective)
    assert min(lower) < saddle.objective


def test_a_trained_optimum_is_a_local_minimum_and_an_untrained_one_is_not_stationary():
    o = fit(world(1), 3, 0.2)
    found = classify(o)
    assert o.status == "local_min" and found.kind == "local minimum"
    assert found.least == pytest.approx(o.hessian_min, rel=1e-6)
    assert classify(Optimum.at(o.problem, np.eye(4)[:3])).kind == "not stationary"


def test_lanczos_and_the_dense_route_agree(monkeypatch):
    _, phi, point = optimum_and_point(3, True)
    with limited(0):
        dense = least_curvature(phi, point)
        monkeypatch.setattr("testbed.descent.curvature.DENSE", 0)
        lanczos = least_curvature(phi, point)
    assert lanczos.least == pytest.approx(dense.least, rel=1e-6)


def test_a_support_about_to_change_is_not_given_a_hessian():
    """A duplicated atom has score 1 where its twin is on: no two-sided second derivative, so nothing is claimed."""
    o = fit(world(2), 3, 0.2)
    twice = Optimum.at(o.problem, np.vstack([o.D, o.D[:1]]))
    found = classify(twice)
    assert found.kind == "degenerate" and found.least is None and found.margin < 1e-9


def test_classify_wants_an_optimum():
    with pytest.raises(TypeError, match=r"classify: expected a testbed\.Optimum; got ndarray"):
        classify(np.eye(2))


def test_no_descent_is_claimed_where_there_is_none():
    _, phi, point = optimum_and_point(1, False)
    V = phi.tangent(point.theta, np.random.default_rng(0).standard_normal(point.theta.shape))
    assert not escape(Alone(phi, point), ALONE, V[None]).any()
