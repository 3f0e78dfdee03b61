"""A5, pairs to look at: nested supports and antipodal atoms, found in a dictionary without any labels.

S6 forbids nesting at an optimum: P_j(k on) tan(theta / 2) <= E_j[tan angle(r, d_j); k off]. Where P(k on | j on) is
nearly 1, the right side is nearly 0, and k and j must nearly coincide. A trained dictionary with such a pair at a wide
angle is not stationary: j is a child that has not absorbed its parent k yet, and descent will make it. Antipodal atoms
(cosine below -.9) come from one feature that is dense, described from a bias in the middle; B3 says that they fire
equally often as far as they fire, |P(j on) - P(k on)| <= P(neither on), exactly if exactly antipodal.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="A5", name="pairs to look at", where="exact codes",
    statement="Pⱼ(k on) ≥ 1 − ε at an angle: not stationary (S6); Gⱼₖ ≤ −0.9: fires in balance (B3)",
    tests="tests/audits/test_audit.py", code="audits.pairs",
    no_figure="lists for the owner of a dictionary: every audit's page draws its own",
)
