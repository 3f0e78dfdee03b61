"""Compiled kernels on disk: what is cut short or out of date is compiled anew, wherever it lies."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from testbed.kernels import jit

SOURCE = """
from numba import prange
from testbed.kernels.jit import jit

@jit()
def twice(x):
    return 2 * x

@jit(parallel=True)
def fill(out):
    for i in prange(len(out)):
        out[i] = twice(i)
"""


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A function that loads a module of kernels anew, cached in tmp_path / 'cache'."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "few.py").write_text(SOURCE)
    os.utime(tmp_path / "few.py", (0, 0))  # older than what it calls

    def load():
        spec = importlib.util.spec_from_file_location("few", tmp_path / "few.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "few", module)
        spec.loader.exec_module(module)
        return module

    load.files = lambda suffix, name="twice": sorted((tmp_path / "cache").rglob(f"few.{name}*.{suffix}"))
    return load


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_file_cut_short_anywhere_is_compiled_anew(kernels, suffix):
    assert kernels().twice(4) == 8
    [file] = kernels.files(suffix)
    whole = file.read_bytes()
    for kept in (0, 1, 2, 10, 30, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:kept])
        again = kernels().twice
        assert again(4) == 8 and sum(again.stats.cache_misses.values()) == 1
        healed = kernels().twice  # and what is on disk now is whole
        assert healed(4) == 8 and sum(healed.stats.cache_hits.values()) == 1


def test_garbage_of_the_right_length_is_compiled_anew(kernels):
    assert kernels().twice(4) == 8
    for file in kernels.files("nbi") + kernels.files("nbc"):
        file.write_bytes(b"\x80" * file.stat().st_size)
    assert kernels().twice(4) == 8


def test_a_kernel_older_than_the_files_of_kernels_is_compiled_anew(kernels):
    newest = max(file.stat().st_mtime for file in jit.HOME.glob("*.py"))
    kernels().twice(4)
    [index] = kernels.files("nbi")
    for written, hits in ((newest - 1, 0), (newest + 1, 1)):
        os.utime(index, (written, written))
        again = kernels().twice
        again(4)
        assert sum(again.stats.cache_hits.values()) == hits


def test_a_broken_file_that_cannot_be_replaced_is_left_alone(kernels, monkeypatch):
    kernels().twice(4)
    [index] = kernels.files("nbi")
    index.write_bytes(b"")

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._open_for_write", refuse)
    assert kernels().twice(4) == 8 and index.read_bytes() == b""


def test_no_folder_for_the_cache_is_no_error(tmp_path, monkeypatch, kernels):
    """A file where each folder should be."""
    monkeypatch.setattr("numba.core.caching._CacheLocator.ensure_cache_path",
                        lambda self: os.makedirs(tmp_path / "few.py"))
    assert kernels().twice(4) == 8 and not kernels.files("nbi")


def test_both_kinds_of_a_parallel_kernel_are_cached_apart(kernels):
    for kind in ("alone", "shared") * 2:
        fill, out = getattr(kernels().fill, kind), np.zeros(3)
        fill(out)
        assert list(out) == [0, 2, 4]
    assert sum(fill.stats.cache_hits.values()) == 1
    assert {file.name.partition("-")[0] for file in kernels.files("nbi", "fill")} == {"few.fill", "few.fill_alone"}


@pytest.mark.slow
def test_a_run_on_a_cache_cut_short(tmp_path):
    """Every file of a real run, cut at places of all kinds: the next run says the same, and mends them."""
    code = "from generators import nested_pair; print(nested_pair(child_magnitude='uniform(.5,1.5)').predict(.1))"
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}

    def run():
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300,
                              cwd=Path(__file__).parents[2])
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run()
    files = sorted(file for file in tmp_path.rglob("*.nb?"))
    assert files
    for number, file in enumerate(files):
        os.truncate(file, file.stat().st_size * (number % 5) // 5)
    assert run() == first
    assert all(file.stat().st_size for file in files)
