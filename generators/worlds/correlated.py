"""Correlated features through a Gaussian copula: latent normals with given correlations, cut at thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from generators import arguments
from generators.laws import Law, Support
from generators.magnitudes import Scalar, scalar
from generators.world import World
from testbed import checks
from testbed.bases import covariance_root
from testbed.checks import Array
from testbed.errors import InputError

SEMIDEFINITE = 1e-10  # how negative an eigenvalue of a correlation matrix may be by rounding


@dataclass(frozen=True, eq=False)
class Copula(Law):
    """Feature i fires where latent_i > ndtri(1 - p_i); the latent vector is normal with the given correlation."""

    p: Array
    correlation: Array
    magnitudes: Sequence[Scalar]
    obstacle = ("has the orthant probabilities of a Gaussian copula, which have no closed form "
                "(cofiring(pairs=world.law.pairs()) has the same pairs, exactly)")

    @property
    def n_features(self) -> int:  # type: ignore[override]
        return len(self.p)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        root = covariance_root(self.correlation, SEMIDEFINITE)
        latent = np.zeros((n, self.n_features))
        for column in root.T:  # not by BLAS: its last bits differ between processors, and a threshold looks at them
            latent += rng.standard_normal(n)[:, None] * column
        on = latent > -ndtri(self.p)
        return np.where(on, np.stack([law.draw(rng, n) for law in self.magnitudes], axis=1), 0.0)

    def size(self) -> int:
        raise InputError(self.obstacle)

    def support(self) -> Support:
        raise InputError(self.obstacle)

    def pairs(self) -> Array:
        """(k, k) probabilities that i and j fire together, to about 1e-12; firing probabilities on the diagonal."""
        P = np.diag(self.p)
        for i, j in zip(*np.triu_indices(self.n_features, 1), strict=True):
            P[i, j] = P[j, i] = both(float(self.p[i]), float(self.p[j]), float(self.correlation[i, j]))
        return P


def correlated(n_features: int | None = None, p: float | Sequence[float] = 0.3, correlation: Any = 0.5,
               magnitude: Scalar | str | float | Sequence[Scalar | str | float] = 1.0) -> World:
    """Features whose firing is correlated through a Gaussian copula.

    n_features: how many (default: 3, or as many as the other arguments list). p in (0, 1]: firing probabilities, exact.
    correlation of the latent normals: one number for all pairs, or a (k, k) correlation matrix. magnitude: one law or
    one per feature, independent of the firing. `world.law.pairs()` gives the firing probabilities of pairs.
    Raises ValueError for a matrix that is not a correlation matrix.
    """
    where = "correlated"
    k = arguments.count(where, n_features, [correlation, p, magnitude], 3)
    C = _correlation(where, correlation, k)
    ps = arguments.probabilities(where, "p", p, k)
    laws = [scalar(where, "magnitude", entry) for entry in arguments.per_feature(where, "magnitude", magnitude, k)]
    text = arguments.call(where, n_features=k, p=p, correlation=correlation,
                          magnitude=laws if arguments.listed(magnitude) else laws[0])
    return World(Copula(ps, C, laws), text)


def both(p: float, q: float, rho: float) -> float:
    """P(x > ndtri(1-p), y > ndtri(1-q)) for standard normals of correlation rho, to about 1e-12.

    Plackett's identity d P / d rho = density of (x, y) at the corner, integrated over rho = sin t from independence:
    P = p q + 1/(2 pi) int_0^{asin rho} exp(-(h^2 + k^2 - 2 h k sin t) / (2 cos^2 t)) dt. The exponent is written so
    that nothing cancels near rho = 1 or -1.
    """
    if p == 1 or q == 1:
        return p * q
    h, k = -ndtri(p), -ndtri(q)
    side = 1.0 if rho >= 0 else -1.0

    def density(t: float) -> float:
        return math.exp(-((h - side * k) / math.cos(t)) ** 2 / 2 - side * h * k / (1 + side * math.sin(t)))

    integral = quad(density, 0, math.asin(rho), epsabs=1e-14, epsrel=1e-13, limit=200)[0]
    return float(min(max(ndtr(-h) * ndtr(-k) + integral / (2 * math.pi), 0.0, p + q - 1), p, q))


def _correlation(where: str, value: Any, k: int) -> Array:
    if not arguments.listed(value):
        rho = checks.number(where, "correlation", value, -1, 1)
        C = np.full((k, k), rho)
        np.fill_diagonal(C, 1.0)
    else:
        C = checks.matrix(where, "correlation", value, k)
        if C.shape != (k, k) or not np.array_equal(C, C.T):
            raise InputError(f"{where}: correlation must be a symmetric ({k}, {k}) matrix")
        if not np.allclose(np.diag(C), 1, rtol=0, atol=SEMIDEFINITE) or np.abs(C).max() > 1:
            raise InputError(f"{where}: correlation must have a diagonal of ones and entries between -1 and 1")
    least = float(np.linalg.eigvalsh(C)[0])
    if least < -SEMIDEFINITE:
        raise InputError(f"{where}: correlation must be positive semidefinite; its least eigenvalue is {least:.3g}")
    return C
