"""Data by blocks of rows: the same numbers whatever they are stored as; one sentence whatever happens to their file."""

import os
from itertools import pairwise

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from testbed import InputError, data, encodings, files, fit, formats

X = np.random.default_rng(0).standard_normal((97, 5))
KINDS = ["<f2", "<f4", "<f8", ">f4", "<i4", "|u1", ml_dtypes.bfloat16]


def stored(kind):
    return np.abs(10 * X).astype(kind)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_npy(tmp_path, kind, order):
    np.save(tmp_path / "a.npy", np.asarray(stored(kind), order=order))
    source = formats.open_npy(tmp_path / "a.npy")
    assert isinstance(source, data.Rows) and source.shape == (97, 5)
    for lo, hi in ((0, 97), (0, 1), (13, 60), (96, 97), (50, 50)):
        block = source.rows(lo, hi)
        assert block.dtype == np.float64 and block.flags.c_contiguous
        assert np.array_equal(block, stored(kind)[lo:hi].astype(float))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, ml_dtypes.bfloat16,
                                  ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2], ids=lambda kind: kind.__name__)
def test_rows_of_safetensors(tmp_path, kind):
    path = tmp_path / "a.safetensors"
    others = {"eight": np.zeros(4, ml_dtypes.float8_e8m0fnu), "gone": np.full((2, 2), np.nan), "flag": np.ones(3, bool)}
    save_file({"before": np.ones(7, np.uint8), "X": stored(kind), **others}, path)
    source = files.load_data(path)["X"]
    assert source.shape == (97, 5) and np.array_equal(source.rows(20, 90), stored(kind)[20:90].astype(float))


@pytest.mark.parametrize("name, dtype", [("F8_E4M3", ml_dtypes.float8_e4m3fn), ("F8_E5M2", ml_dtypes.float8_e5m2)])
def test_all_numbers_of_a_float8(name, dtype):
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(encodings.of(name)[1](codes), codes.view(dtype).astype(float))


def test_all_numbers_of_a_bfloat16():
    codes = np.arange(2**16, dtype=np.uint16)
    np.testing.assert_array_equal(encodings.of("BF16")[1](codes), codes.view(ml_dtypes.bfloat16).astype(np.float32))


def test_bfloat16_in_an_archive(tmp_path):
    np.savez(tmp_path / "a.npz", X=X.astype(ml_dtypes.bfloat16))
    assert np.array_equal(files.load_data(tmp_path / "a.npz")["X"], X.astype(ml_dtypes.bfloat16).astype(float))


def test_arrays_in_memory_are_not_copied_whole():
    small = X.astype(np.float32)
    held = data.as_rows("fit", "X", small)
    assert held.array is small and np.array_equal(held.rows(3, 9), small[3:9].astype(float))
    assert np.shares_memory(data.as_rows("fit", "X", X).rows(3, 9), X)


def test_shards_are_one_matrix(tmp_path):
    cuts = (0, 10, 11, 60, 97)
    for k, (lo, hi) in enumerate(pairwise(cuts)):
        np.save(tmp_path / f"{k}.npy", X[lo:hi])
    whole = data.Shards([formats.open_npy(tmp_path / f"{k}.npy") for k in range(4)])
    assert whole.shape == X.shape and np.array_equal(np.asarray(whole), X)
    for lo, hi in ((0, 97), (9, 12), (10, 11), (59, 61), (96, 97), (30, 30)):
        assert np.array_equal(whole.rows(lo, hi), X[lo:hi])


def test_shards_that_do_not_belong_together(tmp_path):
    for name, array in (("a", X), ("b", X[:, :3]), ("c", X.astype(np.float32))):
        np.save(tmp_path / f"{name}.npy", array)
    a, b, c = (formats.open_npy(tmp_path / f"{name}.npy") for name in "abc")
    with pytest.raises(InputError, match=r"b\.npy: shards must have one width; .*a\.npy has 5 columns, this one 3"):
        data.Shards([a, b])
    with pytest.raises(InputError, match=r"c\.npy: shards must be stored alike; .*a\.npy holds <f8, this one <f4"):
        data.Shards([a, c])
    with pytest.raises(InputError, match="there are no shards"):
        data.Shards([])


def mapped(path):
    return data.as_rows("fit", "X", np.load(path, mmap_mode="r"))


def spoilt(path, row):
    array = X.copy()
    array[row, 2] = np.nan
    np.save(path, array)


@pytest.mark.parametrize("read", [formats.open_npy, mapped])
def test_a_nan_in_the_last_block_names_its_row(tmp_path, read):
    spoilt(tmp_path / "a.npy", 95)
    source = read(tmp_path / "a.npy")
    source.rows(0, 90)
    with pytest.raises(InputError, match=r"a\.npy.* must be finite; row 95 column 2 is nan"):
        source.rows(90, 97)


def test_a_nan_in_memory_is_refused_at_once():
    array = X.copy()
    array[95, 2] = np.inf
    with pytest.raises(InputError, match=r"fit: X must be finite; row 95 column 2 is inf"):
        data.as_rows("fit", "X", array)


@pytest.mark.parametrize("read", [formats.open_npy, mapped])
@pytest.mark.parametrize("change, message", [
    (lambda path: os.truncate(path, 500), r"the file changed while it was in use \(4008 bytes then, 500 now\), "
                                          r"before rows 10 to 19 were read"),
    (lambda path: os.utime(path, (1, 1)), r"the file changed while it was in use \(its time differs\), before rows 10"),
    (os.unlink, r"(the file was gone before rows 10 to 19|rows 10 to 19 cannot be read: No such file)"),
], ids=["shrinks", "is written", "is deleted"])
def test_a_file_that_changes_between_passes(tmp_path, read, change, message):
    path = tmp_path / "a.npy"
    np.save(path, X)
    source = read(path)
    source.rows(0, 10)
    change(path)
    with pytest.raises(InputError, match=r"a\.npy.*: " + message):
        source.rows(10, 20)


def test_a_fit_of_a_file_is_the_fit_of_its_numbers(tmp_path):
    np.save(tmp_path / "a.npy", X.astype(np.float32))
    lazy = fit(formats.open_npy(tmp_path / "a.npy"), 3, 0.5, restarts=1)
    held = fit(X.astype(np.float32), 3, 0.5, restarts=1)
    assert np.array_equal(lazy.D, held.D) and lazy.objective == held.objective
