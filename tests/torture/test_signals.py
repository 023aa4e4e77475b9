"""Signals at random instants: the quick form of `python -m torture.signals`."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import needs
from tests.trained import run_of
from torture import signals

pytestmark = needs("Unix")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the page and the run that the commands read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    Path("page.yaml").write_text(signals.PAGE, encoding="utf-8")
    run_of(signals.PAGE, name="trained").path.rename("trained")
    return tmp_path


@pytest.mark.parametrize("command", ["help", "generate", "describe", "evaluate"])
def test_a_signal_at_any_instant_ends_a_command_without_a_traceback(folder: Path, command: str) -> None:
    """From the start of the process on, imports included."""
    tally = signals.tortured(command, 5, folder=folder, rng=random.Random(command))

    assert (tally.tries, tally.wrong) == (5, [])


@pytest.mark.parametrize("seconds", [0.8, 1.6, 2.4])
def test_a_signal_while_tensorflow_is_imported_is_no_error_of_it(folder: Path, seconds: float) -> None:
    """The import takes seconds, and makes an ImportError of what is raised in it."""
    tally = signals.Tally()

    signals.one_try(
        tally, signals.COMMANDS["train"], folder, new=f"new-{seconds}", name="SIGINT", seconds=seconds
    )

    assert (tally.tries, tally.wrong) == (1, [])


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (130, "interrupted", None),
        (-signal.SIGINT, "", None),
        (143, "interrupted", "exit code 143: "),
        (1, "ImportError: numpy failed to import", "exit code 1: "),
        (130, "Traceback (most recent call last)", "exit code 130, and a traceback: "),
        (130, "Exception ignored in: <function>", "exit code 130, and a traceback: "),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, code: int, said: str, expected: str | None) -> None:
    """The check is no weaker than it says."""
    process: subprocess.Popen[bytes] = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    process.returncode = code

    found = signals.problem(process, said, signal.SIGINT, tmp_path)

    assert found == (expected and f"{expected}{said}")


def test_a_file_that_is_left_half_written_is_found(tmp_path: Path) -> None:
    """Wherever the command wrote it."""
    process: subprocess.Popen[bytes] = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    process.returncode = 143
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / ".song.mid-12.partial").touch()

    found = signals.problem(process, "", signal.SIGTERM, tmp_path)

    assert found == "left .song.mid-12.partial"
