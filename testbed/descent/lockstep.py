"""The engine of many small problems (see `testbed.descent.engines`): sums over samples in compiled code, one thread a
problem, and the few numbers of each step in numpy, so that no Python runs per problem.

The result for a problem does not depend on its neighbours or on the number of threads.
"""

from __future__ import annotations

import numpy as np

from testbed.bases import lowest
from testbed.checks import Array
from testbed.descent.curvature import COMPLEMENTARITY, FLAT
from testbed.descent.engines import Indices
from testbed.descent.phi import on_sphere, slopes, tangent
from testbed.kernels import small


class Lockstep:
    """phi of p problems at a point each. X (p, n, d), w (p, n), lam (p,) in [1/2, 1); theta (p, m + extra, d).

    Every problem has two places in the arrays: `at` is where it is, `spare` where its next step is tried; taking the
    step swaps them.
    """

    def __init__(self, X: Array, w: Array, lam: Array, signed: bool, extra: int, theta: Array) -> None:
        self.X, self.w, self.lam, self.signed, self.extra = X, w, lam, signed, extra
        self.length = np.sqrt((X * X).sum(axis=2))
        p, n, d = X.shape
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
        return np.maximum(gap.min(axis=(1, 2)), 0.0)

<<<<<<< HEAD
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
=======
def normalised(theta: Array, m: int) -> Array:
    """The first m rows of each theta scaled to unit norm, twice as in `testbed.descent.phi.normalised`."""
    for _ in range(2):
        theta[:, :m] /= np.sqrt(np.einsum("ajk,ajk->aj", theta[:, :m], theta[:, :m]))[..., None]
    return theta


def inner(U: Array, V: Array) -> Array:
    """Sums of products, one a problem."""
    return np.einsum("ajk,ajk->a", U, V)


def train(batch: Lockstep) -> Array:
    """Bring all problems to stationary points without saddles, in place; least curvatures (p,), NaN where unknown."""
    p = len(batch.X)
    least = np.full(p, np.nan)
    who = np.arange(p)
    for _ in range(ESCAPES):
        descend(batch, who)
        margin = margins(batch)
        curved = who[(batch.stationarity[batch.at[who]] <= STATIONARY) & (margin[who] >= COMPLEMENTARITY)]
        least[who] = np.nan
        if not len(curved):
            break
        A = matrices(batch, curved)
        least[curved] = np.linalg.eigvalsh(A)[:, 0]
        bent = least[curved] < -FLAT
        who = curved[bent]
        if not len(who):
            break
        who = who[escape(batch, who, lowest(*np.linalg.eigh(A[bent])))]
        if not len(who):
            break
    return least


def descend(batch: Lockstep, who: Indices) -> None:
    """To stationarity, with no dead atom left while one could lower the objective."""
    target = np.full(len(batch.X), ROUGH)
    for _ in range(REVIVALS):
        minimise(batch, who, target)
        revived = revive(batch, who)
        done = ~revived & (target[who] == TARGET)
        target[who[~revived]] = TARGET
        who = who[~done]
        if not len(who):
            break


def minimise(batch: Lockstep, who: Indices, target: Array, most: int = 500) -> None:
    """Descend until stationarity <= target (p,), or no step helps: see `testbed.descent.newton.minimise`."""
    radius = np.full(len(batch.X), 0.3)
    for _ in range(most):
        who = who[(batch.stationarity[batch.at[who]] > target[who]) & (radius[who] >= 1e-13)]
        if not len(who):
            break
        before = batch.stationarity[batch.at[who]]
        forcing = np.maximum(np.minimum(0.1, np.sqrt(before)), 0.1 * target[who] / before)
        step, predicted, edge = steihaug(batch, who, radius[who], forcing)
        batch.evaluate(who, batch.moved(who, step))
        value, trial = batch.value[batch.at[who]], batch.value[batch.spare[who]]
        closer = batch.stationarity[batch.spare[who]] < 0.95 * before
        told = predicted > NOISE * np.abs(value)
        ratio = np.where(told, (value - trial) / np.where(told, predicted, 1), np.where(closer, 1.0, -1.0))
        curvature = batch.curvature[batch.at[who]]
        length = np.sqrt(inner(step * curvature[..., None], step) / curvature.mean(axis=1))
        wide, narrow = (ratio > 0.75) & edge, ratio < 0.25
        radius[who[wide]] = np.minimum(2 * radius[who[wide]], 10.0)
        radius[who[narrow]] = 0.5 * np.minimum(radius[who[narrow]], length[narrow])
        batch.swap(who[ratio > 0.05])


def steihaug(batch: Lockstep, who: Indices, radius: Array, forcing: Array) -> tuple[Array, Array, np.ndarray]:
    """CG on the Newton systems, stopped at the trust regions: (steps, predicted decreases, whether at the edge)."""
    gradient = batch.gradient[batch.at[who]]
    curvature = batch.curvature[batch.at[who]]
    mean, scale = curvature.mean(axis=1), curvature[..., None]
    x, r = np.zeros_like(gradient), -gradient
    p = r / scale
    ry = inner(r, p)
    goal = forcing * np.sqrt(ry)
    edge = np.zeros(len(who), bool)
    on = np.arange(len(who))
    for _ in range(2 * gradient[0].size):
        P, C, mu = p[on], scale[on], mean[on]
        Hp = batch.product(who[on], P)
        pHp, pp = inner(P, Hp), inner(P * C, P) / mu
        xp, xx = inner(x[on] * C, P) / mu, inner(x[on] * C, x[on]) / mu
        bent = pHp <= 1e-14 * pp * mu
        a = np.where(bent, 0.0, ry[on] / np.where(bent, 1, pHp))
        edge[on] = bent | (xx + a * (2 * xp + a * pp) >= radius[on] ** 2)
        a = np.where(edge[on], (-xp + np.sqrt(np.maximum(xp * xp + pp * (radius[on] ** 2 - xx), 0.0))) / pp, a)
        x[on] += a[:, None, None] * P
        r[on] -= a[:, None, None] * Hp
        y = r[on] / C
        before, ry[on] = ry[on], inner(r[on], y)
        p[on] = y + (ry[on] / before)[:, None, None] * P
        on = on[~edge[on] & (np.sqrt(ry[on]) > goal[on])]
        if not len(on):
            break
    predicted = 0.5 * (inner(x, r) - inner(gradient, x))
    return batch.tangent(who, x), predicted, edge


def revive(batch: Lockstep, who: Indices) -> np.ndarray:
    """Put dead atoms along the longest residuals where that lowers phi (M3): whether it did, for each of `who`."""
    revived = np.zeros(len(who), bool)
    some = np.flatnonzero((batch.mu[batch.at[who]] == 0).any(axis=1))
    if not len(some):
        return revived
    chosen = who[some]
    R, dead = batch.R[batch.at[chosen]], batch.mu[batch.at[chosen]] == 0
    length = np.sqrt(np.einsum("aik,aik->ai", R, R))
    left = np.where((batch.w[chosen] > 0) & (length > batch.lam[chosen, None] * (1 + 1e-9)), length, 0.0)
    theta = batch.theta[batch.at[chosen]]
    for j in range(batch.m):
        a = np.flatnonzero(dead[:, j] & (left.max(axis=1) > 0))
        if len(a):
            i = left[a].argmax(axis=1)
            theta[a, j] = R[a, i] / length[a, i][:, None]
            covered = np.einsum("aik,ak->ai", R[a], theta[a, j]) > 0.9 * length[a]
            left[a] = np.where(covered, 0.0, left[a])
    batch.evaluate(chosen, normalised(theta, batch.m))
    lower = batch.value[batch.spare[chosen]] < batch.value[batch.at[chosen]]
    batch.swap(chosen[lower])
    revived[some[lower]] = True
    return revived


def margins(batch: Lockstep) -> Array:
    """(p,) distance to the nearest change of support, in lam: see `testbed.descent.curvature.complementarity`."""
    Z = np.abs(batch.dense())
    D = batch.theta[batch.at, : batch.m]
    S = np.einsum("aik,ajk->aij", batch.R[batch.at], D) / batch.lam[:, None, None]
    S = np.abs(S) if batch.signed else S
    gap = np.where(Z > 0, Z / batch.lam[:, None, None], 1 - S)
    gap = np.where(batch.w[..., None] > 0, gap, np.inf)
    return np.maximum(gap.min(axis=(1, 2)), 0.0)


def matrices(batch: Lockstep, who: Indices) -> Array:
    """The Hessians (a, size, size) relative to the curvatures, lifted off zero where they do not count: directions off
    the sphere, and dead atoms."""
    shape = batch.theta[0].shape
    root = np.sqrt(batch.curvature[batch.at[who]])[..., None]
    dead = np.zeros((len(who), *shape))
    dead[:, : batch.m] = (batch.mu[batch.at[who]] == 0)[..., None]
    A = np.empty((len(who), dead[0].size, dead[0].size))
    for k in range(dead[0].size):
        V = np.zeros_like(dead)
        V[:, k // shape[1], k % shape[1]] = 1.0
        T = batch.tangent(who, V)
        A[:, k] = (batch.product(who, T / root) / root + 4.0 * (V - T) + 10.0 * dead * V).reshape(len(who), -1)
    return 0.5 * (A + A.transpose(0, 2, 1))


def escape(batch: Lockstep, who: Indices, vectors: Array) -> np.ndarray:
    """Go to the lowest of a few points along each direction, if it is lower: whether it was."""
    root = np.sqrt(batch.curvature[batch.at[who]])[..., None]
    direction = batch.tangent(who, vectors.reshape(root.shape[0], -1, batch.X.shape[2])) / root
    direction /= np.sqrt(np.einsum("ajk,ajk->aj", direction, direction).max(axis=1))[:, None, None]
    origin, value = batch.theta[batch.at[who]], batch.value[batch.at[who]]
    for step in STEPS:
        batch.evaluate(who, normalised(origin + step * direction, batch.m))
        batch.swap(who[batch.value[batch.spare[who]] < batch.value[batch.at[who]] * (1 - 1e-15)])
    return batch.value[batch.at[who]] < value
>>>>>>> ground
