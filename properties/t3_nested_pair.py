"""T3, nested pair: a parent feature always fires; with probability rho its child joins it, at an angle theta. Both have
magnitude 1. The best two atoms are not parent and child, but the parent and the normalised sum of both: the child's
atom has absorbed the parent. For every theta in (0, pi),

    F = (1 - rho) (lam - lam^2/2) + rho (2 cos(theta/2) lam - lam^2/2)     where both lengths exceed lam.

Why: the data are two points only, the parent, of length 1, and the sum, of length 2 cos(theta/2). With an atom for each
direction every residual is at most lam long, and that certifies a global optimum (G2).

If magnitudes vary, both atoms tilt, and as lam -> 0 they reach the extreme rays of the cone that holds the data. The
reason is that F / lam tends to E[sum z] if the atoms' cone contains the data, and to infinity if it does not; among
cones that contain the data, a narrower one needs smaller codes.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T3", name="nested pair", where="optima of an exact toy world",
    statement="the optimal atoms are the parent and the normalised sum; with spread magnitudes the child's "
              "atom reaches the extreme ray of the data as λ → 0",
    tests="tests/generators/test_exact_predictions.py", code="generators.plane.absorption",
)
