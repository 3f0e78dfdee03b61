"""G3, penalties: F* is concave and non-decreasing in lam; where it is differentiable its slope is E[sum z], and that
does not increase with lam.

In general: F* is concave in any factor t of the price, t g in place of g, with slope E[sum g(z)]. So in lam0 (L0),
in lam at fixed eps (Log), and in (lam, tau) together (Energy).

Why: at fixed (D, Z, b) the objective is affine in lam with slope E[sum z] >= 0, and F* is the least of these. So the
optimum at one penalty bounds F* at every other, F*(lam') <= F + (lam' - lam) E[sum z]: `path` takes a broken bound
for a proof that a better optimum was missed, and starts from there.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="G3", penalties=("l1", "energy", "log", "l0"), name="concave in the penalty", where="global minima along a path",
    statement="F*(λ) is concave and non-decreasing, dF*/dλ = E[Σz], non-increasing",
    tests="tests/testbed/test_paths.py", code="testbed.basins.paths",
)
