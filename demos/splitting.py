"""Splitting: an exclusive parent has no atom of its own, and children share atoms until there are enough (T4, M2)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Splitting")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from generators import exclusive_children
    from properties.m2_splitting import splitting_slopes
    from properties.theory import statements
    from testbed import path

    return exclusive_children, mo, np, path, splitting_slopes, statements, style


@app.cell
def _(mo, statements):
    mo.md(f"""
    # Features split as the dictionary grows

    A parent fires always, each time with exactly one of k children. The children are not equally likely. With k atoms:

    > {statements()["T4"].statement}

    With fewer atoms, children share. What the next atom would do shows in what splitting an atom gains:

    > {statements()["M2"].statement}
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "k": mo.ui.slider(2, 6, 1, value=4, show_value=True, label="children k"),
        "m": mo.ui.slider(1, 6, 1, value=3, show_value=True, label="atoms m (at most k)"),
        "lam": mo.ui.slider(0.05, 0.5, 0.05, value=0.3, show_value=True, label="penalty λ"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    k, m, lam = (controls[name].value for name in ("k", "m", "lam"))
    return k, lam, m


@app.cell
def _(exclusive_children, k, lam, np, path):
    shares = np.arange(k, 0, -1) + 1.0
    world = exclusive_children(k=k, probabilities=shares / shares.sum())
    sample = world.exact()
    widths = path(sample.X, list(range(1, k + 1)), lam, weights=sample.weights, restarts=12)
    predicted = world.predict(lam)
    return predicted, sample, widths


@app.cell
def _(k, m, np, sample, splitting_slopes, widths):
    optimum = widths.optima[min(m, k) - 1]
    child = np.argmax(sample.codes[:, 1:], axis=1)  # of every point
    serves = optimum.Z.toarray()[np.argsort(child)]  # (children, atoms)
    slopes, _ = splitting_slopes(optimum)
    return optimum, serves, slopes


@app.cell
def _(k, mo, np, serves, style, widths):
    @style.styled
    def _draw(_):
        figure = style.canvas(style.PAGE, 65)
        left, right = figure.subplots(1, 2)
        point, atom = np.nonzero(serves)
        left.scatter(point, atom, s=90 * serves[point, atom], color=style.BLUE)
        left.set(xlim=(-0.5, k - 0.5), ylim=(serves.shape[1] - 0.5, -0.5), xticks=range(k), xlabel="child",
                 yticks=range(serves.shape[1]), ylabel="atom")
        style.panel(left, "a", "who codes whom (area: the code)")
        right.plot(range(1, k + 1), widths.objectives - widths.floors, color=style.BLACK, marker="o")
        right.plot([serves.shape[1]], [(widths.objectives - widths.floors)[serves.shape[1] - 1]], "o",
                   markerfacecolor="white", color=style.VERMILION, markersize=8)
        right.axhline(0, color=style.GREY, linewidth=0.6)
        right.set(xticks=range(1, k + 1), xlabel="atoms m", ylabel="objective above the Huber floor")
        style.panel(right, "b", "what each further atom is worth")
        return figure

    mo.image(style.encode(_draw({}))[".png"],
             alt="Which atom codes which child, and the objective against the width.")


@app.cell
def _(k, mo, np, optimum, predicted, slopes, widths):
    at_floor = abs(widths.objectives[-1] - predicted.objective)
    most = int(np.argmax(slopes))
    next_split = ("no atom gains from splitting: the wide limit is reached (G2)" if slopes[most] < 1e-9 else
                  f"splitting atom {most} gains most, {slopes[most]:.4f} per radian")
    mo.md(f"""
    With m = {optimum.n_atoms}: {optimum.status}; {next_split}. With m = k = {k} the objective is T4's to
    {at_floor:.0e}. Bounds between neighbouring widths (G1) that were broken: {len(widths.violations)}.
    """)
    return (at_floor,)


if __name__ == "__main__":
    app.run()
