"""The command line: worlds, generate, fit, check, theory, figures, demo.

Results go to stdout or files, progress to stderr when it is a terminal. Exit status: 0 when all went well and all
properties hold; 1 when a property fails or training did not converge; 2 for bad usage or bad input, with one line on
stderr. Nothing is overwritten until its replacement is complete.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="testbed", description="What must be true of an optimal sparse dictionary, and is it true of "
                                                 "this one?")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    commands.add_parser("worlds", help="list the worlds, with their parameters").set_defaults(run=_worlds)

    generate = commands.add_parser("generate", help="draw a sample from a world, with its ground truth")
    generate.add_argument("world", metavar="WORLD", help="a name from 'testbed worlds'")
    generate.add_argument("--n", type=int, help="number of samples; without it, the world's exact weighted support")
    generate.add_argument("--set", action="append", default=[], metavar="K=V", help="a parameter of the world")
    generate.add_argument("--seed", type=int, default=0)
    generate.add_argument("--out", required=True, metavar="FILE.npz")
    generate.set_defaults(run=_generate)

    fit = commands.add_parser("fit", help="train a dictionary to a verified optimum",
                              epilog="Exit status: 0; 1 if training did not converge; 2 for bad input.")
    fit.add_argument("data", metavar="DATA", help=".npy, .npz (array X, optional weights) or .safetensors")
    fit.add_argument("--atoms", type=int, required=True, metavar="M")
    fit.add_argument("--lam", type=float, required=True, metavar="L", help="penalty > 0, in the units of the data")
    fit.add_argument("--bias", action="store_true", help="fit a bias as well")
    fit.add_argument("--signed", action="store_true", help="signed codes instead of nonnegative ones")
    fit.add_argument("--seed", type=int, default=0)
    fit.add_argument("--restarts", type=int, default=8)
    fit.add_argument("--out", required=True, metavar="OPTIMUM.npz")
    fit.set_defaults(run=_fit)

    check = commands.add_parser("check", help="every property: residual, tolerance, verdict, worst place")
    check.add_argument("optimum", metavar="OPTIMUM")
    check.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    check.add_argument("--bounds", action="store_true", help="also how far below any dictionary could be (V1-V3)")
    check.add_argument("--tau", type=float, metavar="T", help="the price of --bounds, >= 0, in the units of the data "
                                                              "(default: the one that proves most)")
    check.set_defaults(run=_check)

    theory = commands.add_parser("theory", help="list the statements, or print one with its derivation and evidence")
    theory.add_argument("statement", nargs="?", metavar="ID", help="such as S5")
    theory.set_defaults(run=_theory)

    figures = commands.add_parser("figures", help="regenerate figures, interactive pages and the gallery page")
    figures.add_argument("names", nargs="*", metavar="NAME", help="only these figures; see --list")
    figures.add_argument("--list", action="store_true", help="list the figures and exit")
    figures.add_argument("--out", default="out", metavar="DIR", help="where to write (default: out)")
    figures.add_argument("--fresh", action="store_true",
                         help="compute again what this code has computed already, as its .npz files say")
    figures.set_defaults(run=_figures)

    demo = commands.add_parser("demo", help="list the live notebooks, or start one")
    demo.add_argument("name", nargs="?", metavar="NAME", help="which one; 'all' for a page of them all")
    demo.add_argument("--edit", action="store_true", help="with its code, to change it")
    demo.set_defaults(run=_demo)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. argv defaults to the process's arguments."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except BrokenPipeError:  # the reader of stdout left, as in `testbed worlds | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        left = "figures finished before are whole, the page is the old one" if arguments.command == "figures" else (
            "nothing was written")
        print(f"testbed: interrupted; {left}", file=sys.stderr)
        return 130
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        print(f"testbed: {reason}", file=sys.stderr)
        return 2
    except (ValueError, TypeError, ArithmeticError, MemoryError) as error:
        print(f"testbed: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        return 2


def _worlds(arguments: argparse.Namespace) -> int:
    from generators import WORLDS

    for name, entry in WORLDS.items():
        parameters = ", ".join(f"{key}={value}" for key, value in entry.parameters.items())
        print(f"{name:<19} {entry.summary}\n{'':<19} {parameters or 'no parameters'}")
    return 0


def _generate(arguments: argparse.Namespace) -> int:
    from generators import make, parse_parameters
    from testbed import InputError, checks, files

    out = _target(arguments.out, ".npz")
    world = make(arguments.world, **parse_parameters(arguments.set))
    seed = checks.integer("generate", "--seed", arguments.seed)
    if arguments.n is not None:
        sample = world.sample(checks.integer("generate", "--n", arguments.n, 1), seed)
    elif world.finite:
        sample = world.exact()
    else:
        raise InputError(f"generate: {arguments.world} has no finite support, so it needs --n")
    files.save_npz(out, {"X": sample.X, "weights": sample.weights, "codes": sample.codes, "features": sample.features,
                         "offset": sample.offset})
    n, d = sample.X.shape
    what = "samples" if arguments.n is not None else "weighted points, its exact distribution"
    print(f"{out}: {n} {what}; {d} dimensions, {len(sample.features)} true features")
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    from testbed import files, fit

    out = _target(arguments.out, ".npz")
    data = files.load_data(arguments.data)
    with _Progress(arguments.restarts) as progress:
        optimum = fit(data["X"], n_atoms=arguments.atoms, lam=arguments.lam, bias=arguments.bias,
                      nonnegative=not arguments.signed, weights=data.get("weights"), seed=arguments.seed,
                      restarts=arguments.restarts, progress=progress)
    optimum.save(out)
    p, live = optimum.problem, int(optimum.live.sum())
    print(f"{out}: {optimum.status}")
    print(f"objective     {optimum.objective:.12g}   (floor of any width without bias: {p.huber_floor:.12g})")
    print(f"stationarity  {optimum.stationarity:.1e}   kkt {optimum.kkt:.1e}", end="")
    print("" if optimum.hessian_min is None else f"   least curvature {optimum.hessian_min:.2e}")
    print(f"atoms         {live} live, {optimum.n_atoms - live} dead   codes per sample {optimum.Z.nnz / p.n:.2f}")
    if live == 0:
        print(f"every code is zero: lam = {p.lam:g} exceeds every |x - b|")
    found = optimum.objectives
    assert found is not None
    same = int((found <= optimum.objective * (1 + 1e-9)).sum())
    print(f"restarts      {len(found)}; {same} reached the best, the worst ended at {found.max():.12g}")
    if optimum.status == "unconverged":
        print("testbed: training did not converge; the result was written and says so", file=sys.stderr)
        return 1
    return 0


def _check(arguments: argparse.Namespace) -> int:
    import json
    from dataclasses import replace

    from properties import check
    from testbed import InputError, Optimum, checks, classify, gap

    if arguments.tau is not None:
        checks.number("check", "--tau", arguments.tau, 0)
        if not arguments.bounds:
            raise InputError("check: --tau is the price of --bounds; give both")
    optimum = Optimum.load(arguments.optimum)
    bounds = gap(optimum, arguments.tau) if arguments.bounds else None
    second = classify(optimum)
    if optimum.status == "stationary" and second.kind == "local minimum":
        optimum = replace(optimum, status="local_min", hessian_min=second.least)
    report = check(optimum)
    if arguments.json:
        order = {"kind": second.kind, "least_curvature": second.least, "margin": second.margin}
        extra = {} if bounds is None else {"bounds": bounds.to_json()}
        print(json.dumps(report.to_json() | {"second_order": order} | extra, allow_nan=False))
    else:
        print(report)
        least = "" if second.least is None else f", least curvature {second.least:.2e}"
        print(f"Second order (M1): {second.kind}{least}.")
        if bounds is not None:
            print(f"Bounds (V1-V3), in squared units of the data:\n{bounds}")
    return 0 if report.holds and second.kind != "saddle" else 1


def _theory(arguments: argparse.Namespace) -> int:
    from commands import theory

    if arguments.statement is None:
        print(theory.table())
        return 0
    with _Progress() as progress:
        text, agrees = theory.page(arguments.statement, progress.say)
    print(text)
    return 0 if agrees else 1


def _figures(arguments: argparse.Namespace) -> int:
    from figures import gallery, interactive

    if arguments.list:
        for name, title in (gallery.titles() | interactive.titles()).items():
            print(f"{name:<24} {title}")
        return 0
    gallery.known(arguments.names, (*gallery.ORDER, *interactive.PAGES))
    pages = [name for name in arguments.names if name in interactive.PAGES]
    names = [name for name in arguments.names if name not in pages]
    out, all_hold, made = Path(arguments.out), True, []
    if pages or not names:
        interactive.require_bokeh()
    with _Progress() as progress:
        if pages or not names:
            made = [f"{path}: interactive page"
                    for path in interactive.write(out, pages, progress.say, arguments.fresh)]
        if names or not pages:
            written = gallery.write(out, names, progress.say, arguments.fresh)
            count, all_hold = len(written.computed) + len(written.reused), written.holds
            again = f", {len(written.reused)} of them from numbers that this code computed before"
            made.append(f"{written.page}: {count} figure{'s' * (count != 1)}{again if written.reused else ''}")
    print(*made, sep="\n")
    return 0 if all_hold else 1


def _demo(arguments: argparse.Namespace) -> int:
    from commands import demo

    if arguments.name is None:
        for name, about in demo.names().items():
            print(f"{name:<12} {about}")
        return 0
    return demo.start(arguments.name, arguments.edit)


def _target(name: str, suffix: str) -> Path:
    """The output path, refused before any work if it could not be written."""
    from testbed import InputError

    path = Path(name)
    if path.suffix != suffix:
        raise InputError(f"--out must end in {suffix}; got {name}")
    if path.is_dir():
        raise InputError(f"--out {name} is a folder")
    if not path.parent.is_dir():
        raise InputError(f"--out {name}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"--out {name}: the folder {path.parent} cannot be written")
    return path


class _Progress:
    """One line on stderr, rewritten a few times a second, and only on a terminal."""

    def __init__(self, restarts: int = 1) -> None:
        self.restarts, self.shown, self.last, self.live = restarts, False, 0.0, sys.stderr.isatty()

    def __enter__(self) -> _Progress:
        return self

    def __call__(self, restart: int, objective: float, stationarity: float) -> None:
        if self.live and time.monotonic() - self.last > 0.2:
            self.say(f"restart {restart + 1}/{self.restarts}  objective {objective:.10g}  "
                     f"stationarity {stationarity:.1e}")

    def say(self, line: str) -> None:
        """Show a line in place of the last one."""
        if self.live:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            self.shown, self.last = True, time.monotonic()

    def __exit__(self, *_: Any) -> None:
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
