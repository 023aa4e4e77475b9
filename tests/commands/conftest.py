"""A folder to work in, and the command line as a function."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnnlab.commands import run


@dataclass(frozen=True)
class Answer:
    """What a command line gave."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def rnnlab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        exit_code = run(arguments)
        return Answer(exit_code, *capsys.readouterr())

    return call
