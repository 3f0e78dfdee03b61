"""T1, one-sparse: one feature at a time, any distinct directions, magnitudes above lam, as many atoms as features:
exact recovery, z = a - lam, F = E[h(a)].

Why: an atom per direction leaves residuals lam v_k, of length lam, whose score <v_k, v_j> is at most 1 with every
atom: the wide limit (G2).
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T1", name="one-sparse", where="optima of an exact toy world",
    statement="one feature at a time, m = their number: exact recovery, z = a − λ",
    tests="tests/generators/test_exact_predictions.py", code="generators.worlds.one_sparse",
)
