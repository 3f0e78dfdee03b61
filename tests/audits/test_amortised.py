"""An SAE of our own: its gradients, its schedules, its bits; our dictionaries as SAEs that others load."""

import json

import numpy as np
import pytest

from audits import amortised, audit, batches, read_sae, to_sae_lens, train
from generators import tree
from testbed import InputError, Problem, fit
from testbed.dictionary import Dictionary


def loss(state, X, lam):
    """Of a batch, in its own words."""
    p = state.p
    Y = X - p["b"]
    A = state.encoder()(Y @ p["W"] + p["c"])
    cost = lam * ((A > 0).sum() if state.kind == "jumprelu" else A.sum() if state.kind == "relu" else 0)
    return (0.5 * ((Y - A @ p["D"]) ** 2).sum() + cost) / len(X)


@pytest.mark.parametrize("kind", amortised.KINDS)
def test_gradients_are_those_of_the_loss(kind):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((40, 6))
    D = rng.standard_normal((9, 6))
    state = amortised._State(X, D / np.linalg.norm(D, axis=1, keepdims=True), X.mean(axis=0), kind, 3, 0.07)
    state.p["W"] += 0.3 * rng.standard_normal((6, 9))
    state.p["c"] += 0.2 * rng.standard_normal(9)
    found = state.gradient(X, 0.07)
    for name in "WcDb":
        move = rng.standard_normal(state.p[name].shape)
        if name == "D":  # along the spheres
            move -= (move * state.p["D"]).sum(axis=1, keepdims=True) * state.p["D"]
        h, ends = 1e-6, []
        for sign in (1, -1):
            state.p[name] += sign * h * move
            ends.append(loss(state, X, 0.07))
            state.p[name] -= sign * h * move
        assert (found[name] * move).sum() == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6), name


@pytest.mark.parametrize("level", [0.5, 0.8])
def test_a_threshold_moves_as_the_mean_loss_has_it(level):
    """x uniform on [0, 2] on one atom: the mean loss is (level^3 / 6 + lam (2 - level)) / 2. Half of what the
    window sees is off, a quarter of its width below the level on average."""
    X = np.linspace(0, 2, 40_001)[:, None]
    state = amortised._State(X, np.ones((1, 1)), np.zeros(1), "jumprelu", 0, 0.2)
    state.p["level"][:] = np.log(level)
    slope = (level * (level - amortised.WINDOW / 4) / 2 - 0.2) / 2
    assert state.gradient(X, 0.2)["level"][0] == pytest.approx(slope * level, rel=0.01)


@pytest.mark.parametrize(("kind", "options"), [("relu", {"lam": 0.1}), ("topk", {"k": 2}), ("jumprelu", {"lam": 0.02})])
def test_one_seed_has_one_result(kind, options):
    X = tree().sample(500, 0).X
    one, other = (train(X, 20, kind=kind, steps=60, batch=64, seed=3, keep=(20,), **options) for _ in range(2))
    assert one.steps == [20, 60]
    for a, b in zip(one.saes, other.saes, strict=True):
        for name in ("D", "W", "c", "b"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
        assert np.allclose(np.linalg.norm(a.D, axis=1), 1, atol=1e-14)
    assert not np.array_equal(one.sae.D, train(X, 20, kind=kind, steps=60, batch=64, seed=4, **options).sae.D)


@pytest.mark.parametrize("schedule", amortised.SCHEDULES)
def test_schedules_end_at_lam(schedule):
    path = [amortised._penalty(0.1, schedule, time, 1.0) for time in np.linspace(0.01, 1, 100)]
    assert path[-1] == pytest.approx(0.1)
    first, steps = path[0], np.diff(path)
    assert {"constant": first == 0.1, "warmup": first < 0.01, "anneal": first > 0.4}[schedule]
    assert (steps >= -1e-15).all() or (steps <= 1e-15).all()


@pytest.mark.parametrize(("change", "words"), [
    ({"kind": "gated"}, "kind must be one of relu, topk, jumprelu"), ({"schedule": "up"}, "schedule must be one of"),
    ({"kind": "topk", "k": 0}, "k must be"), ({"steps": 0}, "steps must be"), ({"lam": -1}, "lam must be"),
    ({"decoder": False}, "trained for the atoms of start"), ({"start": np.ones((3, 3))}, "start"),
])
def test_bad_arguments_are_named(change, words):
    with pytest.raises(InputError, match=words):
        train(np.eye(4), 4, **({"lam": 0.1} | change))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    X = tree().sample(2000, 3).X
    best = fit(X, 20, 0.1, restarts=2, seed=1)
    home = tmp_path_factory.mktemp("export") / "sae"
    return X, best, home, to_sae_lens(best, home, steps=1500)


def test_an_exported_optimum_holds_every_statement(exported):
    """Float32 is all that was lost: every statement holds, and nothing is to be gained but by coding better."""
    X, best, home, gap = exported
    sae = read_sae(home)
    np.testing.assert_allclose(sae.D, best.D, atol=1e-7)
    found = audit(sae, X, whole=True, restarts=1)
    assert found.lam == pytest.approx(0.1) and found.holds
    assert all(abs(found.gap[name].value) <= 1e-9 * best.objective for name in ("dictionary", "basin"))
    assert found.gap["amortisation"].value == pytest.approx(gap, rel=1e-3) and 0 < gap < 0.1 * best.objective
    assert json.loads((home / "cfg.json").read_text())["metadata"]["amortisation_gap"] == gap


def test_what_cannot_be_exported(exported, tmp_path):
    X, best, home, _ = exported
    with pytest.raises(InputError, match="a new or an empty folder"):
        to_sae_lens(best, home)
    signed = Dictionary.of(Problem(X, 0.1, nonnegative=False), best.D)
    with pytest.raises(InputError, match="nonnegative; this dictionary's are signed"):
        to_sae_lens(signed, tmp_path / "signed")
    assert not (tmp_path / "signed").exists()


def test_batches_of_a_world_are_fresh_samples():
    source, again = batches(tree(), 8, seed=2), batches(tree(), 8, seed=2)
    first, second = next(source), next(source)
    assert first.dtype == np.float32 and first.shape == (8, 20) and not np.array_equal(first, second)
    assert np.array_equal(first, next(again))
    with pytest.raises(InputError, match="size must be"):
        next(batches(tree(), 0))


@pytest.mark.slow
def test_an_encoder_merges_what_the_exact_optimum_keeps_apart():
    """Eight pairs of exclusive features 25 degrees apart: even from the truth an SAE gives most pairs one direction."""
    rng = np.random.default_rng(0)
    middle, across = rng.standard_normal((2, 8, 24))
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    across -= (across * middle).sum(axis=1, keepdims=True) * middle
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    half = np.radians(12.5)
    features = np.concatenate([np.cos(half) * middle + sign * np.sin(half) * across for sign in (1, -1)])
    on, first = rng.random((4000, 8)) < 0.08, rng.random((4000, 8)) < 0.5
    size = on * rng.uniform(1, 2, (4000, 8))
    X = np.hstack([size * first, size * ~first]) @ features

    def apart(D):
        best = (D @ features.T).argmax(axis=0)
        close = (D @ features.T).max(axis=0) > 0.97
        return int(((best[:8] != best[8:]) & close[:8] & close[8:]).sum())

    assert apart(fit(X, 16, 0.05, start=features).D) == 8
    assert apart(train(X, 16, 0.05, steps=2500, batch=256, seed=0, start=features).sae.D) <= 3
