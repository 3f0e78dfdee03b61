"""The factored route and its oracle: against the semidefinite route, against brute force, and against known answers."""

import itertools

import numpy as np
import pytest
from scipy.optimize import nnls
from widths import dictionary, pair, points

from testbed import Optimum, Problem, convex_fit, fit, gap, lower_bound
from testbed.bounds import factored, sphere
from testbed.bounds.convex import Program
from testbed.bounds.gaps import priced


def residual(seed, n, d, length=1.0):
    """A program and some weighted residual, optimal for nothing."""
    problem = Problem(points(seed, n, d), 0.3, np.random.default_rng(seed).dirichlet(np.ones(n)))
    program = Program.of(problem)
    return program, length * program.Y * np.random.default_rng(seed).uniform(0.1, 1, (n, 1))


def brute_score(program, R, u, t):
    """p(u) by another road: max <z, g> / sqrt(z'Cz), z >= 0, is the nonnegative least squares of C^-1/2 g by C^1/2."""
    values, V = np.linalg.eigh(program.price(t))
    root, inverse = (V * np.sqrt(values)) @ V.T, (V / np.sqrt(values)) @ V.T
    z, _ = nnls(root, inverse @ (R @ u))
    cost = z @ program.price(t) @ z
    return z @ R @ u / np.sqrt(cost) if cost > 0 else 0.0


# --- the oracle


@pytest.mark.parametrize("n, d, t", [(1, 2, 0.1), (7, 3, 0.01), (20, 5, 1.0)])
def test_priced_scores_and_codes_by_nonnegative_least_squares(n, d, t):
    program, R = residual(n, n, d)
    U = np.random.default_rng(1).standard_normal((6, d))
    U /= np.linalg.norm(U, axis=1, keepdims=True)
    p, _ = sphere.scores(program, R, U, t)
    for u, value in zip(U, p, strict=True):
        assert value == pytest.approx(brute_score(program, R, u, t), rel=1e-9, abs=1e-12)
        if value > 0:
            z = sphere.best_codes(program, R, u, t)
            assert z.min() >= 0 and z @ R @ u / np.sqrt(z @ program.price(t) @ z) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("seed, t", [(0, 0.02), (1, 0.3), (2, 3.0), (3, 0.0)])
def test_the_certified_maximum_by_brute_force_in_the_plane(seed, t):
    program, R = residual(seed, 9, 2)
    angle = np.linspace(0, 2 * np.pi, 200_001)
    dense = sphere.scores(program, R, np.column_stack([np.cos(angle), np.sin(angle)]), t)[0].max()
    most, u = sphere.search(program, R, t)
    assert dense <= most <= dense * (1 + 2e-9)
    assert sphere.scores(program, R, u[None, :], t)[0][0] >= dense * (1 - 1e-9)
    if t == 0:
        assert most == pytest.approx(np.linalg.norm(R / program.a[:, None], axis=1).max() / program.lam)


@pytest.mark.parametrize("d", [1, 3])
def test_no_random_direction_exceeds_the_certified_maximum(d):
    program, R = residual(4, 9, d)
    U = np.random.default_rng(0).standard_normal((50_000, d))
    seen = sphere.scores(program, R, U / np.linalg.norm(U, axis=1, keepdims=True), 0.1)[0].max()
    assert seen <= sphere.search(program, R, 0.1)[0] <= seen * (1 + 1e-3)


def test_ascents_never_go_down_and_the_sphere_is_not_searched_beyond_three_dimensions():
    program, R = residual(5, 12, 4)
    U = np.random.default_rng(0).standard_normal((20, 4))
    U /= np.linalg.norm(U, axis=1, keepdims=True)
    before = sphere.scores(program, R, U, 0.1)[0]
    V, after = sphere.climb(program, R, U, 0.1)
    assert (after >= before - 1e-15).all() and np.allclose(after, sphere.scores(program, R, V, 0.1)[0])
    with pytest.raises(ValueError, match="oracle: the sphere is searched in up to 3 dimensions; there are 4"):
        sphere.search(program, R, 0.1)


# --- the solver


def test_derivatives_by_finite_differences():
    rng = np.random.default_rng(0)
    for bias in (False, True):
        program = Program.of(Problem(points(1, 7, 3), 0.3, bias=bias))
        V, T, e = rng.random((7, 4)), rng.standard_normal((7, 4)), 1e-6
        up, down, here = (factored.State(program, 0.05, V + s * T) for s in (e, -e, 0))
        assert (up.value - down.value) / (2 * e) == pytest.approx((here.gradient * T).sum(), rel=1e-7)
        assert np.abs((up.gradient - down.gradient) / (2 * e) - here.hessian(T)).max() < 1e-7


@pytest.mark.parametrize("cosine", [0.95, 0.5, -0.3])
@pytest.mark.parametrize("tau", [0.05, 0.15, 0.3, 0.6])
def test_two_points_by_hand(cosine, tau):
    X = np.array([[1.0, 0], [cosine, np.sqrt(1 - cosine**2)]])
    found = convex_fit(Problem(X, 0.4), tau)
    assert found.objective == pytest.approx(pair(0.4, tau, cosine), abs=1e-10)
    assert 0 <= found.gap < 1e-7 and found.label == "certified"


AGREE = [(4, 6, 0.3, False), (3, 3, 0.1, True), (10, 2, 0.1, False), (12, 2, 0.3, True)]
MORE = [(20, 2, 0.03, False), (30, 2, 0.1, False), (30, 2, 0.3, False), (30, 3, 0.03, True), (30, 3, 0.1, True),
        (20, 3, 0.3, False), (30, 10, 0.3, False), (4, 4, 0.02, False)]


@pytest.mark.parametrize("n, d, tau, bias", AGREE + [pytest.param(*case, marks=pytest.mark.slow) for case in MORE])
def test_it_agrees_with_the_doubly_nonnegative_program_where_that_is_tight(n, d, tau, bias):
    problem = Problem(points(n, n, d, 3.0 if bias else 1.0), 0.3, bias=bias)
    found, bound = convex_fit(problem, tau), lower_bound(problem, tau)
    assert bound.value <= found.objective <= bound.value + 1e-6
    assert found.gap < 1e-6 and found.label == ("certified" if d <= 3 else "estimate")


def copositive(M, tolerance):
    """Kaplan's criterion, complete: no principal submatrix has a positive eigenvector with a negative eigenvalue."""
    for size in range(1, len(M) + 1):
        for rows in itertools.combinations(range(len(M)), size):
            values, V = np.linalg.eigh(M[np.ix_(rows, rows)])
            for value, v in zip(values, V.T, strict=True):
                if value < -tolerance and ((v > 0).all() or (v < 0).all()):
                    return False
    return True


def test_where_they_differ_the_relaxation_is_the_lower_one():
    """Beyond four samples a matrix may be doubly nonnegative and not completely positive: V2 is then not tight.

    The search of the sphere proves it, and so does an enumeration of principal submatrices that shares nothing with it.
    """
    X = np.random.default_rng([7, 10]).standard_normal((7, 3))
    problem, tau = Problem(X / np.linalg.norm(X, axis=1, keepdims=True), 0.3), 0.2
    found, bound = convex_fit(problem, tau), lower_bound(problem, tau)
    assert found.label == "certified" and 0 <= found.gap < 1e-7
    assert found.bound > bound.value + 1e-3
    program = Program.of(problem)
    t = (tau / program.unit) ** 2
    value, R, score = sphere.certified(program, factored.minimise(program, t)[0].R, t)
    assert value * program.unit**2 == pytest.approx(found.bound, abs=1e-9) and score == pytest.approx(1, abs=1e-7)
    M = program.price(t)
    assert copositive(M - R @ R.T, 1e-12)
    assert not copositive(M - 1.01**2 * R @ R.T, 1e-12)  # the criterion can say no


def test_no_dictionary_is_better_and_the_answer_is_one():
    problem = Problem(points(3, 15, 3, 1.0), 0.2, np.random.default_rng(0).dirichlet(np.ones(15)))
    found = convex_fit(problem, 0.15)
    again = Optimum.at(problem, found.D, Z=found.Z)
    assert priced(again, 0.15) == found.objective and found.Z.min() >= 0
    rng = np.random.default_rng(0)
    for m in (1, 2, 4, 15):
        trained = fit(problem.X, m, 0.2, weights=problem.weights, restarts=2)
        for o in (trained, dictionary(problem, rng, m)):
            assert priced(o, 0.15) >= found.bound


def test_tau_zero_is_exact_for_any_dimension():
    for bias in (False, True):
        problem = Problem(points(0, 40, 7), 0.3, bias=bias)
        found = convex_fit(problem)
        assert found.label == "exact" and 0 <= found.gap < 1e-9
        assert len(found.D) == (found.Z.max(axis=0) > 0).sum()


def test_too_dear_for_any_atom():
    found = convex_fit(Problem(points(0, 6, 2), 0.3), 5.0)
    assert found.gap < 1e-9 and not found.Z.any()


@pytest.mark.slow
def test_a_hundred_samples_are_certified_in_three_dimensions():
    found = convex_fit(Problem(points(100, 100, 3), 0.2), 0.3)
    assert found.label == "certified" and 0 <= found.gap < 1e-7


@pytest.mark.parametrize("X, bias", [(np.zeros((3, 2)), False), (np.zeros((3, 2)), True), (np.ones((1, 1)), False),
                                     (np.ones((1, 2)), True), (1e50 * points(0, 5, 2), False),
                                     (1e-60 * points(0, 5, 2), False), (np.repeat(points(0, 2, 2), 3, axis=0), True)])
def test_degenerate_and_extreme_data(X, bias):
    size = np.abs(X).max() or 1.0
    problem = Problem(X, 0.3 * size, bias=bias)
    for tau in (0.0, 0.1 * size):
        found, bound = convex_fit(problem, tau), lower_bound(problem, tau)
        assert bound.value <= found.objective and found.gap <= 1e-8 * size**2
        assert found.objective - bound.value <= 1e-8 * size**2
    assert gap(Optimum.at(problem, np.eye(problem.d)[:1])).gap >= 0


def test_messages():
    problem = Problem(np.eye(2), 0.3)
    with pytest.raises(ValueError, match="the factored route handles 200 distinct samples; there are 201"):
        convex_fit(Problem(points(0, 201, 2), 0.3), 0.1)
    with pytest.raises(ValueError, match="convex_fit: problem must have nonnegative codes"):
        convex_fit(Problem(np.eye(2), 0.3, nonnegative=False), 0.1)
    with pytest.raises(TypeError, match=r"convex_fit: problem must be a testbed.Problem; got ndarray"):
        convex_fit(np.eye(2))
    with pytest.raises(ValueError, match=r"convex_fit: tau must be finite and >= 0 and <= 1e\+140; got -1"):
        convex_fit(problem, -1)
