"""Problems, dictionaries and optima for Hypothesis: a seed, a small shape, and decorations.

Seeds alone never draw a zero row, a tie or a repeated sample, and arrays alone never draw a generic matrix; a seed with
sampled decorations draws both, satisfies every assumption by construction, and shrinks to the decorations that matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import strategies as st

from testbed import Optimum, Problem, fit

DECORATIONS = ("zero rows", "repeated rows", "ties", "rank loss", "sparse", "shifted", "weights", "no weight", "huge",
               "tiny")
ATOM_DECORATIONS = ("repeated", "antipodal", "from data", "axes", "nearly repeated")
SCALES = {"huge": 2.0**166, "tiny": 2.0**-166}  # about 1e50 and 1e-50, and exact


@dataclass(frozen=True)
class Recipe:
    """All that determines a problem; hashable, so that what is built from it can be kept."""

    seed: int
    n: int
    d: int
    share: float  # lam as a share of the largest |x|; above 1 every code is zero
    bias: bool
    nonnegative: bool
    decorations: frozenset[str]

    def problem(self) -> Problem:
        rng = np.random.default_rng(self.seed)
        X = rng.standard_normal((self.n, self.d))
        if "sparse" in self.decorations:
            active = rng.random((self.n, 2 * self.d)) < 0.3
            X = (active * rng.exponential(size=active.shape)) @ rng.standard_normal((2 * self.d, self.d))
        if "ties" in self.decorations:
            X = np.round(2 * X) / 2
        if "rank loss" in self.decorations:
            X[:, self.d // 2 + 1 :] = 0
        if "shifted" in self.decorations:
            X += 3
        if "repeated rows" in self.decorations:
            X[self.n // 2 :] = X[: self.n - self.n // 2]
        if "zero rows" in self.decorations:
            X[rng.random(self.n) < 0.3] = 0
        weights = None
        if self.decorations & {"weights", "no weight"}:
            weights = rng.exponential(size=self.n) + 1e-3
            if "no weight" in self.decorations:
                weights[rng.random(self.n) < 0.3] = 0
                weights[0] += 1e-3
            weights /= weights.sum()
        lam = self.share * (np.linalg.norm(X, axis=1).max() or 1.0)
        for word, scale in SCALES.items():
            if word in self.decorations:
                X, lam = X * scale, lam * scale
        return Problem(X, lam, weights, self.bias, self.nonnegative)


def recipes(biased: bool | None = None, nonnegative: bool | None = None) -> st.SearchStrategy[Recipe]:
    """Recipes; the two choices are drawn too unless they are given."""
    return st.builds(
        Recipe,
        seed=st.integers(0, 10_000),
        n=st.integers(1, 24),
        d=st.integers(1, 5),
        share=st.sampled_from([0.15, 0.05, 0.4, 0.9, 1.5]),
        bias=st.booleans() if biased is None else st.just(biased),
        nonnegative=st.booleans() if nonnegative is None else st.just(nonnegative),
        decorations=st.frozensets(st.sampled_from(DECORATIONS), max_size=3).filter(lambda few: not set(SCALES) <= few),
    )


def problems(biased: bool | None = None, nonnegative: bool | None = None) -> st.SearchStrategy[Problem]:
    """Small problems of every kind."""
    return recipes(biased, nonnegative).map(Recipe.problem)


@st.composite
def dictionaries(draw: st.DrawFn, problem: Problem) -> np.ndarray:
    """(m, d) unit-norm atoms for a problem, optimal for nothing."""
    m = draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    D = rng.standard_normal((m, problem.d))
    words = draw(st.frozensets(st.sampled_from(ATOM_DECORATIONS), max_size=2))
    if "axes" in words:
        D = np.eye(problem.d)[rng.integers(problem.d, size=m)]
    if "from data" in words:
        rows = problem.X[rng.integers(problem.n, size=m)]
        D = np.where(np.abs(rows).max(axis=1, keepdims=True) > 0, rows / problem.lam, D)
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    if "repeated" in words:
        D[-1] = D[0]
    if "antipodal" in words:
        D[-1] = -D[0]
    if "nearly repeated" in words:
        D[-1] = D[0] + 1e-5 * rng.standard_normal(problem.d)
        D[-1] /= np.linalg.norm(D[-1])
    return D


@st.composite
def coded(draw: st.DrawFn, nonnegative: bool | None = None) -> Optimum:
    """Exact codes on a dictionary that is not optimal, with any bias."""
    problem = draw(problems(nonnegative=nonnegative))
    b = problem.X.mean(axis=0) if problem.bias else None
    return Optimum.at(problem, draw(dictionaries(problem)), b)


@cache
def trained(recipe: Recipe, n_atoms: int) -> Optimum:
    """The recipe's problem solved, once."""
    p = recipe.problem()
    return fit(p.X, n_atoms, p.lam, p.bias, p.nonnegative, p.weights, seed=recipe.seed, restarts=1)


def optima(biased: bool | None = None, nonnegative: bool | None = None) -> st.SearchStrategy[Optimum]:
    """Trained dictionaries, with whatever status they reached."""
    return st.builds(trained, recipes(biased, nonnegative), n_atoms=st.integers(1, 7))
