"""T2, correlated pair: two features at right angles, both of magnitude 1. Each fires alone with probability alpha, and
the two together with probability beta. Are the atoms the features? No: firing together pulls the atoms towards each
other. For small lam both tilt inwards by the same angle psi, the root of

    alpha (cos psi - lam) sin psi = beta lam t (1 - lam t) tan(pi/4 - psi),     t = 1 / (cos psi + sin psi).

For small lam psi is about lam beta / alpha: the tilt is proportional to the penalty, and to how much more often the
features fire together than alone.

Why: a feature alone is coded by its own atom, with z = cos psi - lam. The pair is coded by both atoms, with z = t (1 -
lam t) each, which leaves |r|^2 = 2 lam^2 t^2. By C2 the objective is F = alpha (1 - (cos psi - lam)^2) + beta (1 - (1 -
lam t)^2); the equation sets its derivative to zero.

At a critical lam the optimum jumps to a pair without symmetry. One atom then lies on one feature exactly (by S1, as it
codes that single point alone). The other serves the pair and the other feature, from the angle pi/4 + delta, the root
of

    beta (sqrt2 cos delta - lam) sqrt2 sin delta = alpha (sin(pi/4 + delta) - lam)+ cos(pi/4 + delta).

The more often the features fire together, the smaller is the lam at which it jumps.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="T2", name="correlated pair", where="optima of an exact toy world",
    statement="α(cos ψ − λ) sin ψ = βλt(1 − λt) tan(π/4 − ψ), t = 1/(cos ψ + sin ψ)",
    tests="tests/generators/test_exact_predictions.py", code="generators.worlds.correlated_pair",
)
