"""`testbed fit`: a dictionary trained on data in a file, its optimum verified and written."""

from __future__ import annotations

import argparse

from commands import outcome
from commands.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Data, the problem, how it is searched, target."""
    parser.epilog = "Exit status: 0; 1 if training did not converge; 2 for bad input."
    parser.add_argument("data", metavar="DATA", help=".npy, .npz (array X, optional weights) or .safetensors")
    parser.add_argument("--atoms", type=int, required=True, metavar="M")
    price = parser.add_mutually_exclusive_group(required=True)
    price.add_argument("--lam", type=float, metavar="L", help="the l1 penalty > 0, in the units of the data")
    price.add_argument("--penalty", metavar="P", help='another, such as "mcp(lam=0.1, gamma=4)": energy(lam, tau), '
                                                      "log(lam, eps), mcp(lam, gamma), l0(lam0), topk(k)")
    parser.add_argument("--bias", action="store_true", help="fit a bias as well")
    parser.add_argument("--signed", action="store_true", help="signed codes instead of nonnegative ones")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--restarts", type=int, default=8)
    parser.add_argument("--out", required=True, metavar="OPTIMUM.npz", help="another file than DATA")


def run(arguments: argparse.Namespace) -> int:
    """Train, write, and say what was found; 1 where training did not converge."""
    from testbed import files, fit

    out = outcome.target(arguments.out, ".npz")
    _apart(arguments.data, arguments.out)
    data = files.load_data(arguments.data)
    with Progress() as progress:
        restarts = _Restarts(progress, arguments.restarts)
        optimum = fit(data["X"], n_atoms=arguments.atoms, lam=arguments.lam, penalty=arguments.penalty,
                      bias=arguments.bias, nonnegative=not arguments.signed, weights=data.get("weights"),
                      seed=arguments.seed, restarts=arguments.restarts, progress=restarts)
        restarts.end()
    optimum.save(out)
    p, live = optimum.problem, int(optimum.live.sum())
    print(f"{out}: {optimum.status}")
    if arguments.penalty is not None:
        print(f"penalty       {p.penalty}   codes: {optimum.coded}")
    print(f"objective     {optimum.objective:.12g}   (floor of any width: {p.floor:.12g})")
    print(f"stationarity  {optimum.stationarity:.1e}   kkt {optimum.kkt:.1e}", end="")
    print("" if optimum.hessian_min is None else f"   least curvature {optimum.hessian_min:.2e}")
    if optimum.flat:
        print(f"flat          {optimum.flat} directions in which F does not change to second order: one of many optima")
    print(f"atoms         {live} live, {optimum.n_atoms - live} dead   codes per sample {optimum.codes_per_sample:.2f}")
    if live == 0:
        print(f"every code is zero: {p.penalty.threshold:g}, the threshold of {p.penalty}, exceeds every |x - b|"
              if arguments.penalty is not None else f"every code is zero: lam = {p.lam:g} exceeds every |x - b|")
    found = optimum.objectives
    assert found is not None
    same = int((found <= optimum.objective * (1 + 1e-9)).sum())
    print(f"restarts      {len(found)}; {same} reached the best, the worst ended at {found.max():.12g}")
    if optimum.schedule != "plain":
        print(f"came by       {optimum.schedule}")
    if optimum.status == "unconverged":
        outcome.complain(f"testbed: training did not converge ({optimum.reason}); the result was written and says so")
        return outcome.FAILED
    return 0


def _apart(data: str, out: str) -> None:
    """An optimum holds no ground truth, so that writing it over its sample would lose what the sample knows."""
    import os

    from testbed.errors import InputError

    if os.path.exists(data) and os.path.exists(out) and os.path.samefile(data, out):
        raise InputError(f"--out {out} is the data itself: the optimum would replace it, and with it any ground truth; "
                         "name another file")


class _Restarts:
    """What `fit` reports at every step, as restarts that begin and finish."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.current, self.state = progress, total, 0, ""

    def __call__(self, restart: int, objective: float, stationarity: float) -> None:
        if restart != self.current:
            self.end()
        self.current, self.state = restart, f"objective {objective:.10g}  stationarity {stationarity:.1e}"
        self.progress.say(f"restart {restart + 1}/{self.total}  {self.state}", restart, self.total)

    def end(self) -> None:
        if self.state:
            done = self.current + 1
            self.progress.finished(f"restart {done}/{self.total}  {self.state}", done, self.total)
        self.state = ""
