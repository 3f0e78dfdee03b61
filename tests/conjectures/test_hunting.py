"""The parts of the search: what is drawn, climbed, made simple, refused; and how it is put into words."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import find, settings
from near_truths import FAMILY
from strategies import recipes

from conjectures import KINDS, Conjecture, Space, hunt, simplicity, words
from conjectures.climbing import climb
from conjectures.problems import FAMILIES, Problems
from conjectures.trying import Candidate, examine
from conjectures.verifying import verify
from properties import get
from testbed import InputError, fit

BY_NAME = {one.conjecture.id: one.conjecture for one in FAMILY}


def one(X, lam, m, kind=KINDS[0], weights=None) -> Problems:
    X = np.array(X, dtype=float)
    w = np.full(len(X), 1 / len(X)) if weights is None else np.array(weights)
    return Problems(X[None], w[None], np.array([lam]), m, kind)


def candidate(conjecture, problems, D) -> Candidate:
    return Candidate(problems, np.array(D, dtype=float), np.zeros(problems.X.shape[2]), 1.0, 1.0)


def test_what_is_drawn_stays_within_the_space_and_depends_on_the_number_alone() -> None:
    space = Space(points=(2, 6), dimensions=(2, 3), atoms=(1, 4), kinds=KINDS[:2])
    drawn = [space.draw(3, number) for number in range(4 * len(FAMILIES))]
    for number, problems in enumerate(drawn):
        _, n, d = problems.X.shape
        assert 2 <= n <= 6 and 2 <= d <= 3 and 1 <= problems.n_atoms <= 4
        assert problems.kind == KINDS[number % 2] and problems.problem(0).bias == problems.kind.bias
        np.testing.assert_allclose(problems.weights.sum(axis=1), 1, rtol=1e-12)
        assert (problems.weights > 0).all() and (problems.lam > 0).all()
    np.testing.assert_array_equal(space.draw(3, 7).X, drawn[7].X)
    assert not np.array_equal(space.draw(4, 7).X[:1], drawn[7].X[:1])
    for wrong in ({"points": (0, 3)}, {"atoms": (3, 2)}, {"dimensions": (1, 99)}):
        with pytest.raises(InputError, match=f"Space: {next(iter(wrong))}"):
            Space(**wrong)


def test_climbing_goes_up_where_nothing_is_violated_yet() -> None:
    steep = Conjecture.of(get("S6"))  # true: however near to failing, never beyond
    found = [c for number in range(4) for c in examine(steep, Space(kinds=KINDS[:1]).draw(0, number), seed=number)]
    low = min(found, key=lambda c: c.score)
    high = climb(steep, low, np.random.default_rng(0), 6)
    assert low.score < high.score <= steep.tolerance and low.score < -1e-3


def test_what_does_not_refute_is_refused() -> None:
    angles, loose = BY_NAME["not_obtuse"], BY_NAME["half_is_enough"]
    X = [[1, 0], [0, 1], [1, 1], [2, 0]]
    turned = candidate(angles, one(X, 0.2, 2), [[0.8, 0.6], [-0.6, 0.8]])
    assert "S1" in verify(BY_NAME["mean_residual"], turned).refused
    flat = fit(np.array(X, dtype=float), 2, 0.2)
    assert verify(angles, candidate(angles, one(X, 0.2, 2), flat.D)).refused == "measured anew it holds"
    square = [[2, 0], [0, 2], [-2, 0]]  # two of three points served: as good as any; one twice: worse
    worse = fit(np.array(square, dtype=float), 2, 0.5, start=np.array([[1.0, 0], [1, 0]]))
    assert not verify(loose, candidate(loose, one(square, 0.5, 2), worse.D)).refused
    lopsided = one([[9, 0], [0, 2], [0, -2]], 0.5, 2)
    assert verify(loose, candidate(loose, lopsided, [[0.0, 1], [0, -1]])).refused == (
        "not a global minimum: a restart found a better one")


def test_numbers_are_simple_where_they_are() -> None:
    shown = [words.simple(v) for v in (0.0, 1 / 3, -2.0, 0.1, np.pi, -1e-9)]
    assert shown == ["0", "1/3", "-2", "1/10", "3.141593", "0"]
    assert simplicity.fraction(0.375) == Fraction(3, 8) and simplicity.fraction(np.sqrt(2)) is None
    assert simplicity.number(0) < simplicity.number(1) < simplicity.number(2) < simplicity.number(0.5)
    np.testing.assert_array_equal(simplicity.counts(np.array([0.2, 0.4, 0.4])), [1, 2, 2])
    assert simplicity.counts(np.array([0.3123, 0.6877])) is None
    plain, odd = one([[1, 0], [0, 1]], 0.5, 2), one([[1, 0.123], [0, 1]], 0.5, 2)
    assert simplicity.rank(plain) < simplicity.rank(odd) < simplicity.rank(one([[1, 0], [0, 1], [1, 1]], 0.5, 1))


def test_a_conjecture_about_no_such_problem_says_so() -> None:
    with pytest.raises(InputError, match="B1 says nothing about nonnegative codes, no bias"):
        hunt(Conjecture.of(get("B1")), space=Space(kinds=KINDS[:1]))


def test_a_violation_is_made_small_and_kept_true() -> None:
    found = hunt(BY_NAME["plane_only"], budget=600)
    assert found.broken and found.tally.applies <= found.tally.tried
    small = found.counterexample
    assert small is not None and small.others.holds and not small.refused
    p = small.optimum.problem
    assert p.n <= 6 and p.d == 3 and (p.X % 1 == 0).all()  # true in the plane: three dimensions are as few as can be
    assert words.to_json(found)["counterexample"]["X"] == p.X.tolist()
    assert "Violated by" in words.shown(small) and "at sample" in words.shown(small)
    assert r"\tfrac" in words.latex(found)


def test_strategies_shrink_to_data_that_can_be_read() -> None:
    """The suite's own examples: numbers, not a seed."""
    quick = settings(max_examples=60, derandomize=True, database=None)
    long = find(recipes(nonnegative=True), lambda r: np.linalg.norm(r.problem().X, axis=1).max() > 2, settings=quick)
    assert long.X == ((3.0,),) and long.weights == (1,) and long.scale == 1
    three = find(recipes(biased=True), lambda r: len(set(r.X)) > 2, settings=quick)
    assert len(three.X) == 3 and all(x == round(x, 3) for row in three.X for x in row) and three.weights == (1, 1, 1)
