"""Toy worlds of published studies, under the parameters that the studies report, so that results can be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generators import arguments
from generators.correlated import correlated
from generators.hierarchical import forest
from generators.independent import independent
from generators.world import World
from testbed import checks

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


def _named(world: World, text: str) -> World:
    return replace(world, text=text)
