"""T2, correlated pair: two orthogonal features of magnitude 1, each alone with probability alpha, together with
probability beta. For small lam both atoms tilt inwards by the root psi of

    alpha (cos psi - lam) sin psi = beta lam t (1 - lam t) tan(pi/4 - psi),     t = 1 / (cos psi + sin psi).

Why: singles are coded by their own atom, z = cos psi - lam; the pair by both, z = t (1 - lam t) each, leaving |r|^2 =
2 lam^2 t^2. By C2 F = alpha (1 - (cos psi - lam)^2) + beta (1 - (1 - lam t)^2); set its derivative to zero. Small
lam: psi is about lam beta / alpha.

At a critical lam the optimum jumps to a pair without symmetry: one atom sits on a single exactly (S1, as it codes one
point), the other serves the pair and the other single, at pi/4 + delta, the root of

    beta (sqrt2 cos delta - lam) sqrt2 sin delta = alpha (sin(pi/4 + delta) - lam)+ cos(pi/4 + delta).

The jump comes earlier the more often the features fire together.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T2", name="correlated pair", where="optima of an exact toy world",
    statement="α(cos ψ − λ) sin ψ = βλt(1 − λt) tan(π/4 − ψ), t = 1/(cos ψ + sin ψ)",
    tests="tests/generators/test_exact_predictions.py", code="generators.worlds.correlated_pair",
)
