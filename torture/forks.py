"""Processes forked from one that has imported TensorFlow, which saves the seconds of the import.

The parent process must have one Python thread, and must not have computed anything with TensorFlow. A command
in a forked process is `rnnlab.__main__.main`, as in `python -m rnnlab`. Its stdout and stderr are files.
"""

import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import chdir, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from torture.model_files import Answer

HANGS_SECONDS = 900.0
"""Time after which a process counts as hanging."""

LOOK_SECONDS = 0.005


class HangingError(Exception):
    """A process did not end in time."""


@dataclass
class Fork:
    """A forked process.

    Attributes:
        pid: process id.
        said: the file of its stdout; the file of its stderr ends in `.err`.
        code: its exit code, negative if a signal ended it; None while it runs.
    """

    pid: int
    said: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code if the process has ended, and None otherwise."""
        if self.code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def answer(self) -> Answer:
        """Wait for the end of the process; return its exit code and output.

        Raises:
            HangingError: the process does not end in time. It is killed.
        """
        begun = time.monotonic()
        while self.poll() is None:
            if time.monotonic() - begun > HANGS_SECONDS:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise HangingError(f"did not end in {HANGS_SECONDS:.0f} s: {_text(self.said)[-300:]}")
            time.sleep(LOOK_SECONDS)
        return Answer(self.code or 0, _text(self.said), _text(self.said.with_suffix(".err")))


def fork(work: Callable[[], int], said: Path) -> Fork:
    """Fork a process that calls a function and exits with the function's result."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _become(work, said)
    return Fork(pid, said)


def fork_command(arguments: Sequence[str], said: Path, *, prepare: Callable[[], None] = lambda: None) -> Fork:
    """Fork a process that calls `prepare` and then becomes `rnnlab` with arguments."""

    def work() -> int:
        from rnnlab.__main__ import main  # noqa: PLC0415 (its signal handlers are for the forked process)

        prepare()
        sys.argv = ["rnnlab", *arguments]
        try:
            main()
        except SystemExit as error:
            return int(error.code or 0)
        return 0

    return fork(work, said)


def load_libraries() -> None:
    """Import the libraries that the forked processes need."""
    import onnxruntime  # noqa: F401, PLC0415
    import sklearn.model_selection  # noqa: F401, PLC0415

    import rnnlab.training.session  # noqa: F401, PLC0415


def each_forked(
    work: Callable[[int], Any], numbers: Iterable[int], *, jobs: int, folder: Path
) -> Iterator[tuple[int, Any, str]]:
    """Call `work` with each number, each in a forked process; yield the results as they come.

    Args:
        work: called with a number, in a new working folder; its result can be written as JSON.
        numbers: all different.
        jobs: number of processes at a time.
        folder: where the working folders are made, and removed afterwards.

    Yields:
        The number, the result, and an empty text. If the process died: the number, None, and the end of its
        stderr.
    """
    waiting, running = list(numbers), dict[int, Fork]()
    while waiting or running:
        while waiting and len(running) < jobs:
            number = waiting.pop(0)
            running[number] = fork(
                partial(_work_in, folder / str(number), work, number), folder / f"{number}.out"
            )
        time.sleep(LOOK_SECONDS)
        for number in [number for number, process in running.items() if process.poll() is not None]:
            answer, result = running.pop(number).answer(), folder / f"{number}.json"
            if result.exists():
                yield number, json.loads(result.read_text(encoding="utf-8")), ""
            else:
                yield number, None, f"exit code {answer.exit_code}: {answer.stderr[-1500:]}"
            shutil.rmtree(folder / str(number), ignore_errors=True)


def _work_in(place: Path, work: Callable[[int], Any], number: int) -> int:
    """Call `work` in a new working folder, and write its result next to the folder."""
    place.mkdir()
    with chdir(place):
        text = json.dumps(work(number))
    place.with_suffix(".json").write_text(text, encoding="utf-8")
    return 0


def _become(work: Callable[[], int], said: Path) -> NoReturn:
    """Redirect the output, call `work`, and end the process as Python would."""
    for number, path in ((1, said), (2, said.with_suffix(".err"))):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, number)
        os.close(file)
    code = 1
    try:
        code = work()
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
