"""N7, splitting under a concave price: where atoms coincide at a local minimum, r = g'(z_j) d_j wherever they are on.

As for M2: two copies of atom j move to d_j +/- eps u. Under a concave g one copy carries the whole code (g(a) + g(b)
>= g(a + b)), and either may: each sample takes the copy that turns towards its residual, so that phi falls by eps
E[z_j |<u, r>|] to first order, unless r is parallel to d_j wherever j is on, and then it is g'(z_j) d_j by N1. L0
and TopK: r = 0 there. The price of a code does not change as its atom turns, so the gain is the same for every such
g.

Not under Energy. There copies share, z/2 each, because that is cheaper; the codes are unique, phi is smooth at the
coincidence, the copies' moves cancel to first order, and coincident atoms can be a minimum, which they are from a
tau on that theory gives (T8).

Residual, per live atom j and atom k that coincides with it: E_j|r - g'(z_j) d_j| / unit. Under L1 this is M2.
Holds at a local minimum.
Extremal: two copies of an atom under MCP, each coding points on its line.
"""

from __future__ import annotations

import numpy as np

from properties.base import TOLERANCE, Property
from properties.m2_splitting import finish, gather
from testbed.optimum import Optimum
from testbed.penalties import MCP
from testbed.problem import Problem


def turns() -> Optimum:
    """x = 5/4 u and 3 u under MCP, lam = 1/2, gamma = 4, one coded by each of two atoms u (z = 1, z = 3)."""
    u = np.array([0.6, 0.8])
    problem = Problem(np.array([[1.25], [3.0]]) * u, penalty=MCP(0.5, 4))
    return Optimum.at(problem, np.array([u, u]), Z=np.array([[1.0, 0], [0, 3.0]]))


PROPERTY = Property(
    id="N7", name="splitting, concave price", where="local_min", tolerance=TOLERANCE, gather=gather, finish=finish,
    case=turns, penalties=("log", "mcp", "l0", "topk"), needs="coincident atoms",
    statement="dⱼ = dₖ, g concave ⇒ r = g′(zⱼ)dⱼ wherever j is on: else dⱼ ± εu lowers φ by εE[zⱼ|⟨u, r⟩|]",
    tests="tests/properties/test_successors.py", no_figure="the picture of M2, under another price",
)
