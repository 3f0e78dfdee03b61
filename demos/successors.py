"""Other prices: what an energy price, a saturating one and a count make of a parent and its child (N6, N9, T8)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Other prices")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from generators import nested_pair
    from generators.plane.priced import codes, objectives
    from properties import check
    from properties.theory import statements
    from testbed import Optimum, Problem
    from testbed.penalties import parse

    return Optimum, Problem, check, codes, mo, nested_pair, np, objectives, parse, statements, style


@app.cell
def _(mo, statements):
    mo.md(f"""
    # What if a code cost something else?

    A parent that always fires, and a child at right angles that joins it with probability ρ. Each has two magnitudes.
    Choose what a code costs, and see the best two atoms.

    > N6: {statements()["N6"].statement}

    > N9: {statements()["N9"].statement}

    Under an energy price the parent may stay on; under the others its atom falls silent on part of the child. The
    truth, two atoms at right angles, is a stationary point once codes are free, and never the best.
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "price": mo.ui.dropdown(["l1(lam=0.1)", "energy(lam=0.1, tau=0.3)", "energy(lam=0.1, tau=2)",
                                 "mcp(lam=0.1, gamma=4)", "l0(lam0=0.02)", "topk(k=1)"],
                                value="energy(lam=0.1, tau=0.3)", label="price"),
        "rho": mo.ui.slider(0.1, 0.9, 0.1, value=0.4, show_value=True, label="probability ρ of the child"),
        "parent": mo.ui.slider(0.5, 2.0, 0.25, value=1.5, show_value=True, label="magnitude of the parent"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    price, rho, parent = (controls[name].value for name in ("price", "rho", "parent"))
    return parent, price, rho


@app.cell
def _(Optimum, Problem, codes, nested_pair, np, objectives, parent, parse, price, rho):
    from generators.plane.priced import minima, regime

    penalty = parse(price)
    sample = nested_pair(rho, magnitude=f"discrete([{parent - 0.15}, {parent + 0.15}])",
                         child_magnitude="discrete([0.85, 1.15])").exact()
    best = minima(penalty, sample.X, sample.weights, most=3)[0]
    word = regime(best, sample.codes.all(axis=1), 0.0, np.pi / 2)
    truth = float(objectives(penalty, sample.X, sample.weights, np.array(0.0), np.array(np.pi / 2)))
    D = np.column_stack([np.cos(best.angles), np.sin(best.angles)])
    problem = Problem(sample.X, weights=sample.weights, penalty=penalty)
    optimum = Optimum.at(problem, D, Z=codes(penalty, sample.X, best.angles))
    return best, optimum, sample, truth, word


@app.cell
def _(best, mo, np, sample, style):
    @style.styled
    def _draw(_):
        figure = style.canvas(style.COLUMN, 75)
        axes = figure.subplots()
        axes.scatter(*sample.X.T, s=200 * sample.weights, color=style.BLACK, linewidth=0, alpha=0.7)
        for angle, colour in zip(best.angles, (style.BLUE, style.VERMILION), strict=True):
            style.arrow(axes, (0, 0), (1.1 * np.cos(angle), 1.1 * np.sin(angle)), colour, 1.8)
        axes.set(aspect="equal", xlim=(-0.2, 2.4), ylim=(-0.5, 1.6), xlabel="parent", ylabel="child")
        return figure

    mo.image(style.encode(_draw({}))[".png"], alt="The data in the plane of parent and child, and two atoms.")


@app.cell
def _(best, check, mo, np, optimum, truth, word):
    report = check(optimum)
    more = truth / best.objective - 1
    mo.vstack([
        mo.md(f"**{word}**: atoms at {np.degrees(best.angles[0]):.1f}° and {np.degrees(best.angles[1]):.1f}°. "
              f"The truth costs {100 * more:.1f} % more."),
        mo.plain_text(str(report)),
    ])
    return more, report


if __name__ == "__main__":
    app.run()
