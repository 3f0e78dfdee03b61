"""The first phase of training: when it is chosen, what it finds that plain descent does not, what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from generators import digits, superposition
from properties import match
from testbed import InputError, Problem, fit, threads
from testbed.descent.engines import ALONE, Alone
from testbed.descent.exchange import APART, exchange, newcomers, worth
from testbed.descent.phi import Reduced
from testbed.descent.schedules import begin, dense, part, stages
from testbed.descent.starts import draw
from testbed.threads import limited

LAM, M, D = 0.01, 48, 20
NESTED = 6  # pairs


@pytest.fixture(scope="module")
def crowded():
    """48 features in 20 dimensions, a quarter of their pairs nested: a sample, and phi at drawn atoms."""
    sample = superposition(M, D, 0.04, gamma=0.25, seed=1).sample(2000, 0)
    problem = Problem(sample.X, LAM)
    phi = Reduced(problem, M)
    sequence = np.random.SeedSequence(3)
    return sample, problem, phi, draw(phi, np.random.default_rng(sequence), 0), sequence


def silent(_):
    return None


def recovered(found, sample):
    """How many of the features that are in no nested pair an atom has."""
    free = np.r_[NESTED : M // 2, M // 2 + NESTED : M]
    return int((match(found.D, sample.features).cosine[free] > 0.95).sum())


def test_from_drawn_atoms_the_optimum_from_the_truth_is_reached_and_not_by_plain_descent(crowded, monkeypatch):
    sample, *_ = crowded
    monkeypatch.setattr(threads, "SMALL", 0)
    truth = fit(sample.X, M, LAM, start=sample.features)
    found = fit(sample.X, M, LAM, restarts=1, seed=1)
    plain = fit(sample.X, M, LAM, restarts=1, seed=1, schedule="plain")
    assert truth.schedule == plain.schedule == "plain" and found.status == "local_min"
    assert found.schedule == "continuation: lam 0.0316 on 384, 0.0316 on 1536"
    assert recovered(found, sample) == recovered(truth, sample) == M - 2 * NESTED
    assert found.objective == pytest.approx(truth.objective, rel=1e-9)
    assert plain.objective > truth.objective * 1.002  # other starts end 1e-3 and 1e-2 above it


def test_bits_do_not_depend_on_threads(crowded, monkeypatch):
    sample, *_ = crowded
    monkeypatch.setattr(threads, "SMALL", 0)
    one, two = (fit(sample.X[:1000], M, LAM, restarts=1, threads=count) for count in (1, 2))
    assert one.schedule.startswith("continuation") and np.array_equal(one.D, two.D)


def test_small_problems_and_sparse_starts_are_left_alone(crowded):
    _, problem, phi, theta, sequence = crowded
    point, plan = begin(problem, phi, theta, sequence, "auto", silent)
    assert str(plan) == "plain" and dense(point) and np.array_equal(point.theta, theta)  # small
    X = digits().exact().X
    problem = Problem(X, 0.05)
    phi = Reduced(problem, 100)
    theta = draw(phi, np.random.default_rng(0), 0)
    point, plan = begin(problem, phi, theta, sequence, "auto", silent)
    assert phi.work > threads.SMALL and str(plan) == "plain" and np.array_equal(point.theta, theta)


def test_a_start_that_is_given_is_kept_unless_a_continuation_is_asked_for(crowded, monkeypatch):
    sample, _, _, theta, _ = crowded
    monkeypatch.setattr(threads, "SMALL", 0)
    X = sample.X[:500]
    kept, moved = fit(X, M, LAM, start=theta), fit(X, M, LAM, start=theta, schedule="continuation")
    assert fit(X, M, LAM, restarts=1).schedule != "plain"  # what is drawn is as dense
    assert kept.schedule == "plain" and moved.schedule.startswith("continuation")
    with pytest.raises(InputError, match="fit: schedule must be one of auto, plain, continuation; got 'fast'"):
        fit(sample.X, M, LAM, schedule="fast")
    with pytest.raises(InputError, match="fit: schedule 'continuation' is for lam, not for penalty mcp"):
        fit(sample.X, M, penalty="mcp(lam=0.1, gamma=4)", schedule="continuation")


@pytest.mark.parametrize("options", [{"bias": True}, {"nonnegative": False}, {"weights": True}])
def test_a_continuation_takes_every_problem_of_l1(crowded, options):
    sample, *_ = crowded
    X = sample.X[:600] + (3.0 if "bias" in options else 0.0)
    if "weights" in options:
        weights = np.random.default_rng(0).random(600) * (np.arange(600) % 3 > 0)
        options = {"weights": weights / weights.sum()}
    found = fit(X, 20, 0.05, restarts=1, schedule="continuation", **options)
    assert found.status == "local_min" and found.schedule.startswith("continuation")
    if "bias" in options:
        assert np.abs(found.b - 3).max() < 1


def test_stages_end_where_codes_are_no_longer_dense_and_samples_grow(crowded):
    _, problem, _, theta, _ = crowded
    problem = Problem(problem.X, LAM / 10)
    phi = Reduced(problem, M)
    found = stages(problem, phi, phi.at(theta)).stages
    assert [rows for _, rows in found] == [384, 1536, 2000, 2000]
    np.testing.assert_allclose([lam for lam, _ in found], 1e-3 * 10 ** np.array([1.5, 1.5, 1, 0.5]))
    rows = np.arange(384)
    assert not dense(part(problem, phi, found[0][0], rows).at(theta))
    assert dense(part(problem, phi, found[2][0], rows).at(theta))


def test_an_atom_is_worth_what_phi_rises_by_without_it(crowded):
    _, problem, phi, theta, _ = crowded
    with limited(phi.work, 1):
        for some in (phi, Reduced(Problem(problem.X[:300], 0.3, bias=True), M)):
            point = some.at(np.vstack([theta, np.full((1, D), 0.1)])[: M + some.extra])
            found = worth(some, point)
            for j in (0, 7, M - 1):
                without = point.theta.copy()
                without[j] = theta[j - 1 if j else 1]
                rise = some.at(without).value - point.value
                assert found[j] == pytest.approx(rise, rel=1e-9, abs=1e-12) and rise > 0


def test_newcomers_are_the_features_that_are_missing_and_lower_phi(crowded):
    sample, problem, phi, _, _ = crowded
    missing = [6, 7, 8, 40, 41, 42]
    with limited(phi.work, 1):
        rough = part(problem, phi, 0.3, np.arange(1000))
        few = sample.features.copy()
        few[missing] = few[0]
        point = rough.at(few)
        found = newcomers(rough, point.R, 6)
        assert 3 <= len(found) <= 6 and (np.triu(found @ found.T, 1) <= APART).all()
        assert (found @ sample.features[missing].T).max(axis=1)[:2].min() > 0.8
        value = point.value
        for j, atom in zip(missing, found, strict=False):
            few[j] = atom
            value, before = rough.at(few).value, value
            assert value < before
        assert newcomers(rough, point.R * 1e-3, 6).shape == (0, D)


def test_an_exchange_is_kept_only_where_phi_is_lower(crowded):
    _, problem, phi, theta, _ = crowded
    with limited(phi.work, 1):
        rough = part(problem, phi, 0.3, np.arange(1000))
        wasted = theta.copy()
        wasted[:8] = wasted[8]
        engine = Alone(rough, rough.at(wasted))
        value = engine.point.value
        assert exchange(engine, 8, lambda: None) and engine.point.value < value
        best = fit(problem.X[:1000], M, 0.3, restarts=2)
        engine = Alone(rough, rough.at(best.D))
        value = engine.point.value
        kept = exchange(engine, M // 2, lambda: None)
        assert engine.point.value < value if kept else engine.point.value == value
        assert len(ALONE) == 1


@pytest.mark.nightly
def test_256_features_in_64_dimensions_are_found_from_drawn_atoms():
    """The cell of question O43 (docs/questions.md) at a penalty where plain descent is lost."""
    sample = superposition(gamma=0.3, seed=0).sample(8000, 0)
    truth, found = fit(sample.X, 256, LAM, start=sample.features), fit(sample.X, 256, LAM, restarts=1)
    free = np.r_[38:128, 166:256]
    for some in (truth, found):
        assert some.status == "local_min" and (match(some.D, sample.features).cosine[free] > 0.95).all()
    assert found.objective < truth.objective * (1 + 1e-3)
