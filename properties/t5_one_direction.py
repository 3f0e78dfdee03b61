"""T5, one direction, bias fitted: all data lie along one unit vector, x = s u, and there are two atoms. The best choice
is the antipodal pair D = (u, -u) with a bias b = cu, and F = min over c of E[h(s - c)]: the bias sits where it makes
the mean Huber loss least, a compromise between mean and median, and the two atoms code what is more than lam above and
below it.

Why: F is no less, by G1, since |x - b| >= |s - <b, u>|. It is attained, since +u alone fires at s > c + lam and -u
alone at s < c - lam. The best c is where E clip(s - c, -lam, lam) = 0, which is B1.

A feature that is either off or on shows what this means: s = 0 or a, with P(a) = p < 1/2. Balance asks that p lam = (1
- p) c, so c = lam p / (1 - p), a small bias, and only +u is live. For p > 1/2 everything is mirrored: the bias sits
near a, and one atom -u codes the feature's absence. Both signs are live, an antipodal pair about the median, once s
spreads by more than lam on both sides of c.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T5", name="one dense direction", where="optima of an exact toy world",
    statement="x = su, bias fitted: F = min_b E[h_λ(s − b)]",
    tests="tests/generators/test_exact_predictions.py", code="generators.worlds.antipodal",
)
