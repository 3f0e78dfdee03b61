"""A cell of a sweep: everything that its answer depends on, the name that follows from it, and the seeds.

Seeds come from what they are for and never from an order: a cell keeps its answer when the design around it grows, and
cells that differ in penalty, width or start alone see the same data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

DATA = ("world", "samples", "fresh", "seed")  # what the data of a cell depend on


def canonical(value: Any) -> str:
    """JSON in one spelling: names in order, no spaces, numbers by their shortest digits; ValueError for NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, eq=False)
class Cell:
    """parameters : names and values, as `sweeps.designs` checked them; entropy : the seed of the design."""

    parameters: Mapping[str, Any]
    entropy: int

    @property
    def key(self) -> str:
        """The parameters in one spelling."""
        return canonical(self.parameters)

    @property
    def name(self) -> str:
        """32 digits that stand for the key."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]

    def sequence(self, purpose: str) -> np.random.SeedSequence:
        """The seeds for a purpose: 'data', or one of what is done with them."""
        known = self.parameters if purpose != "data" else {name: self.parameters[name] for name in DATA}
        digest = hashlib.sha256(f"{purpose} {canonical(known)}".encode()).digest()
        return np.random.SeedSequence(self.entropy, spawn_key=tuple(np.frombuffer(digest, "<u4").tolist()))

    def seed(self, purpose: str) -> int:
        """One whole number for a purpose, of 63 bits."""
        return int(self.sequence(purpose).generate_state(1, np.uint64)[0] >> np.uint64(1))
