"""S6, no nesting: if k is on wherever j is on, then d_j = d_k.

So at an optimum no feature's support lies inside that of a differently directed one: a parent must go silent on part
of each child's support. That is absorption. How much, follows from where the residual may point while j is on.

There r / lam = d_j + t with t orthogonal to d_j (C1), and |t| is the tangent of the angle between r and d_j. S1 says
E_j[t] = 0, so E_j[<t, d_k>] = 0. Where k is on, <t, d_k> = 1 - G_jk (C1 again); where k is off, it is at most |t|
sqrt(1 - G_jk^2) in size, as t sees only the part of d_k orthogonal to d_j. With P_j, E_j the probability and mean
over j's activity, and theta the atoms' angle,

    P_j(k on) (1 - G_jk) <= sqrt(1 - G_jk^2) E_j[|t| 1{k off}],    or
    P_j(k on) tan(theta / 2) <= E_j[ tan angle(r, d_j) ; k off ].

If k is never off, theta = 0. In the plane it is an equality whenever t keeps its sign while k is off. It implies the
cruder 1 - G_jk <= P_j(k off) (1 + max|r| / lam).

Signed codes: put sign(z_j) r for r. Then <t, d_k> = sign(z_j z_k) - G_jk where k is on, and the left side becomes
|P_j(same sign) (1 - G_jk) - P_j(opposite sign) (1 + G_jk)|: nested supports force G_jk = P_j(same) - P_j(opposite).

Residual, per live atom j and atom k: the excess of the left side over the right, in units of cosines.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair, an equality.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import NOTHING, TOLERANCE, Property, Residual, Totals, violation
from properties.cases import correlated_pair
from properties.scaled import Array, Scaled


def gather(o: Scaled) -> dict[str, Any]:
    """Sums of w |z_j| over samples with j and k on: of 1, of the signs' product, and of |t|; and of |t| over all."""
    size = np.abs(o.code)
    together = o.pairs(size)
    wander = size * o.turn
    return {
        "together": together,
        "agree": together if o.nonnegative and (o.sign > 0).all() else o.pairs(o.code, o.sign),
        "beside": o.pairs(wander), "wander": o.total(wander),
    }


def sides(t: Totals) -> tuple[Array, Array]:
    """Both sides of S6, (live, m) each: left <= right at a stationary dictionary."""
    G = t.G[t.live]
    left = np.abs(t.mean("agree") - t.mean("together") * G)
    silent = np.maximum(t.mean("wander")[:, None] - t.mean("beside"), 0)  # E_j[|t|; k off]; NaN stays
    return left, silent * np.sqrt(np.maximum(1 - G * G, 0))


def finish(t: Totals) -> Residual:
    """(live, m) violations of S6, 0 for atoms that never fire together; nothing if no two do."""
    others = t["together"][t.live] != 0
    others[np.arange(len(t.live)), t.live] = False
    if not others.any():
        return NOTHING
    left, right = sides(t)
    return violation(np.where(others, left - right, 0), ("atom", t.live), ("atom", range(t.m)))


PROPERTY = Property(
    id="S6", name="no nesting", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair, needs="atoms that co-fire",
    statement="Pⱼ(k on) tan(θⱼₖ/2) ≤ Eⱼ[tan∠(r, dⱼ); k off]: supports nest only if dⱼ = dₖ",
    tests="tests/properties/test_properties.py",
)
