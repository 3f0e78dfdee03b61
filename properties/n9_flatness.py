"""N9, flatness: under L0, TopK, and MCP where it has saturated, the objective does not decide between the truth and
others.

Codes that are on are free, so that any dictionary whose cones hold the same data with the same number of atoms costs
the same. A nested pair: the parent alone (a, 0) keeps its atom on its ray, as a second code would cost; the child's
atom may be at any angle from the extreme ray of the data, that of the least ratio of parent to child, through the
child itself, to just short of the parent's opposite. All of these have residual 0, zero gradient and zero curvature.
Under TopK with k = 2 the parent's atom is free as well, on the other side of the cone. None is an optimum to be
reported as the optimum.

And the truth is not even the best of them. On the extreme ray itself, samples are coded by one atom instead of two:

    F(extreme ray) = F(truth) - lam0 P(extreme ray)          (MCP: lam0 = gamma lam^2 / 2, codes saturated)

Other rays may save more, at the price of residuals: with sqrt(2 lam0) not small beside the magnitudes several rays
share an atom. So a parent that is never silent under its child is no global optimum of L0 either; where magnitudes
are spread so that the extreme ray has probability zero, the valley is all there is, and where the parent's
magnitudes reach down to 0 it begins at the child.
"""

from __future__ import annotations

from properties.base import Evidence, Statement


def valley() -> Evidence:
    """F along the valley of a nested pair under L0 and saturated MCP, and at its end, against P(extreme ray)."""
    import numpy as np

    from generators import nested_pair
    from generators.plane.priced import objectives
    from testbed.penalties import L0, MCP

    sample = nested_pair(0.4, magnitude="discrete([1.2, 1.6, 2])", child_magnitude="discrete([0.5, 0.8])").exact()
    X, w, off = sample.X, sample.weights, 0.0
    extreme = float(np.arctan2(0.8, 1.2))
    for price in (L0(2e-4), MCP(0.02, 1.0 + 1e-9)):
        lam0 = float(price.cost(np.array(9.0)))
        angles = np.array([extreme, extreme + 0.1, 1.0, np.pi / 2, 2.5, 3.0])
        F = objectives(price, X, w, np.zeros(6), angles) / lam0
        off = max(off, abs(F[0] - (1.4 - 0.4 / 6)), float(np.abs(F[1:] - 1.4).max()))
    return Evidence("F / lam0 along the valley against 1 + rho, and at its end less P(extreme ray)", off, 1e-9)


STATEMENT = Statement(
    id="N9", name="flatness", where="free codes", penalties=("mcp", "l0", "topk"),
    statement="nested pair, free codes: F is flat from the extreme ray to −parent, and less on the ray itself",
    tests="tests/generators/test_priced_predictions.py", code="generators.plane.priced", demonstrate=valley,
)
