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
    from properties.base import TOLERANCE, Largest, violation
    from properties.cases import correlated_pair
    from testbed import fit

    return (HealthCheck, Largest, NoSuchExample, Property, TOLERANCE, check, correlated_pair, find, fit, mo, np,
            settings, st, violation)


@app.cell
def _(mo):
    mo.md("""
    # From a conjecture to the world that breaks it

    A conjecture about optimal dictionaries is a function from an optimum to violations, each 0 where it holds. Three
    are written below: the first two are plausible, and false. Replace one by yours (`testbed demo conjecture --edit`):
    `gather` sees the samples, in units of λ, with where atoms are on `o.on`, codes `o.z`, scores `o.s`, residuals `o.r`
    and weights `o.w`, and returns sums over them, or the largest of something; `finish` sees these as `t["name"]`,
    with the atoms' cosines `t.G`, mean activities `t.mu` and the live atoms `t.live`.
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
                        gather=gather, finish=finish, case=correlated_pair, tests="demos/conjecture.py")

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
