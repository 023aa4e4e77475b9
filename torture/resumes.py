"""Resuming a run of which one file is damaged: `python -m torture.resumes [--only FILE:DAMAGE:PLACE]`.

Each case resumes the training by the command line. What that leaves must be what an undisturbed training
leaves, with a line on a checkpoint that was passed over; or one line must say what is wrong with which file.
"""

import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import click
from click.testing import CliRunner

from rnnlab.commands import run as run_command
from rnnlab.terminal.tables import table
from torture import damage
from torture.checkpoints import FOLDER, OTHERS, PAGE, RUN, WHOLE, restored, train
from torture.forgeries import FORGERIES, POISON
from torture.model_files import Answer, HungError, time_limit

NEWEST = "checkpoint"
FILES = (
    *("losses.csv", "history.csv", "model.safetensors", "config.yaml", "events.log", "environment.json"),
    *(".lock", "signature.json"),
)
RESULTS = ("model.safetensors", "losses.csv")

_IN_PLACE: dict[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (
        *(damage.remove, damage.empty, damage.draw, damage.lengthen, damage.put_folder, damage.put_pipe),
        *(damage.link_outside, damage.link_to_itself, damage.link_to_device),
    )
}
_PLACES = (0, 8, 100, -100, -1)
_FORGED = (
    "step=0",
    "position=0",
    "without settings",
    "deep facts",
    "huge shape",
    "fewer arrays",
    "no digest",
)


@dataclass(frozen=True)
class Case:
    """One damage to one file; the place is a byte's, and 0 where the whole file is meant."""

    file: str
    damage: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.damage}:{self.place}"

    @property
    def path(self) -> Path:
        """Where the file is."""
        return max(FOLDER.iterdir()) if self.file == NEWEST else RUN / self.file


def make_runs(others: tuple[str, ...] = tuple(OTHERS)) -> dict[str, bytes]:
    """A run that was interrupted, and others, below the working folder; what it leaves in the end."""
    for name in others:
        train(OTHERS[name], name.replace(" ", "_"))
    train(PAGE, "song")
    left = results()
    max(FOLDER.iterdir()).unlink()
    return left


def cases() -> Iterator[Case]:
    """Every damage to a whole file, and some within."""
    for name in (*WHOLE, *POISON, *_FORGED):
        yield Case(NEWEST, name)
    for file in FILES:
        yield from (Case(file, name) for name in _IN_PLACE)
    for file in (NEWEST, *FILES):
        size = Case(file, "").path.stat().st_size
        for place in sorted({place % size for place in _PLACES}):
            yield from (Case(file, name, place) for name in ("cut", "flipped", "torn"))


def problem(case: Case, left: dict[str, bytes]) -> str | None:
    """What is wrong with how a damaged run is resumed; None if nothing is; it is as it was afterwards."""
    with restored():
        path, before = case.path, case.path.read_bytes()
        inflict(case, path)
        is_same = case.damage in damage.AT_A_PLACE and path.read_bytes() == before
        try:
            given = resume()
        except (Exception, HungError) as error:
            return f"{case}: {type(error).__name__}: {error}"
        lines = given.stderr.splitlines()
        if given.exit_code:
            is_right = given.exit_code in (1, 2) and RUN.name in lines[-1]
            return None if is_right else f"{case}: exit code {given.exit_code}: {given.stderr}"
        if case.damage in POISON:
            return None
        is_quiet = is_same or case.file != NEWEST or case.damage == "remove"
        if not is_quiet and path.name not in given.stderr:
            return f"{case}: passed over without a line"
        return None if results() == left else f"{case}: ends elsewhere: {given.stderr}"


def inflict(case: Case, path: Path) -> None:
    """Damage the file."""
    if whole := {**_IN_PLACE, **(WHOLE if case.file == NEWEST else {})}.get(case.damage):
        whole(path)
    else:
        change = damage.AT_A_PLACE.get(case.damage)
        data = path.read_bytes()
        forge = {**FORGERIES, **POISON}.get(case.damage)
        path.write_bytes(forge(data) if forge else change(data, case.place) if change else data)


def resume() -> Answer:
    """What resuming gives; only a line that says why, where it is refused."""
    with CliRunner().isolation() as (out, err, _), time_limit():
        exit_code = run_command(["train", "--resume", str(RUN)])
        sys.stdout.flush()
        said = err.getvalue().decode()
        return Answer(exit_code, out.getvalue().decode(), said)


def results() -> dict[str, bytes]:
    """What the run has left, by the names of the files."""
    return {name: (RUN / name).read_bytes() for name in RESULTS}


@click.command()
@click.option("--only", metavar="FILE:DAMAGE:PLACE", help="One case, as a failure names it.")
def command(only: str | None) -> None:
    """Damage one file of a run, resume it, and compare what that leaves."""
    times: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        left = make_runs()
        shutil.copytree(RUN, RUN.with_name("other-1"))
        for case in [_case(only)] if only else cases():
            begun = time.perf_counter()
            if found := problem(case, left):
                raise click.ClickException(f"{found}\nagain: python -m torture.resumes --only '{case}'")
            times[case.file].append(time.perf_counter() - begun)
    rows = [(file, len(taken), f"{max(taken):.1f}") for file, taken in times.items()]
    click.echo(table(("file", "cases", "most s"), [*rows, ("all", sum(map(len, times.values())), "")]))


def _case(name: str) -> Case:
    file, what, place = name.rsplit(":", 2)
    return Case(file, what, int(place))


if __name__ == "__main__":
    command()
