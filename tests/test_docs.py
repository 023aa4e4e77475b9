"""What the documentation says to type can be typed."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from rnnlab.commands import COMMANDS, run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks_of(page: Path) -> list[tuple[str, str]]:
    """The language and the text of every block that is run, in order."""
    return re.findall(r"```(sh|console|python)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands_of(page: Path) -> list[list[str]]:
    """The arguments of every `rnnlab` command in the page's shell blocks, in order."""
    return [
        words for language, text in blocks_of(page) if language != "python" for words in commands_in(text)
    ]


def commands_in(block: str) -> list[list[str]]:
    """The arguments of every `rnnlab` command in a shell block."""
    lines = block.replace("\\\n", " ").splitlines()
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
# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_every_command_and_every_line_of_python_of_a_page_works(page: Path) -> None:
    """In the page's order, in a fresh folder; training is cut to three epochs to keep the test short."""
    names: dict[str, object] = {}
    for language, text in blocks_of(page):
        if language == "python":
            exec(compile(text, page.name, "exec"), names)
            continue
        for words in commands_in(text):
            shortened = ["--set", "training.epochs=3"] if words[0] == "train" else []

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
