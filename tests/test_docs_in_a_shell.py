"""What a newcomer types: the README, the guide and the tutorial from top to bottom, each in one fresh shell.

The copy of the project has what a fresh clone has. `make install` is run, but for its longest step: what it
would download into `.venv` is taken from the environment that runs the tests, to which a file in `.venv`
leads. Trainings are cut to three epochs.
"""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.documentation import ROOT, blocks, shortened
from tests.fresh import copy_project, make_environment, shell_variables
from tests.needs import needs

PAGES = ["README.md", "docs/guide.md", "docs/tutorial.md"]
"""`docs/tutorial.ko.md` has the commands of `docs/tutorial.md`, as tests/test_tutorial.py sees."""

INSTALLING = ["make install", ". .venv/bin/activate"]
"""What the tutorial says in its second paragraph, and the others in their first block."""


def copied(folder: Path) -> Path:
    """A copy of the project with a `.venv` that lacks rnnlab alone; stamps tell that to `make install`."""
    copy = folder / "rnnlab"
    copy_project(copy)
    make_environment(copy / ".venv")
    for stamp in ("created", "locked"):
        (copy / ".venv" / stamp).touch()
    return copy


def script(page: Path) -> str:
    """All that a page says to type, in order; the first line that fails ends it, and is named."""
    lines = [] if page.name in {"README.md", "guide.md"} else [*INSTALLING]
    for block in blocks(page):
        if block.language == "python":
            lines.append(f"python -c {shlex.quote(block.text)}")
        elif block.language in {"sh", "bash"}:
            lines += [shorter(line) for line in block.commands]
    return "".join(f"{line}\n(($? == 0)) || {{ echo {shlex.quote(line)} >&2; exit 1; }}\n" for line in lines)


def shorter(line: str) -> str:
    """A line as it stands; a training of `rnnlab` with what keeps it short."""
    words = shlex.split(line, comments=True)
    if words[0] != "rnnlab" or (fewer := shortened(words[1:])) == words[1:]:
        return line
    return shlex.join(["rnnlab", *fewer])


@needs("bash")
@needs("Unix")
@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_typed_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    """In one shell, in a fresh copy: every command of every block of the page exits with 0."""
    copy = copied(tmp_path)

    typed = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script(ROOT / name)],
        cwd=copy,
        env=shell_variables(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert typed.returncode == 0, "\n".join(typed.stderr.splitlines()[-3:])


@pytest.mark.parametrize("name", ["README.md", "docs/guide.md"])
def test_a_page_says_first_how_the_command_is_made_available(name: str) -> None:
    """Its first block installs, and activates the environment, before anything else is typed."""
    first = next(block for block in blocks(ROOT / name) if block.language in {"sh", "bash"})

    assert [line.partition("  #")[0].rstrip() for line in first.commands][:2] == INSTALLING


def test_the_tutorial_says_how_the_command_is_made_available() -> None:
    """In its text, in both languages."""
    for name in ("tutorial.md", "tutorial.ko.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert [line for line in INSTALLING if f"`{line}`" not in text] == []
