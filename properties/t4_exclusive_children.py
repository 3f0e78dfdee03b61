"""T4, exclusive children: exclusive and exhaustive, with as many atoms as children: every atom is the parent joined to
one child, and the parent has none (G2).

With fewer, children share: atoms that serve disjoint groups cost E|x|^2/2 less what each group gains, max over unit d
of 1/2 E[(<x, d> - lam)+^2; group] (C2), so the best partition decides. Splits nest into a tree for equally likely,
equally related children, since the gain of a group is convex in its size and one child after another is split off; in
general they need not: a chain of four goes from {12}{34} to {1}{23}{4}.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T4", name="exclusive children", where="optima of an exact toy world",
    statement="m = k: every atom is the parent joined to one child; m < k: children share",
    tests="tests/generators/test_exact_predictions.py", code="generators.splitting",
)
