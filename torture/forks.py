"""Commands of rnnlab in processes that are forked from one that has imported TensorFlow: seconds are saved.

What forks must have one Python thread and must not have computed anything with TensorFlow yet. A forked process
runs `rnnlab.__main__.main`, as `python -m rnnlab` does, with stdout and stderr in files.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from torture.model_files import Answer

HANGS_SECONDS = 300.0
"""After which a process is taken to hang."""

LOOK_SECONDS = 0.005


class HangingError(Exception):
    """A process that did not end."""


@dataclass
class Fork:
    """A process that was forked.

    Attributes:
        pid: its number.
        said: the file of its stdout; that of its stderr ends in `.err`.
        code: its exit code, negative where a signal ended it; None as long as it runs.
    """

    pid: int
    said: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        if self.code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def answer(self) -> Answer:
        """What it gives in the end.

        Raises:
            HangingError: it does not end; it is killed.
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
    """A process that does some work, whose result is its exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    if pid := os.fork():
        return Fork(pid, said)
    _become(work, said)


def fork_command(arguments: Sequence[str], said: Path, *, prepare: Callable[[], None] = lambda: None) -> Fork:
    """A process that is `rnnlab` with arguments, which something else is done in first."""

    def work() -> int:
        from rnnlab.__main__ import main  # noqa: PLC0415 (its signal handlers are of the process alone)

        prepare()
        sys.argv = ["rnnlab", *arguments]
        try:
            main()
        except SystemExit as error:
            return int(error.code or 0)
        return 0

    return fork(work, said)


def _become(work: Callable[[], int], said: Path) -> NoReturn:
    """Be the process that was forked, and end as Python would."""
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
