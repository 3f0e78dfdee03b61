"""The parts of a page that is written: what any report is made of.

shell      a whole document from a title and a body: head, looks, light and dark, a phone and a projector
looks      its style sheet
blocks     a picture with its caption, a table, verdicts on statements
panels     where the panels of a picture are, so that a phone can show them one below the other
mathml     statements as formulas
derivation docstrings with their mathematics, as HTML
report     the page of one optimum: `testbed check --report page.html`

A part takes plain values and returns HTML; none knows of the gallery. A page holds all that it shows and asks nothing
of the network.
"""
