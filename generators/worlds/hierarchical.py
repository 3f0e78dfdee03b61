"""Hierarchical features: a forest in which a child fires only if its parent does.

The law is a list of blocks. A block is a set of siblings of which at most one fires, and only where their parent fires:
exclusive siblings are one block, free ones a block each, roots blocks without a parent. Sampling and enumeration walk
the same blocks, parents first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from generators import arguments
from generators.arguments import SUM_SLACK, pick
from generators.laws import Law, Support, atoms, continuous
from generators.magnitudes import Scalar, scalar
from generators.world import World
from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError

Magnitude = Scalar | str | float


@dataclass(frozen=True)
class Block:
    """At most one of `members` fires, member c with probability p[c] where the parent fires (-1: everywhere).

    `p` has one entry more than there are members: the probability that none of them fires.
    """

    parent: int
    members: tuple[int, ...]
    p: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Forest(Law):
    """Blocks of a forest, parents before children, with the magnitude of each feature, tied to its parent's or not."""

    blocks: tuple[Block, ...]
    magnitudes: Sequence[Scalar]
    tied: bool

    @property
    def n_features(self) -> int:  # type: ignore[override]
        return len(self.magnitudes)

    @property
    def obstacle(self) -> str:  # type: ignore[override]
        return continuous(self.magnitudes)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        return self.grow(np.zeros((n, self.n_features)), rng, self.blocks)

    def grow(self, codes: Array, rng: np.random.Generator, blocks: Iterable[Block]) -> Array:
        """Draw blocks into codes (n, k), in which what is above them has been drawn; returns codes."""
        n, on = len(codes), codes != 0
        for block in blocks:
            p = np.array(block.p)
            possible = np.flatnonzero(p)
            chosen = possible[pick(rng, p[possible], n)]
            for c, member in enumerate(block.members):
                draw = self.magnitudes[member].draw(rng, n) * self._scale(block, codes)
                on[:, member] = (chosen == c) & (block.parent < 0 or on[:, block.parent])
                codes[:, member] = np.where(on[:, member], draw, 0.0)
        return codes

    def size(self) -> int:
        below = [law.size for law in self.magnitudes]  # points of the subtree under a feature that fires
        roots = 1
        for block in reversed(self.blocks):
            choices = sum(below[member] for member in block.members) + (block.p[-1] > 0)
            if block.parent < 0:
                roots *= choices
            else:
                below[block.parent] *= choices
        return roots

    def support(self) -> Support:
        codes, weight = np.zeros((1, self.n_features)), np.ones(1)
        for block in self.blocks:
            can = np.ones(len(codes), dtype=bool) if block.parent < 0 else codes[:, block.parent] != 0
            parts = [(codes[~can], weight[~can])]
            if block.p[-1] > 0:
                parts.append((codes[can], weight[can] * block.p[-1]))
            for member, p in zip(block.members, block.p[:-1], strict=True):
                for value, q in zip(*atoms(self.magnitudes[member]), strict=True):
                    fired = codes[can].copy()
                    fired[:, member] = value * self._scale(block, fired)
                    parts.append((fired, weight[can] * p * q))
            codes = np.concatenate([part for part, _ in parts])
            weight = np.concatenate([part for _, part in parts])
        return codes, weight

    def _scale(self, block: Block, codes: Array) -> Array | float:
        return codes[:, block.parent] if self.tied and block.parent >= 0 else 1.0


def forest(parents: Sequence[int] = (-1, 0, 0), probabilities: float | Sequence[float] = 0.5,
           exclusive: bool | Sequence[bool] = False, exhaustive: bool = False,
           magnitude: Magnitude | Sequence[Magnitude] = 1.0, tied: bool = False) -> World:
    """Hierarchical features from an explicit forest.

    parents: for each feature the index of an earlier feature, or -1 for a root. probabilities in (0, 1]: of firing,
    given that the parent fires; roots are independent. exclusive: at most one child of a feature fires (then their
    probabilities sum to at most 1); one flag, or one per parent feature. exhaustive: the probabilities of exclusive
    children are rescaled to sum to 1, so that exactly one fires. magnitude: one law or one per feature; tied: a
    child's draw is multiplied by its parent's magnitude.
    """
    return build("forest", parents, probabilities, exclusive, exhaustive, magnitude, tied)


def hierarchical(roots: int = 1, depth: int = 2, branching: int = 2, root_probability: float = 0.5,
                 child_probability: float = 0.3, exclusive: bool = False, exhaustive: bool = False,
                 magnitude: Magnitude = 1.0, tied: bool = False) -> World:
    """Hierarchical features in regular trees; level by level, a child fires only if its parent does.

    roots trees of `depth` levels (1: roots only), each feature with `branching` children. Roots fire with
    root_probability, children with child_probability given their parent. The rest as in `forest`.
    """
    where = "hierarchical"
    roots = checks.integer(where, "roots", roots, 1)
    depth = checks.integer(where, "depth", depth, 1)
    branching = checks.integer(where, "branching", branching, 1)
    features = roots * (depth if branching == 1 else (branching ** min(depth, 99) - 1) // (branching - 1))
    if features > arguments.MOST_FEATURES:
        raise InputError(f"{where}: roots, depth and branching must make at most {arguments.MOST_FEATURES} features; "
                         f"{roots}, {depth} and {branching} make more")
    parents = [-1] * roots
    level = range(roots)
    for _ in range(depth - 1):
        first = len(parents)
        parents += [parent for parent in level for _ in range(branching)]
        level = range(first, len(parents))
    rp = arguments.probability(where, "root_probability", root_probability)
    cp = arguments.probability(where, "child_probability", child_probability)
    text = arguments.call(where, roots=roots, depth=depth, branching=branching, root_probability=rp,
                          child_probability=cp, exclusive=exclusive, exhaustive=exhaustive,
                          magnitude=scalar(where, "magnitude", magnitude), tied=tied)
    return build(where, parents, [rp if parent < 0 else cp for parent in parents], exclusive, exhaustive,
                 magnitude, tied, text)


def build(where: str, parents: Sequence[int], probabilities: float | Sequence[float],
          exclusive: bool | Sequence[bool], exhaustive: bool, magnitude: Magnitude | Sequence[Magnitude], tied: bool,
          text: str = "") -> World:
    """The world of a forest: see `forest`, whose arguments it validates on behalf of `where`."""
    above = _parents(where, parents)
    k = len(above)
    p = arguments.probabilities(where, "probabilities" if not text else "child_probability", probabilities, k)
    flags = [checks.flag(where, "exclusive", e) for e in arguments.per_feature(where, "exclusive", exclusive, k)]
    laws = [scalar(where, "magnitude", entry) for entry in arguments.per_feature(where, "magnitude", magnitude, k)]
    tied, exhaustive = checks.flag(where, "tied", tied), checks.flag(where, "exhaustive", exhaustive)
    if exhaustive and not any(flags):
        raise InputError(f"{where}: exhaustive children must be exclusive; exclusive is False")
    blocks: list[Block] = []
    for parent in range(-1, k):
        children = [i for i in range(k) if above[i] == parent]
        if parent >= 0 and flags[parent] and children:
            blocks.append(_exclusive(where, parent, children, p[children], exhaustive))
        else:
            blocks += [Block(parent, (child,), (float(p[child]), float(1 - p[child]))) for child in children]
    text = text or arguments.call(where, parents=above, probabilities=probabilities, exclusive=exclusive,
                                  exhaustive=exhaustive, magnitude=laws if arguments.listed(magnitude) else laws[0],
                                  tied=tied)
    return World(Forest(tuple(blocks), laws, tied), text)


def _exclusive(where: str, parent: int, children: Sequence[int], p: Array, exhaustive: bool) -> Block:
    total = math.fsum(p)
    if exhaustive or abs(total - 1) <= SUM_SLACK:
        p, rest = p / total, 0.0
    elif total > 1:
        raise InputError(f"{where}: probabilities of the exclusive children of feature {parent} must sum to at most 1; "
                         f"they sum to {total:g}")
    else:
        rest = 1 - total
    return Block(parent, tuple(children), (*map(float, p), rest))


def _parents(where: str, parents: Sequence[int]) -> list[int]:
    if not arguments.listed(parents) or len(parents) == 0:
        raise InputError(f"{where}: parents must list one entry per feature; got {parents!r}")
    for i, parent in enumerate(parents):
        if checks.integer(where, f"parents[{i}]", parent, -1) >= i:
            raise InputError(f"{where}: parents must be -1 for a root or the index of an earlier feature; "
                             f"entry {i} is {parent}")
    return [int(parent) for parent in parents]
