"""Training ends at verified optima: known answers, finite differences, symmetries, honest status."""

import numpy as np
import oracles
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from testbed import InputError, Optimum, Problem, encode, fit, fit_many, huber
from testbed.descent import newton
from testbed.descent.curvature import least_curvature
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Reduced, slopes
from testbed.threads import limited
from testbed.verify import FLAT, measure_many

PAIR = np.array([[1.0, 0], [0, 1], [1, 1]])


def world(seed, n=60, d=5, m=4):
    """Sparse nonnegative combinations of random unit atoms, with weights."""
    rng = np.random.default_rng(seed)
    F = rng.standard_normal((m, d))
    F /= np.linalg.norm(F, axis=1, keepdims=True)
    X = (rng.random((n, m)) < 0.4) * rng.uniform(0.5, 2, (n, m)) @ F + 0.05 * rng.standard_normal((n, d))
    w = rng.uniform(0.5, 1, n)
    return X, w / w.sum(), F


def test_T2_correlated_pair():
    o = fit(PAIR, 2, 0.1, weights=[0.4, 0.4, 0.2])
    angles = np.sort(np.arctan2(o.D[:, 1], o.D[:, 0]))
    np.testing.assert_allclose([angles[0], np.pi / 2 - angles[1]], 0.0441403333, atol=1e-9)
    assert abs(o.objective - 0.1132082883) < 1e-9
    assert o.status == "local_min" and o.stationarity < 1e-10 and o.kkt < 1e-12


@pytest.mark.parametrize("theta", [np.pi / 2, 1.0])
def test_T3_nested_pair(theta, rho=0.3, lam=0.1):
    parent, child = np.array([1.0, 0]), np.array([np.cos(theta), np.sin(theta)])
    o = fit(np.stack([parent, parent + child]), 2, lam, weights=[1 - rho, rho])
    expected = (1 - rho) * (lam - lam**2 / 2) + rho * (2 * np.cos(theta / 2) * lam - lam**2 / 2)
    assert abs(o.objective - expected) < 1e-12 and o.status == "global"
    both = (parent + child) / np.linalg.norm(parent + child)
    assert min(np.linalg.norm(o.D - both, axis=1)) < 1e-12


@pytest.mark.parametrize("p, bias", [(0.2, 0.1 * 0.2 / 0.8), (0.4, 0.1 * 0.4 / 0.6), (0.7, 1 - 0.1 * 0.3 / 0.7)])
def test_T5_on_off_direction(p, bias, lam=0.1):
    """Below density 1/2 one atom and b = lam p/(1-p); above, the picture turned round about the on state."""
    o = fit([[0.0], [1.0]], 2, lam, bias=True, weights=[1 - p, p])
    assert abs(o.b[0] - bias) < 1e-9
    assert abs(o.objective - ((1 - p) * huber(o.b, lam)[0] + p * huber(1 - o.b, lam)[0])) < 1e-12


@given(st.integers(0, 2**32), st.booleans(), st.booleans())
@at_most(25)
def test_every_toy_world_reaches_stationarity(seed, bias, nonnegative):
    X, w, _ = world(seed)
    o = fit(X, 4, 0.15, bias=bias, nonnegative=nonnegative, weights=w, restarts=2, seed=seed)
    assert o.status in ("global", "local_min", "stationary")
    assert o.stationarity <= 1e-10 and o.kkt <= 1e-12
    assert np.abs(np.linalg.norm(o.D, axis=1) - 1).max() <= 4e-16


def at_random_point(seed, bias, nonnegative):
    X, w, _ = world(seed, n=12, d=4, m=3)
    phi = Reduced(Problem(X, 0.75, w, bias=bias, nonnegative=nonnegative), 3)
    rng = np.random.default_rng(seed + 1)
    theta = phi.move(rng.standard_normal((3 + bias, 4)), np.zeros((3 + bias, 4)))
    if bias:
        theta[3] *= 0.1
    V = phi.tangent(theta, rng.standard_normal(theta.shape))
    return phi, phi.at(theta), V


@given(st.integers(0, 2**32), st.booleans(), st.booleans())
@at_most(25)
def test_gradient_is_the_derivative_of_an_independent_phi(seed, bias, nonnegative):
    phi, point, V = at_random_point(seed, bias, nonnegative)

    def value(step):
        theta = phi.move(point.theta, step * V)
        return oracles.phi(phi.X, theta[:3], phi.lam, phi.w, theta[3] if bias else 0.0, nonnegative)

    h = 1e-5
    slope = (value(h) - value(-h)) / (2 * h)
    assert abs(slope - (point.gradient * V).sum()) < 1e-7 * max(1, np.linalg.norm(V))


@given(st.integers(0, 2**32), st.booleans(), st.booleans())
@at_most(25)
def test_hessian_is_the_derivative_of_the_gradient(seed, bias, nonnegative):
    """Along the retraction the second derivative of phi is <V, HV> wherever no support changes on the way."""
    phi, point, V = at_random_point(seed, bias, nonnegative)
    h = 1e-5
    plus, minus = (phi.at(phi.move(point.theta, s * h * V), near=point) for s in (1, -1))
    supports = [p.codes[2].tolist() for p in (plus, point, minus)]
    if supports[0] != supports[1] or supports[1] != supports[2]:
        return
    along = [(p.gradient * phi.tangent(p.theta, V)).sum() for p in (plus, minus)]
    # the retraction's curve slows down as 1/|d + sV|^2, to second order in s: nothing at s = 0
    second = (along[0] - along[1]) / (2 * h)
    form = (V * phi.hessian(point)(V)).sum()
    assert abs(second - form) < 1e-5 * max(1.0, (V * V).sum())


def test_hessian_is_symmetric():
    phi, point, V = at_random_point(7, True, True)
    W = phi.tangent(point.theta, np.random.default_rng(0).standard_normal(V.shape))
    H = phi.hessian(point)
    assert abs((W * H(V)).sum() - (V * H(W)).sum()) < 1e-12


def same(a, b):
    return all(np.array_equal(x, y) for x, y in [(a.D, b.D), (a.b, b.b), (a.Z.toarray(), b.Z.toarray())])


@pytest.mark.parametrize("exponent", [-40, 3, 200])
def test_G4_scaling_by_a_power_of_two_is_bitwise(exponent):
    X, w, _ = world(1)
    c = 2.0**exponent
    a = fit(X, 4, 0.15, bias=True, weights=w, restarts=2)
    b = fit(c * X, 4, c * 0.15, bias=True, weights=w, restarts=2)
    assert np.array_equal(a.D, b.D) and np.array_equal(c * a.b, b.b)
    assert np.array_equal(c * a.Z.toarray(), b.Z.toarray())
    assert a.objective * c * c == b.objective and a.status == b.status


def test_G4_rotation_permutation_and_repetition():
    X, _, _ = world(2)
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    a = fit(X, 4, 0.15, restarts=1)
    rotated = fit(X @ Q, 4, 0.15, start=a.D @ Q)
    permuted = fit(X, 4, 0.15, start=a.D[[2, 0, 3, 1]])
    counts = rng.integers(1, 4, len(X))
    weighted = fit(X, 4, 0.15, weights=counts / counts.sum(), start=a.D)
    repeated = fit(np.repeat(X, counts, axis=0), 4, 0.15, start=a.D)
    np.testing.assert_allclose(rotated.D @ Q.T, a.D, atol=1e-10)
    np.testing.assert_allclose(permuted.D, a.D[[2, 0, 3, 1]], atol=1e-10)
    np.testing.assert_allclose(weighted.D, repeated.D, atol=1e-10)
    assert abs(weighted.objective - repeated.objective) < 1e-14


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    X, w, _ = world(3)
    a, b, c = (fit(X, 4, 0.15, weights=w, seed=s, restarts=1) for s in (5, 5, 6))
    assert same(a, b) and not same(a, c)


def test_more_restarts_are_never_worse():
    X, w, _ = world(4, m=6)
    values = [fit(X, 5, 0.2, weights=w, restarts=r).objective for r in (1, 3, 9)]
    assert values == sorted(values, reverse=True)


def test_more_atoms_than_samples_reach_the_huber_floor():
    o = fit(np.eye(3) * 2, 7, 0.1)
    assert o.status == "global" and o.live.sum() == 3
    assert abs(o.objective - o.problem.huber_floor) < 1e-15


def test_a_penalty_above_every_sample_leaves_no_live_atom():
    o = fit(np.eye(3), 2, 5.0)
    assert o.status == "global" and not o.live.any() and o.objective == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize("X", [np.zeros((4, 3)), np.ones((5, 1)), np.repeat(np.eye(2), 6, axis=0)])
@pytest.mark.parametrize("bias", [False, True])
def test_degenerate_data(X, bias):
    o = fit(X, 3, 0.1, bias=bias, restarts=3)
    assert o.status == "global"


def test_zero_weights_do_not_count():
    X, w, _ = world(5)
    w = np.where(np.arange(len(w)) < 30, w, 0)
    a = fit(X, 4, 0.15, weights=w / w.sum(), restarts=1)
    b = fit(X[:30], 4, 0.15, weights=w[:30] / w[:30].sum(), start=a.D)
    assert abs(a.objective - b.objective) < 1e-14
    assert a.Z.shape == (60, 4)


def test_a_saddle_is_not_called_a_minimum():
    """Both atoms on the diagonal: stationary by symmetry, with a direction of descent that training takes."""
    D = np.full((2, 2), np.sqrt(0.5))
    X, w = PAIR, [0.45, 0.45, 0.1]
    phi = Reduced(Problem(X, 0.1, w), 1)
    one = fit(X, 1, 0.1, weights=w, start=D[:1])
    assert one.status in ("stationary", "local_min")
    two = Optimum.at(Problem(X, 0.1, w), D)
    assert two.stationarity < 1e-10 and two.status == "stationary"
    assert fit(X, 2, 0.1, weights=w, start=D).objective < two.objective - 1e-3
    with limited(0):
        point = phi.at(np.array([[1.0, 0.0]]))
        assert least_curvature(phi, point).least is not None


def test_status_is_honest_about_a_dictionary_that_is_not_optimal():
    X, w, F = world(6)
    o = Optimum.at(Problem(X, 0.15, w), F)
    assert o.status == "unconverged" and o.kkt < 1e-12 and o.stationarity > 1e-3


def test_digits_sized_stationarity_from_a_few_hundred_rows():
    rng = np.random.default_rng(0)
    X = np.abs(rng.standard_normal((300, 20))) * (rng.random((300, 20)) < 0.3)
    o = fit(X, 30, 0.2, restarts=1)
    assert o.stationarity <= 1e-10 and o.status in ("local_min", "stationary")
    Z = encode(X, o.D, 0.2)
    np.testing.assert_allclose(Z.toarray(), o.Z.toarray(), atol=1e-11)


def test_verification_is_strict_about_scores_just_above_one():
    """A score of 1.001 where an atom should fire is a violation, with or without codes on the sample."""
    x = np.array([[1.001, 0.0]])
    o = Optimum.at(Problem(x, 1.0), np.array([[1.0, 0.0]]), Z=np.zeros((1, 1)))
    assert o.kkt == pytest.approx(1e-3, rel=1e-6)


def test_verification_asks_a_fitted_bias_to_be_stationary():
    X, w, _ = world(7)
    o = fit(X, 4, 0.15, bias=True, weights=w, restarts=1)
    shifted = fit(X, 4, 0.15, weights=w, start=o.D)  # stationary for its own problem, which has no bias
    brought = Optimum.at(Problem(X, 0.15, w, bias=True), shifted.D, Z=shifted.Z)
    assert shifted.stationarity < 1e-10 and brought.stationarity > 1e-3 and brought.status == "unconverged"


def test_the_best_restart_is_kept():
    X, w, _ = world(6, m=6)
    o = fit(X, 5, 0.2, weights=w, restarts=9)
    assert o.objectives[0] > o.objectives.min() + 1e-6  # the first is not the best
    assert o.objective <= o.objectives.min() * (1 + 1e-10)


def test_of_restarts_that_agree_the_earliest_is_kept():
    """Restarts that end at one minimum differ by rounding, and by the order of their atoms: the first decides it."""
    later = 0
    for seed in range(8):
        X, w, _ = world(seed)
        o = fit(X, 4, 0.15, weights=w, restarts=6, seed=seed)
        earliest = int(np.argmax(o.objectives <= o.objectives.min() * (1 + 1e-10)))
        later += earliest < int(o.objectives.argmin())
        assert same(o, fit(X, 4, 0.15, weights=w, restarts=earliest + 1, seed=seed))
    assert later >= 2


def awkward():
    """(X, m, lam, bias): one dimension, more atoms than directions, optima that the start already is."""
    rng = np.random.default_rng(0)
    for seed in range(24):
        line = rng.choice([-50.0, 50, 30, -1, 1, 2.5, 0], (2 + seed % 5, 1))
        few = rng.integers(0, 3, (3, 2)) + np.array([0, 1])
        for m, lam in ((1, 1e-1), (2, 1e-3), (6, 1e-6)):
            yield line, m, lam, bool(seed % 2)
            yield few, m + 2, lam, False
            yield np.vstack([s * np.eye(3) for s in (1, 2, 3)][: 1 + seed % 3]), m + 5, lam, False


def test_exact_optima_one_dimension_and_too_many_atoms_are_met_without_a_warning():
    """No step divides nothing by nothing: warnings are errors here, and every end is verified."""
    for i, (X, m, lam, bias) in enumerate(awkward()):
        many = fit_many(X[None], m, lam, bias=bias)
        assert many.status[0] != "unconverged" and np.isfinite(many.D).all(), (X, m, lam, bias)
        if i % 6 == 0:
            assert fit(X, m, lam, bias=bias, restarts=1).status != "unconverged", (X, m, lam, bias)


@pytest.mark.parametrize(("X", "m", "lam"), [([[1, 0], [1, 1]], 6, 1e-6), ([[1, 0], [1, 1]], 8, 1e-6),
                                             ([[50], [-50], [30]], 2, 1e-3)])
def test_data_met_exactly_are_a_global_optimum(X, m, lam):
    assert fit(X, m, lam).status == "global"


def test_near_coincident_atoms_at_the_floor_are_united():
    o = fit(np.vstack([s * np.eye(3) for s in (1, 2, 3)]), 11, 1e-3, restarts=2)
    assert o.status == "global"
    assert o.objective == pytest.approx(o.problem.huber_floor, rel=1e-12)


def test_a_point_that_is_no_number_is_never_stationary_and_never_taken():
    X, w, _ = world(1)
    phi = Reduced(Problem(X, 0.75, w), 3)
    good = phi.at(phi.move(np.eye(3, 5), np.zeros((3, 5))))
    nan = slopes(good.theta[None], np.array([phi.lam]), np.array([np.nan]), np.full((1, 3, 5), np.nan),
                 np.full((1, 3), np.nan), np.ones((1, 3)), np.ones((1, 3)))
    assert nan[3] == np.inf
    engine = Alone(phi, good)
    engine.product = lambda who, V: np.full_like(V, np.nan)
    with np.errstate(invalid="ignore"):
        newton.minimise(engine, ALONE, np.array([1e-12]), lambda: None)
    assert engine.point is good


@pytest.mark.parametrize("scale", [1e3, 1e5])
@pytest.mark.parametrize("bias", [False, True])
def test_an_outlier_row_is_measured_against_its_rounding(scale, bias):
    X, _, _ = world(4, n=20, d=4)
    X[0] *= scale
    o = fit(X, 3, 0.1, bias=bias, restarts=2)
    assert o.status in ("local_min", "stationary")


def test_the_measure_of_stationarity_is_not_loosened_for_ordinary_data():
    """Atoms off by 3e-10 fail where |x| is a few lam, and where it is a thousand."""
    X, w, _ = world(3)
    for lam in (0.15, 3e-3):
        o = fit(X, 4, lam, weights=w, restarts=1)
        D = o.D + 3e-10 * np.roll(o.D, 1, axis=1)
        off = Optimum.at(o.problem, D / np.linalg.norm(D, axis=1, keepdims=True))
        assert o.stationarity < 1e-10 < off.stationarity and off.status == "unconverged"


def test_phi_is_the_objective_that_is_verified():
    X, w, _ = world(8)
    o = fit(X, 4, 0.15, weights=w, restarts=1)
    assert o.objectives[0] == pytest.approx(o.objective, rel=1e-13)


def test_a_sample_without_weight_may_have_any_residual_at_the_wide_limit():
    o = fit(np.array([[2.0, 0], [0, 2], [5, 5]]), 2, 0.5, weights=[0.5, 0.5, 0])
    assert o.status == "global" and o.radius <= 1 + 1e-12


def test_exclusive_children_that_share_an_atom_are_found():
    """At lam above 1/sqrt 2 an atom on one point does not see the other: only a start between them finds the best."""
    o = fit(np.array([[1.0, 1, 0], [1, 0, 1]]), 1, 0.75)
    between = np.array([[2.0, 1, 1]]) / np.sqrt(6)
    assert o.objective <= Optimum.at(o.problem, between).objective + 1e-12


def test_a_bias_can_be_given_with_the_start():
    X, w, _ = world(4)
    a = fit(X, 4, 0.15, weights=w, bias=True, seed=3, restarts=2)
    steps = []
    again = fit(X, 4, 0.15, weights=w, bias=True, start=a.D, start_bias=a.b,
                progress=lambda *step: steps.append(step))
    np.testing.assert_allclose(steps[0][1], a.objective, rtol=1e-12)  # it begins where the other ended
    np.testing.assert_allclose(again.b, a.b, atol=1e-9)
    far = []
    fit(X, 4, 0.15, weights=w, bias=True, start=a.D, start_bias=a.b + 0.3, progress=lambda *step: far.append(step))
    assert far[0][1] > a.objective + 1e-3
    for wrong, words in (({"start": None, "bias": True}, "goes with start"), ({"bias": False}, "goes with start"),
                         ({"start_bias": a.b[:2]}, "start_bias must have")):
        with pytest.raises(InputError, match=words):
            fit(X, 4, 0.15, weights=w, **({"start": a.D, "start_bias": a.b, "bias": True} | wrong))


def test_what_is_unconverged_says_why():
    """Steps that did not suffice, steps that rounding makes useless, or only what was measured of another's atoms."""
    X = np.random.default_rng(0).standard_normal((12, 3))
    X[0] *= 3e5
    slow, many = fit(X, 3, 1e-6, restarts=1), fit_many(X[None], 3, 1e-6, start=np.eye(3)[None])
    for status, reason in ((slow.status, slow.reason), (many.status[0], many.reason[0])):
        assert status == "unconverged"
        assert reason.startswith("stationarity ")
        assert reason.endswith("exceeds 1e-10; 2000 Newton steps did not suffice")
    X = np.random.default_rng(2).standard_normal((12, 3))
    X[0] *= 1e7
    stuck = fit(X, 3, 1e-6, restarts=1)
    assert stuck.status == "unconverged" and stuck.reason.endswith("no step helps any more; |x| is up to 7e+12 lam")
    brought = Optimum.at(Problem(X, 1.0), np.eye(3))
    assert brought.reason == f"stationarity {brought.stationarity:.1e} exceeds 1e-10"
    good = fit(X[1:], 3, 0.5, restarts=1), fit_many(X[None, 1:], 3, 0.5)
    assert good[0].status == good[1].status[0] == "local_min" and good[0].reason == good[1].reason[0] == ""


def test_a_curvature_that_rounding_may_have_made_is_no_minimum():
    o = fit(np.random.default_rng(2).standard_normal((12, 3)), 3, 0.5, restarts=1)
    many = measure_many(o.problem.X[None], o.problem.weights[None], np.array([0.5]), o.D[None], o.b[None],
                        o.Z.toarray()[None], False, True)
    for least, status in ((0.9 * FLAT, "stationary"), (1.1 * FLAT, "local_min"), (-1.0, "stationary")):
        assert o.measured.status(least) == many.status(np.array([least]))[0] == status
