"""The problem: data, weights, penalty and the two choices that change what an optimum is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

LARGEST = 1e140  # of data and penalty: their squares, and squares of gradients, must be numbers
SMALLEST = 1e-14  # lam / max|X|


@dataclass(frozen=True, eq=False)
class Problem:
    """min over unit-norm atoms D, codes Z, bias b of  E[ 1/2 |x - b - zD|^2 + lam * sum |z| ].

    Attributes
    ----------
    X : (n, d) float64, read-only. One sample a row.
    lam : penalty > 0, in the units of X.
    weights : (n,) float64 >= 0 with sum 1; E is the mean they define. None gives 1/n each.
    bias : whether b is fitted (otherwise b = 0).
    nonnegative : codes z >= 0 (the problem SAEs approximate) or signed codes (the classical setting).

    Raises TypeError or ValueError, naming the argument and the place, for anything that is not such a problem.
    """

    X: Array
    lam: float
    weights: Any = None  # filled in by validation
    bias: bool = False
    nonnegative: bool = True

    def __post_init__(self) -> None:
        where = "Problem"
        X = checks.matrix(where, "X", self.X)
        settle: dict[str, Any] = {
            "X": checks.frozen(X),
            "lam": checks.number(where, "lam", self.lam, 0, open_low=True),
            "weights": checks.frozen(checks.weights(where, self.weights, len(X))),
            "bias": checks.flag(where, "bias", self.bias),
            "nonnegative": checks.flag(where, "nonnegative", self.nonnegative),
        }
        largest, lam = float(max(X.max(), -X.min())), settle["lam"]
        for name, size in (("X", largest), ("lam", lam)):
            if size > LARGEST or (name == "lam" and size < 1 / LARGEST):
                raise InputError(f"{where}: {name} is out of scale, {size:.3g}: its squares leave the range of float64 "
                                 f"(stay within {1 / LARGEST:g} and {LARGEST:g})")
        if lam < SMALLEST * largest:
            raise InputError(f"{where}: lam must be at least {SMALLEST:g} max|X| = {SMALLEST * largest:.3g}, where the "
                             f"rounding of X begins; got {lam:.3g}")
        for name, value in settle.items():
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.X.shape[0]

    @property
    def d(self) -> int:
        """Dimension of the data."""
        return self.X.shape[1]

    @property
    def huber_floor(self) -> float:
        """E[h_lam(|x|)], the least objective that any dictionary of any width reaches without a bias (G1)."""
        return float(huber(np.linalg.norm(self.X, axis=1), self.lam) @ self.weights)


def huber(t: Array, lam: float) -> Array:
    """h_lam(t) = t^2/2 for |t| <= lam, else lam |t| - lam^2/2: the best loss of a point at distance t (G1)."""
    t = np.abs(t)
    return np.where(t > lam, lam * t - 0.5 * lam * lam, 0.5 * t * t)


def power_of_two_near(lam: float) -> float:
    """The power of two c with lam / c in [1/2, 1).

    The solver works in units of c: rounding is unchanged by the division, so scaling X and lam by a power of two gives
    the same bits scaled (G4), and no intermediate over- or underflows before the data do.
    """
    return math.ldexp(1.0, max(math.frexp(lam)[1], -1021))
