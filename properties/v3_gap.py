"""V3, a gap for any dictionary: how far from the best possible is the dictionary that I trained? Take its objective
F(D, Z) and charge its activity the price tau: F + tau sum_j |v_j|, where |v_j| = sqrt(E[z_j^2]) is the root mean square
of atom j's codes. No dictionary without bias, of any width, has a priced objective below P(lam, tau), or below V2's
bound on it. The difference between the two numbers is therefore a certified gap.

Why: the dictionary and its codes are admissible in the convex problem, where with |d_j| = 1 they cost sum_j sqrt(lam^2
<a, v_j>^2 + tau^2 |v_j|^2). Since sqrt(p^2 + q^2) <= p + q for p, q >= 0, that is at most lam sum_j E[z_j] + tau sum_j
|v_j|, the penalty and the price.

There is a bound on F itself, too. Call A = sum_j E[z_j^2] / E[z_j] the activity of a dictionary. Then F >= P(lam, tau)
- tau^2 A / (2 lam) for every dictionary of activity A or less, because sqrt(lam^2 s^2 + t^2) <= lam s + t^2 / (2 lam
s). The floor of G1 is the same for all widths; this bound rises as dictionaries get narrower. The tau that makes it
best for a given A comes out of the same program. `testbed check --bounds` prints both.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V3", name="certified gap", where="dictionaries of every width",
    statement="P(λ, τ) ≤ F_τ ≤ F + τΣ√E[zⱼ²];  F ≥ P(λ, τ) − τ²A/2λ if ΣE[zⱼ²]/E[zⱼ] ≤ A",
    tests="tests/testbed/test_convex.py", code="testbed.bounds.gaps",
)
