"""What theory says the optimum of a toy world is, to be held against training.

Source: derived from the optimisation problem; the statement ids (T1 ...) are this project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed import checks
from testbed.checks import Array


@dataclass(frozen=True, eq=False)
class Prediction:
    """The global optimum of the problem on a world's exact distribution.

    Attributes
    ----------
    statement : its id, such as 'T2'.
    D : (m, d) atoms, up to order; b : (d,) bias, zero where `bias` is False.
    objective : F at the optimum, in squared units of X.
    values : further quantities that the theory names: numbers (angles in radians, activities ...), regimes, groups.
    bias : whether the problem solved is the one with a fitted bias.
    valid_because : the conditions under which this was derived, and that they hold here.
    """

    statement: str
    D: Array
    b: Array
    objective: float
    values: Mapping[str, Any]
    bias: bool
    valid_because: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "D", checks.frozen(np.ascontiguousarray(self.D)))
        object.__setattr__(self, "b", checks.frozen(np.ascontiguousarray(self.b)))

    @property
    def n_atoms(self) -> int:
        """m, for how many atoms this is the optimum."""
        return len(self.D)
