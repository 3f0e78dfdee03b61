"""Numbers are used again only if the very code that would compute them has computed them."""

from __future__ import annotations

import dis
import shutil
from pathlib import Path
from types import CodeType, ModuleType

import numpy as np
import pytest

from figures import gallery, interactive
from figures.gallery import registry, store
from testbed.files import load_npz


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the sources."""
    for package in (*store.WHOLE, "figures"):
        shutil.copytree(store.HOME / package, tmp_path / "home" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "home"


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n# edited\n")


@pytest.mark.parametrize("file, digits, polytope", [
    ("testbed/descent/newton.py", True, True),
    ("testbed/kernels/active_set.py", True, True),
    ("generators/worlds/digits.py", True, False),  # polytope.py imports no generator
    ("properties/theory.py", True, False),
    ("figures/digits.py", True, False),
    ("figures/polytope.py", False, True),
    ("figures/reports.py", True, False),
    ("figures/base.py", True, True),
    ("figures/style.py", False, False),
    ("figures/benchmarks.json", False, False),
    ("figures/pages/shell.py", False, False),
    ("figures/gallery/making.py", False, False),
])
def test_an_edit_changes_the_keys_of_what_it_reaches(home: Path, file: str, digits: bool, polytope: bool) -> None:
    names = ["digits", "polytope"]
    before = store.keys(names, home)
    assert before == store.keys(names)  # a copy is the same code
    edit(home / file)
    after = store.keys(names, home)
    assert [after[name] != before[name] for name in names] == [digits, polytope]


@pytest.mark.parametrize("file, changes", [("interactive/width.py", True), ("interactive/base.py", True),
                                           ("interactive/document.py", False), ("pages/shell.py", False)])
def test_the_key_of_an_interactive_page(home: Path, file: str, changes: bool) -> None:
    before = store.keys(["interactive.width"], home)
    edit(home / "figures" / file)
    assert (store.keys(["interactive.width"], home) != before) == changes


def test_data_beside_a_figure_change_its_key(home: Path) -> None:
    before = store.keys(["benchmarks", "cone"], home)
    edit(home / "figures" / "benchmarks.json")
    after = store.keys(["benchmarks", "cone"], home)
    assert after["benchmarks"] != before["benchmarks"] and after["cone"] == before["cone"]


def test_a_new_file_and_a_new_version_change_the_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.keys(["digits"], home)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.9")
    other = store.keys(["digits"], home)
    monkeypatch.undo()
    (home / "generators" / "table.csv").write_text("1,2\n")
    assert len({*before.values(), *other.values(), *store.keys(["digits"], home).values()}) == 3


@pytest.mark.slow
def test_stale_numbers_are_computed_again(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "HOME", home)
    out, name = tmp_path / "out", "residuals"

    def run(*, fresh: bool = False, names: tuple[str, ...] = (name,)) -> tuple[gallery.Written, list[str]]:
        said: list[str] = []
        return gallery.write(out, names, lambda line, *_: said.append(line), fresh=fresh, at_once=1), said

    first, said = run()
    assert first.computed == [name] and said == [f"{name}: computed and drawn, 1 of 1"]
    again, said = run()
    assert again.reused == [name] and not again.computed
    assert said == [f"{name}: drawn from numbers that this code computed before, 1 of 1"]
    assert run(fresh=True)[0].computed == [name]
    # numbers that are plainly not those: used while the key is right, never once the code has changed
    numbers = load_npz(out / f"{name}.npz")
    store.save(out / f"{name}.npz", numbers | {"deviation": 0.5}, str(numbers[store.MEMBER]))
    assert run()[0].reused and float(load_npz(out / f"{name}.npz")["deviation"]) == 0.5
    edit(home / "testbed" / "descent" / "training.py")
    mended, said = run()
    assert mended.computed == [name] and float(load_npz(out / f"{name}.npz")["deviation"]) < 1e-9
    # nor drawn beside another figure, once stale
    edit(home / "testbed" / "descent" / "training.py")
    beside, _ = run(names=("polytope",))
    assert beside.computed == ["polytope"]
    assert f"not made yet: <code>testbed figures {name}</code>" in beside.page.read_text()


def test_numbers_without_a_key_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    np.savez(path, deviation=0.0, tolerance=1.0)
    assert store.load(path, "key") is None
    store.save(path, {"deviation": 0.0, "tolerance": 1.0}, "key")
    assert store.load(path, "key") is not None and store.load(path, "other") is None


def test_relative_imports_are_refused(home: Path) -> None:
    (home / "testbed" / "more.py").write_text("from . import coding\n")
    with pytest.raises(ValueError, match=r"more\.py has a relative import"):
        store.keys(["polytope"], home)


@pytest.mark.parametrize("name", gallery.NAMES)
def test_numbers_do_not_depend_on_looks(name: str) -> None:
    """The key leaves out looks; so must everything that `compute` calls in the figure's own file."""
    import importlib

    module = importlib.import_module(f"figures.{registry.module(name)}")
    made = interactive.named(name) if name in interactive.PAGES else gallery.figure(name)
    todo, seen = [made.compute.__code__], set[str]()
    while todo:
        for used in names(todo.pop()):
            if used not in seen:
                seen.add(used)
                held = getattr(module, used, None)
                todo += [held.__code__] if getattr(held, "__module__", "") == module.__name__ and callable(held) and (
                    hasattr(held, "__code__")) else []
    looks = {used for used in seen if isinstance(getattr(module, used, None), ModuleType)
             and getattr(module, used).__name__.removeprefix("figures.").startswith(store.LOOKS)}
    assert not looks, f"compute of {name} reaches {looks}"


def names(code: CodeType) -> set[str]:
    """Global names that code uses, also in functions within it."""
    found = {str(i.argval) for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return found.union(*(names(held) for held in code.co_consts if isinstance(held, CodeType)))
