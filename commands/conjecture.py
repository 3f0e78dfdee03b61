"""`testbed conjecture`: a conjecture in, a counterexample out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import outcome
from commands.progress import Progress

if TYPE_CHECKING:
    from conjectures import Outcome

LONGEST = 1e6  # seconds


def arguments(parser: argparse.ArgumentParser) -> None:
    """The file, how long to search, where the results go."""
    parser.epilog = "Exit status: 0 the conjecture survived; 1 it is broken; 2 for bad input, FILE included."
    parser.add_argument("file", metavar="FILE.py", help="holds a Property, or one function residual(optimum): "
                                                        "docs/add_a_property.md")
    parser.add_argument("--budget", type=float, default=60.0, metavar="S", help="seconds (default: 60)")
    parser.add_argument("--problems", type=int, metavar="N", help="try at most about N problems; the search then "
                                                                  "depends on the seed alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=10.0, metavar="S", help="seconds that a call of FILE may take "
                                                                               "(default: 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--out", default="out/conjectures", metavar="DIR",
                        help="where a counterexample is written: .npz, pictures, .tex, a pytest case with a copy of "
                             "FILE (default: out/conjectures)")


def run(arguments: argparse.Namespace) -> int:
    """Search, print, write; 1 where the conjecture is broken."""
    import json

    from conjectures import hunt, read, words
    from testbed import checks

    budget = checks.number("conjecture", "--budget", arguments.budget, 0, LONGEST, open_low=True)
    limit = checks.number("conjecture", "--limit", arguments.limit, 0, LONGEST, open_low=True)
    most = arguments.problems
    if most is not None:
        checks.integer("conjecture", "--problems", most, 1)
    checks.integer("conjecture", "--seed", arguments.seed, 0)
    checks.installed("conjecture", "figures", "matplotlib")
    _warm()
    conjecture = read(arguments.file, limit)
    with Progress() as progress:
        found = hunt(conjecture, budget, most, arguments.seed, progress=progress.say)
        progress.finished(f"{found.tally.tried} problems, {'broken' if found.broken else 'not broken'}")
    written = write(found, Path(arguments.file), Path(arguments.out)) if found.broken else []
    if arguments.json:
        print(json.dumps(words.to_json(found) | {"files": list(map(str, written))}, allow_nan=False))
    else:
        print(words.text(found))
        if written:
            print(f"Written: {', '.join(map(str, written))}")
    return outcome.FAILED if found.broken else 0


def _warm() -> None:
    """Load or compile the kernels that a statement may use, so that no call of FILE is charged for it."""
    from properties import check
    from properties.cases import correlated_pair

    check(correlated_pair())


def write(found: Outcome, file: Path, folder: Path) -> list[Path]:
    """The counterexample's files, in a folder that is made; their names."""
    from conjectures import words
    from conjectures.case import case
    from figures import style
    from figures.pages import counterexample
    from testbed.files import write_atomically

    assert found.counterexample is not None
    stem = file.stem
    source = file.read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    pictures = style.encode(counterexample.draw(found.counterexample.optimum))
    parts = {f"{stem}.py": source, f"test_{stem}.py": case(found, f"{stem}.py").encode(),
             f"{stem}.tex": words.latex(found).encode(),
             **{f"{stem}{suffix}": pictures[suffix] for suffix in (".png", ".pdf")}}
    if (folder / f"{stem}.py").resolve() == file.resolve():
        del parts[f"{stem}.py"]
    for name, content in parts.items():
        write_atomically(folder / name, content)
    found.counterexample.optimum.save(folder / f"{stem}.npz")
    return [folder / name for name in (f"{stem}.npz", *parts)]
