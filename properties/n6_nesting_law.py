"""N6, the nesting law: if k is on wherever j is on, then  G_jk E[z_j g'(z_j)] = E[z_j g'(z_k)].

N4 says nu_j G_jk = E[z_j <r, d_k>], and wherever z_j > 0 atom k is on, <r, d_k> = g'(z_k) (N1). A cosine is at most
1, so a hierarchy in which the child j has an atom of its own, and its parent k stays on under it, needs E[z_j
g'(z_k)] <= E[z_j g'(z_j)]: at the margin the parent must not be dearer than the child, in the mean over the child's
activity.

    L1          the ratio is 1: d_j = d_k, no hierarchy (S6). Only a constant slope says so at any magnitudes.
    Energy      E[z_j z_k] <= E[z_j^2]: the parent is the quieter one, in codes, at the cosine that the law gives
    Log, MCP    the parent is the louder one (g' falls): where it is not, absorption is forced
    saturated   0 = 0: orthogonal nested features are stationary. So under L0 and TopK, of which the law says nothing

Allowed is not optimal: where the law lets the truth be, an atom on a ray of the data may be better still (N9).

Residual, per live atom j and atom k that is on wherever j is: the difference of both sides, divided by unit mu_j. At
most N2's for atom j plus N1's.
Holds at a stationary dictionary with exact codes.
Extremal: a nested pair under Energy, whose cosine is g'(z_k) / g'(z_j) at the child's one point.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import NOTHING, TOLERANCE, Property, Residual, Totals, violation
from properties.cases import nested_pair
from properties.scaled import Array, Scaled
from testbed.penalties import Energy


def gather(o: Scaled) -> dict[str, Any]:
    """How many samples have j on, and j and k on; (m, m) sums of w z_j g'(z_k)."""
    ones = o.at(np.ones(len(o.code)))
    return {"on": np.bincount(o.column, minlength=o.m), "both": np.asarray((ones.T @ ones).toarray()),
            "law": o.pairs(o.code, o.price)}


def nested(t: Totals) -> Array:
    """(live, m) whether atom k, another one, is on wherever live atom j is."""
    inside: Array = t["both"][t.live] == t["on"][t.live, None]
    inside[np.arange(len(t.live)), t.live] = False
    return inside


def finish(t: Totals) -> Residual:
    """(live, m) violations of the law where supports are nested, 0 elsewhere; nothing if none are."""
    inside = nested(t)
    if not inside.any():
        return NOTHING
    off = np.abs(t.rate[:, None] * t.G[t.live] - t.mean("law"))
    return violation(np.where(inside, off, 0), ("atom", t.live), ("atom", range(t.m)))


PROPERTY = Property(
    id="N6", name="nesting law", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=lambda: nested_pair(Energy(0.1, 0.3), parent=0.5, child=1.2, alone=0.5), needs="nested supports",
    penalties=("energy", "log", "mcp"), tests="tests/properties/test_successors.py",
    statement="k on wherever j is on ⇒ Gⱼₖ E[zⱼ g′(zⱼ)] = E[zⱼ g′(zₖ)]",
)
