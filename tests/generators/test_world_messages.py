"""What a world says when asked for something impossible: one error, naming the world, the argument and the reason."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from generators import (
    Sample,
    antipodal,
    cofiring,
    correlated,
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
)

PENTAGON = np.where(np.eye(4) > 0, 2 / 3, 1 / 3)  # every triple is possible, and the count would have variance -4/9

BAD_VALUES = [
    # values of parameters
    (lambda: independent(2, 1.5), "independent: p must be finite and > 0 and <= 1; got 1.5"),
    (lambda: independent(2, [0.5, 0]), "independent: p[1] must be finite and > 0 and <= 1; got 0"),
    (lambda: independent(2, [0.5] * 3), "independent: p must be one value or 2 of them, one per feature; got 3"),
    (lambda: independent(0), "independent: n_features must be between 1 and 20000; got 0"),
    (lambda: independent(2, float("nan")), "p must be finite and > 0 and <= 1; got nan"),
    (lambda: superposition(5), "superposition: k must be even, as features come in pairs; got 5"),
    (lambda: superposition(gamma=1.5), "superposition: gamma must be finite and >= 0 and <= 1; got 1.5"),
    (lambda: superposition(p=0), "superposition: p must be finite and > 0 and <= 1; got 0"),
    # scalar laws
    (lambda: independent(magnitude="unifrm(1,2)"), "magnitude: unknown law 'unifrm'; the laws are constant, "),
    (lambda: independent(magnitude="unifrm(1,2)"), "did you mean 'uniform'?"),
    (lambda: independent(magnitude="uniform(2,1)"), "magnitude: uniform: high must be finite and > 2; got 1"),
    (lambda: independent(magnitude="uniform(1,2,3)"), "too many positional arguments"),
    (lambda: independent(magnitude="uniform(1;2)"), "expected a number, true, false, a list or a word"),
    (lambda: independent(magnitude="__import__('os')"), "magnitude: expected a number"),
    (lambda: independent(magnitude="gaussian(0,1)"), "magnitude must be a law of positive numbers"),
    (lambda: independent(magnitude=0), "constant(a=0) reaches down to 0"),
    (lambda: independent(magnitude="discrete([1,1])"), "discrete: values must be distinct"),
    (lambda: independent(magnitude="discrete([1,2],[.5,.6])"), "probabilities must sum to 1; they sum to 1.1"),
    # sparse, hierarchical
    (lambda: one_sparse(probabilities=[1.0, 0.0]), "one_sparse: probabilities must be > 0; entry 1 is 0"),
    (lambda: one_sparse(directions=[[1.0, 0], [1, 0]]), "one_sparse: directions must be different"),
    (lambda: one_sparse(directions=[[2.0, 0], [1, 0]]), "directions must have rows of unit norm; row 0 has"),
    (lambda: forest([-1, 2, 0]), "forest: parents must be -1 for a root or the index of an earlier feature; "
                                             "entry 1 is 2"),
    (lambda: forest([]), "forest: parents must list one entry per feature"),
    (lambda: forest([-1, 0, 0], [1, 0.6, 0.6], exclusive=True),
     "forest: probabilities of the exclusive children of feature 0 must sum to at most 1; they sum to 1.2"),
    (lambda: hierarchical(exhaustive=True), "hierarchical: exhaustive children must be exclusive"),
    (lambda: hierarchical(depth=50), "hierarchical: roots, depth and branching must make at most 20000 features; 1, "),
    (lambda: nested_pair(1.0), "nested_pair: rho must be finite and > 0 and < 1; got 1"),
    (lambda: hedging("hierachical"), "hedging: variant must be one of independent, hierarchical"),
    # correlated
    (lambda: correlated(3, correlation=-0.9), "correlated: correlation must be positive semidefinite"),
    (lambda: correlated(correlation=[[1, 0.5], [0.4, 1]]), "correlation must be a symmetric (2, 2) matrix"),
    (lambda: correlated(correlation=[[2.0, 0.5], [0.5, 1]]), "correlation must have a diagonal of ones"),
    (lambda: cofiring([[0.3, 0.4], [0.4, 0.5]]),
     "cofiring: features 0 and 1, firing with probabilities 0.3 and 0.5, fire together with probability at least 0 and "
     "at most 0.3; pairs[0][1] is 0.4"),
    (lambda: cofiring([[0.8, 0.4], [0.4, 0.7]]), "at least 0.5 and at most 0.7; pairs[0][1] is 0.4"),
    (lambda: cofiring([[0.5, 0.4, 0.4], [0.4, 0.5, 0.1], [0.4, 0.1, 0.5]]),
     "features 0, 1, 2 violate P(0,1) + P(0,2) - P(1,2) <= P(0): 0.4 + 0.4 - 0.1 > 0.5"),
    (lambda: cofiring(np.where(np.eye(3) > 0, 0.5, 0.1)), "violate P(0) + P(1) + P(2) - P(0,1) - P(0,2)"),
    (lambda: cofiring(PENTAGON), "cofiring: no joint distribution has these pairs (the linear program over "
                                             "the 16 firing patterns is infeasible)"),
    (lambda: cofiring([[1.5, 0], [0, 1]]), "feature 0 fires, must be > 0 and <= 1; got 1.5"),
    (lambda: cofiring(np.eye(13) / 2), "cofiring: pairs may have 12 features at most; got 13"),
    (lambda: correlated_pair(0.4, 0.4), "correlated_pair: 2 alpha + beta must be at most 1; got 1.2"),
    # antipodal
    (lambda: antipodal(2, offset=[1.0]), "antipodal: offset must have 2 entries; it has 1"),
    (lambda: antipodal(law="laplace(0,-1)"), "antipodal: law: laplace: scale must be finite and > 0; got -1"),
    # sampling and enumerating
    (lambda: independent().sample(0, 1), "sample: n must be >= 1; got 0"),
    (lambda: independent().sample(5, -1), "sample: rng must be >= 0; got -1"),
    (lambda: independent(magnitude="uniform(1,2)").exact(),
     "has continuous magnitudes, uniform(low=1, high=2); use sample"),
    (lambda: independent().noise(0.1).exact(), "has Gaussian noise, sigma = 0.1; use sample"),
    (lambda: correlated().exact(), "cofiring(pairs=world.law.pairs()) has the same pairs, exactly"),
    (lambda: independent(30).exact(), "lists 1073741824 points; the limit is 65536 (raise it, "),
    (lambda: independent(3).exact(limit=7), "lists 8 points; the limit is 7"),
    (lambda: digits().sample(1798, 0), "sample: digits() has 1797 rows; got n = 1798"),
    # composing
    (lambda: independent(2) + independent(3), "+: worlds must have the same dimension; got 2 and 3"),
    (lambda: digits() + independent(64), "+: digits() is recorded data and cannot be added"),
    (lambda: independent(64) + digits(), "+: digits() is recorded data and cannot be added"),
    (lambda: digits().embed(70), "embed: digits() is recorded data"),
    (lambda: digits().noise(0.1), "noise: digits() is recorded data"),
    (lambda: independent(3).embed(2), "embed: 3 orthonormal features need d >= 3; got d = 2"),
    (lambda: independent(3).embed(2, 0.1), "embed: 3 directions of common cosine 0.1 need d >= 3; got d = 2"),
    (lambda: independent(3).embed(5, -0.6), "3 directions have a common cosine of -1/2 = -0.5 at least; got -0.6"),
    (lambda: independent(3).embed(5, 1.0), "embed: coherence must be finite and >= -1 and < 1; got 1"),
    (lambda: independent(3).embed(5, "randm", 1), "coherence must be one of orthonormal, random; got 'randm'"),
    (lambda: independent(3).embed(2, "random"), "embed: coherence 'random' needs a seed; got None"),
    (lambda: independent().noise(-1.0), "noise: sigma must be finite and >= 0; got -1"),
    (lambda: antipodal(directions=[[1.0, 0]], offset=[0.0, 1]).embed(3), "points out of the span"),
    # exact answers outside their range
    (lambda: independent().predict(0.1), "predict: no exact answer is known for independent("),
    (lambda: (nested_pair() + nested_pair()).predict(0.1), "predict: no exact answer is known for (nested"),
    (lambda: nested_pair().predict(0), "predict: lam must be finite and > 0; got 0"),
    (lambda: nested_pair().noise(0.1).predict(0.1), "exact answers are for worlds without noise"),
    (lambda: nested_pair().predict(1.2), "T3 holds for lam below the shortest nonzero point of the data, 1; "
                                                     "got 1.2"),
    (lambda: exclusive_children().predict(1.5), "T4 holds for lam below the shortest nonzero point"),
    (lambda: one_sparse().predict(1.0), "T1 holds for lam below the least magnitude, 1; got 1"),
    (lambda: correlated_pair().predict(1.0), "T2 holds for lam < 1"),
    (lambda: correlated_pair().embed(2, 0.2).predict(0.1), "T2 is for orthogonal features"),
    (lambda: antipodal(2).predict(0.1), "T5 is for one direction; antipodal(n_features=2"),
    (lambda: antipodal().predict(1.0), "T5 holds for lam below max |s - E s| = 1, so that an atom is live; got 1"),
    # names
    (lambda: make("hierachical"), "make: unknown world 'hierachical'; the worlds are independent, one_sparse, "),
    (lambda: make("hierachical"), "did you mean 'hierarchical'?"),
    (lambda: make("independent", prob=0.2),
     "make: world 'independent' has no parameter 'prob'; its parameters are n_features, p, magnitude"),
    (lambda: make("digits", n=3), "make: world 'digits' has no parameter 'n'; it has none"),
    # words
    (lambda: parse_parameters(["p"]), "parameters: expected name=value; got 'p'"),
    (lambda: parse_parameters(["p=1", "p=2"]), "parameters: p is given twice"),
    (lambda: parse_parameters(["p=(1,2"]), "parameters: p: brackets do not match in '(1,2'"),
    (lambda: parse_parameters(["p=1+1"]), "expected a number, true, false, a list or a word; got '1+1'"),
    (lambda: parse_parameters(["p=[[[1]]]"]), "parameters: p: lists may be nested 2 deep at most"),
    (lambda: parse_parameters(["p=" + "[" * 20_000]), "a value may have at most 10000 characters"),
    # samples
    (lambda: Sample(np.ones((2, 2)), np.ones((2, 1)), np.ones((1, 3)), [0.5, 0.5], [0, 0]),
     "Sample: expected X (n, d), codes (n, k), features (k, d); the shapes are (2, 2), (2, 1), (1, 3)"),
]

WRONG_KINDS = [
    (lambda: independent(2, "half"), "independent: p must be a number; got str 'half'"),
    (lambda: independent(2.0), "independent: n_features must be a whole number; got float 2.0"),
    (lambda: hierarchical(exclusive=1), "hierarchical: exclusive must be True or False; got int 1"),
    (lambda: independent().sample(5, None), "sample: rng must be a numpy Generator or a whole-number seed"),
    (lambda: independent(3) + 1, "unsupported operand"),
]


@pytest.mark.parametrize("attempt, message", BAD_VALUES, ids=[message for _, message in BAD_VALUES])
def test_bad_values_are_refused_with_the_reason(attempt, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        attempt()


@pytest.mark.parametrize("attempt, message", WRONG_KINDS, ids=[message for _, message in WRONG_KINDS])
def test_wrong_kinds_of_thing_are_refused_with_the_reason(attempt, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        attempt()


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ValueError, match="digits: the data come with scikit-learn, which is not installed"):
        digits()
