"""Numbers are used again only if the very code that would compute them has computed them."""

from __future__ import annotations

import dis
import shutil
from pathlib import Path
from types import CodeType, ModuleType

import numpy as np
import pytest

from figures import cache, gallery
from testbed.files import load_npz


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the sources."""
    for package in (*cache.WHOLE, "figures"):
        shutil.copytree(cache.HOME / package, tmp_path / "home" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "home"


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n# edited\n")


@pytest.mark.parametrize("file, digits, polytope", [
    ("testbed/descent/newton.py", True, True),
    ("testbed/kernels/active_set.py", True, True),
    ("generators/digits.py", True, False),  # polytope.py imports no generator
    ("properties/theory.py", True, False),
    ("figures/digits.py", True, False),
    ("figures/polytope.py", False, True),
    ("figures/reports.py", True, False),
    ("figures/base.py", True, True),
    ("figures/style.py", False, False),
    ("figures/page.py", False, False),
])
def test_an_edit_changes_the_keys_of_what_it_reaches(home: Path, file: str, digits: bool, polytope: bool) -> None:
    names = ["digits", "polytope"]
    before = cache.keys(names, home)
    assert before == cache.keys(names)  # a copy is the same code
    edit(home / file)
    after = cache.keys(names, home)
    assert [after[name] != before[name] for name in names] == [digits, polytope]


def test_a_new_file_and_a_new_version_change_the_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.keys(["digits"], home)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.9")
    other = cache.keys(["digits"], home)
    monkeypatch.undo()
    (home / "generators" / "table.csv").write_text("1,2\n")
    assert len({*before.values(), *other.values(), *cache.keys(["digits"], home).values()}) == 3


@pytest.mark.slow
def test_stale_numbers_are_computed_again(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "HOME", home)
    out, name = tmp_path / "out", "residuals"

    def run(*, fresh: bool = False, names: tuple[str, ...] = (name,)) -> tuple[gallery.Written, list[str]]:
        said: list[str] = []
        return gallery.write(out, names, said.append, fresh), said

    first, said = run()
    assert first.computed == [name] and any(line.endswith(f"{name}: computing") for line in said)
    again, said = run()
    assert again.reused == [name] and not again.computed
    assert any(f"{name}: its numbers are there" in line for line in said)
    assert run(fresh=True)[0].computed == [name]
    # numbers that are plainly not those: used while the key is right, never once the code has changed
    numbers = load_npz(out / f"{name}.npz")
    gallery.save(out / f"{name}.npz", numbers | {"deviation": 0.5}, str(numbers[cache.MEMBER]))
    assert run()[0].reused and float(load_npz(out / f"{name}.npz")["deviation"]) == 0.5
    edit(home / "testbed" / "training.py")
    mended, said = run()
    assert mended.computed == [name] and float(load_npz(out / f"{name}.npz")["deviation"]) < 1e-9
    # nor drawn beside another figure, once stale
    edit(home / "testbed" / "training.py")
    beside, _ = run(names=("polytope",))
    assert beside.computed == ["polytope"]
    assert f"not made yet: <code>testbed figures {name}</code>" in beside.page.read_text()


def test_numbers_without_a_key_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    np.savez(path, deviation=0.0, tolerance=1.0)
    assert gallery.load(path, "key") is None
    gallery.save(path, {"deviation": 0.0, "tolerance": 1.0}, "key")
    assert gallery.load(path, "key") is not None and gallery.load(path, "other") is None


def test_relative_imports_are_refused(home: Path) -> None:
    (home / "testbed" / "more.py").write_text("from . import coding\n")
    with pytest.raises(ValueError, match=r"more\.py has a relative import"):
        cache.keys(["polytope"], home)


@pytest.mark.parametrize("name", gallery.ORDER)
def test_numbers_do_not_depend_on_looks(name: str) -> None:
    """The key leaves out figures.style; so must everything that `compute` calls in the figure's own file."""
    import importlib

    module = importlib.import_module(f"figures.{name}")
    todo, seen = [gallery.figure(name).compute.__code__], set[str]()
    while todo:
        for used in names(todo.pop()):
            if used not in seen:
                seen.add(used)
                held = getattr(module, used, None)
                todo += [held.__code__] if getattr(held, "__module__", "") == module.__name__ and callable(held) and (
                    hasattr(held, "__code__")) else []
    looks = {used for used in seen if isinstance(getattr(module, used, None), ModuleType)
             and getattr(module, used).__name__.rpartition(".")[2] in cache.LOOKS}
    assert not looks, f"compute of {name} reaches figures.style"


def names(code: CodeType) -> set[str]:
    """Global names that code uses, also in functions within it."""
    found = {str(i.argval) for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return found.union(*(names(held) for held in code.co_consts if isinstance(held, CodeType)))
