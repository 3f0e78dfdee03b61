"""V4, the path in tau: let the price of activity rise from zero. At first every sample has an atom of its own (V1);
then atoms merge into categories; at last there is none. Along the way P and tr Q behave in tau^2 as F and E[sum z] do
in lam (G3): P is concave and does not decrease in tau^2, its slope is tr Q / 2, and that does not increase.

Why: f is affine in tau^2 at fixed Q, and a minimum of affine functions is concave. The path ends, with Q = 0 optimal,
exactly when C - K is copositive, that is once tau^2 is at least the largest v'(K - lam^2 a a')v over unit vectors v >=
0. Just below that price one category is left, and this v (if only one is largest) holds its activities.

When do two samples merge? While every atom is private, sample i is coded as if its penalty were lam_i = sqrt(lam^2 +
tau^2 / w_i), which is larger for rarer samples. Samples i and l begin to share when cos_il lam_i lam_l = lam^2: rare
pairs early, and close pairs early. Their two atoms do not slide into one. From that price on C = RR' on the pair, so
that the atoms are not unique, until Q loses rank and one atom is left; for equal weights and lengths that is at tau =
|x| sqrt(w (1 - cos)), whatever lam. In the end samples fall silent, a lone one where lam_i = |x_i|. Groups need not
nest: who shares at one price need not share at the next.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="V4", name="the path in the price", where="optima of every width along τ",
    statement="one atom a point at τ = 0; i, l share from cos λᵢλₗ = λ², λᵢ² = λ² + τ²/wᵢ, and have one "
              "atom from τ² = w|x|²(1 − cos) (equal w, |x|)",
    tests="tests/testbed/test_convex_merging.py", code="testbed.bounds.merging",
)
