"""A1, the split of an excess: what a trained SAE loses against any dictionary, exactly, by cause.

    F(D, z^e) - L = [F(D, z^e) - phi(D, b)]       amortisation: the encoder's codes z^e are not the best ones
                  + [phi(D, b) - phi(D', b')]     dictionary: D', b' is the stationary point that descent from D reaches
                  + [phi(D', b') - phi(best)]     basin: the best that restarts within a budget found
                  + [phi(best) - L]               open: down to a floor that no dictionary undercuts (G1, V3)

A sum that telescopes. The first and the last term are never negative: phi is the least over codes, and L a lower
bound. The two between are not negative on the samples that were descended on. On fresh ones, where everything is
evaluated, they may be, by what was learned of those samples alone, and paired differences, sample by sample, have
standard errors far below those of F. With a fitted bias L is the minimum over b of G1's floor, a convex function.
"""

from __future__ import annotations

from properties.base import Statement

STATEMENT = Statement(
    id="A1", name="split of an excess", where="any dictionary, bias and encoder",
    statement="F(D, zᵉ) − L = [F(D, zᵉ) − φ(D)] + [φ(D) − φ(D′)] + [φ(D′) − φ(best)] + [φ(best) − L]",
    tests="tests/audits/test_audit.py", code="audits.accounting",
)
