"""`docs/adding-a-cell.md`, done to a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation import ROOT, blocks, rnnlab_commands

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "adding-a-cell.md"


def apply(diff: str, folder: Path) -> None:
    """Make the changes of a block: after `--- FILE`, lines as they are, and with − and + before and after."""
    for change in re.split(r"^--- ", diff, flags=re.MULTILINE)[1:]:
        name, *lines = change.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        text = (folder / name).read_text(encoding="utf-8")

        assert text.count(before) == 1, f"{name} has {text.count(before)} times\n{before}"
        (folder / name).write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with everything that the page says to write."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("rnnlab", "tests", "configs", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for block in blocks(PAGE):
        if block.language == "python":
            with (folder / "rnnlab" / "models" / "cells.py").open("a", encoding="utf-8") as file:
                file.write(f"\n\n{block.text}")
        if block.language == "diff":
            apply(block.text, folder)
    return folder


def python(folder: Path, *arguments: str) -> str:
    """What Python prints that is called in the copy, and that fails if it does."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_new_cell_is_trained_and_plays(project: Path) -> None:
    """The page's commands, training cut to three epochs; it has the parameters that the page counts."""
    described, *_, played = [
        python(project, "-m", "rnnlab", *words, *["--set", "training.epochs=3"] * (words[0] == "train"))
        for words in rnnlab_commands(PAGE)
    ]

    assert re.search(r"mgu_1 +\(N, 4, 128\) +33,280\n", described)
    assert "2 · 128 · (1 + 128 + 1) = 33280 parameters, half of an LSTM's 66560" in PAGE.read_text(
        encoding="utf-8"
    )
    assert len(shlex.split(played)) == 54


def test_the_new_cells_tests_pass(project: Path) -> None:
    """Some of those that the page adds it to: the equation as a loop, and gradients. None is a failure."""
    files = ["tests/engines/test_numpy_engine.py", "tests/engines/test_tensorflow_recurrence.py"]

    python(project, "-m", "pytest", "-n", "0", "-k", "minimal_gated or (MinimalGated and masks)", *files)


def test_the_reference_of_the_configuration_has_the_new_cell(project: Path) -> None:
    """With its paper."""
    printed = python(project, "-m", "rnnlab", "schema", "--markdown")

    assert "- `kind: mgu`: Minimal gated layers (Zhou et al., 2016)." in printed
    assert "- Zhou et al., 2016. Minimal gated unit for recurrent neural networks." in printed
