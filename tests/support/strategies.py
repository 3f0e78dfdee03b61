"""Problems, dictionaries and optima for Hypothesis, drawn number by number, so that what fails shrinks to data that can
be read: few points, small whole numbers.

Numbers alone never draw a zero row, a tie or a repeated sample; decorations do, and satisfy every assumption by
construction. A failing example shows the data themselves (`note`), in no need of a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import note
from hypothesis import strategies as st

from testbed import Optimum, Problem, fit

DECORATIONS = ("zero rows", "repeated rows", "ties", "rank loss", "sparse", "shifted", "weights", "no weight", "huge",
               "tiny")
ATOM_DECORATIONS = ("repeated", "antipodal", "from data", "axes", "nearly repeated")
SCALES = {"huge": 2.0**166, "tiny": 2.0**-166}  # about 1e50 and 1e-50, and exact
NUMBERS = st.floats(-4, 4, allow_nan=False).map(lambda number: round(number, 3) + 0.0)
WEIGHTS = st.integers(1, 9)

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Recipe:
    """All that determines a problem; hashable, so that what is built from it can be kept.

    X, lam, weights as of a Problem, in units of `scale`; whole weights, in proportion.
    """

    X: Rows
    lam: float
    weights: tuple[int, ...]
    bias: bool
    nonnegative: bool
    scale: float = 1.0

    def problem(self) -> Problem:
        weights = np.array(self.weights, dtype=float)
        return Problem(self.scale * np.array(self.X), self.scale * self.lam, weights / weights.sum(), self.bias,
                       self.nonnegative)


@st.composite
def recipes(draw: st.DrawFn, biased: bool | None = None, nonnegative: bool | None = None) -> Recipe:
    """Recipes; the two choices are drawn too unless they are given."""
    d = draw(st.integers(1, 5))
    share = draw(st.sampled_from([0.15, 0.05, 0.4, 0.9, 1.5]))  # lam over the longest |x|; above 1 every code is zero
    words = draw(st.frozensets(st.sampled_from(DECORATIONS), max_size=3).filter(lambda few: not set(SCALES) <= few))
    row = st.lists(st.just(0.0) | NUMBERS if "sparse" in words else NUMBERS, min_size=d, max_size=d)
    points = draw(st.lists(st.tuples(row, WEIGHTS), min_size=1, max_size=24))  # so that points can be left out
    X, n = np.array([x for x, _ in points]), len(points)
    if "ties" in words:
        X = np.round(2 * X) / 2
    if "rank loss" in words:
        X[:, d // 2 + 1 :] = 0
    if "shifted" in words:
        X += 3
    if "repeated rows" in words:
        X[n // 2 :] = X[: n - n // 2]
    if "zero rows" in words:
        X[::3] = 0
    weights = [1] * n
    if words & {"weights", "no weight"}:
        weights = [weight for _, weight in points]
        if "no weight" in words:
            weights[1::3] = [0] * len(weights[1::3])
    longest = float(np.linalg.norm(X, axis=1).max())
    scale = next((size for word, size in SCALES.items() if word in words), 1.0)
    return Recipe(tuple(map(tuple, X.tolist())), share * (longest or 1.0), tuple(weights),
                  draw(st.booleans()) if biased is None else biased,
                  draw(st.booleans()) if nonnegative is None else nonnegative, scale)


def problems(biased: bool | None = None, nonnegative: bool | None = None) -> st.SearchStrategy[Problem]:
    """Small problems of every kind."""
    return recipes(biased, nonnegative).map(Recipe.problem)


@st.composite
def dictionaries(draw: st.DrawFn, problem: Problem) -> np.ndarray:
    """(m, d) unit-norm atoms for a problem, optimal for nothing."""
    m = draw(st.integers(1, 7))
    D = np.array(draw(st.lists(st.lists(NUMBERS, min_size=problem.d, max_size=problem.d).filter(any),
                               min_size=m, max_size=m)))
    words = draw(st.frozensets(st.sampled_from(ATOM_DECORATIONS), max_size=2))
    if "axes" in words:
        D = np.eye(problem.d)[draw(st.lists(st.integers(0, problem.d - 1), min_size=m, max_size=m))]
    if "from data" in words:
        rows = problem.X[draw(st.lists(st.integers(0, problem.n - 1), min_size=m, max_size=m))]
        D = np.where(np.abs(rows).max(axis=1, keepdims=True) > 0, rows / problem.lam, D)
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    if "repeated" in words:
        D[-1] = D[0]
    if "antipodal" in words:
        D[-1] = -D[0]
    if "nearly repeated" in words:
        D[-1] = D[0] + 1e-5 * np.roll(D[0], 1)
        D[-1] /= np.linalg.norm(D[-1])
    return D


@st.composite
def coded(draw: st.DrawFn, nonnegative: bool | None = None) -> Optimum:
    """Exact codes on a dictionary that is not optimal, with any bias."""
    problem = draw(problems(nonnegative=nonnegative))
    b = problem.X.mean(axis=0) if problem.bias else None
    return told(Optimum.at(problem, draw(dictionaries(problem)), b))


def told(optimum: Optimum) -> Optimum:
    """The optimum, with its data and atoms noted: what a failing example shows."""
    p = optimum.problem
    note(f"X = {p.X.tolist()}, weights = {p.weights.tolist()}, lam = {p.lam!r}, bias = {p.bias}, "
         f"nonnegative = {p.nonnegative}, D = {optimum.D.tolist()}, b = {optimum.b.tolist()}")
    return optimum


@cache
def trained(recipe: Recipe, n_atoms: int) -> Optimum:
    """The recipe's problem solved, once."""
    p = recipe.problem()
    return fit(p.X, n_atoms, p.lam, p.bias, p.nonnegative, p.weights, restarts=1)


@st.composite
def optima(draw: st.DrawFn, biased: bool | None = None, nonnegative: bool | None = None) -> Optimum:
    """Trained dictionaries, with whatever status they reached."""
    return told(trained(draw(recipes(biased, nonnegative)), draw(st.integers(1, 7))))
