"""N6, N8, N9, T8-T10: worlds against objectives: which keeps the truth, and what the truth costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture, deviation

WORLDS = ("hierarchical", "correlated", "antipodal", "dense")
PRICES = ("l1(lam=0.1)", "energy(lam=0.1, tau=0.3)", "log(lam=0.1, eps=0.5)", "mcp(lam=0.1, gamma=4)", "l0(lam0=0.02)",
          "topk(k=1)", "topk(k=2)")
NAMES = ("L1", "energy", "log", "MCP", "L0", "TopK 1", "TopK 2")
COLOURS = {"kept": style.GREEN, "turned": style.SKY, "absorbed": style.VERMILION, "merged": style.PURPLE,
           "flat": style.ORANGE, "moved": style.VERMILION}


def worlds(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, float]]:
    """Points, weights, which points have both features, and the angle of the second feature, by name."""
    from generators import correlated_pair, nested_pair

    rng = np.random.default_rng(seed)
    loud, quiet = (np.sort(rng.uniform(low, high, 2)).tolist() for low, high in ((1.2, 2.0), (0.6, 1.0)))
    nested = nested_pair(float(rng.uniform(0.3, 0.5)), magnitude=f"discrete({loud})",
                         child_magnitude=f"discrete({quiet})").exact()
    alpha = float(rng.uniform(0.25, 0.4))
    pair = correlated_pair(alpha, float(rng.uniform(0.3, 0.9)) * (1 - 2 * alpha)).exact()
    angle = math.radians(150)
    opposed = np.array([[a * math.cos(t), a * math.sin(t)] for t in (0, angle) for a in loud])
    p = rng.dirichlet(np.full(4, 5.0))
    found = {}
    for name, s in (("hierarchical", nested), ("correlated", pair)):
        some = s.X.any(axis=1)
        w = s.weights[some] / s.weights[some].sum()
        found[name] = (s.X[some], w, s.codes[some].all(axis=1), math.pi / 2)
    return found | {"antipodal": (opposed, p, np.zeros(4, dtype=bool), angle)}


def dense(seed: int) -> Any:
    """One feature that is on four times in five, with five magnitudes."""
    from generators import antipodal

    rng = np.random.default_rng([seed, 1])
    values, mass = np.sort(rng.uniform(0.5, 3, 5)), rng.dirichlet(np.full(5, 4.0))
    return antipodal(1, f"discrete({values.tolist()}, {mass.tolist()})", p=0.8, directions=[[1.0, 0.0]])


def compute(*, seeds: int = 2, seed: int = 0) -> Numbers:
    """The best pair of atoms, its verdict, by how much the truth costs more, by world, price and seed."""
    from generators.plane.atoms import unit
    from generators.plane.priced import minima, objectives, regime
    from testbed import Optimum, Problem
    from testbed.penalties import TopK, parse

    shape = (len(WORLDS), len(PRICES), seeds)
    numbers: dict[str, Any] = {"verdict": np.full(shape, "", dtype="U8"), "turn": np.full(shape, np.nan),
                               "F": np.full(shape, np.nan), "truth": np.full(shape, np.nan)}
    again = np.full(shape, np.nan)
    for s in range(seeds):
        for i, name in enumerate(WORLDS[:3]):
            X, w, together, second = worlds(seed + s)[name]
            for k, price in enumerate(map(parse, PRICES)):
                best = minima(price, X, w, most=2)[0]
                told = regime(best, together, 0.0, second)
                turn = float(np.degrees(np.abs(best.angles - [0.0, second]).max()))
                numbers["verdict"][i, k, s] = {"faithful": "kept", "tilted": "turned"}.get(told, told)
                numbers["turn"][i, k, s] = np.nan if told == "flat" else turn
                numbers["F"][i, k, s] = best.objective
                numbers["truth"][i, k, s] = objectives(price, X, w, np.array(0.0), np.array(second))
                again[i, k, s] = Optimum.at(Problem(X, weights=w, penalty=price), unit(best.angles)).objective
        world = dense(seed + s)
        sample = world.exact()
        for k, price in enumerate(map(parse, PRICES)):
            if not price.concave or isinstance(price, TopK):
                continue  # no exact answer (T10); any bias does under TopK
            found = world.predict(penalty=price)
            distance = np.abs(sample.codes[:, 0])
            numbers["F"][3, k, s], numbers["truth"][3, k, s] = found.objective, sample.weights @ price.floor(distance)
            moved = float(found.values["location"])
            numbers["verdict"][3, k, s] = "kept" if abs(moved) < 3 * price.unit else "moved"
            numbers["turn"][3, k, s] = moved
            again[3, k, s] = Optimum.at(Problem(sample.X, weights=sample.weights, penalty=price, bias=True), found.D,
                                        found.b).objective
    return numbers | {"deviation": deviation(again, np.where(np.isnan(again), np.nan, numbers["F"])), "tolerance": 1e-9}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """A table: verdict, and what the truth costs above the optimum."""
    figure = style.canvas(style.PAGE, 78)
    axes = figure.subplots()
    for i in range(len(WORLDS)):
        for k in range(len(PRICES)):
            verdicts = [str(v) for v in numbers["verdict"][i, k] if str(v)]
            if not verdicts:
                style.label(axes, k + 0.5, i + 0.5, "–", style.GREY, ha="center", va="center")
                continue
            word = verdicts[0] if len(set(verdicts)) == 1 else "/".join(sorted(set(verdicts)))
            axes.fill([k + 0.04, k + 0.96, k + 0.96, k + 0.04], [i + 0.05, i + 0.05, i + 0.95, i + 0.95],
                      color=COLOURS[verdicts[0]], alpha=0.22, linewidth=0)
            F, truth, turn = (np.asarray(numbers[name][i, k]) for name in ("F", "truth", "turn"))
            more = 100 * (truth.mean() / F.mean() - 1) if F.mean() > 1e-12 else 0.0
            far = "" if np.isnan(turn).all() else (f"b at {np.nanmean(turn):.1f}" if WORLDS[i] == "dense" else
                                                   f"{np.nanmean(turn):.0f}°")
            style.label(axes, k + 0.5, i + 0.3, word, style.BLACK, ha="center", va="center", fontweight="bold")
            style.label(axes, k + 0.5, i + 0.54, far, style.BLACK, ha="center", va="center")
            style.label(axes, k + 0.5, i + 0.76, f"truth +{more:.0f} %" if more > 0.5 else "truth +0", style.BLACK,
                        ha="center", va="center")
    axes.set(xlim=(0, len(PRICES)), ylim=(len(WORLDS), 0))
    axes.set_xticks(np.arange(len(PRICES)) + 0.5, NAMES)
    axes.set_yticks(np.arange(len(WORLDS)) + 0.5, WORLDS)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


FIGURE = Figure(
    name="objectives_atlas", statements=("N6", "N8", "N9", "T8", "T9", "T10"),
    title="Free codes keep correlated features apart; no objective keeps a hierarchy, or a dense feature's zero",
    caption="Rows: worlds of two features (a parent and its child; a correlated pair; two features at 150 degrees "
            "that exclude each other; one dense feature with a fitted bias). Columns: objectives. Each cell: what the"
            " optimum does with the truth, by how many degrees its atoms are off (dense: where the bias is; the true "
            "zero is 0), and how much more the truth costs, the mean over two draws of each world. Flat: the optimum "
            "is not unique. A dash: no exact answer.",
    alt="A table of four worlds by seven objectives. Hierarchies are absorbed under L1, log, MCP, L0 and TopK 1, "
        "turned or absorbed under energy, flat under TopK 2. Correlated pairs are kept under log, MCP and L0, turned "
        "under L1 and energy. Exclusive features at 150 degrees are kept by all but TopK 2. Dense features move the "
        "bias.",
    agreement="the objective with exact codes against the search and T10",
    compute=compute, draw=draw,
)
