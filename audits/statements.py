"""The stationarity statements at any coder's codes, with the sampling error of each (A2, A3).

On a fresh sample a mean that vanishes in the population does not vanish: its size must be judged by its standard
error. Every measurement has `ratio`, the squared residuals over their squared standard errors, pooled over atoms: near
1 where nothing but sampling is seen, near 2 if training saw no more samples than are evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.moments import Moments
from testbed.checks import Array

CHANCE = 4.0  # standard deviations of the ratio beyond which sampling does not explain it
TRAINED = 2.0  # its mean, if training saw as many samples as are evaluated; fewer is not to be expected (A3)


@dataclass(frozen=True, eq=False)
class Measured:
    """One statement at one coder's codes, judged by its sampling error or, where a tolerance is given, by that.

    residual, standard_error : pooled over atoms (root mean square, weighted by activity), dimensionless. ratio : the
    pooled squares of residuals over those of their standard errors; samples that a stationary dictionary has not seen
    give about 1, give or take sqrt(2 / terms). terms : how many independent squares were pooled, at least (an effective
    number of atoms). by_atom, error_by_atom : (m,) where the statement is one of atoms, NaN for atoms that never fired.
    """

    id: str
    residual: float
    standard_error: float
    ratio: float
    terms: float
    by_atom: Array | None = None
    error_by_atom: Array | None = None
    tolerance: float = float("nan")
    largest: float = float("nan")
    needs: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether sampling explains the residual, or the tolerance allows it; None if there was nothing to test."""
        if self.needs:
            return None
        if np.isfinite(self.tolerance):
            return bool(self.residual <= self.tolerance)
        return bool(self.ratio <= self.chance)

    @property
    def chance(self) -> float:
        """The largest ratio that sampling explains, of what is evaluated and of what was trained on."""
        return float(TRAINED * (1 + CHANCE * np.sqrt(2 / max(self.terms, 1))))


def balance(sums: Moments) -> Measured:
    """A2, for any separable price: the part of E[z_j r] orthogonal to d_j vanishes. Relative to |r| where j works."""
    p, live = sums.price, sums.live
    across = sums.mean_residual - p[:, None] * sums.D
    square = np.maximum(sums.z2r2 - sums.z2s2, 0) / np.where(live, sums.z, 1) ** 2
    scale = np.sqrt(sums.z2r2 / np.where(live, sums.z2, 1))
    unit = np.where(scale > 0, scale, 1)
    return _by_atom("A2", sums, np.linalg.norm(across, axis=1) / unit, np.sqrt(square) / unit)


def s1(sums: Moments, lam: float) -> Measured:
    """S1: E[z_j r] = lam mu_j d_j, in units of lam."""
    off = sums.mean_residual / lam - sums.D
    return _by_atom("S1", sums, np.where(sums.live, np.linalg.norm(off, axis=1), 0), s1_errors(sums, lam))


def s1_errors(sums: Moments, lam: float) -> Array:
    """(m,) standard errors of |E_j[r] / lam - d_j|."""
    square = sums.z2r2 / lam**2 - 2 * sums.z2s / lam + sums.z2
    return np.sqrt(np.maximum(square, 0)) / np.where(sums.live, sums.z, 1)


def s3(sums: Moments, lam: float) -> Measured:
    """S3: E[r' zD] = lam D' diag(mu) D, divided by lam E[sum z]."""
    unit = lam * sums.z.sum() or 1.0
    off = (sums.ry - lam * (sums.D.T * sums.z) @ sums.D) / unit
    # of sum_j z_j (r - lam d_j)' d_j, sample by sample
    square = sums.r2y2 - 2 * lam * sums.zsy + lam**2 * float((sums.zz * (sums.D @ sums.D.T) ** 2).sum())
    error = np.sqrt(max(square, 0.0)) / unit
    terms = effective(sums.z)  # as many as atoms
    size = float(np.linalg.norm(off))
    return Measured("S3", size, float(error), share(size**2, error**2), terms)


def s4(sums: Moments, lam: float) -> Measured:
    """S4: E[z_j s_k] = lam mu_j G_jk, per live j and any k; the worst k stands for j."""
    mean = sums.mean_residual @ sums.D.T / lam
    off = np.where(sums.live[:, None], mean - sums.D @ sums.D.T, 0)
    error = s4_errors(sums, lam)
    weight = sums.z / (sums.z.sum() or 1.0)
    size = float(np.sqrt(weight @ (off**2).mean(axis=1)))
    chance = float(np.sqrt(weight @ (error**2).mean(axis=1)))
    return Measured("S4", size, chance, share(size**2, chance**2), effective(weight * (error**2).mean(axis=1)),
                    _alive(sums, np.abs(off).max(axis=1)),
                    _alive(sums, error.max(axis=1)))


def s4_errors(sums: Moments, lam: float) -> Array:
    """(m, m) standard errors of E_j[s_k] - G_jk, rows j."""
    G = sums.D @ sums.D.T
    square = sums.z2S2 / lam**2 - 2 * G * (sums.z2r @ sums.D.T) / lam + G * G * sums.z2[:, None]
    return np.sqrt(np.maximum(square, 0)) / np.where(sums.live, sums.z, 1)[:, None]


def b1(sums: Moments, lam: float) -> Measured:
    """B1: E[r] = 0, in units of lam."""
    mean = sums.r / sums.n / lam
    error = np.sqrt(np.maximum(sums.r2 / sums.n - (sums.r / sums.n) ** 2, 0).sum() / sums.n) / lam
    size = float(np.linalg.norm(mean))
    return Measured("B1", size, float(error), share(size**2, error**2), b1_terms(sums))


def b1_terms(sums: Moments) -> float:
    """How many directions the residual has."""
    return effective(np.maximum(np.linalg.eigvalsh(sums.rr), 0))


def b4(sums: Moments, lam: float) -> Measured:
    """B4: Cov(z_j, r) = lam mu_j d_j: S1 about the means."""
    off = (sums.mean_residual - sums.r / sums.n) / lam - sums.D
    return _by_atom("B4", sums, np.where(sums.live, np.linalg.norm(off, axis=1), 0), s1_errors(sums, lam))


def s2(sums: Moments, lam: float) -> Measured:
    """S2, the normal equations: S1 from moments of data and codes alone; the errors are S1's."""
    live, z = sums.live, np.where(sums.live, sums.z, 1)[:, None]
    off = (sums.zx - sums.zz @ sums.D) / (lam * z) - sums.D
    return _by_atom("S2", sums, np.where(live, np.linalg.norm(off, axis=1), 0), s1_errors(sums, lam))


def _by_atom(id: str, sums: Moments, sizes: Array, errors: Array) -> Measured:
    weight = sums.z / (sums.z.sum() or 1.0)
    size, error = float(np.sqrt(weight @ sizes**2)), float(np.sqrt(weight @ errors**2))
    return Measured(id, size, error, share(size**2, error**2), effective(weight * errors**2), _alive(sums, sizes),
                    _alive(sums, errors))


def effective(parts: Array) -> float:
    """The number of equal parts that these parts of a sum are worth: (sum)^2 / sum of squares."""
    square = float((parts**2).sum())
    return float(parts.sum() ** 2 / square) if square > 0 else 0.0


def _alive(sums: Moments, values: Array) -> Array:
    return np.where(sums.live, values, np.nan)


def share(value: float, unit: float) -> float:
    return float(value / unit) if unit > 0 else (0.0 if value == 0 else float("inf"))
