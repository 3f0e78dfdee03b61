"""Statements become formulas without losing a symbol, and break where a narrow page needs them to."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from figures.gallery import page
from figures.pages import mathml
from properties.theory import statements

LINES = {s.id: s.statement for s in statements().values()} | {"problem": page.PROBLEM, "notation": page.NOTATION}


def plain(line: str) -> str:
    """A line without what markup expresses by place: scripts, halves and roots."""
    for table in (mathml.SUB, mathml.SUPER):
        line = line.translate(str.maketrans(table))
    line = re.sub(r"√\(([^()]*)\)", r"\1", line)
    return re.sub(r"[\s_√]", "", line.replace("½", "12").replace("~", "∼"))


@pytest.mark.parametrize("id", LINES)
def test_every_symbol_of_a_statement_is_there(id: str) -> None:
    text = "".join(ElementTree.fromstring(f"<p>{mathml.markup(LINES[id])}</p>").itertext())
    assert re.sub(r"\s", "", text) == plain(LINES[id])


@pytest.mark.parametrize("id", LINES)
def test_no_part_is_too_wide_for_a_phone(id: str) -> None:
    for kind, content in mathml.chunks(LINES[id]):
        shown = re.sub(r"<m(sub|sup|subsup)>|<[^>]*>", "", content)
        assert kind == "text" or len(shown) <= 40, shown


@pytest.mark.parametrize("line, expected", [
    ("xⱼ", "<msub><mi>x</mi><mi>j</mi></msub>"),
    ("G_A⁻¹", "<msubsup><mi>G</mi><mi>A</mi><mrow><mo>−</mo><mn>1</mn></mrow></msubsup>"),
    ("½", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
    ("√(ab)", "<msqrt><mi>a</mi><mi>b</mi></msqrt>"),
    ("√2", "<msqrt><mn>2</mn></msqrt>"),
    ("E[z | x]", '<mi mathvariant="normal">E</mi><mrow><mo form="prefix" stretchy="false">[</mo><mi>z</mi>'
                 '<mo form="infix" lspace="0.25em" rspace="0.25em">|</mo><mi>x</mi>'
                 '<mo form="postfix" stretchy="false">]</mo></mrow>'),
    ("F*", "<msup><mi>F</mi><mo>∗</mo></msup>"),
    ("sin θ", '<mi mathvariant="normal">sin</mi><mspace width="0.17em"/><mi>θ</mi>'),
    ("zD", "<mi>z</mi><mi>D</mi>"),
    ("|u|²", '<msup><mrow><mo form="prefix" stretchy="false">|</mo><mi>u</mi><mo form="postfix" stretchy="false">|</mo>'
             "</mrow><mn>2</mn></msup>"),
    ("−x", '<mo form="prefix" lspace="0em" rspace="0em">−</mo><mi>x</mi>'),
    ("a − b", '<mi>a</mi><mo form="infix" lspace="0.25em" rspace="0.25em">−</mo><mi>b</mi>'),
    ("min_b F", '<msub><mi mathvariant="normal">min</mi><mi>b</mi></msub><mi>F</mi>'),
    ("λ diag μ", '<mi>λ</mi><mspace width="0.17em"/><mi mathvariant="normal">diag</mi><mspace width="0.17em"/>'
                 "<mi>μ</mi>"),
    ("P(neither on)", '<mi mathvariant="normal">P</mi><mrow><mo form="prefix" stretchy="false">(</mo>'
                      '<mtext>neither</mtext><mspace width="0.25em"/><mtext>on</mtext>'
                      '<mo form="postfix" stretchy="false">)</mo></mrow>'),
])
def test_markup_of_parts(line: str, expected: str) -> None:
    assert mathml.markup(line) == f"<math>{expected}</math>"


def test_prose_stays_prose() -> None:
    html = mathml.markup("x on a line, if r < 1 (signed: |r| < 1), the child's too")
    assert re.sub(r"<math>.*?</math>", "¤", html) == "¤ on a line, if ¤ ¤ (signed: ¤ ¤), the child&#x27;s too"
    assert "<mtext>j" not in mathml.markup("P(j off)") and "<mtext>off</mtext>" in mathml.markup("P(j off)")


def test_an_open_bracket_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no '\)' closes a bracket"):
        mathml.markup("E(x")
