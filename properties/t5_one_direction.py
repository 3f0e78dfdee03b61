"""T5, one direction, bias fitted: x = s u, two atoms: F = min over c of E[h(s - c)], with D = (u, -u) and b = cu.

Why: no less by G1, as |x - b| >= |s - <b, u>|; attained, as +-u code s beyond c +- lam alone. c is where E clip(s -
c, -lam, lam) = 0 (B1). On/off s = 0 or a, P(a) = p < 1/2: c = lam p / (1 - p), from p lam = (1 - p) c, and only +u is
live. p > 1/2 is the mirror image: one atom -u codes absence. Both signs live, an antipodal pair about the median,
when s spreads by more than lam on both sides of c.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T5", name="one dense direction", where="optima of an exact toy world",
    statement="x = su, bias fitted: F = min_b E[h_λ(s − b)]",
    tests="tests/generators/test_exact_predictions.py", code="generators.worlds.antipodal",
)
