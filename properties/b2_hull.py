"""B2, the hull condition: (mu_k (1 - G_jk))_k lies in the CONVEX HULL of { z(x) : z_j(x) = 0 }.

S5's weights are (1 - s_j) 1{j off}. Where j is on 1 - s_j = 0, so their mean is E[1 - s_j] = 1 by B1: they are a
probability density, and a cone has become a hull. (A bias is one more latent, always on and free of charge.) Each
coordinate of a mean is at most its largest value:

    mu_k (1 - G_jk) <= max{ z_k : z_j = 0 }.

So no atom is on everywhere, and somewhere in j's silence k reaches 1 - G_jk times its mean: twice, if antipodal.

Residual: (a) |E[(1 - s_j) 1{j off}] - 1| per atom; (b) S5's identity per live k and per j; (c) the excess in the
scalar bound, divided by mu_k, per live k and per j. The sign of the weights is S5's to check.
Holds for nonnegative codes at a stationary dictionary and bias; signed codes have S5's zonotope and B3 instead.
Extremal: an antipodal pair firing at one height, where the scalar bound is an equality.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import TOLERANCE, Largest, Property, Residual, Totals, violation
from properties.cases import antipodal_pair
from properties.s5_cone import identity, sums
from properties.scaled import Array, Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """S5's sums; (m,) E[(1 - s_j) 1{j off}]; (m, m) the largest z_k while j is off."""
    off = o.w.sum() - o.total(np.ones(len(o.code)))
    return sums(o) | {"density": off - o.w @ o.silent, "top": Largest(o.tops())}


def highest(t: Totals) -> Array:
    """(live k, m) max{ z_k : z_j = 0 } / mu_k over samples of positive weight; 0 if j is never silent."""
    return t.mean("top")


def finish(t: Totals) -> Residual:
    """Violations of the density (j), of the identity (k, j) and of the scalar bound (k, j)."""
    atoms = ("atom", range(t.m))
    return (
        violation(np.abs(t["density"] - 1), atoms)
        | violation(identity(t), ("atom", t.live), atoms)
        | violation(1 - t.G[t.live] - highest(t), ("atom", t.live), atoms)
    )


PROPERTY = Property(
    id="B2", name="hull condition", where="biased", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=antipodal_pair, nonnegative_only=True,
    statement="E[(1 − sⱼ) 1{j off}] = 1: (μₖ(1 − Gⱼₖ))ₖ ∈ hull{z : zⱼ = 0}, so μₖ(1 − Gⱼₖ) ≤ max{zₖ : zⱼ = 0}",
    tests="tests/properties/test_properties.py",
)
