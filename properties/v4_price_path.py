"""V4, the path in tau: from one atom for each sample, through categories that merge, to none. P and tr Q behave in
tau^2 as F and E[sum z] do in lam (G3): P is concave and non-decreasing in tau^2, its slope is tr Q / 2, and that
does not increase.

Why: f is affine in tau^2. It starts at one atom per point, and ends with none: Q = 0 is optimal if and only if C - K
is copositive, that is if tau^2 is at least the largest v'(K - lam^2 a a')v over unit v >= 0. Just below, one category
begins, with that v (if only one is largest) for its activities.

In between categories merge: while every atom is private, sample i behaves as at the penalty lam_i = sqrt(lam^2 +
tau^2 / w_i), and samples i and l begin to share when cos_il lam_i lam_l = lam^2: rare pairs early, close pairs early.
Two atoms do not slide into one: from there on C = RR' on the pair and the atoms are not unique, until Q loses rank
and one is left, for equal weights and lengths at tau = |x| sqrt(w (1 - cos)), whatever lam. At last samples fall
silent, alone where lam_i = |x_i|; groups need not nest.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V4", name="the path in the price", where="optima of every width along τ",
    statement="one atom a point at τ = 0; i, l share from cos λᵢλₗ = λ², λᵢ² = λ² + τ²/wᵢ, and have one "
              "atom from τ² = w|x|²(1 − cos) (equal w, |x|)",
    tests="tests/testbed/test_convex_merging.py", code="testbed.bounds.merging",
)
