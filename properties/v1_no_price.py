"""V1, no price: if activity costs nothing beyond the penalty (tau = 0) and the number of atoms is unlimited, the best
objective is the Huber floor, P(lam, 0) = E[h_lam(|x|)], and one atom for every point attains it.

In words: give every data point x_i an atom of its own, pointing at it. The best code is then |x_i| - lam, what is left
over has length lam (or is x_i itself, if that is shorter), and the cost is h_lam(|x_i|). As Q this is the diagonal
matrix with Q_ii = (|x_i| / lam - 1)+. The convex problem proves that nothing is better.

Why: at this Q the matrix R = (I + Q)^-1 Y has the rows a_i p_i, where p_i is x_i shortened to length at most lam. So
the slope of f has the entries M_il = 1/2 a_i a_l (lam^2 - <p_i, p_l>), and these are not negative, because two vectors
of length at most lam have an inner product of at most lam^2. A matrix without negative entries is copositive, which is
the first condition for an optimum. The second, <M, Q> = 0, asks that M_ii = 0 wherever Q_ii > 0; there |p_i| = lam, and
it is. This is the floor of G1 again, reached by another road. Between two points longer than lam, M_il = 1/2 lam^2 a_i
a_l (1 - cos(x_i, x_l)): what it would cost to let them share an atom.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V1", name="the floor is a convex optimum", where="dictionaries of every width",
    statement="P(λ, 0) = E[h_λ(|x − b|)], proved by any R with |Rᵢ| ≤ λaᵢ",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.convex",
)
