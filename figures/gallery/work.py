"""One piece of the gallery's work, as a worker does it: the kernels compiled, a figure made, or an interactive page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from figures import interactive
from figures.base import Numbers
from figures.gallery import registry, store
from figures.gallery.drawing import Drawn, draw

# names of the tasks that compile (or load) what many figures need; the last takes up what the first compiled
TRAINING, PLANE, MANY = KERNELS = "kernels of training", "kernels of the plane", "kernels of many problems"


class Task(NamedTuple):
    """What to make, the folder, the key of the code that makes it, and whether its numbers are to be computed."""

    name: str
    out: Path
    key: str = ""
    compute: bool = True


def do(task: Task, say: Callable[[str], None]) -> Drawn | None:
    """Do it: compute and save the numbers, read them back, draw from them. None for what the page does not draw."""
    if task.name in KERNELS:
        compile_kernels(task.name)
        return None
    path = task.out / f"{task.name}.npz"
    if task.name in interactive.PAGES:
        from testbed import files

        page = interactive.named(task.name)
        if task.compute:
            store.save(path, page.compute(say), task.key)
        files.write_atomically(task.out / f"{task.name}.html", page.build(_read(path, task.key)))
        return None
    item = registry.figure(task.name)
    if task.compute:
        store.save(path, item.compute(), task.key)
    return draw(task.out, item, _read(path, task.key), task.name)


def kept(out: Path, name: str) -> dict | None:
    """The numbers of a figure in the folder `out`, if this very code computed them; else None."""
    return store.load(out / f"{name}.npz", _key(name))


def keep(out: Path, name: str, numbers: Numbers) -> None:
    """Save the numbers of a figure, just computed, in the folder `out`, where the gallery will find them."""
    store.save(out / f"{name}.npz", numbers, _key(name))


def _key(name: str) -> str:
    (key,) = store.keys([registry.module(name)]).values()
    return key


def _read(path: Path, key: str) -> dict:
    numbers = store.load(path, key, required=True)
    if numbers is None:
        raise OSError(f"{path}: was replaced by other code while it was being made")
    return numbers


def compile_kernels(name: str) -> None:
    """Train or predict something small in every way, so that numba's cache holds the kernels before workers ask."""
    import numpy as np

    from generators import nested_pair
    from testbed import fit, fit_many

    X = np.random.default_rng(0).standard_normal((20, 3))
    if name == PLANE:
        nested_pair(child_magnitude="uniform(.5,1.5)").predict(0.1)
    elif name == MANY:
        fit_many(X[None], n_atoms=3, lam=0.3)
    else:
        for nonnegative in (True, False):
            for bias in (False, True):
                fit(X, n_atoms=3, lam=0.3, bias=bias, nonnegative=nonnegative, restarts=1)
