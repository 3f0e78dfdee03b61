"""The answer of a cell: data drawn, a dictionary trained, and what it is worth and holds, measured on fresh samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from audits.amortised import train
from generators import make
from generators.sample import Sample
from generators.world import World
from sweeps.cells import Cell
from sweeps.verdicts import nested, verdicts
from testbed import Dictionary, Problem, fit
from testbed.checks import Array
from testbed.descent.phi import normalised
from testbed.errors import InputError, NumericsError
from testbed.threads import limited

ALWAYS = 1 << 62  # work that is never small: numba's threads are set for it


def solve(cell: Cell) -> dict[str, Any]:
    """Names and values (numbers, words, None), the same bits wherever it is computed; `error` says why there are none.

    All of it runs on one thread. What is raised but for bad input and numerics is a fault, and is raised on.
    """
    try:
        with limited(ALWAYS, 1, "sweep"):
            return _solve(cell)
    except (InputError, NumericsError) as error:
        return {"error": " ".join(str(error).split())}


def _solve(cell: Cell) -> dict[str, Any]:
    p = cell.parameters
    world = make(**p["world"])
    rng = np.random.default_rng(cell.sequence("data"))
    sample, fresh = world.sample(p["samples"], rng), world.sample(p["fresh"], rng)
    start = _start(cell, world, sample)
    if p["method"] == "exact":
        best = fit(sample.X, p["width"], p["lam"], p["bias"], seed=cell.seed("training"), restarts=p["restarts"],
                   start=start, schedule=p["schedule"], threads=1)
        found: Dictionary = best
        answer = {"objective": best.objective, "stationarity": best.stationarity, "status": best.status,
                  "least_curvature": best.hessian_min, "came_by": best.schedule}
    else:
        sae = train(sample.X, p["width"], p["lam"], steps=p["steps"], batch=p["batch"], rate=p["rate"],
                    schedule=p["schedule"], seed=cell.seed("training") >> 31, start=start,
                    bias=None if p["bias"] else np.zeros(world.d)).sae
        Z = sae.encode(sample.X)
        R = sample.X - sae.b - Z @ sae.D
        found = Dictionary(Problem(sample.X, p["lam"], bias=p["bias"]), sae.D, sae.b)
        answer = {"encoder_objective": float(0.5 * (R * R).sum() / len(R) + p["lam"] * Z.sum() / len(R)),
                  "encoder_codes": float(Z.nnz / len(R))}
        answer |= {"objective": found.objective, "stationarity": found.stationarity}
    there = Dictionary(Problem(fresh.X, p["lam"]), found.D, found.b)
    live = found.D[np.asarray(there.mu) > 0]
    answer |= {"fresh_objective": there.objective, "codes": float(there.codes_per_sample), "live": len(live)}
    answer |= verdicts(live, world.features, nested(world))
    return {name: value if not isinstance(value, float) or np.isfinite(value) else None
            for name, value in answer.items()}


def _start(cell: Cell, world: World, sample: Sample) -> Array | None:
    """Atoms to start from, (m, d): None for what `fit` draws from the data.

    The truth where there are more atoms than features has samples' directions for the others, and some of the features
    where there are fewer. Merged is the truth with every child replaced by the sum of it and its parent.
    """
    kind, m = cell.parameters["start"], cell.parameters["width"]
    rng = np.random.default_rng(cell.sequence("start"))
    if kind == "data":
        return None
    if kind == "random":
        return normalised(rng.standard_normal((m, world.d)))
    atoms = np.array(world.features)
    if kind == "merged":
        for parent, child in nested(world):
            atoms[child] += atoms[parent]
    if m < len(atoms):
        return normalised(atoms[np.sort(rng.permutation(len(atoms))[:m])])
    further = sample.X[rng.permutation(np.flatnonzero((sample.X**2).sum(axis=1) > 0))[: m - len(atoms)]]
    further = np.concatenate([further, rng.standard_normal((m - len(atoms) - len(further), world.d))])
    return normalised(np.concatenate([atoms, further]))
