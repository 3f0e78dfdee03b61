"""A5, pairs to look at: parents and children, and antipodal atoms, found in a dictionary without any labels.

S6 forbids nesting at an optimum: P_j(k on) tan(theta / 2) <= E_j[tan angle(r, d_j); k off]. Where P(k on | j on) is
nearly 1, the right side is nearly 0, and k and j must nearly coincide. A trained dictionary with such a pair at a wide
angle is not stationary: j is a child that has not absorbed its parent k yet, and descent will make it.

So the hierarchies of the data are to be looked for where k is silent. Let z^{-j} be the exact codes without atom j.
With j's part returned to the residual, k's score is s_k + z_j G_jk; k wants to be on if that exceeds lam, and so may
every atom at an acute angle to j: exact codes let them compete. Let k carry a sample if z^{-j}_k >= E[z_k | k on] / 2.
A pair is

    nested      if P(k on | j on) >= 1 - eps,
    absorbed    if not, and P(k carries x | j on, no rival on) >= .9,

with k more frequent than j; rivals are the other atoms of whose samples k carries half, or j does: they may have k's
part too. A child that fires as a d_k + c u, u orthogonal to d_k, and whose atom is along that sum, is named for every
c: without j the code of k is a - lam, what it is where k's feature fires alone (T3). An atom at cosine g that has no
part of k carries only if g z_j - lam >= E[z_k | k on] / 2: at codes of one size, nearer than 60 degrees. There a pair
may be named wrongly.

Antipodal atoms (cosine below -.9) come from one feature that is dense, described from a bias in the middle; B3 says
that they fire equally often as far as they fire, |P(j on) - P(k on)| <= P(neither on), exactly if exactly antipodal.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="A5", name="pairs to look at", where="exact codes",
    statement="Pⱼ(k on) ≥ 1 − ε: not stationary (S6); zₖ without j ≥ E[zₖ | on]/2: absorbed; Gⱼₖ ≤ −0.9: balanced (B3)",
    tests="tests/audits/test_absorbed.py", code="audits.absorbed",
    no_figure="lists for the owner of a dictionary: every audit's page draws its own",
)
