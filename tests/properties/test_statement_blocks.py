"""Statements see samples by blocks: any blocks give the same verdicts, and nothing grows with the data."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from properties import ALL, check
from properties.base import measure, peak, violation
from properties.scaled import Scaled, blocks
from properties.sums import Kept, Largest, joined
from testbed import Optimum, Problem, problem

KINDS = [(bias, nonnegative) for bias in (False, True) for nonnegative in (True, False)]


def coded(bias: bool, nonnegative: bool, n: int = 1500, m: int = 9) -> Optimum:
    """Exact codes on a dictionary with an antipodal pair, coincident atoms and a dead one; some rows weigh nothing."""
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.standard_normal((n, 4)) * rng.exponential(size=(n, 1)) + 0.2, np.zeros(n)])
    w = rng.random(n) * (rng.random(n) > 0.2)
    D = rng.standard_normal((m, 5))
    D[:, 4] = 0
    D[-3:] = [-D[0], D[1], [0, 0, 0, 0, 1]]
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    return Optimum.at(Problem(X, 0.3, w / w.sum(), bias, nonnegative), D, X.mean(axis=0) if bias else None)


def rows_at_a_time(monkeypatch: pytest.MonkeyPatch, rows: int, m: int = 9) -> None:
    monkeypatch.setattr(problem, "BLOCK_ENTRIES", rows * m)
    monkeypatch.setattr(problem, "STEP", 1)


@pytest.mark.parametrize("bias, nonnegative", KINDS)
@pytest.mark.parametrize("rows", [1, 7, 256])
def test_the_verdicts_do_not_depend_on_the_blocks(monkeypatch, bias, nonnegative, rows):
    o = coded(bias, nonnegative)
    whole = check(o)
    rows_at_a_time(monkeypatch, rows)
    seen: list[tuple[int, int]] = []
    parts = check(o, lambda done, total: seen.append((done, total)))
    count = int((o.problem.weights > 0).sum())
    assert seen == [(min(done + rows, count), count) for done in range(0, count, rows)]
    for a, b in zip(whole.verdicts, parts.verdicts, strict=True):
        assert a.holds is b.holds and a.why == b.why, a.id
        assert (a.residual or 0) == pytest.approx(b.residual or 0, rel=1e-12, abs=1e-13), a.id
        assert a.worst == b.worst or (a.residual or 0) < 1e-12, a.id
    assert not whole["M2"].holds and not whole["M3"].holds and whole["M2"].holds is not None
    assert whole["C1"].worst == "" or int(whole["C1"].worst.split()[1].strip(",")) < o.problem.n


def test_places_are_numbers_of_the_whole_data(monkeypatch):
    o = coded(True, True)
    Z = o.Z.tolil()
    row = int(np.flatnonzero(o.problem.weights)[1000])
    Z[row, 3] = 5.0
    rows_at_a_time(monkeypatch, 64)
    report = check(replace(o, Z=csr_array(Z)))
    assert report["C1"].worst == f"sample {row}, atom 3" and report["C2"].worst == f"sample {row}"
    weightless = int(np.flatnonzero(o.problem.weights == 0)[3])
    Z[weightless, 3] = 1e6
    assert check(replace(o, Z=csr_array(Z)))["C1"] == report["C1"]  # rows that weigh nothing say nothing


def test_a_nan_in_one_block_is_not_lost_in_the_next(monkeypatch):
    o = coded(True, True)
    Z = o.Z.copy()
    Z.data[5] = np.nan
    rows_at_a_time(monkeypatch, 16)
    report = check(replace(o, Z=Z))
    for id in ("C1", "C2", "C3", "C4", "S1", "S2", "S3", "S4", "S5", "S6", "B1", "B2", "B3", "B4", "M3", "G1"):
        assert report[id].holds is False and np.isnan(report[id].residual), id


def test_memory_does_not_grow_with_the_samples():
    peaks = []
    for n in (8192, 32768):
        rng = np.random.default_rng(0)
        D = np.linalg.qr(rng.standard_normal((16, 16)))[0]
        D = np.vstack([D, -D] * 16)  # m = 512: one block of 8192 samples holds 32 MiB of scores
        Z = csr_array((np.ones(n), (np.arange(n), rng.integers(0, 512, n))), shape=(n, 512))
        o = Optimum.at(Problem(Z @ D * 2, 0.5), D, Z=Z)
        tracemalloc.start()
        measure([p for p in ALL if p.applies(o)], o)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0] and peaks[0] < 8 * 8192 * 512 * 8


@pytest.mark.parametrize("bias, nonnegative", KINDS)
def test_what_kernels_compute_at_the_support(bias, nonnegative):
    o = Scaled.whole(coded(bias, nonnegative, n=200))
    z, s = o.z.toarray(), o.r @ o.D.T
    np.testing.assert_allclose(o.along(o.x), (o.x @ o.D.T)[o.row, o.column], atol=1e-12)
    np.testing.assert_array_equal(o.met, s[o.row, o.column])
    np.testing.assert_allclose(o.turn, np.linalg.norm(o.sign[:, None] * o.r[o.row] - o.D[o.column], axis=1), rtol=1e-12)
    assert (np.where(z == 0, s, 0) == o.silent).all() and (o.on == (z != 0)).all()
    slow = np.array([[max([0.0, *z[z[:, j] == 0, k]]) for j in range(o.m)] for k in range(o.m)])
    np.testing.assert_array_equal(o.tops(), slow)
    np.testing.assert_allclose(o.pairs(o.code, o.sign), (o.w[:, None] * z).T @ np.sign(z), atol=1e-14)


def test_results_of_blocks_are_joined_by_their_kind():
    assert joined(2, 3) == 5
    both = joined(Largest(np.array([1, np.nan])), Largest(np.array([2.0, 1])))
    np.testing.assert_array_equal(both.values, [2, np.nan])
    assert joined(Kept([1, 2]), Kept([3])).values.tolist() == [1, 2, 3]
    low, high = (peak([0.1, value, 0.2], ("sample", [at, at + 1, at + 2])) for value, at in ((0.3, 0), (0.4, 3)))
    assert low.worse(high).worst == high.worse(low).worst == "sample 4"
    assert low.worse(peak([0.3], ("sample", [9]))).worst == "sample 1"  # of two equally bad, the earlier
    assert peak([0.3], ("sample", [9])).worse(low).worst == "sample 1"
    for bad in (peak([np.nan], ("sample", [7])), peak([np.inf], ("sample", [7]))):
        assert bad.worse(high).worst == high.worse(bad).worst == "sample 7" and np.isnan(high.worse(bad).max)
    none = peak([], ("sample", []))
    assert none.empty and none.worse(low).worst == low.worse(none).worst == "sample 1" and not low.empty
    both = (violation([[0.0, 2]], ("atom", [3]), ("atom", [4, 5])) | low).peaks()
    assert both.worst == "atoms 3, 5" and [array.size for array in both.arrays] == [1, 1]


def test_blocks_know_where_they_are(monkeypatch):
    o = coded(False, True)
    rows_at_a_time(monkeypatch, 100)
    found = list(blocks(o))
    counted = np.flatnonzero(o.problem.weights)
    np.testing.assert_array_equal(np.concatenate([block.samples for block in found]), counted)
    np.testing.assert_array_equal(np.concatenate([block.position for block in found]), np.arange(len(counted)))
    assert max(block.n for block in found) == 100
