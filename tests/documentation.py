"""The documentation's pages, and the code blocks in them."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of code: what its fence names, its text, and the line of its fence."""

    language: str
    text: str
    line: int

    @property
    def commands(self) -> list[str]:
        """The lines to type, each with those that it goes on in, without comments alone."""
        lines = (line.strip() for line in self.text.replace("\\\n", " ").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def rnnlab_commands(self) -> list[list[str]]:
        """The arguments of every `rnnlab` command among them, in order."""
        words = [shlex.split(line, comments=True) for line in self.commands]
        return [command[1:] for command in words if command[0] == "rnnlab"]


SHORTER = {"train": ["--set", "training.epochs=3"], "compare": ["--epochs", "3", "--seeds", "1"]}
"""What keeps a training of the documentation short, by command."""


def shortened(words: list[str]) -> list[str]:
    """The arguments of a command, with those that keep a training short: three epochs, four if it resumes."""
    if words[0] == "train" and "--resume" in words:
        return [*words, "--set", "training.epochs=4"]
    trains = words[0] == "train" or words[-1].endswith(".yaml") or "--epochs" in words
    return [*words, *SHORTER.get(words[0], [])] if trains else words


def name_of(page: Path) -> str:
    """The page's path in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    fences = _FENCE.finditer(text)
    return [Block(fence[1], fence[2], text.count("\n", 0, fence.start()) + 1) for fence in fences]


def rnnlab_commands(page: Path) -> list[list[str]]:
    """The arguments of every `rnnlab` command in the page's `sh` blocks, in order."""
    return [words for block in blocks(page) if block.language == "sh" for words in block.rnnlab_commands]
