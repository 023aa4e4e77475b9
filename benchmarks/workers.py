"""Programs that stay alive between their measurements, so that they can take turns without starting again.

A program says when it is ready, with the seconds of its first step. Then it reads a number of seconds from
each line of stdin, works for so long, and prints what it measured. Every line on stdout is one JSON object.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Protocol

from benchmarks.timing import ROOT


class WorkerError(Exception):
    """A program ended, or did not answer in time; the message says which one, and its last line on stderr."""


class Worker:
    """A Python process that answers in lines of JSON; a `with` block kills it at its end.

    Args:
        name: the name in error messages.
        arguments: the command line after the interpreter.
        python: the interpreter.
        environment: variables to set in the process.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        with ExitStack() as stack:
            self._errors = stack.enter_context(tempfile.TemporaryFile())
            self._files = stack.pop_all()
        self._process = subprocess.Popen(
            [python, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._files.close()

    def ask(self, seconds: float) -> None:
        """Tell the program to measure for some seconds; `read` returns what it measured."""
        try:
            print(seconds, file=self._process.stdin, flush=True)
        except OSError as error:
            raise WorkerError(self._ending()) from error

    def read(self, *, within: float) -> dict[str, Any]:
        """Return the next answer; the program is killed if it does not come within some seconds.

        Raises:
            WorkerError: the program has ended, or its answer is not JSON.
        """
        stdout = self._process.stdout
        limit = threading.Timer(within, self._process.kill)
        limit.start()
        try:
            line = stdout.readline() if stdout else ""
        finally:
            limit.cancel()
        if not line:
            raise WorkerError(self._ending())
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise WorkerError(f"{self.name} printed {line.strip()!r}, which is no JSON object") from error
        return answer

    def _ending(self) -> str:
        """Return a sentence on how the process ended, with its last line on stderr."""
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"{self.name} ended with exit code {code}: {lines[-1] if lines else 'it wrote no message'}"


class Measured(Protocol):
    """A program whose speed is measured."""

    def call(self) -> float:
        """Take some training steps, and wait for their end; return the number of their tokens."""

    def memory(self) -> float:
        """Return the largest amount of GPU memory that was in use so far, in bytes; 0 on a CPU."""


def serve(program: Measured) -> None:
    """Answer the lines on stdin with measurements of a program, which has not taken a step yet."""
    begun = time.perf_counter()
    program.call()
    print(json.dumps({"first_step": time.perf_counter() - begun}), flush=True)
    for line in sys.stdin:
        rate = rate_of(program, seconds=float(line))
        print(json.dumps({"rate": rate, "memory": program.memory()}), flush=True)


def rate_of(program: Measured, *, seconds: float) -> float:
    """Return the tokens per second of a program, after a warm-up of a third of the seconds."""
    warm = time.perf_counter() + seconds / 3
    while time.perf_counter() < warm:
        program.call()
    begun, tokens = time.perf_counter(), 0.0
    while (elapsed := time.perf_counter() - begun) < seconds:
        tokens += program.call()
    return tokens / elapsed
