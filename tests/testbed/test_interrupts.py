"""Long passes of training stop for the keyboard now and then, and nothing of it shows in their results."""

import numpy as np
import pytest

from testbed import Problem
from testbed.descent.phi import Reduced
from testbed.kernels import sums

LAM, N, M, D = 0.2, 700, 40, 16


def pieces():
    """A point, its gradient, and a product with its Hessian."""
    rng = np.random.default_rng(0)
    X = np.maximum(rng.standard_normal((N, M)) - 0.8, 0) @ rng.standard_normal((M, D))
    atoms = rng.standard_normal((M + 1, D))
    atoms[:M] /= np.sqrt((atoms[:M] ** 2).sum(axis=1, keepdims=True))
    phi = Reduced(Problem(X, LAM, bias=True), M)
    point = phi.at(atoms)
    hessian = phi.hessian(point)
    return point.value, point.gradient, hessian.P, hessian(phi.tangent(atoms, rng.standard_normal(atoms.shape)))


def test_results_are_the_same_bits_however_often_it_stops(monkeypatch):
    whole = pieces()
    calls = []
    for name in ("_gradient_blocks", "_invert_blocks", "_hessian_blocks"):
        kernel = getattr(sums, name)
        monkeypatch.setattr(sums, name, lambda lo, hi, *rest, kernel=kernel, name=name: (
            calls.append((name, lo, hi)), kernel(lo, hi, *rest)))
    monkeypatch.setattr(sums, "CHUNK", 1)
    monkeypatch.setattr(sums, "share", lambda: 1)
    for one, other in zip(whole, pieces(), strict=True):
        assert np.array_equal(one, other)
    assert {name for name, *_ in calls} == {"_gradient_blocks", "_invert_blocks", "_hessian_blocks"}
    assert all(hi - lo == 1 for _, lo, hi in calls) and len(calls) > N


@pytest.mark.parametrize(("blocks", "work"), [(32, 0), (32, 1 << 20), (32, 1 << 31), (20_000, 20_000 * 60**3),
                                              (7, 1e15)])
def test_a_call_has_a_quarter_second_of_work_unless_threads_would_idle(blocks, work, monkeypatch):
    monkeypatch.setattr(sums, "share", lambda: 2)
    parts = sums.shares(blocks, work)
    assert [lo for lo, _ in parts] == [0, *(hi for _, hi in parts[:-1])] and parts[-1][1] == blocks
    for lo, hi in parts:
        assert (hi - lo) * work / blocks <= sums.CHUNK or hi - lo <= 2
    assert len(parts) <= 2 * work / sums.CHUNK + 1
