"""V1, V2, V3, V5: lower bounds for dictionaries of every width, and what they certify about trained ones."""

from __future__ import annotations

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

LAM = 0.2
WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16)


def data(n: int, d: int, seed: int) -> np.ndarray:
    """n unit vectors in d dimensions."""
    X = np.random.default_rng(seed).standard_normal((n, d))
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True))


def compute(*, lam: float = LAM, seed: int = 1) -> Numbers:
    """P along the price by two routes and its signed bound; trained dictionaries with floor and class bound."""
    from testbed import Problem, convex_fit, fit, gap, lower_bound

    plane = Problem(data(12, 2, seed), lam)
    taus = np.r_[0.0, np.geomspace(0.02, 0.7, 10)]
    bound = np.array([lower_bound(plane, float(tau)).value for tau in taus])
    signed = np.array([lower_bound(plane, float(tau), nonnegative=False).value for tau in taus])
    best = [convex_fit(plane, float(tau)) for tau in taus]
    optimum = np.array([found.objective for found in best])

    X = data(16, 4, seed)
    optima = [fit(X, m, lam, restarts=8) for m in WIDTHS]
    gaps = [gap(o) for o in optima]
    F, floor = np.array([o.objective for o in optima]), np.array([g.floor for g in gaps])
    own = np.array([g.class_bound for g in gaps])
    limit = F[-1] - own[-1]
    return {
        "tau": taus, "bound": bound, "signed": signed, "optimum_measured": optimum, "huber": plane.huber_floor,
        "certified": [found.gap for found in best], "atoms": [len(found.D) for found in best],
        "m": WIDTHS, "F": F, "floor": floor, "class_bound": own, "activity": [g.activity for g in gaps],
        "gap_at_limit": limit,
        "deviation": max(float(np.abs(optimum - bound).max()), float(np.maximum(own - F, 0).max()), float(limit)),
        "tolerance": 1e-7,
    }


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Bounds along the price, bounds beside trained dictionaries, and the gaps."""
    figure = style.canvas(style.PAGE, 66)
    price, width, gaps = figure.subplots(1, 3)

    tau, bound, signed = (np.asarray(numbers[key]) for key in ("tau", "bound", "signed"))
    price.fill_between(tau, signed, bound, color=style.ORANGE, alpha=0.25, linewidth=0)
    price.plot(tau, bound, color=style.BLUE)
    price.plot(tau, signed, color=style.VERMILION, linestyle=(0, (4, 2)))
    style.measured(price, tau, numbers["optimum_measured"], style.BLUE)
    price.set(xlabel="price τ", ylabel="objective with price, F at τ", xlim=(-0.02, 0.72), ylim=(0, 1.1 * bound.max()))
    price.axhline(float(numbers["huber"]), color=style.GREY, linewidth=0.9, zorder=0)
    style.label(price, 0.72, float(numbers["huber"]), "floor E[h(|x|)]", style.GREY, ha="right", va="top",
                xytext=(0, -3))
    style.label(price, 0.0, 0.5, "best of\nany width", style.BLUE, va="top")
    style.label(price, 0.44, float(np.interp(0.44, tau, signed)), "signed bound", style.VERMILION, va="top",
                xytext=(2, -6))
    at = (0.27, float(0.5 * (np.interp(0.27, tau, bound) + np.interp(0.27, tau, signed))))
    price.plot([at[0], 0.36], [at[1], 0.27], color="#9a6a00", linewidth=0.7)
    style.label(price, 0.36, 0.27, "cost of nonneg-\nativity", "#9a6a00", va="center", xytext=(2, -3))
    style.panel(price, "a", "two routes, one optimum")

    m, F, floor, own = (np.asarray(numbers[key]) for key in ("m", "F", "floor", "class_bound"))
    width.fill_between(m, own, F, color=style.SKY, alpha=0.3, linewidth=0)
    width.plot(m, own, color=style.GREEN)
    width.plot(m, floor, color=style.GREY, linewidth=0.9)
    style.measured(width, m, F, style.BLACK)
    width.set(xlabel="atoms m", ylabel="objective F", xlim=(0.3, 16.7), ylim=(0.45 * floor[0], 1.06 * F[0]),
              xticks=[1, 4, 8, 12, 16])
    style.label(width, 3.3, F[2], "trained", style.BLACK, xytext=(3, 3))
    width.plot([2.2, 2.2], [0.155, np.interp(2.2, m, own)], color=style.GREEN, linewidth=0.7)
    style.label(width, 1, 0.15, "none of no more activity is below", style.GREEN, va="top")
    style.label(width, 16.5, floor[0], "none at all is below", style.GREY, ha="right", va="top",
                xytext=(0, -3))
    style.panel(width, "b", "trained dictionaries between bounds")

    least = 1e-16
    gaps.plot(m, np.maximum(F - floor, least), color=style.GREY, linewidth=0.9)
    gaps.plot(m, np.maximum(F - own, least), color=style.GREEN)
    style.measured(gaps, m, np.maximum(F - own, least), style.GREEN)
    gaps.set(yscale="log", xlabel="atoms m", ylabel="certified gap", xlim=(0.3, 16.7), ylim=(1e-16, 2),
             xticks=[1, 4, 8, 12, 16])
    style.label(gaps, 3, 2e-1, "to the floor", style.GREY, xytext=(4, 6))
    style.label(gaps, 1, 3e-3, "to the bound for its activity", style.GREEN, va="top")
    limit = float(numbers["gap_at_limit"])
    style.label(gaps, 16, limit, f"wide limit:\n{limit:.0e}", style.BLACK, ha="right", va="center", xytext=(-8, 0))
    style.panel(gaps, "c", "what is certified")
    return figure


FIGURE = Figure(
    name="any_width", statements=("V1", "V2", "V3", "V5"),
    title="A convex problem bounds dictionaries of every width: a trained one carries a certificate of how far off it"
          " is",
    caption="(a) Twelve unit vectors in the plane, λ = 0.2: the doubly nonnegative bound (line), proved from its "
            "dual, and the dictionary found by adding atoms (markers), proved optimal by a search of all directions, "
            "agree at every price τ on activity; at τ = 0 both are the Huber floor. Without elementwise nonnegativity"
            " the bound is lower (dashed). (b) Sixteen vectors in four dimensions: trained dictionaries, the floor, "
            "and the bound for all dictionaries of no more activity ΣE[z²]/E[z], which follows them down. (c) The "
            "gaps that are left: about a third to three fifths of that to the floor, and rounding alone once every "
            "point has its own atom.",
    alt="Three panels. In the first, markers lie on a rising line that starts at the Huber floor, and a dashed line "
        "for the signed bound lies well below it. In the second, objectives of trained dictionaries fall with the "
        "number of atoms, a bound follows below them, and both reach the flat floor at sixteen atoms. In the third, "
        "on a log scale, gaps fall from about a tenth to a few hundredths and then to rounding at sixteen atoms.",
    agreement="two routes to the optimum of any width, bounds below trained dictionaries, and the gap at the wide "
              "limit",
    compute=compute, draw=draw,
)
