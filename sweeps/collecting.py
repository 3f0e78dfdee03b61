"""`collect`: the cells of a folder as one table, a row a cell, in an order that follows from the cells alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.cells import Cell
from sweeps.designs import NAMES
from sweeps.store import answer, manifest
from testbed import checks, files
from testbed.errors import InputError

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, eq=False)
class Table:
    """columns : names, the parameters' first. rows : values by name, None where a cell has none. missing : cells of the
    design without a whole file."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    missing: int

    def write(self, path: str | Path) -> None:
        """As .csv (empty for None) or .parquet (the extra 'sweeps'), whole or not at all."""
        path = Path(path)
        if path.suffix not in SUFFIXES:
            raise InputError(f"collect: a table is written as {' or '.join(SUFFIXES)}; got {path}")
        files.write_atomically(path, self._csv() if path.suffix == ".csv" else self._parquet())

    def _csv(self) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().encode()

    def _parquet(self) -> bytes:
        checks.installed("collect", "sweeps", "pyarrow")
        import pyarrow
        import pyarrow.parquet

        content = {name: [row.get(name) for row in self.rows] for name in self.columns}
        for name, values in content.items():
            if len({type(value) for value in values} - {type(None), int, float}) and not all(
                    isinstance(value, str | None) for value in values) and not all(
                    isinstance(value, bool | None) for value in values):
                content[name] = [None if value is None else json.dumps(value) for value in values]
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(content), sink)
        return sink.getvalue()


def collect(folder: str | Path) -> Table:
    """Every cell of the folder's design that has a whole file, by its parameters; InputError where there is no sweep.
    """
    if not (Path(folder) / "manifest.json").is_file():
        raise InputError(f"{folder}: not the folder of a sweep: it has no manifest.json")
    design = manifest(folder)["design"]
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    missing = 0
    for key in design["cells"]:
        cell = Cell(json.loads(key), design["seed"])
        held = answer(Path(folder) / "cells" / f"{cell.name}.json", cell)
        if held is None:
            missing += 1
            continue
        world = {f"world.{name}": value for name, value in cell.parameters["world"].items()}
        found.append((world | {name: value for name, value in cell.parameters.items() if name != "world"}, held))
    names = [dict.fromkeys(name for pair in found for name in pair[part]) for part in (0, 1)]
    return Table((*sorted(names[0], key=_place), *sorted(names[1])), tuple(a | b for a, b in found), missing)


def _place(name: str) -> tuple[int, str]:
    """The world first, then parameters as designs list them."""
    return (NAMES.index(name) if name in NAMES else -1, name)
