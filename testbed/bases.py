"""Factors without a choice: LAPACK returns eigenvectors and QR factors up to signs, those of repeated eigenvalues up to
rotations, and which it returns depends on the processor. Results may depend on what is fixed here, and on no more.
"""

from __future__ import annotations

import numpy as np

from testbed.checks import Array

REPEATED = 1e-9  # eigenvalues nearer than this, as a share of the largest in size, are one
TIE = 1e-9  # pivots that differ by less than this share are equal: the earlier is taken


def orthonormal(A: Array) -> Array:
    """(n, k) Q of A = QR with a nonnegative diagonal of R: unique where the columns of A (n, k), k <= n, are
    independent."""
    Q, R = np.linalg.qr(A)
    return np.asarray(Q * np.where(np.diag(R) < 0, -1.0, 1.0))


def lowest(values: Array, vectors: Array) -> Array:
    """(..., n) the unit eigenvector of the least eigenvalue; of values (..., k), ascending, and vectors (..., n, k).

    Of the eigenspace it is the direction nearest to a fixed one that is aligned with nothing: no sign and no basis is
    left to choose.
    """
    near = values - values[..., :1] <= REPEATED * np.abs(values).max(axis=-1, keepdims=True)
    share = np.where(near, np.cos(np.arange(vectors.shape[-2]) + 0.5) @ vectors, 0.0)
    share = share / np.sqrt((share * share).sum(axis=-1, keepdims=True))
    return np.asarray((vectors * share[..., None, :]).sum(axis=-1))


def covariance_root(C: Array, least: float) -> Array:
    """(k, rank) with rows of unit norm and root root' = C (k, k), a correlation matrix, to about `least`.

    Pivoted Cholesky, stopped where no more than `least` of any variance is left. Sums are taken entry by entry and not
    by BLAS: what is drawn with it is cut at thresholds, so its bits must be the same on every processor.
    """
    left = np.array(C, dtype=float)
    columns = []
    while (variance := np.diag(left)).max() > least:
        j = int(np.argmax(variance >= variance.max() * (1 - TIE)))
        columns.append(left[j] / np.sqrt(variance[j]))
        left = left - columns[-1][:, None] * columns[-1]
        left[j] = left[:, j] = 0.0
    root = np.stack(columns, axis=1)
    length = np.zeros(len(C))
    for column in columns:
        length = length + column * column
    return root / np.sqrt(length)[:, None]
