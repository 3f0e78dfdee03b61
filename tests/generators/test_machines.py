"""The same seed draws the same data on every processor: codes bit for bit, X to the last bits of a product."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import machines
import numpy as np
import pytest
import samples

STORED = Path(__file__).with_name("samples.npz")
DRAWS = {
    "discrete([1,2,4],[.2,.3,.5])": [1.0, 2.0, 4.0],
    "uniform(-1,2)": [-0.7430524985691269, -0.2895684802117009, 1.4038233956191908],
    "exponential(.5,1)": [1.05500740633902, 1.1948284367868518, 1.699770479059619],
    "folded_normal(1,.5)": [2.0204595606925912, 0.2778325156570909, 1.2090494233628895],
    "bernoulli(.3,2)": [0.0, 0.0, 2.0],
    "sign(2,.7)": [-2.0, -2.0, 2.0],
    "gaussian(1,2)": [5.081838242770365, -4.1113300626283635, 1.8361976934515578],
    "laplace(-1,.5)": [-1.8821742988250096, -1.3736739136626261, -0.5386582760786471],
}


def differing(drawn: dict[str, np.ndarray]) -> list[str]:
    """What is not as stored, one line an array."""
    with np.load(STORED) as stored:
        assert set(drawn) == set(stored.files), f"python {samples.__file__} {STORED} writes them anew"
        return [name for name in stored.files if not (
            np.array_equal(drawn[name], stored[name]) if name.endswith("codes") else
            np.allclose(drawn[name], stored[name], rtol=0, atol=1e-9))]


def test_elementary_draws_are_those_stored():
    for law, values in samples.draws().items():
        np.testing.assert_allclose(values, DRAWS[law], rtol=1e-15, atol=0, err_msg=law)


def test_every_world_draws_what_is_stored():
    assert not differing(samples.samples())


@pytest.mark.parametrize("names", [["Prescott", "plain numpy"], ["Haswell"], ["Zen"], ["SkylakeX"]], ids=" ".join)
def test_every_world_draws_what_is_stored_on_other_processors(names, tmp_path):
    able = machines.settings()
    environment = os.environ | {key: value for name in names for key, value in able.get(name, {}).items()}
    path = os.pathsep.join([str(STORED.parents[2]), os.environ.get("PYTHONPATH", "")])
    subprocess.run([sys.executable, samples.__file__, tmp_path / "drawn.npz"], check=True,
                   env=environment | {"PYTHONPATH": path})
    with np.load(tmp_path / "drawn.npz") as drawn:
        assert not differing(dict(drawn))
