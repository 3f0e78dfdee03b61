"""V2, a computable bound: replace complete positivity by its two consequences, Q positive semidefinite and elementwise
>= 0. That is a semidefinite program, and a lower bound on P, since the minimum is over more matrices. For n <= 4 the
two cones are equal and so are the values.

Any feasible point of its dual is a bound as well, solved to optimality or not: tr(K (I + Q)^-1) is the largest 2
tr(R'Y) - tr(R'(I + Q)R) over R (n, d). So if C - RR' = S + N with S positive semidefinite and N >= 0, then f(Q) >=
tr(R'Y) - 1/2 |R|^2 for every such Q. In V1, R has rows a_i p_i and S = 0. At the optimum R is the weighted residual,
(I + Q)^-1 Y; a bias, minimised over, adds a'R = 0. Without cones: C - RR' copositive means |R'v|^2 <= v' C v for v >=
0, that no atom earns more than it costs.

Beyond four points the bound can be lower than P: by more than 1e-6 in 8 of 52 problems of 6 to 10 random unit vectors
in three dimensions, at most 1.3e-3 of about 0.3. What a solver returns is repaired and proved feasible in floating
point, rounding included (`testbed/bounds/certificate.py`). Sizes: 40 distinct samples; without the elementwise part
(V5) 1500 in up to 60 dimensions; the floor, any number. `convex_fit` finds the optimal dictionary itself for 200,
adding atoms where they score highest: exact at tau = 0, certified in up to three dimensions, an estimate beyond.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V2", name="doubly nonnegative bound", where="dictionaries of every width",
    statement="max ⟨R, Y⟩ − ½|R|² over λ²aaᵀ + τ²I − RRᵀ = PSD + nonnegative is ≤ P(λ, τ)",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.convex",
)
