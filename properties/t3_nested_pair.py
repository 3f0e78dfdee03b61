"""T3, nested pair: a parent alone, or with a child at angle theta with probability rho; magnitudes 1, two atoms: the
parent and the normalised sum, and F = (1 - rho)(lam - lam^2/2) + rho (2 cos(theta/2) lam - lam^2/2), for all theta in
(0, pi).

Why: the data have two directions, of lengths 1 and 2 cos(theta/2): G2, where both exceed lam.

With varying magnitudes both atoms tilt, and as lam -> 0 they reach the extreme rays of the data cone: F / lam tends
to E[sum z] where the atoms' cone contains the data, and to infinity elsewhere; a narrower cone needs smaller sums.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T3", name="nested pair", where="optima of an exact toy world",
    statement="the optimal atoms are the parent and the normalised sum; with spread magnitudes the child's "
              "atom reaches the extreme ray of the data as λ → 0",
    tests="tests/generators/test_exact_predictions.py", code="generators.plane.absorption",
)
