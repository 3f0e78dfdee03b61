"""SAEs that other libraries saved: read as they read them, or refused in one sentence."""

import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from audits import read_sae
from audits.encoders import TopK
from testbed import InputError, fit

FIXTURES = Path(__file__).parent / "fixtures"
WITH_ANSWERS = sorted(path.parent.name for path in FIXTURES.glob("*/forward.npz"))


@pytest.mark.parametrize("name", WITH_ANSWERS)
def test_codes_and_reconstructions_are_the_librarys_own(name):
    sae, answer = read_sae(FIXTURES / name), np.load(FIXTURES / name / "forward.npz")
    Z = sae.encode(answer["X"].astype(float))
    np.testing.assert_allclose(sae.decode(Z), answer["y"], atol=1e-5)
    activity = Z.toarray()
    rescaled = sae.architecture == "topk" and sae.format == "sae_lens"
    np.testing.assert_allclose(activity, answer["z"] if rescaled else answer["z"] * sae.fold, atol=1e-5)
    assert np.array_equal(activity != 0, answer["z"] != 0)
    error = np.mean((answer["X"] - sae.decode(Z)) ** 2)
    assert error == pytest.approx(np.mean((answer["X"] - answer["y"]) ** 2), abs=1e-5)
    assert np.allclose(np.linalg.norm(sae.D, axis=1), 1, atol=1e-15) and sae.conventions


@pytest.mark.parametrize(("name", "lam"), [("standard", 0.1), ("gated", 0.1), ("dl_standard", 0.1), ("topk", None),
                                           ("jumprelu", None), ("sparsify_topk", None), ("dl_topk", None)])
def test_the_penalty_of_a_configuration(name, lam):
    assert read_sae(FIXTURES / name).lam == lam


def test_an_optimum_of_ours_is_a_dictionary_too(tmp_path):
    fit(np.eye(3), n_atoms=2, lam=0.25, restarts=1).save(tmp_path / "o.npz")
    sae = read_sae(tmp_path / "o.npz")
    assert sae.lam == 0.25 and sae.D.shape == (2, 3) and sae.format == "plain"


def test_every_format_is_there():
    formats = {read_sae(FIXTURES / name).format for name in WITH_ANSWERS}
    assert formats == {"sae_lens", "dictionary_learning", "sparsify"}


def test_topk_settles_ties_by_position():
    P = np.array([[1.0, 3.0, 3.0, 3.0, 0.5]])
    assert (TopK(2)(P) > 0).tolist() == [[False, True, True, False, False]]
    assert (TopK(9)(P) > 0).all()
    # chosen by activation times norm, as SAELens does with rescale_acts_by_decoder_norm
    assert (TopK(1, np.array([9.0, 1, 1, 1, 1]))(P) > 0).tolist() == [[True, False, False, False, False]]


@pytest.fixture
def copied(tmp_path):
    """A copy of a fixture whose configuration and tensors can be changed."""
    def copy(name, config=None, tensors=None):
        home = tmp_path / name
        shutil.copytree(FIXTURES / name, home)
        weights = next(home.glob("*.safetensors"))
        if config is not None:
            where = home / "cfg.json"
            found = json.loads(where.read_text())
            config(found)
            where.write_text(json.dumps(found))
        if tensors is not None:
            held = load_file(weights)
            tensors(held)
            save_file({key: np.ascontiguousarray(value) for key, value in held.items()}, weights)
        return home
    return copy


def drop(key):
    return lambda held: held.pop(key)


def put(key, value):
    return lambda held: held.__setitem__(key, value)


@pytest.mark.parametrize(("name", "config", "tensors", "words"), [
    ("standard", None, drop("W_enc"), "W_enc is missing; the file holds"),
    ("standard", None, put("W_enc", np.ones((3, 3), np.float32)), r"W_enc must have shape \(40, 20\) or its transpose"),
    ("standard", None, put("W_dec", np.full((20, 40), np.nan, np.float32)), "must be finite; row 0 column 0 is nan"),
    ("standard", None, put("b_enc", np.zeros(7, np.float32)), "b_enc must have 20 entries"),
    ("standard", put("architecture", "mystery"), None, "architecture 'mystery' is not read; known are"),
    ("standard", put("architecture", "transcoder"), None, "a transcoder is not a dictionary of its own input"),
    ("standard", put("normalize_activations", "layer_norm"), None, "another problem of every sample"),
    ("standard", put("reshape_activations", "hook_z"), None, "is not undone here"),
    ("standard", put("l1_coefficient", "much"), None, "l1_coefficient must be a"),
    ("standard", lambda c: c["metadata"]["training_architecture_details"].update(lp_norm=0.5), None, "lp_norm 0.5"),
    ("topk", put("k", 0), None, "k must be"),
    ("topk", drop("k"), None, "k is missing"),
    ("jumprelu", None, drop("threshold"), "threshold is missing"),
    ("gated", None, drop("r_mag"), "r_mag is missing"),
    ("sparsify_topk", put("skip_connection", True), None, "skip_connection is set"),
    ("sparsify_topk", put("activation", "groupmax"), None, "activation 'groupmax' is not read"),
])
def test_what_is_not_such_an_sae_is_one_sentence_with_the_file(copied, name, config, tensors, words):
    home = copied(name, config, tensors)
    with pytest.raises(InputError, match=words) as caught:
        read_sae(home)
    assert str(home) in str(caught.value) and "\n" not in str(caught.value)


def test_either_orientation_is_read(copied):
    def turn(held):
        held["W_enc"], held["W_dec"] = held["W_enc"].T, held["W_dec"].T
    turned, straight = read_sae(copied("standard", tensors=turn)), read_sae(FIXTURES / "standard")
    assert np.array_equal(turned.D, straight.D) and np.array_equal(turned.W, straight.W)


def test_a_row_of_norm_zero_is_dead_and_not_fatal(copied):
    def silence(held):
        held["W_dec"] = held["W_dec"].copy()
        held["W_dec"][3] = 0
    sae = read_sae(copied("standard", tensors=silence))
    assert np.flatnonzero(sae.dead).tolist() == [3]
    X = np.load(FIXTURES / "standard" / "forward.npz")["X"].astype(float)
    assert not sae.encode(X)[:, [3]].nnz


def test_a_decoders_norms_are_folded(copied):
    """Decoder rows times c, encoder columns over c: the same SAE, the same codes on atoms of unit norm."""
    c = np.linspace(0.5, 3, 20).astype(np.float32)

    def scale(held):
        held["W_dec"] = held["W_dec"] * c[:, None]
        held["W_enc"], held["b_enc"] = held["W_enc"] / c, held["b_enc"] / c
    one, other = read_sae(FIXTURES / "standard"), read_sae(copied("standard", tensors=scale))
    X = np.load(FIXTURES / "standard" / "forward.npz")["X"].astype(float)
    np.testing.assert_allclose(one.encode(X).toarray(), other.encode(X).toarray(), atol=1e-5)
    np.testing.assert_allclose(one.D, other.D, atol=1e-6)


def hostile(path, content, **members):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ae/data.pkl", content)
        for name, value in members.items():
            archive.writestr(f"ae/data/{name}", value)


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("owned"),))


@pytest.mark.parametrize(("write", "words"), [
    (lambda path: path.write_bytes(b"not a zip"), "not a readable PyTorch file"),
    (lambda path: hostile(path, pickle.dumps(Evil())), "which is not a tensor"),
    (lambda path: hostile(path, pickle.dumps([1, 2])), "must hold a dictionary of tensors; got list"),
    (lambda path: hostile(path, b"\x80\x02"), "not a readable PyTorch file"),
    (lambda path: path.write_bytes(path.read_bytes()[:-200]), "not a readable PyTorch file"),
])
def test_a_hostile_or_damaged_pickle_runs_nothing(tmp_path, monkeypatch, write, words):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "trainer_0"
    shutil.copytree(FIXTURES / "dl_standard" / "trainer_0", home)
    write(home / "ae.pt")
    with pytest.raises(InputError, match=words) as caught:
        read_sae(home)
    assert str(home / "ae.pt") in str(caught.value) and not (tmp_path / "owned").exists()


def test_two_members_of_one_name_are_refused(tmp_path):
    home = tmp_path / "trainer_0"
    shutil.copytree(FIXTURES / "dl_standard" / "trainer_0", home)
    stream = io.BytesIO((home / "ae.pt").read_bytes())
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("ae/data/0", b"\0" * 160)
    (home / "ae.pt").write_bytes(stream.getvalue())
    with pytest.raises(InputError, match="two members of one name"):
        read_sae(home)


def test_plain_arrays(tmp_path):
    sae = read_sae(FIXTURES / "standard")
    path = tmp_path / "plain.npz"
    np.savez(path, W_dec=sae.D * sae.fold[:, None], b=sae.b, W_enc=sae.W, b_enc=sae.c)
    found = read_sae(path)
    X = np.load(FIXTURES / "standard" / "forward.npz")["X"].astype(float)
    np.testing.assert_allclose(found.encode(X).toarray(), sae.encode(X).toarray(), atol=1e-5)
    np.savez(path, D=sae.D)
    assert read_sae(path).architecture == "none"
    np.savez(path, nothing=sae.D)
    with pytest.raises(InputError, match="W_dec is missing; the file holds nothing"):
        read_sae(path)


def test_what_is_not_there(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_sae(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no SAE is recognised there"):
        read_sae(tmp_path)
