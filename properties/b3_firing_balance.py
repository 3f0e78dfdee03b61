"""B3, balance of firing: P(j on) = -E[s_j 1{j off}].

E[s_j] = 0 by B1, and s_j = 1 where j is on (C1). If k is exactly antipodal to j, s_k = -s_j: where k is on s_j = -1,
and where neither is |s_j| <= 1. So E[s_j] = 0 reads P(j on) - P(k on) + E[s_j 1{neither on}] = 0, and

    |P(j on) - P(k on)| <= P(neither on):

an antipodal pair fires equally often, as far as it fires. Signed codes: E[sign z_j] = -E[s_j 1{j off}], and the two
signs of an atom are such a pair: |P(z_j > 0) - P(z_j < 0)| <= P(j off).

Under another penalty the identity is E[g'(z_j); j on] = -E[<r, d_j>; j off], whose left side is no frequency:
nothing asks an antipodal pair to balance. Under L0 and TopK it is 0, and the bias sits where most data are (T10).

Residual: (a) the identity, per atom; (b) the excess in the inequality, per antipodal pair (signed: per atom).
Probabilities are their own unit.
Holds at a stationary bias with exact codes, for live and dead atoms.
Extremal: an antipodal pair and a silent sample with a score of exactly 1: the inequality is an equality.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from properties.base import EVERY, TOLERANCE, Property, Residual, Totals, violation
from properties.cases import antipodal_pair
from properties.scaled import Scaled
from testbed.penalties import L1


def gather(o: Scaled) -> dict[str, Any]:
    """(m,) E[sign z_j] (E[g'(z_j); j on]), P(j off) and E[s_j 1{j off}]; P(neither on) for each antipodal pair."""
    pairs = np.array(o.atoms.antipodal, dtype=int).reshape(-1, 2)
    return {
        "lean": o.total(o.price),  # under l1 P(j on), for nonnegative codes
        "off": o.w.sum() - o.total(np.ones(len(o.code))),
        "silent": o.w @ o.silent,
        "neither": o.w @ ~(o.on[:, pairs[:, 0]] | o.on[:, pairs[:, 1]]) if len(pairs) else np.zeros(0),
    }


def finish(t: Totals) -> Residual:
    """Violations of the identity (j) and of the inequality (antipodal j, k; signed: j)."""
    lean = t["lean"]
    balance = violation(np.abs(lean + t["silent"]), ("atom", range(t.m)))
    if not isinstance(t.atoms.penalty, L1):
        return balance
    if not t.nonnegative:
        return balance | violation(np.abs(lean) - t["off"], ("atom", range(t.m)))
    for (j, k), neither in zip(t.atoms.antipodal, t["neither"], strict=True):
        balance |= violation([[lean[j] - lean[k] - neither]], ("atom", [j]), ("atom", [k]))
    return balance


PROPERTY = Property(
    id="B3", name="balance of firing", where="biased", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=antipodal_pair, penalties=EVERY,
    statement="P(j on) = −E[sⱼ 1{j off}]; antipodal atoms: |P(j on) − P(k on)| ≤ P(neither on)",
    tests="tests/properties/test_properties.py",
)
