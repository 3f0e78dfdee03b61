"""Hypothesis profiles, and one compilation of the kernels before any test is timed.

dev: quick, new examples on every run. ci: the same examples every time. nightly: many, new ones. Chosen by
HYPOTHESIS_PROFILE, else ci if the environment says CI, else dev. A test that asks for a number of its own asks
`examples.at_most`, which nightly multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import browser
import examples
import numpy as np
import pytest

from figures import gallery
from figures.gallery import work
from testbed import fit, fit_many, threads
from testbed.files import load_npz

QUICK = ("polytope", "residuals")  # figures that take a second: tests of these alone are not slow

examples.load_profile()


@pytest.hookimpl(optionalhook=True)  # unknown without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files whole, and the gallery made once."""
    from scheduling import Rooms

    return Rooms(config, log)


@pytest.hookimpl(tryfirst=True)  # xdist starts its workers in this hook
def pytest_sessionstart(session: pytest.Session) -> None:
    """Before workers start, fill the cache that they share: each of them would compile what the others compile."""
    option = session.config.option
    if getattr(option, "numprocesses", None) and not option.collectonly and not hasattr(session.config, "workerinput"):
        for name in work.KERNELS:
            work.compile_kernels(name)
        X = np.random.default_rng(0).standard_normal((2, 20, 3))
        for nonnegative in (True, False):
            fit_many(X, 3, 0.3, nonnegative=nonnegative)
        with mock.patch.object(threads, "SMALL", 0):  # the kernels of several threads
            fit(X[0], 3, 0.3, bias=True, restarts=1)


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Load (or compile) the kernels once, so that no example pays for it."""
    for name in work.KERNELS:
        work.compile_kernels(name)


@pytest.fixture(scope="session")
def quick_gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a gallery with the quick figures."""
    out = tmp_path_factory.mktemp("quick") / "made" / "here"
    written = gallery.write(out, QUICK, at_once=1)
    assert written.page == out / "index.html" and written.holds
    return out


@pytest.fixture(scope="session")
def whole_gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, gallery.Written]:
    """The folder of the whole gallery and its interactive pages, made once for slow tests, and what was reported."""
    out = tmp_path_factory.mktemp("whole")
    return out, gallery.write(out)


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser, started once for the tests of a file."""
    with browser.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def folder_of(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The folder with the files of a figure by name, from the gallery that was made once."""

    def find(name: str) -> Path:
        return request.getfixturevalue("quick_gallery") if name in QUICK else request.getfixturevalue(
            "whole_gallery")[0]

    return find


@pytest.fixture
def numbers_of(folder_of: Callable[[str], Path]) -> Callable[[str], dict]:
    """Numbers of a figure by name."""
    return lambda name: load_npz(folder_of(name) / f"{name}.npz")
