"""Second order (M1): the least curvature of phi at a stationary point, and the direction that has it.

Move atoms by tangent Delta (rows orthogonal to d_j) and the bias by beta. A sample with support A sees its
reconstruction move by u = z_A Delta_A + beta at fixed codes; the scores on A must stay lam, so codes follow by

    dz = G_A^-1 (v - D_A u),    v = Delta_A r,

as long as no support changes. Differentiate E[z_j r] once more, and add what the sphere's curvature contributes
(<E[z_j r], d_j> = lam mu_j for each atom, by C1):

    H[Delta, Delta] = lam sum_j mu_j |Delta_j|^2 + E[ |u|^2 - (v - D_A u)' G_A^-1 (v - D_A u) ].

It must be >= 0 at a local minimum, and > 0 suffices. Where a score off the support is exactly lam, or a code on it
exactly 0, the second derivative is one-sided and nothing is claimed. Derived from the optimisation problem.

Under another penalty g (N10) scores on A follow g'(z): G_A + diag g''(z_A) stands for G_A in the codes' response, and
nu_j = E[z_j g'(z_j)] for lam mu_j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from testbed.bases import lowest
from testbed.checks import Array
from testbed.descent import spectrum
from testbed.descent.phi import Point, Reduced
from testbed.verify import FLAT

COMPLEMENTARITY = 1e-9  # nearer than this to a change of support, the second derivative is one-sided and not claimed
STATIONARY = 1e-8  # the Hessian is asked about points at least this stationary
ASIDE = tuple(sign * size for size in (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4) for sign in (1, -1))  # off a saddle
DENSE = 256  # up to this many free directions the matrix is formed and all its eigenvalues taken


@dataclass(frozen=True, eq=False)
class Curvature:
    """least : smallest eigenvalue of the Hessian on tangent directions of live atoms and bias, relative to its
    preconditioning diagonal E[z_j^2] + lam mu_j (dimensionless, of the Hessian's sign); None if none was certified.
    direction : (m + extra, d) tangent matrix attaining it. margin : distance to the nearest change of support, in lam.
    flat : (k, m + extra, d) tangent matrices that span what has eigenvalues within FLAT of zero (N9); k = 0 if there
    are none, or none was certified.
    """

    least: float | None
    direction: Array
    margin: float
    flat: Array


def complementarity(phi: Reduced, point: Point) -> float:
    """How near a support is to changing, in lam, dead atoms included: 0 where one may.

    Under l1 min of 1 - s_ij off the support and |z_ij| / lam on it; under others the threshold of scores, the least
    code and the kinks of g stand for 1 and 0; and where the problem of a sample has several minima, so does what sets
    the least apart from the others (`Coder.separation`).
    """
    penalty = phi.penalty
    idx, val, cnt = point.codes
    inside = np.arange(idx.shape[1]) < cnt[:, None]
    margin = (np.abs(val[inside]) - penalty.least).min(initial=np.inf) / phi.lam
    for kink in penalty.kinks:
        margin = min(margin, np.abs(val[inside] - kink).min(initial=np.inf) / phi.lam)
    levels = penalty.levels(cnt)
    D = point.theta[: phi.m]
    rows = max(1, (1 << 22) // phi.m)
    for start in range(0, len(point.R), rows):
        S = phi.scores(point, slice(start, start + rows))
        if phi.coder.signed:
            S = np.abs(S)
        here = inside[start : start + rows]
        S[np.nonzero(here)[0], idx[start : start + rows][here]] = 0
        margin = min(margin, (levels[start : start + rows] - S.max(axis=1)).min(initial=np.inf))
    if margin >= COMPLEMENTARITY:
        X = phi.X - point.theta[phi.m] if phi.extra else phi.X
        margin = min(margin, phi.coder.separation(X, np.ascontiguousarray(D)))
    return float(max(margin, 0.0))


def least_curvature(phi: Reduced, point: Point) -> Curvature:
    """Smallest eigenvalue of the Hessian at a point: dense for small problems, by Lanczos otherwise."""
    shape = point.theta.shape
    live = np.append(point.mu > 0, np.ones(phi.extra, bool))
    margin = complementarity(phi, point)
    if not live.any() or margin < COMPLEMENTARITY:
        return Curvature(None, np.zeros(shape), margin, np.zeros((0, *shape)))
    hessian = phi.hessian(point)
    root = np.sqrt(point.curvature)[:, None]

    def product(v: Array) -> Array:
        V = np.zeros(shape)
        V[live] = np.reshape(v, (live.sum(), -1))
        T = phi.tangent(point.theta, V)
        H = hessian(T / root) / root
        H += 4.0 * (V - T)  # directions off the sphere are not candidates: lift them above the spectrum
        return H[live].ravel()

    size = int(live.sum()) * shape[1]
    if size <= DENSE:
        matrix = np.stack([product(row) for row in np.eye(size)])
        values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    else:
        start = np.random.default_rng(0).standard_normal(size)
        asked = [0]

        def counted(v: Array) -> Array:
            asked[0] += 1
            return product(v)

        ncv = min(60, size - 1)
        try:
            values, vectors = eigsh(LinearOperator((size, size), matvec=counted, dtype=np.float64), k=1, which="SA",
                                     v0=start, tol=1e-3, maxiter=max(20, 40000 // size + 60), ncv=ncv)
        except ArpackNoConvergence:
            return Curvature(None, np.zeros(shape), margin, np.zeros((0, *shape)))
        if asked[0] <= ncv + 1:  # at once, which may mean that there are few eigenvalues and that it missed the least
            lower, vector = spectrum.least(product, start, steps=12, restarts=1)
            if lower < values[0] - 1e-3 * abs(values[0]):
                lower, vector = spectrum.least(product, vector)
                values, vectors = np.array([lower]), vector[:, None]
        if abs(values[0]) <= FLAT:
            found = spectrum.below(product, size, FLAT)
            if len(found):
                values, vectors = np.array([v @ product(v) for v in found]), found.T

    def direction(v: Array) -> Array:
        V = np.zeros(shape)
        V[live] = v.reshape(live.sum(), -1)
        return phi.tangent(point.theta, V) / root

    flat = [direction(v) for v in vectors.T[np.abs(values) <= FLAT]]
    return Curvature(float(values[0]), direction(lowest(values, vectors)), margin,
                     np.array(flat).reshape(-1, *shape))
