"""Audit: where an SAE's loss goes, which price it paid, and whose children nest in their parents (A1, A2, A5)."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Audit")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from audits import audit, batches, train
    from figures import style
    from generators import tree
    from properties.theory import statements

    return audit, batches, mo, np, statements, style, train, tree


@app.cell
def _(mo, statements):
    mo.md(f"""
    # Whose fault is it, the encoder's or the dictionary's?

    A sparse autoencoder must produce its codes in one step. What it loses against any dictionary can be split:

    > {statements()["A1"].statement}

    and the price that each latent behaves as if it paid names the objective that trained it:

    > {statements()["A2"].statement}
    """)


@app.cell
def _(mo):
    controls = mo.ui.dictionary({
        "kind": mo.ui.dropdown(["relu", "topk", "jumprelu"], value="relu", label="encoder"),
        "steps": mo.ui.slider(100, 3000, 100, value=600, show_value=True, label="steps of training"),
        "lam": mo.ui.slider(0.02, 0.3, 0.02, value=0.1, show_value=True, label="penalty λ (TopK: k = 2)"),
    })
    controls.vstack()
    return (controls,)


@app.cell
def _(controls):
    kind, steps, lam = (controls[name].value for name in ("kind", "steps", "lam"))
    return kind, lam, steps


@app.cell
def _(audit, batches, kind, lam, np, steps, train, tree):
    world = tree()
    source = batches(world, 4000, seed=0)  # fresh samples without end
    X = next(source).astype(float)
    trained = train(X, world.features.shape[0], lam, kind=kind, k=2 if kind == "topk" else 0, steps=steps, seed=0)
    found = audit(trained.sae, np.concatenate([next(source), next(source)]).astype(float), lam, restarts=1)
    return found, trained, world


@app.cell
def _(found, mo):
    mo.md(f"```\n{found}\n```")


@app.cell
def _(found, np, style):
    @style.styled
    def draw(found):
        figure = style.canvas(style.PAGE, 60)
        split, prices = figure.subplots(1, 2)
        parts = ("amortisation", "dictionary", "basin")
        for place, name in enumerate(parts):
            part = found.gap[name]
            split.barh(place, part.value, xerr=2 * part.standard_error, height=0.6,
                       color=(style.VERMILION, style.ORANGE, style.SKY)[place])
        split.set_yticks(range(3), ["encoder", "dictionary", "basin"])
        split.invert_yaxis()
        split.set_xlabel("loss that could be gained")
        rate, price = found.atoms["encoder_rate"], found.atoms["encoder_price"]
        seen = np.isfinite(price)
        style.measured(prices, rate[seen], price[seen], style.BLUE)
        prices.axhline(found.lam, color=style.GREY)
        prices.set(xlabel="share of samples on which a latent fires", ylabel="implied price")
        return figure

    draw(found)


@app.cell
def _(found, mo):
    rows = [{"child": p["child"], "parent": p["parent"], "P(parent | child)": round(p["p"], 3),
             "angle": round(p["angle"], 1)} for p in found.nested[:12]]
    mo.vstack([mo.md("**Nested latents**: the child fires (almost) only with its parent. At an optimum none is left "
                     "(S6); train longer and they go, as children absorb their parents."),
               mo.ui.table(rows, selection=None) if rows else mo.md("None.")])


@app.cell
def _(mo):
    mo.md("""
    ## The same world, for another library's trainer

    `batches` is what a trainer takes activations from. With SAELens installed (it is not needed here):

    ```python
    import torch
    from sae_lens import StandardTrainingSAE, StandardTrainingSAEConfig
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    sae = StandardTrainingSAE(StandardTrainingSAEConfig(d_in=20, d_sae=20, l1_coefficient=2 * 0.1))
    settings = SAETrainerConfig(total_training_samples=500_000, train_batch_size_samples=500, lr=3e-3, lr_end=3e-4)
    SAETrainer(settings, sae, map(torch.from_numpy, batches(tree(), 500))).fit().save_inference_model("sae")
    ```

    Then `testbed audit sae --data activations.npy`: its λ is half its `l1_coefficient`.
    """)


if __name__ == "__main__":
    app.run()
