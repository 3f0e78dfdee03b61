"""`testbed audit`: a dictionary that someone else trained, on activations (A1-A5)."""

from __future__ import annotations

import argparse

from commands import outcome
from commands.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """The SAE, the data, the penalty, how far it is taken, where the results go."""
    parser.epilog = ("Exit status: 0 if every statement measured at exact codes is within its sampling error; 1 if "
                     "one is not; 2 for bad input.")
    parser.add_argument("sae", metavar="SAE", help="a folder of sae_lens, dictionary_learning or sparsify, or one .npz "
                                                   "or .safetensors with D, b, W_enc, b_enc")
    parser.add_argument("--data", nargs="+", required=True, metavar="ACTIVATIONS",
                        help=".npy, .npz (array X) or .safetensors, one file or several shards")
    parser.add_argument("--lam", type=float, metavar="L", help="penalty to audit at, in the units of the activations "
                                                               "(default: the configuration's, or the data's)")
    parser.add_argument("--rows", type=int, metavar="N", help="only the first N activations")
    parser.add_argument("--no-refine", action="store_true", help="do not train from the dictionary (much faster)")
    parser.add_argument("--restarts", type=int, default=2, metavar="R",
                        help="fits from the data beside it, for the basin (default: 2)")
    parser.add_argument("--whole", action="store_true", help="refine and evaluate on all rows instead of on halves")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--report", metavar="PAGE.html", help="write a page with pictures")
    parser.add_argument("--out", metavar="ATOMS.npz", help="write every number per latent")


def run(arguments: argparse.Namespace) -> int:
    """Audit, print, write."""
    import json
    import time

    from audits import audit, read_sae
    from testbed import checks, files
    from testbed.data import Shards, as_rows

    page = outcome.target(arguments.report, ".html", "--report") if arguments.report else None
    table = outcome.target(arguments.out, ".npz") if arguments.out else None
    if page is not None:
        checks.installed("audit", "figures", "matplotlib")
    restarts = checks.integer("audit", "--restarts", arguments.restarts, 0)
    sae = read_sae(arguments.sae)
    shards = [as_rows("audit", name, files.load_data(name)["X"]) for name in arguments.data]
    source = shards[0] if len(shards) == 1 else Shards(shards)
    start = time.monotonic()
    with Progress() as progress:

        def report(what: str, done: int, total: int) -> None:
            line = f"{what}: {done} of {total} activations" if total else what
            (progress.finished if total and done == total else progress.say)(line, done, total)

        found = audit(sae, source, arguments.lam, rows=arguments.rows, refine=not arguments.no_refine,
                      restarts=restarts, whole=arguments.whole, seed=arguments.seed, progress=report)
        rate = found.shape[0] / max(time.monotonic() - start, 1e-9)
        progress.finished(f"{found.shape[0]} activations audited, {rate:.0f} a second")
    if table is not None:
        found.save(table)
    if page is not None:
        from figures.pages import audit as pages

        pages.write(page, found)
    print(json.dumps(found.to_json(), allow_nan=False) if arguments.json else found)
    return 0 if found.holds else outcome.FAILED
