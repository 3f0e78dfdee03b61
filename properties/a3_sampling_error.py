"""A3, sampling error: on fresh samples an optimum's statements fail by chance, and by a known amount.

On n samples that training has not seen, delta_j = E_j[r] / lam - d_j is not 0 at the optimum of the distribution. To
first order in 1/n it has mean 0 and covariance C_j / n,

    C_j = Var(z_j (r / lam - d_j)) / mu_j^2,     so     E|delta_j|^2 = tr C_j / n,

as the mean of n independent vectors z_j (r / lam - d_j) / mu_j. An optimum of n_A samples, evaluated on n_B
others, has the error of both, and |delta|^2 is 1 + n_B / n_A times tr C_j / n_B. S2 is the same vector. S4, S5 and
S6 concern <delta_j, d_k>, B1, B2 and B3 the mean of the residual, with variances of the same form. A statement is
violated where the ratio of squares to their expectation, pooled over atoms, exceeds 1 by more than chance has it.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="A3", name="sampling error", where="a stationary dictionary of the distribution, n fresh samples",
    statement="E|Eⱼ[r]/λ − dⱼ|² = tr Var(zⱼ(r/λ − dⱼ)) / (n μⱼ²)",
    tests="tests/audits/test_sampling.py", code="audits.statements",
)
