"""Penalties: their derivatives against finite differences, their minima against brute force, and what they claim of
codes; strings that name them; problems that have one; what verification makes of codes under each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from testbed import InputError, Optimum, Problem, verify
from testbed.penalties import L0, L1, MCP, PENALTIES, Energy, Log, TopK, parse

rng = np.random.default_rng(0)
Z = rng.standard_normal((20, 5)) * (rng.random((20, 5)) < 0.4)
Z[3] = 0
W = np.full(20, 1 / 20)
SMOOTH = [L1(0.7), Energy(0.7, 0.3), Energy(0.7, 0.0), Log(0.7, 0.9), Log(0.7, 0.1), MCP(0.7, 1.4)]
PRICED = [*SMOOTH, L0(0.2)]
EVERY = [*PRICED, TopK(2)]


@pytest.mark.parametrize("signed", [False, True])
def test_value_and_slope_of_l1(signed):
    price, step = L1(0.7, signed), 1e-6
    codes = Z if signed else np.abs(Z)
    assert price.value(csr_array(codes), W) == pytest.approx(0.7 * np.abs(codes).sum() / 20, rel=1e-14)
    for z in codes[codes != 0]:
        rise = price.value(csr_array([[z + step]]), W[:1]) - price.value(csr_array([[z - step]]), W[:1])
        assert price.slope(np.array([z])) == pytest.approx(rise / (2 * step * W[0]), rel=1e-8)


@pytest.mark.parametrize("penalty", EVERY, ids=str)
def test_slope_and_curvature_are_derivatives_and_value_is_their_sum(penalty):
    z, step = np.linspace(0.013, 3, 60), 1e-5
    assert min((np.abs(z - kink).min() for kink in penalty.kinks), default=1) > 10 * step
    rise = (penalty.cost(z + step) - penalty.cost(z - step)) / (2 * step)
    np.testing.assert_allclose(penalty.slope(z), rise, rtol=1e-8, atol=1e-9)
    turn = (penalty.slope(z + step) - penalty.slope(z - step)) / (2 * step)
    np.testing.assert_allclose(penalty.curvature(z), turn, rtol=1e-7, atol=1e-8)
    assert -penalty.curvature(z).min() <= penalty.bend + 1e-15
    assert not penalty.cost(np.zeros(1)).any() and (np.diff(penalty.cost(z)) >= 0).all()
    codes = np.abs(Z)
    expected = sum(w * float(penalty.cost(row[row > 0]).sum()) for w, row in zip(W, codes, strict=True))
    assert penalty.value(csr_array(codes), W) == pytest.approx(expected, rel=1e-13)
    if np.isfinite(penalty.onset):
        assert penalty.slope(np.array([1e-12]))[0] == pytest.approx(penalty.onset, rel=1e-9)
    if penalty.concave:
        assert (penalty.curvature(z) <= 0).all() and (penalty.cost(2 * z) <= 2 * penalty.cost(z) + 1e-15).all()


@pytest.mark.parametrize("penalty", [*EVERY, L1(0.7, signed=True)], ids=str)
def test_prox_and_floor_by_brute_force(penalty):
    """No code of a fine grid is better, and where prox jumps both sides are as good."""
    grid = np.linspace(-4 if penalty.signed else 0, 4, 40001)
    for t in [*np.linspace(-3, 3, 61), penalty.threshold * (1 - 1e-9), penalty.threshold * (1 + 1e-9)]:
        losses = 0.5 * (t - grid) ** 2 + penalty.cost(grid)
        z, floor = float(penalty.prox(np.array(t))), float(penalty.floor(np.array(t)))
        assert floor == pytest.approx(0.5 * (t - z) ** 2 + float(penalty.cost(np.array(z))), rel=1e-12)
        assert floor <= losses.min() + 1e-12 and losses.min() - floor <= 1e-8
        assert (z == 0) == (abs(t) <= penalty.threshold if penalty.signed else t <= penalty.threshold)
        assert z == 0 or abs(z) >= penalty.least * (1 - 1e-12)
        if z:
            assert t - z == pytest.approx(float(penalty.slope(np.array(z))), abs=1e-12)
    if penalty.least:
        t = penalty.threshold
        assert penalty.least * (t - penalty.least / 2) == pytest.approx(float(penalty.cost(np.array(penalty.least))),
                                                                         rel=1e-9)


@given(st.sampled_from(EVERY), st.integers(-40, 40))
def test_scaled_by_powers_of_two_to_the_bit(penalty, power):
    c = 2.0**power
    other = penalty.scaled(c)
    z = np.abs(Z)
    assert other.unit == pytest.approx(penalty.unit / c, rel=1e-15)
    np.testing.assert_allclose(other.cost(z / c), penalty.cost(z) / c / c, rtol=1e-14)
    np.testing.assert_allclose(other.slope(z / c), penalty.slope(z) / c, rtol=1e-14)
    np.testing.assert_allclose(other.prox(z / c), penalty.prox(z) / c, rtol=1e-13)
    assert other.threshold == pytest.approx(penalty.threshold / c, rel=1e-12)


def test_log_keeps_its_digits_where_its_roots_cancel():
    """Just above the threshold, at eps far above and far below a code: a cubic root of eps would show."""
    for lam, eps, t in [(1.0, 1e7, 1 + 1e-9), (1.0, 1.0, 1 + 1e-12), (1.0, 1e-7, 5.0)]:
        z = float(Log(lam, eps).prox(np.array(t)))
        assert z > 0 and z + lam / (1 + z / eps) == pytest.approx(t, rel=4e-16)
    assert float(Log(1.0, 1e7).prox(np.array(1 + 1e-9))) == pytest.approx(1e-9 * (1 + 1e-7), rel=1e-6)


@pytest.mark.parametrize("signed", [False, True])
def test_what_l1_claims_of_codes_entry_by_entry(signed):
    S = rng.standard_normal((20, 5))
    expected = np.zeros(20)
    for i, j in np.ndindex(20, 5):
        z, s = Z[i, j], S[i, j]
        expected[i] = max(expected[i], (abs(s) if signed else s) - 1)
        if z:
            expected[i] = max(expected[i], abs(s - (np.sign(z) if signed else 1)), 0 if signed else -z / 0.7)
    found = L1(0.7, signed).violation(S, csr_array(Z))
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    optimal = np.where(Z != 0, np.sign(Z), 0.5) if signed else np.where(Z != 0, 1.0, -3.0)
    assert not L1(0.7, signed).violation(optimal, csr_array(Z if signed else np.abs(Z))).any()


@pytest.mark.parametrize("penalty", EVERY[1:], ids=str)
def test_what_others_claim_of_codes_entry_by_entry(penalty):
    S, unit = rng.standard_normal((20, 5)), penalty.unit
    expected = np.zeros(20)
    for i in range(20):
        on = Z[i] != 0
        full = isinstance(penalty, TopK) and on.sum() >= penalty.k
        for j in range(5):
            z, s = Z[i, j], S[i, j]
            if z:
                slope = float(penalty.slope(np.array(max(z, 0.0))))
                expected[i] = max(expected[i], abs(s - slope / unit), (penalty.least - z) / unit)
            elif not full:
                expected[i] = max(expected[i], s - penalty.threshold / unit)
        if isinstance(penalty, TopK):
            expected[i] = max([expected[i], *(z / unit for z in sorted(Z[i][on])[::-1][penalty.k :])])
    np.testing.assert_allclose(penalty.violation(S, csr_array(Z)), expected, rtol=1e-14)


@pytest.mark.parametrize("penalty", EVERY, ids=str)
def test_codes_of_one_atom_violate_nothing_and_others_do(penalty):
    """A single atom is coded by prox: its scores are t - z; a code moved aside is found."""
    t = np.linspace(-1, 3, 41)
    z = penalty.prox(t)
    assert penalty.violation(((t - z) / penalty.unit)[:, None], csr_array(z[:, None])).max() <= 1e-14
    moved = np.where(z > 0, z + 1e-3, 0)
    assert (penalty.violation(((t - moved) / penalty.unit)[:, None], csr_array(moved[:, None]))[z > 0] > 1e-4).all()


@pytest.mark.parametrize("penalty", EVERY, ids=str)
def test_a_score_that_is_no_number_is_a_violation(penalty):
    S = np.zeros((2, 5))
    S[1, 2] = np.nan
    assert np.array_equal(np.isnan(penalty.violation(S, csr_array((2, 5)))), [False, True])


def test_convex_where_the_least_eigenvalue_exceeds_the_bend():
    """The margin's sign decides, and where it says convex no second minimum is seen."""
    G = np.array([[1, 0.6], [0.6, 1]])
    assert MCP(0.1, 2.6).convex(G) and not MCP(0.1, 2.4).convex(G)
    assert Log(0.1, 0.26).convex(G) and not Log(0.1, 0.24).convex(G)
    twice = np.ones((2, 2))
    assert Energy(0.1, 0.3).convex(twice) and L1(0.1).convex(twice) and not MCP(0.1, 100).convex(twice)
    assert TopK(2).convex(twice) and not TopK(1).convex(twice) and not L0(0.1).convex(np.eye(2))


@given(st.sampled_from([L1, Energy, Log, MCP, L0]), st.floats(1e-100, 1e100), st.floats(1.001, 1e4))
def test_strings_name_penalties_to_the_last_bit(kind, first, second):
    given = (first,) if kind in (L1, L0) else (first, second * first if kind is Log else second)
    penalty = kind(*given)
    assert parse(str(penalty)) == penalty and type(parse(str(penalty))) is kind


def test_strings_as_people_write_them():
    assert parse("mcp(lam=0.1, gamma=4)") == MCP(0.1, 4) and str(MCP(0.1, 4)) == "mcp(lam=0.1, gamma=4)"
    assert parse(" TopK( k=3 ) ") == TopK(3) and str(TopK(3)) == "topk(k=3)"
    assert parse("l1(lam=1e-3,signed=True)") == L1(1e-3, signed=True) and str(L1(0.5)) == "l1(lam=0.5)"
    assert list(PENALTIES) == ["l1", "energy", "log", "mcp", "l0", "topk"]


@pytest.mark.parametrize("text, says", [
    ("mcp", r"'mcp' is none of l1\(lam=...\), energy\(lam=..., tau=...\), log"),
    ("lasso(lam=1)", "is none of"),
    ("mcp(lam=0.1)", r"lacks gamma; it must be of the form mcp\(lam=..., gamma=...\)"),
    ("mcp(0.1, 4)", "must be of the form"),
    ("mcp(lam=0.1, lam=0.2, gamma=4)", "must be of the form"),
    ("mcp(lam=0.1, gamma=4, tau=1)", "must be of the form"),
    ("mcp(lam=much, gamma=4)", "lam must be a number .* got 'much'"),
    ("mcp(lam=0.1, gamma=1)", "mcp: gamma must be finite and > 1 and <= 1e[+]08; got 1"),
    ("mcp(lam=-1, gamma=4)", "mcp: lam must be finite and > 0; got -1"),
    ("energy(lam=0.1, tau=-0.1)", "energy: tau must be finite and >= 0"),
    ("log(lam=0.1, eps=0)", "log: eps must be finite and >= 1e-09"),
    ("log(lam=0.1, eps=nan)", "log: eps must be"),
    ("l0(lam0=0)", "l0: lam0 must be finite and > 0"),
    ("topk(k=0)", "topk: k must be >= 1"),
    ("topk(k=2.5)", "topk: k must be a whole number"),
    ("l1(lam=0.1, signed=2)", "l1: signed must be True or False"),
])
def test_what_is_no_penalty_is_named(text, says):
    with pytest.raises(InputError, match=says):
        parse(text)


def test_a_problem_has_one():
    assert Problem(np.eye(2), 0.25).penalty == L1(0.25) and Problem(np.eye(2), 1.0, nonnegative=False).penalty.signed
    signed = Problem(np.eye(2), penalty=L1(0.5, signed=True))
    assert signed.lam == 0.5 and not signed.nonnegative
    other = Problem(np.eye(2), penalty="mcp(lam=0.1, gamma=4)")
    assert other.penalty == MCP(0.1, 4) and other.lam == 0.1 and "penalty=mcp(lam=0.1, gamma=4)" in repr(other)
    assert Problem(np.eye(2), penalty=L0(0.5)).lam == 1.0


def test_topk_is_measured_in_the_size_of_the_data():
    X, w = np.array([[3.0, 4], [0, 0], [1e3, 0]]), np.array([0.25, 0.75, 0])
    assert Problem(X, weights=w, penalty=TopK(1)).lam == pytest.approx(2.5, rel=1e-15)
    small, large = (Problem(c * X, weights=w, penalty=TopK(1)).lam for c in (1.0, 2.0**300))
    assert large == 2.0**300 * small
    assert Problem(np.zeros((2, 2)), penalty=TopK(1)).lam == 1.0


@pytest.mark.parametrize("arguments, says", [
    ({"lam": 0.2, "penalty": MCP(0.1, 4)}, "give lam or penalty"),
    ({"nonnegative": False, "penalty": MCP(0.1, 4)}, "codes are nonnegative under penalty mcp"),
    ({"penalty": 0.1}, "must be a penalty of testbed.penalties or a string"),
    ({"penalty": "nothing"}, "is none of"),
    ({"penalty": L0(1e-40)}, "lam must be at least"),
    ({}, "lam must be a number"),
])
def test_a_problem_refuses(arguments, says):
    with pytest.raises(InputError, match=says):
        Problem(np.eye(2), **arguments)


@pytest.mark.parametrize("penalty", EVERY, ids=str)
def test_floors_are_reached_with_an_atom_for_every_point_or_bound_what_is(penalty):
    """N8: codes by prox on the points' own directions; with a bias, and for what sharing makes cheaper, a bound."""
    X = rng.standard_normal((30, 3))
    length = np.linalg.norm(X, axis=1)
    problem = Problem(X, penalty=penalty)
    own = Optimum.at(problem, X / length[:, None], Z=np.diag(problem.penalty.prox(length)))
    assert problem.floor <= own.objective * (1 + 1e-14)
    assert isinstance(penalty, Energy) or problem.floor == pytest.approx(own.objective, rel=1e-12, abs=1e-25)
    assert Problem(X, penalty=penalty, bias=True).floor <= problem.floor * (1 + 1e-12)


def test_sharing_beats_an_atom_for_every_point_under_energy_but_not_the_floor():
    """A hundred copies of an atom share at next to the price of l1, whose floor it is."""
    problem, atom = Problem([[3.0, 4.0]], penalty=Energy(0.5, 0.4)), np.array([[0.6, 0.8]])
    one, many = (Optimum.at(problem, np.repeat(atom, m, axis=0)).objective for m in (1, 100))
    assert problem.floor == Problem([[3.0, 4.0]], 0.5).floor < many < 1.02 * problem.floor < one


@pytest.mark.parametrize("penalty", EVERY, ids=str)
def test_stationarity_and_kkt_of_one_atom_on_a_line(penalty):
    """Data along one atom: codes by prox are optimal and E[z r] = E[z g'(z)] d whatever g is; another direction, other
    codes and a sum with the wrong price are found."""
    u, t = np.array([0.6, 0.8]), np.array([2.5, 1.9, -1.0])
    problem = Problem(t[:, None] * u, penalty=penalty)
    z = problem.penalty.prox(t)[:, None]
    found = Optimum.at(problem, u[None], Z=z)
    assert found.status in ("global", "stationary") and found.kkt <= 1e-14 and found.stationarity <= 1e-13
    assert found.objective == pytest.approx(np.mean(penalty.floor(t)), rel=1e-13, abs=1e-25)
    turned = Optimum.at(problem, np.array([[np.cos(1.0), np.sin(1.0)]]), Z=z)
    assert turned.status == "unconverged" and turned.stationarity > 1e-2 and turned.kkt > 1e-3
    more = Optimum.at(problem, u[None], Z=1.01 * z)
    assert more.status == "unconverged" and more.stationarity > 1e-4 and more.kkt > 1e-4


def test_global_only_where_the_floor_is_met():
    """Two points and their atoms: at the floor. One atom for both: not, though it is stationary."""
    X = np.array([[1.0, 0], [0, 1]])
    for penalty in (MCP(0.1, 4), Log(0.1, 0.3), L0(0.01), TopK(1)):
        problem = Problem(X, penalty=penalty)
        assert Optimum.at(problem, X, Z=np.diag(problem.penalty.prox(np.ones(2)))).status == "global"
        between = np.array([[0.5**0.5, 0.5**0.5]])
        between /= np.linalg.norm(between)
        z = problem.penalty.prox(X @ between[0])[:, None]
        assert Optimum.at(problem, between, Z=z).status == "stationary"
    elastic = Problem(X, penalty=Energy(0.1, 0.2))
    assert Optimum.at(elastic, X, Z=np.diag(elastic.penalty.prox(np.ones(2)))).status == "stationary"


def test_resolution_is_the_same_as_under_l1():
    """Energy without its tau is L1 to verification too, where rounding decides what counts."""
    u = np.array([[0.6, 0.8], [-0.8, 0.6]])
    z = np.array([[3e5, 0], [0, 2e5]])
    X = z @ u + 0.3 * u
    one, other = (verify.measure(Problem(X, **kind), u, np.zeros(2), csr_array(z))
                  for kind in ({"lam": 0.3}, {"penalty": Energy(0.3, 0.0)}))
    assert other.objective == pytest.approx(one.objective, rel=1e-14) and other.kkt == one.kkt
    assert other.stationarity <= one.stationarity < 1e-10


@pytest.mark.parametrize("penalty", [*EVERY[1:], L1(0.7, signed=True)], ids=str)
def test_saved_and_loaded_with_its_penalty(penalty, tmp_path):
    X = rng.standard_normal((6, 2))
    problem = Problem(X, penalty=penalty)
    u = np.array([[0.6, 0.8]])
    optimum = Optimum.at(problem, u, Z=problem.penalty.prox(X @ u[0])[:, None])
    optimum.save(tmp_path / "o.npz")
    found = Optimum.load(tmp_path / "o.npz")
    assert found.problem.penalty == penalty and found.problem.lam == problem.lam
    assert found.objective == optimum.objective and found.stationarity == optimum.stationarity


def test_statements_about_l1_are_not_asked_of_others():
    from properties import check, g1_floor

    X = np.array([[1.0, 0], [0, 1]])
    problem = Problem(X, penalty=MCP(0.1, 4))
    optimum = Optimum.at(problem, X, Z=np.diag(problem.penalty.prox(np.ones(2))))
    report = check(optimum)
    asked = [verdict.id for verdict in report.verdicts]
    assert "G1" not in asked and "N1" in asked and report.holds
    assert g1_floor.PROPERTY.excuse(optimum) == "needs penalty l1"


def test_log_with_eps_at_lam_is_a_number_where_codes_begin():
    np.testing.assert_array_equal(Log(0.5, 0.5).prox(np.array([0.0, 0.3, 0.5])), 0)
    assert Problem([[0.0, 0.0], [1.0, 0.0]], penalty=Log(0.5, 0.5)).floor > 0
