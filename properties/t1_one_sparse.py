"""T1, one-sparse: if only one feature fires at a time, and always with a magnitude above lam, then as many atoms as
there are features recover them exactly. Atom k is feature k, its code is the feature's magnitude less the penalty, z =
a - lam, and the objective is the floor E[h(a)]. The directions only have to be distinct; they may be as close as one
likes.

Why: with an atom along every feature, a sample a v_k leaves the residual lam v_k. Its score with another atom j is the
cosine <v_k, v_j>, at most 1, so no other atom wants to fire (C1). Every residual has length lam, which certifies a
global optimum (G2, the wide limit).

Under any other concave price, and TopK with k = 1, an atom along every feature is as good as any dictionary too: z =
prox(a) and F = E[e_g(a)], the floor (N8).
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T1", penalties=("l1", "log", "mcp", "l0", "topk"), name="one-sparse", where="optima of an exact toy world",
    statement="one feature at a time, m = their number: exact recovery, z = a − λ",
    tests="tests/generators/test_exact_predictions.py", code="generators.worlds.one_sparse",
)
