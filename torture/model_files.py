"""Damage to every file of a run: `python -m torture.model_files [--cases N] [--only FILE:DAMAGE:PLACE]`.

Each case damages one file, and then evaluates and generates. Each command must give the right output, or one
line that names the file. No command may hang or end in a traceback.
"""

import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import click
from click.testing import CliRunner

from rnnlab.commands import run
from rnnlab.terminal.tables import table
from tests.trained import SENTENCE, SONG, run_of
from torture.damage import AT_A_PLACE, OUTSIDE, WHOLE

FILES = ("model.safetensors", "config.yaml", "history.csv", "metrics.json")
COMMANDS = ("evaluate", "generate")
SECONDS = 300
"""Time after which a command counts as hanging. On a busy machine a training of seconds takes a minute."""

RUN = Path("runs/song-1")

UNFINISHED = f"{RUN}: no epoch has ended in this run"
"""First words of the message about a run whose history has no row."""


@dataclass(frozen=True)
class Case:
    """One kind of damage to one file, at a byte offset; 0 if it concerns the whole file."""

    file: str
    damage: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.damage}:{self.place}"


@dataclass(frozen=True)
class Answer:
    """Exit code and output of a command."""

    exit_code: int
    stdout: str
    stderr: str


class HungError(BaseException):
    """A command did not end in time. It is a BaseException, so that no handler of errors catches it."""


def make_runs() -> dict[str, Answer]:
    """Make two runs in the working folder, and return the output of each command on the first."""
    for text, name in ((SENTENCE, "other"), (SONG, "song")):
        made = run_of(text, name=name)
        made.write("history.csv", f"epoch,loss\n1,{len(name)}.5\n")
        made.write_metrics({"loss": len(name) / 2})
    return {command: answer(command) for command in COMMANDS}


def cases(count: int) -> list[Case]:
    """Return at least `count` cases: every damage to every file, at offsets spread over the file."""
    whole = [Case(file, damage) for file in FILES for damage in WHOLE]
    places = -(-(count - len(whole)) // len(FILES) // len(AT_A_PLACE))
    return whole + [case for file in FILES for case in _spread(file, max(places, 1), count)]


def problem(case: Case, expected: dict[str, Answer]) -> str | None:
    """Return the first error in how a damaged run is treated; None if there is none. The run is restored."""
    for command in COMMANDS:
        with _damaged(case):
            try:
                given = answer(command)
            except (Exception, HungError) as error:
                return f"{case}: {command}: {type(error).__name__}: {error}"
        if case.file == "history.csv" and given.stderr.startswith(UNFINISHED):
            given = replace(given, stderr="")  # without a row, the message says that no epoch has ended
        if given != expected[command] and not _is_one_line_on(case.file, given):
            return f"{case}: {command}: {given}"
    return None


def answer(command: str) -> Answer:
    """Return the output of a command on the run."""
    with CliRunner().isolation() as (out, err, _), time_limit():
        exit_code = run([command, str(RUN)])
        sys.stdout.flush()
        return Answer(exit_code, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def time_limit() -> Iterator[None]:
    """Interrupt the body if it takes longer than SECONDS.

    Raises:
        HungError: the body took longer.
    """

    def hang(*_: object) -> None:
        raise HungError(f"no answer within {SECONDS} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _spread(file: str, places: int, count: int) -> Iterator[Case]:
    """Yield cases at offsets of a file; the model file gets the cases that small files have no room for."""
    size = (RUN / file).stat().st_size
    wanted = min(places, size) if file != FILES[0] else max(places, count // len(AT_A_PLACE) // 2)
    for damage in AT_A_PLACE:
        yield from (
            Case(file, damage, place) for place in sorted({i * size // wanted for i in range(wanted)})
        )


def _is_one_line_on(file: str, given: Answer) -> bool:
    is_line = given.stderr.count("\n") == 1 and given.stderr.endswith("\n")
    return given.exit_code in (1, 2) and not given.stdout and is_line and file in given.stderr


@contextmanager
def _damaged(case: Case) -> Iterator[None]:
    """Damage the run as a case says, and restore it after the body."""
    whole = Path("whole")
    shutil.copytree(RUN, whole)
    try:
        path = RUN / case.file
        if case.damage in WHOLE:
            WHOLE[case.damage](path)
        else:
            path.write_bytes(AT_A_PLACE[case.damage](path.read_bytes(), case.place))
        yield
    finally:
        shutil.rmtree(RUN)
        whole.rename(RUN)
        Path(OUTSIDE).unlink(missing_ok=True)


@click.command()
@click.option("--cases", "count", type=click.IntRange(1), default=2000, help="Minimum number of cases.")
@click.option("--only", metavar="FILE:DAMAGE:PLACE", help="Only the case that a failure names.")
def command(count: int, only: str | None) -> None:
    """Damage every file of a run, and check the output of evaluate and generate."""
    rows: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        expected = make_runs()
        for case in [_case(only)] if only else cases(count):
            begun = time.perf_counter()
            if found := problem(case, expected):
                raise click.ClickException(f"{found}\nagain: python -m torture.model_files --only '{case}'")
            rows[case.file].append(1000 * (time.perf_counter() - begun))
    lines = [(file, len(times), f"{fmean(times):.0f}", f"{max(times):.0f}") for file, times in rows.items()]
    lines.append(("all", sum(map(len, rows.values())), "", ""))
    click.echo(table(("file", "cases", "mean ms", "most ms"), lines))


def _case(name: str) -> Case:
    file, damage, place = name.split(":")
    return Case(file, damage, int(place))


if __name__ == "__main__":
    command()
