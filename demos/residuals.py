"""Residuals: averaged by an atom's own activity they point along it, at optima only (S1, S3)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Residuals")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from generators import make
    from properties import check
    from properties.theory import statements
    from testbed import Optimum, fit

    return Optimum, check, fit, make, mo, np, statements, style


@app.cell
def _(mo, statements):
    mo.md(f"""
    # What an optimum leaves over is not noise

    Fit a dictionary, and look at its residuals r = x − zD.

    > S1: {statements()["S1"].statement}

    > S3: {statements()["S3"].statement}

    Compare the trained dictionary with the true features of the same world: those are not optimal, and their residuals
    do not balance.
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "world": mo.ui.dropdown(["hierarchical", "independent", "correlated_pair", "nested_pair"], "hierarchical",
                                label="world"),
        "lam": mo.ui.slider(0.02, 0.4, 0.02, value=0.1, show_value=True, label="penalty λ"),
        "m": mo.ui.slider(1, 8, 1, value=5, show_value=True, label="atoms m"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    world, lam, m = (controls[name].value for name in ("world", "lam", "m"))
    return lam, m, world


@app.cell
def _(Optimum, fit, lam, m, make, world):
    toy = make(world, n_features=5) if world == "independent" else make(world)
    sample = toy.exact()
    optimum = fit(sample.X, n_atoms=m, lam=lam, weights=sample.weights)
    truth = Optimum.at(optimum.problem, sample.features)
    return optimum, truth


@app.cell
def _(np):
    def balance(dictionary):
        """|E_j[r] - lam d_j| / lam for every live atom (S1)."""
        w, lam = dictionary.problem.weights, dictionary.problem.lam
        pull = (dictionary.Z.toarray() * w[:, None])[:, dictionary.live] / dictionary.mu[dictionary.live]
        return np.linalg.norm(pull.T @ dictionary.R / lam - dictionary.D[dictionary.live], axis=1)

    def slope(dictionary):
        """Both sides of S3, flattened: E[r' zD] and lam D' diag(mu) D."""
        w, D = dictionary.problem.weights, dictionary.D
        measured = (dictionary.R * w[:, None]).T @ (dictionary.Z @ D)
        return measured.ravel(), (dictionary.problem.lam * D.T @ (dictionary.mu[:, None] * D)).ravel()

    return balance, slope


@app.cell
def _(balance, optimum, truth):
    off = {"trained": float(balance(optimum).max()), "true features": float(balance(truth).max())}
    return (off,)


@app.cell
def _(mo, optimum, slope, style, truth):
    @style.styled
    def _draw(_):
        figure = style.canvas(style.PAGE, 75)
        for axes, dictionary, letter, words in zip(figure.subplots(1, 2, sharex=True, sharey=True), (optimum, truth),
                                                   "ab", ("trained", "the true features"), strict=True):
            measured, predicted = slope(dictionary)
            ends = [min(predicted), max(predicted)]
            axes.plot(ends, ends, color=style.GREY)
            style.measured(axes, predicted, measured, style.BLUE)
            axes.set(xlabel="λ Dᵀ diag(μ) D", ylabel="E[rᵀ zD]")
            style.panel(axes, letter, words)
        return figure

    mo.image(style.encode(_draw({}))[".png"],
             alt="Entries of both sides of S3: on the line for the trained dictionary, off it for the true features.")


@app.cell
def _(check, mo, off, optimum, truth):
    reports = check(optimum), check(truth)
    mo.vstack([
        mo.md(f"Largest |E_j[r] − λ d_j| / λ: trained {off['trained']:.0e}; true features "
              f"{off['true features']:.2g}. All statements at the trained dictionary, then at the true features:"),
        mo.plain_text(str(reports[0])), mo.plain_text(str(reports[1])),
    ])
    return (reports,)


if __name__ == "__main__":
    app.run()
