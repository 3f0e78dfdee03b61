"""Statements are found where they are declared, complete, and one text; a new one is one file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import properties
from commands import outcome, theory
from commands.cli import main
from figures import gallery
from properties.base import Evidence, Property, Statement
from properties.discovery import Entry, found
from properties.families import rank
from properties.theory import entries, markdown, statements

ROOT = Path(__file__).parents[2]
IDS = "C1 C2 C3 C4 S1 S2 S3 S4 S5 S6 B1 B2 B3 B4 M1 M2 M3 G1 G2 G3 G4 V1 V2 V3 V4 V5 T1 T2 T3 T4 T5 T6 T7".split()


def missing(entry: Entry, figures: list[str]) -> list[str]:
    """What a statement lacks of all that it must carry."""
    s = entry.statement
    code = s.code.partition(":")[0].replace(".", "/")
    lacks = {
        f"{entry.file}: the docstring must begin with '{s.id}, ' and derive the statement": (
            entry.text.startswith(f"{s.id}, ") and len(entry.text) > 150),
        f"{entry.file}: tests must name a file that exists; got {s.tests!r}": (ROOT / s.tests).is_file(),
        f"{entry.file}: code must name a module that exists; got {s.code!r}": not code or (
            ROOT / f"{code}.py").is_file(),
        f"{entry.file}: {s.id} needs a figure that shows it, or no_figure to say why there is none": (
            bool(figures) or bool(s.no_figure)),
        f"{entry.file}: {s.id} has no_figure, and figures show it: {', '.join(figures)}": not (figures and s.no_figure),
        f"{entry.file}: name, statement and where must be one line each": all(
            text and "\n" not in text for text in (s.name, s.statement, s.place)),
    }
    return [message for message, right in lacks.items() if not right]


def test_every_statement_is_found_and_complete() -> None:
    known = entries()
    assert [id for id in known if id in IDS] == IDS and list(statements()) == list(known)
    assert list(properties.BY_ID) == [id for id, e in known.items() if isinstance(e.statement, Property)]
    assert [message for id, entry in known.items() for message in missing(entry, theory.shown(id))] == []


def test_what_a_statement_lacks_is_said() -> None:
    entry = entries()["C1"]

    def said(*figures: str, **changes: str) -> str:
        return "\n".join(missing(replace(entry, statement=replace(entry.statement, **changes)), list(figures)))

    assert said("cone") == ""
    assert "c1_kkt.py: tests must name a file that exists; got 'tests/no.py'" in said("cone", tests="tests/no.py")
    assert "C1 needs a figure that shows it, or no_figure" in said()
    assert "C1 has no_figure, and figures show it: cone" in said("cone", no_figure="why")
    assert "code must name a module that exists; got 'testbed.nowhere'" in said("cone", code="testbed.nowhere")
    assert "docstring must begin with 'C9, '" in said("cone", id="C9")
    assert "must be one line" in said("cone", statement="a\nb")


def test_two_statements_of_one_id_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(name: str, **declared: object) -> str:
        module = ModuleType(name)
        vars(module).update(declared)
        monkeypatch.setitem(sys.modules, name, module)
        return name

    one = Statement(id="X1", name="n", statement="s", where="w", tests="t")
    first, second = planted("one", STATEMENT=one), planted("two", STATEMENT=replace(one))
    assert list(found([first])) == ["X1"]
    with pytest.raises(ValueError, match="two: STATEMENT has the id X1, and so has one: ids must differ"):
        found([first, second])
    with pytest.raises(ValueError, match="three: PROPERTY must be of type Property; got Statement"):
        found([planted("three", PROPERTY=one)])


def test_families_unknown_and_numbers_above_nine_have_a_place() -> None:
    assert sorted(["X1", "T7", "A2", "C10", "C2", "G1", "S1"], key=rank) == ["C2", "C10", "S1", "G1", "T7", "A2", "X1"]


def test_figures_show_only_known_statements() -> None:
    for name in gallery.ORDER:
        assert set(gallery.figure(name).statements) <= set(statements()), name


def test_the_page_is_the_text_of_the_statements() -> None:
    written = (ROOT / "docs/theory.md").read_text()
    assert written == markdown(), "docs/theory.md is not what the statements say: python -m properties > docs/theory.md"
    for id, entry in entries().items():
        assert theory.text(entry).count(entry.text.splitlines()[0]) == 1 and entry.text in written, id
        assert written.count(f"\n### {id}, ") == 1


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(statements()) and any("properties/s5_cone.py" in line for line in lines)


def test_the_table_is_folded_to_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "width", lambda: 100)
    assert main(["theory"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100 and [line.split()[0] for line in lines if line[0] != " "] == list(statements())


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_numbers_that_this_code_computed_are_not_computed_again(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert main(["theory", "C3"]) == 0
    first = capsys.readouterr()
    assert "figure polytope computed, 1 of 1" in first.err
    figure, ran = gallery.figure, []
    again = replace(figure("polytope"), compute=lambda: ran.append(1) or figure("polytope").compute())
    monkeypatch.setattr(gallery, "figure", lambda name: again if name == "polytope" else figure(name))
    assert main(["theory", "C3", "--out", "out"]) == 0
    second = capsys.readouterr()
    assert not ran and second == (first.out, "")
    numbers = dict(np.load("out/polytope.npz"))
    np.savez("out/polytope.npz", **numbers | {"code": np.array("another's")})
    assert main(["theory", "C3"]) == 0 and ran == [1]


def test_numbers_that_cannot_be_kept_are_evidence_all_the_same(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gallery, "keep", full)
    assert main(["theory", "C3"]) == 0
    said = capsys.readouterr()
    assert "not kept in out: No space left on device" in said.err and "figure polytope" in said.out


def test_a_file_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").touch()
    assert main(["theory", "C3", "--out", "taken"]) == 2
    assert capsys.readouterr().err == "testbed: theory: --out must be a folder; taken is a file\n"


def test_one_statement_with_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", "C3"]) == 0
    out = capsys.readouterr().out
    assert out.index("projection") < out.index("Where: exact codes") < out.index("Evidence:")
    assert "extremal case, residual: " in out and "figure polytope" in out


def test_the_text_is_there_before_the_evidence(capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(theory, "evidence", lambda entry, out: seen.append(capsys.readouterr().out) or iter(()))
    assert main(["theory", "G4"]) == 0
    assert seen[0].startswith("G4  equivariances") and seen[0].endswith("Evidence:\n\n")
    assert "no figure: an exact symmetry" in capsys.readouterr().out


@pytest.mark.parametrize("off", [1.0, float("nan")])
def test_evidence_that_disagrees_exits_1(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
                                         off: float) -> None:
    monkeypatch.setattr(theory, "evidence", lambda entry, out: iter([Evidence("planted", off, 0.5)]))
    assert main(["theory", "C3"]) == 1
    assert "planted" in capsys.readouterr().out


def test_an_unknown_statement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", "Q9"]) == 2
    assert "unknown statement 'Q9'; the statements are C1, C2" in capsys.readouterr().err


def test_a_statement_without_a_figure_brings_evidence_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", "G4"]) == 0
    assert "atoms of (cX, c lam)" in capsys.readouterr().out and not theory.shown("G4")


# --- docs/add_a_property.md, followed to the letter in a copy


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the one file that docs/add_a_property.md shows, and the page of theory written again."""
    folder = tmp_path_factory.mktemp("copy") / "repository"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "out", ".*_cache", "*.egg-info"))
    block = re.search(r"^```python\n(.*?)^```$", (ROOT / "docs/add_a_property.md").read_text(), re.M | re.S)
    assert block is not None
    (folder / "properties/x1_centroid.py").write_text(block.group(1))
    return folder


def run(copy: Path, *arguments: str, status: int = 0) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=copy, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(copy), "HOME": str(copy)})
    assert done.returncode == status, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_a_new_statement_is_listed_printed_and_measured(copy: Path) -> None:
    assert "properties/x1_centroid.py" in run(copy, "-m", "commands", "theory")
    text = run(copy, "-m", "commands", "theory", "X1")
    assert "E_j[x - b] = (E_j[z_j] + lam) d_j" in text and "extremal case, residual" in text
    run(copy, "-m", "commands", "generate", "one_sparse", "--out", "s.npz")
    run(copy, "-m", "commands", "fit", "s.npz", "--atoms", "3", "--lam", ".1", "--restarts", "2", "--out", "o.npz")
    assert re.search(r"^X1  centroid .* holds", run(copy, "-m", "commands", "check", "o.npz"), re.M)
    assert "### X1, centroid" in run(copy, "-m", "properties")
    assert '"X1"' in run(copy, "-m", "commands", "check", "o.npz", "--json")
    tried = run(copy, "-m", "commands", "conjecture", "properties/x1_centroid.py", "--problems", "64", "--json")
    assert json.loads(tried)["id"] == "X1" and json.loads(tried)["applies"] > 0


@pytest.mark.slow
def test_a_new_statement_passes_the_tests_of_all(copy: Path) -> None:
    (copy / "docs/theory.md").write_text(run(copy, "-m", "properties"))
    others = "not a_new_statement"  # the two tests of this copy
    out = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", others, "tests/properties/test_properties.py",
              "tests/properties/test_negative_controls.py", "tests/properties/test_report.py",
              "tests/commands/test_theory.py")
    assert "passed" in out and "failed" not in out
    assert "X1" in run(copy, "-m", "pytest", "-q", "--collect-only", "tests/properties/test_negative_controls.py")
    many = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/properties/test_many_problems.py", "-k",
               "X1 and enough")
    assert "1 passed" in many


@pytest.mark.slow
def test_a_new_statement_is_drawn_by_figures_that_show_all(copy: Path) -> None:
    run(copy, "-m", "commands", "figures", "impostors", "--out", "out")
    with np.load(copy / "out" / "impostors.npz") as numbers:
        ids, applied = list(numbers["report_ids"]), numbers["report_applied"]
        assert "X1" in ids and applied.shape[1] == len(ids)


def test_an_id_may_be_typed_in_small_letters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", "g4"]) == 0 and capsys.readouterr().out.startswith("G4  ")
