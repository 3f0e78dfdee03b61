"""The same command and seed give the same bits, whatever the number of threads."""

import os
import subprocess
import sys

import numpy as np
import pytest

from generators import make

# a problem small enough for a test would run on one thread; SMALL = 0 gives it as many as there are
COMMAND = ("import sys; from commands.cli import main; from testbed import threads; threads.SMALL = 0;"
           "sys.exit(main(sys.argv[1:]))")


def command(folder, threads, *words):
    """Run a command in a process of its own with a given number of threads everywhere."""
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    subprocess.run([sys.executable, "-c", COMMAND, *words], cwd=folder, check=True, capture_output=True,
                   env=os.environ | {name: str(threads) for name in names})


def arrays(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.slow
@pytest.mark.parametrize("options", ["--bias", "--signed"])
def test_one_and_two_threads_give_identical_optima(tmp_path, options):
    sample = make("independent", n_features=12, p=0.2, magnitude="uniform(1,2)").embed(20, "random", seed=1)
    np.save(tmp_path / "x.npy", sample.noise(0.05).sample(700, 0).X)
    for threads in (1, 2):
        command(tmp_path, threads, "fit", "x.npy", "--atoms", "12", "--lam", ".2", "--restarts", "2", options,
                "--out", f"{threads}.npz")
    one, two = arrays(tmp_path / "1.npz"), arrays(tmp_path / "2.npz")
    assert one.keys() == two.keys()
    for name in one:
        assert np.array_equal(one[name], two[name]), name
