"""Random configurations through the whole life of a run: `python -m torture.lifecycle [--cases N]`.

A case draws a page of YAML (`tests.lifecycle`), describes it, trains it while signals stop it at random
instants, resumes it until it is done, and trains it once more undisturbed: both must leave the same bits. Then
every command is used on the run. A page that does not fit its data must be refused by `describe` and `train`
alike. A case that fails is printed with its page and the random seed that makes the same page and the same
draws again; instants of signals are reached only about as exactly as the machine allows.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random, SystemRandom

import click

from rnnlab.commands.rendering import table
from rnnlab.config.reading import read_experiment
from tests.lifecycle import draw, page_in
from tests.material import write_material
from torture.forks import Fork, HangingError, fork, fork_command
from torture.kills import left_behind, start
from torture.model_files import Answer
from torture.stages import fault, problems_after, problems_without_model, said
from torture.stops import drawn_stop, stopped_fork, stopped_process

PAGE = Path("page.yaml")
RUNS = Path("runs")
MOST_STOPS = 3
OWN_PROCESSES = 0.1
"""Share of the cases whose trainings are processes of their own, imports included."""


@dataclass
class Outcome:
    """How a case went.

    Attributes:
        random_seed: of the case.
        ended: what it came to.
        regime: what a batch was.
        stops: the signals that came.
        problems: what is wrong.
        seconds: how long it took.
    """

    random_seed: int
    ended: str = "died"
    regime: str = "-"
    stops: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def live(page: str, random_seed: int) -> Outcome:
    """The case of a page, in the working folder, which is empty."""
    begun, rng, outcome = time.monotonic(), Random(random_seed), Outcome(random_seed)
    write_material(Path())
    PAGE.write_text(page_in(Path(), page), encoding="utf-8")
    try:
        described = fork_command(["describe", str(PAGE)], Path("described.out")).answer()
        if described.exit_code:
            outcome.ended, outcome.problems = "refused", list(_refused(described))
        else:
            outcome.regime = read_experiment(PAGE).regime
            outcome.problems = list(_trained(rng, outcome))
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
        yield f"train is refused with {answer.exit_code} {answer.stderr!r}, describe with {described.stderr!r}"
    if newest() is not None:
        yield f"train left {newest()}"


def _trained(rng: Random, outcome: Outcome) -> Iterator[str]:
    """Stopped and resumed until it is done, it leaves what an undisturbed training does."""
    is_own = rng.random() < OWN_PROCESSES
    for number in range(rng.choice((1, 1, 1, 2, MOST_STOPS))):
        stop = drawn_stop(rng)
        arguments = next_training()
        if is_own:
            answer, wrong = stopped_process(arguments, rng, stop)
        else:
            answer, wrong = stopped_fork(arguments, Path(f"stopped-{number}.out"), stop)
        if wrong:
            yield wrong
        if answer.exit_code in {0, 1, 2}:
            break
        outcome.stops.append(str(stop))
    if is_own:
        yield from _finished_in_processes()
    answers = Path("answers.json")
    process: Fork = fork(lambda: _finish(rng, answers), Path("finished.out"))
    answer = process.answer()
    if not answers.exists():
        yield f"the process died: exit code {answer.exit_code}: {answer.stderr[-1500:]}"
        return
    ended, problems = json.loads(answers.read_text(encoding="utf-8"))
    outcome.ended = ended
    yield from problems


def _finished_in_processes() -> Iterator[str]:
    """Go on to the end, and train once more, in processes of their own; the one after them goes on from there."""
    for arguments in (next_training(), ["train", str(PAGE)]):
        process = start(arguments[1:])
        _, error = process.communicate()
        if b"Traceback" in error:
            yield f"{arguments}: {error.decode()[-1500:]}"


def next_training() -> list[str]:
    """The command that goes on with the first run, or begins one where a signal came before there was any."""
    runs = _runs()
    return ["train", "--resume", str(runs[0])] if runs else ["train", str(PAGE)]


def newest() -> Path | None:
    """The run that was begun last."""
    runs = _runs()
    return runs[-1] if runs else None


def _runs() -> list[Path]:
    found = [path.parent for path in RUNS.glob("page-*/config.yaml")]
    return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))


def _finish(rng: Random, answers: Path) -> int:
    """Go on with the first run to its end, train another undisturbed, compare, and use every command."""
    problems = []
    resumed = said(*next_training())
    run = _runs()[0]
    if len(_runs()) == 1:
        again = said("train", str(PAGE))
    else:
        again = said("train", "--resume", str(_runs()[1]))
    whole = _runs()[1] if len(_runs()) > 1 else run
    outcomes = [
        (answer.exit_code, _last_line(answer, path)) for answer, path in ((resumed, run), (again, whole))
    ]
    problems += [
        line
        for answer in (resumed, again)
        if (line := fault(["train"], answer, refused=bool(answer.exit_code)))
    ]
    if outcomes[0] != outcomes[1]:
        problems.append(f"resumed: {outcomes[0]}; undisturbed: {outcomes[1]}")
    problems += _differences(run, whole)
    ended = "trained" if not resumed.exit_code else "diverged"
    if (run / "model.safetensors").exists():
        problems += problems_after(run, rng)
    else:
        ended = "no model"
        problems += problems_without_model(run)
    answers.write_text(json.dumps([ended, problems]), encoding="utf-8")
    return 0


def _last_line(answer: Answer, run: Path) -> str:
    """Why a training failed, whichever run it was."""
    lines = answer.stderr.strip().splitlines() if answer.exit_code else []
    return lines[-1].replace(str(run), "RUN") if lines else ""


def _differences(run: Path, whole: Path) -> list[str]:
    """The files that differ between two trainings of one page."""
    left, expected = ({**_left(path), **_settings(path)} for path in (run, whole))
    return [f"{name} differs" for name in sorted({*left, *expected}) if left.get(name) != expected.get(name)]


def _left(run: Path) -> dict[str, bytes]:
    names = ("history.csv", "model.safetensors", "losses.csv")
    return left_behind(run) if all((run / name).exists() for name in names) else {}


def _settings(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in ("config.yaml", "split.json")}


def outcomes_of(pages: dict[int, str], *, jobs: int, folder: Path) -> Iterator[Outcome]:
    """How the cases went, each in a process and a folder of its own, in the order in which they end."""
    waiting, running = list(pages.items()), dict[int, Fork]()
    while waiting or running:
        while waiting and len(running) < jobs:
            seed, page = waiting.pop(0)
            place = folder / str(seed)
            place.mkdir()
            running[seed] = fork(
                lambda page=page, seed=seed: _live_in(place, page, seed), folder / f"{seed}.out"
            )
        time.sleep(0.02)
        for seed in [seed for seed, process in running.items() if process.poll() is not None]:
            said_last = running.pop(seed).answer()
            result = folder / f"{seed}.json"
            if result.exists():
                yield Outcome(**json.loads(result.read_text(encoding="utf-8")))
            else:
                yield Outcome(seed, problems=[f"the case died: {said_last.stderr[-1500:]}"])
            shutil.rmtree(folder / str(seed), ignore_errors=True)


def _live_in(place: Path, page: str, random_seed: int) -> int:
    os.environ["COLUMNS"] = "200"
    with chdir(place):
        outcome = live(page, random_seed)
    result = place.with_suffix(".json")
    result.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    return 0


def load_libraries() -> None:
    """Import what the processes need that are forked from this one."""
    import onnxruntime  # noqa: F401, PLC0415
    import sklearn.model_selection  # noqa: F401, PLC0415

    import rnnlab.training.session  # noqa: F401, PLC0415


@click.command()
@click.option("--cases", type=click.IntRange(1), default=300, show_default=True)
@click.option("--random-seed", type=click.IntRange(0), help="Of the first case; drawn if left out.")
@click.option(
    "--page",
    "given",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Instead of drawn ones.",
)
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Cases at once.")
def main(cases: int, random_seed: int | None, given: tuple[Path, ...], jobs: int) -> None:
    """Lead random configurations through their whole life."""
    first = SystemRandom().randrange(10**9) if random_seed is None else random_seed
    click.echo(f"random seeds from {first} on", err=True)
    pages = {first + number: draw(first + number) for number in range(cases)}
    if given:
        pages = {first + number: path.read_text(encoding="utf-8") for number, path in enumerate(given)}
    load_libraries()
    counts: Counter[tuple[str, str]] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for outcome in outcomes_of(pages, jobs=jobs, folder=Path(folder)):
            counts[outcome.ended, outcome.regime] += 1
            counts["stops", outcome.regime] += len(outcome.stops)
            if outcome.problems:
                failed += 1
                click.echo(_report(outcome, pages[outcome.random_seed]), err=True)
    regimes = sorted({regime for _, regime in counts})
    rows = [
        (ended, *(counts[ended, regime] for regime in regimes))
        for ended in sorted({each for each, _ in counts})
    ]
    click.echo(table(("ended", *regimes), [tuple(map(str, row)) for row in rows]))
    click.echo(f"{len(pages) - failed} of {len(pages)} cases right; random seeds from {first} on")
    sys.exit(failed > 0)


def _report(outcome: Outcome, page: str) -> str:
    """A case that failed, and how to have it again."""
    head = f"--- case {outcome.random_seed}: {outcome.ended}, {outcome.seconds:.0f} s; {'; '.join(outcome.stops)}"
    again = f"again: python -m torture.lifecycle --cases 1 --random-seed {outcome.random_seed}"
    return "\n".join([head, *outcome.problems, page.rstrip(), again])


if __name__ == "__main__":
    main()
