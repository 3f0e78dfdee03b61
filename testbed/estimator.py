"""`SparseDictionary`: `fit` and `encode` as a scikit-learn estimator.

scikit-learn's DictionaryLearning minimises 1/2 |X - ZD|^2 + alpha sum |Z| over all samples together, and we the mean
over samples; dividing by their number moves no optimum, so lam = alpha. Its atoms have norm at most 1 and ours exactly
1, which is the same wherever an atom is used. So

    DictionaryLearning(64, alpha=0.1, positive_code=True, fit_algorithm="cd", transform_algorithm="lasso_cd")

becomes SparseDictionary(64, lam=0.1): codes of the same problem in `fit` and `transform`, and a verified optimum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import (  # the private one is what scikit-learn tells estimators to use
    _check_sample_weight,
    check_array,
    check_is_fitted,
    validate_data,
)

from testbed import checks
from testbed.checks import Array
from testbed.coding.choosing import encode
from testbed.descent.training import fit
from testbed.errors import InputError
from testbed.optimum import Optimum
from testbed.problem import Problem


class SparseDictionary(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A dictionary of unit-norm atoms and exact sparse codes, min E[1/2 |x - b - zD|^2 + lam * sum |z|].

    Parameters
    ----------
    n_components : m >= 1 atoms; None for as many as there are features. lam : penalty > 0, in the units of X: the alpha
        of scikit-learn's DictionaryLearning.
    bias : fit b as well. nonnegative : codes z >= 0; False for signed codes.
    restarts : starts tried; the best objective is kept. dict_init : (m, d) unit-norm atoms to train from instead.
    random_state : the seed of `fit`, or a RandomState or None (numpy's global one) to draw it from.
    threads : how many work at most; None for as many as numba is set to. The result is the same for any number.

    Attributes
    ----------
    components_ : (m, d) atoms. intercept_ : (d,) bias b, zero when not fitted.
    optimum_ : the testbed.Optimum on the data given to fit, verified: `optimum_.status` says how far.
    n_features_in_, feature_names_in_ : as everywhere in scikit-learn.

    Raises InputError naming the argument; CodingError naming a sample that could not be coded.
    """

    def __init__(self, n_components: int | None = None, lam: float = 1.0, *, bias: bool = False,
                 nonnegative: bool = True, restarts: int = 8, dict_init: Any = None, random_state: Any = 0,
                 threads: int | None = None) -> None:
        self.n_components = n_components
        self.lam = lam
        self.bias = bias
        self.nonnegative = nonnegative
        self.restarts = restarts
        self.dict_init = dict_init
        self.random_state = random_state
        self.threads = threads

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> SparseDictionary:
        """Train on X (n, d). sample_weight : (n,) >= 0, in any unit; weight 2 is a row given twice, 0 one left out."""
        X = validate_data(self, X, dtype=np.float64, order="C")
        weights = None
        if sample_weight is not None:
            given = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            weights = given / given.sum()
        start = self.dict_init
        if start is not None:
            start = checks.unit_rows("SparseDictionary", "dict_init", start, X.shape[1])
        rows, w = distinct(X, weights)
        m = X.shape[1] if self.n_components is None else self.n_components
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        found = fit(rows, m, self.lam, self.bias, self.nonnegative, w, seed, self.restarts, start, threads=self.threads)
        if rows is not X:  # the same problem with a sample for every row that was given
            problem = Problem(X, self.lam, weights, self.bias, self.nonnegative)
            found = Optimum.at(problem, found.D, found.b if self.bias else None, hessian_min=found.hessian_min,
                               restarts=found.restarts, seed=found.seed, objectives=found.objectives)
        self.optimum_, self.components_, self.intercept_ = found, found.D, found.b
        return self

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Array:
        """Train on X and return its codes (n, m); they are known then, and not computed again."""
        codes: Array = self.fit(X, y, sample_weight).optimum_.Z.toarray()
        return codes

    def transform(self, X: Any) -> Array:
        """Exact codes (n, m) of the rows of X."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        codes: Array = encode(X, self.components_, self.lam, self.intercept_, self.nonnegative,
                              threads=self.threads).toarray()
        return codes

    def inverse_transform(self, Z: Any) -> Array:
        """Reconstructions (n, d) from codes Z (n, m), dense or sparse."""
        check_is_fitted(self)
        Z = check_array(Z, accept_sparse="csr", dtype=np.float64)
        m = len(self.components_)
        if Z.shape[1] != m:
            raise InputError(f"SparseDictionary: Z must have {m} columns; its shape is {Z.shape}")
        rows: Array = Z @ self.components_ + self.intercept_
        return rows

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)


def distinct(X: Array, weights: Array | None) -> tuple[Array, Array | None]:
    """The distinct rows of X with their weights together, none of weight zero: the same expectation.

    weights : (n,) with sum 1, or None for 1/n each, as in what is returned. Equal weights leave rows in the order in
    which they first come, and X itself where none repeats. Otherwise rows are sorted, so that weights and
    repetitions in any order are the same problem to the last bit, and the same starts are drawn from it.
    """
    n = len(X)
    plain = np.ascontiguousarray(X + 0.0)  # -0 becomes 0
    keys = plain.view(np.dtype((np.void, plain.itemsize * plain.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    sums = np.bincount(inverse, weights) / (n if weights is None else 1)
    kept = np.flatnonzero(sums > 0)
    if np.ptp(sums[kept]) <= 4 * np.finfo(float).eps * sums.max():
        return (X if len(kept) == n else X[np.sort(first[kept])]), None
    return plain[first[kept]], sums[kept] / sums[kept].sum()
