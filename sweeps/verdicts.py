"""What became of features, by directions alone: recovered, merged, split, as question O43 defines it.

With thresholds on cosines between live atoms and unit features (docs/questions.md),

    recovered   some atom has cosine >= 1 - RECOVERY with the feature;
    split       two atoms or more have;
    merged      (a nested pair) some atom lies within MERGE of the pair's plane, |projection| >= 1 - MERGE[0], with both
                coordinates at least MERGE[1] of the projection's length.

Live are atoms that exact codes of fresh samples use. `properties.match` asks more, by activity too; this is the
question's own measure, which needs directions alone and so is that of others' dictionaries as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from generators.world import World
from generators.worlds.hierarchical import Forest
from testbed.checks import Array

RECOVERY, MERGE, SPLIT = 0.05, (0.05, 0.1), 0.05


def nested(world: World) -> list[tuple[int, int]]:
    """(parent, child) for every feature that fires only with another one."""
    if not isinstance(world.law, Forest):
        return []
    return [(block.parent, child) for block in world.law.blocks if block.parent >= 0 for child in block.members]


def verdicts(D: Array, features: Array, pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """Counts over free features (in no pair), parents, children and pairs, for live atoms D (m, d)."""
    k = len(features)
    parents = np.array(sorted({parent for parent, _ in pairs}), np.int64)
    young = np.array(sorted({child for _, child in pairs}), np.int64)
    free = np.setdiff1d(np.arange(k), np.concatenate([parents, young]))
    cosines = features @ D.T if len(D) else np.zeros((k, 1))
    best = cosines.max(axis=1)
    seen = best >= 1 - RECOVERY
    twice = (cosines >= 1 - SPLIT).sum(axis=1) >= 2
    return {
        "free": len(free), "free_recovered": int(seen[free].sum()), "parents": len(parents),
        "parents_recovered": int(seen[parents].sum()), "children": len(young),
        "children_recovered": int(seen[young].sum()), "pairs_merged": sum(merged(D, features, *pair) for pair in pairs),
        "split": int(twice.sum()), "median_cosine": float(np.median(best)),
    }


def merged(D: Array, features: Array, parent: int, child: int) -> bool:
    """Whether some atom holds both features of a pair."""
    if not len(D):
        return False
    pair = features[[parent, child]]
    coordinates = np.linalg.solve(pair @ pair.T, pair @ D.T)
    length = np.sqrt(np.einsum("ij,ij->j", coordinates, pair @ D.T))  # of the projection onto the plane
    return bool(((length >= 1 - MERGE[0]) & (coordinates.min(axis=0) >= MERGE[1] * length)).any())
