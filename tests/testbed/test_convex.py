"""The convex problem's bounds: valid for every dictionary, tight where the answer is known, exactly proved."""

import json
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from widths import dictionary, pair, points

from commands.cli import main
from testbed import Optimum, Problem, convex_fit, fit, gap, huber, lower_bound
from testbed.bounds import certificate, convex
from testbed.bounds.convex import Program
from testbed.bounds.gaps import activity, priced

# --- V1


@pytest.mark.parametrize("n, d", [(1, 1), (5, 3), (3000, 4)])
def test_V1_at_tau_zero_the_bound_is_the_huber_floor_for_any_number_of_samples(n, d):
    problem = Problem(points(n, n, d), 0.4)
    found = lower_bound(problem)
    assert found.route == "floor" and found.tau == 0
    assert 0 <= problem.huber_floor - found.value <= 1e-11 * problem.huber_floor


def test_V1_with_a_bias_the_floor_is_that_of_the_huber_location():
    for seed, lam in ((3, 0.2), (0, 0.02), (4, 0.02), (5, 3.0)):
        problem = Problem(points(seed, 40, 3, spread=3), lam, bias=True)
        assert 0 <= 1 - lower_bound(problem).value / problem.floor <= 1e-10


def test_V1_one_atom_per_point_reaches_it_and_the_gap_is_certified():
    for bias in (False, True):
        optimum = fit(points(0, 12, 3), 12, 0.3, bias=bias)
        assert optimum.status == "global"
        found = gap(optimum)
        assert 0 <= found.gap <= 1e-7 and found.tau == 0 and found.class_bound == found.floor


# --- V2


@pytest.mark.parametrize("cosine", [0.95, 0.5, -0.3])
@pytest.mark.parametrize("tau", [0.05, 0.15, 0.3, 0.6])
def test_V2_two_points_by_hand(cosine, tau):
    X = np.array([[1.0, 0], [cosine, np.sqrt(1 - cosine**2)]])
    exact = pair(0.4, tau, cosine)
    assert 0 <= exact - lower_bound(Problem(X, 0.4), tau).value <= 1e-8


def tight(bound):
    """The detector of the next test: the bound reaches what two points are known to cost."""
    X = np.array([[1.0, 0], [0.5, np.sqrt(0.75)]])
    return abs(pair(0.4, 0.1, 0.5) - bound(Problem(X, 0.4), 0.1).value) < 1e-8


def test_dropping_elementwise_nonnegativity_is_noticed():
    assert tight(lower_bound)
    assert not tight(lambda problem, tau: lower_bound(problem, tau, nonnegative=False))


def test_V2_no_dictionary_is_below_and_one_with_signed_codes_is():
    rng = np.random.default_rng(0)
    problem = Problem(points(1, 8, 2, spread=0), 0.1)
    bounds = {tau: lower_bound(problem, tau).value for tau in (0.02, 0.1, 0.3)}
    for m in (1, 2, 5, 9):
        o = dictionary(problem, rng, m)
        assert all(priced(o, tau) >= value for tau, value in bounds.items())
    signed = fit(problem.X, 2, 0.1, nonnegative=False)
    assert priced(signed, 0.1) < bounds[0.1]


@pytest.mark.slow
def test_V2_V3_500_dictionaries():
    """25 problems with one program each, 20 dictionaries each: random, half along data, and trained ones."""
    trials = 0
    for seed in range(25):
        rng = np.random.default_rng([7, seed])
        n, d = int(rng.integers(2, 14)), int(rng.integers(1, 6))
        weights = rng.dirichlet(np.ones(n))
        X, lam = points([7, seed], n, d, rng.uniform(0, 2)), rng.uniform(0.05, 0.7)
        problem = Problem(X, lam, weights, bias=seed % 5 == 4)
        tau = float(rng.uniform(0.01, 0.5))
        bound = lower_bound(problem, tau).value
        trained = [fit(problem.X, m, problem.lam, problem.bias, weights=weights, restarts=2) for m in (1, 2, n)]
        for o in trained + [dictionary(problem, rng, int(rng.integers(1, n + 3))) for _ in range(17)]:
            trials += 1
            v = np.sqrt(o.problem.weights @ o.Z.toarray() ** 2)
            assert bound <= priced(o, tau) <= o.objective + tau * v.sum() + 1e-12
    assert trials == 500


def test_V3_the_class_bound_holds_for_dictionaries_of_no_more_activity():
    problem = Problem(points(5, 12, 3), 0.2)
    optima = [fit(problem.X, m, 0.2, restarts=3) for m in (1, 2, 3, 4, 6)]
    gaps = [gap(o) for o in optima]
    for found in gaps:
        assert found.class_bound > found.floor  # more than the floor was proved
        assert found.bound.value <= found.priced
        for o in optima:
            assert activity(o) > found.activity or o.objective >= found.class_bound
    assert any(o.objective < found.class_bound for o in optima for found in gaps)  # without the condition it is false


# --- V5


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.4])
def test_V5_the_signed_bound_is_lower_and_known_for_centred_data(tau):
    X = points(2, 9, 3, spread=0)
    X -= X.mean(axis=0)
    problem = Problem(X, 0.3)
    found = lower_bound(problem, tau, nonnegative=False)
    exact = huber(np.linalg.svd(X / 3, compute_uv=False), tau).sum()  # C is tau^2 I on what is orthogonal to a
    assert 0 <= exact - found.value <= 1e-8
    assert found.value < lower_bound(problem, tau).value - 1e-3


def test_V5_at_tau_zero_only_the_mean_is_paid_for():
    X = points(4, 9, 3, spread=1)
    found = lower_bound(Problem(X, 0.3), 0.0, nonnegative=False)
    assert found.value == pytest.approx(huber(np.linalg.norm(X.mean(axis=0)), 0.3), rel=1e-12)
    assert lower_bound(Problem(X, 0.3, bias=True), 0.0, nonnegative=False).value == 0


def test_V5_holds_for_signed_dictionaries():
    problem = Problem(points(6, 10, 3), 0.2, nonnegative=False)
    for m in (1, 2, 4, 10):
        o = fit(problem.X, m, 0.2, nonnegative=False, restarts=2)
        for tau in (0.05, 0.3, 1.0):
            assert lower_bound(problem, tau).value <= priced(o, tau)
        assert gap(o).gap >= 0


# --- a fitted bias


def test_with_a_bias_the_bound_holds_for_every_bias():
    rng = np.random.default_rng(3)
    X = points(3, 9, 2, spread=4)
    biased, plain = Problem(X, 0.1, bias=True), Problem(X, 0.1)
    bound = lower_bound(biased, 0.2).value
    values = [priced(dictionary(biased, rng, m), 0.2) for m in (1, 2, 4, 9) for _ in range(5)]
    values += [priced(fit(X, m, 0.1, bias=True, restarts=2), 0.2) for m in (1, 2, 4)]
    assert bound <= min(values) < lower_bound(plain, 0.2).value  # a bound that forgets the bias is broken


# --- what the proof does not depend on


def ldl_is_psd(S):
    """Positive semidefinite, in exact arithmetic: elimination of a matrix of Fractions."""
    n = len(S)
    for k in range(n):
        if S[k][k] < 0 or (S[k][k] == 0 and any(S[k][j] != 0 for j in range(k, n))):
            return False
        if S[k][k] == 0:
            continue
        for i in range(k + 1, n):
            f = S[i][k] / S[k][k]
            for j in range(k, n):
                S[i][j] -= f * S[k][j]
    return True


@pytest.mark.parametrize("spoil", [0.0, 1e-9, 1e-3])
def test_the_certificate_is_feasible_in_exact_arithmetic(spoil):
    """Whatever the candidate: the repaired R proves its bound, and a spoiled one proves less."""
    program, t = Program.of(Problem(points(8, 6, 2), 0.3)), 0.01 / 0.25
    found = convex.solve(program, True, t)
    noise = np.random.default_rng(0).standard_normal((2, *found.N.shape))
    N = np.maximum(found.N + spoil * noise[0] + spoil * noise[0].T, 0)
    R = found.R + spoil * noise[1][:, :2]
    value, proof = certificate.by_eigenvalues(program, R, N, t)
    c = Fraction(float(np.linalg.norm(proof) / np.linalg.norm(R)))
    F = np.vectorize(Fraction)
    a, P, M, lam = F(program.a), F(proof), F(N), Fraction(program.lam)
    S = lam**2 * np.outer(a, a) + np.diag([Fraction(t)] * 6) - P @ P.T - c * c * M
    assert ldl_is_psd(S.tolist())
    assert value <= float((P * F(program.Y)).sum() - (P * P).sum() / 2)
    best, _ = certificate.by_eigenvalues(program, found.R, found.N, t)
    assert value <= best and (spoil < 1e-6 or value < best - 1e-5)


def test_an_infeasible_candidate_proves_no_more_than_is_true():
    """A solver that overstates: R twice too long, N with the wrong sign."""
    problem = Problem(points(8, 6, 2), 0.3)
    program = Program.of(problem)
    t = (0.1 / program.unit) ** 2
    found, true = convex.solve(program, True, t), lower_bound(problem, 0.1).value
    freed = program.price(t) - 9 * found.R @ found.R.T  # leaves nothing to be semidefinite, and is not nonnegative
    nothing = np.full_like(found.N, np.nan)
    for R, N in ((3 * found.R, freed), (2 * found.R, found.N), (found.R, -found.N), (found.R, nothing),
                 (found.R + 1, found.N)):
        assert certificate.by_eigenvalues(program, R, N, t)[0] * program.unit**2 < true
        assert certificate.by_rows(program, R)[0] * program.unit**2 < true
    assert certificate.by_eigenvalues(program, found.R, found.N, 0.0)[0] == -np.inf


@pytest.mark.parametrize("tau", [1e-7, 1e-5, 1e-3])
def test_where_the_price_is_too_small_to_repair_with_the_floor_is_the_bound(tau):
    problem = Problem(points(2, 8, 3), 0.3)
    assert lower_bound(problem).value <= lower_bound(problem, tau).value <= convex_fit(problem, 1e-3).objective


def test_scaling_by_a_power_of_two_scales_the_bound_bit_for_bit():
    X = points(1, 7, 3)
    assert lower_bound(Problem(8 * X, 8 * 0.3), 8 * 0.1).value == 64 * lower_bound(Problem(X, 0.3), 0.1).value


def test_repeated_rows_are_weights_and_neither_zero_rows_nor_weightless_ones_matter():
    X = points(1, 5, 2)
    long = np.vstack([X, X[:2], np.zeros((3, 2)), 9 * X[:1]])
    weights = np.append(np.full(10, 0.1), 0)
    short = np.array([0.2, 0.2, 0.1, 0.1, 0.1, 0.3])
    program = Program.of(Problem(long, 0.3, weights))
    assert program.n == 5
    expected = lower_bound(Problem(np.vstack([X, np.zeros((1, 2))]), 0.3, short), 0.1).value
    assert lower_bound(Problem(long, 0.3, weights), 0.1).value == pytest.approx(expected, rel=1e-12)


def test_the_price_found_for_a_dictionary_is_the_best():
    o = fit(points(9, 10, 3), 3, 0.2, restarts=3)
    found = gap(o)

    def below(tau):
        return lower_bound(o.problem, tau).value - 0.5 * tau**2 * found.activity / 0.2

    best = minimize_scalar(lambda tau: -below(tau), bounds=(0.5 * found.tau, 2 * found.tau), options={"xatol": 1e-5})
    assert found.class_bound == pytest.approx(-best.fun, abs=1e-7)
    assert gap(o, found.tau).gap == pytest.approx(found.gap, abs=1e-8)


# --- sizes and refusals


def test_larger_data_fall_back_and_say_why():
    X = points(0, convex.LARGEST_N + 1, 3)
    with pytest.raises(ValueError, match="the doubly nonnegative program handles 40 distinct samples; there are 41"):
        lower_bound(Problem(X, 0.3), 0.1)
    narrow = gap(fit(X, 1, 0.05, restarts=1))
    assert narrow.bound.route == "semidefinite" and narrow.class_bound > narrow.floor
    wide = np.random.default_rng(0).standard_normal((70, 70))
    found = gap(Optimum.at(Problem(wide, 0.3), np.eye(70)[:2]))
    assert found.bound.route == "floor" and "handles 60 dimensions; there are 70" in found.reason
    assert found.reason in str(found)


def test_without_cvxpy_the_floor_is_left_and_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    problem = Problem(points(0, 5, 2), 0.3)
    assert lower_bound(problem).value > 0
    with pytest.raises(ValueError, match=r"cvxpy is not installed \(pip install '.\[convex\]'\)"):
        lower_bound(problem, 0.1)
    assert "[convex]" in gap(Optimum.at(problem, np.eye(2))).reason


def test_messages():
    problem = Problem(np.eye(2), 0.3)
    for wrong, message in (({"tau": -1}, r"tau must be finite and >= 0 and <= 1e\+140; got -1"),
                           ({"tau": "x"}, "tau must be a number"),
                           ({"nonnegative": 1}, "nonnegative must be True or False")):
        with pytest.raises((ValueError, TypeError), match=f"lower_bound: {message}"):
            lower_bound(problem, **wrong)
    with pytest.raises(TypeError, match="lower_bound: problem must be a testbed"):
        lower_bound(np.eye(2))
    with pytest.raises(ValueError, match="nonnegative must be False for a problem with signed codes"):
        lower_bound(Problem(np.eye(2), 0.3, nonnegative=False), 0.1, nonnegative=True)
    with pytest.raises(TypeError, match=r"gap: expected a testbed.Optimum; got Problem"):
        gap(problem)
    with pytest.raises(ValueError, match=r"gap: tau must be finite and >= 0 and <= 1e\+140; got nan"):
        gap(Optimum.at(problem, np.eye(2)), float("nan"))


def test_check_bounds_on_the_command_line(tmp_path, capsys):
    path = str(tmp_path / "o.npz")
    o = fit(points(0, 10, 3), 2, 0.2, restarts=2)
    o.save(path)
    assert main(["check", path, "--bounds"]) == 0
    out = capsys.readouterr().out
    for word in ("Bounds (V1-V3)", "floor ", "gap ", "class ", "doubly nonnegative program, its dual verified"):
        assert word in out
    assert main(["check", path, "--bounds", "--tau", "0.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["bounds"]
    assert found["tau"] == 0.1 and found["gap"] == pytest.approx(priced(o, 0.1) - found["bound"])
    assert found["floor"] <= found["class_bound"] <= o.objective
    assert main(["check", path, "--tau", "0.1"]) == 2
    assert "--tau is the price of --bounds" in capsys.readouterr().err
    assert main(["check", path, "--bounds", "--tau", "-1"]) == 2
    assert "--tau must be finite and >= 0 and <= 1e+140; got -1" in capsys.readouterr().err
