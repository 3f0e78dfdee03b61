"""Many small problems at once: the same optima as `fit`, whatever the neighbours, with the same claims."""

import numpy as np
import oracles
import pytest

import testbed
from testbed import Problem, fit, fit_many, tables, threads
from testbed.descent import batch, lockstep, newton


def problems(p, n=60, d=5, m=6, seed=0):
    rng = np.random.default_rng(seed)
    T = rng.standard_normal((p, m, d))
    T /= np.linalg.norm(T, axis=2, keepdims=True)
    Z = rng.uniform(1, 2, (p, n, m)) * (rng.random((p, n, m)) < 0.3)
    return Z @ T + 0.05 * rng.standard_normal((p, n, d))


def starts(p, m, d, seed=1):
    D = np.random.default_rng(seed).standard_normal((p, m, d))
    return D / np.linalg.norm(D, axis=2, keepdims=True)


@pytest.mark.parametrize(("bias", "nonnegative"), [(False, True), (True, True), (False, False), (True, False)])
def test_each_optimum_is_what_fit_finds_from_the_same_start(bias, nonnegative):
    X, D = problems(12), starts(12, 3, 5)
    beside = 0.1 * starts(12, 1, 5, seed=2)[:, 0] if bias else None
    many = fit_many(X, 3, 0.5, bias=bias, nonnegative=nonnegative, start=D, start_bias=beside)
    assert set(many.status) <= {"local_min", "global", "stationary"}
    same = 0
    for i in range(12):
        one = fit(X[i], 3, 0.5, bias=bias, nonnegative=nonnegative, start=D[i],
                  start_bias=None if beside is None else beside[i])
        again = many.optimum(i)
        assert again.objective == pytest.approx(many.objective[i], rel=1e-14)
        assert again.status == many.status[i]
        assert again.stationarity <= 1e-10
        same += abs(one.objective - many.objective[i]) < 1e-12
        if not bias and abs(one.objective - many.objective[i]) < 1e-12:
            assert many.hessian_min[i] == pytest.approx(one.hessian_min, abs=1e-3)
    assert same >= 11


def test_biases_start_where_they_are_told():
    X, D, b = problems(3), starts(3, 3, 5), starts(3, 1, 5, seed=2)[:, 0]
    many, single = [], []
    fit_many(X, 3, 0.5, bias=True, start=D, start_bias=b, progress=lambda _, F, __: many.append(F))
    fit(X[2], 3, 0.5, bias=True, start=D[2], start_bias=b[2], progress=lambda _, F, __: single.append(F))
    assert many[0][2] == pytest.approx(single[0], rel=1e-12)


def test_least_curvature_is_that_of_finite_differences():
    X = problems(1)[0]
    many = fit_many(X[None], 3, 0.5)
    o = many.optimum(0)
    w = o.problem.weights

    def phi(D):
        Z = testbed.encode(X, D / np.linalg.norm(D, axis=1, keepdims=True), 0.5).toarray()
        return oracles.loss(X, D / np.linalg.norm(D, axis=1, keepdims=True), Z, 0.5, w)

    scale = np.sqrt(w @ (many.Z[0] ** 2) + 0.5 * o.mu)[:, None]
    rng, h = np.random.default_rng(0), 1e-4
    for _ in range(20):
        V = rng.standard_normal(o.D.shape)
        V -= (V * o.D).sum(axis=1, keepdims=True) * o.D
        bent = (phi(o.D + h * V) - 2 * phi(o.D) + phi(o.D - h * V)) / h**2
        assert bent >= many.hessian_min[0] * ((scale * V) ** 2).sum() * (1 - 1e-3)


def test_neighbours_threads_and_chunks_do_not_matter(monkeypatch):
    X = problems(9)
    whole = fit_many(X, 3, 0.5, seed=5, restarts=2)
    first = fit_many(X[:4], 3, 0.5, seed=5, restarts=2)
    assert np.array_equal(whole.D[:4], first.D)
    monkeypatch.setattr(threads, "SMALL", 0)
    monkeypatch.setattr(batch, "CHUNK_BYTES", 1)
    again = fit_many(X, 3, 0.5, seed=5, restarts=2)
    for name in ("D", "Z", "objective", "hessian_min"):
        assert np.array_equal(getattr(whole, name), getattr(again, name), equal_nan=True), name


def test_restarts_never_make_it_worse():
    X = problems(20)
    one, four = fit_many(X, 4, 0.5), fit_many(X, 4, 0.5, restarts=4)
    assert (four.objective <= one.objective * (1 + 1e-12)).all()
    assert (four.objective < one.objective - 1e-6).any()


def test_of_restarts_that_agree_the_earliest_is_kept():
    X = problems(20)
    one, four = fit_many(X, 3, 0.5, seed=2), fit_many(X, 3, 0.5, seed=2, restarts=4)
    agree = np.abs(one.objective / four.objective - 1) < 1e-10
    assert agree.any() and np.array_equal(one.D[agree], four.D[agree])


def test_progress_shows_every_problem_and_changes_nothing(monkeypatch):
    X = problems(6)
    quiet = fit_many(X, 3, 0.5, restarts=2)
    monkeypatch.setattr(batch, "CHUNK_BYTES", 1)
    seen = []
    watched = fit_many(X, 3, 0.5, restarts=2, progress=lambda *told: seen.append(told))
    assert np.array_equal(quiet.D, watched.D)
    assert {restart for restart, _, _ in seen} == {0, 1}
    assert np.isinf(seen[0][1][1:]).all() and np.isfinite(seen[-1][1]).all()
    assert seen[-1][2][-1] < 1e-10


def test_penalties_and_weights_may_differ_by_problem():
    X = np.repeat(problems(1), 3, axis=0)
    w = np.random.default_rng(2).dirichlet(np.ones(60), 3)
    many = fit_many(X, 2, [0.3, 0.5, 0.7], weights=w, restarts=2)
    for i, lam in enumerate((0.3, 0.5, 0.7)):
        Z = testbed.encode(X[i], many.D[i], lam).toarray()
        np.testing.assert_allclose(Z, many.Z[i], atol=1e-11)
        assert oracles.loss(X[i], many.D[i], Z, lam, w[i]) == pytest.approx(many.objective[i], rel=1e-12)


def test_dead_atoms_are_revived_and_the_wide_limit_is_global():
    X = np.eye(4)[None] * np.array([1.0, 2.0])[:, None, None]
    start = np.tile(np.array([1.0, 0, 0, 0]), (2, 4, 1))
    many = fit_many(X, 4, 0.2, start=start)
    assert list(many.status) == ["global", "global"]
    np.testing.assert_allclose(many.objective, [Problem(x, 0.2).huber_floor for x in X], rtol=1e-12)


def test_duplicated_atoms_are_left_along_negative_curvature():
    """Duplicates of a stationary atom are a saddle that every first-order condition passes."""
    X = problems(6, seed=3)
    one = fit_many(X, 1, 0.5, restarts=2)
    many = fit_many(X, 2, 0.5, start=np.repeat(one.D, 2, axis=1))
    assert (many.objective < one.objective - 1e-6).all()
    assert (np.abs(many.D[:, 0] - many.D[:, 1]).max(axis=1) > 1e-3).all()


def test_verification_of_a_batch_agrees_with_that_of_each_and_notices_errors():
    X = problems(5)
    many = fit_many(X, 3, 0.5, bias=True)
    for i in range(5):
        o = many.optimum(i)
        for name in ("objective", "kkt", "stationarity"):
            assert getattr(o, name) == pytest.approx(getattr(many, name)[i], rel=1e-9, abs=1e-14)
    from testbed.verify import measure_many

    D = many.D + 1e-6
    D /= np.linalg.norm(D, axis=2, keepdims=True)
    seen = measure_many(X, many.weights, many.lam, D, many.b, many.Z, True, True)
    assert (seen.status(many.hessian_min) == "unconverged").all()


def test_trust_region_steps_descend():
    X = problems(5)
    state = lockstep.Lockstep(X, np.full((5, 60), 1 / 60), np.full(5, 0.5), False, 0, starts(5, 3, 5))
    before = state.value[state.at].copy()
    newton.minimise(state, np.arange(5), np.full(5, 1e-12), lambda: None, most=3)
    assert (state.value[state.at] < before).all()


@pytest.mark.parametrize(("arguments", "words"), [
    ({"X": np.ones((3, 2))}, "3 dimensions"),
    ({"X": np.full((1, 3, 2), np.nan)}, "finite"),
    ({"n_atoms": 0}, "n_atoms"),
    ({"n_atoms": 1000}, "at most 512"),
    ({"lam": 0.0}, "lam"),
    ({"lam": [0.1, -0.1]}, "problem 1 has lam"),
    ({"lam": [0.1]}, "lam"),
    ({"weights": np.ones((2, 4))}, "problem 0: weights must sum to 1"),
    ({"weights": np.ones((3, 4)) / 4}, "shape"),
    ({"start": np.ones((2, 2, 3))}, "start"),
    ({"start": np.ones((2, 3, 3)) / np.sqrt(3), "start_bias": np.zeros((2, 3))}, "start"),
    ({"start_bias": np.zeros((2, 3)), "bias": True}, "start_bias goes with start and bias=True"),
    ({"start": np.ones((2, 3, 3)) / np.sqrt(3)}, "start must have shape"),
])
def test_bad_input_is_refused_by_name(arguments, words):
    good = {"X": np.ones((2, 4, 3)), "n_atoms": 2, "lam": 0.1}
    with pytest.raises((ValueError, TypeError), match=words):
        fit_many(**(good | arguments))


def test_two_axes_at_once_are_the_same_problems_in_one_line():
    X, lam = problems(3), np.array([0.4, 0.5])
    grid = fit_many(X[:, None], 3, lam)
    line = fit_many(np.repeat(X, 2, axis=0), 3, np.tile(lam, 3))
    assert grid.shape == (3, 2) and line.shape == (6,) and np.array_equal(grid.D, line.D)
    assert repr(grid).startswith("Batch(3 × 2 problems of 60 samples, 3 atoms: ")
    assert grid.optimum((2, 1)).objective == grid.optimum(5).objective != grid.optimum(4).objective
    w = np.random.default_rng(0).dirichlet(np.ones(60), (3, 1))
    start = starts(6, 3, 5).reshape(3, 2, 3, 5)
    grid = fit_many(X[:, None], 3, lam, bias=True, weights=w, start=start, start_bias=np.zeros((3, 2, 5)))
    assert np.array_equal(grid.D[3], fit_many(X[1:2], 3, 0.5, bias=True, weights=w[1], start=start[1:2, 1],
                                              start_bias=np.zeros((1, 5))).D[0])


@pytest.mark.parametrize("bias", [False, True])
def test_a_table_says_of_every_problem_what_its_optimum_says(bias):
    X = problems(4).reshape(2, 2, 60, 5)
    w = np.full(60, 1 / 59)
    w[7] = 0
    grid = fit_many(X, 3, 0.5, bias=bias, weights=w)
    table = grid.table(world=np.array([[10], [20]]), kind=["a", "b"])
    assert table.dtype.names[:3] == ("world", "kind", "lam")
    assert table["world"].tolist() == [10, 10, 20, 20] and table["kind"].tolist() == ["a", "b"] * 2
    for i, row in enumerate(table):
        o = grid.optimum(i)
        assert (row["status"], row["live"]) == (o.status, o.live.sum())
        assert row["objective"] == pytest.approx(o.objective, rel=1e-14)
        assert row["floor"] == o.problem.floor and row["activity"] == pytest.approx(o.mu.sum(), rel=1e-13)
        assert row["radius"] == pytest.approx(o.radius, rel=1e-12)
        assert row["codes"] == pytest.approx(o.codes_per_sample, rel=1e-12)


@pytest.mark.parametrize(("call", "message"), [
    (lambda X: fit_many(X[:, None], 3, np.ones((3, 2))),
     r"axes along which problems are arranged must broadcast; they are \(2, 1\) of X, \(3, 2\) of lam"),
    (lambda X: fit_many(X[:, None], 3, [0.5, 1], start=starts(2, 3, 5)),
     r"start must have the problems' axes \(2, 2\) in front; its shape is \(2, 3, 5\)"),
    (lambda X: fit_many(X, 3, 0.5).table(p=[1, 2, 3]),
     r"table: p must broadcast to \(2,\), the shape of the batch; its shape is \(3,\)"),
    (lambda X: fit_many(X, 3, 0.5).table(kkt=1), "table: kkt is a column already"),
    (lambda X: tables.tidy({"a": [1, 2], "b": [1, 2, 3]}), r"column a must have 3 entries; its shape is \(2,\)"),
    (lambda X: tables.save("t.txt", tables.tidy({"a": [1]})), r"must end in \.csv; got t\.txt"),
    (lambda X: tables.text(np.eye(2)), "expected an array with named columns"),
])
def test_what_does_not_fit_two_axes_or_a_table(call, message):
    with pytest.raises(testbed.InputError, match=message):
        call(problems(2))


def test_a_table_of_words_is_folded_to_a_terminal_and_nothing_is_lost():
    rows = [("id", "what", "why"), ("S1", "a statement of some length that goes on", "because " * 8), ("S2", "b", "")]
    wide = tables.aligned(rows)
    assert len(wide) == 3 and len({len(line.split("because")[0]) for line in wide[1:2]}) == 1
    folded = tables.aligned(rows, 60)
    assert max(map(len, folded)) <= 60 and len(folded) > 3
    assert sorted(" ".join(folded).split()) == sorted(" ".join(wide).split())
    assert tables.aligned(rows, 1000) == wide
