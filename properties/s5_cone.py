"""S5, the cone condition: for every atom j, (mu_k (1 - G_jk))_k lies in cone{ z(x) : z_j(x) = 0 }.

By S4, mu_k G_jk = E[z_k s_j]. Subtract this from mu_k = E[z_k]; where j is on, 1 - s_j = 0 (C1), so

    mu_k (1 - G_jk) = E[z_k (1 - s_j) 1{j off}]   for all k,     1 - s_j >= 0:

the codes seen while j is silent, with weights w (1 - s_j) >= 0, add up to the vector on the left. No model of the
data enters: decoder cosines and firing statistics constrain each other, whatever the data. It is stationarity of the
atoms k that is used; atom j only has to obey C1, so the condition holds for dead j too.

Signed codes: s_j = sign z_j where j is on, and only |s_j| <= 1 elsewhere. The same subtraction leaves

    E[sign(z_j) z_k] - mu_k G_jk = -E[s_j z_k 1{j off}],

a point of the zonotope { E[u z 1{j off}] : |u| <= 1 }: the condition of Gribonval and Schnass (2010) for bases, here
for any dictionary. Nonnegative codes make the constraint one-sided.

Residual: (a) the identity, per live k and per j, divided by mu_k (then at most S1's for k plus C1's); (b) per sample
and silent atom, the negative part of the weight 1 - s_j (signed: |s_j| - 1), in units of max(1, |x| / 1000 lam).
Together they certify membership: no solver has to find the weights. `distance` asks one nonetheless.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair: with one other atom the cone is a single ray, and the vector is on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import lsq_linear, nnls

from properties import c1_kkt
from properties.base import TOLERANCE, Property, Residual, Totals, violation
from properties.cases import correlated_pair
from properties.scaled import Array, Scaled
from testbed.errors import InputError
from testbed.optimum import Optimum


def sums(o: Scaled) -> dict[str, Any]:
    """(m, d) E[z_k r], and (m, m) sums over samples with j on of z_k (sign z_j - s_j); N5: g'(z_j) for the sign."""
    return {"zr": o.pulled, "put": o.pairs(o.code, o.price - o.met)}


def identity(t: Totals) -> Array:
    """(live, m) violations of the identity: rows k, columns j.

    All versions say E[z_k held_j] = nu_k G_jk, where held_j is s_j with its exact value, sign z_j or g'(z_j), put in
    where j is on.
    """
    return np.abs(t.mean("zr") @ t.D.T + t.mean("put") - t.rate[:, None] * t.G[t.live])


def gather(o: Scaled) -> dict[str, Any]:
    """What the identity needs, and the worst sign of a weight."""
    return sums(o) | {"wrong": c1_kkt.over(o)}


def finish(t: Totals) -> Residual:
    """Violations of the identity (live k, j) and of the sign of its weights (the worst sample and silent j)."""
    return violation(identity(t), ("atom", t.live), ("atom", range(t.m))) | t["wrong"]


def distance(optimum: Optimum, atom: int, hull: bool = False) -> float:
    """Distance of atom j's vector from its cone (signed: zonotope; hull: convex hull, B2), without the certificate.

    Coordinates k are divided by mu_k, so the vector has entries 1 - G_jk and the distance is dimensionless. Solved by
    nonnegative (signed: bounded) least squares over the distinct codes of positive weight. ValueError if `hull` is
    asked of signed codes.
    """
    o = Scaled.whole(optimum)
    mu, live = o.mu, np.flatnonzero(o.mu)
    codes = o.z.toarray()[:, live] / mu[live]
    silent = ~o.on[:, atom]
    if o.nonnegative:
        codes = np.unique(codes[silent], axis=0)
        target = 1 - o.G[live, atom]
        if hull:
            codes, target = np.column_stack([codes, np.ones(len(codes))]), np.append(target, 1.0)
        return float(nnls(codes.T, target)[1]) if len(codes) else float(np.linalg.norm(target))
    if hull:
        raise InputError("S5: hull is a statement about nonnegative codes")
    codes *= o.w[:, None]
    target = np.sign(o.z.toarray()[:, atom]) @ codes - o.G[live, atom]
    codes = codes[silent]
    if not len(codes):
        return float(np.linalg.norm(target))
    fitted = lsq_linear(codes.T, target, bounds=(-1, 1), method="bvls", tol=1e-14)
    return float(np.linalg.norm(codes.T @ fitted.x - target))


PROPERTY = Property(
    id="S5", name="cone condition", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=correlated_pair,
    statement="μₖ(1 − Gⱼₖ) = E[zₖ(1 − sⱼ) 1{j off}], 1 − sⱼ ≥ 0, so (μₖ(1 − Gⱼₖ))ₖ ∈ cone{z : zⱼ = 0}",
    tests="tests/properties/test_properties.py",
)
