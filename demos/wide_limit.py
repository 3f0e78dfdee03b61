"""The wide limit: atoms are added until every point has its own and the Huber floor is met (G1, G2, M3)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The wide limit")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from properties.theory import statements
    from testbed import path

    return mo, np, path, statements, style


@app.cell
def _(mo, statements):
    mo.md(f"""
    # As wide as you like

    Random points in d dimensions, and dictionaries of m = 1, 2, … atoms.

    > G1: {statements()["G1"].statement}

    > G2: {statements()["G2"].statement}

    Until then some residual is longer than λ, and adding the atom r/|r| lowers the objective at once, by at least
    ½ w (|r| − λ)² for a point of weight w.
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "n": mo.ui.slider(4, 14, 1, value=10, show_value=True, label="points n"),
        "d": mo.ui.slider(1, 5, 1, value=3, show_value=True, label="dimensions d"),
        "lam": mo.ui.slider(0.05, 0.5, 0.05, value=0.2, show_value=True, label="penalty λ"),
        "seed": mo.ui.slider(0, 9, 1, value=0, show_value=True, label="seed"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    n, d, lam, seed = (controls[name].value for name in ("n", "d", "lam", "seed"))
    return d, lam, n, seed


@app.cell
def _(d, lam, n, np, path, seed):
    X = np.random.default_rng(seed).standard_normal((n, d))
    X *= (0.6 + 0.8 * np.linspace(0, 1, n)[:, None]) / np.linalg.norm(X, axis=1, keepdims=True)  # all longer than lam
    widths = path(X, list(range(1, n + 1)), lam, restarts=6)
    return (widths,)


@app.cell
def _(lam, np, widths):
    gap = widths.objectives - widths.floors
    radius = np.array([one.radius for one in widths.optima])
    promised = np.array([0.5 / one.problem.n * lam**2 * max(one.radius - 1, 0) ** 2 for one in widths.optima])
    limit = int(np.flatnonzero(radius <= 1 + 1e-9)[0]) + 1  # atoms at which the wide limit is reached
    return gap, limit, promised, radius


@app.cell
def _(gap, mo, np, radius, style):
    @style.styled
    def _draw(_):
        figure = style.canvas(style.PAGE, 65)
        left, right = figure.subplots(1, 2)
        m = np.arange(1, len(gap) + 1)
        left.semilogy(m, np.maximum(gap, 1e-16), color=style.BLACK, marker="o")
        left.set(xlabel="atoms m", ylabel="objective above the floor")
        style.panel(left, "a", "down to the floor")
        right.plot(m, radius, color=style.BLUE, marker="o")
        right.axhline(1, color=style.GREY)
        right.set(xlabel="atoms m", ylabel="longest residual / λ")
        style.panel(right, "b", "and no residual longer than λ")
        return figure

    mo.image(style.encode(_draw({}))[".png"], alt="Objective above the floor and longest residual against the width.")


@app.cell
def _(gap, limit, mo, np, promised, widths):
    drops = -np.diff(widths.objectives)
    kept = bool((drops >= promised[:-1] - 1e-12).all())
    mo.md(f"""
    The wide limit is reached with {limit} atoms; there the objective is above the floor by {abs(gap[limit - 1]):.0e},
    and the optimum is certified to be global. Every atom before lowered the objective by at least what G2 promises:
    {kept}. Bounds of G1 that were broken: {len(widths.violations)}.
    """)
    return drops, kept


if __name__ == "__main__":
    app.run()
