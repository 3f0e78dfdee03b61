"""A design: which cells there are, read from a TOML file and checked before anything is computed.

    name = "corner"                  # and seed = 0, which every seed of every cell follows from
    [common]                         # what all cells share
    samples = 8000
    world = {name = "superposition", k = 256, d = 64}
    [[grid]]                         # every combination of what is listed
    world = {gamma = [0.0, 0.3]}
    lam = [0.01, 0.1]
    start = ["truth", "random"]
    [[random]]                       # so many cells; what is listed is drawn from, and so are ranges
    cells = 100
    lam = {low = 1e-4, high = 1.0, log = true}

A list is what to vary; a parameter that is itself a list stands in one more pair of brackets. Grids and random parts
may be several; a cell that two of them name is one cell.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generators import make
from generators.worlds.hierarchical import Forest
from sweeps.cells import Cell, canonical
from testbed import checks
from testbed.errors import InputError

MOST = 1_000_000  # cells
STARTS = ("data", "random", "truth", "merged")
TRAINED = {"exact": ("auto", "plain", "continuation"), "amortised": ("constant", "warmup", "anneal")}
DEFAULTS = {"method": "exact", "start": "data", "bias": False, "seed": 0}
OF_EXACT = {"schedule": "auto", "restarts": 1}
OF_AMORTISED = {"schedule": "constant", "steps": 2000, "batch": 512, "rate": 3e-3}
NAMES = ("world", "samples", "fresh", "lam", "width", *DEFAULTS, *OF_EXACT, *OF_AMORTISED)


@dataclass(frozen=True, eq=False)
class Design:
    """name, seed, and the cells, each once, in the order in which the file names them."""

    name: str
    seed: int
    cells: tuple[Cell, ...]

    @property
    def content(self) -> dict[str, Any]:
        """What makes it this design: two files that spell the same cells are one design."""
        return {"name": self.name, "seed": self.seed, "cells": sorted(cell.key for cell in self.cells)}


def read_design(path: str | Path) -> Design:
    """Read and check a design; InputError naming the file and the place in it, OSError where it cannot be read."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from None
    return design(content, str(path))


def design(content: Mapping[str, Any], where: str = "design") -> Design:
    """A design from what a TOML file holds."""
    for name in content:
        if name not in ("name", "seed", "common", "grid", "random"):
            raise InputError(f"{where}: unknown entry {name!r}; a design has name, seed, common, grid, random")
    title = content.get("name", "")
    if not isinstance(title, str) or not title:
        raise InputError(f"{where}: name must be a word; got {title!r}")
    seed = checks.integer(where, "seed", content.get("seed", 0), 0)
    common = _table(where, "common", content.get("common", {}))
    found: dict[str, Cell] = {}
    worlds: dict[str, bool] = {}
    for kind, expand in (("grid", _grid), ("random", _random)):
        parts = content.get(kind, [])
        if not isinstance(parts, list):
            raise InputError(f"{where}: {kind} must be written [[{kind}]]")
        for number, part in enumerate(parts):
            place = f"{where}: {kind} {number + 1}"
            merged = _flat(common) | _flat(_table(where, kind, part))
            for values in expand(place, merged, seed):
                cell = Cell(_checked(place, _nested(values), worlds), seed)
                found.setdefault(cell.key, cell)
                if len(found) > MOST:
                    raise InputError(f"{place}: a design may have at most {MOST} cells")
    if not found:
        raise InputError(f"{where}: it names no cell: add a [[grid]] or a [[random]]")
    return Design(title, seed, tuple(found.values()))


def _table(where: str, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: {name} must be a table; got {value!r:.60}")
    for key in value:
        if key not in (*NAMES, *["cells"] * (name == "random")):
            raise InputError(f"{where}: {name} has an unknown entry {key!r}; cells have {', '.join(NAMES)}")
    return value


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the world one by one, as world.NAME."""
    world = table.get("world", {})
    inner = {f"world.{key}": value for key, value in world.items()} if isinstance(world, dict) else {"world": world}
    return {key: value for key, value in table.items() if key != "world"} | inner


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    world = {key.partition(".")[2]: value for key, value in values.items() if key.startswith("world.")}
    return {key: value for key, value in values.items() if not key.startswith("world.")} | {"world": world}


def _grid(place: str, part: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    axes = [value if isinstance(value, list) else [value] for value in part.values()]
    for name, axis in zip(part, axes, strict=True):
        if not axis:
            raise InputError(f"{place}: {name} lists nothing")
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > MOST:
        raise InputError(f"{place}: a design may have at most {MOST} cells; this grid has {size}")
    for values in itertools.product(*axes):
        yield dict(zip(part, values, strict=True))


def _random(place: str, part: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Cells by number, each drawn by its own seed: more cells leave the first ones what they are."""
    total = checks.count(place, "cells", part.get("cells"), high=MOST)
    drawn = {name: value for name, value in part.items() if name != "cells"}
    for number in range(total):
        key = Cell({"random": drawn, "number": number}, seed)
        rng = np.random.default_rng(key.sequence("design"))
        yield {name: _draw(place, name, value, rng) for name, value in drawn.items()}


def _draw(place: str, name: str, value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, list):
        if not value:
            raise InputError(f"{place}: {name} lists nothing")
        return value[int(rng.integers(len(value)))]
    if not isinstance(value, dict):
        return value
    if not {"low", "high"} <= set(value) <= {"low", "high", "log"}:
        raise InputError(f"{place}: {name} must be a value, a list, or a range with low, high and perhaps log; "
                         f"got {sorted(value)}")
    log = checks.flag(place, f"{name}.log", value.get("log", False))
    low = checks.number(place, f"{name}.low", value["low"], 0 if log else -np.inf, open_low=log)
    high = checks.number(place, f"{name}.high", value["high"], low)
    if all(isinstance(value[end], int) for end in ("low", "high")) and not log:
        return int(rng.integers(int(low), int(high) + 1))
    # to six digits, which a reader can type and every processor draws alike
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))) if log else rng.uniform(low, high):.6g}")


def _checked(place: str, given: dict[str, Any], worlds: dict[str, bool]) -> dict[str, Any]:
    """All parameters of a cell with what it left out; InputError naming the first that is wrong.

    worlds : those made before, and whether each has nested features.
    """
    for name in ("samples", "lam", "width"):
        if name not in given:
            raise InputError(f"{place}: {name} is missing")
    method = checks.choice(place, "method", given.get("method", DEFAULTS["method"]), tuple(TRAINED))
    other = set(OF_AMORTISED if method == "exact" else OF_EXACT) - {"schedule"}
    if extra := sorted(other & set(given)):
        raise InputError(f"{place}: {extra[0]} does not go with method {method!r}")
    cell = DEFAULTS | (OF_EXACT if method == "exact" else OF_AMORTISED) | given
    cell["samples"] = checks.count(place, "samples", cell["samples"])
    cell["fresh"] = checks.count(place, "fresh", cell.get("fresh", cell["samples"]))
    cell["lam"] = checks.number(place, "lam", cell["lam"], 0, open_low=True)
    cell["width"] = checks.count(place, "width", cell["width"])
    cell["seed"] = checks.integer(place, "seed", cell["seed"], 0)
    cell["bias"] = checks.flag(place, "bias", cell["bias"])
    checks.choice(place, "start", cell["start"], STARTS)
    checks.choice(place, "schedule", cell["schedule"], TRAINED[method])
    for name in ("restarts", "steps", "batch"):
        if name in cell:
            cell[name] = checks.count(place, name, cell[name], high=checks.TRIALS)
    if "rate" in cell:
        cell["rate"] = checks.number(place, "rate", cell["rate"], 0, open_low=True)
    if cell["start"] != "data" and cell.get("restarts", 1) != 1:
        raise InputError(f"{place}: restarts go with start 'data'; from {cell['start']!r} there is one")
    if method == "amortised" and cell["start"] == "data":
        raise InputError(f"{place}: an amortised SAE starts at 'random', 'truth' or 'merged'")
    _world(place, cell, worlds)
    return cell


def _world(place: str, cell: dict[str, Any], worlds: dict[str, bool]) -> None:
    world = cell["world"] = dict(cell["world"])
    if not isinstance(world.get("name"), str):
        raise InputError(f"{place}: world must have a name; got {world.get('name')!r}")
    try:
        text = canonical(world)
        if text not in worlds:
            made = make(**world)
            worlds[text] = isinstance(made.law, Forest)
            if not made.n_features:
                raise InputError(f"world {made} has no true features to start from or to find")
    except TypeError as error:
        raise InputError(f"{place}: world: {error}") from None
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
    if cell["start"] == "merged" and not worlds[text]:
        raise InputError(f"{place}: start 'merged' needs a world of nested features; {world['name']} has none")
