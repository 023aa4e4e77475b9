"""What the documentation says to type can be typed."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from rnnlab.commands import COMMANDS, run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands_of(page: Path) -> list[list[str]]:
    """The arguments of every `rnnlab` command in the page's shell blocks, in order."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    commands = (shlex.split(line.removeprefix("$ "), comments=True) for line in lines if "rnnlab" in line)
    return [words[1:] for words in commands if words and words[0] == "rnnlab"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the project's configs and data, and a text of the user's own."""
    for name in ("configs", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "my.txt").write_text("All work and no play makes Jack a dull boy. " * 50)
    (tmp_path / "my.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_every_command_of_a_page_works(page: Path) -> None:
    """In the page's order, in a fresh folder; training is cut to three epochs to keep the test short."""
    shorter = {"train": ["--set", "training.epochs=3"], "compare": ["--epochs", "3", "--seeds", "1"]}
    for words in commands_of(page):
        shortened = shorter.get(words[0], []) if words[-1].endswith(".yaml") or words[0] == "train" else []

        assert run(words + shortened) == 0, f"rnnlab {' '.join(words)}"


def test_the_readme_shows_every_command() -> None:
    """A newcomer meets each command at least once."""
    shown = {words[0] for words in commands_of(ROOT / "README.md")}

    assert shown == set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the project."""
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []
