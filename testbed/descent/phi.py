"""phi(D, b) = min over codes of F: its value, gradient and Hessian on unit-norm atoms (and a free bias).

A point is one matrix theta: m rows of atoms, and a last row for the bias when one is fitted. Everything is in units in
which lam lies in [1/2, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed.checks import Array
from testbed.coding.exact import Coder
from testbed.kernels import sums
from testbed.problem import Problem, power_of_two_near


@dataclass(frozen=True, eq=False)
class Point:
    """phi at theta (m + extra, d), with exact codes.

    gradient : (m + extra, d) tangent gradient. pull : (m,) <E[z_j r], d_j>, which is lam mu_j. curvature : (m + extra,)
    E[z_j^2] + pull_j, the diagonal the solvers precondition with. stationarity : S1's normalised residual.
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


class Reduced:
    """phi for one problem and one number of atoms."""

    def __init__(self, problem: Problem, m: int) -> None:
        self.m, self.extra = m, int(problem.bias)
        self.unit = power_of_two_near(problem.lam)
        self.lam = problem.lam / self.unit
        X, w = problem.gathered()  # what has no weight has no part in phi
        self.X = np.ascontiguousarray(X / self.unit)
        self.w = np.array(w)
        n, d = self.X.shape
        self.work = n * m * d
        self.coder = Coder(n, d, m, self.lam, problem.nonnegative)
        # few enough blocks that their partial sums stay small beside the data, many enough to share among threads
        self.blocks = int(np.clip((1 << 24) // ((m + 1) * d), 2, min(32, max(n // 64, 2))))
        self.evaluations = self.products = 0

    def at(self, theta: Array, near: Point | None = None) -> Point:
        """Evaluate phi; codes start from those of the point `near`, or from nothing."""
        self.evaluations += 1
        D = np.ascontiguousarray(theta[: self.m])
        if near is None:
            self.coder.cnt[:] = 0
        else:
            self.coder.restore(near.codes)
        X = self.X - theta[self.m] if self.extra else self.X
        self.coder.code(X, D)
        idx, val, cnt = codes = self.coder.snapshot()
        R = np.empty_like(self.X)
        E, mu, square, value = sums.gradient_pass(X, D, self.w, self.lam, self.extra, self.blocks, idx, val, cnt, R)
        pull = np.einsum("jk,jk->j", E[: self.m], D)
        gradient = -E
        gradient[: self.m] += pull[:, None] * D
        live = mu > 0
        off = E[: self.m][live] / (self.lam * mu[live, None]) - D[live]
        stationarity = np.sqrt(np.einsum("jk,jk->j", off, off).max(initial=0.0))
        curvature = np.where(live, square + pull, 1.0)
        if self.extra:
            stationarity = max(stationarity, np.sqrt(E[self.m] @ E[self.m]) / self.lam)
            curvature = np.append(curvature, 1.0)
        return Point(theta, float(value), gradient, pull, curvature, mu, float(stationarity), R, codes)

    def tangent(self, theta: Array, V: Array) -> Array:
        """Project the atoms' rows of V onto the tangent space at theta; the bias row is free."""
        T = V.copy()
        D = theta[: self.m]
        T[: self.m] -= np.einsum("jk,jk->j", V[: self.m], D)[:, None] * D
        return T

    def move(self, theta: Array, V: Array) -> Array:
        """theta + V with atoms brought back to unit norm."""
        moved = theta + V
        moved[: self.m] = normalised(moved[: self.m])
        return moved

    def hessian(self, point: Point) -> Hessian:
        """The Hessian of phi at a point, as an operator on tangent matrices (M1)."""
        return Hessian(self, point)


class Hessian:
    """V -> H V for tangent V (m + extra, d); supports are held fixed, which is exact under strict complementarity."""

    def __init__(self, reduced: Reduced, point: Point) -> None:
        self.reduced, self.point = reduced, point
        idx, _, cnt = point.codes
        self.D = np.ascontiguousarray(point.theta[: reduced.m])
        self.offset = np.concatenate([[0], np.cumsum(cnt * cnt)])
        self.P = sums.invert_supports(self.D @ self.D.T, idx, cnt, self.offset, reduced.blocks)

    def __call__(self, V: Array) -> Array:
        phi, point = self.reduced, self.point
        phi.products += 1
        idx, val, cnt = point.codes
        H = sums.hessian_pass(self.D, V, phi.w, phi.extra, phi.blocks, idx, val, cnt, point.R, self.offset, self.P)
        H = phi.tangent(point.theta, H)
        H[: phi.m] += point.pull[:, None] * V[: phi.m]
        return H


def normalised(D: Array) -> Array:
    """Rows scaled to unit norm, twice: once is off by a rounding that the second removes."""
    for _ in range(2):
        D = D / np.sqrt(np.einsum("jk,jk->j", D, D))[:, None]
    return np.ascontiguousarray(D)
