"""N10, second order under any price: at a local minimum H is not negative, for Delta with rows orthogonal to the atoms,

    H = sum_j nu_j |Delta_j|^2 + E[ |u|^2 - (v - D_A u)' (G_A + diag g''(z_A))^-1 (v - D_A u) ],
    u = z_A Delta_A + beta,   v = Delta_A r,   A the support,   nu_j = E[z_j g'(z_j)].

As for M1: while no support changes, codes follow the atoms so that D_A r = g'(z_A) stays true. To first order the
scores move by v - D_A u - G_A dz and the prices by g''(z_A) dz, so dz = (G_A + diag g'')^-1 (v - D_A u), and the
response lowers the loss by half of dz' (G_A + diag g'') dz. The ends of the atoms' arcs meet -E[z_j r] = -nu_j d_j
(N2).

G_A + diag g'' is positive definite where codes are isolated minima. A convex price (g'' > 0) keeps the codes from
following and makes coincident atoms possible minima (T8); a concave one lets them follow further. Under L0 and TopK
nu = 0 and H = E[|u|^2 - ...], which is zero along the valleys of N9: nothing but the residual holds the atoms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from properties.base import SUCCESSORS, Evidence, Statement

if TYPE_CHECKING:
    from testbed.checks import Array
    from testbed.penalties import Penalty


def plane_hessian(penalty: Penalty, X: Array, w: Array, angles: Array) -> Array:
    """(2, 2) N10 for two atoms in the plane, in their angles, on points X (n, 2) without a bias."""
    import math

    import numpy as np

    from generators.plane.atoms import unit
    from generators.plane.priced import codes

    Z, D, across = codes(penalty, X, angles), unit(angles), unit(angles + math.pi / 2)
    R, curve = X - Z @ D, penalty.curvature(Z)
    H = np.diag(np.sum(w[:, None] * Z * np.where(Z > 0, penalty.slope(Z), 0), axis=0))
    for z, r, bend, weight in zip(Z, R, curve, w, strict=True):
        A = np.flatnonzero(z)
        U = z[:, None] * across  # u = da @ U
        V = np.diag(across @ r)[:, A] - U @ D[A].T  # rows: v - D_A u of each da
        H += weight * (U @ U.T - V @ np.linalg.solve(D[A] @ D[A].T + np.diag(bend[A]), V.T))
    return H


def differences() -> Evidence:
    """H of a nested pair under Energy, Log and MCP against second differences of the objective."""
    import numpy as np

    from generators import nested_pair
    from generators.plane.priced import objectives
    from testbed.penalties import MCP, Energy, Log

    sample = nested_pair(0.4, magnitude="discrete([0.5, 0.8])", child_magnitude="discrete([1.2, 1.6])").exact()
    X, w, off, h = sample.X, sample.weights, 0.0, 1e-4
    for price in (Energy(0.05, 0.3), Log(0.05, 0.7), MCP(0.2, 6)):
        a = np.array([0.1, 1.3])
        H = plane_hessian(price, X, w, a)
        steps = h * np.array([[1, 0], [0, 1], [1, 1]])
        second = [(objectives(price, X, w, *(a + s)) - 2 * objectives(price, X, w, *a)
                   + objectives(price, X, w, *(a - s))) / h**2 for s in steps]
        found = np.array([H[0, 0], H[1, 1], H.sum()])
        off = max(off, float(np.abs(found - second).max() / np.abs(H).max()))
    return Evidence("H of two atoms against second differences of F, relative", off, 1e-6)


STATEMENT = Statement(
    id="N10", name="second order, any price", where="a local minimum, no support about to change", penalties=SUCCESSORS,
    statement="H[Δ,Δ] = Σνⱼ|Δⱼ|² + E[|u|² − qᵀ(G_A + diag g″)⁻¹q] ≥ 0, q = v − D_A u",
    tests="tests/properties/test_successors.py", code="testbed.descent.curvature", demonstrate=differences,
    no_figure="agrees with second differences to their precision; training uses it",
)
