"""A4, the encoder's error, atom by atom: what wrong codes cost adds up over atoms to the whole amortisation gap.

With dz = z^e - z the difference of an encoder's codes and the exact ones, s the scores of the exact ones,

    F(D, z^e) - phi(D) = E[ sum_j dz_j (lam (1 - s_j) + 1/2 <dz D, d_j>) ].

Expand 1/2 |r - dz D|^2 + lam sum (z + dz) about z. Each term is an atom's share. The first part charges codes that are
on and should be off (s_j < 1, dz_j > 0) and nothing where j is rightly on (s_j = 1); the second is the square of the
shift of the reconstruction, shared out by who moved it, and may be negative for an atom that makes up for others.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="A4", name="encoder error by atom", where="any dictionary and encoder",
    statement="F(D, zᵉ) − φ(D) = Σⱼ E[δzⱼ(λ(1 − sⱼ) + ½⟨δz D, dⱼ⟩)], δz = zᵉ − z",
    tests="tests/audits/test_audit.py", code="audits.amortisation",
)
