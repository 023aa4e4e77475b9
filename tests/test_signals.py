"""How a signal ends a command that has nothing to save."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rnnlab.signals import half_written, held_signals
from tests.needs import needs

pytestmark = needs("Unix")

BEGIN = """
import os, signal
from pathlib import Path
from rnnlab.signals import *
handle_signals()
kill = lambda number: os.kill(os.getpid(), number)
"""


def ended(folder: Path, script: str, *before: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a process that handles signals as the command line does."""
    process = subprocess.run(
        [*before, sys.executable, "-c", BEGIN + script],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    return process.returncode, process.stdout, process.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_the_exit_code_says_which_signal_it_was(tmp_path: Path, name: str, code: int) -> None:
    """A closed terminal counts as SIGTERM."""
    assert ended(tmp_path, f"kill(signal.{name}); print('on')") == (code, "", "interrupted\n")


def test_what_the_process_was_told_to_ignore_stays_ignored(tmp_path: Path) -> None:
    """As `nohup` does."""
    assert ended(tmp_path, "kill(signal.SIGHUP); print('on')", "nohup") == (0, "on\n", "")


def test_what_is_half_written_is_removed(tmp_path: Path) -> None:
    """A file and a folder; what was done before stays."""
    script = """
with half_written("done"):
    Path("done").touch()
with half_written("file"), half_written("folder"):
    Path("file").touch()
    Path("folder").mkdir()
    Path("folder/inside").touch()
    kill(signal.SIGTERM)
"""
    assert ended(tmp_path, script) == (143, "", "interrupted\n")
    assert os.listdir(tmp_path) == ["done"]


def test_what_fails_half_written_is_removed(tmp_path: Path) -> None:
    """By an error as by a signal."""
    (tmp_path / "file").touch()

    with pytest.raises(ZeroDivisionError), half_written(str(tmp_path / "file")):
        _ = 1 // 0

    assert os.listdir(tmp_path) == []


def test_a_signal_waits_until_it_is_held_no_more(tmp_path: Path) -> None:
    """To the end of the outer of two bodies."""
    script = """
with held_signals():
    with held_signals():
        kill(signal.SIGTERM)
    print("done", flush=True)
print("on", flush=True)
"""
    assert ended(tmp_path, script) == (143, "done\n", "interrupted\n")


def test_a_signal_raises_where_something_is_to_be_ended(tmp_path: Path) -> None:
    """SIGINT as Ctrl-C does in Python, SIGTERM as an exit; afterwards it ends the process again."""
    script = """
for number in (signal.SIGINT, signal.SIGTERM):
    try:
        with raised_signals():
            kill(number)
    except (KeyboardInterrupt, SystemExit) as error:
        print(repr(error), flush=True)
kill(signal.SIGINT)
"""
    expected = (130, "KeyboardInterrupt()\nSystemExit(143)\n", "interrupted\n")
    assert ended(tmp_path, script) == expected


def test_a_run_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    """A signal while it is made waits until it holds its configuration and is the newest run."""
    script = """
from rnnlab.runs import folder as runs
from rnnlab.config.reading import parse_experiment
page = "dataset: {kind: text, inline: ship, window: 2}\\nmodel: {kind: lstm, units: 2}"
experiment = parse_experiment(page, name="page.yaml", folder=Path.cwd())
claim = runs.claim_numbered
def claims(name):
    path = claim(name)
    kill(signal.SIGTERM)
    return path
runs.claim_numbered = claims
runs.create_run("page", experiment)
"""
    assert ended(tmp_path, script) == (143, "", "interrupted\n")
    assert sorted(os.listdir(tmp_path / "runs")) == ["latest", "page-1"]
    assert os.listdir(tmp_path / "runs" / "latest") == ["config.yaml"]


def test_an_export_that_is_replaced_is_never_lost(tmp_path: Path) -> None:
    """A signal between the two renames waits for the second."""
    script = """
from rnnlab.exports import formats as replacing
Path("model").mkdir()
Path("model/old").touch()
rename = Path.rename
def renames(self, target):
    rename(self, target)
    kill(signal.SIGTERM)
Path.rename = renames
with replacing.replaced(Path("model")) as new:
    new.mkdir()
    (new / "new").touch()
"""
    assert ended(tmp_path, script) == (143, "", "interrupted\n")
    assert os.listdir(tmp_path) == ["model"]
    assert os.listdir(tmp_path / "model") == ["new"]


def test_nothing_is_held_where_no_signal_came() -> None:
    """The body is all that happens."""
    before = signal.getsignal(signal.SIGTERM)

    with held_signals():
        pass

    assert signal.getsignal(signal.SIGTERM) is before
