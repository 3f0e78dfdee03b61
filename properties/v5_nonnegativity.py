"""V5, without nonnegativity: let codes have either sign. Then Q only has to be positive semidefinite, the minimum is
over more matrices and so smaller, and it bounds signed dictionaries as V3 bounds the others, because a signed atom pays
E|z_j| >= |<a, v_j>|. What nonnegativity costs is the difference between the two minima.

Without a price (tau = 0) this bound is weak: it is h(|E x|), the cost of the mean alone, and it is approached but not
attained. The reason is that Q may grow without limit in all directions orthogonal to a, where it costs nothing and
codes all that varies. What remains is the mean, with 1/2 |E x|^2 / (1 + q) + 1/2 lam^2 q, least at q = (|E x| / lam -
1)+. It is never above V1's value E[h(|x|)], since h is convex. For centred data, and any price, the bound is the sum of
h_tau over the singular values of Y, whatever lam: the classical answer of principal components, soft-thresholded.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V5", name="what nonnegativity costs", where="dictionaries of every width",
    statement="without elementwise nonnegativity: a lower bound, at τ = 0 only h_λ(|E x|)",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.lower",
)
