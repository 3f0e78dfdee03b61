"""By how much a statement is violated, and where: `violation` for all places, `peak` for the worst of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from properties.scaled import Array

Axis = tuple[str, Any]  # what an axis counts ("sample" or "atom") and the number of each position along it


@dataclass(frozen=True, eq=False)
class Residual:
    """Violations of one statement, and where they are.

    arrays : one or more arrays of dimensionless violations >= 0 (NaN where one could not be computed).
    axes : for each array, what each of its axes counts; no axes for a single number.
    nearest : the largest excess that is not 0, slack (< 0) included: how near a statement that holds is to failing.
        Not every statement says; then it is -inf.

    Residuals are joined by `|`: a statement with several parts holds when all of them do.
    """

    arrays: tuple[Array, ...]
    axes: tuple[tuple[Axis, ...], ...]
    nearest: float = -np.inf

    def __or__(self, other: Residual) -> Residual:
        return Residual(self.arrays + other.arrays, self.axes + other.axes, max(self.nearest, other.nearest))

    @property
    def values(self) -> Array:
        """All violations in one flat array."""
        return np.concatenate([np.zeros(0), *(array.ravel() for array in self.arrays)])

    @property
    def empty(self) -> bool:
        """Whether there is nothing that could be violated: what the statement is about does not occur."""
        return not len(self.values)

    @property
    def max(self) -> float:
        """The largest violation; NaN if any is NaN; 0 if there is nothing to violate."""
        return float(self.values.max(initial=0)) + 0.0  # a negative zero is a zero

    @property
    def worst(self) -> str:
        """The place of the largest violation (the first NaN, if any): 'atom 3', 'atoms 2, 5', 'sample 17, atom 3'.

        Empty if nothing is violated at all; 'overall' for a statement about one number.
        """
        tops = [array.max(initial=0) for array in self.arrays]
        if not tops or tops[part := int(np.argmax(tops))] == 0:
            return ""
        named: dict[str, list[str]] = {}
        for word, number in zip((word for word, _ in self.axes[part]), self._top(part)[1], strict=True):
            named.setdefault(word, []).append(str(number))
        return ", ".join(f"{word}{'s' * (len(at) > 1)} {', '.join(at)}" for word, at in named.items()) or "overall"

    def _top(self, part: int) -> tuple[float, tuple[Any, ...]]:
        """The largest violation of a part that is not empty, and the numbers of its place."""
        array = self.arrays[part]
        place = np.unravel_index(np.argmax(array), array.shape)
        return float(array[place]), tuple(numbers[at] for (_, numbers), at in zip(self.axes[part], place, strict=True))

    def peaks(self) -> Residual:
        """Of every part the worst place alone: an array of one entry, or of none."""
        arrays, axes = [], []
        for part, array in enumerate(self.arrays):
            value, place = self._top(part) if array.size else (0.0, ())
            arrays.append(np.full((min(array.size, 1),) * array.ndim, value))
            axes.append(tuple((word, list(place[i : i + 1])) for i, (word, _) in enumerate(self.axes[part])))
        return Residual(tuple(arrays), tuple(axes), self.nearest)

    def worse(self, other: Residual) -> Residual:
        """Of every part the worse of two residuals' worst places; of two that are equally bad, the earlier."""
        chosen = [other if self._behind(other, part) else self for part in range(len(self.arrays))]
        return Residual(tuple(r.arrays[part] for part, r in enumerate(chosen)),
                        tuple(r.axes[part] for part, r in enumerate(chosen)), max(self.nearest, other.nearest))

    def _behind(self, other: Residual, part: int) -> bool:
        """Whether the other's worst place counts, and not this one's."""
        if not (self.arrays[part].size and other.arrays[part].size):
            return bool(other.arrays[part].size)
        (here, place), (there, elsewhere) = self._top(part), other._top(part)
        low, high = (np.inf if np.isnan(value) else value for value in (here, there))  # finite but for NaN
        return high > low or (high == low and elsewhere < place)


def violation(excess: Any, *axes: Axis) -> Residual:
    """A Residual of one part: by how much what must not be positive is, what each axis counts and the numbers along it.

    Negative excess is slack and counts as 0, but an infinite one is as wrong as NaN.
    """
    excess = np.asarray(excess, dtype=np.float64)
    values = np.where(np.isfinite(excess), np.maximum(excess, 0), np.nan)
    said = excess[excess != 0]  # 0 is where nothing is claimed
    return Residual((values,), (axes,), float(said.max(initial=-np.inf)))


def peak(excess: Any, *axes: Axis) -> Residual:
    """`violation`, of which the worst place alone is kept: what a statement about every sample says of a block."""
    return violation(excess, *axes).peaks()


NOTHING = Residual((), ())  # of a statement with nothing to test
