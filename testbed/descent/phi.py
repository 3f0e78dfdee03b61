"""phi(D, b) = min over codes of F: its value, gradient and Hessian on unit-norm atoms (and a free bias).

A point is one matrix theta: m rows of atoms, and a last row for the bias when one is fitted. Everything is in units in
which lam lies in [1/2, 1). What is made of sums over samples is written once, for p problems (a first axis of arrays);
`Reduced` is phi of one problem, whose sums are shared among threads by samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.coding.choosing import coder_for
from testbed.kernels import sums
from testbed.penalties import L1
from testbed.problem import Problem, power_of_two_near

UNRESOLVED = 1e-4  # of reach / pull: a residual is a multiple of this share where it exceeds 1 (see testbed.verify)


@dataclass(frozen=True, eq=False)
class Point:
    """phi at theta (m + extra, d), with exact codes.

    gradient : (m + extra, d) tangent gradient. pull : (m,) <E[z_j r], d_j>, which is nu_j = E[z_j g'(z_j)], under l1
    lam mu_j. curvature : (m + extra,)
    E[z_j^2] + pull_j, the diagonal the solvers precondition with. stationarity : S1's normalised residual; infinite
    where phi is not a number. claim : of its codes, as of `exact.Coder`. wide : (n, G d) residuals of every prefix,
    where there are several (see `testbed.descent.prefixes`).
    """

    theta: Array
    value: float
    gradient: Array
    pull: Array
    curvature: Array
    mu: Array
    stationarity: float
    R: Array
    codes: Any
    claim: str = "exact"
    wide: Array = field(default_factory=lambda: np.empty((0, 0)))


def slopes(theta: Array, lam: Array, value: Array, E: Array, mu: Array, square: Array,
           reach: Array, nu: Array | None = None) -> tuple[Array, Array, Array, Array]:
    """gradient, pull, curvature and stationarity (see Point) of p problems, from the sums of `sums.gradient_pass`.

    nu (p, m) is E[z_j g'(z_j)] where that is not lam mu_j; lam (p,) the penalties' units.
    """
    m = mu.shape[1]
    D = theta[:, :m]
    pull = np.einsum("ajk,ajk->aj", E[:, :m], D)
    gradient = -E
    gradient[:, :m] += pull[..., None] * D
    live = mu > 0
    share = np.where(live, lam[:, None] * mu, 1.0)
    goal = D if nu is None else D * (nu / share)[..., None]
    off = E[:, :m] / share[..., None] - np.where(live[..., None], goal, 0.0)
    off = np.sqrt(np.einsum("ajk,ajk->aj", off, off)) / np.maximum(1, UNRESOLVED * reach[:, :m] / share)
    stationarity = off.max(axis=1)
    curvature = np.ones(theta.shape[:2])
    curvature[:, :m] = np.where(live, square + pull, 1.0)
    if theta.shape[1] > m:
        drift = np.sqrt(np.vecdot(E[:, m], E[:, m])) / lam
        stationarity = np.maximum(stationarity, drift / np.maximum(1, UNRESOLVED * reach[:, m] / lam))
    return gradient, pull, curvature, np.where(np.isfinite(value), stationarity, np.inf)


def tangent(theta: Array, V: Array, m: int) -> Array:
    """V (p, m + extra, d) without what is along the atoms; a bias row is free."""
    D = theta[:, :m]
    T = V.copy()
    T[:, :m] -= np.einsum("ajk,ajk->aj", V[:, :m], D)[..., None] * D
    return T


def on_sphere(theta: Array, pull: Array, V: Array, H: Array) -> Array:
    """The Hessian times tangent V, from the sums H of `sums.hessian_pass`: projected, plus the sphere's share (M1)."""
    m = pull.shape[1]
    H = tangent(theta, H, m)
    H[:, :m] += pull[..., None] * V[:, :m]
    return H


def normalised(D: Array) -> Array:
    """Rows (..., d) scaled to unit norm, twice: once is off by a rounding that the second removes."""
    for _ in range(2):
        D = D / np.sqrt(np.einsum("...k,...k->...", D, D))[..., None]
    return np.ascontiguousarray(D)


def unit_atoms(theta: Array, m: int) -> Array:
    """theta (..., m + extra, d) with the atoms scaled to unit norm, in place."""
    theta[..., :m, :] = normalised(theta[..., :m, :])
    return theta


class Reduced:
    """phi for one problem and one number of atoms, in units of `unit`.

    penalty : in these units; lam is what it measures scores in.
    """

    def __init__(self, problem: Problem, m: int) -> None:
        self.m, self.extra = m, int(problem.bias)
        self.unit = power_of_two_near(problem.lam)
        self.penalty = problem.penalty.scaled(self.unit)
        self.lam = self.penalty.unit
        X, w = problem.gathered()  # what has no weight has no part in phi
        self.X = np.ascontiguousarray(X / self.unit)
        self.length = np.sqrt((self.X * self.X).sum(axis=1))
        self.w = np.array(w)
        n, d = self.X.shape
        self.work = n * m * d
        self.coder = coder_for(n, d, m, self.penalty)
        # few enough blocks that their partial sums stay small beside the data, many enough to share among threads
        self.blocks = int(np.clip((1 << 24) // ((m + 1) * d), 2, min(32, max(n // 64, 2))))

    def at(self, theta: Array, near: Point | None = None, start: csr_array | None = None) -> Point:
        """Evaluate phi; codes start from those of the point `near`, from `start` (k, m), or from nothing."""
        D = np.ascontiguousarray(theta[: self.m])
        if start is not None:
            self.coder.load(start)
        elif near is None:
            self.coder.cnt[:] = 0
        else:
            self.coder.restore(near.codes)
        X = self.X - theta[self.m] if self.extra else self.X
        self.coder.code(X, D)
        idx, val, cnt = codes = self.coder.snapshot()
        R = np.empty_like(self.X)
        plain = isinstance(self.penalty, L1)
        E, mu, square, reach, value = sums.gradient_pass(X, D, self.w, self.length, self.lam if plain else 0.0,
                                                         self.extra, self.blocks, idx, val, cnt, R)
        nu = None
        if not plain:  # the sums were made at no price: |r| bounds |r - g'(z_j) d_j| in reach
            costs, nu = self._prices(idx, val, cnt)
            value += costs
        gradient, pull, curvature, stationarity = slopes(theta[None], np.array([self.lam]), np.array([value]), E[None],
                                                         mu[None], square[None], reach[None], nu)
        return Point(theta, float(value), gradient[0], pull[0], curvature[0], mu, float(stationarity[0]), R, codes,
                     self.coder.claim)

    def _prices(self, idx: np.ndarray, val: Array, cnt: np.ndarray) -> tuple[float, Array]:
        """E[sum_j g(z_j)], and E[z_j g'(z_j)] (1, m)."""
        inside = np.arange(idx.shape[1]) < cnt[:, None]
        z, w = val[inside], np.repeat(self.w, cnt)
        nu = np.bincount(idx[inside], w * z * self.penalty.slope(z), self.m).astype(float)  # of no codes: integers
        return float((w * self.penalty.cost(z)).sum()), nu[None]

    def scores(self, point: Point, rows: slice) -> Array:
        """(k, m) scores <r, d_j> / lam of some samples at a point."""
        return (point.R[rows] / self.lam) @ point.theta[: self.m].T

    def tangent(self, theta: Array, V: Array) -> Array:
        """Project the atoms' rows of V onto the tangent space at theta; the bias row is free."""
        return tangent(theta[None], V[None], self.m)[0]

    def move(self, theta: Array, V: Array) -> Array:
        """theta + V with atoms brought back to unit norm."""
        return unit_atoms(theta + V, self.m)

    def hessian(self, point: Point) -> Hessian:
        """The Hessian of phi at a point, as an operator on tangent matrices (M1)."""
        return Hessian(self, point)


class Hessian:
    """V -> H V for tangent V (m + extra, d); supports are held fixed, which is exact under strict complementarity."""

    def __init__(self, reduced: Reduced, point: Point) -> None:
        self.reduced, self.point = reduced, point
        idx, val, cnt = point.codes
        self.D = np.ascontiguousarray(point.theta[: reduced.m])
        self.offset = np.concatenate([[0], np.cumsum(cnt * cnt)])
        bend = np.empty((0, 0)) if isinstance(reduced.penalty, L1) else reduced.penalty.curvature(val)
        self.P = sums.invert_supports(self.D @ self.D.T, idx, cnt, self.offset, reduced.blocks, bend)

    def __call__(self, V: Array) -> Array:
        phi, point = self.reduced, self.point
        idx, val, cnt = point.codes
        H = sums.hessian_pass(self.D, V, phi.w, phi.extra, phi.blocks, idx, val, cnt, point.R, self.offset, self.P)
        return on_sphere(point.theta[None], point.pull[None], V[None], H[None])[0]
