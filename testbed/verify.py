"""Verification: how far a dictionary with codes is from optimal, recomputed with plain numpy from X, D, b and Z alone.

Nothing here is shared with the solver (other expressions, other summation order), so that a solver's bug cannot vouch
for itself. Every number is dimensionless: unchanged when X and lam are scaled together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from testbed.checks import Array
from testbed.problem import Problem

KKT_TOLERANCE = 1e-12
STATIONARITY_TOLERANCE = 1e-10
GLOBAL_TOLERANCE = 1e-9  # on max|r|/lam - 1: the certificate of the wide limit (G2)
_BLOCK_ENTRIES = 1 << 22  # scores are held for at most this many (sample, atom) pairs at a time: 32 MiB


@dataclass(frozen=True)
class Measurement:
    """What was measured at (D, b, Z).

    objective : F(D, Z, b), in squared units of X.
    kkt : worst violation of C1 over samples and atoms, as a multiple of max(lam, (|x| + sum |z|)/1000).
    kkt_sample : the sample at which it is attained.
    stationarity : max over live j of |E[z_j r] - lam mu_j d_j| / (lam mu_j) (S1), and |E r| / lam with a bias.
    norms : max | |d_j| - 1 |.
    radius : max |r| / lam over samples of positive weight; at most 1 exactly at the wide limit (G2), where the
        dictionary is a global optimum.
    live : number of atoms with mu_j > 0.
    """

    objective: float
    kkt: float
    kkt_sample: int
    stationarity: float
    norms: float
    radius: float
    live: int

    def status(self, hessian_min: float | None, kkt_tolerance: float = KKT_TOLERANCE,
               stationarity_tolerance: float = STATIONARITY_TOLERANCE) -> str:
        """'global', 'local_min', 'stationary' or 'unconverged': the strongest claim these numbers support.

        global: stationary and max|r| <= lam, so the objective equals its floor (G2). local_min: stationary with the
        least eigenvalue of the Hessian positive (M1). stationary: the first-order conditions hold and nothing more is
        known. unconverged: they do not.
        """
        if not (self.kkt <= kkt_tolerance and self.stationarity <= stationarity_tolerance and self.norms <= 1e-14):
            return "unconverged"
        if self.radius <= 1 + GLOBAL_TOLERANCE:
            return "global"
        return "local_min" if hessian_min is not None and hessian_min > 0 else "stationary"


def residual(problem: Problem, D: Array, b: Array, Z: csr_array) -> Array:
    """R (n, d): x - b - zD for every sample."""
    return problem.X - b - Z @ D


def score_blocks(problem: Problem, D: Array, R: Array) -> Iterator[tuple[slice, Array]]:
    """Scores s_ij = <r_i, d_j> / lam, a bounded block of rows at a time."""
    rows = max(1, _BLOCK_ENTRIES // len(D))
    for start in range(0, len(R), rows):
        block = slice(start, min(start + rows, len(R)))
        yield block, (R[block] / problem.lam) @ D.T


def kkt_violation(problem: Problem, D: Array, R: Array, Z: csr_array) -> Array:
    """(n,) worst violation of C1 for each sample: scores above 1, scores off 1 on the support, codes of wrong sign."""
    worst = np.zeros(problem.n)
    for block, S in score_blocks(problem, D, R):
        z = Z[block].toarray()
        on = z != 0
        if problem.nonnegative:
            over = S - 1
            off = np.where(on, np.abs(S - 1), 0)
            wrong = np.maximum(-z / problem.lam, 0)
        else:
            over = np.abs(S) - 1
            off = np.where(on, np.abs(S - np.sign(z)), 0)
            wrong = np.zeros_like(z)
        worst[block] = np.maximum(np.maximum(over, off), wrong).max(axis=1, initial=0)
    # where lam is below a thousandth of the terms that cancel in r, less than this is rounding
    terms = np.linalg.norm(problem.X, axis=1) + np.asarray(abs(Z).sum(axis=1)).ravel()
    scale = np.maximum(1, 1e-3 * terms / problem.lam)
    return np.maximum(worst, 0) / scale


def measure(problem: Problem, D: Array, b: Array, Z: csr_array) -> Measurement:
    """Measure (D, b, Z): arrays of shapes (m, d), (d,), (n, m); the shapes are trusted."""
    lam, w = problem.lam, problem.weights
    R = residual(problem, D, b, Z)
    length = np.linalg.norm(R, axis=1)
    size = abs(Z)
    objective = float(w @ (0.5 * length * length) + lam * (w @ np.asarray(size.sum(axis=1)).ravel()))
    kkt = kkt_violation(problem, D, R, Z)
    mu = np.asarray(size.T @ w).ravel()
    live = mu > 0
    balance = np.asarray(Z.T @ (w[:, None] * (R / lam)))[live] / mu[live, None] - D[live]
    stationarity = np.linalg.norm(balance, axis=1).max(initial=0)
    if problem.bias:
        stationarity = max(stationarity, np.linalg.norm(w @ (R / lam)))
    return Measurement(objective=objective, kkt=float(kkt.max()), kkt_sample=int(kkt.argmax()),
                       stationarity=float(stationarity),
                       norms=float(np.abs(np.linalg.norm(D, axis=1) - 1).max(initial=0)),
                       radius=float(length[w > 0].max() / lam), live=int(live.sum()))


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
                     & (self.norms <= 1e-14))
        return np.select([~converged, self.radius <= 1 + GLOBAL_TOLERANCE, hessian_min > 0],
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
    kkt = (np.maximum(worst.max(axis=2), 0) / np.maximum(1, 1e-3 * terms / lam[:, None])).max(axis=1)
    mu = np.einsum("aij,ai->aj", size, w)
    pull = (Z * w[..., None]).transpose(0, 2, 1) @ (R / lam[:, None, None])
    balance = np.linalg.norm(pull / np.where(mu > 0, mu, 1)[..., None] - D, axis=2)
    stationarity = np.where(mu > 0, balance, 0).max(axis=1)
    if bias:
        drift = np.linalg.norm((w[:, None, :] @ R)[:, 0], axis=1) / lam
        stationarity = np.maximum(stationarity, drift)
    return Measurements(objective, kkt, stationarity, np.abs(np.linalg.norm(D, axis=2) - 1).max(axis=1),
                        np.where(w > 0, length, 0).max(axis=1) / lam)
