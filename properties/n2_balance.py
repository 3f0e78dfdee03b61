"""N2, balance under any price: the residual, averaged over an atom's activity, points along the atom.

    E[z_j r] = nu_j d_j,     nu_j = E[z_j g'(z_j)]

As for S1: dF/dd_j = -E[z_j r] whatever codes cost, on the sphere only its part along d_j may remain, and that is
E[z_j <r, d_j>] = E[z_j g'(z_j)] by N1. Under L0 and TopK nothing remains: E[z_j r] = 0, the residual is uncorrelated
with every code. What a residual shares with an atom is the price at the margin, and nothing else (A2).

Residual, per live atom: |E[z_j r] - nu_j d_j| / (unit mu_j), the stationarity that testbed.verify reports, from
means over each atom's own activity. Under L1 this is S1.
Holds at a stationary dictionary with exact codes.
Extremal: a nested pair under MCP: the parent's residual on its own balances what the child's samples pull.
"""

from __future__ import annotations

from properties.base import SUCCESSORS, TOLERANCE, Property
from properties.cases import nested_pair
from properties.s1_balance import finish, gather
from testbed.penalties import MCP

PROPERTY = Property(
    id="N2", name="balance, any price", where="stationary", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=lambda: nested_pair(MCP(0.1, 4), parent=0.3, child=0.1), penalties=SUCCESSORS,
    statement="E[zⱼ r] = νⱼ dⱼ, νⱼ = E[zⱼ g′(zⱼ)]: 0 under L0 and TopK", tests="tests/properties/test_successors.py",
)
