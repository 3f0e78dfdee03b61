"""T8, a nested pair under any price: a parent, or parent and child with probability rho; two atoms, no bias.

Constant magnitudes give two points, of lengths a and t (orthogonal features: t^2 = a^2 + c^2) at a cosine k.

    concave g, TopK with k = 1: absorbed; F = (1 - rho) e_g(a) + rho e_g(t), an atom for each point (N8)
    Energy:    absorbed   at most up to  tau = lam (1 - k) / (L k - lam), L the longer length; no end if L k <= lam
               tilted     both atoms on at the child's point, at the cosine that N6 gives
               merged     from the root of  tau E[z (lam + tau z)] = E[<x, u>^2; on],  z = (<x, d> - lam)+ / (2 + tau),
                          d where E (<x, d> - lam)+^2 is largest and u across it: one direction for both

The first is where absorption ceases to be stationary: the residual of the longer point, (lam + tau L) / (1 + tau)
along its atom, has a score above lam with the other. The optimum leaves it there continuously or, where the points
are close in angle, jumps to the tilted pair a little before. The second is N10 for atoms that turn apart from
coincidence. TopK with k = 2: not unique (N9). With spread finite magnitudes, by search over all pairs of angles.
"""

from __future__ import annotations

from properties.base import EVERY, Statement

STATEMENT = Statement(
    id="T8", name="nested pair, any price", where="optima of an exact toy world", penalties=EVERY,
    statement="concave: absorbed, F = (1 − ρ)e_g(a) + ρe_g(t); Energy: absorbed, tilted, merged as τ grows",
    tests="tests/generators/test_priced_predictions.py", code="generators.prices",
)
