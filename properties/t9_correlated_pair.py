"""T9, a correlated pair under any price: two orthogonal features of magnitude 1, each alone with probability alpha,
together with probability beta; two atoms, no bias.

Where codes are free once they are on (L0; MCP with gamma lam <= 1/sqrt2 and lam0 = gamma lam^2 / 2), the truth codes
all points exactly: F = 2 (alpha + beta) lam0, and nothing tilts: the tilt of T2 is the price's doing (N4). Until, at

    lam0 = 1/2 + alpha / (4 beta) - sqrt(1/4 + alpha^2 / (16 beta^2)),

one atom serves the pair and a single together, at 45 + delta degrees, tan(2 delta) = alpha / (2 beta): it codes the
pair by one atom, saving beta lam0, and misses beta sin^2 delta + alpha (1 - sin 2 delta) / 4. (beta -> 0: 1/2, where
a single is no longer worth an atom.) L1, Energy and Log: both atoms tilt, or the symmetry breaks, at roots found by
search.
"""

from __future__ import annotations

from properties.base import EVERY, Statement

STATEMENT = Statement(
    id="T9", name="correlated pair, any price", where="optima of an exact toy world", penalties=EVERY,
    statement="L0, MCP: the truth, until λ₀ = ½ + α/4β − √(¼ + α²/16β²); no tilt before",
    tests="tests/generators/test_priced_predictions.py", code="generators.prices",
)
