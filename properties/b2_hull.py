"""B2, the hull condition: (mu_k (1 - G_jk))_k lies in the CONVEX HULL of { z(x) : z_j(x) = 0 }.

S5's weights are (1 - s_j) 1{j off}. Where j is on 1 - s_j = 0, so their mean is E[1 - s_j] = 1 by B1: they are a
probability density, and a cone has become a hull. (A bias is one more latent, always on and free of charge.) Each
coordinate of a mean is at most its largest value:

    mu_k (1 - G_jk) <= max{ z_k : z_j = 0 }.

So no atom is on everywhere, and somewhere in j's silence k reaches 1 - G_jk times its mean: twice, if antipodal.

Residual: (a) |E[(1 - s_j) 1{j off}] - 1| per atom; (b) S5's identity per live k and per j; (c) the excess in the
scalar bound, divided by mu_k, per live k and per j. The sign of the weights is S5's to check.
Holds for nonnegative codes at a stationary dictionary and bias; signed codes have S5's zonotope and B3 instead.
Derived from the optimisation problem; see docs/theory.md.
Extremal: an antipodal pair firing at one height, where the scalar bound is an equality.
"""

from __future__ import annotations

import numpy as np

from properties.base import TOLERANCE, Property, Residual, violation
from properties.cases import antipodal_pair
from properties.s5_cone import identity
from properties.scaled import Array, Scaled


def highest(o: Scaled) -> Array:
    """(live k, m) max{ z_k : z_j = 0 } / mu_k over samples of positive weight; 0 if j is never silent."""
    counted = o.w > 0
    codes = o.z[counted][:, o.live]
    silent = ~o.on[counted]
    top = np.zeros((len(o.live), o.m))
    for atom in o.atoms:
        rows = codes[np.flatnonzero(silent[:, atom])]
        if rows.nnz:
            top[:, atom] = rows.max(axis=0).toarray().ravel() / o.mu[o.live]
    return top


def violations(o: Scaled) -> Residual:
    """Violations of the density (j), of the identity (k, j) and of the scalar bound (k, j)."""
    density = o.w @ np.where(o.on, 0, 1 - o.s)
    excess = 1 - o.G[o.live] - highest(o)
    return (
        violation(np.abs(density - 1), ("atom", o.atoms))
        | violation(identity(o), ("atom", o.live), ("atom", o.atoms))
        | violation(excess, ("atom", o.live), ("atom", o.atoms))
    )


PROPERTY = Property(
    id="B2", name="hull condition", where="biased", tolerance=TOLERANCE, violations=violations, case=antipodal_pair,
    statement="E[(1 − sⱼ) 1{j off}] = 1: (μₖ(1 − Gⱼₖ))ₖ ∈ hull{z : zⱼ = 0}, so μₖ(1 − Gⱼₖ) ≤ max{zₖ : zⱼ = 0}",
    nonnegative_only=True,
)
