"""Published toys: closed forms for hedging against training, fates that the studies report, the small benchmark."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial

import numpy as np
import pytest

from figures.published import in_span
from generators import WORLDS, correlated_50, hedging, synthetic_forest, tree
from generators.plane.phases import landscape
from generators.worlds.published import hedged, lean
from properties import fates
from testbed import Optimum, Problem, fit


def single(world, lam, bias):
    """One trained atom in the coordinates of the features, and its bias."""
    sample = world.exact()
    found = fit(sample.X, 1, lam, bias=bias, weights=sample.weights, restarts=8)
    return found.D[0] @ world.features.T, found.b @ world.features.T


@pytest.mark.parametrize("child", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("lam", [0.02, 0.2, 0.4])
def test_one_atom_leans_from_parent_to_child_as_derived(child, lam):
    world = hedging("hierarchical", child=child, d=3)
    for bias, angle in ((True, partial(hedged, lam, 0.25, child)),
                        (False, partial(lean, lam, 0.25 * (1 - child), 0.0, 0.25 * child))):
        if bias and child == 0.6 and lam == 0.4:
            continue  # the atom is off on the parent alone there: see the message
        atom, _ = single(world, lam, bias)
        assert math.atan2(atom[1], atom[0]) == pytest.approx(angle(), abs=1e-9)
        assert abs(math.atan2(atom[1], atom[0]) - angle() * (1 + lam / 10)) > 1e-4  # a planted slip


def test_as_lam_goes_to_zero_the_lean_has_a_limit():
    for child in (0.1, 0.2, 0.5):
        angle = lean(1e-9, 0.25 * (1 - child), 0.0, 0.25 * child)
        assert math.tan(2 * angle) == pytest.approx(2 * child / (1 - child), rel=1e-6)


def test_independent_features_are_kept_apart_by_a_bias_alone():
    p, lam = 0.25, 0.1
    atom, b = single(hedging(d=3), lam, True)
    feature = int(np.argmax(atom))
    assert atom[feature] == pytest.approx(1, abs=1e-12)
    assert b[feature] == pytest.approx(lam * p / (1 - p), abs=1e-9)  # T5: shrinkage made up for
    assert b[1 - feature] == pytest.approx(p, abs=1e-9)  # the other feature's mean
    mixed, _ = single(hedging(d=3), lam, False)
    assert np.allclose(mixed, math.sqrt(0.5), atol=1e-9)
    assert lean(lam, p * (1 - p), p * (1 - p), p * p) == pytest.approx(math.pi / 4, abs=1e-12)


def test_without_a_bias_the_even_mixture_gives_way():
    angle = lean(0.4, 0.1875, 0.1875, 0.0625)
    atom, _ = single(hedging(d=2), 0.4, False)
    assert math.atan2(*np.sort(atom)) == pytest.approx(angle, abs=1e-9) and angle < math.radians(20)


def test_two_atoms_absorb_at_every_penalty():
    world = hedging("hierarchical")
    sample = world.exact()
    for lam in (0.01, 0.3, 0.9):
        assert landscape(world, lam).best.regime == "absorbed"
        for bias in (False, True):
            found = fit(sample.X, 2, lam, bias=bias, weights=sample.weights, restarts=12)
            if bias and lam == 0.9:
                continue  # nothing but the pair is coded
            assert [v.kind for v in fates(found, sample)] == ["absorbed", "tilted"]


def test_the_tree_loses_its_parents():
    sample = tree().sample(3000, 0)
    found = fit(sample.X, 20, 0.05, restarts=2)
    seen = [v.kind for v in fates(found, sample)]
    assert seen[:3] == ["absorbed"] * 3 and seen[3:12] == ["tilted"] * 9 and seen[12:] == ["recovered"] * 8
    truth = Optimum.at(Problem(sample.X, 0.05), sample.features)
    assert truth.objective > 1.1 * found.objective  # the truth is no optimum


def test_a_larger_penalty_mixes_and_loses_correlated_features():
    sample = in_span(correlated_50().sample(800, 0))
    on = []
    for lam in (0.1, 0.4):
        found = fit(sample.X, 50, lam, start=sample.features)
        kinds = Counter(v.kind for v in fates(found, sample))
        on.append((found.support.sum(axis=1).mean(), kinds["missing"] + kinds["merged"]))
    assert on[0][0] > on[1][0] and on[0][1] + 15 < on[1][1]
    assert on[1][0] < 0.75 * (sample.codes > 0).sum(axis=1).mean()


def test_the_small_benchmark_is_what_it_says():
    world = synthetic_forest(roots=3, branching=2, depth=3, d=12, rank=1, seed=1)
    sample = world.sample(20000, 0)
    on = sample.codes > 0
    assert on.shape == (20000, 21) and world.features.shape == (21, 12)
    assert np.allclose(on[:, :3].mean(axis=0), 0.4 / np.sqrt([1, 2, 3]), atol=0.015)
    parents = [*range(3), *np.repeat(range(3), 2), *np.repeat(range(3, 9), 2)]
    for child in range(3, 21):
        assert not (on[:, child] & ~on[:, parents[child]]).any()
        assert on[on[:, parents[child]], child].mean() == pytest.approx(0.4, abs=0.05)
    assert not (on[:, 3] & on[:, 4]).any() and not (on[:, 9] & on[:, 10]).any()  # siblings exclude each other
    rho = np.corrcoef(on[:, :3].T)[np.triu_indices(3, 1)]
    assert np.abs(rho).min() > 0.1  # latent correlations of one half
    assert "synthetic_forest" in WORLDS and not world.finite
    assert 0.5 <= sample.codes[on].min() and sample.codes.max() <= 1.5


def test_the_small_benchmark_is_explained_and_not_recovered():
    sample = synthetic_forest().sample(1500, 0)
    found = fit(sample.X, 52, 0.2, start=sample.features)
    kinds = Counter(v.kind for v in fates(found, sample))
    assert kinds["recovered"] == 0 and kinds["absorbed"] >= 10
    assert (found.R**2).sum() < 0.1 * ((sample.X - sample.X.mean(axis=0)) ** 2).sum()


@pytest.mark.parametrize(("call", "message"), [
    (partial(hedged, 0.7), "hedged: lam must be so small that the atom is on wherever the parent fires; got 0.7"),
    (partial(hedged, 0.0), "hedged: lam must be"), (partial(lean, 1.5, 0.1, 0.1, 0.1), "lean: lam must be"),
    (partial(lean, 0.5, 0.1, 2, 0.1), "lean: second must be"),
    (partial(synthetic_forest, branching=0), "synthetic_forest: branching must be"),
    (partial(synthetic_forest, rank=0), "synthetic_forest: rank must be")])
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()
