"""The page of one audit: `testbed audit SAE --data ACTIVATIONS --report page.html`. Pictures first, then the lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from audits.findings import Audit
from figures import style
from figures.pages import blocks, nesting, shell
from testbed import files

PARTS = (("amortisation", style.VERMILION, "the encoder"), ("dictionary", style.ORANGE, "the dictionary, unfinished"),
         ("basin", style.SKY, "the basin"), ("open", style.PALE, "open: no dictionary is known to gain it"))
SHOWN = 20  # rows of a table of pairs


def write(path: str | Path, audit: Audit) -> None:
    """Write the page, whole or not at all."""
    files.write_atomically(path, page(audit).encode())


def page(audit: Audit) -> str:
    """The page as HTML."""
    from figures.pages import panels

    exhibits = []
    for name, title, draw, caption in (*_pictures(audit), *_nesting(audit)):
        picture = draw({})
        svg = style.encode(picture)[".svg"]
        exhibits.append(blocks.exhibit(name, title, svg, title, caption, panels.panels(picture)))
    n, d, m = audit.shape
    body = "\n".join([
        '<div class="page"><main class="prose">', f"<h1>{escape(headline(audit))}</h1>",
        f"<p>{escape(audit.source)}: {n} activations of {d} dimensions, {audit.evaluated} of them evaluated; {m} "
        f"latents, {escape(audit.format)} {escape(audit.architecture)}. Penalty λ = {audit.lam:.4g}, "
        f"{escape(audit.lam_source)}{'; ' + escape(audit.lam_doubt) if audit.lam_doubt else ''}.</p>",
        *exhibits, *_tables(audit), '<section class="exhibit"><h3>How it was read</h3><ul>',
        *(f"<li>{escape(said)}</li>" for said in (*audit.conventions, *audit.notes)), "</ul></section>",
        "</main></div>"])
    return shell.document("Audit of a dictionary", body)


def headline(audit: Audit) -> str:
    """The finding in one sentence: which part of the excess is largest."""
    closed = {name: audit.gap[name].value for name, *_ in PARTS[:3]}
    total = sum(max(value, 0) for value in closed.values())
    F = audit.objective["encoder"].value
    if total <= 1e-9 * abs(F):
        return "Nothing is known to be gained: codes, dictionary and basin are as good as any that was found"
    name = max(closed, key=lambda part: closed[part])
    words = {"amortisation": "the encoder's: exact codes on the same dictionary gain most",
             "dictionary": "the dictionary's: training had further to go",
             "basin": "the basin's: restarts found a better dictionary"}
    return f"Of the {100 * total / F:.2g} % of loss that could be gained, the larger part is {words[name]}"


def _pictures(audit: Audit) -> list[tuple[str, str, Callable[[Any], Any], str]]:
    codes = {statement.id: statement for statement in audit.statements["encoder"]}
    price = audit.price
    paid = ("no price was paid" if price.free else
            f"median {price.median:.4g}, from {price.q05:.4g} to {price.q95:.4g}")
    absorbed, antipodal = sum(pair["kind"] == "absorbed" for pair in audit.nested), len(audit.antipodal)
    nested = len(audit.nested) - absorbed
    return [
        ("excess", "Where the loss above the floor goes", _excess(audit),
         "The excess of the encoder's loss over what no dictionary of any width undercuts (G1), split by cause "
         "(A1); differences are paired over samples, with their standard errors."),
        ("prices", f"The price each latent behaves as if it paid: {paid}", _prices(audit),
         "E_j[<r, d_j>] at the encoder's own codes against how often a latent fires; under L1 at a stationary "
         f"dictionary every point lies on the line λ = {audit.lam:.4g}, under TopK at zero (A2)."),
        ("chance", "Residuals of the statements against what sampling alone gives", _chance(audit),
         "Pooled squared residuals over squared standard errors (A3): 1 is chance, 2 if training saw as many samples "
         "as are evaluated, and the grey bars reach four standard deviations beyond. At the encoder's codes A2 reads "
         f"{codes['A2'].ratio:.3g}. S5, S6, B2 and B3 need exact codes."),
        ("pairs", f"{nested} nested pairs, {absorbed} absorbed ones, {antipodal} antipodal ones", _pairs(audit),
         "(a) Parents and children at exact codes, nested (the child fires with its parent only) or absorbed (the "
         "parent would be on, were the child away): the measured left side of S6 against the bound that optimality "
         "sets; a point above the line breaks it. (b) Firing rate at exact codes "
         "against the least cosine to any other latent that fires; left of the dotted line pairs count as antipodal."),
    ]


def _nesting(audit: Audit) -> list[tuple[str, str, Callable[[Any], Any], str]]:
    if not audit.nested:
        return []
    shown = nesting.families(audit.nested)
    seen, parents = sum(len(family.pairs) for family in shown), len({pair["parent"] for pair in audit.nested})
    absorbed = sum(pair["kind"] == "absorbed" for pair in audit.nested)
    broken = sum(pair["kind"] == "nested" and pair["left"] > pair["right"] for pair in audit.nested)
    return [
        ("nesting", f"Parents and children among latents: {len(audit.nested)} pairs under {parents} "
                    f"parent{'s' * (parents > 1)}",
         lambda _: nesting.draw(audit.nested),
         f"Numbers are the latents' own. {seen} of {len(audit.nested)} pairs, the strictest of each parent; a child of "
         f"several parents stands below each. Blue: the child has absorbed the parent, which is silent there and would "
         f"be on, were the child's latent away, on the share of samples below its number ({absorbed} of all). "
         f"Vermilion: a nested pair that breaks the bound of S6 ({broken} of all); grey: one that may stay.")]


def _excess(audit: Audit) -> Callable[[Any], Any]:
    @style.styled
    def draw(_: Any) -> Any:
        figure = style.canvas(style.PAGE, 50)
        axes = figure.add_subplot()
        total = sum(audit.gap[name].value for name, *_ in PARTS) or 1.0
        left = 0.0
        for place, (name, colour, words) in enumerate(PARTS):
            part = audit.gap[name]
            axes.barh(0, part.value, left=left, height=0.5, color=colour, edgecolor="white", linewidth=0.8)
            left += part.value
            line = 0.95 - 0.16 * place
            axes.plot([0.0], [line], "s", color=colour, markersize=6, transform=axes.transAxes, clip_on=False)
            axes.text(0.02, line, f"{words}: {part.value:.3g} ± {part.standard_error:.1g}, "
                                  f"{100 * part.value / total:.3g} %", transform=axes.transAxes, va="center")
        axes.set_ylim(-0.35, 2.0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("loss above the floor, in squared units of the activations")
        return figure

    return draw


def _prices(audit: Audit) -> Callable[[Any], Any]:
    @style.styled
    def draw(_: Any) -> Any:
        figure = style.canvas(style.PAGE, 62)
        axes = figure.add_subplot()
        price, error, rate = (audit.atoms[name] for name in ("encoder_price", "encoder_price_error", "encoder_rate"))
        seen = np.isfinite(price) & (rate > 0)
        axes.errorbar(rate[seen], price[seen], yerr=2 * error[seen], linestyle="none", color=style.PALE, linewidth=0.7,
                      zorder=1)
        style.measured(axes, rate[seen], price[seen], style.BLUE)
        axes.axhline(audit.lam, color=style.VERMILION)
        axes.axhline(0, color=style.GREY, linewidth=0.6)
        axes.set_xscale("log")
        _plain(axes.xaxis)
        style.label(axes, 0.995, audit.lam, f"λ = {audit.lam:.4g}", style.VERMILION, ha="right", va="bottom",
                    xytext=(0, 2), xycoords=axes.get_yaxis_transform())
        axes.set_xlabel("share of samples on which the latent fires")
        axes.set_ylabel("implied price")
        return figure

    return draw


def _plain(axis: Any) -> None:
    """Label a short logarithmic axis by plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def _chance(audit: Audit) -> Callable[[Any], Any]:
    @style.styled
    def draw(_: Any) -> Any:
        figure = style.canvas(style.PAGE, 55)
        axes = figure.add_subplot()
        shown = [found for found in audit.statements["codes"] if np.isfinite(found.ratio)]
        ids = [found.id for found in shown]
        for shift, colour, name, words in ((-0.12, style.VERMILION, "encoder", "the encoder's codes"),
                                           (0.12, style.BLUE, "codes", "exact codes")):
            found = [judged for judged in audit.statements[name] if judged.id in ids and np.isfinite(judged.ratio)]
            places = np.array([ids.index(judged.id) for judged in found]) + shift
            axes.bar(places, [judged.chance for judged in found], width=0.2, color=style.PALE, zorder=0)
            style.measured(axes, places, [max(judged.ratio, 1e-3) for judged in found], colour,
                           "os"[name == "codes"], label=words)
        axes.axhline(1, color=style.BLACK, linewidth=0.8)
        axes.set_yscale("log")
        axes.set_ylim(bottom=1e-3 if min(judged.ratio for judged in shown) < 0.05 else 0.1)
        _plain(axes.yaxis)
        axes.set_xticks(range(len(ids)), ids)
        axes.set_ylabel("residual² / standard error²")
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
        return figure

    return draw


def _pairs(audit: Audit) -> Callable[[Any], Any]:
    @style.styled
    def draw(_: Any) -> Any:
        figure = style.canvas(style.PAGE, 72)
        a, b = figure.subplots(1, 2)
        style.panel(a, "a", "parents and children")
        style.panel(b, "b", "opposed latents")
        left = np.array([pair["left"] for pair in audit.nested])
        right = np.array([pair["right"] for pair in audit.nested])
        top = max(left.max(initial=0.1), right.max(initial=0.1)) * 1.1
        a.plot([0, top], [0, top], color=style.GREY)
        style.measured(a, right, left, style.BLUE)
        for pair in audit.nested[:6]:
            style.label(a, pair["right"], pair["left"], f"{pair['child']} in {pair['parent']}", xytext=(4, -3))
        if not audit.nested:
            a.text(0.5, 0.3, "none", transform=a.transAxes, ha="center", color=style.GREY)
        a.set_xlabel("what optimality allows (right side of S6)")
        a.set_ylabel("P(parent on | child on) (1 − cosine)")
        rate, least = audit.atoms["exact_rate"], audit.atoms["least_cosine"]
        seen = np.isfinite(rate) & np.isfinite(least) & (rate > 0)
        style.measured(b, least[seen], rate[seen], style.BLUE)
        b.set_yscale("log")
        _plain(b.yaxis)
        b.set_xlim(-1.03, max(0.1, float(np.nanmax(least, initial=0)) + 0.05))
        b.axvline(-0.9, color=style.GREY, linestyle=":")
        b.set_xlabel("least cosine to another latent")
        b.set_ylabel("share of samples on which it fires")
        return figure

    return draw


def _titled(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f'<section class="exhibit"><h3>{escape(title)}</h3>{blocks.table(title, head, rows)}</section>'


def _tables(audit: Audit) -> list[str]:
    loss = [(words, f"{audit.objective[name].value:.6g}", f"± {audit.objective[name].standard_error:.1g}",
             f"{audit.l0[name]:.3g}" if name in audit.l0 else "",
             f"{audit.explained[name]:.4g}" if name in audit.explained else "")
            for name, words in (("encoder", "the encoder's codes"), ("codes", "exact codes, same dictionary"),
                                ("refined", "the stationary point reached from it"), ("best", "the best found"),
                                ("floor", "no dictionary of any width is below"))]
    parts = [_titled("The account", ("", "loss", "", "codes a sample", "variance explained"), loss)]
    pairs = [(f"{p['child']}", f"{p['parent']}", p["kind"], f"{p['p']:.3f}",
              "" if np.isnan(p["would"]) else f"{p['would']:.2f}", f"{p['cosine']:.3f}", f"{p['angle']:.1f}°",
              f"{p['child_rate']:.2g}", f"{p['parent_rate']:.2g}") for p in audit.nested[:SHOWN]]
    if pairs:
        parts += [_titled("Parents and children", ("child", "parent", "", "P(parent | child)", "on, child away",
                                                   "cosine", "angle", "child fires", "parent fires"), pairs)]
    opposed = [(f"{p['atoms'][0]}, {p['atoms'][1]}", f"{p['cosine']:.3f}",
                f"{p['rates'][0]:.2g}, {p['rates'][1]:.2g}", f"{p['neither']:.2g}",
                "balanced" if p["balanced"] else "not balanced (B3)")
               for p in audit.antipodal[:SHOWN]]
    if opposed:
        parts += [_titled("Antipodal latents", ("latents", "cosine", "fire", "neither", "balance"), opposed)]
    columns = ("amortisation", "false_firings", "missed_firings", "shrinkage", "exact_rate")
    worst = np.argsort(-np.nan_to_num(audit.atoms["amortisation"], nan=-np.inf), kind="stable")[:10]
    rows = [(str(j), *(f"{audit.atoms[name][j]:.3g}" for name in columns)) for j in worst]
    parts += [_titled("Latents whose codes cost most", ("latent", "loss", "false firings", "missed",
                                                        "encoder / exact when on", "fires (exact)"), rows)]
    others = [(f"{row['lam']:.4g}", f"{100 * row['amortisation_share']:.3g} %", f"{row['l0_codes']:.3g}")
              for row in audit.moved]
    return parts + [_titled("At other penalties", ("λ", "encoder's share of the excess", "codes a sample"), others)]
