"""Damaged checkpoints: `python -m torture.checkpoints [--cases N] [--only WHICH:DAMAGE:PLACE]`.

A run has three checkpoints. Each case damages some of them and asks for the newest, as resuming does. The
answer must be one of the three checkpoints, bit for bit, with a line for each one that was passed over. If
all three are damaged, the answer must be one line that names the first.
"""

import os
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.loading import load_data
from rnnlab.errors import RnnlabError
from rnnlab.terminal.tables import table
from rnnlab.training.checkpoints import (
    Checkpoint,
    newest_checkpoint,
    read_checkpoint,
)
from rnnlab.training.facts import Expectation
from rnnlab.training.session import Session
from torture import damage
from torture.forgeries import FORGERIES
from torture.model_files import HungError, time_limit

PAGE = """
dataset: {kind: notes, inline: g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4, window: 4, target: next}
model: {kind: lstm, units: 6, stateful: true}
training: {batching: windows, batch_size: 1, epochs: 6, checkpoint: {every_epochs: 1, keep: 4}}
"""

OTHERS = {
    "of other data": PAGE.replace("g8 e8 e4 f8 d8", "g8 e8 e4 f8 e8"),
    "of other units": PAGE.replace("units: 6", "units: 7"),
    "of another cell": PAGE.replace("lstm", "gru"),
    "of another seed": PAGE.replace("epochs: 6", "epochs: 6, random_seed: 1"),
    "of another rate": PAGE.replace("epochs: 6", "epochs: 6, optimizer: {name: adam, learning_rate: 0.01}"),
    "of another order": PAGE.replace("batch_size: 1", "batch_size: 1, shuffle: true").replace(
        "stateful: true", "stateful: false"
    ),
}
"""Other trainings, whose checkpoints have the same names and are put in place of the run's own."""

RUN = Path("runs/song-1")
FOLDER = RUN / "checkpoints"
_WHOLE_RUN = Path("whole")
WHICH = {"newest": 1, "newer": 2, "all": 3}
"""Number of damaged checkpoints of the three."""


@dataclass(frozen=True)
class Case:
    """One kind of damage to some checkpoints, at a byte offset; 0 if it concerns the whole file."""

    which: str
    damage: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.which}:{self.damage}:{self.place}"


def make_runs(others: Iterable[str] = tuple(OTHERS)) -> Expectation:
    """Make an interrupted run, and other runs; return the properties that its checkpoints must have."""
    for name in others:
        train(OTHERS[name], name.replace(" ", "_"))
    expected = train(PAGE, "song")
    max(FOLDER.iterdir()).unlink()
    return expected


def train(page: str, name: str) -> Expectation:
    """Train a configuration, and return the properties that its checkpoints must have."""
    experiment = parse_experiment(page, name="page.yaml", folder=Path.cwd())
    session = Session(load_data(experiment), name=name)
    session.train()
    return session.expected_checkpoint()


def cases(count: int) -> list[Case]:
    """Return at least `count` cases: each damage to some checkpoints, and at many offsets of the newest."""
    whole = [Case(which, name) for which in WHICH for name in (*WHOLE, *FORGERIES)]
    size = max(FOLDER.iterdir()).stat().st_size
    places = max(-(-(count - len(whole)) // len(damage.AT_A_PLACE)), 1)
    return whole + [
        Case("newest", name, place * size // places) for name in damage.AT_A_PLACE for place in range(places)
    ]


def problem(case: Case, expected: Expectation) -> str | None:
    """Return the first error in how damaged checkpoints are treated; None if there is none."""
    originals = {path: read_checkpoint(path) for path in sorted(FOLDER.iterdir(), reverse=True)}
    damaged = list(originals)[: WHICH[case.which]]
    with restored():
        for path in damaged:
            inflict(case, path)
        named = [str(path) for path in damaged if os.path.lexists(path)]
        try:
            with time_limit():
                found, passed = newest_checkpoint(RUN, expected)
        except RnnlabError as error:
            is_right = len(damaged) == len(originals) and str(error).startswith(f"{named[0]}: ")
            return None if is_right else f"{case}: {error}"
        except (Exception, HungError) as error:
            return f"{case}: {type(error).__name__}: {error}"
    wanted = (
        originals.get(RUN / "checkpoints" / f"step-{found.facts.step:09d}.safetensors") if found else None
    )
    if found and not (wanted and _same(found, wanted)):
        return f"{case}: what is gone on from is no checkpoint of the run"
    if found is None and named:
        return f"{case}: begins anew"
    is_used = found is not None and found.facts.step == originals[damaged[0]].facts.step  # no damage at all
    if not is_used and [line.partition(": ")[0] for line in passed] != named:
        return f"{case}: passed over without a line for each: {passed}"
    return None


def inflict(case: Case, path: Path) -> None:
    """Damage a checkpoint."""
    if case.damage in WHOLE:
        WHOLE[case.damage](path)
    elif case.damage in damage.AT_A_PLACE:
        path.write_bytes(damage.AT_A_PLACE[case.damage](path.read_bytes(), case.place))
    else:
        path.write_bytes(FORGERIES[case.damage](path.read_bytes()))


@contextmanager
def restored() -> Iterator[None]:
    """Restore the run after the body."""
    shutil.copytree(RUN, _WHOLE_RUN)
    try:
        yield
    finally:
        shutil.rmtree(RUN)
        _WHOLE_RUN.rename(RUN)


def _same(one: Checkpoint, other: Checkpoint) -> bool:
    arrays = (
        {name: (array.dtype, array.shape, array.tobytes()) for name, array in each.arrays.items()}
        for each in (one, other)
    )
    return one.facts == other.facts and next(arrays) == next(arrays)


def _of(name: str) -> Callable[[Path], None]:
    """Return a function that replaces a checkpoint by that of another run, of the same step."""
    other = Path("runs") / f"{name.replace(' ', '_')}-1" / "checkpoints"

    def swap(path: Path) -> None:
        source = other / path.name
        path.write_bytes((source if source.exists() else min(other.iterdir())).read_bytes())

    return swap


def _another_step(path: Path) -> None:
    """Replace the checkpoint by another one of the same run."""
    steps = sorted((_WHOLE_RUN / "checkpoints").iterdir())
    path.write_bytes(next(step for step in steps if step.name != path.name).read_bytes())


def _model(path: Path) -> None:
    """Replace the checkpoint by the model file."""
    path.write_bytes((RUN / "model.safetensors").read_bytes())


def _link(path: Path) -> None:
    """Replace the checkpoint by a link to the same bytes."""
    outside = path.rename(Path(damage.OUTSIDE).absolute())
    path.symlink_to(outside)


def _sparse(path: Path) -> None:
    """Replace the checkpoint by a sparse file of a terabyte."""
    with path.open("r+b") as file:
        file.truncate(1 << 40)


WHOLE: dict[str, Callable[[Path], None]] = {
    **{name: _of(name) for name in OTHERS},
    "another step": _another_step,
    "the model": _model,
    "a link": _link,
    "sparse": _sparse,
    **{
        each.__name__: each
        for each in (
            *(damage.remove, damage.empty, damage.draw, damage.lengthen, damage.put_folder),
            *(damage.put_pipe, damage.link_to_itself, damage.link_to_device),
        )
    },
}


@click.command()
@click.option("--cases", "count", type=click.IntRange(1), default=2000, help="Minimum number of cases.")
@click.option("--only", metavar="WHICH:DAMAGE:PLACE", help="Only the case that a failure names.")
def command(count: int, only: str | None) -> None:
    """Damage the checkpoints of a run, and see which one resuming would continue from."""
    times: dict[str, list[float]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        expected = make_runs()
        for case in [_case(only)] if only else cases(count):
            begun = time.perf_counter()
            if found := problem(case, expected):
                raise click.ClickException(f"{found}\nagain: python -m torture.checkpoints --only '{case}'")
            times[case.which].append(1000 * (time.perf_counter() - begun))
            kinds[case.damage] += 1
    rows = [(which, len(taken), f"{max(taken):.0f}") for which, taken in times.items()]
    click.echo(table(("damaged", "cases", "most ms"), [*rows, ("all", sum(kinds.values()), "")]))


def _case(name: str) -> Case:
    which, what, place = name.rsplit(":", 2)
    return Case(which, what, int(place))


if __name__ == "__main__":
    command()
