"""T3: the child's atom goes from the normalised sum to the extreme ray of the data, at a rate that the law decides."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

LINE, MARK = np.geomspace(1e-5, 0.6, 70), np.geomspace(3e-4, 0.5, 8)
LAWS = {  # magnitudes of parent and child; the exponent of the gap
    "levels": ("1", "discrete([.5,1,1.5])", 1),
    "child": ("1", "uniform(.5,1.5)", 1 / 2),
    "both": ("uniform(.5,1.5)", "uniform(.5,1.5)", 1 / 3),
}


def world(name: str) -> Any:
    """Parent e1, always on; half the time its child e2."""
    from generators import nested_pair

    return nested_pair(0.5, np.pi / 2, *LAWS[name][:2])


def trained(name: str, lam: float) -> tuple[float, float, float, float]:
    """Angles of both atoms from the parent, F, and E[z_child 1{parent on}]/E[z_child], of a trained dictionary."""
    from generators.plane.absorption import stand_in
    from testbed import fit

    X, weights = stand_in(world(name), lam)
    found = fit(X, n_atoms=2, lam=lam, weights=weights, restarts=4)
    angles, Z = np.arctan2(found.D[:, 1], found.D[:, 0]), found.Z.toarray()
    parent, child = np.argsort(angles)
    shared = weights @ (Z[:, child] * (Z[:, parent] > 0)) / (weights @ Z[:, child])
    return float(angles[parent]), float(angles[child]), found.objective, float(shared)


def predicted(name: str, lam: float) -> tuple[float, float, float, float]:
    """The same by T3."""
    found = world(name).predict(lam)
    v = found.values
    return v["parent_angle"], v["child_angle"], found.objective, v["parent_given_child"]


def compute() -> Numbers:
    """For three laws of the magnitudes, against lam: the child atom's angle and its gap to the extreme ray."""
    numbers: dict[str, Any] = {"lam_line": LINE, "lam_mark": MARK, "tolerance": 1e-7}
    worst = 0.0
    for name in LAWS:
        line, theory, found = (np.array([f(name, lam) for lam in lams.tolist()]) for f, lams in (
            (predicted, LINE), (predicted, MARK), (trained, MARK)))
        numbers |= {f"angle_{name}_line": line[:, 1], f"angle_{name}_trained": found[:, 1],
                    f"parent_{name}_line": line[:, 0], f"parent_{name}_trained": found[:, 0],
                    f"extreme_{name}": world(name).predict(0.1).values["extreme_angle"]}
        worst = max(worst, deviation(found, theory))
    return numbers | {"deviation": worst}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Angle against lam, and the gap to the extreme ray on logarithmic axes with guides of the predicted slopes."""
    figure = style.canvas(style.PAGE, 72)
    angle, gap = figure.subplots(1, 2)
    line, mark = numbers["lam_line"], numbers["lam_mark"]
    texts = {"levels": "three levels: gap ∝ λ", "child": "child uniform: gap ∝ √λ",
             "both": "both uniform: gap ∝ ∛λ"}
    for name, colour, shape in zip(LAWS, style.SERIES, style.SHAPES, strict=True):
        extreme = float(numbers[f"extreme_{name}"])
        angle.plot(line, np.degrees(numbers[f"angle_{name}_line"]), color=colour)
        style.measured(angle, mark, np.degrees(numbers[f"angle_{name}_trained"]), colour, shape)
        angle.plot(line[[0, 14]], [np.degrees(extreme)] * 2, color=colour, linestyle=(0, (4, 2)), linewidth=0.9)
        miss = np.degrees(extreme - numbers[f"angle_{name}_line"])
        gap.plot(line, miss, color=colour)
        style.measured(gap, mark, np.degrees(extreme - numbers[f"angle_{name}_trained"]), colour, shape)
        power = LAWS[name][2]
        guide = miss[0] * 0.62 * (line / line[0]) ** power
        part = slice(2, 26)
        gap.plot(line[part], guide[part], color=colour, linewidth=0.7, linestyle=(0, (1, 1.5)))
        rise = np.degrees(np.arctan(0.72 * power))  # of the line on the page
        style.label(gap, line[6], miss[6], texts[name], colour, xytext=(-1, 5), rotation=rise, rotation_mode="anchor")
    angle.axhline(45, color=style.GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
    style.label(angle, line[0], 45, "normalised sum of the means", style.GREY, xytext=(2, 3))
    for name, text in (("both", "extreme ray, both vary"), ("child", "extreme ray, child varies")):
        style.label(angle, line[0], np.degrees(float(numbers[f"extreme_{name}"])), text, style.BLACK, xytext=(1, 4))
    for axes in (angle, gap):
        axes.set(xscale="log", xlim=(7e-6, 1), xlabel="penalty λ")
    gap.set(yscale="log", ylabel="short of the extreme ray (degrees)")
    angle.set(ylabel="angle of child's atom from parent (degrees)", ylim=(43, 74))
    style.panel(angle, "a", "from the sum to the extreme ray")
    style.panel(gap, "b", "how fast")
    return figure


FIGURE = Figure(
    name="extreme_ray", statements=("T3",),
    title="As the penalty vanishes the child's atom reaches the extreme ray of the data, not the child",
    caption="Parent e₁ always on, half of the time with its child e₂, at 90°; magnitudes about 1. Lines: the root of "
            "the stationarity equations, expectations by quadrature; markers: trained. If data within ε of the "
            "extreme ray have probability ∝ ε^q, the atom stays off it by ε ∝ λ^(1/(q+1)) (dotted guides): q = 0 for "
            "finitely many levels, 1 if the child's magnitude is uniform, 2 if the parent's is too.",
    alt="Left: the angle of the child's atom rises from near 45 degrees at large penalty to the data's extreme ray, "
        "56 or 72 degrees, as the penalty vanishes. Right: its distance from the extreme ray on logarithmic axes falls "
        "with slopes 1, one half and one third; trained markers lie on the lines.",
    agreement="trained angles (radians), objective and P(parent on | child) against T3",
    compute=compute, draw=draw,
)
