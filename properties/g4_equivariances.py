"""G4, equivariances: rotated data give rotated atoms; atoms may be permuted; (X, lam) -> (cX, c lam) multiplies F by
c^2 and codes by c; integer weights are repeated rows.

A penalty is scaled with the data: lam and eps by c, lam0 by c^2, tau, gamma and k not at all.

Why: substitute. Training works in units of a power of two near lam, so that for c a power of two the result is the
same bit for bit.
"""

from __future__ import annotations

from properties.base import EVERY, Evidence, Statement


def scaled() -> Evidence:
    """Six points and an optimum of three atoms, and the same in units four times as large."""
    import numpy as np

    from testbed import fit

    X = np.array([[3.0, 1, 0], [1, 2, 1], [0, 1, 2], [2, 0, 1], [1, 1, 1], [0, 2, 3]])
    one, four = fit(X, 3, 0.3, restarts=1), fit(4 * X, 3, 1.2, restarts=1)
    off = max(abs(four.objective / 16 - one.objective), float(np.abs(four.D - one.D).max()))
    return Evidence("objective / c^2 and atoms of (cX, c lam), c = 4, against those of (X, lam)", off, 0.0)


STATEMENT = Statement(
    id="G4", penalties=EVERY, name="equivariances", where="every problem",
    statement="rotation, permutation, (X, λ) → (cX, cλ), integer weights = repeated rows",
    tests="tests/testbed/test_training.py", code="testbed.problem",
    no_figure="an exact symmetry: bit for bit, or to rounding",
    demonstrate=scaled,
)
