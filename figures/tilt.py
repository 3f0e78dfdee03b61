"""T2: two features that sometimes co-fire pull each other's atoms inwards, by an angle that theory gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

BETAS = (0.1, 0.2, 0.3)  # P(both), for the curves against lam
LAMS = (0.1, 0.2, 0.4)  # for the curves against P(both)
LINE = np.linspace(0.0, 0.6, 41)[1:]  # along either axis
MARKED = slice(1, None, 2)  # where training is asked, too


def predicted(beta: float, lam: float) -> tuple[float, float, float]:
    """(psi, F, whether the symmetry is broken) by T2; NaN where it makes no claim."""
    try:
        found = world(beta).predict(lam)
    except ValueError:
        return np.nan, np.nan, 0.0
    return found.values["psi"], found.objective, float(found.values["regime"] == "broken")


def trained(betas: np.ndarray, lams: np.ndarray) -> np.ndarray:
    """(k, 2): psi and F of the best of several trained pairs of atoms, for every beta with its lam: psi is half of what
    their angle falls short of 90 degrees."""
    from testbed import fit_many

    samples = [world(beta).exact() for beta in betas.tolist()]
    batch = fit_many(np.array([s.X for s in samples]), 2, lams, weights=np.array([s.weights for s in samples]),
                     restarts=8)
    cosines = np.einsum("ai,ai->a", batch.D[:, 0], batch.D[:, 1])
    return np.column_stack([np.pi / 4 - np.arccos(np.clip(cosines, -1, 1)) / 2, batch.objective])


def world(beta: float) -> Any:
    """Two features of magnitude 1, each alone with probability (1 - beta)/2, both with probability beta."""
    from generators import correlated_pair

    return correlated_pair(alpha=(1 - beta) / 2, beta=beta)


def compute(*, betas: tuple[float, ...] = BETAS, lams: tuple[float, ...] = LAMS) -> Numbers:
    """psi against lam for several beta, and against beta for several lam: lines predicted, marks trained."""
    numbers: dict[str, Any] = {"betas": betas, "lams": lams, "tolerance": 1e-9}
    worst, mark = 0.0, LINE[MARKED]
    for axis, cases in (("lam", betas), ("beta", lams)):
        line = np.array([[predicted(*((case, x) if axis == "lam" else (x, case))) for x in LINE.tolist()]
                         for case in cases])
        theory = line[:, MARKED]
        pairs = np.repeat(cases, len(mark)), np.tile(mark, len(cases))
        found = trained(*(pairs if axis == "lam" else pairs[::-1])).reshape(len(cases), len(mark), 2)
        numbers |= {f"{axis}_line": LINE, f"{axis}_mark": mark}
        numbers |= {f"psi_{axis}_line": line[..., 0], f"broken_{axis}_line": line[..., 2],
                    f"psi_{axis}_predicted": theory[..., 0],
                    f"psi_{axis}_trained": found[..., 0], f"F_{axis}_predicted": theory[..., 1],
                    f"F_{axis}_trained": found[..., 1]}
        worst = max(worst, deviation(found, theory[..., :2]))
    return numbers | {"deviation": worst}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """psi in degrees against lam (left) and against beta (right)."""
    figure = style.canvas(style.PAGE, 72)
    for axes, axis, cases in zip(figure.subplots(1, 2, sharey=True), ("lam", "beta"), ("betas", "lams"), strict=True):
        line, mark = numbers[f"{axis}_line"], numbers[f"{axis}_mark"]
        for i, (case, colour) in enumerate(zip(numbers[cases], style.SERIES, strict=True)):
            theory, found = np.degrees(numbers[f"psi_{axis}_line"][i]), np.degrees(numbers[f"psi_{axis}_trained"][i])
            broken = numbers[f"broken_{axis}_line"][i] > 0
            for branch in (~broken, broken):
                axes.plot(line[branch], theory[branch], color=colour)
            if broken.any():
                jump = int(np.flatnonzero(broken)[0])
                axes.plot(line[jump - 1:jump + 1], theory[jump - 1:jump + 1], ":", color=colour)
            style.measured(axes, mark, found, colour, style.SHAPES[i])
            style.label(axes, line[-1], theory[-1], f"{'β' if axis == 'lam' else 'λ'} = {case:g}", colour,
                        xytext=(5, 0), va="center")
        style.label(axes, 0.59, 22.6, "one atom serves the pair", ha="right")
    left, right = figure.axes
    style.panel(left, "a", "against the penalty")
    style.panel(right, "b", "against the frequency of co-firing")
    left.set(xlabel="penalty λ", ylabel="inward tilt ψ of each atom (degrees)", xlim=(0, 0.68), ylim=(0, 26))
    right.set(xlabel="β = P(both fire)", xlim=(0, 0.68))
    right.tick_params(labelleft=True)  # so that the panel can stand alone
    return figure


FIGURE = Figure(
    name="tilt", statements=("T2",),
    title="Atoms of features that co-fire tilt towards each other, by exactly the angle that balances the two pulls",
    caption="Two orthogonal features, each alone with probability (1 − β)/2 and both with probability β. Lines: the "
            "angle ψ by which T2 tilts each atom inwards; markers: dictionaries trained from random starts. The tilt "
            "vanishes with λ and with β; where both are large the optimum jumps (dotted) to a pair without symmetry, "
            "one atom on a single feature and one for the pair, and ψ is half of what their angle falls short of 90 "
            "degrees.",
    alt="Two panels of rising curves: the tilt of each atom grows with the penalty and with the probability that both "
        "features fire, from 0 to about 17 degrees, and jumps by some degrees where the symmetry breaks; markers of "
        "trained dictionaries lie on the predicted curves.",
    agreement="trained angle (radians) and objective against T2",
    compute=compute, draw=draw,
)
