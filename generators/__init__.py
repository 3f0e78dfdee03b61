"""Toy worlds with their ground truth: what fires together (a law), where it points (a geometry), what theory predicts.

    from generators import hierarchical
    world = hierarchical(depth=3, exclusive=True, magnitude="uniform(1,2)").embed(16, "random", seed=0)
    sample = world.sample(1000, rng=0)        # X, codes, features, weights, offset

Worlds of finite support are given exactly, `world.exact()`, so that expectations carry no sampling noise. The file that
holds a toy world holds its exact answer too: `correlated_pair(0.4, 0.2).predict(lam=0.1)`.
"""

from generators.magnitudes import Scalar
from generators.plane.boundaries import boundary, spinodal, trace
from generators.plane.phases import landscape, regime
from generators.prediction import Prediction
from generators.registry import WORLDS, make
from generators.sample import Sample
from generators.splitting import nests, sharing
from generators.words import parse_parameters
from generators.world import World
from generators.worlds.antipodal import antipodal
from generators.worlds.cofiring import cofiring
from generators.worlds.correlated import correlated
from generators.worlds.correlated_pair import correlated_pair, critical_lam
from generators.worlds.digits import digits
from generators.worlds.hierarchical import forest, hierarchical
from generators.worlds.independent import independent
from generators.worlds.nested import exclusive_children, nested_pair
from generators.worlds.one_sparse import one_sparse
from generators.worlds.published import correlated_50, hedging, synthetic_forest, tree
from generators.worlds.superposition import superposition
from generators.worlds.two_features import held_fixed, two_features

__all__ = [
    "WORLDS", "Prediction", "Sample", "Scalar", "World", "antipodal", "boundary", "cofiring", "correlated",
    "correlated_50", "correlated_pair", "critical_lam", "digits", "exclusive_children", "forest", "hedging",
    "held_fixed", "hierarchical", "independent", "landscape", "make", "nested_pair", "nests", "one_sparse",
    "parse_parameters", "regime", "sharing", "spinodal", "superposition", "synthetic_forest", "trace", "tree",
    "two_features",
]
