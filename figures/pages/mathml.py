"""Statements as MathML: one line of mathematics as this project writes it, to markup that a browser sets as a formula.

The line is Unicode, as in `Property.statement`: sub- and superscript letters, `_A` for a subscript that has no letter
of its own, `√(...)`, `½`, and words. It is the only source of a formula, so that the page, the command line and the
code cannot disagree. Words outside brackets stay prose. A browser breaks no line inside <math>, so a formula is cut
before its relations (and, where long, before its sums), and a narrow page can wrap it.

Ours and not latex2mathml: that reads LaTeX, a second source of every formula, and sets it as one <math> which no phone
can wrap; a translation of these lines to LaTeX would be a parser as long as this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+−aehijklmnoprstuvx", strict=True))
SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ*", "0123456789+−⊤∗", strict=True))
FUNCTIONS = {"sin", "cos", "tan", "log", "exp", "max", "min", "inf", "sup", "argmax", "diag", "sign", "Cov", "Var",
             "tr", "cone", "hull", "loss", "pinv", "rank", "E", "P"}
SHORT = {"a", "an", "as", "at", "by", "if", "in", "is", "it", "its", "no", "of", "on", "or", "so", "to"}  # words
RELATIONS = set("=≤≥<>∈∉⇒⇔→∼≈∝≠⪰⊂")
SUMS = set("+−")
OPEN, CLOSE = "([{⟨", ")]}⟩"
LONG = 9  # characters after which a formula may be cut before a sum

_TOKEN = re.compile(
    rf"(?P<function>(?:{'|'.join(sorted(FUNCTIONS))})(?![A-Za-z]))|(?P<word>[A-Z][a-z]+[A-Z][A-Za-z]*|[A-Za-z]+(?:-[a-z]+)+|[A-Za-z]+'s|[A-Za-z]?[a-z]{{2,}}(?![{''.join(SUB)}_])|[A-Z]{{2,}})"
    rf"|(?P<number>\d+(?:\.\d+)?)|(?P<half>½)|(?P<root>√)"
    rf"|(?P<sub>[{''.join(SUB)}]+|_[A-Za-zλμτ])|(?P<super>[{re.escape(''.join(SUPER))}]+)"
    rf"|(?P<letter>[^\W\d_])|(?P<space>\s+)|(?P<symbol>.)")


class _Token(NamedTuple):
    kind: str
    text: str
    spaced: bool  # white space comes before it


def markup(line: str) -> str:
    """The line as HTML: <math> elements and prose between them. ValueError for a bracket that nothing closes."""
    html = ""
    for kind, content in chunks(line):
        tight = not html or html.endswith("(") or content in (",", ";", ":", ")")
        html += ("" if tight else " ") + (escape(content) if kind == "text" else f"<math>{content}</math>")
    return html


def _tokens(line: str) -> list[_Token]:
    found: list[_Token] = []
    spaced = True
    for match in _TOKEN.finditer(line):
        kind, text = str(match.lastgroup), match.group()
        if kind == "space":
            spaced = True
            continue
        if kind == "word" and len(text) == 2 and text not in SHORT:  # zD, su: a product
            found += [_Token("letter", text[0], spaced), _Token("letter", text[1], False)]
        else:
            found.append(_Token(kind, text, spaced))
        spaced = False
    return [token._replace(kind="word") if _article(found, i) else token for i, token in enumerate(found)]


def _article(tokens: list[_Token], i: int) -> bool:
    """Whether a lone `a` stands between two words."""
    return tokens[i][:2] == ("letter", "a") and all(
        0 <= k < len(tokens) and tokens[k].kind == "word" for k in (i - 1, i + 1))


def chunks(line: str) -> Iterator[tuple[str, str]]:
    """("text", prose) and ("math", MathML), in turn: where a line may be broken."""
    parser = _Parser(_tokens(line))
    row: list[str] = []
    length = 0
    aside = False  # within a parenthesis of prose, such as (signed: |s| <= 1)
    while not parser.done:
        token = parser.peek()
        opens = token.text == "(" and token.spaced and parser.peek(1).kind == "word"
        closes = token.text == ")" and aside
        stops = token.kind == "symbol" and token.text in ",;:"
        prose = token.kind == "word" or opens or closes or (stops and not row)
        if row and (prose or token.text in RELATIONS or (token.text in SUMS and length > LONG)):
            yield "math", "".join(row)
            row, length = [], 0
        if prose:
            yield "text", parser.take().text
            aside = (aside or opens) and not closes
            continue
        before = parser.at
        row.append(parser.item(first=not row))
        length += sum(len(token.text) for token in parser.tokens[before:parser.at])
        if stops:
            yield "math", "".join(row)
            row, length = [], 0
    if row:
        yield "math", "".join(row)


class _Parser:
    """Tokens to MathML by recursive descent: an item is an atom with its scripts, a bracketed row being an atom."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at = tokens, 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> _Token:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else _Token("end", "", False)

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def item(self, first: bool = False) -> str:
        """An atom with its sub- and superscript; `first` if a formula begins with it."""
        base = self.atom(first)
        scripts = {}
        while self.peek().kind in ("sub", "super"):
            kind, text, _ = self.take()
            table = SUB if kind == "sub" else SUPER
            scripts[kind] = _script([table.get(c, c) for c in text.removeprefix("_")])
        if not scripts:
            return base
        tag = "msubsup" if len(scripts) == 2 else "msub" if "sub" in scripts else "msup"
        return f"<{tag}>{base}{scripts.get('sub', '')}{scripts.get('super', '')}</{tag}>"

    def atom(self, first: bool) -> str:
        kind, text, _ = self.take()
        last, following = self.tokens[self.at - 2] if self.at >= 2 else None, self.peek()
        if kind == "word":
            return ("" if last is None or last.text in OPEN else _space(0.25)) + f"<mtext>{escape(text)}</mtext>" + (
                "" if following.kind in ("word", "end") or following.text in CLOSE else _space(0.25))
        if kind == "half":
            return "<mfrac><mn>1</mn><mn>2</mn></mfrac>"
        if kind == "root":
            inner = self.row(CLOSE[OPEN.index(self.take().text)]) if self.peek().text in set(OPEN) else [self.item()]
            return f"<msqrt>{''.join(inner)}</msqrt>"
        if kind == "function":  # its argument stands off unless a bracket holds it
            named = text not in "EP"
            joined = named and not first and last is not None and last.kind in ("letter", "number", "sub", "super")
            apart = named and following.kind in ("letter", "number", "function")
            return (_space(0.17) if joined or (named and last is not None and last.text in CLOSE) else "") + (
                f'<mi mathvariant="normal">{text}</mi>') + (_space(0.17) if apart else "")
        if kind in ("number", "letter"):
            return f"<mn>{text}</mn>" if kind == "number" else f"<mi>{text}</mi>"
        if text == "|" and following.spaced:  # given: the bar of a length stands close to it
            return '<mo form="infix" lspace="0.25em" rspace="0.25em">|</mo>'
        if text == "|" or text in OPEN:
            close = "|" if text == "|" else CLOSE[OPEN.index(text)]
            return f"<mrow>{_fence(text, 'prefix')}{''.join(self.row(close))}{_fence(close, 'postfix')}</mrow>"
        form = ""
        if text in RELATIONS or (text in SUMS and not self._unary()):  # what stands before the formula sets it off
            before, after = 0 if first else 0.25, 0 if following.kind == "word" else 0.25
            form = f' form="infix" lspace="{before}em" rspace="{after}em"'
        elif text in SUMS:
            form = ' form="prefix" lspace="0em" rspace="0em"'
        return f"<mo{form}>{escape(text.replace('~', '∼'))}</mo>"

    def row(self, close: str) -> list[str]:
        """Items up to the closing bracket, which is taken. ValueError if there is none."""
        items = []
        while self.peek()[:2] != ("symbol", close):
            if self.done:
                raise ValueError(f"mathml: no {close!r} closes a bracket of the statement")
            items.append(self.item())
        self.take()
        return items

    def _unary(self) -> bool:
        """Whether the sign just taken has nothing before it."""
        before = self.tokens[self.at - 2] if self.at >= 2 else _Token("symbol", "(", False)
        return before.kind == "symbol" and before.text not in CLOSE + "|"


def _space(width: float) -> str:
    return f'<mspace width="{width}em"/>'


def _fence(text: str, form: str) -> str:
    return f'<mo form="{form}" stretchy="false">{text}</mo>'


def _script(characters: list[str]) -> str:
    parts = [f"<mn>{c}</mn>" if c.isdigit() else f"<mo>{c}</mo>" if c in "+−∗⊤" else f"<mi>{c}</mi>"
             for c in characters]
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"
