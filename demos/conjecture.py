"""Bring your own conjecture: write it as a property, and let Hypothesis look for the world that breaks it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Bring your own conjecture")


@app.cell
def _():
    import marimo as mo
    import numpy as np
    from hypothesis import HealthCheck, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import NoSuchExample

    from properties import Property, check
    from properties.base import TOLERANCE, violation
    from properties.cases import correlated_pair
    from testbed import fit

    return (HealthCheck, NoSuchExample, Property, TOLERANCE, check, correlated_pair, find, fit, mo, np, settings, st,
            violation)


@app.cell
def _(mo):
    mo.md("""
    # From a conjecture to the world that breaks it

    A conjecture about optimal dictionaries is a function from an optimum to violations, each 0 where it holds. Three
    are written below: the first two are plausible, and false. Replace one by yours (`testbed demo conjecture --edit`):
    it may use the atoms' cosines `o.G`, the codes `o.on` and `o.z`, the scores `o.s`, residuals `o.r`, activities
    `o.mu` and weights `o.w`, all in units of λ.
    """)


@app.cell
def _(Property, TOLERANCE, correlated_pair, np, violation):
    def together(o):
        """(live, live) whether two atoms ever fire on the same sample."""
        on = o.on[o.w > 0][:, o.live].astype(float)
        return on.T @ on > 0

    def cosines(o):
        return o.G[np.ix_(o.live, o.live)]

    def pairs(o, excess):
        return violation(excess, ("atom", o.live), ("atom", o.live))

    def seen(o):
        """(live j, live k) the largest score of k where j is on."""
        on = o.on[o.w > 0][:, o.live]
        s = o.s[o.w > 0][:, o.live]
        return np.array([s[on[:, j]].max(axis=0) for j in range(len(o.live))]).reshape(len(o.live), len(o.live))

    def conjecture(id, statement, violations):
        return Property(id=id, name=statement, statement=statement, where="stationary", tolerance=TOLERANCE,
                        violations=violations, case=correlated_pair)

    conjectures = {one.id: one for one in (
        conjecture("X1", "atoms that never fire together are not at an acute angle",
                   lambda o: pairs(o, np.where(together(o), 0, cosines(o)))),
        conjecture("X2", "atoms that fire together are not at an obtuse angle",
                   lambda o: pairs(o, np.where(together(o), -cosines(o), 0))),
        conjecture("X3", "the cosine of two atoms is at most the largest score of one where the other is on",
                   lambda o: pairs(o, cosines(o) - seen(o))),
    )}
    return (conjectures,)


@app.cell
def _(conjectures, mo):
    controls = mo.ui.dictionary({
        "choice": mo.ui.dropdown({f"{one.id}: {one.statement}": one.id for one in conjectures.values()},
                                 f"X1: {conjectures['X1'].statement}", label="conjecture"),
        "lam": mo.ui.slider(0.05, 0.5, 0.05, value=0.1, show_value=True, label="penalty λ"),
        "examples": mo.ui.slider(50, 500, 50, value=100, show_value=True, label="worlds to try"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    choice, lam, examples = (controls[name].value for name in ("choice", "lam", "examples"))
    return choice, examples, lam


@app.cell
def _(mo):
    mo.md("""
    ## Worlds to try

    Two features of magnitude 1 at some angle. Each of the three patterns (one, the other, both) has a probability of
    its own, which may be zero. Hypothesis draws such worlds, and when one breaks the conjecture it looks for a simpler
    one that still does.
    """)


@app.cell
def _(fit, lam, np, st):
    patterns = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    worlds = st.fixed_dictionaries({
        "shares": st.tuples(*[st.integers(0, 8)] * 3).filter(lambda shares: sum(share > 0 for share in shares) > 1),
        "degrees": st.sampled_from([90, 60, 120]),
    })

    def solve(world):
        """The optimum of two atoms on a world."""
        angle = np.radians(world["degrees"])
        cosine = 0.0 if world["degrees"] == 90 else np.cos(angle)  # cos(pi/2) is 6e-17
        features = np.array([[1.0, 0.0], [cosine, np.sin(angle)]])
        weights = np.array(world["shares"]) / sum(world["shares"])
        return fit(patterns @ features, n_atoms=2, lam=lam, weights=weights, restarts=4)

    return patterns, solve, worlds


@app.cell
def _(HealthCheck, NoSuchExample, choice, conjectures, examples, find, settings, solve, worlds):
    suspect = conjectures[choice]

    def breaks(world):
        optimum = solve(world)
        return optimum.status != "unconverged" and suspect.residual(optimum).max > suspect.tolerance

    try:
        broken = find(worlds, breaks, settings=settings(
            max_examples=examples, derandomize=True, database=None, deadline=None,
            suppress_health_check=list(HealthCheck)))
    except NoSuchExample:
        broken = None
    return broken, suspect


@app.cell
def _(broken, check, examples, mo, patterns, solve, suspect):
    if broken is None:
        verdict, sound = None, None
        _shown = mo.md(f"## No counterexample\n\nIn {examples} worlds nothing broke “{suspect.statement}”. That is no "
                      "proof; look for one. (X3 has a short one: S4 says that the cosine is a mean of those scores.)")
    else:
        optimum = solve(broken)
        verdict = suspect.residual(optimum)
        sound = check(optimum)  # the theory's own statements: is this an optimum at all?
        rows = "\n".join(f"| {pattern.astype(int).tolist()} | {share} |"
                         for pattern, share in zip(patterns, broken["shares"], strict=True))
        _shown = mo.vstack([
            mo.md(f"""## Broken

“{suspect.statement}” is violated by {verdict.max:.4f} at {verdict.worst}, in this world: features at
{broken["degrees"]}°, and

| what fires | share |
|---|---|
{rows}

The optimum ({optimum.status}, objective {optimum.objective:.10f}) has atoms with cosine
{optimum.G[0, 1]:.4f}. {"Every statement of the theory holds there" if sound.holds else "It is not an optimum"}: so
it is the conjecture that fails. Mend it, or say where it holds."""),
            mo.plain_text(str(sound)),
        ])
    _shown  # noqa: B018 (a cell shows its last expression)
    return sound, verdict


if __name__ == "__main__":
    app.run()
