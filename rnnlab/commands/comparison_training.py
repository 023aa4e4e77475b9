"""The configurations of a comparison, trained; what is done is said on stderr."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.commands.hints import to_compare
from rnnlab.commands.progress import ReadingReport
from rnnlab.commands.terminal import echo
from rnnlab.errors import TrainingError, UsageError, count_of

if TYPE_CHECKING:
    from rnnlab.config.comparison import ComparisonPage
    from rnnlab.config.schema import Experiment
    from rnnlab.evaluation.comparison import Comparison
    from rnnlab.reports.contenders import Entry


def compare_configs(
    paths: tuple[Path, ...], overrides: tuple[str, ...], jobs: int | None, **budget: Any
) -> "tuple[Comparison, Path, list[str]]":
    """Train configurations; the comparison, the folder of its runs, and what went wrong with some of them.

    Args:
        paths: the configurations, or a page that lists them.
        overrides: settings that replace those of each.
        jobs: how many are trained at once; None: as there are cores.
        budget: `seeds`, `epochs` and `seconds`, each in place of the page's where it is not None.

    Raises:
        TrainingError: every training failed.
    """
    from rnnlab.reports.contenders import Entry
    from rnnlab.runs import Run, claim_numbered
    from rnnlab.trials import read_experiments

    page, configs, name = _page(paths, budget)
    with ReadingReport(quiet=False) as reading:
        experiments = read_experiments(configs, overrides, epochs=page.epochs, report=reading.show)
    folder = claim_numbered(name)
    if page.seconds is not None:
        experiments = _with_epochs(experiments, page.seconds)
    failures = _train(experiments, page.seeds, folder, jobs)
    groups: dict[str, list[Entry]] = {}
    for contender, path in _runs(experiments, page.seeds, folder):
        if str(path) not in failures:
            run = Run(path)
            groups.setdefault(contender, []).append(Entry(path, run.load_model(), run))
    lines = [f"{path}: {why}" for path, why in failures.items()]
    if not groups:
        raise TrainingError(f"every training failed: {lines[0]}")
    return measured(groups), folder, lines


def measured(groups: "dict[str, list[Entry]]") -> "Comparison":
    """What trained models are worth beside each other."""
    from rnnlab.reports.contenders import compare

    with ReadingReport(quiet=False) as reading:
        return compare(groups, report=reading.show)


def _page(paths: tuple[Path, ...], budget: dict[str, Any]) -> "tuple[ComparisonPage, list[Path], str]":
    """What to do, as a page has it, or the command line where it says something else."""
    from rnnlab.config.comparison import ComparisonPage, read_comparison

    given = {key: value for key, value in budget.items() if value is not None}
    if math.isnan(given.get("seconds", 0)):
        raise UsageError("--seconds: expected a number, received nan")
    if {"epochs", "seconds"} <= given.keys():
        raise UsageError("--epochs, --seconds: one budget for all; leave one of them out")
    if given.keys() & {"epochs", "seconds"}:
        given = {"epochs": None, "seconds": None, **given}
    if len(paths) == 1:
        page, configs = read_comparison(paths[0])
        return page.model_copy(update=given), configs, paths[0].stem
    return ComparisonPage.model_construct(compare=[], **given), list(paths), "comparison"


def _with_epochs(experiments: "dict[str, Experiment]", seconds: float) -> "dict[str, Experiment]":
    """Experiments with as many epochs as take so long."""
    from rnnlab.trials import epochs_in, with_training

    names = list(experiments)

    def said(number: int, epochs: int) -> None:
        echo(
            f"{names[number]}: {count_of(epochs, 'epoch')} {'take' if epochs > 1 else 'takes'} {seconds:g} s",
            err=True,
        )

    found = epochs_in(list(experiments.values()), seconds, report=said)
    return {
        name: with_training(experiment, epochs=epochs)
        for (name, experiment), epochs in zip(experiments.items(), found, strict=True)
    }


def _runs(experiments: "dict[str, Experiment]", seeds: int, folder: Path) -> list[tuple[str, Path]]:
    """The name and the run of each training: with one random seed all of them, then with the next."""
    from rnnlab.reports.contenders import run_name

    return [(name, folder / run_name(name, seed)) for seed in range(seeds) for name in experiments]


def _train(
    experiments: "dict[str, Experiment]", seeds: int, folder: Path, jobs: int | None
) -> dict[str, str]:
    """Train all; what went wrong, by run."""
    from rnnlab.trials import cores, train_runs, with_training

    runs = _runs(experiments, seeds, folder)
    tasks = [
        (with_training(experiments[name], random_seed=number // len(experiments)), path)
        for number, (name, path) in enumerate(runs)
    ]
    at_once = min(jobs or cores(), len(tasks))
    echo(f"{len(tasks)} trainings, {at_once} at a time, in {folder}", err=True)
    failures: dict[str, str] = {}
    done = 0
    try:
        for number, failure in train_runs(tasks, jobs=at_once):
            done += 1
            path = str(runs[number][1])
            if failure:
                failures[path] = failure
            echo(f"{done} of {len(tasks)}  {path}{': failed: ' + failure if failure else ''}", err=True)
    except (KeyboardInterrupt, SystemExit):
        echo(to_compare(folder, done=done, of=len(tasks)), err=True)
        raise
    return failures
