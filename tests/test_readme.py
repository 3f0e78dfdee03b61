"""The README's Python runs as written and says what it claims; its commands exist."""

import re
from pathlib import Path

import pytest

from commands.cli import main, parser

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_python_of_the_readme(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) == 2
    names: dict = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    out = capsys.readouterr().out
    assert out.startswith("global\n") and "0.707  0.707]" in out
    assert re.search(r"All \d+ statements hold", out) and "fail." in out


def test_the_commands_of_the_readme(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^    (testbed .*?)(?:  .*)?$", README, re.M)
    assert len(lines) >= 6
    for line in lines:
        words = line.split()[1:]
        elsewhere = words[0] in ("theory", "figures", "audit", "sweep", "collect", "conjecture")
        if elsewhere or words[:2] == ["demo", "lecture"]:
            parser(words).parse_args(words)  # run elsewhere; here it is enough that they are understood
        else:
            assert main(words) == 0, line
    assert re.search(r"All \d+ statements hold", capsys.readouterr().out)


def test_what_the_two_commands_print_is_a_pattern_and_no_count():
    """A count of tests or figures is out of date with the next one."""
    promised = README[README.index("and `make test`, "):].split("\n\n")[1]
    assert "passed" in promised and not re.search(r"\d+ passed", promised)
    assert "/index.html: ... figures\n" in README and not re.search(r"\d+ figures", README)
    contracts = (Path(__file__).parent.parent / "setup.cfg").read_text().count("[importlinter:contract:")
    assert f"Contracts: {contracts} kept, 0 broken." in promised


@pytest.mark.parametrize("target", ["figures", "demo", "test", "quick", "bench", "docs"])
def test_the_makefile_has_what_is_promised(target):
    assert re.search(rf"^{target}:", (Path(__file__).parent.parent / "Makefile").read_text(), re.M)
