"""N4, geometry under any price: nu_j G_jk = E[z_j <r, d_k>], and nu_k G_jk = E[z_k <r, d_j>].

The product of N2 with d_k. S4 ties cosines to firing: the cosine of two atoms is the mean score of one while the
other is active. That tie is the price's doing and vanishes with it: under L0 and TopK the equation is 0 = E[z_j <r,
d_k>], and cosines are free of firing statistics. Atom k may be dead.

Residual, per live atom j and atom k: |E[z_j <r, d_k>] - nu_j G_jk| / (unit mu_j), at most N2's for atom j. Under L1
this is S4.
Holds at a stationary dictionary with exact codes.
Extremal: the correlated pair under Energy.
"""

from __future__ import annotations

from properties.base import SUCCESSORS, TOLERANCE, Property
from properties.cases import correlated_pair
from properties.s4_gram import finish, gather

PROPERTY = Property(
    id="N4", name="geometry, any price", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=lambda: correlated_pair(tau=0.3), penalties=SUCCESSORS, statement="νⱼ Gⱼₖ = E[zⱼ ⟨r, dₖ⟩]",
    tests="tests/properties/test_successors.py",
)
