"""Designs: what cells a file names, and one line for each way to get it wrong."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from commands.cli import main
from sweeps.cells import Cell
from sweeps.designs import design, read_design
from testbed import InputError

GRID = {"name": "small", "common": {"samples": 20, "lam": 0.1, "width": 3, "world": {"name": "independent"}},
        "grid": [{"world": {"p": [0.2, 0.5]}, "start": ["data", "truth"]}]}


def changed(**parts):
    return copy.deepcopy(GRID) | parts


def test_a_grid_is_every_combination_once():
    found = design(GRID).cells
    assert len(found) == 4 and len({cell.name for cell in found}) == 4
    twice = design(changed(grid=GRID["grid"] + [{"world": {"p": 0.2}, "start": ["data"]}]))
    assert [cell.key for cell in twice.cells] == [cell.key for cell in found]
    assert found[0].parameters["fresh"] == 20 and found[0].parameters["schedule"] == "auto"


def test_random_cells_stay_what_they_are_when_there_are_more():
    part = {"cells": 3, "lam": {"low": 1e-3, "high": 1.0, "log": True}, "width": {"low": 2, "high": 5},
            "world": {"p": {"low": 0.1, "high": 0.9}}}
    few, many = (design(changed(grid=[], random=[part | {"cells": cells}])).cells for cells in (3, 200))
    assert [cell.key for cell in few] == [cell.key for cell in many[:3]]
    lams = np.array([cell.parameters["lam"] for cell in many])
    assert lams.min() > 1e-3 and lams.max() < 1 and 0.3 < (lams < 10**-1.5).mean() < 0.7
    assert {cell.parameters["width"] for cell in many} == {2, 3, 4, 5}


def test_seeds_follow_from_the_cell_and_data_from_what_they_are_made_of():
    a, b, c, d = design(GRID).cells
    pairs = [(x, y) for x in (a, b, c, d) for y in (a, b, c, d) if x is not y]
    for x, y in pairs:
        same = x.parameters["world"] == y.parameters["world"]
        assert (x.seed("data") == y.seed("data")) == same and x.seed("training") != y.seed("training")
    again = Cell(dict(reversed(a.parameters.items())), 0)
    assert again.name == a.name and again.seed("data") == a.seed("data")
    assert Cell(a.parameters, 1).seed("data") != a.seed("data")
    assert a.seed("training") == 4369243571462674967  # and on every machine, from now on


BAD = [
    ({"name": ""}, "name must be a word; got ''"),
    ({"seed": -1}, "seed must be >= 0; got -1"),
    ({"gird": []}, "unknown entry 'gird'; a design has name, seed, common, grid, random"),
    ({"grid": {}}, "grid must be written [[grid]]"),
    ({"grid": []}, "it names no cell: add a [[grid]] or a [[random]]"),
    ({"grid": [{"lams": 1}]}, "grid has an unknown entry 'lams'; cells have world, samples"),
    ({"grid": [{"lam": []}]}, "grid 1: lam lists nothing"),
    ({"grid": [{"lam": [0.1, -1]}]}, "grid 1: lam must be finite and > 0; got -1"),
    ({"grid": [{"lam": "low"}]}, "grid 1: lam must be a number; got str 'low'"),
    ({"grid": [{"width": 2.5}]}, "grid 1: width must be a whole number; got float 2.5"),
    ({"grid": [{"start": "best"}]}, "grid 1: start must be one of data, random, truth, merged; got 'best'"),
    ({"grid": [{"start": "merged"}]}, "grid 1: start 'merged' needs a world of nested features; independent has none"),
    ({"grid": [{"start": "truth", "restarts": 3}]}, "restarts go with start 'data'; from 'truth' there is one"),
    ({"grid": [{"method": "adam"}]}, "grid 1: method must be one of exact, amortised; got 'adam'"),
    ({"grid": [{"method": "amortised"}]}, "an amortised SAE starts at 'random', 'truth' or 'merged'"),
    ({"grid": [{"steps": 100}]}, "grid 1: steps does not go with method 'exact'"),
    ({"grid": [{"schedule": "anneal"}]}, "schedule must be one of auto, plain, continuation; got 'anneal'"),
    ({"grid": [{"world": {"name": "indpendent"}}]}, "did you mean 'independent'?"),
    ({"grid": [{"world": {"p": 2}}]}, "grid 1: independent: p must be finite and > 0 and <= 1; got 2"),
    ({"grid": [{"world": {"q": 2}}]}, "world 'independent' has no parameter 'q'"),
    ({"grid": [{"world": {"name": 3}}]}, "grid 1: world must have a name; got 3"),
    ({"grid": [{"world": {"name": "digits"}}]}, "has no true features"),
    ({"grid": [{"seed": list(range(2000)), "width": list(range(1, 2000))}]}, "this grid has"),
    ({"grid": [], "random": [{"lam": 0.1}]}, "random 1: cells must be a whole number; got NoneType None"),
    ({"grid": [], "random": [{"cells": 2, "lam": {"low": 1}}]}, "lam must be a value, a list, or a range with low, "),
    ({"grid": [], "random": [{"cells": 2, "lam": {"low": 0, "high": 1, "log": True}}]}, "lam.low must be finite and"),
    ({"common": {"lam": 0.1, "width": 3}}, "grid 1: samples is missing"),
]


@pytest.mark.parametrize("parts, words", BAD, ids=[words[:40] for _, words in BAD])
def test_a_wrong_design_is_one_sentence(parts, words):
    with pytest.raises(InputError) as caught:
        design(changed(**parts))
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"name = ", b"[[grid]]\nlam = nan\nsamples = 3\nwidth = 2",
                                     b"grid = 3\nname = 'x'", b"[" * 5000])
def test_garbage_is_one_line_and_status_2(content, tmp_path, capsys):
    path = tmp_path / "design.toml"
    path.write_bytes(content)
    assert main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "design.toml" in lines[0] and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["o43", "o43_reduced", "corner"])
def test_the_committed_designs_can_be_read(name, request):
    found = read_design(request.config.rootpath / "designs" / f"{name}.toml")
    assert found.name == name and len(found.cells) >= 6
