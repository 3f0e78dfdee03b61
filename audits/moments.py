"""Sums over samples at one coder's codes, gathered block by block: all that the audit's statements are made of.

Residuals r = x - b - zD, scores s_j = <r, d_j>, codes z, all in the units of the data. Samples count alike. Nothing
here grows with the number of samples, and blocks are added in order, so results depend on neither threads nor memory.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from properties.kernels.support import overlaps
from testbed.checks import Array


class Moments:
    """Sums of m atoms in d dimensions over the samples added so far.

    n : samples. on, z, z2 (m,) : sums of 1{j on}, z_j, z_j^2. zr, z2r (m, d) : of z_j r and z_j^2 r. r, r2 (d,), rr
    (d, d), yy (d, d), ry (d, d) : of r, its squared entries, r'r, y'y and r'y, y = zD. r2y2, zsy : of |r|^2 |y|^2 and
    sum_j z_j s_j <y, d_j>.
    zs, z2s, z2s2, z2r2 (m,) : of z_j s_j, z_j^2 s_j, z_j^2 s_j^2, z_j^2 |r|^2.
    error, spread, size, tokens : sums of |r|^2, |x - center|^2, z, and of codes that are not zero.
    With a lam, also those of pairs: both (m, m) : of 1{j and k on}. zx (m, d), zz (m, m) : of z_j (x - b), z_j z_k.
    z2S2 (m, m) : of z_j^2 s_k^2. away (m, m) : of z_j |r / lam - d_j| over samples with k off (S6's right side).
    """

    def __init__(self, D: Array, b: Array, center: Array, lam: float | None = None) -> None:
        m, d = D.shape
        self.D, self.b, self.center, self.lam = D, b, center, lam
        self.n, self.tokens, self.error, self.spread, self.size = 0, 0, 0.0, 0.0, 0.0
        self.on, self.z, self.z2 = np.zeros(m), np.zeros(m), np.zeros(m)
        self.zs, self.z2s, self.z2s2, self.z2r2 = np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m)
        self.zr, self.z2r = np.zeros((m, d)), np.zeros((m, d))
        self.r, self.r2 = np.zeros(d), np.zeros(d)
        self.ry, self.rr, self.yy = (np.zeros((d, d)) for _ in range(3))
        self.r2y2, self.zsy = 0.0, 0.0
        self.zx = np.zeros((m, d))
        if lam is not None:
            self.both, self.zz, self.z2S2, self.away = (np.zeros((m, m)) for _ in range(4))

    def add(self, X: Array, Z: csr_array) -> Array:
        """Add samples X (k, d) with codes Z (k, m); returns their residuals (k, d)."""
        Y = np.asarray(Z @ self.D)
        R = X - self.b - Y
        m = len(self.D)
        rows = np.repeat(np.arange(len(X)), np.diff(Z.indptr))
        columns, z = Z.indices, Z.data
        s = overlaps(Z.indptr, columns, R, self.D)
        length = np.einsum("ad,ad->a", R, R)
        squares = csr_array((z * z, Z.indices, Z.indptr), shape=Z.shape)
        self.n += len(X)
        self.tokens += Z.nnz
        self.error += float(length.sum())
        self.size += float(np.abs(z).sum())
        self.spread += float(((X - self.center) ** 2).sum())
        self.on += np.bincount(columns, minlength=m)
        for name, value in (("z", z), ("z2", z * z), ("zs", z * s), ("z2s", z * z * s), ("z2s2", (z * s) ** 2),
                            ("z2r2", z * z * length[rows])):
            getattr(self, name)[:] += np.bincount(columns, value, minlength=m)
        self.zr += Z.T @ R
        self.z2r += squares.T @ R
        self.r += R.sum(axis=0)
        self.r2 += (R * R).sum(axis=0)
        self.rr += R.T @ R
        self.yy += Y.T @ Y
        self.ry += R.T @ Y
        self.r2y2 += float(length @ np.einsum("ad,ad->a", Y, Y))
        self.zsy += float((z * s) @ overlaps(Z.indptr, columns, Y, self.D))
        if self.lam is not None:
            turn = np.maximum(length[rows] / self.lam**2 - 2 * s / self.lam + 1, 0)
            self._pairs(X - self.b, Z, squares, R @ self.D.T, turn)
        return R

    def _pairs(self, Y: Array, Z: csr_array, squares: csr_array, S: Array, turn: Array) -> None:
        """Y (k, d) data less bias; turn (nnz,) |r / lam - d_j|^2 where j is on."""
        fired, away = (csr_array((values, Z.indices, Z.indptr), shape=Z.shape)
                       for values in (np.ones_like(Z.data), Z.data * np.sqrt(turn)))
        self.zx += Z.T @ Y
        self.zz += (Z.T @ Z).toarray()
        self.both += (fired.T @ fired).toarray()
        self.z2S2 += squares.T @ (S * S)
        self.away += np.asarray(away.sum(axis=0)).ravel()[:, None] - (away.T @ fired).toarray()

    @property
    def live(self) -> np.ndarray:
        """(m,) bool: atoms that fired."""
        return self.z > 0

    @property
    def mean_residual(self) -> Array:
        """(m, d) E_j[r]: the mean residual weighted by atom j's activity; zero for atoms that never fired."""
        return self.zr / np.where(self.live, self.z, 1)[:, None]

    @property
    def price(self) -> Array:
        """(m,) implied price p_j = <E_j[r], d_j> (A2): lam for every atom under L1, 0 under TopK."""
        return self.zs / np.where(self.live, self.z, 1)

    @property
    def price_error(self) -> Array:
        """(m,) standard error of the implied price."""
        p = self.price
        left = self.z2s2 - 2 * p * self.z2s + p * p * self.z2
        return np.sqrt(np.maximum(left, 0)) / np.where(self.live, self.z, 1)

    @property
    def effective(self) -> Array:
        """(m,) the number of equally active samples that an atom's activity is worth: (sum z)^2 / sum z^2."""
        return self.z**2 / np.where(self.live, self.z2, 1)

    @property
    def explained(self) -> float:
        """Share of the variance about the mean that the reconstruction explains; below 0 if the mean does better."""
        return 1 - self.error / self.spread if self.spread > 0 else float("nan")
