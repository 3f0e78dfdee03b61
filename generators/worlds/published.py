"""Toy worlds of published studies, under the parameters that the studies report, so that results can be compared."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, root

from generators import arguments
from generators.laws import Law, Support
from generators.plane.atoms import unit
from generators.world import World
from generators.worlds.correlated import Copula, correlated
from generators.worlds.hierarchical import Forest, forest, hierarchical
from generators.worlds.independent import independent
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

ROOTS = 3  # of `tree`
CHILDREN = 3
SINGLES = 8


def hedging(variant: str = "independent", p: float = 0.25, child: float = 0.2, d: int = 50) -> World:
    """Feature hedging: two orthogonal features of magnitude 1 in 50 dimensions; dictionaries of one and two atoms.

    variant 'independent': both fire with probability p = .25. 'hierarchical': the first fires with probability p, the
    second with probability child = .2 where the first does. Source: the toy models of studies of feature hedging.
    """
    where = "hedging"
    checks.choice(where, "variant", variant, ("independent", "hierarchical"))
    p, child = arguments.probability(where, "p", p), arguments.probability(where, "child", child)
    law = independent(2, p) if variant == "independent" else forest((-1, 0), (p, child))
    return _named(law.embed(d), arguments.call(where, variant=variant, p=p, child=child, d=d))


def lean(lam: float, first: float, second: float, both: float) -> float:
    """The angle in [0, pi/2] of the best single atom without a bias, for two orthogonal features of magnitude 1.

    first, second, both: probabilities that only the first, only the second, or both fire. With d = (cos a, sin a) the
    best atom has the largest gain (C2)

        G(a) = first (cos a - lam)_+^2 + second (sin a - lam)_+^2 + both (cos a + sin a - lam)_+^2,

    found on a grid and refined to a root of G'. Even independent features are mixed: both = p^2 leans to 45 degrees,
    until at a large lam the atom leaves one of them out; of two equally good angles the smaller is given. Raises
    ValueError for lam outside (0, sqrt 2) and probabilities outside [0, 1].
    """
    where = "lean"
    lam = checks.number(where, "lam", lam, 0, math.sqrt(2), open_low=True, open_high=True)
    p = np.array([checks.number(where, name, value, 0, 1)
                  for name, value in (("first", first), ("second", second), ("both", both))])

    def code(a: Array | float) -> Array:
        return np.maximum(np.array([np.cos(a), np.sin(a), np.cos(a) + np.sin(a)]) - lam, 0)

    def slope(a: float) -> float:
        return float(p @ (code(a) * [-math.sin(a), math.cos(a), math.cos(a) - math.sin(a)]))

    grid = np.linspace(0, math.pi / 2, 1801)
    gain = p @ code(grid) ** 2
    k = int(np.argmax(gain > gain.max() - 1e-15))
    low, high = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
    if not slope(low) > 0 > slope(high):  # the best angle is an end of the range
        return float(grid[k])
    return float(brentq(slope, low, high, xtol=1e-15))


def hedged(lam: float, p: float = 0.25, child: float = 0.2) -> float:
    """The angle in radians by which hedging('hierarchical')'s one atom, with a bias, leans from parent to child.

    With d = (cos a, sin a), u a quarter turn ahead, codes z = <x - b, d> - lam where the parent fires and 0 elsewhere,
    and r = x - b - z d, angle and bias solve

        E[z <r, u>] = 0   (S1),      E[r] = 0   (B1).

    The child is mixed in because E[z x_child] exceeds E[z] E[x_child]. Were the features independent, the two would be
    equal and the atom one feature exactly: with a bias hedging needs correlation, without one (`lean`) it does not.
    Raises ValueError where no such atom is on wherever the parent fires: lam is too large.
    """
    where = "hedged"
    lam = checks.number(where, "lam", lam, 0, 1, open_low=True)
    p, child = arguments.probability(where, "p", p), arguments.probability(where, "child", child)
    X, w = np.array([[0.0, 0], [1, 0], [1, 1]]), np.array([1 - p, p * (1 - child), p * child])

    def codes(t: Array) -> Array:
        return np.asarray((X - t[1:]) @ unit(t[0]) - lam) * [0, 1, 1]

    def equations(t: Array) -> Array:
        z = codes(t)
        r = X - t[1:] - z[:, None] * unit(t[0])
        return np.append(w @ (z * (r @ unit(t[0] + math.pi / 2))), w @ r)

    found = root(equations, np.array([0.1, 0.0, 0.0]), tol=1e-15).x
    silent = -found[1:] @ unit(found[0]) <= lam  # where the parent is off
    solved = np.abs(equations(found)).max() < 1e-12 and codes(found)[1:].min() > 0 and 0 < found[0] < math.pi / 4
    if not (silent and solved):
        raise InputError(f"{where}: lam must be so small that the atom is on wherever the parent fires; got {lam:g}")
    return float(found[0])


def tree(p: float = 0.15, child: float = 0.2, single: float = 0.05) -> World:
    """Twenty features: 3 parents, each with 3 mutually exclusive children, and 8 features on their own.

    Parents fire with probability p = .15, a child with child = .2 given its parent, the others with single = .05;
    magnitude 1, orthonormal in 20 dimensions. Features are listed as parents, their children in turn, singles.
    Source: the tree-structured toy model of studies of hierarchical dictionaries.
    """
    parents = [-1] * ROOTS + [i for i in range(ROOTS) for _ in range(CHILDREN)] + [-1] * SINGLES
    probabilities = [p] * ROOTS + [child] * (ROOTS * CHILDREN) + [single] * SINGLES
    return _named(forest(parents, probabilities, exclusive=True),
                  arguments.call("tree", p=p, child=child, single=single))


def correlated_50(seed: int = 0) -> World:
    """Fifty correlated features in 100 dimensions, P_i = .345 (49 - i)/50 + .05, latent correlations .3 <= |rho| <= .9.

    Magnitude 1, orthonormal. The source reports the range of |rho| only; correlations are drawn from a seed with one
    latent factor, rho_ij = a_i a_j with a_i^2 uniform in [.3, .9] and random signs: this keeps every |rho| in the range
    and the matrix positive definite. Source: the 50-feature toy model of studies of correlated features.
    """
    rng = arguments.generator("correlated_50", seed)
    a = np.sqrt(rng.uniform(0.3, 0.9, 50)) * rng.choice([-1.0, 1.0], 50)
    C = np.outer(a, a)
    np.fill_diagonal(C, 1.0)
    world = correlated(50, [0.345 * (49 - i) / 50 + 0.05 for i in range(50)], C)
    return _named(world.embed(100), arguments.call("correlated_50", seed=seed))


@dataclass(frozen=True, eq=False)
class CorrelatedRoots(Law):
    """A forest whose roots fire together through a Gaussian copula; below them the forest's own law."""

    roots: Copula
    forest: Forest

    @property
    def n_features(self) -> int:  # type: ignore[override]
        return self.forest.n_features

    @property
    def obstacle(self) -> str:  # type: ignore[override]
        return "has roots that are correlated through a Gaussian copula, whose probabilities have no closed form"

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        codes = np.zeros((n, self.n_features))
        codes[:, : self.roots.n_features] = self.roots.sample(n, rng)
        return self.forest.grow(codes, rng, [block for block in self.forest.blocks if block.parent >= 0])

    def size(self) -> int:
        raise InputError(self.obstacle)

    def support(self) -> Support:
        raise InputError(self.obstacle)


def synthetic_forest(roots: int = 4, branching: int = 3, depth: int = 3, d: int = 32, rank: int = 2,
                     seed: int = 0) -> World:
    """A small SynthSAEBench: Zipfian correlated roots, exclusive children, more features than dimensions.

    The benchmark has 16384 features in 768 dimensions: 128 roots with four children each, three levels, siblings
    exclusive, firing probabilities Zipfian of exponent 1/2 from 0.4 down, latent correlations of rank 25. Here: root r
    fires with probability 0.4 / sqrt(1 + r), correlated through `rank` latent factors that hold half of the variance;
    a child fires with probability 0.8 / branching where its parent does; random directions; magnitudes uniform on
    [0.5, 1.5]. Ours, not the benchmark's: probabilities below the roots, and magnitudes.
    Source: the benchmark's published configuration (arXiv 2602.14687).
    """
    where = "synthetic_forest"
    base = hierarchical(roots, depth, branching, 0.4, 0.8 / checks.integer(where, "branching", branching, 1), True,
                        magnitude="uniform(0.5,1.5)")
    rank = checks.integer(where, "rank", rank, 1)
    rng = arguments.generator(where, seed)
    factors = rng.standard_normal((roots, rank))
    factors *= np.sqrt(0.5) / np.linalg.norm(factors, axis=1, keepdims=True)
    C = factors @ factors.T
    np.fill_diagonal(C, 1.0)
    law = base.law
    assert isinstance(law, Forest)
    p = 0.4 / np.sqrt(1 + np.arange(roots))
    text = arguments.call(where, roots=roots, branching=branching, depth=depth, d=d, rank=rank, seed=seed)
    world = World(CorrelatedRoots(Copula(p, C, law.magnitudes[:roots]), law), text)
    return _named(world.embed(d, "random", seed), text)


def _named(world: World, text: str) -> World:
    return replace(world, text=text)
