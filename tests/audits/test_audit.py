"""The audit: an account that adds up, prices that were paid, an optimum with nothing to gain."""

import numpy as np
import pytest

from audits import audit, parts, train
from audits.encoders import relu
from audits.sae import SAE
from figures.pages import audit as page
from generators import tree
from testbed import InputError, encode, fit
from testbed.data import as_rows


class Exactly:
    """An SAE whose encoder is the exact coder of its dictionary."""

    def __init__(self, D, b, lam):
        m = len(D)
        self.held = SAE("test", "exact", D, b, np.zeros((D.shape[1], m)), np.zeros(m), b, relu, np.ones(m),
                        np.zeros(m, bool), lam, "its own")

    def __getattr__(self, name):
        return getattr(self.held, name)

    def encode(self, X):
        return encode(X, self.held.D, self.held.lam, self.held.b)


@pytest.fixture(scope="module")
def data():
    return tree().sample(6000, 3).X


@pytest.fixture(scope="module")
def trained(data):
    return train(data, 20, 0.1, steps=4000, rate=3e-3, seed=0).sae


@pytest.fixture(scope="module")
def found(data, trained):
    return audit(trained, tree().sample(6000, 4).X, restarts=1)


def total(found):
    return found.objective["encoder"].value - found.objective["floor"].value


def test_the_split_adds_up(found):
    assert sum(part.value for part in found.gap.values()) == pytest.approx(total(found), rel=1e-9)
    assert np.nansum(found.atoms["amortisation"]) == pytest.approx(found.gap["amortisation"].value, rel=1e-9)
    assert found.gap["amortisation"].value > 0 and found.gap["open"].value > 0
    assert found.gap["amortisation"].standard_error < found.objective["encoder"].standard_error


@pytest.mark.parametrize("bias", [False, True])
def test_an_exact_optimum_has_nothing_to_gain(data, bias):
    X = data[:2000]
    best = fit(X, 20, 0.1, bias=bias, seed=1, restarts=2)
    found = audit(Exactly(best.D, best.b, 0.1), X, whole=True, restarts=0)
    assert found.holds and all(statement.holds for statement in found.statements["encoder"])
    assert all(statement.residual < 1e-8 for several in found.statements.values() for statement in several)
    for name in ("amortisation", "dictionary", "basin"):
        assert abs(found.gap[name].value) <= 1e-12 * best.objective, name
    assert found.price.median == pytest.approx(0.1, rel=1e-9) and found.price.q05 == pytest.approx(0.1, rel=1e-9)
    assert found.lam == 0.1 and not found.lam_doubt


def test_an_l1_sae_pays_its_lam(found):
    assert abs(found.price.median - 0.1) <= 3 * found.price.standard_error + 0.003
    assert not found.price.free and found.lam == pytest.approx(0.1)
    for held in found.predictability.values():
        assert held["by"] == "S3" and held["measured"] == pytest.approx(held["expected"], rel=0.1)


def test_a_topk_sae_pays_nothing(data):
    topk = train(data, 20, kind="topk", k=2, steps=4000, seed=0).sae
    found = audit(topk, tree().sample(6000, 5).X, refine=False)
    assert found.price.free and abs(found.price.median) <= max(3 * found.price.standard_error, 0.01)
    held = found.predictability["encoder"]  # nothing was paid: N3 expects nothing there, and S3 at exact codes
    assert (held["by"], held["expected"]) == ("N3", 0) and held["measured"] < 0.5 * held["S3"]
    assert found.predictability["codes"]["by"] == "S3" and "(N2)" in str(found)
    assert "not paid" in found.lam_source and found.l0["codes"] == pytest.approx(found.l0["encoder"], rel=0.1)


@pytest.mark.parametrize("n", [16, 37, 9000, 20_000])
def test_the_halves_share_no_row_and_leave_none_out(n):
    numbers = np.arange(2.0 * n).reshape(n, 2)
    one, other = (half.rows(0, n) for half in parts.halves(as_rows("test", "X", numbers)))
    assert np.array_equal(np.sort(np.concatenate([one, other]), axis=0), numbers)
    assert 0.3 * n < len(one) < 0.7 * n and abs(one[:, 0].mean() - other[:, 0].mean()) < n  # both see all of the data


def test_true_parents_and_children_are_among_the_nested_pairs(data):
    """An SAE of ours whose atoms are held at the features, and has not absorbed a parent: all true pairs, no others."""
    world = tree()
    held = train(data, 20, 0.02, steps=1500, seed=0, start=world.features, decoder=False, bias=np.zeros(world.d)).sae
    sample = world.sample(6000, 6)
    on = sample.codes > 0
    truth = {(j, k) for j in range(20) for k in range(20) if j != k and on[:, j].any() and (on[:, k] | ~on[:, j]).all()}
    found = audit(held, sample.X, 0.02, refine=False)
    assert len(truth) == 9 and {(pair["child"], pair["parent"]) for pair in found.nested} == truth
    assert all(pair["kind"] == "nested" for pair in found.nested)
    assert not found.holds  # S6: no optimum has such pairs
    (_, title, _, caption), = page._nesting(found)
    assert "9 pairs under 3 parents" in title and "9 of 9 pairs" in caption and "(9 of all)" in caption


def test_atoms_without_direction_keep_their_numbers(data, trained):
    dead = np.zeros(20, bool)
    dead[[2, 7]] = True
    fold = np.where(dead, 0.0, trained.fold)
    sae = SAE("test", "standard", trained.D, trained.b, trained.W, trained.c, trained.b, relu, fold, dead, 0.1, "given")
    found = audit(sae, data, refine=False)
    assert found.dead["decoder"] == [2, 7] and np.isnan(found.atoms["encoder_price"][[2, 7]]).all()
    assert len(found.atoms["exact_rate"]) == 20


def test_the_same_in_any_number_of_blocks(data, trained, monkeypatch):
    from testbed import problem

    one = audit(trained, data[:3000], refine=False, whole=True)
    monkeypatch.setattr(problem, "BLOCK_ENTRIES", 257 * 40)
    monkeypatch.setattr(parts, "BLOCK", 131)
    other = audit(trained, data[:3000], refine=False, whole=True)
    assert one.objective["encoder"].value == pytest.approx(other.objective["encoder"].value, rel=1e-12)
    for name, values in one.atoms.items():
        np.testing.assert_allclose(values, other.atoms[name], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("change", "words"), [
    (lambda X: X[:, :-1], "has .* columns; the SAE reads activations of"),
    (lambda X: X[:5], "an audit takes at least 16"),
    (lambda X: np.where(np.arange(X.size).reshape(X.shape) == 4321, np.nan, X), "must be finite; row"),
])
def test_bad_activations(data, trained, change, words):
    with pytest.raises(InputError, match=words):
        audit(trained, change(data), refine=False)


def test_bad_options(data, trained):
    for name in ("seed", "restarts"):
        with pytest.raises(InputError, match=f"audit: {name} must be >= 0; got -1"):
            audit(trained, data, refine=False, **{name: -1})


def test_activations_of_another_scale_are_said_to_be_wrong(data, trained):
    found = audit(trained, 0.02 * data + 3.0, 0.1, refine=False)
    assert found.explained["encoder"] < 0 and "a wrong layer" in str(found)


def test_json_is_what_the_contract_says(found):
    import json

    said = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {"format", "architecture", "d", "m", "n", "lam", "lam_source", "objective", "gap", "l0", "explained",
            "implied_price", "statements", "nested", "antipodal", "dead"} <= said.keys()
    assert set(said["objective"]) == {"encoder", "codes", "refined", "best", "floor"}
    assert set(said["gap"]) == {"amortisation", "dictionary", "basin", "open"}
    assert {"median", "q05", "q95"} <= said["implied_price"].keys()
    marked = {s["id"] for s in said["statements"] if s.get("note") == "not implied"}
    assert {"S5", "S6", "B2", "B3", "C1"} <= marked and not marked & {"S1", "S2", "S3", "S4", "B1", "B4"}
