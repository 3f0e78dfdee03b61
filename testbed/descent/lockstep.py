"""The engine of many small problems (see `testbed.descent.engines`): sums over samples in compiled code, one thread a
problem, and the few numbers of each step in numpy, so that no Python runs per problem.

The result for a problem does not depend on its neighbours or on the number of threads.
"""

from __future__ import annotations

import numpy as np

from testbed.bases import lowest
from testbed.checks import Array
from testbed.descent.curvature import COMPLEMENTARITY
from testbed.descent.engines import Indices
from testbed.descent.phi import on_sphere, slopes, tangent
from testbed.kernels import small
from testbed.verify import FLAT


class Lockstep:
    """phi of p problems at a point each. X (p, n, d), w (p, n), lam (p,) in [1/2, 1); theta (p, m + extra, d).

    Every problem has two places in the arrays: `at` is where it is, `spare` where its next step is tried; taking the
    step swaps them.
    """

    def __init__(self, X: Array, w: Array, lam: Array, signed: bool, extra: int, theta: Array) -> None:
        self.X, self.w, self.lam, self.signed, self.extra = X, w, lam, signed, extra
        self.threshold = lam
        self.length = np.sqrt((X * X).sum(axis=2))
        p, n, d = X.shape
        self.ended: np.ndarray = np.full(p, "", object)
        m = self.m = theta.shape[1] - extra
        K = min(m, d)
        self.theta = np.concatenate([theta, theta])
        self.idx: np.ndarray = np.zeros((2 * p, n, K), np.uint32)
        self.val = np.zeros((2 * p, n, K))
        self.cnt: np.ndarray = np.zeros((2 * p, n), np.int64)
        self.R, self.P = np.zeros((2 * p, n, d)), np.zeros((2 * p, n * K * K))
        self.offset: np.ndarray = np.arange(n) * K * K
        self.gradient, self.curvature = np.zeros_like(self.theta), np.ones((2 * p, m + extra))
        self.pull, self.mu = np.zeros((2 * p, m)), np.zeros((2 * p, m))
        self.value, self.stationarity = np.zeros(2 * p), np.full(2 * p, np.inf)
        self.at, self.spare = np.arange(p), np.arange(p, 2 * p)
        self.evaluate(np.arange(p), theta)
        self.take(np.arange(p))

    def here(self, field: str, who: Indices) -> Array:
        """See `Engine`."""
        return getattr(self, field)[self.at[who]]

    def tried(self, field: str, who: Indices) -> Array:
        """See `Engine`."""
        return getattr(self, field)[self.spare[who]]

    def take(self, who: Indices) -> None:
        """Go to the spare place."""
        self.at[who], self.spare[who] = self.spare[who], self.at[who]

    def adopt(self, who: Indices, other: Lockstep) -> None:
        """Go to where the problems `who` are in another engine of the same problems."""
        for field in ("theta", "idx", "val", "cnt", "R", "P", "gradient", "curvature", "pull", "mu", "value",
                      "stationarity"):
            getattr(self, field)[self.at[who]] = other.here(field, who)
        self.ended[who] = other.ended[who]

    def evaluate(self, who: Indices, theta: Array) -> None:
        """Evaluate the problems `who` at theta, in their spare places."""
        there = self.spare[who]
        self.theta[there] = theta
        E, square, reach = np.empty_like(theta), np.empty((len(who), self.m)), np.empty(theta.shape[:2])
        small.evaluate(who, self.at[who], there, self.X, self.w, self.length, self.lam, self.signed, self.extra,
                        self.theta, self.idx, self.val, self.cnt, self.R, E, self.mu, square, reach, self.P,
                        self.offset, self.value)
        self.gradient[there], self.pull[there], self.curvature[there], self.stationarity[there] = slopes(
            theta, self.lam[who], self.value[there], E, self.mu[there], square, reach)

    def product(self, who: Indices, V: Array) -> Array:
        """The Hessians times tangent V (a, m + extra, d), for the problems `who` (M1)."""
        here = self.at[who]
        H = np.empty_like(V)
        small.multiply(who, here, V, self.w, self.extra, self.theta, self.idx, self.val, self.cnt, self.R, self.P,
                        self.offset, H)
        return on_sphere(self.theta[here], self.pull[here], V, H)

    def lowest(self, who: Indices) -> tuple[Array, Array]:
        """See `Engine`. All eigenvalues of matrices that are formed; an eigenvector only where one is negative."""
        least, directions = np.full(len(who), np.nan), np.zeros_like(self.theta[self.at[who]])
        certain = np.flatnonzero(self._margins(who) >= COMPLEMENTARITY)
        if len(certain):
            A = self._matrices(who[certain])
            least[certain] = np.linalg.eigvalsh(A)[:, 0]
            bent = least[certain] < -FLAT
            saddles, some = certain[bent], who[certain[bent]]
            vectors = lowest(*np.linalg.eigh(A[bent])).reshape(directions[saddles].shape)
            root = np.sqrt(self.curvature[self.at[some]])[..., None]
            directions[saddles] = tangent(self.theta[self.at[some]], vectors, self.m) / root
        return least, directions

    def dense(self, who: Indices) -> Array:
        """Codes (a, n, m)."""
        idx, val, cnt = self.here("idx", who), self.here("val", who), self.here("cnt", who)
        p, n, K = idx.shape
        Z = np.zeros((p, n, self.m))
        a, i, k = np.nonzero(np.arange(K) < cnt[..., None])
        Z[a, i, idx[a, i, k]] = val[a, i, k]
        return Z

    def _margins(self, who: Indices) -> Array:
        """(a,) distance to the nearest change of support, in lam: see `testbed.descent.curvature.complementarity`."""
        lam = self.lam[who, None, None]
        Z = np.abs(self.dense(who))
        D = self.theta[self.at[who], : self.m]
        S = np.einsum("aik,ajk->aij", self.here("R", who), D) / lam
        S = np.abs(S) if self.signed else S
        gap = np.where(Z > 0, Z / lam, 1 - S)
        gap = np.where(self.w[who][..., None] > 0, gap, np.inf)  # samples without weight are no one's margin
        return np.maximum(gap.min(axis=(1, 2)), 0.0)

    def _matrices(self, who: Indices) -> Array:
        """The Hessians (a, size, size) relative to the curvatures, lifted off zero where they do not count: directions
        off the sphere, and dead atoms."""
        theta = self.theta[self.at[who]]
        shape = theta[0].shape
        root = np.sqrt(self.curvature[self.at[who]])[..., None]
        dead = np.zeros_like(theta)
        dead[:, : self.m] = (self.mu[self.at[who]] == 0)[..., None]
        A = np.empty((len(who), dead[0].size, dead[0].size))
        for k in range(dead[0].size):
            V = np.zeros_like(dead)
            V[:, k // shape[1], k % shape[1]] = 1.0
            T = tangent(theta, V, self.m)
            A[:, k] = (self.product(who, T / root) / root + 4.0 * (V - T) + 10.0 * dead * V).reshape(len(who), -1)
        return 0.5 * (A + A.transpose(0, 2, 1))
