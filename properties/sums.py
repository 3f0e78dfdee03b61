"""Partial results of blocks, and what becomes of them: sums, largest entries, worst places, kept rows.

A statement's `gather(block)` returns a dict of them; those of later blocks are added in order, so that the outcome does
not depend on who computes what.

    an array or a number       added
    Largest(array)             the larger of each entry; NaN stays
    a Residual (see `peak`)    of every part the worst place
    Kept(array)                rows put one after another: for a fixed number of chosen samples
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from properties.residual import Residual
from properties.scaled import Array, Atoms, Ints, Scaled


@dataclass(frozen=True, eq=False)
class Largest:
    """Entries of which the largest over all blocks is wanted."""

    values: Array


@dataclass(frozen=True, eq=False)
class Kept:
    """Rows that are wanted as they are."""

    values: Any


def joined(old: Any, new: Any) -> Any:
    """What two blocks' results of one name amount to."""
    if isinstance(old, Residual):
        return old.worse(new)
    if isinstance(old, Largest):
        return Largest(np.maximum(old.values, new.values))
    if isinstance(old, Kept):
        return Kept(np.concatenate([old.values, new.values]))
    return old + new


class Totals:
    """What a statement's `gather` amounts to over all samples, by name; and what all statements share.

    D, G, m, n, nonnegative as of Atoms; mu (m,) mean activities E|z_j|, nu (m,) E[z_j g'(z_j)]; live the numbers of the
    live atoms.
    """

    def __init__(self, atoms: Atoms, mu: Array, nu: Array, found: Mapping[str, Any]) -> None:
        self.atoms, self.mu, self.nu, self.found = atoms, mu, nu, found
        self.D, self.m, self.n, self.nonnegative = atoms.D, atoms.m, atoms.n, atoms.nonnegative

    @property
    def G(self) -> Array:
        """(m, m) cosines of the atoms."""
        return self.atoms.G

    @cached_property
    def live(self) -> Ints:
        """Numbers of the atoms with mu_j > 0. A NaN counts as live, so that it is seen and not excused."""
        return np.flatnonzero(self.mu != 0)

    @property
    def rate(self) -> Array:
        """(live,) nu_j / mu_j, the price that an atom pays for its activity on average: exactly 1 under l1."""
        found: Array = self.nu[self.live] / self.mu[self.live]
        return found

    def __getitem__(self, name: str) -> Any:
        value = self.found[name]
        return value.values if isinstance(value, Largest | Kept) else value

    def mean(self, name: str) -> Array:
        """(live, ...) a sum of w z_j f divided by mu_j: E_j[f], the mean of f over each live atom's activity."""
        value = self[name][self.live]
        return value / self.mu[self.live].reshape(-1, *(1,) * (value.ndim - 1))


class Running:
    """The results of several statements, block after block."""

    def __init__(self, statements: Any) -> None:
        self.statements = tuple(statements)
        self.atoms: Any = None
        self.mu: Any = 0.0
        self.nu: Any = 0.0
        self.found: dict[str, dict[str, Any]] = {p.id: {} for p in self.statements}

    def add(self, block: Scaled) -> None:
        """One more block."""
        self.atoms, self.mu, self.nu = block.atoms, self.mu + block.mu, self.nu + block.nu
        for p in self.statements:
            known = self.found[p.id]
            for name, value in p.gather(block).items():
                known[name] = joined(known[name], value) if name in known else value

    def totals(self, id: str) -> Totals:
        """What a statement's `finish` is given."""
        return Totals(self.atoms, self.mu, self.nu, self.found[id])

    @property
    def live(self) -> int:
        """The number of live atoms."""
        return int(np.count_nonzero(self.mu))
