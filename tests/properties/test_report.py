"""The report: what a reader and a program are told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from properties import ALL, BY_ID, Report, Residual, cases, check, judging
from properties.base import violation
from testbed import Dictionary, Optimum, Problem, fit, fit_many

ASKED = [p for p in ALL if "l1" in p.penalties]


def with_codes(o: Optimum, Z) -> Optimum:
    return Optimum.at(o.problem, o.D, o.b, Z)


def test_places_are_named():
    def at(shape, *position):
        values = np.zeros(shape)
        values[position] = 1
        return values

    live = [0, 2, 5]
    assert violation(at(3, 1), ("atom", live)).worst == "atom 2"
    assert violation(at((3, 6), 1, 5), ("atom", live), ("atom", range(6))).worst == "atoms 2, 5"
    assert violation(at((20, 3), 17, 2), ("sample", range(20)), ("atom", live)).worst == "sample 17, atom 5"
    assert violation(1.0).worst == "overall"
    assert violation(np.zeros(4), ("sample", range(4))).worst == ""
    both = violation(at(3, 1), ("atom", live)) | violation(2 * at(4, 3), ("sample", range(4)))
    assert both.max == 2 and both.worst == "sample 3" and both.values.shape == (7,)


def test_nothing_to_violate_is_zero_and_nan_is_not_hidden():
    assert violation(np.zeros((0, 3)), ("atom", []), ("atom", range(3))).max == 0
    for bad in (np.nan, np.inf, -np.inf):
        residual = violation([0, bad, 5], ("atom", range(3)))
        assert np.isnan(residual.max) and residual.worst == "atom 1"
    assert violation([-3.0, -0.0], ("atom", range(2))).max == 0
    assert isinstance(violation(0.0), Residual)


def test_the_table():
    text = str(check(cases.correlated_pair()))
    lines = text.splitlines()
    assert lines[0].startswith("objective 0.1") and "status stationary" in lines[0] and "2 live, 0 dead" in lines[0]
    rows = [line for line in lines if line[:2] in BY_ID and line[2:4] == "  "]
    assert [row[:2] for row in rows] == [p.id for p in ASKED]
    idle = [row for row in rows if "nothing to test" in row]
    assert len({row.index("holds") for row in rows if row not in idle}) == 1, "verdicts are aligned"
    assert all(row.isprintable() and row == row.rstrip() for row in rows) and max(map(len, lines)) <= 120
    assert f"All {len(ASKED) - len(idle)} statements hold; {len(idle)} have nothing to test." in lines
    why = {row[:2]: row.split("nothing to test")[1].strip() for row in idle}
    assert why["B1"] == why["B4"] == "needs a fitted bias" and why["M3"] == "needs a dead atom"
    assert why["M2"] == "needs coincident atoms" and not {"C1", "S1", "S6", "G1"} & set(why)


def test_a_failing_table_names_what_and_where():
    o = cases.correlated_pair()
    Z = o.Z.toarray()
    Z[2, 0] += 0.01
    report = check(with_codes(o, Z))
    text = str(report)
    assert not report.holds and not report["C1"].holds
    assert "C1, C2, C3, C4" in text and "fail." in text and text.count("FAILS") == 11
    assert report["C1"].worst == "sample 2, atom 0" and report["C3"].worst == "sample 2"


def test_json():
    report = check(cases.antipodal_pair())
    out = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert {"objective", "stationarity", "kkt", "status", "properties"} <= out.keys()
    assert [entry["id"] for entry in out["properties"]] == [p.id for p in ASKED]
    for entry in out["properties"]:
        assert list(entry) == ["id", "name", "where", "residual", "tolerance", "holds", "verdict", "worst", "why"]
        if entry["id"] in ("M2", "M3", "S6"):  # no coincident atoms, no dead ones, none that fire together
            assert entry["holds"] is None and entry["residual"] is None and entry["why"].startswith("needs ")
            assert entry["verdict"] == "nothing to test" and entry["worst"] == ""
        else:
            assert entry["holds"] is True and entry["residual"] <= entry["tolerance"] and entry["why"] == ""
    assert out["holds"] is True


def test_json_of_what_is_not_finite():
    o = cases.antipodal_pair()
    Z = o.Z.copy()
    Z.data[0] = np.nan
    report = check(replace(o, Z=Z, objective=np.nan))
    out = json.loads(json.dumps(report.to_json(), allow_nan=False))
    first = out["properties"][0]
    assert first["residual"] is None and first["holds"] is False and first["worst"] == "sample 0, atom 0"
    assert out["objective"] is None and out["holds"] is False
    assert "nan" in str(report)


@pytest.mark.parametrize("bias", [False, True])
def test_all_codes_zero(bias):
    X = np.random.default_rng(0).standard_normal((10, 3))
    o = fit(X, n_atoms=2, lam=100.0, bias=bias, restarts=1)
    report = check(o)
    assert report.holds and (report.live, report.dead) == (0, 2)
    nothing = {"C2", "C4", "S1", "S2", "S3", "S4", "S6", "M2"} | ({"B4"} if bias else {"B1", "B2", "B3", "B4"})
    assert nothing <= (idle := {v.id for v in report.verdicts if v.holds is None})
    assert not idle & {"C1", "C3", "S5", "M3", "G1", *({"B1", "B2", "B3"} if bias else ())}
    assert report["S1"].residual is None and report["S1"].why == "needs a live atom"
    assert report["C2"].why == "needs a nonzero code" and report["M3"].holds
    assert "Every code is zero" in str(report)
    assert json.dumps(report.to_json(), allow_nan=False)


def test_dead_atoms_are_left_out_of_statements_about_live_ones():
    o = cases.correlated_pair()
    D, Z = np.vstack([[-0.6, -0.8], o.D]), np.column_stack([np.zeros(3), o.Z.toarray()])
    report = check(Optimum.at(o.problem, D, Z=Z))
    assert (report.live, report.dead) == (2, 1)
    assert [v.id for v in report.verdicts if v.holds is False] == ["M3"]  # it could be put to use
    turned = check(Optimum.at(o.problem, np.roll(D, 1, axis=1), Z=Z))
    assert turned["S1"].worst in ("atom 1", "atom 2") and not turned["S1"].holds


def test_a_claim_excuses_nothing():
    """Statements are asked whatever the status says, and of a status that says too much as well."""
    o = cases.co_firing()
    assert o.status == "unconverged" and not check(o).holds and not check(o)["S1"].holds
    claims = Optimum(o.problem, o.D, o.b, o.Z, o.objective, 0.0, 0.0, "global")
    assert not check(claims).holds


def test_asking_for_what_is_not_there():
    report = check(cases.correlated_pair())
    assert isinstance(report, Report)
    assert report["B1"].holds is None and report["B1"].why == "needs a fitted bias"
    with pytest.raises(KeyError, match="'Z9' is not one of C1, C2"):
        report["Z9"]
    with pytest.raises(TypeError, match=r"check: expected a testbed\.Optimum, Dictionary or Batch; got Problem"):
        check(Problem(np.eye(2), 0.1))


# --- how far


def test_a_failing_report_says_how_far_in_terms_of_the_objective():
    o = cases.correlated_pair()
    p = o.problem
    turned = Optimum.at(p, o.D @ [[np.cos(0.1), np.sin(0.1)], [-np.sin(0.1), np.cos(0.1)]])
    report = check(turned)
    share = turned.objective / o.objective - 1  # training goes back to where it was turned from
    assert 1e-4 < share < 0.1 and report.excess == pytest.approx(share, rel=1e-6)
    assert f"the objective is {100 * share:.2g} % above that of the stationary point" in str(report)
    assert json.loads(json.dumps(report.to_json()))["excess"] == report.excess
    assert check(o).excess == 0 and "How far" not in str(check(o))
    barely = check(Optimum.at(p, o.D @ [[np.cos(1e-7), np.sin(1e-7)], [-np.sin(1e-7), np.cos(1e-7)]]))
    assert not barely.holds and "less than 1e-6 % above" in str(barely)


def test_codes_that_are_not_the_best_count_in_how_far():
    o = cases.correlated_pair()
    Z = o.Z.toarray()
    Z[2, 0] += 0.01
    worse = with_codes(o, Z)
    assert check(worse).excess == pytest.approx(worse.objective / o.objective - 1, rel=1e-6)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_how_far_starts_from_the_dictionary_that_was_judged(nonnegative):
    """Its atoms and its bias: another start may lead to another minimum."""
    rng = np.random.default_rng(1)
    p = Problem(rng.standard_normal((40, 4)), 0.3, bias=True, nonnegative=nonnegative)
    D = rng.standard_normal((6, 4))
    brought = Dictionary.of(p, D / np.linalg.norm(D, axis=1)[:, None], 0.3 * rng.standard_normal(4))
    reached = fit(p.X, 6, 0.3, bias=True, nonnegative=nonnegative, start=brought.D, start_bias=brought.b)
    assert check(brought).excess == pytest.approx(brought.objective / reached.objective - 1, rel=1e-12)


def test_much_work_is_not_done_unasked(monkeypatch):
    monkeypatch.setattr(judging, "EXCESS_WORK", 11)
    monkeypatch.setattr(judging, "fit", None)
    report = check(cases.co_firing())
    assert report.excess is None and "fit(..., start=D) trains from here" in str(report)


def test_a_report_is_folded_to_a_terminal():
    text = check(cases.correlated_pair()).text(80)
    assert max(map(len, text.splitlines()[2:-3])) <= 80 and "coincident" in text


# --- a batch


def test_a_batch_is_asked_problem_by_problem():
    X = np.random.default_rng(0).standard_normal((3, 30, 3))
    batch, seen = fit_many(X, 2, 0.3), []
    reports = check(batch, lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)] and len(reports) == 3 and reports.holds and reports
    for i, report in enumerate(reports):
        assert report.verdicts == check(batch.optimum(i)).verdicts
    assert len(reports.to_json()) == 3
    text = str(reports)
    largest = max(report["S1"].residual for report in reports)
    assert f"3 of 3    {largest:.1e}" in text and "Every statement holds at every one." in text
    assert "needs a fitted bias" in text


def test_a_batch_with_a_problem_that_fails():
    X = np.random.default_rng(0).standard_normal((3, 30, 3))
    batch = fit_many(X, 2, 0.3)
    D = batch.D.copy()
    D[1] = np.eye(3)[:2]
    Z = batch.Z.copy()
    Z[1] = Optimum.at(Problem(X[1], 0.3), D[1]).Z.toarray()
    reports = check(replace(batch, D=D, Z=Z))
    assert reports.failing == [1] and not reports.holds
    (line,) = [line for line in str(reports).splitlines() if line.startswith("S1")]
    assert "2 of 3" in line and "FAILS" in line and "problem 1: atom" in line
    assert "fails at 1 of 3 problems, first at problem 1" in str(reports)
