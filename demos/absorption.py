"""Absorption: a child's atom takes over its parent, and how far it turns (S6, T3)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Absorption")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from generators import nested_pair
    from generators.magnitudes import discrete
    from properties import check, fates
    from properties.theory import statements
    from testbed import fit

    return check, discrete, fit, mo, nested_pair, np, statements, style, fates


@app.cell
def _(mo, statements):
    mo.md(f"""
    # A parent goes silent on its children

    A parent e₁ always fires. With probability ρ its child e₂ joins it. Wherever the child's atom is on, the parent's
    feature is on too, and S6 says what an optimum does about that:

    > {statements()["S6"].statement}

    So the child's atom leaves e₂ and turns towards the parent, until the parent's own atom can be silent there.
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "rho": mo.ui.slider(0.1, 0.9, 0.1, value=0.5, show_value=True, label="ρ = P(child | parent)"),
        "lam": mo.ui.slider(0.02, 0.4, 0.02, value=0.1, show_value=True, label="penalty λ"),
        "spread": mo.ui.slider(0.0, 0.9, 0.1, value=0.5, show_value=True, label="spread of the child's magnitude"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    rho, lam, spread = (controls[name].value for name in ("rho", "lam", "spread"))
    return lam, rho, spread


@app.cell
def _(discrete, fit, lam, nested_pair, np, rho, spread):
    magnitudes = 1 + spread * np.linspace(-1, 1, 41)
    law = discrete(magnitudes, np.full(41, 1 / 41)) if spread else 1.0
    world = nested_pair(rho=rho, child_magnitude=law)
    sample = world.exact()
    optimum = fit(sample.X, n_atoms=2, lam=lam, weights=sample.weights)
    predicted = world.predict(lam)
    return optimum, predicted, sample


@app.cell
def _(np, optimum, sample):
    angles = np.sort(np.degrees(np.arctan2(optimum.D[:, 1], optimum.D[:, 0])))  # from the parent
    extreme = float(np.degrees(np.arctan2(sample.X[:, 1], sample.X[:, 0]).max()))  # ray of the cone that holds the data
    return angles, extreme


@app.cell
def _(mo, np, optimum, sample, style):
    @style.styled
    def _draw(_):
        figure = style.canvas(style.COLUMN, 80)
        axes = figure.subplots()
        style.square(axes, 0.95, (0.7, 0.7))
        axes.plot(*sample.X.T, "o", color=style.GREY, markersize=3)
        axes.plot([0, 0], [0, 1], ":", color=style.GREY)
        style.label(axes, 0.03, 1.02, "child e₂", style.GREY)
        for j, colour in zip(np.argsort(optimum.D[:, 1]), style.SERIES, strict=False):
            style.arrow(axes, (0, 0), optimum.D[j], colour)
            style.label(axes, *optimum.D[j], f"atom {j}", colour, xytext=(4, -10))
        return figure

    mo.image(style.encode(_draw({}))[".png"], width=420,
             alt="Data of the parent alone and with its child; one atom along the parent, one between the two.")


@app.cell
def _(angles, check, extreme, mo, optimum, predicted, sample, fates):
    found = fates(optimum, sample)
    gap = optimum.objective - predicted.objective
    report = check(optimum)
    mo.vstack([
        mo.md(f"The atoms are at {angles[0]:.2f}° and {angles[1]:.2f}° from the parent (feature 0; the child is "
              f"feature 1). What became of the features: {'; '.join(map(str, found))}."),
        mo.md(f"The child's atom lies between the normalised sum, 45°, and the extreme ray of the data, "
              f"{extreme:.2f}°: {extreme - angles[1]:.2f}° short of it. Make λ small to see it approach."),
        mo.md(f"Objective {optimum.objective:.10f}, which is T3's to {abs(gap):.0e}. Every statement at this optimum:"),
        mo.plain_text(str(report)),
    ])
    return found, gap, report


if __name__ == "__main__":
    app.run()
