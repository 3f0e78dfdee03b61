"""V3, a gap for any dictionary: P(lam, tau) <= F(D, Z) + tau sum_j |v_j| for every dictionary without bias, whatever
its width; |v_j| = sqrt(E[z_j^2]).

Why: its factors are admissible, |d_j| = 1, and sqrt(p^2 + q^2) <= p + q for p, q >= 0. The left side, or V2's bound,
thus certifies how far from optimal a trained dictionary can be, once activity has a price. Also F >= P(lam, tau) -
tau^2 A / (2 lam) for every dictionary of activity sum_j E[z_j^2] / E[z_j] <= A, since sqrt(lam^2 s^2 + t^2) <= lam s
+ t^2 / (2 lam s): unlike the floor this rises as dictionaries get narrower, and the best tau for a given A comes out
of the same program. `testbed check --bounds` prints both.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V3", name="certified gap", where="dictionaries of every width",
    statement="P(λ, τ) ≤ F_τ ≤ F + τΣ√E[zⱼ²];  F ≥ P(λ, τ) − τ²A/2λ if ΣE[zⱼ²]/E[zⱼ] ≤ A",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.gaps",
)
