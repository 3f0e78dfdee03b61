"""M1, second order: at a local minimum the Hessian of phi is not negative. For Delta with rows orthogonal to the atoms
(and a bias perturbation beta), with support A, u = z_A Delta_A + beta, v = Delta_A r:

    H = lam sum_j mu_j |Delta_j|^2 + E[ |u|^2 - (v - D_A u)' G_A^-1 (v - D_A u) ]  >=  0.

Why: while no support changes, codes follow the atoms so that scores on the support stay 1: D_A r = lam 1. To first
order r moves by -(u + dz D_A) and the scores by v - D_A u - G_A dz, so dz = G_A^-1 (v - D_A u). At fixed codes 1/2
|r|^2 gains 1/2 |u|^2 and nothing else of second order in z; the codes' response lowers it by 1/2 dz' G_A dz; and an
atom on the sphere moves by Delta_j - 1/2 |Delta_j|^2 d_j, whose second part meets -E[z_j r] = -lam mu_j d_j. H is
twice the sum. It is also the Hessian that training uses.

H > 0 suffices for a local minimum. Where a score off the support is exactly lam, or a code on it exactly 0, the
second derivative is one-sided and nothing is claimed.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="M1", name="second order", where="a local minimum, no support about to change",
    statement="H[Δ,Δ] = λΣμⱼ|Δⱼ|² + E[|u|² − (v − D_A u)ᵀG_A⁻¹(v − D_A u)] ≥ 0",
    tests="tests/testbed/test_second_order.py", code="testbed.descent.curvature",
)
