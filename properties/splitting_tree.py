"""Feature splitting by training (T4): which exclusive children share an atom, measured; and what the theory misses.

Theory compares partitions of the children (generators/splitting.py). A dictionary in which a child is coded by two
atoms is no partition, and may be better: that is what training is asked here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generators import World, sharing
from generators.prediction import Prediction
from generators.splitting import SILENT, Groups, children
from testbed import Optimum, fit, fit_many
from testbed.checks import Array
from testbed.errors import InputError

RIVALS = 12  # trained dictionaries that a partition has to hold against
TIE = 1e-11  # by how much, relative to E|x|^2, a trained one must be better to count as better


def confirmed(world: World, lam: float, n_atoms: int) -> Prediction:
    """T4 for n_atoms <= k atoms: `generators.sharing`, unless training finds a better dictionary than its partition.

    Raises InputError as `sharing` does, and if there is a better one: for small lam, unless children are equally
    likely.
    """
    found = sharing(world, lam, n_atoms)
    if not 1 < n_atoms < world.n_features - 1:
        return found
    X, weights = children(world)
    rival = trained(X, weights, lam, n_atoms, RIVALS, 0).objective * weights.sum()
    if rival < found.objective - TIE * float(weights @ (X * X).sum(axis=1)):
        raise InputError(f"confirmed: T4 with {n_atoms} of {len(X)} atoms holds while each child is coded by one "
                         f"atom; at lam = {lam:g} the best partition has F = {found.objective:.10g}, and a trained "
                         f"dictionary {rival:.10g}")
    return replace(found, valid_because=f"{found.valid_because}, and training finds nothing better")


def trained(X: Array, weights: Array, lam: float, m: int, restarts: int, seed: int) -> Optimum:
    """The best of m atoms trained from points and, as often, from random mixtures of points.

    Where lam exceeds <x_i, x_l>/|x_l|, an atom on one child sees no other: a local minimum that no restart from the
    points leaves, though a shared atom be better.
    """
    p = weights / weights.sum()
    D = np.random.default_rng(seed).dirichlet(np.full(len(X), 0.5), (restarts, m)) @ X
    D /= np.linalg.norm(D, axis=2, keepdims=True)
    mixed = fit_many(np.tile(X, (restarts, 1, 1)), m, lam, weights=p, start=D)
    tries = [fit(X, m, lam, weights=p, restarts=restarts, seed=seed), mixed.optimum(int(mixed.objective.argmin()))]
    return min(tries, key=lambda optimum: optimum.objective)


def partition(optimum: Optimum) -> Groups:
    """The groups of children that share an atom, largest first, of a dictionary trained on the points of `children`.

    Raises ValueError if a child is coded by two atoms at once: then there is no partition.
    """
    Z = optimum.Z.toarray()
    on = Z > SILENT * Z.max()
    if (on.sum(axis=1) > 1).any():
        child = int(np.argmax(on.sum(axis=1)))
        raise InputError(f"splits: with {optimum.n_atoms} atoms child {child} is coded by several at lam = "
                         f"{optimum.problem.lam:g}: no partition")
    groups = [tuple(np.flatnonzero(column).tolist()) for column in on.T if column.any()]
    return tuple(sorted(groups, key=lambda group: (-len(group), group)))


def splits(world: World, lam: float, restarts: int = 32, seed: int = 0) -> list[Groups]:
    """Measured, by training: for m = 1..k atoms, the groups of children that share an atom. Raises as `partition`."""
    X, weights = children(world)
    return [partition(trained(X, weights, lam, m, restarts, seed)) for m in range(1, len(X) + 1)]
