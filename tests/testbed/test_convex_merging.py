"""The path in tau (V4): events against closed forms, and a path that nothing but the optima determines."""

import numpy as np
import pytest

from testbed import Problem, lower_bound
from testbed.bounds.merging import Merging, merging, pair_events

COSINES = (0.95, 0.85)


def two_pairs(lam=0.5, weights=(0.4, 0.4, 0.1, 0.1)):
    """Two close pairs of unit vectors, the farther one rare, and nearly orthogonal to each other."""
    G = np.full((4, 4), 0.05)
    for k, cosine in enumerate(COSINES):
        G[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = cosine
    np.fill_diagonal(G, 1)
    return Problem(np.linalg.cholesky(G), lam, np.array(weights))


@pytest.fixture(scope="module")
def followed() -> Merging:
    return merging(two_pairs(), np.geomspace(0.02, 0.9, 14))


@pytest.mark.slow
def test_events_of_pairs_are_where_the_closed_forms_put_them(followed):
    problem, lam = two_pairs(), 0.5
    for i, w in ((0, 0.4), (2, 0.1)):
        cosine = COSINES[i // 2]
        share, merge = pair_events(problem, i, i + 1)
        assert share == pytest.approx(lam * np.sqrt(w * (1 / cosine - 1)), rel=1e-12)
        assert merge == pytest.approx(np.sqrt(w * (1 - cosine)), rel=1e-9)
        for kind, tau in (("share", share), ("merge", merge)):
            (event,) = (e for e in followed.events if e.kind == kind and e.samples == (i, i + 1))
            assert event.tau == pytest.approx(tau, rel=1e-6) and event.fewer == (kind == "merge")


@pytest.mark.slow
def test_rarity_decides_the_order_as_well_as_closeness(followed):
    first = next(e for e in followed.events if e.kind == "share")
    assert first.samples == (2, 3)  # at 0.85, but four times rarer than the pair at 0.95
    even = merging(two_pairs(weights=(0.25,) * 4), np.array([0.02, 0.045, 0.08]))
    assert next(e for e in even.events if e.kind == "share").samples == (0, 1)


@pytest.mark.slow
def test_the_path_goes_from_one_atom_each_to_none_and_is_optimal_on_the_way(followed):
    assert followed.atoms[0] == 4 and followed.atoms[-1] == 0
    assert followed.atoms[0] - followed.atoms[-1] == sum(e.fewer for e in followed.events)
    assert (followed.groups[0] == np.arange(4)).all() and (followed.groups[-1] == -1).all()
    taus = [e.tau for e in followed.events]
    assert taus == sorted(taus)
    for tau, value in zip(followed.taus, followed.objectives, strict=True):
        assert 0 <= value - lower_bound(two_pairs(), float(tau)).value < 1e-7
    assert (np.diff(followed.objectives) > -1e-12).all()  # P does not decrease in tau


@pytest.mark.slow
def test_between_sharing_and_merging_neither_sample_has_an_atom_of_its_own_only():
    """Q of a pair is diagonal before the first event, of rank two between the events, of rank one after the second."""
    problem = two_pairs()
    share, merge = pair_events(problem, 2, 3)
    grams = merging(problem, np.array([0.99 * share, 0.5 * (share + merge), 1.01 * merge])).grams[:, 2:, 2:]
    correlation = grams[:, 0, 1] / np.sqrt(grams[:, 0, 0] * grams[:, 1, 1])
    assert correlation[0] == 0 and 0.01 < correlation[1] < 0.99 and correlation[2] == pytest.approx(1, abs=1e-9)


def test_unequal_weights_and_lengths_by_the_program_itself():
    X = np.array([[1.2, 0], [0.8 * 0.9, 0.8 * np.sqrt(1 - 0.81)]])
    problem = Problem(X, 0.3, np.array([0.7, 0.3]))
    share, merge = pair_events(problem, 0, 1)
    own = 0.3**2 + share**2 / problem.weights
    assert 0.9 * np.sqrt(own.prod()) == pytest.approx(0.3**2, rel=1e-12)
    found = merging(problem, np.linspace(0.5 * share, 1.2 * merge, 6))
    assert [(e.kind, e.samples) for e in found.events] == [("share", (0, 1)), ("merge", (0, 1))]
    assert [e.tau for e in found.events] == pytest.approx([share, merge], rel=1e-6)


def test_messages():
    problem = two_pairs()
    for bad, message in ((Problem(np.eye(2), 0.3, bias=True), "nonnegative codes and no bias"),
                         (Problem(np.eye(25), 0.3), "followed for 24 samples; there are 25"),
                         (Problem(np.ones((3, 2)), 0.3), "linearly independent and have weight"),
                         (Problem(np.array([[1.0, 0], [0, 1], [1, 1]]), 0.3), "linearly independent and have weight")):
        with pytest.raises(ValueError, match=f"merging: .*{message}"):
            merging(bad, [0.1])
    for taus in ([], [0.2, 0.1], [0.0, 0.1]):
        with pytest.raises(ValueError, match="merging: taus must be positive and strictly increasing"):
            merging(problem, np.array(taus, dtype=float))
    with pytest.raises(TypeError, match=r"merging: problem must be a testbed.Problem; got ndarray"):
        merging(np.eye(2), [0.1])
    with pytest.raises(ValueError, match="pair_events: samples 0 and 1 must have weight, be longer than lam"):
        pair_events(Problem(np.eye(2), 0.3), 0, 1)
    with pytest.raises(ValueError, match="pair_events: k must be between 0 and 3; got 4"):
        pair_events(problem, 0, 4)
