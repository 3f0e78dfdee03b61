"""T10, one direction with a fitted bias under a concave price: x = s u, two atoms: F = min over c of E[e_g(|s - c|)],
with D = (u, -u) and b = c u.

No less by N8, as |x - b| >= |s - <b, u>| and e_g does not decrease; attained, as each s is coded by +u or -u alone.
Under L0 e_g(t) = min(t^2 / 2, lam0): c is the mean of the values within sqrt(2 lam0) of it, so the bias sits at a
mode of the law, where most values need no code, while under L1 it is near the median (T5). Nothing asks the two
atoms to fire equally often: B3 is about a price that is the same for all codes.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T10", name="one dense direction, concave price", where="optima of an exact toy world",
    penalties=("log", "mcp", "l0"), statement="x = su, bias fitted: F = min_c E[e_g(|s − c|)]; L0: c at a mode",
    tests="tests/generators/test_priced_predictions.py", code="generators.prices",
)
