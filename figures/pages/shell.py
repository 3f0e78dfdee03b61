"""A whole document from a title and a body: one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape

from figures.pages.looks import CSS

# on a phone, the panels of a picture are shown one below the other, each a part of the one picture; without scripts the
# picture is shown whole, to be swiped
SPLIT = """for (const picture of document.querySelectorAll("img[data-panels]"))
  picture.parentElement.style.setProperty("--picture", `url(${picture.src})`);
document.documentElement.classList.add("split");"""


def document(title: str, body: str, *, head: str = "", style: str = "", script: str = SPLIT) -> str:
    """The document. body, head : HTML. style : rules beyond the looks of every page. script : run at the end."""
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>", f"<style>{CSS}{style}</style>", *([head] if head else []), "</head>",
        "<body>", body, f"<script>{script}</script>", "</body>", "</html>", "",
    ])
