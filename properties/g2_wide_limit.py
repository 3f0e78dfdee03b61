"""G2, the wide limit: max|r| <= lam if and only if F equals the floor (G1), and then every point longer than lam is
coded by its own direction alone, with z = |x - b| - lam.

Why: at exact codes the terms added in G1 come to at most (|x - b| - lam)+ (|r| - lam)+, as is derived there. So |r|
<= lam puts a sample on the floor. On the floor r = q, of length at most lam, and zD = x - b - q, where atoms with z_k
> 0 satisfy <d_k, q> = lam = |q|, so that d_k = q / lam. Until then, the atom r/|r| of any sample with |r| > lam
strictly lowers F (M3). So a dictionary with max|r| <= lam is a global optimum, and that is a certificate.

Finite-size law: on the way to the wide limit a point costs more than its floor by what its nearest atoms miss. For
points all round a circle of radius a and m evenly spaced atoms, with codes of one atom near it and of two between,
the average is known exactly (`generators.wide.ring_excess`) and is lam (a - lam)(2a - lam) pi^2 / (6 a m^2) for many
atoms: within eps of the floor after about m = pi sqrt(lam (a - lam)(2a - lam) / (6 a eps)). In d dimensions the
exponent is -2/(d - 1), that of quantisation. With n points in n directions the floor is reached at m = n, not before.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="G2", name="wide limit", where="exact codes",
    statement="max|r| ≤ λ ⇔ F = E[h_λ(|x − b|)] ⇔ every long point is coded by its own direction",
    tests="tests/properties/test_splitting.py", code="properties.g1_floor",
)
