"""`python -m properties > docs/theory.md`: the page that the statements' docstrings make."""

from properties.theory import page

print(page(), end="")
