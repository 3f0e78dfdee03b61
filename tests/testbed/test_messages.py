"""Bad input gets one clear error, before any kernel runs, that names the argument and the place."""

import numpy as np
import pytest

from properties import check
from testbed import Dictionary, InputError, Optimum, Problem, encode, fit, path

X = np.arange(12.0).reshape(4, 3) + 1
D = np.eye(3)
NAN = X.copy()
NAN[2, 1] = np.nan
INF = X.copy()
INF[0, 2] = -np.inf

BAD_DATA = [
    (NAN, ValueError, r"X must be finite; row 2 column 1 is nan"),
    (INF, ValueError, r"X must be finite; row 0 column 2 is -inf"),
    (np.zeros((0, 3)), ValueError, r"X is empty; its shape is \(0, 3\)"),
    (np.zeros((3, 0)), ValueError, r"X is empty; its shape is \(3, 0\)"),
    (X[0], ValueError, r"X must have 2 dimensions; its shape is \(3,\)"),
    (X[None], ValueError, r"X must have 2 dimensions; its shape is \(1, 4, 3\)"),
    (X + 1j, TypeError, r"X must hold real numbers; its dtype is complex128"),
    (X > 3, TypeError, r"X must hold real numbers; its dtype is bool"),
    (np.ma.masked_less(X, 3), TypeError, r"X is a masked array"),
    (X.astype(object), TypeError, r"X must hold real numbers; its dtype is object"),
    ([["a", "b"]], TypeError, r"X must hold real numbers; its dtype is <U1"),
    ([[1.0, 2.0], [3.0]], ValueError, r"X is not a rectangular array"),
    (None, TypeError, r"X must hold real numbers; its dtype is object"),
]


@pytest.mark.parametrize("data, kind, message", BAD_DATA)
@pytest.mark.parametrize("call", [lambda A: fit(A, 2, 0.1), lambda A: encode(A, D, 0.1), lambda A: Problem(A, 0.1)])
def test_bad_data(call, data, kind, message):
    with pytest.raises(kind, match=message):
        call(data)


@pytest.mark.parametrize("lam, kind, message", [
    (-1.0, ValueError, r"lam must be finite and > 0; got -1"),
    (0.0, ValueError, r"lam must be finite and > 0; got 0"),
    (np.nan, ValueError, r"lam must be finite and > 0; got nan"),
    (np.inf, ValueError, r"lam must be finite and > 0; got inf"),
    ("0.1", TypeError, r"lam must be a number; got str '0.1'"),
    (None, TypeError, r"lam must be a number; got NoneType"),
    (1j, TypeError, r"lam must be a number; got complex"),
    (True, TypeError, r"lam must be a number; got bool"),
])
@pytest.mark.parametrize("call", [lambda lam: fit(X, 2, lam), lambda lam: encode(X, D, lam)])
def test_bad_penalty(call, lam, kind, message):
    with pytest.raises(kind, match=message):
        call(lam)


@pytest.mark.parametrize("weights, message", [
    ([0.5, 0.5, 0.5, -0.5], r"weights must not be negative; entry 3 is -0.5"),
    ([0.5, 0.5, 0.5, 0.5], r"weights must sum to 1; they sum to 2"),
    ([0.5, 0.5], r"weights must have 4 entries; it has 2"),
    ([[0.25] * 4], r"weights must have 1 dimension; its shape is \(1, 4\)"),
    ([np.nan, 0, 0, 1], r"weights must be finite; entry 0 is nan"),
])
def test_bad_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        fit(X, 2, 0.1, weights=weights)


@pytest.mark.parametrize("atoms, message", [
    (2 * D, r"encode: D must have rows of unit norm; row 0 has norm 2"),
    (np.diag([1.0, 1, 0]), r"encode: D must have rows of unit norm; row 2 is zero"),
    (np.diag([1.0, 0.98, 1]), r"row 1 has norm 0.98"),
    (np.eye(2), r"encode: D must have 3 columns; its shape is \(2, 2\)"),
    (np.zeros((0, 3)), r"encode: D is empty"),
    (np.where(D, np.nan, 0), r"encode: D must be finite; row 0 column 0 is nan"),
])
def test_bad_atoms(atoms, message):
    with pytest.raises(ValueError, match=message):
        encode(X, atoms, 0.1)


def in_float32(array):
    """Rows normalised in float32, as other people's decoders are."""
    array = array.astype(np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


@pytest.mark.parametrize("d", [3, 768])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_float32_atoms_are_taken_and_normalised(d, kind):
    rng = np.random.default_rng(d)
    atoms = in_float32(rng.standard_normal((50, d))).astype(kind)
    off = np.abs(np.linalg.norm(atoms.astype(float), axis=1) - 1)
    assert off.max() > 1e-8  # beyond what float64 atoms may be off
    optimum = Optimum.at(Problem(rng.standard_normal((4, d)), 0.1), atoms)
    np.testing.assert_allclose(np.linalg.norm(optimum.D, axis=1), 1, rtol=0, atol=1e-14)
    np.testing.assert_allclose(optimum.D, atoms, rtol=0, atol=1e-6)


@pytest.mark.parametrize("atoms, message", [
    (np.float32(1 + 1e-5) * np.eye(3), r"row 0 has norm 1\.0000100135\d*"),
    ((1 + 1e-8) * np.eye(3), r"row 0 has norm 1\.00000001"),  # no float32 numbers
])
def test_atoms_beyond_rounding_are_refused_with_digits(atoms, message):
    with pytest.raises(ValueError, match=message):
        encode(X, atoms, 0.1)


def test_float32_weights_are_taken_and_normalised():
    weights = np.random.default_rng(1).random(4).astype(np.float32)
    weights = weights / weights.sum() * np.float32(1 + 1.2e-7)
    assert abs(weights.astype(float).sum() - 1) > 1e-8
    assert abs(Problem(X, 0.1, weights).weights.sum() - 1) < 1e-15
    with pytest.raises(ValueError, match=r"they sum to 1\.0000100\d+"):
        Problem(X, 0.1, np.full(4, 0.25, np.float32) * np.float32(1 + 1e-5))
    with pytest.raises(ValueError, match=r"they sum to 1\.0000001\d*"):
        Problem(X, 0.1, np.full(4, 0.1 + 1e-8) + 0.15 + 1.5e-8)


def test_what_an_error_carries():
    with pytest.raises(InputError) as caught:
        fit(X, 0, 0.1)
    error = caught.value
    assert (error.where, error.argument, error.expected, error.got) == ("fit", "n_atoms", ">= 1", 0)
    with pytest.raises(InputError) as caught:
        fit(X, 2, "0.1")
    assert isinstance(caught.value, TypeError) and caught.value.argument == "lam"


@pytest.mark.parametrize("lam, message", [
    (10**400, r"lam must be finite and > 0; got a whole number of about 400 digits"),
    (-10**400, r"lam must be finite and > 0; got a whole number of about 400 digits"),
])
def test_a_penalty_beyond_float64(lam, message):
    with pytest.raises(InputError, match=message):
        fit(X, 2, lam)


@pytest.mark.parametrize("lams, name", [((lam for lam in (0.1, 0.2)), "generator"), ({0.1, 0.2}, "set")])
def test_penalties_that_are_no_sequence(lams, name):
    with pytest.raises(TypeError, match=rf"path: lams must be a number or a sequence such as a list; got a {name}"):
        path(X, 2, lams)


@pytest.mark.parametrize("options, kind, message", [
    ({"restarts": 10**20}, ValueError, r"fit: restarts must be at most 1000000; got 100000000000000000000"),
    ({"restarts": 10**5000}, ValueError, r"restarts must be at most 1000000; got a whole number of about 5000 digits"),
    ({"n_atoms": 0}, ValueError, r"fit: n_atoms must be >= 1; got 0"),
    ({"n_atoms": 2.0}, TypeError, r"fit: n_atoms must be a whole number; got float 2.0"),
    ({"restarts": 0}, ValueError, r"fit: restarts must be >= 1; got 0"),
    ({"seed": -1}, ValueError, r"fit: seed must be between 0 and 9223372036854775807; got -1"),
    ({"bias": 1}, TypeError, r"bias must be True or False; got int 1"),
    ({"nonnegative": "yes"}, TypeError, r"nonnegative must be True or False; got str 'yes'"),
    ({"start": D[:1]}, ValueError, r"fit: start must have n_atoms = 2 rows; it has 1"),
    ({"start": 2 * D[:2]}, ValueError, r"fit: start must have rows of unit norm; row 0 has norm 2"),
])
def test_bad_options(options, kind, message):
    with pytest.raises(kind, match=message):
        fit(X, **{"n_atoms": 2, "lam": 0.1} | options)


@pytest.mark.parametrize("b, message", [
    (np.ones(2), r"b must have 3 entries; it has 2"),
    (np.array([0, np.nan, 0]), r"b must be finite; entry 1 is nan"),
])
def test_bad_bias(b, message):
    with pytest.raises(ValueError, match=message):
        encode(X, D, 0.1, b)


def test_a_bias_on_a_problem_without_one():
    with pytest.raises(ValueError, match=r"b must be zero when no bias is fitted; it has norm 1\.73"):
        Optimum.at(Problem(X, 0.1), D, np.ones(3))


def test_codes_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"Z must have shape \(4, 3\); its shape is \(2, 3\)"):
        Optimum.at(Problem(X, 0.1), D, Z=np.zeros((2, 3)))


def test_what_is_unusual_but_allowed():
    assert fit(X.astype(np.float32), 7, 0.5, restarts=1).n_atoms == 7  # more atoms than samples
    assert fit(X.astype(int).tolist(), 1, 0.5, restarts=1).n_atoms == 1
    assert fit(np.asfortranarray(X)[::2], 1, 0.5, restarts=1).n_atoms == 1
    assert fit(X, 2, 1e6, restarts=1).Z.nnz == 0


def test_input_is_left_alone_and_results_are_read_only():
    A = X.copy()
    o = fit(A, 2, 0.5, bias=True, restarts=1)
    assert np.array_equal(A, X) and A.flags.writeable
    for array in (o.D, o.b, o.R, o.S, o.mu, o.G, o.problem.X, o.problem.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@pytest.mark.parametrize("scale, lam, message", [
    (1e200, 1e199, r"Problem: X is out of scale"),
    (1.0, 1e160, r"Problem: lam is out of scale, 1e\+160"),
    (1.0, 1e-160, r"Problem: lam is out of scale, 1e-160"),
    (1.0, 1e-14, r"Problem: lam must be at least 1e-14 max\|X\|"),
])
def test_scales_at_which_arithmetic_fails(scale, lam, message):
    with pytest.raises(ValueError, match=message):
        fit(scale * X, 2, lam)


def test_a_seed_that_no_file_could_hold():
    with pytest.raises(ValueError, match=r"fit: seed must be between 0 and 9223372036854775807"):
        fit(X, 2, 0.1, seed=10**23)


def test_an_array_in_place_of_a_problem():
    with pytest.raises(TypeError, match=r"Optimum: problem must be a testbed\.Problem; got ndarray"):
        Optimum.at(X, D)


def test_a_report_is_true_when_everything_holds():
    assert check(fit(X, 2, 0.5))
    assert not check(Optimum.at(Problem(X, 0.5), D))


def test_a_problem_and_an_optimum_are_one_line_to_look_at():
    problem = Problem(np.eye(3), 0.25)
    assert repr(problem) == "Problem(3 samples in 3 dimensions, lam=0.25, bias=False, nonnegative=True)"
    assert repr(Dictionary.of(problem, np.eye(3))) == f"Dictionary(3 atoms, {problem!r})"
    assert repr(Optimum.at(problem, np.eye(3))) == f"Optimum(global, objective 0.21875, 3 atoms, {problem!r})"
