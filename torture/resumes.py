"""Resume a run with one damaged file: `python -m torture.resumes [--only FILE:DAMAGE:PLACE]`.

Each case resumes the training on the command line. Either the run must end like an undisturbed run, with a
line about each checkpoint that was passed over, or one line must name the damaged file and the damage.
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
    """One kind of damage to one file, at a byte offset; 0 if it concerns the whole file."""

    file: str
    damage: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.damage}:{self.place}"

    @property
    def path(self) -> Path:
        """The path of the file."""
        return max(FOLDER.iterdir()) if self.file == NEWEST else RUN / self.file


def make_runs(others: tuple[str, ...] = tuple(OTHERS)) -> dict[str, bytes]:
    """Make an interrupted run, and other runs; return the results of the run when it is not interrupted."""
    for name in others:
        train(OTHERS[name], name.replace(" ", "_"))
    train(PAGE, "song")
    left = results()
    max(FOLDER.iterdir()).unlink()
    return left


def cases() -> Iterator[Case]:
    """Yield every damage to a whole file, and some damages at offsets."""
    for name in (*WHOLE, *POISON, *_FORGED):
        yield Case(NEWEST, name)
    for file in FILES:
        yield from (Case(file, name) for name in _IN_PLACE)
    for file in (NEWEST, *FILES):
        size = Case(file, "").path.stat().st_size
        for place in sorted({place % size for place in _PLACES}):
            yield from (Case(file, name, place) for name in ("cut", "flipped", "torn"))


def problem(case: Case, left: dict[str, bytes]) -> str | None:
    """Return the error in how a damaged run is resumed; None if there is none. The run is restored."""
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
    """Resume the run on the command line, and return the output."""
    with CliRunner().isolation() as (out, err, _), time_limit():
        exit_code = run_command(["train", "--resume", str(RUN)])
        sys.stdout.flush()
        said = err.getvalue().decode()
        return Answer(exit_code, out.getvalue().decode(), said)


def results() -> dict[str, bytes]:
    """Return the result files of the run, by their names."""
    return {name: (RUN / name).read_bytes() for name in RESULTS}


@click.command()
@click.option("--only", metavar="FILE:DAMAGE:PLACE", help="Only the case that a failure names.")
def command(only: str | None) -> None:
    """Damage one file of a run, resume the run, and compare the results."""
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
