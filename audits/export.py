"""Our dictionaries as SAEs that others load, and our worlds as activations that others train on.

A dictionary has no encoder: its codes are exact. One is trained beside it, with atoms and bias held, and what it loses
against exact codes (amortisation, A1) is written into the configuration of a SAELens folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from audits.amortised import train
from generators.world import World
from testbed import checks, encode, files
from testbed.checks import Array
from testbed.dictionary import Dictionary
from testbed.errors import InputError


def to_sae_lens(dictionary: Dictionary, folder: str | Path, *, steps: int = 3000, seed: int = 0) -> float:
    """Write cfg.json and sae_weights.safetensors into a folder that must not exist yet or be empty; returns the
    encoder's amortisation gap on the dictionary's own data, in squared units of it.

    Raises InputError for signed codes, which no such SAE has, and where the folder holds something.
    """
    checks.installed("to_sae_lens", "data", "safetensors")
    from safetensors.numpy import save

    folder, problem = Path(folder), dictionary.problem
    if not problem.nonnegative:
        raise InputError("to_sae_lens: codes of an SAE are nonnegative; this dictionary's are signed")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"to_sae_lens: {folder} must be a new or an empty folder")
    X = problem.X
    found = train(X, dictionary.n_atoms, problem.lam, steps=steps, seed=seed, start=dictionary.D, decoder=False,
                  bias=dictionary.b).sae
    exact = encode(X, dictionary.D, problem.lam, dictionary.b)
    gap = _loss(X, found.encode(X), dictionary) - _loss(X, exact, dictionary)
    m, d = dictionary.D.shape
    details = {"l1_coefficient": 2 * problem.lam, "lp_norm": 1.0}
    cfg = {"d_in": d, "d_sae": m, "dtype": "float32", "device": "cpu", "architecture": "standard",
           "apply_b_dec_to_input": True, "normalize_activations": "none", "reshape_activations": "none",
           "metadata": {"training_architecture": "standard", "training_architecture_details": details,
                        "status": dictionary.status, "objective": dictionary.objective, "amortisation_gap": gap}}
    tensors = {"W_dec": dictionary.D, "W_enc": found.W, "b_dec": dictionary.b, "b_enc": found.c}
    folder.mkdir(parents=True, exist_ok=True)
    files.write_atomically(folder / "sae_weights.safetensors",
                           save({name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}))
    files.write_atomically(folder / "cfg.json", json.dumps(cfg, indent=1, allow_nan=False).encode())
    return gap


def batches(world: World, size: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Batches (size, d) float32 of fresh samples of a world, without end: what a trainer takes activations from.

    SAELens: SAETrainer(..., data_provider=map(torch.from_numpy, batches(world, 512))). One seed, one sequence.
    """
    size = checks.count("batches", "size", size)
    rng = np.random.default_rng(checks.integer("batches", "seed", seed, 0))
    while True:
        yield world.sample(size, rng).X.astype(np.float32)


def _loss(X: Array, Z: Any, dictionary: Dictionary) -> float:
    problem = dictionary.problem
    R = X - dictionary.b - Z @ dictionary.D
    each = 0.5 * (R * R).sum(axis=1) + problem.lam * np.asarray(Z.sum(axis=1)).ravel()
    return float(problem.weights @ each)
