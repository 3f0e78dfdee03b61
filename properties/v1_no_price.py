"""V1, no price: P(lam, 0) = E[h_lam(|x|)], attained by the diagonal Q_ii = (|x_i|/lam - 1)+: an atom for every point.

Why: there R = (I + Q)^-1 Y has the rows a_i p_i, p_i being x_i shortened to length at most lam, so M_il = 1/2 a_i a_l
(lam^2 - <p_i, p_l>) >= 0: copositive, being nonnegative. Where Q_ii > 0 |p_i| = lam and M_ii = 0. Among points longer
than lam, M_il is 1/2 lam^2 a_i a_l (1 - cos(x_i, x_l)). The floor of G1 again, by another road.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V1", name="the floor is a convex optimum", where="dictionaries of every width",
    statement="P(λ, 0) = E[h_λ(|x − b|)], proved by any R with |Rᵢ| ≤ λaᵢ",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.convex",
)
