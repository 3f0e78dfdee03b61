"""T2: two alike features are treated alike up to a critical penalty; there the optimum jumps to a broken pair."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

ALPHA, BETA = 0.2, 0.6
LINE, MARK = np.linspace(0.002, 0.8, 400), np.linspace(0.04, 0.8, 20)
RATIOS = np.geomspace(0.01, 30, 60)  # P(both) / P(1 only), for the phase diagram
TRAINED = np.geomspace(0.03, 10, 8)
STARTS, TIE = 25, 1e-10  # for each problem; relative difference in F that is rounding


def trained(alpha: Any, beta: Any, lam: Any) -> tuple[np.ndarray, np.ndarray]:
    """F and atoms of the best trained pair for each of some alphas, betas and lams, all trained at once: from random
    starts, and from the features, as few random ones lead to the tilted pair where the broken one is about to win."""
    from testbed import fit_many

    alpha, beta, lam = (np.repeat(one, STARTS) for one in np.broadcast_arrays(np.atleast_1d(alpha), beta, lam))
    starts = np.random.default_rng(0).standard_normal((STARTS, 2, 2))
    starts /= np.linalg.norm(starts, axis=2, keepdims=True)
    starts[0] = np.eye(2)
    found = fit_many(np.tile([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], (len(lam), 1, 1)), 2, lam,
                     weights=np.stack([alpha, alpha, beta], axis=1), start=np.tile(starts, (len(lam) // STARTS, 1, 1)))
    F = found.objective.reshape(-1, STARTS)
    best = np.argmax(F <= F.min(axis=1, keepdims=True) * (1 + TIE), axis=1)  # the first of ties
    return F[np.arange(len(F)), best], found.D.reshape(-1, STARTS, 2, 2)[np.arange(len(F)), best]


def angles(D: np.ndarray) -> np.ndarray:
    """Atom angles in ascending order, mirrored at the diagonal so that the lower atom is the nearer one to its axis."""
    found = np.sort(np.arctan2(D[:, 1], D[:, 0]))
    return found if found[0] <= np.pi / 2 - found[1] else np.pi / 2 - found[::-1]


def is_broken(D: np.ndarray) -> bool:
    """Whether one atom sits on an axis and the other is not its mirror image."""
    low, high = angles(D)
    return bool(np.pi / 2 - high - low > 1e-3)


def measured_jumps(ratios: np.ndarray) -> np.ndarray:
    """The penalties at which trained dictionaries change sides, by bisection, to 1e-3."""
    alpha = 1 / (2 + ratios)
    low, high = np.zeros(len(ratios)), np.ones(len(ratios))
    while (high - low).max() > 1e-3:
        lam = (low + high) / 2
        broken = np.array([is_broken(D) for D in trained(alpha, ratios * alpha, lam)[1]])
        low, high = np.where(broken, low, lam), np.where(broken, lam, high)
    return (low + high) / 2


def compute(*, alpha: float = ALPHA, beta: float = BETA) -> Numbers:
    """Against lam: F and angles of both branches, with the trained ones; the critical lam against P(both)/P(1 only)."""
    from generators import correlated_pair, critical_lam
    from generators.worlds.correlated_pair import broken, tilted

    branches: dict[str, Any] = {}
    for name, branch, to_angles in (("tilted", tilted, lambda a: (a, np.pi / 2 - a)),
                                    ("broken", broken, lambda a: (0.0, np.pi / 4 + a))):
        found = [branch(alpha, beta, lam) for lam in LINE.tolist()]
        branches[f"F_{name}"] = np.array([b.objective if b else np.nan for b in found])
        branches[f"angles_{name}"] = np.array([to_angles(b.angle) if b else (np.nan, np.nan) for b in found]).T
    theory = [correlated_pair(alpha, beta).predict(lam) for lam in MARK.tolist()]
    optima = trained(alpha, beta, MARK)
    predicted = np.array([[p.objective, *angles(p.D)] for p in theory])
    measured = np.array([[F, *angles(D)] for F, D in zip(*optima, strict=True)])
    jumps = measured_jumps(TRAINED)
    lams = {name: np.array([critical_lam(1 / (2 + r), r / (2 + r)) for r in ratios.tolist()])
            for name, ratios in (("line", RATIOS), ("mark", TRAINED))}
    if np.abs(jumps - lams["mark"]).max() > 1e-3:
        from testbed import NumericsError

        raise NumericsError("training jumps at another penalty than theory says")
    return branches | {"alpha": alpha, "beta": beta, "lam_line": LINE, "lam_mark": MARK,
                       "critical": critical_lam(alpha, beta), "trained": measured, "ratio_line": RATIOS,
                       "ratio_mark": TRAINED, "critical_line": lams["line"], "critical_trained": jumps,
                       "deviation": deviation(measured, predicted), "tolerance": 1e-9}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Angles of both atoms, F of the two branches less the better one, and the critical penalty."""
    figure = style.canvas(style.PAGE, 66)
    angle, gap, phase = figure.subplots(1, 3)
    line, mark, critical = numbers["lam_line"], numbers["lam_mark"], float(numbers["critical"])
    best = np.fmin(numbers["F_tilted"], numbers["F_broken"])
    past = mark > critical
    for name, colour, shape, here, mine in (("tilted", style.BLUE, "o", line <= critical, ~past),
                                            ("broken", style.VERMILION, "s", line >= critical, past)):
        for k, values in enumerate(np.degrees(numbers[f"angles_{name}"])):
            angle.plot(line, np.where(here, values, np.nan), color=colour)
            angle.plot(line, np.where(here, np.nan, values), color=colour, alpha=0.35, linestyle=(0, (2, 1.5)))
            style.measured(angle, mark[mine], np.degrees(numbers["trained"][mine, 1 + k]), colour, shape)
        excess = (numbers[f"F_{name}"] - best) * 1e3
        gap.plot(line, np.where(here, excess, np.nan), color=colour, zorder=2.5)
        gap.plot(line, np.where(here, np.nan, excess), color=colour, alpha=0.35, linestyle=(0, (2, 1.5)))
        at = np.interp(mark[mine], line, best)
        style.measured(gap, mark[mine], (numbers["trained"][mine, 0] - at) * 1e3, colour, shape, clip_on=False)
    for axes in (angle, gap):
        axes.axvline(critical, color=style.GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
        axes.set(xlabel="penalty λ", xlim=(0, 0.85))
    angle.set(ylabel="angle of each atom (degrees)", ylim=(-6, 96), yticks=[0, 15, 30, 45, 60, 75, 90])
    style.label(angle, critical, 88, "both tilt inwards", style.BLUE, xytext=(4, 0))
    style.label(angle, 0.8, 3.5, "one atom on a feature", style.VERMILION, ha="right")
    style.label(angle, critical, 39, "one for the rest", style.VERMILION, xytext=(4, 0))
    gap.set(ylabel="F above the optimum (× 10⁻³)", ylim=(-0.8, 15))
    style.label(gap, 0.08, 0.9, "tilted", style.BLUE)
    style.label(gap, 0.53, 13.4, "tilted pair", style.BLUE, ha="center")
    style.label(gap, 0.8, 0.9, "broken pair", style.VERMILION, ha="right")
    style.label(gap, critical, 14.2, f"λ* = {critical:.4f}", style.BLACK, xytext=(3, 0))
    ratio, jump = numbers["ratio_line"], numbers["critical_line"]
    phase.plot(ratio, jump, color=style.BLACK)
    for edge, colour in ((0, style.BLUE), (1, style.VERMILION)):
        phase.fill_between(ratio, jump, edge, color=colour, alpha=0.1, linewidth=0)
    style.measured(phase, numbers["ratio_mark"], numbers["critical_trained"], style.BLACK)
    phase.set(xscale="log", xlim=(0.01, 30), ylim=(0, 1), xlabel="P(both) / P(1 only)", ylabel="penalty λ")
    phase.set_xticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    style.label(phase, 0.014, 0.2, "tilted: symmetric", style.BLUE)
    style.label(phase, 26, 0.86, "broken", style.VERMILION, ha="right")
    style.panel(angle, "a", "the atoms jump")
    style.panel(gap, "b", "past λ*, symmetry costs")
    style.panel(phase, "c", "λ* against co-firing")
    return figure


FIGURE = Figure(
    name="symmetry_breaking", statements=("T2",),
    title="Past a critical penalty two alike features are no longer treated alike: the optimum jumps",
    caption="Two orthogonal features, each alone with probability 0.2 and both with probability 0.6 (a, b). Lines: the "
            "two stationary pairs of atoms of T2, pale and dashed where they are not optimal; markers: trained from "
            "random starts. Below λ* both atoms tilt inwards alike; above it one atom sits exactly on one feature and "
            "the other serves the pair and the remaining feature. (c) λ* against how much more often the features fire "
            "together than one alone (2α + β = 1); markers: where training changes sides, to 0.001.",
    alt="Three panels. Atom angles move inwards smoothly with the penalty to 18 and 72 degrees and jump at 0.229 to 0 "
        "and 49 degrees. From there on the symmetric pair has the higher objective. The critical penalty falls from "
        "near 1 to near 0 as co-firing becomes more frequent; trained markers lie on all lines.",
    agreement="trained objective and angles (radians) against T2",
    compute=compute, draw=draw,
)
