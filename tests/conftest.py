"""Hypothesis profiles, and one compilation of the kernels before any test is timed.

dev: quick, new examples on every run. ci: the same examples every time. Chosen by HYPOTHESIS_PROFILE, else ci if the
environment says CI, else dev.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from testbed import fit

settings.register_profile("dev", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Compile (or load) every kernel once, so that no example pays for it."""
    X = np.random.default_rng(0).standard_normal((20, 3))
    for nonnegative in (True, False):
        fit(X, n_atoms=3, lam=0.3, bias=True, nonnegative=nonnegative, restarts=1)
