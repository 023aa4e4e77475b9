"""Damage to every file of a run: `python -m torture.model_files [--cases N] [--only FILE:DAMAGE:PLACE]`.

Each case damages one file and asks for an evaluation and for a text. Each must be right, or be one line that
names the file; none may hang, or end in a traceback.
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
"""After which a command is taken to hang; on a busy machine a training of seconds takes a minute."""

RUN = Path("runs/song-1")

UNFINISHED = f"{RUN}: no epoch has ended in this run"
"""What is said of a run whose history has no row."""


@dataclass(frozen=True)
class Case:
    """One damage to one file; the place is a byte's, and 0 where the whole file is meant."""

    file: str
    damage: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.damage}:{self.place}"


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    exit_code: int
    stdout: str
    stderr: str


class HungError(BaseException):
    """A command that waits for what never comes; no handler of errors shall take it for its own."""


def make_runs() -> dict[str, Answer]:
    """Two runs below the working folder, and what each command gives of the first."""
    for text, name in ((SENTENCE, "other"), (SONG, "song")):
        made = run_of(text, name=name)
        made.write("history.csv", f"epoch,loss\n1,{len(name)}.5\n")
        made.write_metrics({"loss": len(name) / 2})
    return {command: answer(command) for command in COMMANDS}


def cases(count: int) -> list[Case]:
    """At least so many cases: every damage to every file, at places that are spread over the file."""
    whole = [Case(file, damage) for file in FILES for damage in WHOLE]
    places = -(-(count - len(whole)) // len(FILES) // len(AT_A_PLACE))
    return whole + [case for file in FILES for case in _spread(file, max(places, 1), count)]


def problem(case: Case, expected: dict[str, Answer]) -> str | None:
    """What is wrong with how a damaged run is treated; None if nothing is; it is whole again afterwards."""
    for command in COMMANDS:
        with _damaged(case):
            try:
                given = answer(command)
            except (Exception, HungError) as error:
                return f"{case}: {command}: {type(error).__name__}: {error}"
        if case.file == "history.csv" and given.stderr.startswith(UNFINISHED):
            given = replace(given, stderr="")  # without a row no epoch has ended, and that is said
        if given != expected[command] and not _is_one_line_on(case.file, given):
            return f"{case}: {command}: {given}"
    return None


def answer(command: str) -> Answer:
    """What a command gives of the run."""
    with CliRunner().isolation() as (out, err, _), time_limit():
        exit_code = run([command, str(RUN)])
        sys.stdout.flush()
        return Answer(exit_code, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def time_limit() -> Iterator[None]:
    """Have the body fail where it waits for what never comes.

    Raises:
        HungError: it took longer than SECONDS.
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
    """Places of a file; where it is too small for so many, all of them, and the model's make up for it."""
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
    """The run with a case's damage."""
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
@click.option("--cases", "count", type=click.IntRange(1), default=2000, help="At least how many.")
@click.option("--only", metavar="FILE:DAMAGE:PLACE", help="One case, as a failure names it.")
def command(count: int, only: str | None) -> None:
    """Damage every file of a run, and see what evaluate and generate make of it."""
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
