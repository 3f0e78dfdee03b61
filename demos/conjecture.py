"""Bring your own conjecture: write it as a property, and let the search look for the problem that breaks it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Bring your own conjecture")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from conjectures import KINDS, Conjecture, Space, hunt, words
    from figures.pages import counterexample
    from properties import Property
    from properties.base import TOLERANCE, Largest, violation
    from properties.cases import correlated_pair

    return (KINDS, Conjecture, Largest, Property, Space, TOLERANCE, correlated_pair, counterexample, hunt, mo, np,
            violation, words)


@app.cell
def _(mo):
    mo.md("""
    # From a conjecture to the problem that breaks it

    A conjecture about optimal dictionaries is a function from an optimum to violations, each 0 where it holds. Three
    are written below: the first two are plausible, and false. Replace one by yours (`testbed demo conjecture --edit`):
    `gather` sees the samples, in units of λ, with where atoms are on `o.on`, codes `o.z`, scores `o.s`, residuals `o.r`
    and weights `o.w`, and returns sums over them, or the largest of something; `finish` sees these as `t["name"]`,
    with the atoms' cosines `t.G`, mean activities `t.mu` and the live atoms `t.live`. A conjecture in a file of its own
    goes to `testbed conjecture FILE.py`, which searches in the same way.
    """)


@app.cell
def _(Largest, Property, TOLERANCE, correlated_pair, np, violation):
    def gather(o):
        """(m, m) on how many samples two atoms fire together, and the largest score of k where j is on."""
        on = o.on.astype(float)
        scores = np.where(o.on[:, :, None], o.s[:, None, :], -np.inf)
        return {"together": on.T @ on, "seen": Largest(scores.max(axis=0))}

    def conjecture(id, statement, excess):
        def finish(t):
            live = np.ix_(t.live, t.live)
            found = excess(t["together"][live] > 0, t.G[live], t["seen"][live])
            return violation(found, ("atom", t.live), ("atom", t.live))

        return Property(id=id, name=statement, statement=statement, where="stationary", tolerance=TOLERANCE,
                        gather=gather, finish=finish, case=correlated_pair, tests="demos/conjecture.py",
                        nonnegative_only=True)

    conjectures = {one.id: one for one in (
        conjecture("X1", "atoms that never fire together are not at an acute angle",
                   lambda together, cosines, seen: np.where(together, 0, cosines)),
        conjecture("X2", "atoms that fire together are not at an obtuse angle",
                   lambda together, cosines, seen: np.where(together, -cosines, 0)),
        conjecture("X3", "the cosine of two atoms is at most the largest score of one where the other is on",
                   lambda together, cosines, seen: cosines - seen),
    )}
    return (conjectures,)


@app.cell
def _(conjectures, mo):
    biases = {"no bias": False, "a fitted bias": True}
    controls = mo.ui.dictionary({
        "choice": mo.ui.dropdown({f"{one.id}: {one.statement}": one.id for one in conjectures.values()},
                                 f"X1: {conjectures['X1'].statement}", label="conjecture"),
        "bias": mo.ui.dropdown(biases, "no bias", label="problems with"),
        "points": mo.ui.slider(1, 16, 1, value=8, show_value=True, label="points, at most"),
        "dimensions": mo.ui.slider(1, 8, 1, value=3, show_value=True, label="dimensions, at most"),
        "atoms": mo.ui.slider(1, 8, 1, value=4, show_value=True, label="atoms, at most"),
        "problems": mo.ui.slider(500, 20_000, 500, value=2000, show_value=True, label="problems to try"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    choice, bias, points, dimensions, atoms, problems = (controls[name].value for name in (
        "choice", "bias", "points", "dimensions", "atoms", "problems"))
    return atoms, bias, choice, dimensions, points, problems


@app.cell
def _(mo):
    mo.md("""
    ## The search

    Worlds with parameters drawn at random, and small data without a world, are solved by the thousand. What comes near
    to a violation is climbed from; a violation is made small, point by point, and then its numbers simple.
    """)


@app.cell
def _(Conjecture, KINDS, Space, atoms, bias, choice, conjectures, dimensions, hunt, points, problems):
    suspect = Conjecture.of(conjectures[choice])
    outcome = hunt(suspect, budget=60, problems=problems, space=Space(
        points=(1, points), dimensions=(1, dimensions), atoms=(1, atoms),
        kinds=tuple(kind for kind in KINDS if kind.bias == bias)))
    broken = outcome.counterexample
    return broken, outcome, suspect


@app.cell
def _(broken, counterexample, mo, outcome, suspect, words):
    if broken is None:
        _shown = mo.vstack([mo.md(f"""## No counterexample

Of {outcome.tally.applies} problems of which “{suspect.statement}” says something, none broke it. That is no proof; look
for one. (X3 has a short one: S4 says that the cosine is a mean of those scores.)"""),
                            mo.plain_text(words.counts(outcome))])
    else:
        _shown = mo.vstack([
            mo.md(f"""## Broken

“{suspect.statement}” is violated by {broken.residual.max:.4f} at {broken.residual.worst}.
{"Every other statement of the theory holds there" if broken.others.holds else "It is not an optimum"}: so it is the
conjecture that fails. Mend it, or say where it holds."""),
            counterexample.draw(broken.optimum),
            mo.plain_text(words.shown(broken)),
            mo.plain_text(words.counts(outcome)),
        ])
    _shown  # noqa: B018 (a cell shows its last expression)


if __name__ == "__main__":
    app.run()
