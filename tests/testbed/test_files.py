"""Files are written whole or not at all, and read with suspicion."""

import io
import os
import zipfile

import numpy as np
import pytest
from scipy.sparse import csr_array

from testbed import Optimum, files, fit, optimum, problem

X = np.random.default_rng(0).standard_normal((30, 4))


@pytest.fixture(scope="module")
def trained():
    return fit(X, 3, 0.5, bias=True, restarts=2, seed=3)


def test_an_optimum_survives_the_round_trip(trained, tmp_path):
    trained.save(tmp_path / "o.npz")
    back = Optimum.load(tmp_path / "o.npz")
    for name in ("D", "b", "mu", "R", "objectives"):
        assert np.array_equal(getattr(trained, name), getattr(back, name)), name
    assert np.array_equal(trained.Z.toarray(), back.Z.toarray())
    assert (back.objective, back.seed, back.restarts) == (trained.objective, 3, 2)
    assert back.problem.bias and back.problem.nonnegative and back.problem.lam == 0.5


def test_the_file_has_the_arrays_of_the_contract(trained, tmp_path):
    trained.save(tmp_path / "o.npz")
    arrays = np.load(tmp_path / "o.npz", allow_pickle=False)
    assert {"X", "weights", "lam", "D", "Z", "b", "nonnegative", "bias"} <= set(arrays.files)
    assert arrays["Z"].shape == (30, 3)


def test_large_codes_are_saved_sparse(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(optimum, "DENSE_ENTRIES", 10)
    trained.save(tmp_path / "o.npz")
    assert "Z" not in np.load(tmp_path / "o.npz").files
    assert np.array_equal(Optimum.load(tmp_path / "o.npz").Z.toarray(), trained.Z.toarray())


def test_the_same_arrays_give_the_same_bytes(trained, tmp_path):
    trained.save(tmp_path / "a.npz")
    trained.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_claims_in_a_file_are_not_believed(trained, tmp_path):
    trained.save(tmp_path / "o.npz")
    arrays = dict(np.load(tmp_path / "o.npz"))
    arrays |= {"lam": np.array(0.505), "stationarity": np.array(0.0), "status": np.array("global")}
    np.savez(tmp_path / "lie.npz", **arrays)
    assert Optimum.load(tmp_path / "lie.npz").status == "unconverged"


def edited(trained, path, **changes):
    trained.save(path)
    arrays = dict(np.load(path)) | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


@pytest.mark.parametrize("changes, message", [
    ({"D": None}, r"array D is missing; the file holds X"),
    ({"Z": None}, r"array Z is missing"),
    ({"Z": np.zeros((2, 2))}, r"Z must have 3 columns"),
    ({"Z": np.zeros((2, 3))}, r"Z must have shape \(30, 3\)"),
    ({"lam": np.array([0.1, 0.2])}, r"lam must be a single value; its shape is \(2,\)"),
    ({"lam": np.array(-1.0)}, r"lam must be finite and > 0; got -1"),
    ({"D": np.ones((3, 4))}, r"D must have rows of unit norm; row 0 has norm 2"),
    ({"bias": np.array(False)}, r"b must be zero when no bias is fitted"),
    ({"X": np.full((30, 4), np.nan)}, r"X must be finite; row 0 column 0 is nan"),
    ({"X": X.astype(complex)}, r"X must hold real numbers; its dtype is complex128"),
])
def test_a_file_that_is_not_an_optimum(trained, tmp_path, changes, message):
    path = edited(trained, tmp_path / "o.npz", **changes)
    with pytest.raises(ValueError, match=r"o\.npz: .*" + message):
        Optimum.load(path)


def test_truncated_pickled_and_foreign_files(trained, tmp_path):
    trained.save(tmp_path / "o.npz")
    whole = (tmp_path / "o.npz").read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 3):
        (tmp_path / "cut.npz").write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=r"cut\.npz: not a readable \.npz archive"):
            files.load_npz(tmp_path / "cut.npz")
    np.savez(tmp_path / "pickled.npz", X=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match=r"array X cannot be read: Object arrays cannot be loaded"):
        files.load_npz(tmp_path / "pickled.npz")
    with zipfile.ZipFile(tmp_path / "foreign.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ValueError, match=r"is not an array"):
        files.load_npz(tmp_path / "foreign.npz")


def test_a_flipped_bit_is_noticed(trained, tmp_path):
    trained.save(tmp_path / "o.npz")
    raw = bytearray((tmp_path / "o.npz").read_bytes())
    raw[len(raw) // 3] ^= 4
    (tmp_path / "o.npz").write_bytes(raw)
    with pytest.raises(ValueError, match=r"o\.npz"):
        Optimum.load(tmp_path / "o.npz")


def test_archives_that_would_explode_or_hide_a_member(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "big.npz", X=np.zeros((1000, 100)))
    monkeypatch.setattr(files, "EXPANDED_LIMIT", 1000)
    with pytest.raises(ValueError, match="would expand to more than"):
        files.load_npz(tmp_path / "big.npz")
    member = io.BytesIO()
    np.save(member, np.eye(2))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "two.npz", "w") as archive:
        archive.writestr("X.npy", member.getvalue())
        archive.writestr("X.npy", member.getvalue())
    with pytest.raises(ValueError, match="two members of one name"):
        files.load_npz(tmp_path / "two.npz")


def test_data_files(tmp_path):
    from safetensors.numpy import save_file

    np.save(tmp_path / "a.npy", X)
    np.savez(tmp_path / "a.npz", X=X, weights=np.full(30, 1 / 30), other=np.ones(3))
    save_file({"X": X.astype(np.float32)}, tmp_path / "a.safetensors")
    save_file({"acts": X.astype(np.float16)}, tmp_path / "one.safetensors")
    assert np.array_equal(files.load_data(tmp_path / "a.npy")["X"], X)
    assert set(files.load_data(tmp_path / "a.npz")) == {"X", "weights"}
    np.testing.assert_allclose(files.load_data(tmp_path / "a.safetensors")["X"], X, rtol=1e-6)
    np.testing.assert_allclose(files.load_data(tmp_path / "one.safetensors")["X"], X, rtol=1e-2)


def test_bfloat16_tensors(tmp_path):
    import ml_dtypes
    from safetensors.numpy import save_file

    save_file({"X": X.astype(ml_dtypes.bfloat16)}, tmp_path / "b.safetensors")
    np.testing.assert_allclose(files.load_data(tmp_path / "b.safetensors")["X"], X, rtol=1e-2)


@pytest.mark.parametrize("name, content, message", [
    ("a.txt", b"1 2 3", r"data must be a \.npy, \.npz or \.safetensors file"),
    ("a.npy", b"nonsense", r"not a readable \.npy array"),
    ("a.npy", b"", r"not a readable \.npy array"),
    ("a.safetensors", b"nonsense", r"not a readable \.safetensors file"),
])
def test_data_files_that_are_not(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        files.load_data(tmp_path / name)


def test_a_failed_write_loses_nothing(tmp_path, monkeypatch):
    target = tmp_path / "o.npz"
    files.save_npz(target, {"X": X})
    before = target.read_bytes()
    monkeypatch.setattr(np, "savez_compressed", lambda stream, **_: stream.write(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        files.save_npz(target, {"X": 2 * X})
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["o.npz"]


def test_object_arrays_are_not_saved(tmp_path):
    with pytest.raises(TypeError, match="X is an object array"):
        files.save_npz(tmp_path / "o.npz", {"X": np.array([None])})
    assert not os.listdir(tmp_path)


def test_sparse_codes_that_do_not_fit_are_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(optimum, "DENSE_ENTRIES", 10)
    path = edited(trained, tmp_path / "o.npz", Z_indices=np.full(csr_array(trained.Z).nnz, 99))
    with pytest.raises(ValueError, match=r"o\.npz: "):
        Optimum.load(path)


@pytest.fixture
def afar(tmp_path, monkeypatch):
    """An optimum of data too large for one block, saved beside them: folder/data/x.npy, folder/o.npz."""
    monkeypatch.setattr(problem, "BLOCK_ENTRIES", 40)
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "x.npy", X)
    found = fit(files.load_data(tmp_path / "data" / "x.npy")["X"], 3, 0.5, restarts=1)
    found.save(tmp_path / "o.npz")
    return found


def test_data_in_a_file_are_referred_to(afar, tmp_path, monkeypatch):
    assert "X" not in np.load(tmp_path / "o.npz").files
    monkeypatch.chdir("/")
    back = Optimum.load(tmp_path / "o.npz")
    assert back.objective == afar.objective and np.array_equal(back.R, afar.R) and back.status == "stationary"
    assert not back.problem.held and back.problem.digest == afar.problem.digest


def test_a_folder_that_moved_as_a_whole_is_found(afar, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("data", "o.npz"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    assert Optimum.load(tmp_path / "elsewhere" / "o.npz").objective == afar.objective


def test_data_that_moved_can_be_said_where_they_are(afar, tmp_path):
    (tmp_path / "data" / "x.npy").rename(tmp_path / "y.npy")
    with pytest.raises(ValueError, match=r"o\.npz: its data are not there any more \(.*x\.npy\): say where .*--data"):
        Optimum.load(tmp_path / "o.npz")
    for data in (tmp_path / "y.npy", str(tmp_path / "y.npy"), X, np.load(tmp_path / "y.npy", mmap_mode="r")):
        assert Optimum.load(tmp_path / "o.npz", data=data).objective == afar.objective


def test_other_data_are_not_taken_for_them(afar, tmp_path):
    np.save(tmp_path / "data" / "x.npy", X + 1e-9)
    with pytest.raises(ValueError, match=r"o\.npz: the data are not those it was saved with"):
        Optimum.load(tmp_path / "o.npz")
    with pytest.raises(ValueError, match="the data are not those it was saved with"):
        Optimum.load(tmp_path / "o.npz", data=X[::-1])
    with pytest.raises(ValueError, match=r"o\.npz: .*weights must have 29 entries"):
        Optimum.load(tmp_path / "o.npz", data=X[1:])


def test_an_optimum_that_holds_its_data_takes_no_others(trained, tmp_path):
    trained.save(tmp_path / "o.npz")
    with pytest.raises(ValueError, match=r"o\.npz: it holds its data"):
        Optimum.load(tmp_path / "o.npz", data=X)
    with pytest.raises(ValueError, match=r"array X is missing"):
        Optimum.load(edited(trained, tmp_path / "p.npz", X=None))
