"""A1, A4: where an amortised SAE loses features that the objective keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from figures import style
from figures.base import Figure, Numbers, Picture

LAMS = np.array([0.3, 0.1, 0.06, 0.03, 0.01])
SEEDS = 1
D, M, SAMPLES, P = 16, 32, 4000, 0.06
STEPS, BATCH = 2000, 128
FOUND = 0.95  # cosine from which a feature counts as recovered
STARTS = (("constant", "random", style.VERMILION, "o"), ("anneal", "random, λ falling", style.ORANGE, "s"),
          ("truth", "from the truth", style.PURPLE, "D"))


def world(seed: int, d: int = D, m: int = M, n: int = SAMPLES, p: float = P) -> tuple[np.ndarray, np.ndarray]:
    """m random unit features in d dimensions, each on with probability p and magnitude in [1, 2]: samples, features."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((m, d))
    features /= np.sqrt((features * features).sum(axis=1, keepdims=True))
    codes = (rng.random((n, m)) < p) * rng.uniform(1, 2, (n, m))
    return (codes[:, :, None] * features).sum(axis=1), features


def recovered(atoms: np.ndarray, features: np.ndarray) -> float:
    """Share of the features that some atom matches."""
    return float(((atoms @ features.T).max(axis=0) > FOUND).mean())


def compute(*, seed: int = 0, seeds: int = SEEDS) -> Numbers:
    """Recovery and codes per sample of the exact optimum and of amortised SAEs, and the split of their excess."""
    from audits import parts, train
    from audits.accounting import Ledger, exactly, losses
    from audits.amortisation import Amortisation
    from testbed import fit
    from testbed.data import as_rows

    shape = (seeds, len(LAMS))
    numbers: dict[str, Any] = {"lams": LAMS, "exact_share": np.zeros(shape), "exact_codes": np.zeros(shape),
                               "share": np.zeros((len(STARTS), *shape)), "codes": np.zeros((len(STARTS), *shape)),
                               "encoder": np.zeros(shape), "dictionary": np.zeros(shape)}
    worst = 0.0
    for s in range(seeds):
        X, features = world(seed + s)
        for l, lam in enumerate(LAMS.tolist()):
            best = fit(X, M, lam, start=features)
            numbers["exact_share"][s, l] = recovered(best.D, features)
            numbers["exact_codes"][s, l] = best.Z.nnz / len(X)
            for k, (name, *_) in enumerate(STARTS):
                trained = train(X, M, lam, steps=STEPS, batch=BATCH, seed=s, schedule="constant" if name == "truth" else
                                name, start=features if name == "truth" else None).sae
                encoded = trained.encode(X)
                numbers["share"][k, s, l] = recovered(trained.D, features)
                numbers["codes"][k, s, l] = encoded.nnz / len(X)
            ledger, error = Ledger(["encoder", "codes"], lam), Amortisation(trained.D, lam)
            here = exactly("codes", trained.D, trained.b, lam)
            for block in parts.blocks(as_rows("figure", "X", X)):
                Z, exact = trained.encode(block), here.codes(block)
                R = block - trained.b - exact @ trained.D
                ledger.add(np.array([losses(block - trained.b - Z @ trained.D, Z, lam), losses(R, exact, lam)]))
                error.add(Z, exact, R)
            gap = ledger.difference("encoder", "codes").value
            worst = max(worst, abs(error.share.sum() / error.n - gap) / gap)
            numbers["encoder"][s, l] = gap / best.objective
            numbers["dictionary"][s, l] = ledger.mean("codes").value / best.objective - 1
    return numbers | {"deviation": worst, "tolerance": 1e-9}


@style.styled
def draw(numbers: Numbers) -> Picture:
    """Recovery, codes per sample, and the split of the excess, against lam."""
    figure = style.canvas(style.PAGE, 66)
    a, b, c = figure.subplots(1, 3)
    lams = numbers["lams"]
    a.plot(lams, 100 * numbers["exact_share"].mean(axis=0), color=style.BLUE)
    b.plot(lams, numbers["exact_codes"].mean(axis=0), color=style.BLUE)
    for k, (_, words, colour, shape) in enumerate(STARTS):
        for axes, name, unit in ((a, "share", 100), (b, "codes", 1)):
            mean = unit * numbers[name][k].mean(axis=0)
            axes.plot(lams, mean, color=colour, linewidth=0.6)
            style.measured(axes, lams, mean, colour, shape)
        style.label(a, 0.62, (32, 22, 12)[k], words, colour, ha="right")
    style.label(a, 0.0105, 106, "exact optimum", style.BLUE, ha="left")
    style.label(b, 0.0105, 2.9, "exact optimum", style.BLUE, ha="left")
    for name, colour, shape in (("encoder", style.VERMILION, "o"), ("dictionary", style.ORANGE, "s")):
        mean = 100 * numbers[name].mean(axis=0)
        mean[mean <= 0] = np.nan
        c.plot(lams, mean, color=colour, linewidth=0.6)
        style.measured(c, lams, mean, colour, shape)
    style.label(c, 0.0105, 17, "encoder", style.VERMILION)
    style.label(c, 0.037, 55, "dictionary", style.ORANGE)
    for axes in (a, b, c):
        axes.set(xscale="log", xlim=(0.0085, 0.7), xlabel="penalty λ")
    a.set(ylabel="features recovered (%)", ylim=(-4, 113))
    b.set(ylabel="codes per sample", ylim=(0, None))
    c.set(yscale="log", ylim=(0.5, 120), ylabel="excess over the optimum (%)")
    style.panel(a, "a", "recovery")
    style.panel(b, "b", "density")
    style.panel(c, "c", "from the truth: whose excess?")
    return figure


FIGURE = Figure(
    name="letting_go", statements=("A1", "A4"),
    title="As λ falls an amortised SAE lets go of features that the objective keeps, even when it starts at the truth",
    caption="32 random features in 16 dimensions. (a) The exact optimum recovers all of them at every λ; "
            "an SAE with a ReLU encoder, trained by Adam, loses them as λ falls, from random starts, with λ lowered "
            "step by step, and from the true dictionary. (b) Its codes become dense instead. (c) For the SAE that "
            "started at the truth: what its encoder loses against exact codes on its own dictionary, and what its "
            "dictionary loses against the optimum. At small λ the diffuse dictionary is the encoder's choice.",
    alt="Three panels against the penalty. A blue line of full recovery stays at 100 percent while three orange and "
        "purple curves fall to zero below lambda 0.1. Codes per sample rise from 3 to 16 as lambda falls. The excess "
        "of encoder and dictionary both grow as lambda falls.",
    agreement="costs of wrong codes, summed over atoms, against the amortisation gap, relative",
    compute=compute, draw=draw,
)
