"""T4, exclusive children: a parent always fires, and with it exactly one of k children. With as many atoms as children
every atom is the parent joined to one child, and no atom stands for the parent alone: the data are k directions, and
each has its own atom (G2).

With fewer atoms, children share. Suppose that each atom serves a group of children of its own. Then F is E|x|^2/2 less
what each group gains, which for one atom on a group is max over unit d of 1/2 E[(<x, d> - lam)+^2; group] (C2), and the
best partition into groups decides. If the children are equally likely and equally related, groups split one child after
another as the dictionary widens, since the gain of a group is convex in its size, so that the splits form a tree. In
general they need not: a chain of four children goes from the groups {12}{34} to {1}{23}{4}.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T4", name="exclusive children", where="optima of an exact toy world",
    statement="m = k: every atom is the parent joined to one child; m < k: children share",
    tests="tests/generators/test_exact_predictions.py", code="generators.splitting",
)
