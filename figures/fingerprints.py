"""A1, A2: the price that each latent behaves as if it paid, and where the loss of three SAEs goes."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

LAM, K, SAMPLES, FRESH, STEPS, BATCH = 0.1, 3, 12_000, 6_000, 3000, 256
KINDS = (("relu", "ReLU, trained with λ = 0.1", style.BLUE, "o"), ("topk", "TopK, k = 3", style.VERMILION, "s"),
         ("jumprelu", "JumpReLU", style.GREEN, "D"))
PARTS = (("amortisation", style.VERMILION, "encoder"), ("dictionary", style.ORANGE, "dictionary"),
         ("basin", style.SKY, "basin"))


def compute(*, lam: float = LAM, k: int = K, seed: int = 0) -> Numbers:
    """Audits of three SAEs of our own on a tree of 20 features: prices per latent, and the split of the excess."""
    from audits import audit, train
    from generators import tree

    world = tree()
    X, fresh = world.sample(SAMPLES, seed).X, world.sample(FRESH, seed + 1).X
    numbers: dict[str, Any] = {"lam": lam}
    worst = 0.0
    for kind, *_ in KINDS:
        trained = train(X, 20, 0.05 if kind == "jumprelu" else lam, kind=kind, k=k, steps=STEPS, batch=BATCH,
                        seed=seed).sae
        found = audit(trained, fresh, lam, restarts=1, seed=seed)
        whole = found.objective["encoder"].value - found.objective["floor"].value
        worst = max(worst, abs(sum(part.value for part in found.gap.values()) / whole - 1))
        numbers |= {f"{kind}_{name}": found.atoms[f"encoder_{name}"] for name in ("price", "price_error", "rate")}
        numbers[f"{kind}_gap"] = np.array([found.gap[name].value for name, *_ in PARTS]) / found.objective["best"].value
        numbers[f"{kind}_gap_error"] = np.array([found.gap[name].standard_error for name, *_ in PARTS]) / (
            found.objective["best"].value)
        numbers[f"{kind}_median"] = found.price.median
    return numbers | {"deviation": worst, "tolerance": 1e-9}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Prices against firing rates, and three bars of parts."""
    figure = style.canvas(style.PAGE, 66)
    a, b = figure.subplots(1, 2, width_ratios=[1.5, 1])
    a.axhline(float(numbers["lam"]), color=style.GREY, linewidth=0.8)
    a.axhline(0, color=style.GREY, linewidth=0.8)
    for place, (kind, words, colour, shape) in enumerate(KINDS):
        price, rate, error = (numbers[f"{kind}_{name}"] for name in ("price", "rate", "price_error"))
        seen = np.isfinite(price) & (rate > 0)
        a.errorbar(rate[seen], price[seen], yerr=2 * error[seen], linestyle="none", color=style.PALE, zorder=1)
        style.measured(a, rate[seen], price[seen], colour, shape)
        a.text(0.98, 0.78 - 0.08 * place, words, transform=a.transAxes, ha="right", fontsize=style.SMALL,
               color=style.INK.get(colour, colour))
        left = 0.0
        for i, (_, paint, _) in enumerate(PARTS):
            part = 100 * max(float(numbers[f"{kind}_gap"][i]), 0)
            b.barh(place, part, left=left, height=0.55, color=paint, edgecolor="white", linewidth=0.6)
            left += part
        style.label(b, left, place, "below 0.01 %" if left < 0.01 else f"{left:.0f} %", va="center", xytext=(3, 0))
    a.set(xlabel="share of samples on which the latent fires", ylabel="implied price ⟨Eⱼ[r], dⱼ⟩", xscale="log")
    a.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    a.set_xticks([], minor=True)
    b.set(yticks=range(3), yticklabels=["ReLU", "TopK", "JumpReLU"], xlabel="loss above the best dictionary (%)",
          ylim=(2.6, -1.0), xlim=(0, 125 * max(numbers[f"{kind}_gap"].sum() for kind, *_ in KINDS)))
    for i, (_, paint, words) in enumerate(PARTS):
        b.text(0.02 + 0.33 * i, 0.95, words, transform=b.transAxes, fontsize=style.SMALL, va="top",
               color=style.INK.get(paint, paint))
    style.panel(a, "a", "a fingerprint of the objective")
    style.panel(b, "b", "whose loss?")
    return figure


FIGURE = Figure(
    name="fingerprints", statements=("A1", "A2"),
    title="The price a latent behaves as if it paid tells the objective that trained it, without a configuration file",
    caption="Three SAEs on a tree of 20 features, audited on fresh samples. (a) ⟨Eⱼ[r], dⱼ⟩ at the SAE's own codes: λ "
            "for every latent under an L1 penalty, 0 under TopK and JumpReLU; bars are two standard errors. (b) Loss "
            "above the best dictionary found, at λ = 0.1: the encoder's part, the unfinished dictionary's, the "
            "basin's. For TopK and JumpReLU that λ was never paid: theirs is the loss of another objective.",
    alt="Two panels. Blue circles lie on a line at 0.1, orange squares and green diamonds near zero. Three bars: the "
        "ReLU SAE loses little, TopK and JumpReLU much more.",
    agreement="the parts of the excess, summed, against the whole, relative",
    compute=compute, draw=draw,
)
