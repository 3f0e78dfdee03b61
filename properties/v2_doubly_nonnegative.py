"""V2, a computable bound: no algorithm is known that minimises over completely positive matrices fast, so two of
their properties take their place: Q is positive semidefinite, and no entry of Q is negative. What remains is a
semidefinite program, which standard solvers solve. Its value is at most P, since it searches among more matrices; for
up to four points the two sets of matrices are the same, and so are the values.

Why a bound needs no trust in the solver: tr(K (I + Q)^-1) is the largest value of 2 tr(R'Y) - tr(R'(I + Q)R) over
matrices R (n, d). So take any R at all for which C - RR' = S + N, with S positive semidefinite and N without negative
entries. Then f(Q) >= tr(R'Y) - 1/2 |R|^2 for every admissible Q, whether R is the best choice or not: any such R proves
a bound. V1's is the choice R = (a_i p_i), with S = 0. At the optimum R is the weighted residual (I + Q)^-1 Y. If a bias
is minimised over as well, R must satisfy a'R = 0. In terms of atoms the condition is that |R'v|^2 <= v'Cv for v >= 0:
no atom earns more than it costs.

How good it is: beyond four points the bound can lie below P; among 52 problems of 6 to 10 random unit vectors in three
dimensions it did so by more than 1e-6 in 8, and by at most 1.3e-3 of about 0.3. What a solver returns is repaired and
then proved feasible in floating point, rounding included (`testbed/bounds/certificate.py`). Sizes: 40 distinct samples;
without the condition on entries (V5) 1500 in up to 60 dimensions; the floor alone, any number. `convex_fit` finds the
optimal dictionary itself for 200 samples, by adding atoms where they score highest: exact at tau = 0, certified in up
to three dimensions, an estimate beyond.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V2", name="doubly nonnegative bound", where="dictionaries of every width",
    statement="max ⟨R, Y⟩ − ½|R|² over λ²aaᵀ + τ²I − RRᵀ = PSD + nonnegative is ≤ P(λ, τ)",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.convex",
)
