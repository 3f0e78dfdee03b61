"""A2, the implied price: whatever separable price the codes paid, E[z_j r] is along d_j at a stationary dictionary.

    E[z_j r] = p_j E[z_j] d_j,     p_j = <E[z_j r], d_j> / E[z_j]

F = E[1/2 |r|^2 + sum_j g(z_j)] depends on d_j through r alone, dF/dd_j = -E[z_j r], and on the sphere its part tangent
to d_j vanishes, at the codes that the training used, whether they are the best or an encoder's: if the encoder is
trained too, its parameters are stationary beside the atoms and change nothing here. Where codes are optimal for g,
<r, d_j> = g'(z_j) while j is on, so that p_j = E[z_j g'(z_j)] / E[z_j]: lam for every atom under L1, 0 under L0 and
TopK, where g' = 0.

An SAE's encoder scales its codes freely, and a stationary scale of the codes of atom j, times 1 + eps, says E[z_j
(<r, d_j> - g'(z_j))] = 0: the same price. So prices tell the objective without a configuration file, and contradict one
that was written for scaled activations; their spread over atoms tells how far training got.
"""

from __future__ import annotations

from properties.base import EVERY, Statement

STATEMENT = Statement(
    id="A2", penalties=EVERY, name="implied price", where="a stationary dictionary, any separable price",
    statement="E[zⱼ r] = pⱼ E[zⱼ] dⱼ, pⱼ = E[zⱼ g′(zⱼ)]/E[zⱼ]: λ under L1, 0 under L0 and TopK",
    tests="tests/audits/test_audit.py", code="audits.penalty",
)
