"""`python -m properties > docs/theory.md`: the page that the statements' docstrings make."""

from properties.theory import markdown

print(markdown(), end="")
