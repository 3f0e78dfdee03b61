"""What the second order makes of a dictionary (M1), a local minimum, a saddle, or neither by this evidence: `classify`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed.checks import Array
from testbed.descent.curvature import STATIONARY, least_curvature
from testbed.descent.engines import ALONE, Alone
from testbed.descent.phi import Reduced
from testbed.descent.revival import escape
from testbed.dictionary import Dictionary
from testbed.errors import InputTypeError
from testbed.optimum import Optimum
from testbed.penalties import L1
from testbed.problem import BLOCK_ENTRIES
from testbed.threads import limited
from testbed.verify import FLAT, KKT_TOLERANCE

MEMORY = 1 << 30  # bytes


@dataclass(frozen=True, eq=False)
class Classification:
    """What a dictionary with exact codes is, to second order.

    kind : 'local minimum' (least > FLAT), 'saddle' (a step along `direction` was seen to lower F), 'degenerate' (a
    support about to change, a flat direction, or no eigenvalue certified), 'not stationary', or 'too large to examine':
    data, codes and an inverse for every support would take more than MEMORY bytes.
    least, margin : see Curvature. direction : (m, d) tangent to the atoms; bias_direction : (d,).
    flat : the number of independent directions in which F does not curve (N9).
    decrease : by how much F fell along the direction, in squared units of X; 0 unless a saddle.
    """

    kind: str
    least: float | None
    margin: float
    direction: Array
    bias_direction: Array
    decrease: float
    flat: int = 0


def classify(optimum: Dictionary, threads: int | None = None) -> Classification:
    """Classify a dictionary by the least eigenvalue of its Hessian (M1); a saddle is one only if descent was seen.

    Codes are exact ones, computed anew on at most so many threads (see `fit`), from those of an Optimum where the
    problem of codes may not be convex. TypeError if the argument is no
    Dictionary, such as an Optimum.
    """
    if not isinstance(optimum, Dictionary):
        raise InputTypeError(f"classify: expected a testbed.Optimum; got {type(optimum).__name__}")
    if _bytes(optimum) > MEMORY:
        exact = optimum.kkt <= KKT_TOLERANCE  # then what was measured block by block is what would be found here
        kind = "not stationary" if exact and optimum.stationarity > STATIONARY else "too large to examine"
        return Classification(kind, None, 0.0, np.zeros_like(optimum.D), np.zeros_like(optimum.b), 0.0)
    phi = Reduced(optimum.problem, optimum.n_atoms)
    theta = np.vstack([optimum.D, optimum.b[None] / phi.unit]) if phi.extra else np.array(optimum.D)
    with limited(phi.work, threads, "classify"):
        start = None
        if isinstance(optimum, Optimum) and not isinstance(optimum.problem.penalty, L1):
            start = optimum.Z[np.flatnonzero(optimum.problem.weights)] / phi.unit
        point = phi.at(theta, start=start)
        if point.stationarity > STATIONARY:
            return Classification("not stationary", None, 0.0, np.zeros_like(optimum.D), np.zeros_like(optimum.b), 0.0)
        found = least_curvature(phi, point)
        kind, decrease = "degenerate", 0.0
        if found.least is not None and found.least > FLAT:
            kind = "local minimum"
        elif found.least is not None and found.least < -FLAT:
            engine = Alone(phi, point)
            if escape(engine, ALONE, found.direction[None]).any():
                kind, decrease = "saddle", (point.value - engine.point.value) * phi.unit**2
    direction = found.direction
    return Classification(kind, found.least, found.margin, direction[: phi.m],
                          direction[phi.m] * phi.unit if phi.extra else np.zeros_like(optimum.b), decrease,
                          len(found.flat))


def _bytes(optimum: Dictionary) -> float:
    """What is held to examine a dictionary: data and residuals, codes, the inverse of every support's Gram matrix."""
    n, d = optimum.problem.n, optimum.problem.d
    used = optimum.codes_per_sample if n * max(d, optimum.n_atoms) > BLOCK_ENTRIES else 0.0
    return n * (3 * 8 * d + 3 * 12 * max(used, 32) + 8 * 1.5 * used**2)
