"""Sampling errors (A3): what chance does to the statements, predicted and seen over many draws."""

import numpy as np
import pytest

from audits import exact, statements
from audits.findings import measure
from audits.moments import Moments
from generators import two_features
from testbed import Problem, fit
from testbed.dictionary import Dictionary

LAM, N, DRAWS = 0.1, 3000, 40


def judged(D, b, X, bias):
    """Every sampled statement of a dictionary on a sample, at exact codes."""
    dictionary = Dictionary.of(Problem(X, LAM, bias=bias), D, b)
    sums = Moments(D, b, X.mean(axis=0), LAM)
    for block in dictionary.blocks():
        sums.add(block.X, block.Z)
    return measure(sums, LAM, bias) + exact.measured(dictionary, sums, lambda *_: None)


@pytest.fixture(scope="module")
def drawn():
    """Ratios over draws, at the optimum of the distribution, without and with a bias."""
    world = two_features(0.3, 0.1, 0.25, 1.2, "discrete([1, 2])")
    whole, found = world.exact(), {}
    for bias in (False, True):
        best = fit(whole.X, 2, LAM, weights=whole.weights, bias=bias)
        rows = [judged(best.D, best.b, world.sample(N, seed).X, bias) for seed in range(DRAWS)]
        found[bias] = {id: np.array([next(s.ratio for s in row if s.id == id) for row in rows])
                       for id in [s.id for s in rows[0]]}
    return found


@pytest.mark.parametrize("bias", [False, True])
def test_the_ratio_of_an_optimum_is_one_on_average(drawn, bias):
    found = drawn[bias]
    assert set(found) == {"A2", "S1", "S2", "S3", "S4", "C1", "C2", "C3", "C4", "G1", "S5", "S6"} | (
        {"B1", "B4", "B2", "B3"} if bias else set())
    for id in ("A2", "S1", "S2", "S3", "S4", "S5") + (("B1", "B3", "B2") if bias else ()):
        mean, error = found[id].mean(), found[id].std() / np.sqrt(DRAWS)
        assert abs(mean - 1) <= 4 * error + 0.02, (id, mean, error)
        assert error < 0.3
    assert found["S6"].mean() <= 1.3  # an inequality has slack


def test_an_optimum_of_as_many_samples_has_twice_the_error():
    world = two_features(0.3, 0.1, 0.25, 1.2, "discrete([1, 2])")
    ratios = []
    for seed in range(DRAWS):
        best = fit(world.sample(N, 1000 + seed).X, 2, LAM, restarts=2)
        ratios.append(judged(best.D, best.b, world.sample(N, seed).X, False)[1].ratio)
    assert abs(np.mean(ratios) - 2) <= 4 * np.std(ratios) / np.sqrt(DRAWS)


def test_another_dictionary_is_beyond_chance():
    world = two_features(0.3, 0.1, 0.25, 1.2, "discrete([1, 2])")
    whole = world.exact()
    best = fit(whole.X, 2, LAM, weights=whole.weights)
    turned = best.D + 0.15 * best.D[:, ::-1] * [1, -1] if best.D.shape[1] == 2 else None
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    found = {s.id: s for s in judged(turned, best.b, world.sample(20 * N, 0).X, False)}
    assert found["S1"].holds is False and found["S1"].ratio > found["S1"].chance > statements.TRAINED
    assert all(found[id].holds for id in ("C1", "C2", "C3", "C4", "G1"))
