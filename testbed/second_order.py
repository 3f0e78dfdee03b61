"""Second order (M1): the least curvature of phi at a stationary point, and the direction that has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from testbed.checks import Array
from testbed.reduced import Point, Reduced

COMPLEMENTARITY = 1e-9  # nearer than this to a change of support, the second derivative is one-sided and not claimed
DENSE = 256  # up to this many free directions the matrix is formed and all its eigenvalues taken


@dataclass(frozen=True, eq=False)
class Curvature:
    """least : smallest eigenvalue of the Hessian on tangent directions of live atoms and bias, relative to its
    preconditioning diagonal E[z_j^2] + lam mu_j (dimensionless, of the Hessian's sign); None if none was certified.
    direction : (m + extra, d) tangent matrix attaining it. margin : distance to the nearest change of support, in lam.
    """

    least: float | None
    direction: Array
    margin: float


def complementarity(phi: Reduced, point: Point) -> float:
    """min over samples of 1 - |s_ij| off the support and |z_ij| / lam on it: 0 where a support is about to change."""
    idx, val, cnt = point.codes
    inside = np.arange(idx.shape[1]) < cnt[:, None]
    margin = np.abs(val[inside]).min(initial=np.inf) / phi.lam
    D = point.theta[: phi.m][point.mu > 0]
    column = np.cumsum(point.mu > 0) - 1
    rows = max(1, (1 << 22) // max(len(D), 1))
    for start in range(0, len(point.R), rows):
        S = (point.R[start : start + rows] / phi.lam) @ D.T
        if phi.coder.signed:
            S = np.abs(S)
        here = inside[start : start + rows]
        S[np.nonzero(here)[0], column[idx[start : start + rows][here]]] = 0
        margin = min(margin, 1 - S.max(initial=-np.inf))
    return float(max(margin, 0.0))


def least_curvature(phi: Reduced, point: Point) -> Curvature:
    """Smallest eigenvalue of the Hessian at a point: dense for small problems, by Lanczos otherwise."""
    shape = point.theta.shape
    live = np.append(point.mu > 0, np.ones(phi.extra, bool))
    margin = complementarity(phi, point)
    if not live.any() or margin < COMPLEMENTARITY:
        return Curvature(None, np.zeros(shape), margin)
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
        least, vector = float(values[0]), vectors[:, 0]
    else:
        start = np.random.default_rng(0).standard_normal(size)
        try:
            value, found = eigsh(LinearOperator((size, size), matvec=product, dtype=np.float64), k=1, which="SA",
                                 v0=start, tol=1e-3, maxiter=max(20, 40000 // size + 60), ncv=min(60, size - 1))
        except ArpackNoConvergence:
            return Curvature(None, np.zeros(shape), margin)
        least, vector = float(value[0]), found[:, 0]
    direction = np.zeros(shape)
    direction[live] = vector.reshape(live.sum(), -1)
    return Curvature(least, phi.tangent(point.theta, direction) / root, margin)
