"""Training Matryoshka dictionaries by the method for all others (see `testbed.coding.prefixes` for what holds there).

phi(D) = min over codes of F is that of the stacked problem, seen through D -> D~: gradients and Hessians of stacked
atoms are folded back. What is found is measured by code that shares nothing with this: F, the on-condition and the
balance, prefix by prefix, by `measure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from testbed import checks
from testbed.checks import Array
from testbed.coding.prefixes import PrefixCoder, folded, stacked
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Hessian, Point, Reduced, on_sphere, slopes
from testbed.descent.revival import descend, settle
from testbed.descent.starts import draw, given
from testbed.descent.training import SEEDS, improves
from testbed.errors import InputError
from testbed.kernels import sums
from testbed.problem import Problem
from testbed.threads import limited
from testbed.verify import FLAT, KKT_TOLERANCE, STATIONARITY_TOLERANCE


@dataclass(frozen=True, eq=False)
class Matryoshka:
    """A dictionary with prefixes, and what was measured of it.

    D : (m, d) atoms of unit norm. Z : (n, m) csr_array of codes. prefixes : how many atoms each prefix has.
    objective : F. kkt : worst violation of the on-condition, in lam. stationarity : max over live j of
    |E[z_j s_j] - lam mu_j d_j| / (lam mu_j). hessian_min : least relative eigenvalue of the Hessian, None where none
    was certified. status : 'local_min', 'stationary' or 'unconverged', as of an Optimum. objectives : (restarts,).
    """

    problem: Problem
    prefixes: tuple[int, ...]
    D: Array
    Z: csr_array
    objective: float
    kkt: float
    stationarity: float
    hessian_min: float | None
    status: str
    objectives: Array


class Prefixed(Reduced):
    """phi of a problem whose prefixes reconstruct too; R of its points are residuals of the whole dictionary."""

    def __init__(self, problem: Problem, prefixes: tuple[int, ...]) -> None:
        super().__init__(problem, prefixes[-1])
        self.prefixes = prefixes
        n, d = self.X.shape
        self.coder = PrefixCoder(n, d, self.m, self.lam, prefixes)
        self.wide = np.tile(self.X, len(prefixes))

    def at(self, theta: Array, near: Point | None = None, start: csr_array | None = None) -> Point:
        """Evaluate phi."""
        D = stacked(theta, self.prefixes)
        self.coder.code(self.X, D)
        idx, val, cnt = codes = self.coder.snapshot()
        R = np.empty_like(self.wide)
        E, mu, square, reach, value = sums.gradient_pass(self.wide, D, self.w, self.length, self.lam, 0, self.blocks,
                                                         idx, val, cnt, R)
        E, square = folded(E, self.prefixes), square * (D * D).sum(axis=1)
        gradient, pull, curvature, stationarity = slopes(theta[None], np.array([self.lam]), np.array([value]), E[None],
                                                         mu[None], square[None], reach[None])
        return Point(theta, float(value), gradient[0], pull[0], curvature[0], mu, float(stationarity[0]),
                     R[:, -self.X.shape[1] :].copy(), codes, wide=R)

    def scores(self, point: Point, rows: slice) -> Array:
        """(k, m) <s_j, d_j> / lam."""
        return (point.wide[rows] / self.lam) @ stacked(point.theta, self.prefixes).T

    def hessian(self, point: Point) -> Hessian:
        """The Hessian of phi at a point."""
        return PrefixedHessian(self, point)


class PrefixedHessian(Hessian):
    """V -> H V: that of the stacked atoms, folded."""

    def __init__(self, reduced: Prefixed, point: Point) -> None:
        self.prefixed, self.point = reduced, point
        idx, _, cnt = point.codes
        self.D = stacked(point.theta, reduced.prefixes)
        self.offset = np.concatenate([[0], np.cumsum(cnt * cnt)])
        self.P = sums.invert_supports(self.D @ self.D.T, idx, cnt, self.offset, reduced.blocks, np.empty((0, 0)))

    def __call__(self, V: Array) -> Array:
        phi, point = self.prefixed, self.point
        idx, val, cnt = point.codes
        H = sums.hessian_pass(self.D, stacked(V, phi.prefixes), phi.w, 0, phi.blocks, idx, val, cnt, point.wide,
                              self.offset, self.P)
        return on_sphere(point.theta[None], point.pull[None], V[None], folded(H, phi.prefixes)[None])[0]


def fit_prefixes(X: Any, prefixes: Sequence[int], lam: float, weights: Any = None, seed: int = 0, restarts: int = 8,
                 start: Any = None, threads: int | None = None) -> Matryoshka:
    """Train a Matryoshka dictionary whose prefixes have so many atoms, ascending; the last has all of them.

    X, lam, weights, seed, restarts, start, threads : as in `fit`; codes are nonnegative and there is no bias. Raises
    InputError naming the argument, CodingError naming a sample that could not be coded.
    """
    where = "fit_prefixes"
    problem = Problem(X, lam, weights)
    sizes = tuple(checks.count(where, "prefixes", size) for size in prefixes)
    if not sizes or any(a >= b for a, b in pairwise(sizes)):
        raise InputError(f"{where}: prefixes must ascend; got {sizes}")
    seed, restarts = checks.integer(where, "seed", seed, 0, SEEDS), checks.count(where, "restarts", restarts)
    first = None
    if start is not None:
        first, restarts = checks.unit_rows(where, "start", start, problem.d), 1
        if len(first) != sizes[-1]:
            raise InputError(f"{where}: start must have {sizes[-1]} rows; it has {len(first)}")
    phi = Prefixed(problem, sizes)
    best: Alone | None = None
    objectives = []
    with limited(phi.work, threads, where):
        for number, sequence in enumerate(np.random.SeedSequence(seed).spawn(restarts)):
            theta = draw(phi, np.random.default_rng(sequence), number) if first is None else given(phi, first)
            engine = Alone(phi, phi.at(theta))
            descend(engine, ALONE, lambda: None)
            objectives.append(engine.point.value * phi.unit**2)
            if best is None or improves(engine.point.value, best.point.value):
                best = engine
        assert best is not None
        least = settle(best, ALONE, lambda: None)[0]
        D = np.array(best.point.theta)
        coder = PrefixCoder(problem.n, problem.d, sizes[-1], phi.lam, sizes)
        coder.code(problem.rows(0, problem.n), stacked(D, sizes), unit=phi.unit)
    Z = coder.sparse(sizes[-1], phi.unit)
    objective, kkt, stationarity = measure(problem, sizes, D, Z)
    status = "stationary" if kkt <= KKT_TOLERANCE and stationarity <= STATIONARITY_TOLERANCE else "unconverged"
    if status == "stationary" and least > FLAT:
        status = "local_min"
    return Matryoshka(problem, sizes, checks.frozen(D), Z, objective, kkt, stationarity,
                      None if np.isnan(least) else float(least), status, np.array(objectives))


def measure(problem: Problem, prefixes: Sequence[int], D: Array, Z: csr_array) -> tuple[float, float, float]:
    """F, the worst violation of the on-condition and the balance (see Matryoshka), written out prefix by prefix."""
    X, w, codes, lam = problem.rows(0, problem.n), problem.weights, Z.toarray(), problem.lam
    reached = np.zeros((problem.n, len(D), problem.d))  # s_j of every sample
    objective = lam * float(w @ codes.sum(axis=1))
    for size in prefixes:
        r = X - codes[:, :size] @ D[:size]
        objective += 0.5 * float(w @ (r * r).sum(axis=1))
        reached[:, :size] += r[:, None]
    scores = np.einsum("ijk,jk->ij", reached, D) / lam
    off = np.where(codes > 0, np.abs(scores - 1), np.maximum(scores - 1, -codes / lam))
    size = np.linalg.norm(X, axis=1) + codes.sum(axis=1)
    kkt = np.maximum(off.max(axis=1), 0) / np.maximum(1, 1e-3 * size / lam)
    mu = w @ codes
    balance = np.einsum("i,ij,ijk->jk", w, codes, reached) - lam * mu[:, None] * D
    live = mu > 0
    share = np.linalg.norm(balance[live], axis=1) / (lam * mu[live])
    return objective, float(kkt[w > 0].max()), float(share.max(initial=0))
