"""Codes under energy, log and MCP: N1 holds to rounding, other solvers agree, hostile dictionaries are no exception."""

import numpy as np
import oracles
import pytest
from test_coding import hostile

from testbed import InputError, Problem, encode, verify
from testbed.coding.branching import ConcaveCoder
from testbed.coding.choosing import coder_for
from testbed.coding.energy import EnergyCoder
from testbed.kernels import bent
from testbed.penalties import MCP, Energy, Log
from testbed.threads import limited


def kkt(penalty, X, D, Z):
    return verify.measure(Problem(X, penalty=penalty), D, np.zeros(X.shape[1]), Z).kkt


def by_descent(penalty, x, D, sweeps=3000):
    """Codes of one sample by another road: coordinate after coordinate, each by prox, until nothing moves."""
    G, c, z = D @ D.T, D @ x, np.zeros(len(D))
    for _ in range(sweeps):
        before = z.copy()
        for j in range(len(D)):
            z[j] = penalty.prox(np.array(c[j] - G[j] @ z + z[j]))
        if np.abs(z - before).max() <= 1e-15 * np.abs(x).max():
            break
    return z


def elastic_codes_agree(seeds):
    """With rows that each atom has to itself, energy's problem is l1's: its least-distance form is solved by NNLS."""
    for seed in seeds:
        problem, D = hostile(seed)
        rng = np.random.default_rng(seed)
        tau, lam = float(rng.choice([1e-12, 1e-6, 1e-3, 0.1, 0.3, 1, 10, 1e3])), problem.lam
        Z = encode(problem.X, D, penalty=Energy(lam, tau))
        assert kkt(Energy(lam, tau), problem.X, D, Z) <= verify.KKT_TOLERANCE, seed
        if tau >= 1e-3:
            atoms = np.hstack([D, np.sqrt(tau) * np.eye(len(D))])
            for x, z in zip(problem.X, Z.toarray(), strict=True):
                other = oracles.code(np.concatenate([x, np.zeros(len(D))]) / lam, atoms, 1.0) * lam
                np.testing.assert_allclose(z, other, rtol=0, atol=1e-10 * max(np.abs(x).max(), lam), err_msg=str(seed))


def test_elastic_codes_of_hostile_dictionaries():
    elastic_codes_agree(range(400))


@pytest.mark.nightly
def test_elastic_codes_of_ten_thousand_hostile_dictionaries():
    elastic_codes_agree(range(10_000))


def test_coincident_atoms_share_and_more_are_on_than_there_are_dimensions():
    D = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    z = encode([[4.0, 2]], D, penalty=Energy(0.5, 0.25)).toarray()[0]
    np.testing.assert_allclose(z, [3.5 / 3.25] * 3 + [1.5 / 1.25], rtol=1e-15)
    free = encode([[4.0, 2]], D[[0, 3]], penalty=Energy(0.5, 0.0)).toarray()[0]
    np.testing.assert_array_equal(free, encode([[4.0, 2]], D[[0, 3]], 0.5).toarray()[0])


def test_the_slow_route_for_energy_finds_the_same():
    rng = np.random.default_rng(3)
    D = rng.standard_normal((9, 4))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X, penalty = 3 * rng.standard_normal((20, 4)), Energy(0.6, 0.2)
    coder = EnergyCoder(20, 4, 9, penalty)
    for i, x in enumerate(X):
        coder._rescue(x / coder.stretch, D / coder.stretch, i)
    assert coder.rescued == 20
    np.testing.assert_allclose(coder.sparse(9).toarray(), encode(X, D, penalty=penalty).toarray(), atol=1e-13)


@pytest.mark.parametrize("penalty, kind, shape", [(Log(0.7, 0.9), bent.LOG, 0.9), (MCP(0.7, 1.4), bent.MCP, 1.4)])
def test_compiled_formulas_are_those_of_the_penalties(penalty, kind, shape):
    z = np.concatenate([np.linspace(1e-9, 3, 50), [0.98]])
    found = np.empty((3, len(z)))
    with limited(1):
        bent.evaluate(kind, 0.7, shape, z, found)
    np.testing.assert_allclose(found[0], penalty.slope(z), rtol=1e-14)
    np.testing.assert_allclose(found[1], penalty.curvature(z), rtol=1e-14)
    on = z > penalty.threshold
    np.testing.assert_allclose(found[2][on], penalty.prox(z[on]), rtol=1e-14)


def convex_case(seed):
    """A problem that is convex, some by next to nothing: (penalty, X, D)."""
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 7))
    d = m + int(rng.integers(0, 4))
    D = rng.standard_normal((m, d)) + rng.choice([0.0, 1.0])
    if rng.random() < 0.3:
        D = np.round(2 * D) / 2
    D += np.eye(m, d) * (np.linalg.norm(D, axis=1) < 1e-6)[:, None]
    D /= np.linalg.norm(D, axis=1)[:, None]
    scale = float(rng.choice([1, 1, 1e100, 1e-100]))
    X, lam = scale * rng.standard_normal((8, d)) * rng.choice([1, 10]), scale * float(rng.choice([1e-3, 0.1, 0.5, 1]))
    if rng.random() < 0.3:
        X = lam * rng.integers(0, 5, (8, m)) @ D  # ties with lam and with the kink
    bend = min(float(rng.choice([0.999, 0.9, 0.5])) * np.linalg.eigvalsh(D @ D.T)[0], 0.999)
    if bend <= 1e-6:
        return None
    return (MCP(lam, 1 / bend) if rng.integers(2) else Log(lam, lam / bend)), X, D


def bent_codes_agree(seeds):
    seen = 0
    for seed in seeds:
        case = convex_case(seed)
        if case is None or not case[0].convex(case[2] @ case[2].T):
            continue
        penalty, X, D = case
        Z = encode(X, D, penalty=penalty)
        assert kkt(penalty, X, D, Z) <= verify.KKT_TOLERANCE, seed
        gap = np.linalg.eigvalsh(D @ D.T)[0] - penalty.bend
        if gap > 0.03:  # else descent by coordinates would go on for ever
            for x, z in list(zip(X, Z.toarray(), strict=True))[:2]:
                other = by_descent(penalty, x, D)
                np.testing.assert_allclose(z, other, rtol=0, atol=1e-8 * max(np.abs(x).max(), penalty.lam))
            seen += 1
    return seen


def test_bent_codes_where_the_problem_is_convex():
    assert bent_codes_agree(range(120)) > 40


@pytest.mark.nightly
def test_bent_codes_of_thousands_of_convex_problems():
    assert bent_codes_agree(range(5000)) > 1500


def test_scipy_finds_no_lower_value():
    from scipy.optimize import minimize

    rng = np.random.default_rng(5)
    D = np.eye(4, 6) + 0.15 * rng.standard_normal((4, 6))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X = 2 * rng.standard_normal((5, 6))
    for penalty in (Energy(0.3, 0.4), Log(0.3, 1.0), MCP(0.3, 5)):
        assert penalty.convex(D @ D.T)
        for x, z in zip(X, encode(X, D, penalty=penalty).toarray(), strict=True):
            def value(z, x=x, penalty=penalty):
                r = x - z @ D
                return 0.5 * r @ r + penalty.cost(z).sum()

            def slope(z, x=x, penalty=penalty):
                return -D @ (x - z @ D) + penalty.slope(z)

            found = minimize(value, np.ones(4), jac=slope, bounds=[(0, None)] * 4,
                             options={"ftol": 1e-15, "gtol": 1e-9})
            assert value(z) <= found.fun * (1 + 1e-14) and np.abs(found.x - z).max() < 1e-5


@pytest.mark.parametrize("penalty", [Energy(0.3, 0.2), Log(0.3, 2.0), MCP(0.3, 4)], ids=str)
def test_any_number_of_threads_and_any_power_of_two_give_the_same_bits(penalty):
    rng = np.random.default_rng(1)
    D = np.eye(12, 20) + 0.1 * rng.standard_normal((12, 20))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X, b = 2 * rng.standard_normal((700, 20)), 0.1 * np.ones(20)
    one = encode(X, D, b=b, penalty=penalty, threads=1)
    two = encode(X, D, b=b, penalty=penalty, threads=2, gram=D @ D.T)
    scaled = encode(2.0**40 * X, D, b=2.0**40 * b, penalty=penalty.scaled(2.0**-40))
    for other, factor in ((two, 1), (scaled, 2.0**-40)):
        assert np.array_equal(one.data, factor * other.data) and np.array_equal(one.indices, other.indices)
    assert one.nnz > 2000


def test_a_warm_start_ends_where_a_cold_one_does():
    rng = np.random.default_rng(2)
    D = np.eye(40) + 0.02 * rng.standard_normal((40, 40))
    D /= np.linalg.norm(D, axis=1)[:, None]
    X = rng.standard_normal((30, 40)) + 1.5
    for penalty in (Energy(0.6, 0.3), MCP(0.6, 4)):
        coder = coder_for(30, 40, 40, penalty)
        with limited(0):
            for rows in (X[::-1], X):
                coder.code(np.ascontiguousarray(rows), D)
        assert coder.width == 40 and coder.cnt.max() > 32  # wider than buffers begin
        np.testing.assert_allclose(coder.sparse(40).toarray(), encode(X, D, penalty=penalty).toarray(), atol=1e-12)
    assert isinstance(coder, ConcaveCoder) and coder.claim == "exact"


@pytest.mark.parametrize("arguments, says", [
    ({"lam": 0.1, "penalty": Energy(0.2, 1)}, "encode: lam is shorthand"),
    ({"penalty": Energy(0.2, 1), "nonnegative": False}, "encode: codes are nonnegative under penalty energy"),
    ({"penalty": "energy(lam=1)"}, "lacks tau"),
    ({"penalty": Energy(1e-20, 1)}, "encode: lam must be at least"),
    ({}, "encode: lam must be a number"),
])
def test_encode_refuses(arguments, says):
    with pytest.raises(InputError, match=says):
        encode(np.eye(2), np.eye(2), **arguments)
