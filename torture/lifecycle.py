"""Random configurations through the whole life of a run: `python -m torture.lifecycle [--cases N]`.

A case draws a page of YAML (`tests.lifecycle`), describes it, trains it while signals stop it at random
instants, resumes it until it is done, and trains it once more undisturbed: both must leave the same bits.
Then every command is used on the run. A page that does not fit its data must be refused by `describe` and
`train` alike.

With `--untrained` the weights are random: a case takes a second, and tries the commands that only read a run.
A case that fails is printed with its page and its random seed, which makes the same page and the same draws
again. The instants of signals are the same only as far as the machine takes the same time.
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
"""How many signals a training gets, each as likely."""

OWN_PROCESSES = 0.1
"""Share of the cases whose trainings are processes of their own, imports included."""


@dataclass
class Outcome:
    """How a case went.

    Attributes:
        ended: what it came to: refused, trained, used (untrained), failed (training ended with a line), no
            model, or died.
        regime: what a batch was.
        stops: the signals that came.
        problems: what is wrong.
        seconds: how long it took.
    """

    ended: str = "died"
    regime: str = "–"
    stops: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def live(page: str, random_seed: int) -> Outcome:
    """The case of a page, in the working folder, which is empty."""
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
    """`train` refuses what `describe` does, with the same words, and leaves nothing."""
    if found := fault(["describe", str(PAGE)], described, refused=True):
        yield found
    answer = fork_command(["train", str(PAGE)], Path("refused.out")).answer()
    if (answer.exit_code, answer.stderr) != (described.exit_code, described.stderr):
        yield f"train: {answer.exit_code} {answer.stderr!r}; describe: {described.stderr!r}"
    yield from (f"train left {run}" for run in runs())


def _stopped(rng: Random, outcome: Outcome) -> Iterator[str]:
    """Train with a signal each time, until as many have come as are drawn, or training is over before."""
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
    """Go on to the end, and train once more; nothing is left to be done to both runs."""
    for arguments in (next_training(), ["train", str(PAGE)]):
        error = ended(start(arguments[1:])).stderr
        if "Traceback" in error:
            yield f"{' '.join(arguments)}: {error[-1500:]}"


def _finished(rng: Random, outcome: Outcome) -> Iterator[str]:
    """To the end, beside an undisturbed training; then every command: all in one process."""
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
    """The same with random weights in place of trained ones: no TensorFlow, and no signals."""
    os.environ["COLUMNS"] = "200"
    begun = time.monotonic()
    ended, problems = problems_of_untrained(page, random_seed)
    return Outcome(ended, problems=problems, seconds=time.monotonic() - begun)


@click.command()
@click.option("--cases", type=click.IntRange(1), default=300, show_default=True)
@click.option("--random-seed", type=click.IntRange(0), help="Of the first case; drawn if left out.")
@click.option(
    "--page",
    "given",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="This page instead of drawn ones, with the random seed that its name begins with; can be repeated.",
)
@click.option("--untrained", is_flag=True, help="Random weights instead of training: a case takes a second.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Cases at once.")
def main(cases: int, random_seed: int | None, given: tuple[Path, ...], untrained: bool, jobs: int) -> None:
    """Lead random configurations through their whole life."""
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
    """The random seed that the name of a page begins with."""
    number = re.match(r"\d+", path.name)
    if not number:
        raise click.BadParameter(
            f"{path}: expected a name that begins with a random seed, as in 7-lanes.yaml"
        )
    return int(number[0])


def led(pages: dict[int, str], lead: Callable[[str, int], Outcome], *, jobs: int) -> list[Outcome]:
    """How the cases went; each that failed is printed at once.

    Args:
        pages: by their random seeds.
        lead: leads a page, with its random seed, in the working folder.
        jobs: how many cases at once.
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
    """A case that failed, and how to have it again."""
    head = f"--- case {seed}: {outcome.ended} after {outcome.seconds:.0f} s; {', '.join(outcome.stops)}"
    again = f"--cases 1 --random-seed {seed}" if page == draw(seed) else f"--page {seed}-again.yaml"
    again = f"again: python -m torture.lifecycle {again}" + " --untrained" * untrained
    return "\n".join([head, *outcome.problems, page.rstrip(), again])


def _table(outcomes: list[Outcome]) -> str:
    """Cases, and signals that came, by regime."""
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
