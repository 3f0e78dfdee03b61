"""`testbed sweep`: a design of many fits, computed into a folder by many processes, taken up again where it stood."""

from __future__ import annotations

import argparse

from commands import outcome
from commands.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Design, folder, who computes."""
    parser.epilog = ("Again with the same folder, it verifies what is there and computes the rest. Exit status: 0; 1 "
                     "if a cell has no answer; 2 for bad input, a folder in use, or one of another design or code.")
    parser.add_argument("design", metavar="DESIGN.toml", help="see docs/sweeps.md")
    parser.add_argument("--out", required=True, metavar="DIR", help="a folder of its own")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--jobs", type=int, metavar="N", help="processes, of a thread each (default: one a processor)")
    who.add_argument("--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster, such as tcp://host:8786")


def run(arguments: argparse.Namespace) -> int:
    """Compute, and say how many cells there are; 1 where one has no answer."""
    import sweeps

    design = sweeps.read_design(arguments.design)
    with Progress() as progress:
        done = sweeps.run(design, arguments.out, arguments.jobs, arguments.dask, progress.finished)
    print(f"{arguments.out}: {done.cells} cells, {done.computed} computed now, {done.found} were there"
          + (f"; {done.damaged} files were damaged and are new" if done.damaged else ""))
    if done.failed:
        outcome.complain(f"testbed: {done.failed} cells have no answer; the column 'error' of the table says why")
    return outcome.FAILED if done.failed else 0
