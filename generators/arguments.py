"""What the constructors of worlds share: arguments that are one value or one per feature, and readable names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from testbed import checks
from testbed.checks import Array
from testbed.errors import InputError, InputTypeError

SUM_SLACK = 1e-12  # probabilities that ought to sum to 1 may miss it by rounding, and are then taken to mean it
MOST_FEATURES = 20_000  # orthonormal axes of more would not fit into memory
SHOWN = 8  # a repr lists at most this many entries


def probability(where: str, name: str, value: Any) -> float:
    """A firing probability: in (0, 1]."""
    return checks.number(where, name, value, 0, 1, open_low=True)


def listed(value: Any) -> bool:
    """Whether an argument lists one entry per feature (as opposed to one value for all)."""
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def per_feature(where: str, name: str, value: Any, k: int) -> list[Any]:
    """One entry for each of k features; a single value serves them all."""
    if not listed(value):
        return [value] * k
    if len(value) != k:
        raise InputError(f"{where}: {name} must be one value or {k} of them, one per feature; got {len(value)}")
    return list(value)


def probabilities(where: str, name: str, value: Any, k: int) -> Array:
    """k firing probabilities in (0, 1], from one number or k of them."""
    if not listed(value):
        return np.full(k, probability(where, name, value))
    return np.array([probability(where, f"{name}[{i}]", p) for i, p in enumerate(per_feature(where, name, value, k))])


def distribution(where: str, name: str, value: Any, size: int) -> Array:
    """`size` probabilities >= 0 that sum to 1; None gives 1/size each."""
    if value is None:
        return np.full(size, 1.0 / size)
    p = checks.vector(where, name, value, size)
    if (p < 0).any():
        entry = int(np.argmax(p < 0))
        raise InputError(f"{where}: {name} must not be negative; entry {entry} is {p[entry]:g}")
    if abs(p.sum() - 1) > checks.SUM_TOLERANCE:
        raise InputError(f"{where}: {name} must sum to 1; they sum to {p.sum():.12g}")
    return p / p.sum()


def count(where: str, value: Any, lists: Sequence[Any], default: int) -> int:
    """How many features: as said, or as many as the first argument that lists them has entries, or the default."""
    if value is not None:
        return checks.integer(where, "n_features", value, 1, MOST_FEATURES)
    return max(1, next((len(entry) for entry in lists if listed(entry)), default))


def generator(where: str, rng: Any) -> np.random.Generator:
    """A numpy Generator: the one given, or a new one from a whole-number seed >= 0."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool | np.bool_) or not isinstance(rng, int | np.integer):
        raise InputTypeError(f"{where}: rng must be a numpy Generator or a whole-number seed; got {type(rng).__name__}")
    return np.random.default_rng(checks.integer(where, "rng", rng))


def pick(rng: np.random.Generator, probabilities: Array, n: int) -> np.ndarray:
    """n indices drawn with the given positive probabilities (which sum to 1)."""
    edges = np.cumsum(probabilities)
    edges[-1] = 1.0  # random() < 1, so the last index is the last one drawn
    return np.searchsorted(edges, rng.random(n), side="right")


def call(name: str, **arguments: Any) -> str:
    """'name(argument=value, ...)', as it would be typed; long lists are cut short, None is left out."""
    return f"{name}({', '.join(f'{key}={show(value)}' for key, value in arguments.items() if value is not None)})"


def show(value: Any) -> str:
    """A value as it would be typed, at reading precision."""
    if listed(value):
        entries = [show(entry) for entry in value[:SHOWN]] + ["..."] * (len(value) > SHOWN)
        return f"[{', '.join(entries)}]"
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    return repr(value)
