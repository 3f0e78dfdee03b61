"""The list of worlds, by name: what a command line offers, and what it answers when a name is wrong."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generators.world import World
from generators.worlds.antipodal import antipodal
from generators.worlds.cofiring import cofiring
from generators.worlds.correlated import correlated
from generators.worlds.correlated_pair import correlated_pair
from generators.worlds.digits import digits
from generators.worlds.hierarchical import forest, hierarchical
from generators.worlds.independent import independent
from generators.worlds.nested import exclusive_children, nested_pair
from generators.worlds.one_sparse import one_sparse
from generators.worlds.published import correlated_50, hedging, synthetic_forest, tree
from generators.worlds.superposition import superposition
from generators.worlds.two_features import two_features
from testbed.errors import InputError


@dataclass(frozen=True)
class Entry:
    """A world that can be made by name."""

    constructor: Callable[..., World]

    @property
    def summary(self) -> str:
        """One line: the first of the constructor's docstring."""
        return (inspect.getdoc(self.constructor) or "").partition("\n")[0]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameter names with their default values; every parameter has one."""
        return {name: p.default for name, p in inspect.signature(self.constructor).parameters.items()}


WORLDS: Mapping[str, Entry] = {constructor.__name__: Entry(constructor) for constructor in (
    independent, one_sparse, hierarchical, forest, nested_pair, exclusive_children, correlated, cofiring,
    correlated_pair, two_features, antipodal, digits, hedging, tree, correlated_50, synthetic_forest,
    superposition)}


def make(name: str, **parameters: Any) -> World:
    """The world of a given name with given parameters: make("independent", p=0.2).

    Raises ValueError for an unknown world or parameter, listing the known ones, and whatever the constructor raises.
    """
    if name not in WORLDS:
        raise InputError(f"make: unknown world {name!r}; the worlds are {', '.join(WORLDS)}{_hint(name, WORLDS)}")
    entry = WORLDS[name]
    for parameter in parameters:
        if parameter not in entry.parameters:
            known = f"its parameters are {', '.join(entry.parameters)}" if entry.parameters else "it has none"
            raise InputError(f"make: world {name!r} has no parameter {parameter!r}; "
                             f"{known}{_hint(parameter, entry.parameters)}")
    return entry.constructor(**parameters)


def _hint(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
