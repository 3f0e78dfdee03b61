"""Verification: how far a dictionary with codes is from optimal, recomputed with plain numpy from X, D, b and Z alone.

Nothing here is shared with the solver (other expressions, other summation order), so that a solver's bug cannot vouch
for itself. Samples are looked at by blocks: memory does not grow with their number. Every number is dimensionless:
unchanged when X and lam are scaled together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.penalties import L1, Penalty
from testbed.problem import Block, Problem

KKT_TOLERANCE = 1e-12
STATIONARITY_TOLERANCE = 1e-10
UNIT = 1e-14  # on | |d_j| - 1 |
FLAT = 1e-9  # a relative curvature smaller than this in size is not told from zero (M1)
GLOBAL_TOLERANCE = 1e-9  # on max|r|/lam - 1: the certificate of the wide limit (G2)

Codes = Callable[[Block], csr_array]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Measurement:
    """What was measured at (D, b, Z).

    objective : F(D, Z, b), in squared units of X.
    kkt : worst violation of C1 (N1) over samples and atoms, as a multiple of max(lam, (|x| + sum |z|)/1000).
    kkt_sample : the sample at which it is attained.
    stationarity : max over live j of |E[z_j r] - nu_j d_j| / (lam mu_j), nu_j = E[z_j g'(z_j)], which is lam mu_j under
        l1 (S1, N2), and |E r| / lam with a bias, each as a multiple of its `resolution`.
    norms : max | |d_j| - 1 |.
    radius : max |r| / lam over samples of positive weight; under l1 at most 1 exactly at the wide limit (G2), where
        the dictionary is a global optimum.
    least : whether the objective is as low as any dictionary's: under l1 by the radius, else by `Problem.floor`.
    live : number of atoms with mu_j > 0.
    codes : mean number of atoms that a sample uses.
    mu : (m,) mean activity E|z_j|.

    lam is the penalty's unit. Samples of weight zero count in none of them.
    """

    objective: float
    kkt: float
    kkt_sample: int
    stationarity: float
    norms: float
    radius: float
    live: int
    codes: float
    least: bool
    mu: Array = field(compare=False, repr=False)

    def status(self, hessian_min: float | None, kkt_tolerance: float = KKT_TOLERANCE,
               stationarity_tolerance: float = STATIONARITY_TOLERANCE) -> str:
        """'global', 'local_min', 'stationary' or 'unconverged': the strongest claim these numbers support.

        global: stationary, and the objective equals its floor (under l1: max|r| <= lam, G2). local_min: stationary
        with the least relative eigenvalue of the Hessian above FLAT, so that rounding does not decide its sign (M1).
        stationary: the first-order conditions hold and nothing more is known. unconverged: they do not; `reasons` says
        which.
        """
        if not (self.kkt <= kkt_tolerance and self.stationarity <= stationarity_tolerance and self.norms <= UNIT):
            return "unconverged"
        if self.least:
            return "global"
        return "local_min" if hessian_min is not None and hessian_min > FLAT else "stationary"


def reasons(kkt: float, stationarity: float, norms: float, ended: str) -> str:
    """Which of the first-order conditions do not hold, by how much, and why training ended, where that is known."""
    found = (("kkt", kkt, KKT_TOLERANCE), ("stationarity", stationarity, STATIONARITY_TOLERANCE),
             ("norms", norms, UNIT))
    return "; ".join([f"{name} {value:.1e} exceeds {most:.0e}" for name, value, most in found if not value <= most]
                     + ([ended] if ended else []))


@dataclass(frozen=True, eq=False)
class Coded(Block):
    """A block of samples with their codes on the dictionary D (m, d), b (d,).

    Z (k, m) sparse codes; lam the penalty's unit; R (k, d) residuals x - b - zD and S (k, m) scores <r, d_j> / lam,
    computed when asked for.
    """

    Z: csr_array
    D: Array
    b: Array
    lam: float

    @cached_property
    def R(self) -> Array:
        """(k, d) residuals."""
        return self.X - self.b - self.Z @ self.D

    @cached_property
    def S(self) -> Array:
        """(k, m) scores: under l1 at most 1, and 1 on the support (C1)."""
        return (self.R / self.lam) @ self.D.T


def coded_blocks(problem: Problem, D: Array, b: Array, Z: csr_array | Codes,
                 progress: Progress | None = None) -> Iterator[Coded]:
    """The problem's blocks with their codes: of all samples (n, m), or what gives a block's codes when it is asked.

    progress : called as progress(done, total) after every block, in samples of positive weight.
    """
    total, done = int(np.count_nonzero(problem.weights)), 0
    for block in problem.blocks(len(D)):
        z = Z(block) if callable(Z) else Z if len(block.w) == problem.n else Z[block.rows]
        yield Coded(block.rows, block.X, block.w, z, D, b, problem.lam)
        done += len(block.w)
        if progress is not None:
            progress(done, total)


def cancelling(block: Coded) -> Array:
    """(k,) |x| + sum |z|, the size of the terms that cancel in r, which is known to eps times this."""
    return np.linalg.norm(block.X, axis=1) + np.asarray(abs(block.Z).sum(axis=1)).ravel()


def priced(penalty: Penalty, Z: csr_array) -> csr_array:
    """(k, m) z g'(z) / unit, which is |z| under l1."""
    return csr_array((Z.data * (penalty.slope(Z.data) / penalty.unit), Z.indices, Z.indptr), shape=Z.shape)


def kkt_violation(problem: Problem, block: Coded) -> Array:
    """(k,) worst violation of C1 (N1) for each sample of a block, as a multiple of max(lam, (|x| + sum |z|) / 1000)."""
    worst = problem.penalty.violation(block.S, block.Z)
    # where lam is below a thousandth of the terms that cancel in r, less than this is rounding
    return worst / np.maximum(1, 1e-3 * cancelling(block) / problem.lam)


def resolution(reach: Array, pull: Array) -> Array:
    """By what a residual of S1 is divided: 1, and more where float64 cannot resolve the tolerance.

    r = x - b - zD and z_j, where it is not 0, are known to eps t, with t = |x| + sum |z| the size of what cancels in
    them. So E[z_j (r - lam d_j)] is known to eps reach_j, reach_j = E[1{j on} t (|z_j| + |r - lam d_j|)], and there the
    last is sqrt(|r|^2 - lam^2) by C1; another penalty's g'(z_j) stands for lam, and |r| bounds it. In units of
    pull_j = lam mu_j: eps reach_j / pull_j (for the bias: E t and lam). Once it is that coarse, thousands of lam in
    |x|, 45 times it is allowed (1e-10 * 1e-4 = 45 eps).
    """
    return np.maximum(1, 1e-4 * reach / pull)


def measure(problem: Problem, D: Array, b: Array, Z: csr_array | Codes,
            progress: Progress | None = None) -> Measurement:
    """Measure (D, b, Z): arrays of shapes (m, d), (d,), (n, m); the shapes are trusted. Arguments as `coded_blocks`."""
    return measure_blocks(problem, D, coded_blocks(problem, D, b, Z, progress))


def measure_blocks(problem: Problem, D: Array, blocks: Iterable[Coded]) -> Measurement:
    """Measure a dictionary by its coded blocks, all of them, in one pass: sums are made in their order."""
    lam, penalty = problem.lam, problem.penalty
    objective = codes = radius = 0.0
    kkt, worst = -1.0, 0
    pull, reach, mu, nu = np.zeros_like(D), np.zeros(len(D)), np.zeros(len(D)), np.zeros(len(D))
    drift, slack = np.zeros(problem.d), 0.0
    for block in blocks:
        length = np.linalg.norm(block.R, axis=1)
        objective += float(block.w @ (0.5 * length * length)) + penalty.value(block.Z, block.w)
        violation = kkt_violation(problem, block)
        top = int(violation.argmax())  # the first NaN, if there is one
        if not violation[top] <= kkt and not np.isnan(kkt):
            kkt, worst = float(violation[top]), int(block.samples[top])
        size, terms = abs(block.Z).T, block.w * (cancelling(block) / lam)
        pull += np.asarray(block.Z.T @ (block.w[:, None] * (block.R / lam)))
        across = np.sqrt(np.maximum((length / lam) ** 2 - isinstance(penalty, L1), 0))
        reach += np.asarray(size @ terms + (size != 0) @ (terms * lam * across)).ravel()
        mu += np.asarray(size @ block.w).ravel()
        nu += np.asarray(priced(penalty, block.Z).T @ block.w).ravel()
        drift, slack = drift + block.w @ (block.R / lam), slack + float(terms.sum())
        codes += float(block.w @ np.diff(block.Z.indptr))
        radius = np.maximum(radius, length.max() / lam)
    live = mu > 0
    balance = np.linalg.norm(pull[live] / mu[live, None] - (nu[live] / mu[live])[:, None] * D[live], axis=1)
    stationarity = (balance / resolution(reach[live], mu[live])).max(initial=0)
    if problem.bias:
        stationarity = max(stationarity, np.linalg.norm(drift) / resolution(np.asarray(slack), np.asarray(1.0)))
    if isinstance(penalty, L1):
        least = radius <= 1 + GLOBAL_TOLERANCE
    else:
        least = objective - problem.floor <= GLOBAL_TOLERANCE * (problem.floor + GLOBAL_TOLERANCE * lam * lam)
    return Measurement(objective=objective, kkt=kkt, kkt_sample=worst, stationarity=float(stationarity),
                       norms=float(np.abs(np.linalg.norm(D, axis=1) - 1).max(initial=0)), radius=float(radius),
                       live=int(live.sum()), codes=codes, least=bool(least), mu=mu)


@dataclass(frozen=True, eq=False)
class Measurements:
    """`Measurement` of many problems of one shape: every field an array (p,)."""

    objective: Array
    kkt: Array
    stationarity: Array
    norms: Array
    radius: Array

    def status(self, hessian_min: Array) -> np.ndarray:
        """(p,) strings, as `Measurement.status`; hessian_min (p,) is NaN where it is not known."""
        converged = ((self.kkt <= KKT_TOLERANCE) & (self.stationarity <= STATIONARITY_TOLERANCE)
                     & (self.norms <= UNIT))
        return np.select([~converged, self.radius <= 1 + GLOBAL_TOLERANCE, hessian_min > FLAT],
                         ["unconverged", "global", "local_min"], "stationary")


def measure_many(X: Array, w: Array, lam: Array, D: Array, b: Array, Z: Array, bias: bool,
                 nonnegative: bool) -> Measurements:
    """Measure p dictionaries D (p, m, d), b (p, d) with codes Z (p, n, m) on X (p, n, d), w (p, n), lam (p,)."""
    R = X - b[:, None] - Z @ D
    length, size = np.linalg.norm(R, axis=2), np.abs(Z)
    objective = (w * (0.5 * length * length + lam[:, None] * size.sum(axis=2))).sum(axis=1)
    S = R / lam[:, None, None] @ D.transpose(0, 2, 1)
    off = np.where(Z != 0, np.abs(S - np.sign(Z)), 0)
    if nonnegative:
        worst = np.maximum(np.maximum(S - 1, off), -Z / lam[:, None, None])
    else:
        worst = np.maximum(np.abs(S) - 1, off)
    terms = np.linalg.norm(X, axis=2) + size.sum(axis=2)
    kkt = np.maximum(worst.max(axis=2), 0) / np.maximum(1, 1e-3 * terms / lam[:, None])
    kkt = np.where(w > 0, kkt, 0).max(axis=1)
    mu = np.einsum("aij,ai->aj", size, w)
    pull = (Z * w[..., None]).transpose(0, 2, 1) @ (R / lam[:, None, None])
    across = np.sqrt(np.maximum((length / lam[:, None]) ** 2 - 1, 0)) * lam[:, None]
    reach = np.einsum("aij,ai->aj", size + (size != 0) * across[..., None], w * (terms / lam[:, None]))
    share = np.where(mu > 0, mu, 1)
    balance = np.linalg.norm(pull / share[..., None] - D, axis=2) / resolution(reach, share)
    stationarity = np.where(mu > 0, balance, 0).max(axis=1)
    if bias:
        drift = np.linalg.norm((w[:, None, :] @ R)[:, 0], axis=1) / lam
        stationarity = np.maximum(stationarity, drift / resolution((w * terms).sum(axis=1) / lam, np.ones(len(X))))
    return Measurements(objective, kkt, stationarity, np.abs(np.linalg.norm(D, axis=2) - 1).max(axis=1),
                        np.where(w > 0, length, 0).max(axis=1) / lam)
