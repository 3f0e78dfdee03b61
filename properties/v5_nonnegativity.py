"""V5, without nonnegativity: only Q positive semidefinite. A smaller minimum, which bounds signed dictionaries in the
manner of V3.

Why: E|z_j| >= |<a, v_j>|. What nonnegativity costs is the difference. Without a price this bound is weak: it is h(|E
x|), approached and not attained, for Q may grow freely orthogonal to a. What remains is 1/2 |E x|^2 / (1 + q) + 1/2
lam^2 q, least at q = (|E x| / lam - 1)+. It is never above V1's value, h being convex. For centred data it is the sum
of h_tau over the singular values of Y, whatever lam.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V5", name="what nonnegativity costs", where="dictionaries of every width",
    statement="without elementwise nonnegativity: a lower bound, at τ = 0 only h_λ(|E x|)",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.lower",
)
