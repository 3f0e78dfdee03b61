"""Antipodal features: a dense feature becomes a pair of opposite atoms about a bias (T5, B3)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Antipodal features")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from generators import antipodal
    from generators.magnitudes import discrete
    from properties import check
    from properties.theory import statements
    from testbed import fit

    return antipodal, check, discrete, fit, mo, np, statements, style


@app.cell
def _(mo, statements):
    mo.md(f"""
    # Dense features come in pairs

    One feature along u, x = s u. It is off with probability 1 − p; when it is on, its magnitude is spread over 1 ± h.
    A bias is fitted.

    > T5: {statements()["T5"].statement}

    > B3: {statements()["B3"].statement}

    A pair needs two things: density above ½, so that the bias moves among the magnitudes, and values on both sides of
    the bias by more than λ. An on/off feature of density above ½ gives one atom instead, −u, which codes its absence.
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "p": mo.ui.slider(0.05, 0.95, 0.1, value=0.75, show_value=True, label="density p"),
        "h": mo.ui.slider(0.0, 0.8, 0.1, value=0.5, show_value=True, label="half-spread h of the magnitudes"),
        "lam": mo.ui.slider(0.05, 0.4, 0.05, value=0.1, show_value=True, label="penalty λ"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    p, h, lam = (controls[name].value for name in ("p", "h", "lam"))
    return h, lam, p


@app.cell
def _(antipodal, discrete, fit, h, lam, np, p):
    law = discrete(1 + h * np.linspace(-1, 1, 61), np.full(61, 1 / 61)) if h else 1.0
    world = antipodal(law=law, p=p, directions=[[0.6, 0.8]])
    sample = world.exact()
    optimum = fit(sample.X, n_atoms=2, lam=lam, bias=True, weights=sample.weights)
    predicted = world.predict(lam)
    return optimum, predicted, sample


@app.cell
def _(np, optimum, sample):
    u = sample.features[0]
    rates = sample.weights @ optimum.support
    plus, minus = (float(rates[sign * (optimum.D @ u) > 0].sum()) for sign in (1, -1))
    bias = float(optimum.b @ u)
    live = int(np.count_nonzero(rates))
    return bias, live, minus, plus, u


@app.cell
def _(bias, lam, mo, np, sample, style):
    @style.styled
    def _draw(_):
        figure = style.canvas(style.PAGE, 55)
        axes = figure.subplots()
        s = sample.codes[:, 0]
        for colour, coded in ((style.BLUE, s > bias + lam + 1e-9), (style.VERMILION, s < bias - lam - 1e-9),
                              (style.GREY, np.abs(s - bias) <= lam + 1e-9)):
            axes.vlines(s[coded], 0, np.cbrt(sample.weights[coded]), color=colour, linewidth=2)
        axes.axvspan(bias - lam, bias + lam, color=style.PALE, zorder=0)
        axes.axvline(bias, color=style.BLACK, linestyle="--")
        style.label(axes, bias, 1.0, "bias; nothing fires within λ of it", xytext=(4, 0), va="top")
        axes.set(xlabel="s, the value along u (blue: coded by +u; red: by −u)", ylabel="probability (cube root)",
                 ylim=(0, 1.02))
        return figure

    mo.image(style.encode(_draw({}))[".png"], alt="The values of the feature, the bias, and which atom codes which.")


@app.cell
def _(bias, check, live, minus, mo, optimum, plus, predicted):
    gap = max(abs(optimum.objective - predicted.objective), abs(bias - predicted.values["location"]),
              abs(plus - predicted.values["plus_on"]), abs(minus - predicted.values["minus_on"]))
    report = check(optimum)
    mo.vstack([
        mo.md(f"{live} live atom{'s' * (live != 1)}; bias {bias:.4f} along u; +u fires with probability {plus:.3f}, −u "
              f"with {minus:.3f}. Bias, rates and objective are T5's to {gap:.0e}; status {optimum.status}."),
        mo.plain_text(str(report)),
    ])
    return gap, report


if __name__ == "__main__":
    app.run()
