"""What any penalty is: g(z), z >= 0, g(0) = 0, not decreasing, the same for every atom.

Everything else follows from g one code at a time. The proximal map says what a code becomes where nothing else changes,
so that it also says what optimal codes satisfy: an atom is off while its score is at most the `threshold`, and a code
that is on is at least `least`, which is more than 0 where the first bit of a code costs more than it is worth.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Array = NDArray[np.float64]

MARGIN = 1e-9  # a code problem is called convex where the least eigenvalue of its Hessian is above 0 by more than this


class Penalty(ABC):
    """A penalty; each of the package is a frozen dataclass whose fields are its parameters, in the units of the data.

    name : its name in a string such as "mcp(lam=0.1, gamma=4)". concave : whether g is concave, so that one atom of
    its own for a point is as cheap as any (N8). signed : whether codes may be negative.
    """

    name: ClassVar[str]
    concave: ClassVar[bool] = True
    signed: bool = False

    @property
    @abstractmethod
    def unit(self) -> float:
        """What scores are measured in, > 0, in the units of the data."""

    @property
    def onset(self) -> float:
        """g'(0+): what the first bit of a code costs; inf where no code is small."""
        return self.unit

    @property
    def threshold(self) -> float:
        """The largest score at which an atom is better off: prox(t) = 0 exactly for t <= threshold."""
        return self.onset

    @property
    def least(self) -> float:
        """The smallest code that is worth what it costs: prox(t) >= least for t > threshold."""
        return 0.0

    @property
    def kinks(self) -> tuple[float, ...]:
        """The codes z > 0 at which g'' jumps."""
        return ()

    @property
    def bend(self) -> float:
        """The largest -g''(z) over z > 0: by so much a code problem may fail to be convex; inf where g jumps."""
        return 0.0

    def levels(self, count: np.ndarray) -> Array:
        """(k,) the largest scores, in units of `unit`, at which atoms are off beside so many that are on (k,)."""
        return np.full(len(count), self.threshold / self.unit)

    @abstractmethod
    def cost(self, z: Array) -> Array:
        """g(z) at codes of any shape, in squared units of the data."""

    @abstractmethod
    def slope(self, z: Array) -> Array:
        """g'(z) at codes z > 0, of any shape: the score that an atom in use has (N1)."""

    @abstractmethod
    def curvature(self, z: Array) -> Array:
        """g''(z) at codes z > 0, of any shape; at a kink, that of larger codes."""

    @abstractmethod
    def prox(self, t: Array) -> Array:
        """argmin over z >= 0 of 1/2 (t - z)^2 + g(z), for t of any shape; the smaller where two are."""

    @abstractmethod
    def scaled(self, c: float) -> Self:
        """The same penalty when data are divided by c > 0."""

    def floor(self, t: Array) -> Array:
        """e_g(t) = min over z >= 0 of 1/2 (t - z)^2 + g(z): the best loss of a point at distance t (N8)."""
        z = self.prox(np.asarray(t, dtype=np.float64))
        return 0.5 * (t - z) ** 2 + self.cost(z)

    def value(self, Z: csr_array, w: Array) -> float:
        """E[sum_j g(z_j)] of codes Z (k, m) of samples with weights w (k,), in squared units of the data."""
        costs = csr_array((self.cost(Z.data), Z.indices, Z.indptr), shape=Z.shape)
        return float(w @ np.asarray(costs.sum(axis=1)).ravel())

    def violation(self, S: Array, Z: csr_array) -> Array:
        """(k,) by how much codes Z (k, m) of scores S = <r, d_j> / unit (k, m) miss what optimal ones satisfy (N1).

        Atoms in use: a score that is not the slope, a code below `least`; others: a score above the threshold. In
        units of `unit`, 0 where there is none. NaN where a score is NaN.
        """
        rows, columns, z = entries(Z)
        off = S.copy()
        off[rows, columns] = -np.inf
        worst = off.max(axis=1, initial=-np.inf) - self.levels(np.bincount(rows, minlength=len(S)))
        self._judge_used(worst, rows, S[rows, columns], z)
        return np.maximum(worst, 0)

    def _judge_used(self, worst: Array, rows: np.ndarray, score: Array, z: Array) -> None:
        """Raise worst (k,) to what atoms in use violate."""
        np.maximum.at(worst, rows, np.abs(score - self.slope(np.maximum(z, 0)) / self.unit))
        np.maximum.at(worst, rows, (self.least - z) / self.unit)

    def convex(self, G: Array) -> bool:
        """Whether the code problem is strictly convex on atoms of cosines G (m, m), so that codes which satisfy N1 are
        its only minimum: the least eigenvalue of G exceeds `bend`. Sufficient, not necessary; without a bend, convex
        for any G, strictly or not."""
        if self.bend == 0:
            return True
        return bool(np.isfinite(self.bend) and np.linalg.eigvalsh(G)[0] > self.bend + MARGIN)

    def parameters(self) -> dict[str, Any]:
        """The parameters by name, defaults left out."""
        fields = [field for field in dataclasses.fields(self) if field.compare]  # type: ignore[arg-type]
        return {field.name: getattr(self, field.name) for field in fields if getattr(self, field.name) != field.default}

    def __str__(self) -> str:
        """What `parse` reads back, to the last bit."""
        shown = (f"{name}={value!r}".removesuffix(".0") for name, value in self.parameters().items())
        return f"{self.name}({', '.join(shown)})"


def entries(Z: csr_array) -> tuple[np.ndarray, np.ndarray, Array]:
    """Rows, columns and values of the codes that are not zero."""
    on = Z.data != 0
    return np.repeat(np.arange(Z.shape[0]), np.diff(Z.indptr))[on], Z.indices[on], Z.data[on]
