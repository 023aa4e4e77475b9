"""What a newcomer types: the README and the guide from top to bottom, each in one fresh shell.

The copy of the project has what a fresh clone has. `make install` is run, but for its longest step: what it
would download into `.venv` is taken from the environment that runs the tests, to which a file in `.venv`
leads. Trainings are cut to three epochs, but for those of the song in the README. What is printed is what the
page shows, but for figures that depend on the processor, the clock and the epochs.
"""

import subprocess
from pathlib import Path

import pytest

from tests.documentation import INSTALLING, ROOT, blocks, check_outputs, outputs, script, steps
from tests.fresh import copy_project, make_environment, shell_variables
from tests.needs import needs

PAGES = ["README.md", "docs/guide.md"]
"""Each installs in its first block. The lines of the tutorial are typed by tests/test_tutorial.py."""


def copied(folder: Path) -> Path:
    """A copy of the project with a `.venv` that lacks rnnlab alone; stamps tell that to `make install`."""
    copy = folder / "rnnlab"
    copy_project(copy)
    make_environment(copy / ".venv")
    for stamp in ("created", "locked"):
        (copy / ".venv" / stamp).touch()
    return copy


@needs("bash")
@needs("Unix")
@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_typed_from_top_to_bottom(name: str, short_folder: Path) -> None:
    """In one shell, in a fresh copy: every command of every block exits with 0, and prints what is shown."""
    copy = copied(short_folder)
    typed = steps(ROOT / name)

    shell = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script(typed)],
        cwd=copy,
        env=shell_variables(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert shell.returncode == 0, "\n".join(shell.stdout.splitlines()[-4:])
    check_outputs(typed, outputs(shell.stdout, copy))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_first_how_the_command_is_made_available(name: str) -> None:
    """Its first block installs, and activates the environment, before anything else is typed."""
    first = next(block for block in blocks(ROOT / name) if block.language in {"sh", "bash"})

    assert [line.partition("  #")[0].rstrip() for line in first.commands][:2] == INSTALLING


def test_the_tutorial_says_how_the_command_is_made_available() -> None:
    """In its text, in both languages."""
    for name in ("tutorial.md", "tutorial.ko.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert [line for line in INSTALLING if f"`{line}`" not in text] == []
