"""N1, codes pay their price: <r, d_j> = g'(z_j) where j is on, and no more than a threshold where it is off.

Each code is best given the others: z_j minimises 1/2 (t - z)^2 + g(z), z >= 0, t = <r, d_j> + z_j being the score
that the others leave to it. Where z_j > 0 the derivative vanishes: <r, d_j> = g'(z_j). Where z_j = 0, t = <r, d_j>
is at most what the first bit of a code costs: g'(0+) = lam under Energy, MCP, and Log with eps >= lam. Under L0 a
code of its own saves t^2/2 and costs lam0: <r, d_j> <= sqrt(2 lam0) where off, z_j >= sqrt(2 lam0) where on, and <r,
d_j> = 0 there; Log with eps < lam jumps alike. TopK: <r, d_j> = 0 where on, no more than k on, and where fewer are,
<r, d_j> <= 0 for the rest.

Under L1 this is C1. A convex code problem (Energy; Log and MCP where the cosines allow it) has no other solutions;
elsewhere the statement is necessary and not sufficient: codes that no single change improves may still be on the
wrong support.

Residual, per sample and atom: the amount by which a score or a code breaks this, in units of the penalty and of
max(1, |x| / 1000 units), as for C1. TopK: a code beyond the k-th is a violation of its own size.
Holds at exact codes of any dictionary.
Extremal: under MCP a score of exactly lam, a code on the curved part, a saturated one, and a score of -3.
"""

from __future__ import annotations

import numpy as np

from properties.base import CODE_TOLERANCE, SUCCESSORS, Property
from properties.c1_kkt import finish, gather
from testbed.optimum import Optimum
from testbed.penalties import MCP
from testbed.problem import Problem


def pieces() -> Optimum:
    """One atom u under MCP, lam = 1/2, gamma = 4, and x = 1/2 u, 5/4 u (z = 1), 3 u (z = 3), -3/2 u."""
    u = np.array([0.6, 0.8])
    problem = Problem(np.array([[0.5], [1.25], [3.0], [-1.5]]) * u, penalty=MCP(0.5, 4))
    return Optimum.at(problem, u[None, :], Z=np.array([[0.0], [1.0], [3.0], [0.0]]))


PROPERTY = Property(
    id="N1", name="codes pay their price", where="code", tolerance=CODE_TOLERANCE, gather=gather, finish=finish,
    case=pieces, penalties=SUCCESSORS,
    statement="⟨r, dⱼ⟩ = g′(zⱼ) where zⱼ > 0; ⟨r, dⱼ⟩ ≤ g′(0+) elsewhere   (L0: ≤ √(2λ₀), and zⱼ ≥ √(2λ₀) where on)",
    tests="tests/properties/test_successors.py", no_figure="a condition on each code, of which all others are made",
)
