"""S6, no nesting: if k is on wherever j is on, then d_j = d_k.

So at an optimum no feature's support lies inside that of a differently directed one: a parent must go silent on part
of each child's support. That is absorption. How much, follows from where the residual may point while j is on.

There r / lam = d_j + t with t orthogonal to d_j (C1), and |t| is the tangent of the angle between r and d_j. S1 says
E_j[t] = 0, so E_j[<t, d_k>] = 0. Where k is on, <t, d_k> = 1 - G_jk (C1 again); where k is off, it is at most
|t| sqrt(1 - G_jk^2) in size. With P_j, E_j the probability and mean over j's activity, and theta the atoms' angle,

    P_j(k on) (1 - G_jk) <= sqrt(1 - G_jk^2) E_j[|t| 1{k off}],    or
    P_j(k on) tan(theta / 2) <= E_j[ tan angle(r, d_j) ; k off ].

If k is never off, theta = 0. In the plane it is an equality whenever t keeps its sign while k is off. It implies the
cruder 1 - G_jk <= P_j(k off) (1 + max|r| / lam).

Signed codes: put sign(z_j) r for r. Then <t, d_k> = sign(z_j z_k) - G_jk where k is on, and the left side becomes
|P_j(same sign) (1 - G_jk) - P_j(opposite sign) (1 + G_jk)|: nested supports force G_jk = P_j(same) - P_j(opposite).

Residual, per live atom j and atom k: the excess of the left side over the right, in units of cosines.
Holds at a stationary dictionary with exact codes. Derived from the optimisation problem; see docs/theory.md.
Extremal: the correlated pair, an equality.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from properties.base import TOLERANCE, Property, Residual, violation
from properties.cases import correlated_pair
from properties.scaled import Array, Scaled


def sides(o: Scaled) -> tuple[Array, Array]:
    """Both sides of S6, (live, m) each: left <= right at a stationary dictionary."""
    G = o.G[o.live]
    agree = o.pull.T @ o.sign  # P_j(same sign) - P_j(opposite sign)
    together = abs(o.pull).T @ o.on.astype(float)  # P_j(k on)
    left = np.abs(agree - together * G)
    wander = _wander(o).T @ (~o.on).astype(float)
    return left, wander * np.sqrt(np.maximum(1 - G * G, 0))


def _wander(o: Scaled) -> csr_array:
    """(n, live) |t| weighted by activity: w_i |z_ij| / mu_j |sign(z_ij) r_i / lam - d_j|."""
    weights = abs(o.pull).tocsc()
    for column, atom in enumerate(o.live):
        place = slice(weights.indptr[column], weights.indptr[column + 1])
        rows = weights.indices[place]
        t = o.sign[rows, atom, None] * o.r[rows] - o.D[atom]
        weights.data[place] *= np.linalg.norm(t, axis=1)
    return csr_array(weights)


def violations(o: Scaled) -> Residual:
    """(live, m) violations of S6."""
    left, right = sides(o)
    return violation(left - right, ("atom", o.live), ("atom", o.atoms))


PROPERTY = Property(
    id="S6", name="no nesting", where="stationary", tolerance=TOLERANCE, violations=violations, case=correlated_pair,
    statement="Pⱼ(k on) tan(θⱼₖ/2) ≤ Eⱼ[tan∠(r, dⱼ); k off]: supports nest only if dⱼ = dₖ",
)
