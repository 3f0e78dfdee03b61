"""Arguments are facts once given: nothing is shared with the caller, and sparse codes are looked at like dense ones."""

import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array, csr_array

from properties import check
from testbed import Optimum, Problem, fit, fit_many

rng = np.random.default_rng(0)


def test_editing_arguments_afterwards_changes_nothing():
    X, w, D, b = rng.standard_normal((30, 3)), np.full(30, 1 / 30), np.eye(3)[:2], np.zeros(3)
    given = [X, w, D, b, start := np.eye(3)]
    o = fit(X, 3, 0.5, weights=w, start=start)
    at = Optimum.at(Problem(X, 0.5, w, bias=True), D, b, Z := o.Z[:, :2])
    before = [str(check(o)), str(check(at)), at.R.copy(), at.Z.toarray()]
    for array in (*given, Z.data):
        array[...] = 7.0
    again = [Optimum.at(p.problem, p.D, p.b, p.Z) for p in (o, at)]
    after = [str(check(o)), str(check(at)), again[1].R, at.Z.toarray()]
    for old, new in zip(before, after, strict=True):
        assert np.array_equal(old, new)
    assert again[0].measured == o.measured and again[1].measured == at.measured


@pytest.mark.parametrize("view", [
    lambda X: X, lambda X: X[:], np.asarray, lambda X: np.lib.stride_tricks.as_strided(X, writeable=False),
    lambda X: memoryview(X)])
def test_no_view_of_an_array_that_can_be_edited_is_kept(view):
    X = rng.standard_normal((5, 2))
    p = Problem(view(X), 0.1)
    kept = p.X.copy()
    X[...] = 0
    assert np.array_equal(p.X, kept)
    with pytest.raises(ValueError, match="read-only"):
        p.X[0, 0] = 1


def test_what_nobody_can_edit_is_not_copied():
    p = Problem(rng.standard_normal((5, 2)), 0.1)
    assert Problem(p.X, 0.2, p.weights).X is p.X and Problem(p.X, 0.2, p.weights).weights is p.weights
    assert np.shares_memory(Problem(p.X[::1], 0.2).X, p.X)


def test_editing_the_pages_of_many_problems_changes_nothing():
    X, w = rng.standard_normal((2, 10, 2)), np.full((2, 10), 0.1)
    many = fit_many(X, 2, 0.3, weights=w)
    X[...], w[...] = 7.0, 7.0
    assert many.optimum(1).objective == pytest.approx(many.objective[1], rel=1e-14)


def sparse(data=(0.5, 0.25, 1.0), indices=(0, 1, 0), indptr=(0, 2, 3, 3)):
    """Codes (3, 2) as given, sound or not."""
    Z = csr_array((3, 2))
    Z.data, Z.indices, Z.indptr = np.array(data), np.array(indices), np.array(indptr)
    return Z


@pytest.mark.parametrize("Z, kind, message", [
    (sparse(data=(0.5, np.nan, 1.0)), ValueError, "Z must be finite; row 0 column 1 is nan"),
    (sparse(data=(0.5, 0.25, -np.inf)), ValueError, "Z must be finite; row 1 column 0 is -inf"),
    (sparse(data=(0.5, 0.25, 1j)), TypeError, "Z must hold real numbers; its dtype is complex128"),
    (sparse(data=(True, True, True)), TypeError, "Z must hold real numbers; its dtype is bool"),
    (sparse(indices=(0.0, 1.0, 0.0)), TypeError, "Z.indices must hold whole numbers; its dtype is float64"),
    (sparse(indptr=(0.0, 2, 3, 3)), TypeError, "Z.indptr must hold whole numbers; its dtype is float64"),
    (sparse(indices=(0, -1, 0)), ValueError, "Z is not a sound sparse array"),
    (sparse(indices=(0, 2, 0)), ValueError, "Z is not a sound sparse array"),
    (sparse(indptr=(0, 2, 1, 3)), ValueError, "Z is not a sound sparse array"),
    (sparse(indptr=(0, 2, 3, 4)), ValueError, "Z is not a sound sparse array"),
    (sparse(indices=(1, 1, 0)), ValueError, "Z must hold every place once; row 0 column 1 is there twice"),
    (csr_array((3, 3)), ValueError, r"Z must have shape \(3, 2\); its shape is \(3, 3\)"),
    (csr_array((2, 2)), ValueError, r"Z must have shape \(3, 2\); its shape is \(2, 2\)"),
    (np.full((3, 2), np.nan), ValueError, "Z must be finite; row 0 column 0 is nan"),
    (np.full((3, 2), 1j), TypeError, "Z must hold real numbers; its dtype is complex128"),
])
def test_unsound_codes_are_refused(Z, kind, message):
    with pytest.raises(kind, match=f"Optimum: {message}"):
        Optimum.at(Problem(np.eye(3)[:, :2] + 0.1, 0.1), np.eye(2), Z=Z)


@pytest.mark.parametrize("Z", [
    sparse(), csc_array(sparse()), coo_array(sparse()), sparse(indices=(1, 0, 0), data=(0.25, 0.5, 1.0)),
    sparse(data=(0.5, 0.25, 1.0, 0.0), indices=(0, 1, 0, 0), indptr=(0, 2, 3, 4)), sparse().astype(np.float32)])
def test_codes_in_any_sound_form_are_the_same_codes(Z):
    before = Z.toarray().copy()
    o = Optimum.at(Problem(np.eye(3)[:, :2] + 0.1, 0.1), np.eye(2), Z=Z)
    assert isinstance(o.Z, csr_array) and o.Z.dtype == np.float64 and o.Z.has_canonical_format and o.Z.nnz == 3
    assert np.array_equal(o.Z.toarray(), sparse().toarray()) and np.array_equal(Z.toarray(), before)
    assert o.measured == Optimum.at(o.problem, o.D, Z=sparse().toarray()).measured
