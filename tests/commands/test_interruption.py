"""A signal ends evaluation and generation at once, in one line, with its own exit code."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trained import STREAM, run_of

LIMIT_SECONDS = 3.0
WORKING = (
    "import sys; from rnnlab.__main__ import main; sys.argv[1:] = {}; print('begun', flush=True); main()"
)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Command lines that take minutes."""
    monkeypatch.chdir(tmp_path)
    run_of(STREAM, name="stream")
    Path("long.txt").write_text("the quick brown fox jumps over the lazy dog, and the dog, " * 100_000)
    return {
        "generate": ["generate", "--seed", "the ", "--length", "10000000"],
        "evaluate": ["evaluate", "--data", "long.txt"],
    }


@pytest.mark.parametrize("command", ["generate", "evaluate"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_obeyed_within_seconds(
    work: dict[str, list[str]], command: str, number: signal.Signals, code: int
) -> None:
    """Nothing half done is printed, and no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKING.format(work[command])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.readline()
    time.sleep(1.0)  # the model is read, and the work goes on

    process.send_signal(number)
    begun = time.monotonic()
    out, err = process.communicate(timeout=60)

    assert time.monotonic() - begun < LIMIT_SECONDS
    assert process.returncode == code
    assert out == ""
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
