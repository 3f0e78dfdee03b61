"""G3: the optimum along the penalty is concave with slope E[sum z], so that a missed optimum gives itself away."""

from __future__ import annotations

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

RAYS, DIMENSIONS, ATOMS = 24, 4, 8
LAMS = np.linspace(0.02, 0.98, 25)
TOUCHED = (2, 7, 13)  # where tangents are drawn


def compute(*, rays: int = RAYS, atoms: int = ATOMS, seed: int = 0) -> Numbers:
    """Best objectives and activities along lam, and single training runs with the bounds their neighbours prove."""
    from generators import one_sparse
    from testbed import fit
    from testbed.basins.paths import Path, path, reach

    data = one_sparse(rays).embed(DIMENSIONS, "random", seed).exact()
    best = path(data.X, atoms, LAMS, weights=data.weights, restarts=2)
    once = Path(tuple(fit(data.X, atoms, lam, weights=data.weights, seed=i, restarts=1)
                      for i, lam in enumerate(LAMS.tolist())))
    bound = np.array([min(reach(o, lam, atoms) for o in once.optima if o.problem.lam != lam) for lam in LAMS.tolist()])
    chords = np.diff(best.objectives) / np.diff(LAMS)
    outside = np.maximum(chords - best.slopes[:-1], best.slopes[1:] - chords)
    return {
        "lam": LAMS, "F": best.objectives, "slope": best.slopes, "floor": best.floors, "chord": chords,
        "once": once.objectives, "bound": bound, "caught": sorted({v.point for v in once.violations}),
        "deviation": max(0.0, float((outside / best.slopes[:-1]).max())), "tolerance": 1e-9,
    }


@style.styled
def draw(numbers: Numbers) -> Picture:
    """The objective with tangents, its slope, and single runs against what their neighbours prove possible."""
    figure = style.canvas(style.PAGE, 66)
    value, slope, runs = figure.subplots(1, 3, width_ratios=[1, 1, 1.1])
    lam, F = numbers["lam"], numbers["F"]

    for i in TOUCHED:
        value.axline((lam[i], F[i]), slope=numbers["slope"][i], color=style.ORANGE, linewidth=0.8)
    value.plot(lam, numbers["floor"], color=style.GREY, linewidth=0.9, linestyle=(0, (4, 2)))
    style.measured(value, lam, F, style.BLUE, markersize=2.2, markeredgewidth=0.7)
    value.set(xlabel="penalty λ", ylabel="objective", xlim=(0, 1), ylim=(0, 0.56))
    style.label(value, 0.24, 0.13, "floor E[h(|x|)]", style.GREY)
    style.label(value, 1.0, 0.515, "F*(λ)", style.BLUE, ha="right")
    style.label(value, 0.45, 0.26, "tangents of\nslope E[Σz]", style.ORANGE, va="center")
    style.panel(value, "a", "concave, below its tangents")

    middle = (lam[1:] + lam[:-1]) / 2
    for i in range(len(middle)):
        high, low = numbers["slope"][i], numbers["slope"][i + 1]
        slope.fill_between(lam[i : i + 2], low, high, color=style.SKY, alpha=0.45, linewidth=0)
    style.measured(slope, middle, numbers["chord"], style.BLUE, markersize=2.2, markeredgewidth=0.7)
    slope.set(xlabel="penalty λ", ylabel="per unit of penalty", xlim=(0, 1), ylim=(0, 1.45))
    style.label(slope, 0.3, 1.0, "ΔF*/Δλ, between\nE[Σz] at its two ends", style.BLUE, va="bottom")
    style.panel(slope, "b", "its slope is the activity")

    above = 100 * (numbers["once"] / F - 1)
    proven = 100 * (numbers["bound"] / F - 1)
    caught = np.zeros(len(lam), bool)
    caught[np.asarray(numbers["caught"], dtype=int)] = True
    runs.plot(lam, proven, color=style.ORANGE)
    style.measured(runs, lam[~caught], above[~caught], style.BLACK, "o", markersize=3)
    style.measured(runs, lam[caught], above[caught], style.VERMILION, "D", markersize=3)
    top = 1.25 * above.max()
    runs.set(xlabel="penalty λ", ylabel="objective above the best (%)", xlim=(0, 1), ylim=(-0.04 * top, top))
    for place, text, colour, shape in ((0.95, "single run, proven suboptimal", style.VERMILION, "D"),
                                       (0.87, "single run, not proven so", style.BLACK, "o")):
        style.measured(runs, 0.3, place * top, colour, shape, markersize=3)
        style.label(runs, 0.3, place * top, text, colour, va="center", xytext=(6, 0))
    runs.plot([0.28, 0.32], [0.79 * top] * 2, color=style.ORANGE)
    style.label(runs, 0.3, 0.79 * top, "lowest tangent of the others", style.ORANGE, va="center", xytext=(6, 0))
    style.panel(runs, "c", "a missed optimum shows")
    return figure


FIGURE = Figure(
    name="lam_path", statements=("G3", "G1"),
    title="Along the penalty the optimum is concave with slope E[Σz], so that a missed optimum gives itself away",
    caption="Twenty-four directions in four dimensions, eight atoms. (a) Best objectives found (markers), three of "
            "their tangents F + (λ' − λ) E[Σz], and the floor for any number of atoms. (b) The rise between "
            "neighbouring penalties (markers) lies between the mean activities E[Σz] at its two ends (bands). (c) One "
            "training run for each penalty: diamonds lie above the lowest tangent of the other runs (line), which "
            "proves that a better dictionary exists and says where to start.",
    alt="Three panels against the penalty. The objective rises concavely below its tangents, towards the floor. Its "
        "slope falls from 1.3 to 0 and stays in the bands. Single runs are up to four percent above the best; most of "
        "those that miss it by half a percent or more lie above the line of what the other runs prove possible.",
    agreement="chord slopes of F* against the activities at their ends, as a share of them",
    compute=compute, draw=draw,
)
