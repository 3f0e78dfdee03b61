"""Pairs of atoms that optimality speaks of (A5): nested supports, antipodal atoms, duplicates.

Nested: k is on wherever j is, up to a share eps. At an optimum that forces d_j = d_k (S6), and nearly so for nearly
nested supports: P_j(k on)(1 - G_jk) <= sqrt(1 - G_jk^2) E_j[|t|; k off]. So training hides true nesting: the child's
atom takes the parent's direction in, and the parent goes silent. Absorbed: k would be on there, were j away. Together
they are a hierarchy's parents and children without any label. Antipodal atoms fire equally often (B3).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from audits.absorbed import CARRIED, OFTEN, StandIns
from audits.moments import Moments
from testbed.checks import Array

NESTED = 0.95  # P(k on | j on) from which the pair is listed
ANTIPODAL = -0.9  # cosine
TWIN = 0.99  # cosine
MOST = 200  # pairs listed of a kind


def nested(sums: Moments, lam: float, stand: StandIns) -> list[dict[str, Any]]:
    """Pairs (child j, parent k), k the more frequent: 'nested' with P(k on | j on) >= NESTED, and 'absorbed' where k
    carries CARRIED of j's samples or more if j is left out; in this order, strictest first."""
    on = sums.on
    p = sums.both / np.where(on > 0, on, 1)[:, None]
    often = (on[:, None] >= OFTEN) & (on > on[:, None])
    np.fill_diagonal(often, False)
    G = sums.D @ sums.D.T
    found: list[dict[str, Any]] = []
    for j, k in np.argwhere(often & ((p >= NESTED) | (stand.share >= CARRIED))):
        g = float(np.clip(G[j, k], -1, 1))
        right = float(sums.away[j, k] / sums.z[j] * np.sqrt(max(1 - g * g, 0)))
        found.append({"child": int(j), "parent": int(k), "kind": "nested" if p[j, k] >= NESTED else "absorbed",
                      "p": float(p[j, k]), "would": float(stand.share[j, k]), "strength": float(stand.strength[j, k]),
                      "cosine": g, "angle": float(np.degrees(np.arccos(g))), "left": float(p[j, k] * (1 - g)),
                      "right": right, "child_rate": float(on[j] / sums.n), "parent_rate": float(on[k] / sums.n)})
    return sorted(found, key=lambda pair: (
        pair["kind"] == "absorbed", -(pair["would"] if pair["kind"] == "absorbed" else pair["p"]), -pair["child_rate"],
        pair["child"], pair["parent"]))[:MOST]


def antipodal(sums: Moments) -> list[dict[str, Any]]:
    """Pairs with cosine <= ANTIPODAL, most opposite first, and whether |P(j) - P(k)| <= P(neither), B3's balance."""
    G = sums.D @ sums.D.T
    rate = sums.on / sums.n
    found: list[dict[str, Any]] = []
    for j, k in np.argwhere(np.triu(G <= ANTIPODAL, 1)):
        neither = float(1 - rate[j] - rate[k] + sums.both[j, k] / sums.n)
        found.append({"atoms": [int(j), int(k)], "cosine": float(G[j, k]), "rates": [float(rate[j]), float(rate[k])],
                      "neither": neither, "balanced": bool(abs(rate[j] - rate[k]) <= neither)})
    return sorted(found, key=lambda pair: pair["cosine"])[:MOST]


def twins(sums: Moments) -> list[dict[str, Any]]:
    """Live pairs with cosine >= TWIN: one direction spent twice."""
    live = sums.live
    G = np.where(live[:, None] & live, sums.D @ sums.D.T, 0)
    pairs: list[dict[str, Any]] = [{"atoms": [int(j), int(k)], "cosine": float(G[j, k]), "together": float(
        sums.both[j, k] / max(min(sums.on[j], sums.on[k]), 1))} for j, k in np.argwhere(np.triu(G >= TWIN, 1))]
    return sorted(pairs, key=lambda pair: -pair["cosine"])[:MOST]


def least_cosine(sums: Moments) -> Array:
    """(m,) the least cosine to another live atom; NaN for atoms that never fired."""
    live = sums.live
    G = np.where(live[:, None] & live, sums.D @ sums.D.T, np.inf)
    least = G.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, np.nan)
