"""The list of statements is complete, points at things that exist, and every one has a figure or says why not."""

from pathlib import Path

import pytest

import properties
from commands import theory
from commands.cli import main
from figures import gallery
from properties.theory import statements

ROOT = Path(__file__).parents[2]


def test_every_statement_has_a_file_a_derivation_a_test_and_a_figure_or_a_reason():
    known = statements()
    assert list(known) == ("C1 C2 C3 C4 S1 S2 S3 S4 S5 S6 B1 B2 B3 B4 M1 M2 M3 G1 G2 G3 G4 V1 V2 V3 V4 V5 "
                           "T1 T2 T3 T4 T5 T6 T7").split()
    assert set(properties.BY_ID) <= set(known)
    for s in known.values():
        assert len(s.derivation) > 200, s.id
        assert (ROOT / s.file).is_file() and (ROOT / s.tests).is_file(), s.id
        assert bool(theory.shown(s.id)) != bool(s.no_figure), s.id
        assert f"**{s.id}" in (ROOT / "docs/theory.md").read_text(), s.id


def test_figures_show_only_known_statements():
    for name in gallery.ORDER:
        assert set(gallery.figure(name).statements) <= set(statements()), name


def test_the_table(capsys):
    assert main(["theory"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(statements()) and any("properties/s5_cone.py" in line for line in lines)


def test_one_statement_with_its_evidence(capsys):
    assert main(["theory", "C3"]) == 0
    out = capsys.readouterr().out
    assert "projection" in out and "extremal case: residual" in out and "figure polytope" in out


def test_evidence_that_disagrees_exits_1(capsys, monkeypatch):
    monkeypatch.setattr(theory, "_evidence", lambda *_: iter([("planted disagreement", False)]))
    assert main(["theory", "C3"]) == 1
    assert "planted disagreement" in capsys.readouterr().out


def test_an_unknown_statement(capsys):
    assert main(["theory", "Q9"]) == 2
    assert "unknown statement 'Q9'; the statements are C1, C2" in capsys.readouterr().err


@pytest.mark.parametrize("id", ["G4"])
def test_a_statement_without_a_figure_says_why(capsys, id):
    assert main(["theory", id]) == 0
    assert "no figure: " in capsys.readouterr().out
