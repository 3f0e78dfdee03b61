"""A lecture of 45 minutes: what optimality does to a sparse dictionary, live, with notes for whoever gives it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="What must be true of an optimal dictionary?", css_file="layouts/lecture.css")


@app.cell(hide_code=True)
def _():
    import marimo as mo
    import numpy as np

    from figures import style
    from figures.pages import mathml
    from generators import antipodal, nested_pair
    from generators.magnitudes import discrete
    from properties import check
    from properties.theory import statements
    from testbed import Optimum, fit, fit_many, path

    known = statements()
    return Optimum, antipodal, check, discrete, fit, fit_many, known, mathml, mo, nested_pair, np, path, style


@app.cell(hide_code=True)
def _(known, mathml, mo, style):
    minutes = {}

    def law(id):
        """A statement as a formula."""
        return f'<p style="font-size:1.25em"><b>{id}</b> &nbsp; {mathml.markup(known[id].statement)}</p>'

    def drawn(draw, alt, height=68):
        """A picture as wide as its place. draw(figure) : fills it."""

        @style.styled
        def picture(_):
            figure = style.canvas(120, height)
            draw(figure)
            return figure

        return mo.image(style.encode(picture({}))[".png"], alt=alt, width="100%")

    def slide(title, text, notes, took, picture=None, sliders=()):
        """A slide, which fills the window: words and sliders on the left, a picture on the right, or under them on a
        phone; then notes."""
        minutes[title] = took
        left = mo.vstack([mo.md(text), *sliders], gap=0.7).style({"flex": "1 1 19rem", "min-width": "0"})
        right = [] if picture is None else [picture.style({"flex": "1.6 1 21rem", "min-width": "0"})]
        return mo.vstack([mo.md(f"## {title}"), mo.hstack([left, *right], wrap=True, gap=1.5, align="start"),
                          mo.accordion({f"Notes ({took} minutes)": mo.md(notes)})], gap=0.4).style(
            {"min-height": "94vh", "scroll-snap-align": "start", "padding-top": "1vh"})

    return drawn, law, minutes, slide


@app.cell(hide_code=True)
def _(mo):
    looks = {"show_value": True, "full_width": True}
    controls = mo.ui.dictionary({
        "turn": mo.ui.slider(0, 20, 1, value=3, **looks, label="turned by (degrees)"),
        "alone": mo.ui.slider(steps=[0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3], value=0.3, **looks,
                              label="P(child without parent)"),
        "lam": mo.ui.slider(0.05, 0.6, 0.05, value=0.15, **looks, label="penalty λ"),
        "spread": mo.ui.slider(0, 0.9, 0.1, value=0, **looks, label="spread of the child's magnitude"),
        "p": mo.ui.slider(steps=[0.1, 0.2, 0.3, 0.4, 0.45, 0.49, 0.51, 0.55, 0.6, 0.7, 0.8, 0.9], value=0.3,
                          **looks, label="density p"),
        "n": mo.ui.slider(4, 12, 1, value=8, **looks, label="points"),
    })
    return (controls,)


@app.cell(hide_code=True)
def _(controls):
    turn, alone, lam, spread, p, n = (controls[name].value for name in ("turn", "alone", "lam", "spread", "p", "n"))
    return alone, lam, n, p, spread, turn


@app.cell(hide_code=True)
def _(drawn, mathml, np, slide, style):
    def _draw(figure):
        axes = figure.subplots()
        r = np.linspace(0, 3, 200)
        axes.plot(r, r**2 / 2, color=style.GREY, linestyle="--")
        axes.plot(r, np.where(r > 1, r - 0.5, r**2 / 2), color=style.BLUE)
        style.label(axes, 1.1, 3.2, "½ r²: nothing is coded", style.GREY)
        style.label(axes, 1.7, 0.7, "h(r): coded by an atom of its own", style.BLUE)
        axes.set(xlabel="length of x, in units of λ", ylabel="cost, in units of λ²", xlim=(0, 3), ylim=(0, 4))

    _problem = mathml.markup("min over unit atoms dⱼ, codes zⱼ ≥ 0 of E[½|x − zD|² + λ Σⱼ zⱼ]")
    slide("1. The problem that sparse autoencoders approximate", f"""
<p style="font-size:1.25em">{_problem}</p>

Each point is written as few nonnegative multiples of unit vectors. Activity costs λ a unit.

**One point, one atom.** The atom points at x, the code is |x| − λ, and what it costs is Huber's function.
No dictionary of any width is below the mean of it over the data: the floor (G1).
""", """
Ask first: what would *you* demand of a feature? Then: we demand nothing; we only minimise, and look at what that
implies. Do the one-point problem on the board (exercise 1). Say where this differs from an SAE: there an encoder must
guess the codes in one step; here codes are the best there are.
""", 6, drawn(_draw, "Huber's function and the parabola above it."))
    return


@app.cell(hide_code=True)
def _(drawn, fit, law, np, slide, style):
    _o = fit([[1.5, 0.5], [0.7, 1.3], [0.2, 0.1]], n_atoms=2, lam=0.4)

    def _draw(figure):
        axes = figure.subplots()
        style.square(axes, 1.0, (0.72, 0.62))
        grid = np.linspace(-0.3, 1.8, 300)
        x, y = np.meshgrid(grid, grid)
        inside = (np.einsum("jk,kab->jab", _o.D, np.array([x, y])) <= 0.4).all(axis=0)
        axes.contourf(x, y, inside, [0.5, 1.5], colors=[style.PALE])
        for j, colour in enumerate((style.BLUE, style.VERMILION)):
            style.arrow(axes, (0, 0), _o.D[j], colour, 1.6)
            style.label(axes, *_o.D[j], f"d{style.low(j + 1)}", colour, xytext=(5, 2))
        for point, residual in zip(_o.problem.X, _o.R, strict=True):
            axes.plot(*zip(residual, point, strict=True), ":", color=style.BLACK)
            style.arrow(axes, (0, 0), residual, style.ORANGE)
            axes.plot(*point, "o", color=style.BLACK)
        style.label(axes, 0.75, -0.3, "grey: residuals that no atom would code", style.GREY)

    slide("2. Given the atoms: residuals are a projection", f"""
{law("C1")}{law("C3")}

An atom fires until its score is exactly 1, and no score is above 1. So what is left over lies in a polytope whose
faces are the atoms, and it is the *nearest* such point to the data.
""", """
Only convexity is used: these hold at any dictionary with exact codes, trained or not. Let the room say which atoms fire
for a point in each region outside the polytope: the face, the corner. Dotted lines are what the atoms code (zD).
""", 6, drawn(_draw, "A polytope, three points and their residuals, each the nearest point of the polytope."))
    return


@app.cell(hide_code=True)
def _(Optimum, check, controls, drawn, fit, law, nested_pair, np, slide, style, turn):
    _sample = nested_pair(0.5).exact()
    _best = fit(_sample.X, 2, 0.1, weights=_sample.weights)
    _angle = np.radians(turn)
    _turn = np.array([[np.cos(_angle), np.sin(_angle)], [-np.sin(_angle), np.cos(_angle)]])
    turned = check(Optimum.at(_best.problem, _best.D @ _turn))

    def _draw(figure):
        axes = figure.subplots()
        verdicts = [v for v in turned.verdicts if v.residual is not None]
        rows = np.arange(len(verdicts))
        axes.axvline(1, color=style.BLACK)
        style.measured(axes, [max(v.residual / v.tolerance, 1e-9) for v in verdicts], rows, style.BLUE)
        axes.set(xscale="log", xlim=(1e-10, 1e10), yticks=rows, xlabel="residual / tolerance")
        axes.set_yticklabels([f"{v.id} {v.name}" for v in verdicts])
        axes.invert_yaxis()

    slide("3. At an optimum, no atom can be turned to advantage", f"""
{law("S1")}{law("S4")}

Averaged over its own activity, the residual points along the atom. Turn every atom by a few degrees and see which
statements notice: the objective is {100 * turned.excess:.3g} % higher, and **{sum(v.holds is False for v in
turned.verdicts)} statements fail**.
""", """
The envelope theorem: codes are optimal, so they need not be differentiated. Set the slider to 0, then to 1. The
objective hardly moves (it is second order), the statements move by eight orders of magnitude: that is why training has
to be verified, and a loss curve is no evidence. S4: cosines of atoms are co-firing statistics; no model of the data
enters.
""", 7, drawn(_draw, "Residuals of all statements, those of stationarity to the right of the line."),
          [controls["turn"]])
    return (turned,)


@app.cell(hide_code=True)
def _(alone, controls, drawn, fit_many, lam, law, np, slide, style):
    _lams = np.append(np.linspace(0.05, 0.6, 23), lam)
    _X = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    _w = np.array([0.6 - alone, 0.4, alone])
    pair = fit_many(np.tile(_X, (24, 1, 1)), 2, _lams, weights=_w, restarts=6)
    angles = np.sort(np.degrees(np.arctan2(pair.D[:, :, 1], pair.D[:, :, 0])), axis=1)
    if np.isclose(_w[0], _w[2]):  # of two mirror images, equally good, the one whose first atom is nearer the parent
        _far = np.abs(angles[:, 0]) > np.abs(90 - angles[:, 1]) + 1e-6
        angles[_far] = 90 - angles[_far, ::-1]

    def _draw(figure):
        plane, curves = figure.subplots(1, 2)
        style.square(plane, 0.85, (0.6, 0.6))
        plane.scatter(*_X.T, s=300 * _w, facecolor="none", edgecolor=style.BLACK)
        for k, colour in enumerate((style.BLUE, style.VERMILION)):
            a = np.radians(angles[-1, k])
            style.arrow(plane, (0, 0), (np.cos(a), np.sin(a)), colour, 1.8)
            curves.plot(_lams[:-1], angles[:-1, k], color=colour)
            style.measured(curves, [lam], [angles[-1, k]], colour)
        curves.set(xlabel="penalty λ", ylabel="angle from the parent (degrees)", ylim=(-5, 95), yticks=[0, 45, 90])

    slide("4. Firing together pulls atoms together: tilt, jump, absorption", f"""
{law("S6")}

A parent and a child, at right angles; both fire together four times in ten. With as much time alone as the parent has,
both atoms tilt (T2). The less the child is alone, the further its atom turns; never alone, it is **absorbed**:
the atom at 45° is "parent and child", and the parent's own atom falls silent there.
""", """
Start at 0.3 and raise λ slowly: at a critical λ the optimum *jumps* (two minima trade places). Then set λ back to 0.15
and lower P(child without parent) to 0. Ask before the last step: where will the child's atom end? S6 says why: supports
of different atoms cannot be nested. This is not a failure of training: the true features cost more (exercise 3).
The page interactive_two_features has the same on thirty phones, with settings in the address.
""", 8, drawn(_draw, "Two atoms among three points, and their angles against the penalty."),
          [controls["alone"], controls["lam"]])
    return angles, pair


@app.cell(hide_code=True)
def _(check, controls, discrete, drawn, fit, nested_pair, np, slide, spread, style):
    _values = 1 + spread * np.linspace(-1, 1, 21)
    _law = discrete(_values, np.full(21, 1 / 21)) if spread else 1.0
    _world = nested_pair(rho=0.5, child_magnitude=_law)
    _sample = _world.exact()
    absorbed = fit(_sample.X, 2, 0.1, weights=_sample.weights)
    gap = absorbed.objective - _world.predict(0.1).objective
    report = check(absorbed)
    _angles = np.sort(np.degrees(np.arctan2(absorbed.D[:, 1], absorbed.D[:, 0])))

    def _draw(figure):
        axes = figure.subplots()
        style.square(axes, 1.05, (0.8, 0.85))
        axes.plot(*_sample.X.T, "o", color=style.GREY)
        for j, colour in zip(np.argsort(absorbed.D[:, 1]), (style.BLUE, style.VERMILION), strict=True):
            style.arrow(axes, (0, 0), absorbed.D[j], colour, 1.8)
            style.label(axes, *absorbed.D[j], ("parent's atom", "child's atom")[int(colour == style.VERMILION)], colour,
                        xytext=(6, 2))
        edge = np.arctan(1 + spread)
        axes.plot([0, 1.9 * np.cos(edge)], [0, 1.9 * np.sin(edge)], "--", color=style.BLACK)
        style.label(axes, 1.2 * np.cos(edge), 1.2 * np.sin(edge), "edge of the data", ha="right", xytext=(-8, 0))

    slide("5. Absorption is exact, and theory knows where it ends", f"""
The child never fires alone. Its atom stands at **{_angles[1]:.2f}°** from the parent: between the sum (45°) and the
edge of the cone that holds the data ({np.degrees(np.arctan(1 + spread)):.1f}°), which it reaches as λ → 0 (T3).

Trained and predicted objectives differ by {abs(gap):.0e}. {sum(v.holds is True for v in report.verdicts)} statements
hold at this optimum, none fails.
""", """
The point of the slide is the number of digits: this is mathematics, checked, not a trend. Raise the spread: with
magnitudes that vary the parent's atom fires again for weak children, so that absorption is partial. Ask what a probe
for the parent would see. Published reports of absorption (the figure `published`) are of this kind.
""", 6, drawn(_draw, "Data of the parent with its child, and the two atoms."), [controls["spread"]])
    return absorbed, gap, report


@app.cell(hide_code=True)
def _(antipodal, controls, discrete, drawn, fit, law, np, p, slide, style):
    _values = np.linspace(0.5, 1.5, 21)
    _sample = antipodal(law=discrete(_values, np.full(21, 1 / 21)), p=p, directions=[[1.0, 0.0]]).exact()
    dense = fit(_sample.X, 2, 0.2, bias=True, weights=_sample.weights, restarts=8)
    _live = [int(np.sign(dense.D[j, 0])) for j in np.flatnonzero(dense.live)]

    def _draw(figure):
        axes = figure.subplots()
        axes.vlines(_sample.X[:, 0], 0, np.cbrt(_sample.weights), color=style.GREY, linewidth=4)
        axes.axvspan(dense.b[0] - 0.2, dense.b[0] + 0.2, color=style.PALE, alpha=0.6)
        axes.axvline(dense.b[0], color=style.BLACK, linestyle="--")
        for sign in _live:
            style.arrow(axes, (dense.b[0], 1.15), (dense.b[0] + 0.4 * sign, 1.15),
                        style.BLUE if sign > 0 else style.VERMILION, 1.8)
        axes.set(xlabel="value of the feature", ylabel="probability (cube root)", xlim=(-0.7, 1.8), ylim=(0, 1.3))

    slide("6. With a bias, silence speaks: antipodal pairs", f"""
{law("T5")}

One feature, its magnitude spread around 1. At density p = {p:g} the bias sits at **{dense.b[0]:.3f}**, and
{"two atoms are live, +u and −u: more than usual, less than usual" if len(_live) == 2 else "one atom is live"}.
Beyond one half, *absence* is the event worth coding.
""", """
Move p across 0.5. Below, b = λp/(1 − p): it only makes up for shrinkage (exercise 6). Above, the bias jumps among the
magnitudes, and a feature that is nearly always on has become a pair of opposite atoms. Pairs of opposite decoder
directions in real SAEs need not be two features.
""", 5, drawn(_draw, "Values of one feature, the bias, and the live atoms."), [controls["p"]])
    return (dense,)


@app.cell(hide_code=True)
def _(controls, drawn, law, n, np, path, slide, style):
    _X = np.random.default_rng(3).standard_normal((n, 3))
    _X /= np.linalg.norm(_X, axis=1)[:, None]
    widths = path(_X, range(1, n + 2), 0.2, restarts=3)

    def _draw(figure):
        left, right = figure.subplots(1, 2)
        left.semilogy(widths.widths, np.maximum(widths.objectives - widths.floors, 1e-17), "o-", color=style.BLACK)
        left.set(xlabel="atoms m", ylabel="objective above the floor")
        right.plot(widths.widths, [o.radius for o in widths.optima], "o-", color=style.BLUE)
        right.axhline(1, color=style.GREY)
        right.set(xlabel="atoms m", ylabel="longest residual / λ")

    slide("7. Wider and wider: splitting, and a certificate", f"""
{law("G2")}{law("M2")}

Every atom more pays, until every point has its own. Then no residual is longer than λ, and that alone proves a
**global** optimum of a problem that is not convex.
""", """
Without any truth at hand, one number (max|r|/λ) says whether another atom would help, and the longest residual says
which. So features of a wide dictionary are not "the" features: categories refine as long as there is something left.
The page interactive_width shows which ones; on spheres the law is F − floor ~ m^(−2/(d−1)) (exercise 12).
""", 5, drawn(_draw, "Objective above its floor and longest residual, against the number of atoms."), [controls["n"]])
    return (widths,)


@app.cell(hide_code=True)
def _(minutes, mo, slide):
    _last = slide("What to take away", """
- Optimality alone, without any model of the data, ties decoder cosines to firing statistics.
- An optimal dictionary is not the list of true features: it tilts, absorbs, splits, and turns dense features around.
- All of it can be checked at any dictionary, one of an SAE too: `testbed audit SAE --data activations.npy`.

**Now you:** docs/exercises.md, from one point and one atom to an open question. Every statement: out/theory.html.
""", """
Leave two minutes for questions. For a longer session: run an audit on the room's favourite SAE, or let them break a
conjecture (`testbed demo conjecture`). Everyone can follow on a phone: `testbed demo lecture --host 0.0.0.0`.
""", 2)
    total = sum(minutes.values())
    mo.vstack([_last, mo.md(f"{len(minutes)} slides, {total} minutes")])
    return (total,)


if __name__ == "__main__":
    app.run()
