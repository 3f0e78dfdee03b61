"""The code of docs/ runs as written and prints what the page says it prints."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path

import matplotlib.image
import pytest

from properties.theory import statements

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [pytest.param("tutorial", marks=pytest.mark.slow), "add_a_world", "add_a_property", "add_a_figure", "audit",
         "exercises", "principles"]
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.M | re.S)


def run(page: str, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """Run a page's blocks in order; (printed, promised) of those that are followed by what they print."""
    names: dict = {"__name__": page}
    found, printed = [], ""
    for kind, text in BLOCK.findall((DOCS / f"{page}.md").read_text()):
        if kind == "text":
            found.append((printed, text))
        else:
            if named := re.match(r"# (\w+\.py)\n", text):  # a file that what follows reads
                Path(named.group(1)).write_text(text)
            exec(compile(text, f"docs/{page}.md", "exec"), names)
            printed = capsys.readouterr().out
    return found


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, and with the list of worlds as it was afterwards."""
    from generators import registry

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "WORLDS", dict(registry.WORLDS))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_and_prints_what_it_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = run(page, capsys)
    assert found and all(printed == promised for printed, promised in found), found
    if page == "tutorial":
        assert matplotlib.image.imread("tutorial.png").shape[1] > 500
    if page == "add_a_world":
        from generators import registry

        assert "ring" in registry.WORLDS and registry.make("ring").n_features == 5


def test_the_tutorial_is_about_thirty_lines() -> None:
    code = "".join(text for kind, text in BLOCK.findall((DOCS / "tutorial.md").read_text()) if kind == "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 40


def test_every_exercise_has_a_start_a_hint_and_a_solution_that_runs() -> None:
    parts = re.split(r"^### (\d+)\. ", (DOCS / "exercises.md").read_text(), flags=re.M)[1:]
    assert parts[::2] == [str(k) for k in range(1, 13)]
    for part in parts[1::2]:
        start, hint, solution = (part.partition(f"<details><summary>{word}</summary>") for word in
                                 ("Hint", "Hint", "Solution"))
        assert "```python" in start[0] and len(hint[2].partition("</details>")[0]) > 80
        assert "```python" in solution[2] and "```text" in solution[2]
        for id in re.findall(r"\b[A-Z]\d\b", part):
            assert id in statements(), id


def test_every_principle_names_statements_and_a_figure_that_exist() -> None:
    from figures.gallery.story import ORDER

    lines = re.findall(r"^\d+\. (.*?)(?=^\d+\. |^##|^`|\Z)", (DOCS / "principles.md").read_text(), re.M | re.S)
    assert len(lines) == 16
    for line in lines:
        ids, shown = re.findall(r"\b[A-Z]\d+\b", line), re.findall(r"`(\w+)`", line)
        assert shown and set(shown) <= set(ORDER), line
        assert set(ids) - {"L1", "L0"} <= set(statements()), line
        assert re.search(r"proved|measured|conjecture", line), line
        assert set(ids) - {"L1", "L0"} or "10;" in line, line


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(((?!http)[^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_reference_is_built_from_docstrings_and_leaves_kernels_out(tmp_path: Path) -> None:
    pytest.importorskip("pdoc", reason="needs pdoc (the extra 'docs')")
    spec = importlib.util.spec_from_file_location("reference", DOCS / "api" / "build.py")
    assert spec is not None and spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    names = reference.modules()
    assert {"testbed.problem", "audits.readers.plain", "properties.s5_cone"} <= set(names)
    assert not [name for name in names if "kernels" in name or "__main__" in name]
    reference.build(["testbed.problem", "properties.s2_normal_equations"], tmp_path)
    text = (tmp_path / "testbed" / "problem.html").read_text()
    assert '<pre class="docstring">' in text and not re.search(r'(src=|<link[^>]*href=)"https?:', text)
    assert "E[z&#39; (x - b)]" in (tmp_path / "properties" / "s2_normal_equations.html").read_text()
