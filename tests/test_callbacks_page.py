"""`docs/callbacks.md`: its callbacks, its configuration and what its commands print."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from rnnlab.commands import run
from tests.documentation import ROOT, Block, blocks

PAGE = ROOT / "docs" / "callbacks.md"  # "callbacks.md"
FILES = {"python": "my_callbacks.py", "yaml": "song.yaml"}
"""What the page calls the files of its blocks."""


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[str], str]]:
    """A function that runs a line of the page in a folder with its files, and gives what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "state"))
    for block in blocks(PAGE):
        if block.language in FILES:
            Path(FILES[block.language]).write_text(block.text, encoding="utf-8")

    def type_line(line: str) -> str:
        if not line.startswith("rnnlab "):
            return subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout
        (words,) = Block("sh", line, 0).rnnlab_commands
        capsys.readouterr()
        assert run(words) == (1 if line.endswith("# refused") else 0), line
        printed = capsys.readouterr()
        return printed.err + printed.out

    yield type_line
    sys.modules.pop("my_callbacks", None)


def lacking(shown: str, printed: str) -> list[str]:
    """The lines of an output on the page that were not printed in that order; `…` stands for anything."""
    lines = iter(printed.splitlines())
    patterns = {line: ".*".join(map(re.escape, line.split("…"))) for line in shown.splitlines()}
    return [
        line for line, pattern in patterns.items() if not any(re.fullmatch(pattern, each) for each in lines)
    ]


def test_every_output_of_the_page_is_printed(typed: Callable[[str], str]) -> None:
    """All commands, in the page's order, in one folder; a line that is refused is exit code 1."""
    found = blocks(PAGE)
    pairs = [pair for pair in pairwise(found) if pair[0].language == "sh"]
    assert len(pairs) >= 4
    for block, output in pairs:
        printed = "".join(map(typed, block.commands))

        assert output.language == "text"
        assert lacking(output.text, printed) == [], f"line {block.line}: printed\n{printed}"

    rates = Path("rates.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in rates] == [str(number) for number in range(1, len(rates) + 1)]


def test_what_a_page_shows_and_no_command_prints_is_noticed() -> None:
    """The comparison above would fail."""
    assert lacking("a … c\nd\n", "a b c\nx\nd\n") == []
    assert lacking("d\na … c\n", "a b c\nd\n") == ["a … c"]
    assert lacking("a c\n", "a b c\n") == ["a c"]
