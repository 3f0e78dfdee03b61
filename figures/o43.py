"""Question O43: exact minimisers beside amortised SAEs, drawn from a committed table of a sweep, never computed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

TABLE = Path(__file__).with_suffix(".csv")  # `testbed collect` of designs/o43_reduced.toml; an installed copy has it
STARTS = (("truth", "from the truth", style.BLUE, "o"), ("merged", "merged", style.GREEN, "s"),
          ("data", "random", style.VERMILION, "D"))
AMORTISED = (("constant", "amortised, constant λ", style.VERMILION, "s"),
             ("anneal", "amortised, λ falling", style.ORANGE, "D"))
FATES = (("free", "free_recovered", "free"), ("parents", "parents_recovered", "parents"),
         ("children", "children_recovered", "children"), ("merged", "pairs_merged", "children"))
Z = 1.959964  # two-sided 95 %


def interval(found: Any, total: Any) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's 95 % interval of a share found/total; NaN where there is nothing to find. Not degenerate at 0 and 1."""
    k, n = np.asarray(found, float), np.asarray(total, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / n
        centre, half = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        low, high = (centre - half) / (1 + Z**2 / n), (centre + half) / (1 + Z**2 / n)
    none = np.where(n > 0, 1.0, np.nan)
    return np.maximum(low, 0) * none, np.minimum(high, 1) * none


def table() -> list[dict[str, str]]:
    """The rows of the committed table."""
    import csv

    with TABLE.open(newline="") as stream:
        return list(csv.DictReader(stream))


def compute() -> Numbers:
    """Read the table: shares by start, penalty and nesting, objectives above the least, and the amortised SAEs'."""
    rows = table()
    exact = [row for row in rows if row["method"] == "exact"]
    sae = [row for row in rows if row["method"] == "amortised"]
    lams, gammas = (np.unique([float(row[name]) for row in exact]) for name in ("lam", "world.gamma"))
    shape = (len(STARTS), len(lams), len(gammas))
    objective, counts = np.full(shape, np.nan), np.zeros((*shape, len(FATES), 2))
    for row in exact:
        at = ([name for name, *_ in STARTS].index(row["start"]), int(np.searchsorted(lams, float(row["lam"]))),
              int(np.searchsorted(gammas, float(row["world.gamma"]))))
        objective[at] = float(row["objective"])
        counts[at] += [[int(row[found]), int(row[total])] for _, found, total in FATES]
    sae_lams = np.unique([float(row["lam"]) for row in sae])
    free, codes = np.zeros((len(AMORTISED), len(sae_lams), 2)), np.full((len(AMORTISED), len(sae_lams)), np.nan)
    for row in sae:
        at2 = ([name for name, *_ in AMORTISED].index(row["schedule"]), int(np.searchsorted(sae_lams, float(row["lam"]))))
        free[at2] += [int(row["free_recovered"]), int(row["free"])]
        codes[at2] = float(row["encoder_codes"])
    exact_codes = np.array([np.mean([float(row["codes"]) for row in exact if float(row["lam"]) == lam
                                     and float(row["world.gamma"]) == float(sae[0]["world.gamma"])]) for lam in lams])
    worst = max(float(row["stationarity"]) for row in exact)
    return {"lams": lams, "gammas": gammas, "objective": objective, "above": objective / objective.min(axis=0) - 1,
            "counts": counts, "sae_lams": sae_lams, "sae_gamma": float(sae[0]["world.gamma"]), "sae_free": free,
            "sae_codes": codes, "exact_codes": exact_codes, "deviation": worst, "tolerance": 1e-10}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Left what became of features in exact optima, middle recovery against the penalty, right objectives by start."""
    figure = style.canvas(style.PAGE, 70)
    a, b, c = figure.subplots(1, 3)
    gammas, lams = numbers["gammas"], numbers["lams"]
    smallest = numbers["counts"][:, 0].sum(axis=0)  # over starts, at the smallest penalty
    names = [name for name, *_ in FATES]
    width = 0.8 / len(gammas)
    for g, (gamma, colour) in enumerate(zip(gammas, style.SERIES, strict=False)):
        found, total = smallest[g, :, 0], smallest[g, :, 1]
        low, high = interval(found, total)
        share = np.where(total > 0, found / np.where(total > 0, total, 1), np.nan)
        x = np.arange(len(FATES)) + (g - (len(gammas) - 1) / 2) * width
        a.bar(x, 100 * share, width * 0.9, color=colour, linewidth=0)
        a.errorbar(x, 100 * share, 100 * np.array([share - low, high - share]).clip(0), fmt="none", ecolor=style.BLACK,
                   elinewidth=0.7)
        style.label(a, 0.98, 0.9 - 0.09 * g, f"γ = {gamma:g}", style.INK.get(colour, colour), ha="right",
                    xycoords="axes fraction")
    a.set(xticks=np.arange(len(FATES)), xticklabels=names, ylabel="of them, recovered or merged (%)", ylim=(0, 128))
    at = int(np.searchsorted(gammas, float(numbers["sae_gamma"])))
    exact = numbers["counts"][:, :, at, 0].sum(axis=0)
    b.plot(lams, 100 * exact[:, 0] / exact[:, 1], color=style.BLUE)
    style.measured(b, lams, 100 * exact[:, 0] / exact[:, 1], style.BLUE, "o")
    style.label(b, lams[0], 106, "exact", style.BLUE, ha="left")
    for k, (_, words, colour, shape) in enumerate(AMORTISED):
        found, total = numbers["sae_free"][k].T
        low, high = interval(found, total)
        share = found / total
        b.plot(numbers["sae_lams"], 100 * share, color=colour, linewidth=0.6)
        b.errorbar(numbers["sae_lams"], 100 * share, 100 * np.array([share - low, high - share]).clip(0), fmt="none",
                   ecolor=colour, elinewidth=0.7)
        style.measured(b, numbers["sae_lams"], 100 * share, colour, shape)
        style.label(b, 0.04, 0.72 - 0.09 * k, words, style.INK.get(colour, colour), xycoords="axes fraction")
    b.set(xscale="log", xlabel="penalty λ", ylabel="free features recovered (%)", ylim=(-4, 118))
    floor = 1e-13
    for s, (_, words, colour, shape) in enumerate(STARTS):
        for l in range(len(lams)):
            x = np.arange(len(gammas)) + (s - 1) * 0.22 + l * 4 * 0
            style.measured(c, x + (len(gammas) + 0.6) * l, np.maximum(numbers["above"][s, l], floor), colour, shape)
        style.label(c, 0.04, 0.92 - 0.09 * s, words, style.INK.get(colour, colour), xycoords="axes fraction")
    ticks = [g + (len(gammas) + 0.6) * l for l in range(len(lams)) for g in range(len(gammas))]
    c.set(yscale="log", ylim=(floor / 3, 10), ylabel="F above the least of the starts (relative)", xticks=ticks,
          xticklabels=[f"{g:g}" for _ in lams for g in gammas],
          xlabel="γ, at λ = " + " and ".join(f"{lam:g}" for lam in lams))
    style.panel(a, "a", f"exact optima, λ = {lams[0]:g}")
    style.panel(b, "b", f"γ = {float(numbers['sae_gamma']):g}: who lets go")
    style.panel(c, "c", "do starts agree?")
    return figure
