"""Factors without a choice: whatever signs and bases LAPACK returned, they are the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group

from testbed import fit
from testbed.bases import covariance_root, lowest, orthonormal


def turned(values: np.ndarray, vectors: np.ndarray, seed: int) -> np.ndarray:
    """The same eigenvectors by other signs, and by another basis where values repeat."""
    rng = np.random.default_rng(seed)
    vectors = vectors * rng.choice([-1.0, 1.0], len(values))
    for value in np.unique(values):
        here = np.flatnonzero(values == value)
        if len(here) > 1:
            vectors[:, here] = vectors[:, here] @ ortho_group.rvs(len(here), random_state=rng)
    return vectors


@pytest.mark.parametrize("values", [[-2.0, -1, 0, 3], [-1.0, -1, -1, 2], [1.0, 1, 1, 1]])
def test_the_lowest_eigenvector_has_no_sign_and_no_basis_to_choose(values):
    values, axes = np.array(values), ortho_group.rvs(4, random_state=0)
    first = lowest(values, turned(values, axes, 1))
    np.testing.assert_allclose(axes @ (values * (axes.T @ first)), values[0] * first, rtol=0, atol=1e-14)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-15)
    others = [turned(values, axes, seed) for seed in range(2, 12)]
    for vectors in others:
        np.testing.assert_allclose(lowest(values, vectors), first, rtol=0, atol=1e-14)
    many = lowest(np.stack([values] * len(others)), np.stack(others))
    np.testing.assert_allclose(many, np.stack([first] * len(others)), rtol=0, atol=1e-14)


def test_orthonormal_columns_go_with_the_given_ones():
    A = np.random.default_rng(0).standard_normal((5, 3))
    Q = orthonormal(A)
    R = Q.T @ A
    np.testing.assert_allclose(Q @ R, A, rtol=0, atol=1e-14)
    np.testing.assert_allclose(Q.T @ Q, np.eye(3), rtol=0, atol=1e-14)
    np.testing.assert_allclose(np.tril(R, -1), 0, rtol=0, atol=1e-14)
    assert (np.diag(R) > 0).all()


@pytest.mark.parametrize("k, rank", [(1, 1), (5, 5), (5, 2), (40, 40), (40, 3)])
def test_a_root_of_a_correlation_matrix_has_its_rank_and_unit_rows(k, rank):
    F = np.random.default_rng(k).standard_normal((k, rank))
    F /= np.linalg.norm(F, axis=1, keepdims=True)
    root = covariance_root(F @ F.T, 1e-10)
    assert root.shape == (k, rank)
    np.testing.assert_allclose(root @ root.T, F @ F.T, rtol=0, atol=1e-14)
    np.testing.assert_allclose((root * root).sum(axis=1), 1, rtol=0, atol=1e-15)


def test_equal_pivots_are_taken_in_order_whatever_their_last_bits():
    C = np.full((4, 4), 0.25) + 0.75 * np.eye(4)
    C[2, 0] = C[0, 2] = np.nextafter(0.25, 0)  # leaves feature 2 a variance larger by its last bit
    assert [int(np.flatnonzero(np.abs(column) > 1e-12)[0]) for column in covariance_root(C, 1e-10).T] == [0, 1, 2, 3]


def test_a_saddle_is_left_by_the_same_side_whatever_sign_its_direction_came_with(monkeypatch):
    """One atom between two samples, which it would do better to serve singly: either, by symmetry."""
    X, lapack, left = np.array([[1, 0.6], [1, -0.6]]), np.linalg.eigh, []
    for sign in (1, -1):
        def eigh(A, sign=sign):
            values, vectors = lapack(A)
            return values, sign * vectors

        monkeypatch.setattr(np.linalg, "eigh", eigh)
        left.append(fit(X, n_atoms=1, lam=0.8, start=[[1.0, 0.0]]).D)
    assert abs(left[0][0, 1]) > 0.1
    np.testing.assert_array_equal(*left)
