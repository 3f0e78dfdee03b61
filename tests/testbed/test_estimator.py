"""SparseDictionary: scikit-learn's own checks, and the same results as `fit` and `encode`."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import workers
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.decomposition import DictionaryLearning
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import testbed
from testbed import Optimum, Problem, SparseDictionary, encode, fit
from testbed.estimator import distinct

X = workers.data(120, 8, 5)
# two checks look at nothing unless pandas is installed or SCIPY_ARRAY_API is set
ABSENT = ("check_sample_weights_pandas_series", "check_array_api_input")
KINDS = (SparseDictionary(), SparseDictionary(4, 0.3, bias=True, restarts=2),
         SparseDictionary(3, 0.2, nonnegative=False, restarts=2, random_state=None))


CHECKS = [pytest.param(estimator, check, id=f"{kind}-{check.func.__name__}") for kind in KINDS
          for estimator, check in estimator_checks_generator(kind) if check.func.__name__ not in ABSENT]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


def test_none_of_scikit_learn_s_checks_is_missing():
    """Nothing is expected to fail, and what is left out above is what check_estimator itself skips."""
    results = check_estimator(SparseDictionary(2, 0.5, restarts=1), on_skip=None)
    assert {r["check_name"] for r in results if r["status"] != "passed"} <= set(ABSENT)
    assert len(results) > 40


@pytest.mark.parametrize("options", [{"bias": True}, {"nonnegative": False}, {"restarts": 3}])
def test_the_same_bits_as_fit_and_encode(options):
    model = SparseDictionary(6, 0.15, random_state=4, **options).fit(X)
    optimum = fit(X, 6, 0.15, seed=4, **options)
    assert np.array_equal(model.components_, optimum.D) and np.array_equal(model.intercept_, optimum.b)
    assert model.optimum_.status == optimum.status == "local_min"
    assert np.array_equal(model.optimum_.objectives, optimum.objectives)
    fresh = workers.data(30, 8, 5)[::-1]
    codes = encode(fresh, optimum.D, 0.15, optimum.b, options.get("nonnegative", True))
    assert np.array_equal(model.transform(fresh), codes.toarray())
    assert np.array_equal(model.fit_transform(X), optimum.Z.toarray())
    for Z in (codes, codes.toarray()):
        np.testing.assert_allclose(model.inverse_transform(Z), codes @ optimum.D + optimum.b, rtol=0, atol=1e-14)


@pytest.mark.parametrize("times", [np.arange(len(X)) % 4, np.full(len(X), 2), np.arange(len(X)) % 2,
                                   np.where(np.arange(len(X)) % 3, 1, 0)])
def test_weights_are_repeated_rows(times):
    """Weight k and k copies are one problem: the same atoms to the last bit, and weights in any unit."""
    model = SparseDictionary(5, 0.2, restarts=2, bias=True)
    weighted = clone(model).fit(X, sample_weight=times)
    repeated = clone(model).fit(np.repeat(X, times, axis=0))
    assert np.array_equal(weighted.components_, repeated.components_)
    assert np.array_equal(weighted.components_, clone(model).fit(X, sample_weight=8.0 * times).components_)
    assert weighted.optimum_.problem.n == len(X)  # a code for every row that was given
    assert weighted.optimum_.objective == pytest.approx(repeated.optimum_.objective, rel=1e-13)
    problem = Problem(X, 0.2, times / times.sum(), bias=True)
    measured = Optimum.at(problem, weighted.components_, weighted.intercept_)
    assert weighted.optimum_.objective == pytest.approx(measured.objective, rel=1e-14)
    assert weighted.optimum_.status == "local_min" and len(weighted.optimum_.objectives) == 2


def test_unequal_weights_make_the_order_of_rows_nothing():
    order = np.random.default_rng(0).permutation(len(X))
    w = np.arange(1.0, len(X) + 1)
    model = SparseDictionary(5, 0.2, restarts=2)
    assert np.array_equal(clone(model).fit(X, sample_weight=w).components_,
                          clone(model).fit(X[order], sample_weight=w[order]).components_)


def test_distinct_rows():
    rows = np.array([[1.0, 2], [0, 0], [1, 2], [-0.0, 0], [3, 1]])
    assert distinct(rows[[0, 4]], None) == (pytest.approx(rows[[0, 4]]), None)
    some, w = distinct(rows, None)
    assert sorted(map(tuple, some)) == [(0, 0), (1, 2), (3, 1)]
    assert dict(zip(map(tuple, some), w, strict=True)) == pytest.approx({(0, 0): 0.4, (1, 2): 0.4, (3, 1): 0.2})
    some, w = distinct(rows, np.array([0, 0, 0.5, 0, 0.5]))
    assert w is None and np.array_equal(some, rows[[0, 4]])  # the first of those that repeat, in the order they come


@pytest.mark.parametrize(("options", "weights", "message"), [
    ({"n_components": 0}, None, "n_atoms must be >= 1"), ({"n_components": 2.5}, None, "n_atoms must be a whole"),
    ({"lam": 0}, None, "lam must be"), ({"lam": "x"}, None, "lam must be a number"),
    ({"threads": 0}, None, "threads must be"), ({"restarts": 0}, None, "restarts must be"),
    ({"dict_init": np.ones((3, 8))}, None, "SparseDictionary: dict_init must have rows of unit norm"),
    ({"dict_init": np.eye(8)[:2]}, None, "must have n_atoms = 3 rows"),
    ({}, np.zeros(len(X)), "at least one non-zero"), ({}, -np.ones(len(X)), "Negative values"),
    ({}, np.ones(3), "sample_weight.shape"),
])
def test_messages(options, weights, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SparseDictionary(**{"n_components": 3, "lam": 0.2} | options).fit(X, sample_weight=weights)


def test_codes_of_another_width_are_refused():
    model = SparseDictionary(3, 0.2, restarts=1).fit(X)
    with pytest.raises(ValueError, match="Z must have 3 columns"):
        model.inverse_transform(np.ones((2, 8)))
    with pytest.raises(NotFittedError):
        SparseDictionary(3, 0.2).inverse_transform(csr_array((2, 3)))


def test_pickles_clones_pipelines_and_searches():
    model = SparseDictionary(3, 0.2, restarts=1, dict_init=np.eye(8)[:3]).fit(X)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.transform(X), model.transform(X)) and again.optimum_.status == model.optimum_.status
    assert np.array_equal(clone(model).fit(X).components_, model.components_)
    line = make_pipeline(StandardScaler(), SparseDictionary(3, 0.2, restarts=1))
    assert line.fit_transform(X).shape == (len(X), 3)
    assert list(line.get_feature_names_out()) == [f"sparsedictionary{j}" for j in range(3)]
    grid = GridSearchCV(line, {"sparsedictionary__lam": [0.1, 0.4]}, cv=2, error_score="raise",
                        scoring=lambda fitted, rows: -np.ptp(fitted.inverse_transform(fitted.transform(rows)) - rows))
    assert grid.fit(X).best_params_ == {"sparsedictionary__lam": 0.1}
    assert model.set_output(transform="default") is model


def test_a_random_state_is_drawn_from_and_a_number_is_a_seed():
    model = SparseDictionary(3, 0.2, restarts=1)
    one, two = (model.set_params(random_state=np.random.RandomState(3)).fit(X).optimum_.seed for _ in range(2))
    shared = np.random.RandomState(3)
    model.set_params(random_state=shared)
    assert one == two == model.fit(X).optimum_.seed != model.fit(X).optimum_.seed
    assert model.set_params(random_state=np.int64(5)).fit(X).optimum_.seed == 5


def test_alpha_is_lam():
    """From scikit-learn's atoms, what it minimises is n times our objective, and ours is not above it."""
    theirs = DictionaryLearning(5, alpha=0.2, positive_code=True, fit_algorithm="cd", transform_algorithm="lasso_cd",
                                random_state=0, max_iter=200, tol=1e-9).fit(X)
    Z = theirs.transform(X)
    loss = 0.5 * ((X - Z @ theirs.components_) ** 2).sum() + 0.2 * Z.sum()
    start = theirs.components_ / np.linalg.norm(theirs.components_, axis=1, keepdims=True)
    assert Optimum.at(Problem(X, 0.2), start).objective * len(X) == pytest.approx(loss, rel=1e-3)
    ours = SparseDictionary(5, 0.2, dict_init=start).fit(X)
    assert ours.optimum_.objective * len(X) <= loss
    assert ours.optimum_.objective * len(X) == pytest.approx(loss, rel=1e-2)


def test_testbed_alone_does_not_load_scikit_learn():
    code = ("import sys, testbed; assert 'sklearn' not in sys.modules; sys.modules['sklearn'] = None\n"
            "try: testbed.SparseDictionary\nexcept ImportError as error: print(error)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ("testbed.SparseDictionary needs scikit-learn: "
                           "pip install 'sparse-dictionary-testbed[estimator]'\n")
    assert testbed.SparseDictionary is SparseDictionary
    with pytest.raises(AttributeError, match="no attribute 'Sparse'"):
        _ = testbed.Sparse
