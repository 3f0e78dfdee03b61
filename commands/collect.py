"""`testbed collect`: the finished cells of a sweep as one table."""

from __future__ import annotations

import argparse

from commands import outcome


def arguments(parser: argparse.ArgumentParser) -> None:
    """Folder, target."""
    parser.epilog = "Exit status: 0; 1 if cells are missing, and the table has the others; 2 for bad input."
    parser.add_argument("folder", metavar="DIR", help="the folder of `testbed sweep`")
    parser.add_argument("--out", required=True, metavar="TABLE", help=".csv, or .parquet (the extra 'sweeps')")


def run(arguments: argparse.Namespace) -> int:
    """Write the table; 1 where cells are missing."""
    import sweeps
    from sweeps.collecting import SUFFIXES

    out = outcome.target(arguments.out, ".parquet" if arguments.out.endswith(".parquet") else SUFFIXES[0])
    table = sweeps.collect(arguments.folder)
    table.write(out)
    print(f"{out}: {len(table.rows)} cells, {len(table.columns)} columns")
    if table.missing:
        outcome.complain(f"testbed: {table.missing} cells of the design are missing: `testbed sweep` computes them")
    return outcome.FAILED if table.missing else 0
