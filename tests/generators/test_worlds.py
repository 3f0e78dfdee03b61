"""Worlds: what they promise of their distributions holds exactly where it is exact, and within 5 standard errors where
it is sampled."""

from __future__ import annotations

import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import generators
from generators import (
    antipodal,
    cofiring,
    correlated,
    correlated_50,
    correlated_pair,
    digits,
    exclusive_children,
    forest,
    hedging,
    hierarchical,
    independent,
    make,
    nested_pair,
    one_sparse,
    parse_parameters,
    superposition,
    tree,
)
from generators.magnitudes import LAWS, scalar
from generators.worlds.correlated import both

FINITE = [
    independent(3, [0.2, 0.5, 1.0], ["discrete([1,2],[.3,.7])", 1, 0.5]),
    one_sparse(4, [0.1, 0.2, 0.3, 0.4], "discrete([1,3])").embed(3, "random", seed=1),
    hierarchical(roots=2, depth=2, branching=2, exclusive=True, tied=True, magnitude="discrete([1,2])"),
    forest([-1, 0, 1, 0, -1], [0.6, 0.5, 0.9, 0.3, 0.4], exclusive=[True, False, False, False, False]),
    nested_pair(0.3, 1.0),
    exclusive_children(3, 0.7),
    cofiring([[0.5, 0.3, 0.1], [0.3, 0.4, 0.1], [0.1, 0.1, 0.2]], "discrete([1,2])"),
    correlated_pair(0.3, 0.25),
    antipodal(2, ["sign(2,.3)", "bernoulli(.4)"], [1.0, 0.5], offset=[0.5, -1.0]),
    hedging("hierarchical"),
    independent(2, 0.4).embed(3, 0.3, seed=0) + antipodal(1, "discrete([-1,0,2])", 0.5).embed(3),
]
CONTINUOUS = [
    independent(3, 0.3, ["uniform(1,2)", "exponential(0.5)", "folded_normal(1,0.4)"]),
    hierarchical(depth=3, magnitude="uniform(1,2)", tied=True),
    antipodal(3, ["gaussian(1,2)", "laplace(0,1)", "uniform(-1,1)"], 0.6, offset=0.3),
    correlated(4, 0.3, 0.5).embed(3, "random", seed=2).noise(0.1),
    correlated_50(),
]


def mean_and_errors(values, expected):
    """Sampled mean of each column against its expectation, in standard errors."""
    error = values.std(axis=0) / math.sqrt(len(values))
    return np.abs(values.mean(axis=0) - expected) / np.maximum(error, 1e-12)


# --- samples -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("world", FINITE + CONTINUOUS, ids=repr)
def test_a_sample_is_features_times_codes_and_read_only(world):
    sample = world.sample(64, rng=3)
    assert sample.X.shape == (64, world.d) and sample.codes.shape == (64, world.n_features)
    np.testing.assert_allclose(np.linalg.norm(sample.features, axis=1), 1, rtol=0, atol=1e-12)
    if not world.sigma:
        assert np.abs(sample.noise).max() <= 1e-14
    for array in (sample.X, sample.codes, sample.features, sample.weights, sample.offset):
        assert array.dtype == np.float64 and array.flags.c_contiguous and not array.flags.writeable


@pytest.mark.parametrize("world", FINITE + CONTINUOUS, ids=repr)
def test_same_seed_same_bits_also_after_pickling(world):
    first, again = world.sample(50, 7), pickle.loads(pickle.dumps(world)).sample(50, np.random.default_rng(7))
    assert first.X.tobytes() == again.X.tobytes() and first.codes.tobytes() == again.codes.tobytes()
    assert first.X.tobytes() != world.sample(50, 8).X.tobytes()


@pytest.mark.parametrize("world", FINITE, ids=repr)
def test_exact_worlds_agree_with_their_samples_in_two_moments(world):
    exact, sample = world.exact(), world.sample(40_000, 11)
    assert abs(exact.weights.sum() - 1) < 1e-12 and (exact.weights > 0).all()
    assert len(np.unique(exact.codes, axis=0)) == len(exact.codes)
    second = np.einsum("ij,ik->ijk", sample.codes, sample.codes).reshape(len(sample.codes), -1)
    expected = np.einsum("i,ij,ik->jk", exact.weights, exact.codes, exact.codes).ravel()
    assert mean_and_errors(sample.codes, exact.weights @ exact.codes).max() < 5
    assert mean_and_errors(second, expected).max() < 5
    assert mean_and_errors(sample.X, exact.weights @ exact.X).max() < 5
    assert {tuple(code) for code in sample.codes} <= {tuple(code) for code in exact.codes}


@pytest.mark.parametrize("spec", [
    "constant(2)", "discrete([1,2,4],[.2,.3,.5])", "uniform(-1,2)", "exponential(.5,1)", "folded_normal(1,.5)",
    "bernoulli(.3,2)", "sign(2,.7)", "gaussian(1,2)", "laplace(-1,.5)"])
def test_scalar_laws_have_the_moments_they_state(spec):
    law = scalar("test", "law", spec, signed=True)
    draws = law.draw(np.random.default_rng(5), 40_000)
    assert mean_and_errors(np.stack([draws, draws**2], axis=1), [law.mean, law.mean_square]).max() < 5
    assert draws.min() >= law.low
    assert repr(scalar("test", "law", repr(law), signed=True)) == repr(law)  # a repr is a specification
    assert spec.partition("(")[0] in LAWS


# --- what fires together -----------------------------------------------------------------------------------------

@given(seed=st.integers(0, 10**6), k=st.integers(1, 7), exclusive=st.booleans(), tied=st.booleans())
def test_children_fire_only_with_their_parents_and_exclusive_ones_alone(seed, k, exclusive, tied):
    rng = np.random.default_rng(seed)
    parents = [-1] + [int(rng.integers(-1, i)) for i in range(1, k)]
    p = rng.uniform(0.05, 1, k) / (k if exclusive else 1)
    world = forest(parents, list(p), exclusive=exclusive, tied=tied, magnitude="discrete([1,2])")
    exact = world.exact()
    for sample in (exact, world.sample(200, seed)):
        for child, parent in enumerate(parents):
            if parent >= 0:
                assert not (sample.support[:, child] & ~sample.support[:, parent]).any()
        for a, b in itertools.combinations(range(k), 2):
            if exclusive and parents[a] == parents[b] >= 0:
                assert not (sample.support[:, a] & sample.support[:, b]).any()
    fires = exact.weights @ exact.support
    for i, parent in enumerate(parents):
        assert abs(fires[i] - p[i] * (1 if parent < 0 else fires[parent])) < 1e-12


def test_exhaustive_children_always_fire_and_tied_magnitudes_multiply():
    exact = hierarchical(depth=2, branching=3, exclusive=True, exhaustive=True).exact()
    assert (exact.support[:, 1:].sum(axis=1) == exact.support[:, 0]).all()
    codes = forest([-1, 0, 1], 1.0, magnitude=2.0, tied=True).exact().codes
    assert codes.tolist() == [[2.0, 4.0, 8.0]]


def test_the_stated_size_of_a_support_is_what_it_lists():
    for world in FINITE:
        assert len(world.law.support()[1]) == world.law.size(), world


@given(seed=st.integers(0, 10**6), k=st.integers(1, 6), sparsity=st.sampled_from([0.0, 0.7, 0.95]))
def test_cofiring_reproduces_any_realisable_pairs(seed, k, sparsity):
    rng = np.random.default_rng(seed)
    cube = np.array(list(itertools.product([0.0, 1.0], repeat=k)))
    q = rng.exponential(size=len(cube)) * (rng.random(len(cube)) >= sparsity)
    q[-1] += 0.05 * (1 + q.sum())  # every feature fires at times
    q /= q.sum()
    P = np.einsum("s,si,sj->ij", q, cube, cube)
    P = (P + P.T) / 2
    exact = cofiring(P).exact()
    np.testing.assert_allclose(np.einsum("s,si,sj->ij", exact.weights, exact.codes, exact.codes), P, rtol=0, atol=2e-12)
    assert len(exact.weights) <= 1 + k + k * (k - 1) // 2


def test_cofiring_of_twelve_copula_features_has_the_copula_s_pairs():
    P = correlated(12, list(np.linspace(0.1, 0.5, 12)), 0.3).law.pairs()
    exact = cofiring(P).exact()
    np.testing.assert_allclose(np.einsum("s,si,sj->ij", exact.weights, exact.codes, exact.codes), P, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rho", [-1.0, -0.999, -0.5, 0.0, 0.3, 0.95, 0.999999, 1.0])
def test_copula_pairs_against_the_bivariate_normal(rho):
    p, q = 0.3, 0.2
    if abs(rho) == 1:
        assert abs(both(p, q, rho) - (min(p, q) if rho > 0 else 0.0)) < 1e-12
        assert abs(both(0.7, 0.6, rho) - (0.6 if rho > 0 else 0.3)) < 1e-12
        assert abs(both(p, p, rho) - (p if rho > 0 else 0.0)) < 1e-12
    else:
        from scipy.special import ndtri
        expected = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([ndtri(p), ndtri(q)])
        assert abs(both(p, q, rho) - expected) < 1e-9
    assert abs(both(0.5, 0.5, rho) - (0.25 + math.asin(rho) / (2 * math.pi))) < 1e-12  # Sheppard


def test_copula_samples_have_the_stated_pairs():
    world = correlated(3, [0.2, 0.4, 0.6], [[1, 0.6, -0.3], [0.6, 1, 0.1], [-0.3, 0.1, 1]])
    on = world.sample(40_000, 2).support.astype(float)
    pairs = np.einsum("ij,ik->ijk", on, on).reshape(len(on), -1)
    assert mean_and_errors(pairs, world.law.pairs().ravel()).max() < 5


def test_published_worlds_have_their_parameters():
    two = hedging("hierarchical").exact()
    assert two.X.shape[1] == 50
    np.testing.assert_allclose(two.weights @ two.codes, [0.25, 0.05], atol=1e-15)
    np.testing.assert_allclose(hedging().exact().weights @ hedging().exact().codes, [0.25, 0.25], atol=1e-15)
    twenty = tree().exact()
    np.testing.assert_allclose(twenty.weights @ twenty.codes, [0.15] * 3 + [0.03] * 9 + [0.05] * 8, atol=1e-12)
    law, rho = correlated_50().law, np.abs(correlated_50().law.correlation[np.triu_indices(50, 1)])
    assert correlated_50().features.shape == (50, 100) and 0.3 <= rho.min() and rho.max() <= 0.9
    np.testing.assert_allclose(law.p[[0, 49]], [0.345 * 49 / 50 + 0.05, 0.05], atol=1e-15)


# --- composition -------------------------------------------------------------------------------------------------

@given(k=st.integers(1, 8), extra=st.integers(0, 3), where=st.floats(0, 0.99), seed=st.none() | st.integers(0, 99))
def test_embed_achieves_its_gram(k, extra, where, seed):
    least = -1 / (k - 1) if k > 1 else -1.0
    c = least + where * (1 - least)
    features = independent(k).embed(k + extra, c, seed).features
    np.testing.assert_allclose(features @ features.T, np.where(np.eye(k) > 0, 1, c), rtol=0, atol=1e-12)
    orthonormal = independent(k).embed(k + extra, seed=seed).features
    np.testing.assert_allclose(orthonormal @ orthonormal.T, np.eye(k), rtol=0, atol=1e-12)


def test_embed_reaches_the_simplex_in_one_dimension_less_and_superposes_at_random():
    features = independent(4).embed(3, -1 / 3).features
    np.testing.assert_allclose(features @ features.T, np.where(np.eye(4) > 0, 1, -1 / 3), rtol=0, atol=1e-12)
    assert independent(9).embed(2, "random", seed=0).features.shape == (9, 2)


def test_an_offset_along_the_features_follows_them():
    world = antipodal(1, "bernoulli(.3)", offset=2.0).embed(3, seed=5)
    np.testing.assert_allclose(world.offset, 2 * world.features[0], rtol=0, atol=1e-14)


def test_a_sum_is_independent_exactly():
    a, b = correlated_pair(0.3, 0.2), hierarchical(branching=1, magnitude="discrete([1,2])")
    A, B, joint = a.exact(), b.exact(), (a + b).exact()
    at = {tuple(code): w for code, w in zip(joint.codes, joint.weights, strict=True)}
    assert len(at) == len(A.weights) * len(B.weights)
    for (i, p), (j, q) in itertools.product(enumerate(A.weights), enumerate(B.weights)):
        assert abs(at[*A.codes[i], *B.codes[j]] - p * q) < 1e-15
    np.testing.assert_array_equal(joint.features, np.concatenate([a.features, b.features]))


def test_noise_is_isotropic_and_adds_in_squares():
    world = independent(2).noise(0.3) + independent(2).noise(0.4)
    noise = world.sample(40_000, 1).noise
    assert world.sigma == pytest.approx(0.5, abs=1e-15) and not world.finite
    assert mean_and_errors(np.stack([noise[:, 0]**2, noise[:, 1]**2, noise[:, 0] * noise[:, 1]], axis=1),
                           [0.25, 0.25, 0]).max() < 5


def test_digits_are_a_fixed_sample_without_ground_truth():
    world = digits()
    exact, drawn = world.exact(), world.sample(1797, 0)
    assert exact.X.shape == (1797, 64) and exact.codes.shape == (1797, 0) and exact.features.shape == (0, 64)
    assert np.mean(np.sum(exact.X**2, axis=1)) == pytest.approx(1, abs=1e-14)
    assert sorted(map(tuple, drawn.X)) == sorted(map(tuple, exact.X))
    assert not np.array_equal(drawn.X, exact.X)


def test_worlds_print_as_they_were_made():
    world = (independent(2, 0.3) + independent(2, 0.1)).embed(8, "random", seed=1).noise(0.1)
    assert repr(world) == ("(independent(n_features=2, p=0.3, magnitude=constant(a=1)) + independent(n_features=2, "
                           "p=0.1, magnitude=constant(a=1))).embed(8, 'random', seed=1).noise(0.1)")


def test_every_registered_world_can_be_made_and_described():
    for name, entry in generators.WORLDS.items():
        world = make(name)
        assert repr(world).startswith(name + "(") and entry.summary.endswith(".")
        assert world.sample(5, 0).X.shape == (5, world.d)


def test_parameters_are_read_from_words():
    assert parse_parameters([]) == {}
    assert parse_parameters([
        "p=0.2", "parents=-1,0,0", "exclusive=true", "flags=[True, false]", "law=uniform(1, 2)", "k=3", "seed=none",
        "pairs=[[.5,.2],[.2,.5]]", "laws=uniform(1,2),constant(1)", "x=1e-3"]) == {
        "p": 0.2, "parents": [-1, 0, 0], "exclusive": True, "flags": [True, False], "law": "uniform(1, 2)", "k": 3,
        "seed": None, "pairs": [[0.5, 0.2], [0.2, 0.5]], "laws": ["uniform(1,2)", "constant(1)"], "x": 1e-3}
    world = make("independent", **parse_parameters(["n_features=2", "p=.5,.25", "magnitude=uniform(low=1,high=2)"]))
    assert repr(world) == "independent(n_features=2, p=[0.5, 0.25], magnitude=uniform(low=1, high=2))"


def test_superposition_nests_the_first_pairs_and_keeps_its_directions():
    world, free = superposition(8, 4, 0.3, gamma=0.5, seed=2), superposition(8, 4, 0.3, seed=2)
    np.testing.assert_array_equal(world.features, free.features)
    on = world.sample(40_000, 0).support
    assert not (on[:, 4:6] & ~on[:, :2]).any() and (on[:, 6:] & ~on[:, 2:4]).any()
    expected = np.r_[[0.3] * 4, [0.09] * 2, [0.3] * 2]
    np.testing.assert_allclose(on.mean(axis=0), expected, atol=0.01)
    assert np.corrcoef(on[:, [2, 6]].T)[0, 1] == pytest.approx(0, abs=0.02)
