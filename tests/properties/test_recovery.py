"""T6 and T7: the linear program's verdict against training from the truth; wrong conditions are found out."""

from dataclasses import dataclass

import numpy as np
import pytest

import generators as worlds
from properties import recovery
from properties.first_order import scores, tilt_rate
from properties.kernels import recovery as kernels
from properties.recovery import Truth, recoverable
from properties.sample_size import CLEAR, PIVOT, ROOM, SWEEPS, inside, largest_p, recovery_share
from testbed import fit

LAMS = (1e-3, 2e-4)
BAND = 0.05  # margins nearer to zero are not judged: the order of lam's effect is then not yet visible at these lam
MODES = ((False, True), (True, True), (False, False), (True, False))  # (bias, nonnegative)


@dataclass(frozen=True, eq=False)
class Case:
    """A random world of finite support: features, codes, weights, and the problem asked of them."""

    features: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    bias: bool
    nonnegative: bool

    def drift(self, lam):
        """The largest angle between feature and atom after training from the truth, and the atoms."""
        o = fit(self.codes @ self.features, len(self.features), lam, self.bias, self.nonnegative, self.weights,
                start=self.features)
        return 2 * np.arcsin(np.linalg.norm(o.D - self.features, axis=1).max() / 2), o.D

    def stays(self):
        """Measured: whether the drift is O(lam): its rate settles, as it does not where the drift tends to an angle."""
        far, near = (self.drift(lam)[0] / lam for lam in LAMS)
        return near < 1.5 * far + 1e-6

    def margin(self, bias=None, nonnegative=None):
        return recoverable(self.features, self.codes, self.weights, self.bias if bias is None else bias,
                           self.nonnegative if nonnegative is None else nonnegative).margin


def case(seed):
    """k = 2, 3, 4 independent features at random angles, in patterns drawn at random; the four problems in turn."""
    rng = np.random.default_rng(seed)
    bias, nonnegative = MODES[seed % 4]
    k = int(rng.integers(2, 5))
    features = np.zeros((k, k))
    while np.linalg.svd(features)[1].min() < 0.4:  # directions from which codes can be told apart
        features = rng.standard_normal((k, k))
        features /= np.linalg.norm(features, axis=1, keepdims=True)
    n, p = int(rng.integers(3 * k, 5 * k + 1)), rng.uniform(0.2, 0.5)
    on = np.zeros((n, k), bool)
    while not on.any(axis=0).all() or on.all(axis=0).any():
        on = rng.random((n, k)) < p
    codes = on * rng.uniform(0.5, 1.5, (n, k))
    if not nonnegative:
        codes *= rng.choice([-1, 1], (n, k))
    weights = rng.uniform(0.5, 1.5, n)
    if seed % 8 >= 4:  # one dimension more, turned
        features = np.pad(features, ((0, 0), (0, 1))) @ np.linalg.qr(rng.standard_normal((k + 1, k + 1)))[0]
    return Case(features, codes, weights / weights.sum(), bias, nonnegative)


def judged(seeds):
    """(case, margin) of the worlds outside the band."""
    found = [(c, c.margin()) for c in map(case, seeds)]
    return [(c, margin) for c, margin in found if abs(margin) >= BAND]


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 64), marks=pytest.mark.slow),
                                   pytest.param(range(64, 276), marks=pytest.mark.nightly)], ids=["20", "40", "200"])
def test_T6_no_false_verdict(seeds):
    worlds = judged(seeds)
    assert len(worlds) >= {20: 16, 44: 36, 212: 200}[len(seeds)]
    for mode in MODES:  # both answers occur in every problem
        assert {margin > 0 for c, margin in worlds if (c.bias, c.nonnegative) == mode} == {True, False}
    assert [c for c, margin in worlds if c.stays() != (margin > 0)] == []


def test_T6_tilt_is_the_rate_of_drift():
    """d_j - f_j = lam Delta_j + O(lam^2): the error of the rate falls tenfold with lam."""
    kept = [c for c, margin in judged(range(40)) if margin > 0]
    assert {(c.bias, c.nonnegative) for c in kept} == set(MODES)
    for c in kept:
        rate = tilt_rate(c.features, c.codes, c.weights, c.bias, c.nonnegative)
        far, near = (np.abs((c.drift(lam)[1] - c.features) / lam - rate).max() for lam in (1e-4, 1e-5))
        assert near < 0.15 * far + 1e-9 and near < 1e-3 * (1 + np.abs(rate).max() ** 2)
        np.testing.assert_allclose(np.einsum("jk,jk->j", rate, c.features), 0, atol=1e-12)


PLANTED = {
    "cone for hull": lambda c: c.margin(bias=False),
    "hull for cone": lambda c: c.margin(bias=True),
    "zonotope for cone": lambda c: c.margin(nonnegative=False),
}


@pytest.mark.parametrize("error, mode", [("cone for hull", (True, True)), ("hull for cone", (False, True)),
                                         ("zonotope for cone", (False, True))])
def test_T6_wrong_conditions_are_found_out(error, mode):
    """Judged by the wrong set, worlds whose true verdict is clear and measured get the opposite one."""
    worlds = judged(range(MODES.index(mode), 400, 4))
    wrong = [c for c, margin in worlds if abs(PLANTED[error](c)) >= BAND and (PLANTED[error](c) > 0) != (margin > 0)]
    assert len(wrong) >= 2
    assert all(c.stays() == (c.margin() > 0) for c in wrong[:3])


@pytest.mark.parametrize("plant", ["sign of the cosines", "cosines left out", "codes of other samples"])
def test_T6_planted_errors_give_false_verdicts(plant, monkeypatch):
    right = Truth.silence

    def wrong(self, j):
        target, codes, weights = right(self, j)
        if plant == "sign of the cosines":
            return (2 - target if self.nonnegative else target), codes, weights
        if plant == "cosines left out":
            return np.ones_like(target), codes, weights
        on = (self.codes[:, j] != 0) & (np.delete(self.codes, j, axis=1) != 0).any(axis=1)
        others = np.arange(self.codes.shape[1]) != j
        return target, self.codes[on][:, others], self.weights[on]

    cases = [case(seed) for seed in range(0, 120, 4)]  # nonnegative, no bias
    measured = [c.stays() for c in cases]
    monkeypatch.setattr(Truth, "silence", wrong)
    margins = [c.margin() for c in cases]
    assert sum(abs(m) >= BAND and (m > 0) != s for m, s in zip(margins, measured, strict=True)) >= 2


def test_T6_on_known_worlds():
    def margins(world, **options):
        s = world.exact()
        return recoverable(s.features, s.codes, s.weights, **options)

    assert margins(worlds.independent(3, p=0.3)).holds and margins(worlds.independent(3, p=0.3), bias=True).holds
    assert margins(worlds.one_sparse(3)).holds  # every feature fires alone
    # ... which a bias turns into a simplex that it can move about: the hull is flat, and the vector below it
    assert margins(worlds.one_sparse(3), bias=True).margin == -np.inf
    nested = margins(worlds.nested_pair(0.3))
    assert nested.worst == 0 and nested.margin == -np.inf  # the parent is never silent; the child turns along it
    pair = margins(worlds.correlated_pair(0.4, 0.2))
    # one ray: (1 - s_1) alpha = alpha + beta where only 2 fires
    np.testing.assert_allclose(pair.margins, 1.5)


def test_T6_signed_margin_is_the_gauge_of_the_zonotope():
    """k = 2: the zonotope is the interval |v| <= E|c_2| 1{1 off}."""
    codes = np.array([[1.0, 0], [0, -2], [1, 1], [0, 0]])
    features = np.array([[1, 0], [0.6, 0.8]])
    found = recoverable(features, codes, nonnegative=False)
    # E|c_2| = 3/4, of which 2/4 while 1 is off; E[sign(c_1) c_2] = 1/4. And 2/4, 1/4, and 1/4.
    first, second = abs(1 / 4 - 0.6 * 3 / 4) / (2 / 4), abs(1 / 4 - 0.6 * 2 / 4) / (1 / 4)
    np.testing.assert_allclose(found.margins, [1 - first, 1 - second])


def test_T6_firing_alone_and_together_silent_suffices_with_a_bias():
    """sum_k mu_k (1 - G_jk) / a_k < 1, and the claim without silence fails."""
    features = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0.6, 0.8]])
    alone = np.vstack([np.eye(3), np.zeros(3)])
    bound = [sum(0.3 * (1 - features[k] @ features[j]) for k in range(3) if k != j) for j in range(3)]
    assert max(bound) < 1
    assert recoverable(features, alone, [0.3, 0.3, 0.3, 0.1], bias=True).holds
    assert not recoverable(features, alone[:3], bias=True).holds and recoverable(features, alone[:3]).holds


def test_T6_degenerate_cases():
    eye = np.eye(2)
    assert recoverable([[1.0]], [[1.0], [2.0]]).margin == np.inf  # nothing that could turn
    assert recoverable([[1.0]], [[1.0], [2.0]], bias=True).margin == -np.inf  # never silent: the bias takes its mean
    on = recoverable(eye, [[1.0, 0], [1, 1]])  # feature 0 is always on
    assert on.margins[0] == -np.inf and on.margins[1] > 0
    dead = recoverable(eye, [[1.0, 0], [0, 0]])  # feature 1 never fires: any direction is as good
    assert dead.live.tolist() == [True, False] and dead.margins.tolist() == [np.inf, 0] and not dead.holds
    flat = recoverable(np.eye(3), [[0, 1.0, 1], [1, 0, 1], [1, 1, 0]])  # every cone is a ray, with the vector on it
    assert flat.margins.tolist() == [0, 0, 0] and not flat.holds


def test_margins_have_no_units_and_samples_without_weight_do_not_count():
    for seed in range(8):
        c = case(seed)
        units = np.random.default_rng(seed).uniform(0.1, 10, len(c.features))
        extra = np.vstack([c.codes * units, np.ones(len(units))])
        found = recoverable(c.features, extra, np.append(c.weights, 0), c.bias, c.nonnegative).margins
        np.testing.assert_allclose(found, recoverable(c.features, c.codes, c.weights, c.bias, c.nonnegative).margins,
                                   rtol=1e-6)


def test_tilt_of_the_correlated_pair_is_T2():
    np.testing.assert_allclose(tilt_rate(np.eye(2), [[1.0, 0], [0, 1], [1, 1]], [0.4, 0.4, 0.2]), [[0, 0.5], [0.5, 0]])


def test_first_order_residual_obeys_what_it_must():
    for seed in range(24):
        c = case(seed)
        if c.margin() < BAND:
            continue
        truth = Truth.checked("test", c.features, c.codes, c.weights, c.bias, c.nonnegative)
        s, on = scores(truth), c.codes != 0
        np.testing.assert_allclose(s[on], np.sign(c.codes[on]))
        assert (s if c.nonnegative else np.abs(s)).max() <= 1 + 1e-9
        mu, G = c.weights @ np.abs(c.codes), c.features @ c.features.T
        np.testing.assert_allclose((c.weights[:, None] * c.codes).T @ s, mu[:, None] * G, atol=1e-9)  # S4
        if c.bias:
            np.testing.assert_allclose(c.weights @ s, 0, atol=1e-9)  # B1


def test_T7_k2_is_exact():
    n, p, draws = 12, 0.2, 4000
    q = p * (1 - p)
    expected = 1 - 2 * (1 - q) ** n + (1 - 2 * q) ** n
    share = recovery_share(2, n, p, 0.3, draws, nonnegative=True)
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / draws)


def test_T7_signed_limit():
    """With many samples the share jumps at largest_p; nonnegative codes pass on both sides of it."""
    assert largest_p(2, 0.5) == pytest.approx(0.5)  # c < 1 - p
    assert largest_p(5, 0.0) == 1
    limit = largest_p(4, 0.3)
    below, above = (recovery_share(4, 4000, limit + step, 0.3, 8) for step in (-0.08, 0.08))
    assert below == 1 and above == 0
    assert recovery_share(4, 4000, limit + 0.08, 0.3, 8, nonnegative=True) == 1


def test_T7_shortcuts_agree_with_the_linear_program():
    rng = np.random.default_rng(0)
    seen = set()
    for number in range(120):
        k, nonnegative = int(rng.integers(2, 6)), bool(number % 2)
        codes = np.where(rng.random((12, k)) < 0.4, rng.standard_normal((12, k)), 0)
        truth = Truth(worlds.independent(k).embed(k, 0.2).features, np.abs(codes) if nonnegative else codes,
                      np.full(12, 1 / 12), False, nonnegative)
        if codes.any(axis=0).all():
            arguments = *truth.silence(0), nonnegative
            answer = inside(*arguments)
            assert answer == (recovery.margin(*arguments) > 0)
            seen.add((answer, nonnegative))
    assert len(seen) == 4


@pytest.mark.parametrize(("nonnegative", "density"), [(False, 0.3), (True, 0.7)])
def test_T7_draws_are_settled_and_rightly_with_hardly_a_linear_program(nonnegative, density):
    rng = np.random.default_rng(1)
    seen = {kernels.INSIDE: 0, kernels.OUTSIDE: 0, kernels.OPEN: 0}
    for _ in range(60):
        codes = np.where(rng.random((20, 5)) < density, rng.standard_normal((20, 5)), 0)
        truth = Truth(worlds.independent(5).embed(5, 0.3).features, np.abs(codes) if nonnegative else codes,
                      np.full(20, 1 / 20), False, nonnegative)
        target, codes, weights = truth.silence(0)
        if np.linalg.matrix_rank(codes) == 4:
            settled = kernels.settle(target, codes, weights, nonnegative, ROOM, CLEAR, SWEEPS, PIVOT)
            seen[settled] += 1
            if settled:
                assert (settled == kernels.INSIDE) == (recovery.margin(target, codes, weights, nonnegative) > 0)
    assert seen[kernels.INSIDE] > 5 and seen[kernels.OUTSIDE] > 5 and seen[kernels.OPEN] < 6


def test_messages():
    eye = np.eye(2)
    with pytest.raises(ValueError, match="recoverable: features must be linearly independent; 3 features have rank 2"):
        recoverable([[1.0, 0], [0, 1], [0.6, 0.8]], np.ones((4, 3)))
    with pytest.raises(ValueError, match="codes must not be negative unless nonnegative=False; row 1 column 0 is -1"):
        recoverable(eye, [[1.0, 0], [-1, 1]])
    with pytest.raises(ValueError, match=r"recoverable: codes must have 2 columns; its shape is \(1, 3\)"):
        recoverable(eye, [[1.0, 0, 0]])
    with pytest.raises(TypeError, match="recoverable: bias must be True or False; got int 1"):
        recoverable(eye, eye, bias=1)
    with pytest.raises(ValueError, match="tilt_rate: the features must be recoverable; feature 0 has margin -inf"):
        tilt_rate(eye, [[1.0, 0], [1, 1]])
    with pytest.raises(ValueError, match="tilt_rate: every feature must fire; feature 1 never does"):
        tilt_rate(eye, [[1.0, 0], [0, 0]])
    with pytest.raises(ValueError, match="recovery_share: p must be finite and > 0 and < 1; got 1"):
        recovery_share(3, 10, 1.0)
    with pytest.raises(ValueError, match=r"recovery_share: coherence must be finite and > -0.5 and < 1; got -0.5"):
        recovery_share(3, 10, 0.5, -0.5)
    with pytest.raises(ValueError, match="largest_p: k must be >= 2; got 1"):
        largest_p(1, 0.2)
