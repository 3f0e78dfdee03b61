"""Data by blocks of rows: the same numbers as at once, in bounded memory, and rows of weight zero matter to nothing."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import coded

from testbed import CodingError, Optimum, Problem, classify, dictionary, fit, fit_many, gap, problem, verify
from testbed.coding import choosing, coder, exact
from testbed.dictionary import Dictionary

rng = np.random.default_rng(0)
X = rng.standard_normal((700, 4))
WEIGHTS = (counts := rng.integers(0, 3, 700)) / counts.sum()
NUMBERS = ("objective", "kkt", "stationarity", "norms", "radius", "live", "codes")


class Watched:
    """Rows that remember how many of them were asked for at once."""

    def __init__(self, X):
        self.shape, self.name, self.X, self.most, self.asked = X.shape, "watched", X, 0, 0

    def rows(self, lo, hi):
        assert 0 <= lo <= hi <= self.shape[0]
        self.most, self.asked = max(self.most, hi - lo), self.asked + hi - lo
        return np.array(self.X[lo:hi])


@pytest.fixture
def small(monkeypatch):
    """Blocks of 75 rows of four numbers."""
    monkeypatch.setattr(problem, "BLOCK_ENTRIES", 300)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_blocks_are_the_samples_in_order(weights, small):
    p = Problem(Watched(X), 0.3, weights)
    blocks = list(p.blocks())
    at = np.concatenate([block.samples for block in blocks])
    assert np.array_equal(at, np.flatnonzero(p.weights)) and max(len(block.w) for block in blocks) == 75
    for block in blocks:
        assert np.array_equal(block.X, X[block.rows]) and np.array_equal(block.w, p.weights[block.rows])
    others = [block.samples for block in p.blocks(weightless=True)]
    assert np.array_equal(np.concatenate([[], *others]), np.flatnonzero(p.weights == 0))
    assert p.X.most <= 75
    assert max(len(block.w) for block in p.blocks(columns=100)) == 3


def test_few_weights_far_apart_are_read_a_block_at_a_time(small):
    weights = np.zeros(700)
    weights[::140] = 0.2
    p = Problem(Watched(X), 0.3, weights)
    p.X.asked = 0
    assert np.array_equal(np.concatenate([block.X for block in p.blocks()]), X[::140])
    assert p.X.most <= 75 and p.X.asked == 5  # and no row more than is needed


@settings(max_examples=30, deadline=None)
@given(o=coded(), entries=st.integers(1, 200))
def test_measurements_by_blocks_are_those_of_all_at_once(o, entries):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem, "BLOCK_ENTRIES", entries)
        found = verify.measure(o.problem, o.D, o.b, o.Z)
        floor = Problem(o.problem.X, o.problem.lam, o.problem.weights).huber_floor
    assert floor == pytest.approx(o.problem.huber_floor, rel=1e-13)
    for name in NUMBERS:
        assert getattr(found, name) == pytest.approx(getattr(o.measured, name), rel=1e-10, abs=1e-12), name
    np.testing.assert_allclose(found.mu, o.mu, rtol=1e-12)
    w = o.problem.weights
    whole = 0.5 * w @ (o.R * o.R).sum(axis=1) + o.problem.lam * (w @ abs(o.Z.toarray()).sum(axis=1))
    assert found.objective == pytest.approx(whole, rel=1e-12)
    assert found.codes == pytest.approx(w @ o.support.sum(axis=1), rel=1e-12)


def test_the_worst_sample_is_named_by_its_number_in_the_data(small):
    o = fit(X, 3, 0.3, weights=WEIGHTS, restarts=1)
    Z = o.Z.tolil()
    i = int(np.flatnonzero(WEIGHTS)[200])
    Z[i] *= 1.001
    Z[i, 0] += 1.0
    assert Optimum.at(o.problem, o.D, Z=Z.tocsr()).measured.kkt_sample == i


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_data_in_a_file_give_the_same_bits(weights, small, tmp_path):
    np.save(tmp_path / "x.npy", X)
    a = fit(X, 3, 0.3, weights=weights, restarts=1)
    b = fit(np.load(tmp_path / "x.npy", mmap_mode="r"), 3, 0.3, weights=weights, restarts=1)
    assert not b.problem.held and a.problem.held and a.problem.digest == b.problem.digest
    assert np.array_equal(a.D, b.D) and a.objective == b.objective and (a.Z != b.Z).nnz == 0
    assert classify(a).least == classify(b).least
    assert np.array_equal(a.R, b.R) and gap(a, 0.0).floor == gap(b, 0.0).floor


def test_no_more_than_a_block_is_asked_for(small):
    p = Problem(Watched(X), 0.3)
    assert p.X.asked == 700  # one pass judges them
    found = Dictionary.of(p, np.eye(4)[:3])
    seen = []
    found.measure(lambda done, total: seen.append((done, total)))
    assert p.X.asked == 1400 and p.X.most <= 75 and found.objective == found.measured.objective
    assert seen == [(min(75 * (k + 1), 700), 700) for k in range(10)]
    assert p.huber_floor > 0 and p.X.most <= 75


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_codes_are_kept_or_found_again(weights, small, monkeypatch):
    p, D = Problem(X, 0.3, weights), np.eye(4)[:3]
    whole = Optimum.at(p, D)
    asked, codes = [], choosing.codes
    monkeypatch.setattr(choosing, "codes", lambda rows, *rest: asked.append(len(rows)) or codes(rows, *rest))
    kept, again = Dictionary.of(p, D), Dictionary.of(p, D)
    for found, limit in ((kept, 10**6), (again, 10)):
        monkeypatch.setattr(dictionary, "KEPT", limit)
        assert found.measure() == whole.measured and found.status == whole.status == "unconverged"
        asked.clear()
        blocks = list(found.blocks())
        assert sum(asked) == (0 if limit > 10 else np.count_nonzero(p.weights))
        for block in blocks:
            assert (block.Z != whole.Z[block.rows]).nnz == 0 and np.array_equal(block.R, whole.R[block.rows])
            np.testing.assert_allclose(block.S, whole.S[block.rows], atol=1e-15)
        assert (found.Z != whole.Z).nnz == 0


def test_a_pass_given_up_keeps_nothing(small):
    found = Dictionary.of(Problem(X, 0.3), np.eye(4)[:3])
    next(found.blocks())
    assert found.measure().objective == Optimum.at(Problem(X, 0.3), np.eye(4)[:3]).objective


class Relu:
    """An encoder as trained SAEs have it, here with the decoder's own weights."""

    def codes(self, X, D, b):
        from scipy.sparse import csr_array

        return csr_array(np.maximum((X - b) @ D.T - 0.3, 0))


def test_codes_by_another_coder_are_measured_as_they_are():
    p, D = Problem(X, 0.3), dataclasses.replace(fit(X, 3, 0.3, restarts=1)).D
    found = Dictionary.of(p, D, coder=Relu())
    Z = np.maximum(X @ D.T - 0.3, 0)
    assert found.measured == Optimum.at(p, D, Z=Z).measured and found.kkt > 1e-3
    assert found.objective > Dictionary.of(p, D).objective and found.status == "unconverged"


def test_a_sample_that_cannot_be_coded_is_named_by_its_number(small, monkeypatch):
    def failing(rows, *rest):
        if np.any(bad := (rows == X[i]).all(axis=1)):
            raise exact.uncodable(int(bad.argmax()))
        return codes(rows, *rest)

    i, codes = int(np.flatnonzero(WEIGHTS)[300]), choosing.codes
    monkeypatch.setattr(coder.choosing, "codes", failing)
    with pytest.raises(CodingError, match=f"sample {i} could not be coded"):
        Dictionary.of(Problem(X, 0.3, WEIGHTS), np.eye(4)[:3]).measure()


# rows of weight zero

def with_idle(X, w, rng):
    """The same weighted samples with others of weight zero among them, some of them awkward, and where the old are."""
    idle = np.vstack([1e9 * np.abs(X).max() * rng.standard_normal((2, X.shape[1])), np.zeros((1, X.shape[1])),
                      rng.standard_normal((3, X.shape[1]))])
    at = np.sort(rng.choice(len(X) + len(idle), len(X), replace=False))
    Y, v = np.empty((len(X) + len(idle), X.shape[1])), np.zeros(len(X) + len(idle))
    Y[np.setdiff1d(np.arange(len(Y)), at)] = idle
    Y[at], v[at] = X, w
    return Y, v, at


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("nonnegative", [False, True])
def test_rows_of_weight_zero_change_no_bit_of_a_fit(bias, nonnegative):
    rng = np.random.default_rng(3)
    X, w = rng.standard_normal((40, 3)), np.full(40, 1 / 40)
    Y, v, at = with_idle(X, w, rng)
    a = fit(X, 4, 0.4, bias, nonnegative, w, restarts=3)
    b = fit(Y, 4, 0.4, bias, nonnegative, v, restarts=3)
    assert np.array_equal(a.D, b.D) and np.array_equal(a.b, b.b) and (a.Z != b.Z[at]).nnz == 0
    assert at[a.measured.kkt_sample] == b.measured.kkt_sample and (a.status, a.hessian_min) == (b.status, b.hessian_min)
    assert a.measured == dataclasses.replace(b.measured, kkt_sample=a.measured.kkt_sample)
    assert np.array_equal(a.objectives, b.objectives) and a.codes_per_sample == b.codes_per_sample
    assert np.array_equal(a.mu, b.mu) and a.problem.floor == b.problem.floor
    assert classify(a).margin == classify(b).margin and classify(a).kind == classify(b).kind == "local minimum"
    # they are coded all the same
    idle = np.flatnonzero(v == 0)
    coded = Optimum.at(Problem(Y, 0.4, None, bias, nonnegative), b.D, b.b).Z[idle]
    np.testing.assert_allclose(b.Z[idle].toarray(), coded.toarray(), rtol=1e-9)
    assert coded.nnz > 0


def test_a_row_of_weight_zero_at_the_edge_of_a_support_leaves_a_minimum_a_minimum():
    o = fit(X[:40], 3, 0.3, restarts=2)
    Y, v = np.vstack([X[:40], 0.3 * o.D[:1]]), np.append(np.full(40, 1 / 40), 0)  # its score is lam exactly
    again = fit(Y, 3, 0.3, weights=v, restarts=2)
    assert o.status == again.status == "local_min" and classify(again).kind == "local minimum"
    many = fit_many(Y[None], 3, 0.3, weights=v, start=o.D[None])
    assert many.status[0] == "local_min" and many.objective[0] == pytest.approx(o.objective, rel=1e-13)


def test_rows_of_weight_zero_change_no_verdict_on_codes():
    o = fit(X[:40], 3, 0.3, restarts=1)
    p = Problem(np.vstack([X[:40], [[9.0, 9, 9, 9]]]), 0.3, np.append(np.full(40, 1 / 40), 0))
    wrong = np.vstack([o.Z.toarray(), [[5.0, 5, 5]]])
    assert Optimum.at(p, o.D, Z=wrong).measured == o.measured
    dead = Problem([[0.1, 0], [2, 0]], 0.3, [1, 0])
    found = fit(dead.X, 1, 0.3, weights=dead.weights)
    assert not found.live.any() and found.codes_per_sample == 0


def test_rows_of_weight_zero_decide_on_no_penalty():
    Y, w = np.vstack([X[:20], [[1e15, 0, 0, 0]]]), np.append(np.full(20, 0.05), 0)
    least = fit(X[:20], 2, 0.3, restarts=1).objective
    assert fit(Y, 2, 0.3, weights=w, restarts=1).objective == least
    with pytest.raises(ValueError, match=r"lam must be at least 1e-14 max\|X\|"):
        fit(Y, 2, 0.3, restarts=1)
    many = fit_many(Y[None], 2, 0.3, weights=w, restarts=4)
    assert many.objective[0] == pytest.approx(fit_many(X[None, :20], 2, 0.3, restarts=4).objective[0], rel=1e-12)
    with pytest.raises(ValueError, match=r"problem 0 has lam = 0\.3"):
        fit_many(Y[None], 2, 0.3)
