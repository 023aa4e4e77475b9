"""Random configurations through the whole life of a run: `python -m torture.lifecycle [--cases N]`.

A case draws a configuration (`tests.lifecycle`), describes it, trains it while signals stop it at random
moments, resumes it until it is finished, and trains it once more without signals. Both trainings must give
the same bits. Then every command is used on the run. If a configuration does not fit its data, `describe` and
`train` must refuse it with the same message.

With `--untrained` the weights are random: a case takes a second, and tests the commands that only read a run.
A failing case is printed with its configuration and its random seed. The seed gives the same configuration
and the same random draws again. The moments of the signals are equal only if the machine takes the same time.
"""

import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random, SystemRandom

import click

from rnnlab.config.reading import read_experiment
from rnnlab.terminal.tables import table
from tests.lifecycle import draw, page_in
from tests.material import write_material
from torture.forks import HangingError, each_forked, fork, fork_command, load_libraries
from torture.kills import start
from torture.model_files import Answer
from torture.resumed import PAGE, finish_both, next_training, runs
from torture.stages import fault, problems_after, problems_without_model
from torture.stops import drawn_stop, ended, stopped_fork, stopped_process
from torture.untrained import problems_of_untrained

STOPS = (1, 1, 1, 2, 3)
"""Possible numbers of signals for a training, each equally likely."""

OWN_PROCESSES = 0.1
"""Share of the cases whose trainings are processes of their own, which import TensorFlow themselves."""


@dataclass
class Outcome:
    """Result of a case.

    Attributes:
        ended: refused, trained, used (untrained), failed (with an error line), no model, or died.
        regime: the regime of the configuration.
        stops: the signals that were sent.
        problems: the errors that were found.
        seconds: duration.
    """

    ended: str = "died"
    regime: str = "–"
    stops: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def live(page: str, random_seed: int) -> Outcome:
    """Do all steps of a case in the working folder, which is empty."""
    begun, rng, outcome = time.monotonic(), Random(random_seed), Outcome()
    os.environ["COLUMNS"] = "200"
    write_material(Path())
    PAGE.write_text(page_in(Path(), page), encoding="utf-8")
    try:
        described = fork_command(["describe", str(PAGE)], Path("described.out")).answer()
        if described.exit_code:
            outcome.ended, outcome.problems = "refused", list(_refused(described))
        else:
            outcome.regime = read_experiment(PAGE).regime
            outcome.problems += _stopped(rng, outcome)
            outcome.problems += _finished(rng, outcome)
    except HangingError as error:
        outcome.problems.append(str(error))
    outcome.seconds = time.monotonic() - begun
    return outcome


def _refused(described: Answer) -> Iterator[str]:
    """Check that `train` refuses what `describe` refuses, with the same words, and writes nothing."""
    if found := fault(["describe", str(PAGE)], described, refused=True):
        yield found
    answer = fork_command(["train", str(PAGE)], Path("refused.out")).answer()
    if (answer.exit_code, answer.stderr) != (described.exit_code, described.stderr):
        yield f"train: {answer.exit_code} {answer.stderr!r}; describe: {described.stderr!r}"
    yield from (f"train left {run}" for run in runs())


def _stopped(rng: Random, outcome: Outcome) -> Iterator[str]:
    """Train and resume with signals, until the drawn number of signals has come or training has ended."""
    is_own = rng.random() < OWN_PROCESSES
    for number in range(rng.choice(STOPS)):
        stop = drawn_stop(rng)
        if is_own:
            answer, wrong = stopped_process(next_training(), rng, stop)
        else:
            answer, wrong = stopped_fork(next_training(), Path(f"stopped-{number}.out"), stop)
        if wrong:
            yield wrong
        if answer.exit_code in {0, 1, 2}:
            break
        outcome.stops.append(str(stop))
    if is_own:
        yield from _trained_in_processes()


def _trained_in_processes() -> Iterator[str]:
    """Resume to the end, and train once more, in processes of their own; both runs are then finished."""
    for arguments in (next_training(), ["train", str(PAGE)]):
        error = ended(start(arguments[1:])).stderr
        if "Traceback" in error:
            yield f"{' '.join(arguments)}: {error[-1500:]}"


def _finished(rng: Random, outcome: Outcome) -> Iterator[str]:
    """Resume to the end, train once more without signals, and use every command, all in one process."""
    answers = Path("answers.json")
    answer = fork(lambda: _finish(rng, answers), Path("finished.out")).answer()
    if not answers.exists():
        yield f"the process died: exit code {answer.exit_code}: {answer.stderr[-1500:]}"
        return
    outcome.ended, problems = json.loads(answers.read_text(encoding="utf-8"))
    yield from problems


def _finish(rng: Random, answers: Path) -> int:
    pair = finish_both()
    ended, problems = "failed" if pair.resumed.exit_code else "trained", list(pair.problems)
    if (pair.run / "model.safetensors").exists():
        problems += problems_after(pair.run, pair.whole, rng)
    else:
        ended = "no model"
        problems += problems_without_model(pair.run)
    answers.write_text(json.dumps([ended, problems]), encoding="utf-8")
    return 0


def live_untrained(page: str, random_seed: int) -> Outcome:
    """Do a case with random weights in place of trained ones: without TensorFlow, and without signals."""
    os.environ["COLUMNS"] = "200"
    begun = time.monotonic()
    ended, problems = problems_of_untrained(page, random_seed)
    return Outcome(ended, problems=problems, seconds=time.monotonic() - begun)


@click.command()
@click.option("--cases", type=click.IntRange(1), default=300, show_default=True)
@click.option(
    "--random-seed", type=click.IntRange(0), help="Random seed of the first case; drawn if left out."
)
@click.option(
    "--page",
    "given",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Use this YAML file, whose name begins with the random seed, in place of drawn ones; repeatable.",
)
@click.option("--untrained", is_flag=True, help="Random weights in place of training: a case takes a second.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Cases at once.")
def main(cases: int, random_seed: int | None, given: tuple[Path, ...], untrained: bool, jobs: int) -> None:
    """Take random configurations through the whole life of a run."""
    first = SystemRandom().randrange(10**9) if random_seed is None else random_seed
    click.echo(f"random seeds from {first} on", err=True)
    pages = {_seed_of(path): path.read_text(encoding="utf-8") for path in given}
    pages = pages or {seed: draw(seed) for seed in range(first, first + cases)}
    outcomes = led(pages, live_untrained if untrained else live, jobs=jobs)
    failed = sum(bool(outcome.problems) for outcome in outcomes)
    click.echo(_table(outcomes))
    click.echo(f"{len(outcomes) - failed} of {len(outcomes)} cases right; random seeds from {first} on")
    sys.exit(failed > 0)


def _seed_of(path: Path) -> int:
    """Return the random seed with which the name of a YAML file begins."""
    number = re.match(r"\d+", path.name)
    if not number:
        raise click.BadParameter(
            f"{path}: expected a name that begins with a random seed, as in 7-lanes.yaml"
        )
    return int(number[0])


def led(pages: dict[int, str], lead: Callable[[str, int], Outcome], *, jobs: int) -> list[Outcome]:
    """Return the results of all cases; print each failing case at once.

    Args:
        pages: configurations by their random seeds.
        lead: does a case, given its configuration and random seed, in the working folder.
        jobs: number of cases at a time.
    """
    load_libraries()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed, result, died in each_forked(
            lambda seed: asdict(lead(pages[seed], seed)), pages, jobs=jobs, folder=Path(folder)
        ):
            outcome = Outcome(**result) if result else Outcome(problems=[f"the case died: {died}"])
            outcomes.append(outcome)
            if outcome.problems:
                click.echo(_report(outcome, seed, pages[seed], lead is live_untrained), err=True)
            if len(outcomes) % 10 == 0:
                click.echo(f"{len(outcomes)} of {len(pages)}", err=True)
    return outcomes


def _report(outcome: Outcome, seed: int, page: str, untrained: bool) -> str:
    """Return the text about a failing case, with the command that repeats it."""
    head = f"--- case {seed}: {outcome.ended} after {outcome.seconds:.0f} s; {', '.join(outcome.stops)}"
    again = f"--cases 1 --random-seed {seed}" if page == draw(seed) else f"--page {seed}-again.yaml"
    again = f"again: python -m torture.lifecycle {again}" + " --untrained" * untrained
    return "\n".join([head, *outcome.problems, page.rstrip(), again])


def _table(outcomes: list[Outcome]) -> str:
    """Return a table of cases and signals by regime."""
    counts = Counter((outcome.ended, outcome.regime) for outcome in outcomes)
    for outcome in outcomes:
        counts["signals", outcome.regime] += len(outcome.stops)
    regimes = sorted({regime for _, regime in counts})
    rows = [
        (each, *(counts[each, regime] for regime in regimes)) for each in sorted({end for end, _ in counts})
    ]
    return table(("", *regimes), [tuple(map(str, row)) for row in rows])


if __name__ == "__main__":
    main()
