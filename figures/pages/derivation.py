"""A statement's derivation as HTML: from the plain text of its docstring, which is the only place where it is written.

Docstrings spell mathematics in ASCII (mu_k, lam^2, <r, d_j>, E[z_j r]), so that any editor and any terminal shows them.
Here a paragraph gets the letters themselves, with sub- and superscripts; a line that is indented is a formula, and is
set as one (figures.pages.mathml) where it can be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import escape

from figures.pages import mathml

LETTERS = {"lam": "λ", "mu": "μ", "nu": "ν", "tau": "τ", "phi": "φ", "psi": "ψ", "theta": "θ", "alpha": "α",
           "beta": "β", "delta": "δ", "rho": "ρ", "pi": "π", "kappa": "κ", "eps": "ε", "gamma": "γ", "sigma": "σ",
           "eta": "η", "Delta": "Δ", "Phi": "Φ", "Sigma": "Σ", "sum": "Σ"}
SIGNS = (("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("=>", "⇒"), ("->", "→"), ("1/2", "½"), ("+-", "±"))
WIDE = 24  # characters between two places where a line of formulas may break that may be too many for a phone
LOW = {letter: sign for sign, letter in mathml.SUB.items()}  # of letters that have a subscript of their own
HIGH = {letter.replace("−", "-"): sign for sign, letter in mathml.SUPER.items()}

_LETTER = re.compile(rf"(?<![A-Za-z])({'|'.join(sorted(LETTERS, key=len, reverse=True))})(?![A-Za-z])")
_INNER = re.compile(r"<([^<>=]{1,60}?, [^<>=]{1,40}?)>")
_MINUS = re.compile(r"(?<=[\s(\[{])-(?=[\s\w(|<⟨½])")
_SUB = re.compile(r"(?<=[\w\]\)|⟩Σ½])_(\{[^{}]+\}|[A-Za-z0-9]+|[λμτ])")
_SUPER = re.compile(r"\^(\([^()]+\)|-?[\w]+)")


def html(text: str, links: Collection[str] = (), here: str = "") -> str:
    """The whole text. links : ids of statements that become links to #id. here : the id that does not."""
    return "\n".join(_blocks(text, links, here))


def _blocks(text: str, links: Collection[str], here: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.splitlines()
        if all(line.startswith("    ") for line in lines):
            yield from (displayed(formula(line.strip()), "formula") for line in lines)
        elif lines[0].startswith("- "):
            items = re.split(r"^- ", block, flags=re.M)[1:]
            yield f"<ul>{''.join(f'<li>{inline(item, links, here)}</li>' for item in items)}</ul>"
        else:
            yield f"<p>{inline(block, links, here)}</p>"


def displayed(html: str, kind: str) -> str:
    """A formula in a line of its own, which scrolls by keyboard too if a phone cannot break it enough."""
    longest = max((len(re.sub(r"<[^>]+>", "", part)) for part in re.split(r"</math>", html)), default=0)
    reached = ' tabindex="0" role="region" aria-label="Formula"' if longest > WIDE else ""
    return f'<p class="{kind}"{reached}>{html}</p>'


def formula(line: str) -> str:
    """A line of mathematics: as MathML, or in letters where it has a form that is not known there. Wide spaces between
    its parts stay."""
    return "&emsp; ".join(map(_part, re.split(r" {3,}", line)))


def _part(line: str) -> str:
    try:
        return mathml.markup(scripts(letters(line)))
    except ValueError:
        return inline(line)


def scripts(line: str) -> str:
    """Sub- and superscripts as the letters that mathml reads. ValueError for one that has none."""

    def low(found: re.Match[str]) -> str:
        inner = found[1]
        if len(inner) == 1 and inner not in LOW:
            return f"_{inner}"
        if any(letter not in LOW for letter in inner):
            raise ValueError(f"derivation: no letters for the subscript {inner}")
        return "".join(LOW[letter] for letter in inner)

    def high(found: re.Match[str]) -> str:
        if any(letter not in HIGH for letter in found[1]):
            raise ValueError(f"derivation: no letters for the superscript {found[1]}")
        return "".join(HIGH[letter] for letter in found[1])

    return _SUPER.sub(high, _SUB.sub(low, line)).replace(" * ", " ").replace("sqrt", "√")


def letters(line: str) -> str:
    """Greek letters and signs in place of their names."""
    line = _LETTER.sub(lambda found: LETTERS[found[1]], re.sub(r"(?<=_)(lam|mu|tau)(?![a-z])",
                                                               lambda found: LETTERS[found[1]], line))
    line = _INNER.sub(r"⟨\1⟩", line)
    for name, sign in SIGNS:
        line = line.replace(name, sign)
    return _MINUS.sub("−", line)


def inline(text: str, links: Collection[str] = (), here: str = "") -> str:
    """A paragraph: letters with scripts, `code` as it is, ids as links."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    return "".join(f"<code>{escape(part)}</code>" if k % 2 else _prose(part, links, here)
                   for k, part in enumerate(parts))


def _prose(text: str, links: Collection[str], here: str) -> str:
    def bare(found: re.Match[str]) -> str:
        return found[1].strip("{}()")

    line = escape(letters(text).replace(" * ", " "), quote=False)
    line = _SUB.sub(lambda found: f"<sub>{bare(found)}</sub>", line)
    line = _SUPER.sub(lambda found: f"<sup>{bare(found).replace('-', '−')}</sup>", line)
    line = re.sub(r"\*\*?([A-Za-z][^*]*)\*\*?", r"<em>\1</em>", line)
    return re.sub(r"\b([A-Z]\d+)\b", lambda found: (
        f'<a href="#{found[1]}">{found[1]}</a>' if found[1] in links and found[1] != here else found[1]), line)
