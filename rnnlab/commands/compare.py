"""`rnnlab compare`: configurations, or runs, side by side on the same data.

How a comparison looks: as JSON, and as a table with what it comes to.

The configurations of a comparison, trained; what is done is said on stderr.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import (
    checked_picture,
    is_trained,
    json_option,
    output_option,
    overwrite_option,
    set_option,
)
from rnnlab.commands.hints import to_compare, to_train
from rnnlab.errors import TrainingError, UsageError, count_of
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.comparison.contenders import Entry
    from rnnlab.comparison.measures import Comparison
    from rnnlab.config.comparison import ComparisonPage
    from rnnlab.config.schema import Experiment


@click.command()
@click.argument("paths", metavar="CONFIG…|RUN…", nargs=-1, required=True, type=click.Path(path_type=Path))
@set_option
@click.option(
    "--seeds", type=click.IntRange(1, 1000), metavar="R", help="Train each with random seeds 0 to R − 1."
)
@click.option("--epochs", type=click.IntRange(1, 10_000_000), help="Train each for so many epochs.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, 1e6, min_open=True),
    metavar="S",
    help="Train each for as many epochs as take S seconds of one core. Each is timed first, alone, without"
    " compiling and validation; then the epochs are the same for every seed.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 1000), help="Trainings at a time, on a core each; left out, the cores."
)
@output_option(required=False)
@overwrite_option
@json_option
def command(
    paths: tuple[Path, ...], output: Path | None, *, overwrite: bool, as_json: bool, **options: Any
) -> None:
    """Compare configurations, or runs: the same data, budget and random seeds for each.

    \b
    rnnlab compare configs/compare_nabiya.yaml
    rnnlab compare one.yaml other.yaml --seeds 6 --seconds 20 --output comparison.svg
    rnnlab compare runs/nabiya_lstm-1 runs/nabiya_stateful_lstm-1

    Configurations, or a page that lists them, are trained, each with three random seeds if nothing else is
    said; all their runs lie in one folder, runs/<page>-<number>. Runs are compared as they are: those that
    differ in their random seed alone count as one. The folder of a comparison stands for the runs in it.
    """
    from rnnlab.commands.comparison_results import comparison_json, comparison_text
    from rnnlab.terminal.tables import as_json_text

    suffix = checked_picture(output, overwrite=overwrite) if output else ""
    trained = [is_trained(path) for path in paths]
    if any(trained) and not all(trained):
        raise UsageError("expected configurations, which are trained, or runs, which are not; received both")
    folder: Path | None = None
    failures: list[str] = []
    if any(trained):
        _refuse_options(options)
        comparison = _compare_runs(paths)
    else:
        comparison, folder, failures = compare_configs(paths, **options)
    shown = str(folder) if folder else None
    result = {**comparison_json(comparison), "failures": failures, "folder": shown}
    if folder:
        _keep(folder, as_json_text(result))
    echo(as_json_text(result) if as_json else comparison_text(comparison, folder=shown))
    if output:
        _draw(comparison, output, suffix)
    if failures:
        raise TrainingError(f"not in the table, as training failed: {'; '.join(failures)}")


def _refuse_options(options: dict[str, Any]) -> None:
    if given := [f"--{name}" for name, value in options.items() if value]:
        named = " and ".join(given).replace("--overrides", "--set")
        raise UsageError(f"{named}: runs are compared as they are, without training; leave that out")


def _compare_runs(paths: tuple[Path, ...]) -> "Comparison":
    """Runs and model files as they are."""
    from rnnlab.commands.arguments import runs_in
    from rnnlab.comparison.contenders import Entry, grouped
    from rnnlab.runs.data import opened_model
    from rnnlab.runs.folder import load_trained
    from rnnlab.runs.layout import MODEL

    entries = []
    for path in (run for named in paths for run in runs_in(named, having=MODEL)):
        trained, run, shown = load_trained(path)
        trained = opened_model(trained, run, shown, remedy=to_train(run))
        entries.append(Entry(shown, trained, run))
    if len(entries) < 2:
        raise UsageError(f"{paths[0]}: expected two runs or more to compare, received one")
    return measured(grouped(entries))


def _keep(folder: Path, text: str) -> None:
    from rnnlab.files import write_durably
    from rnnlab.runs.layout import COMPARISON

    write_durably(folder / COMPARISON, f"{text}\n".encode(errors="backslashreplace"))


def _draw(comparison: "Comparison", output: Path, suffix: str) -> None:
    from rnnlab.comparison.picture import comparison_picture
    from rnnlab.files import write_durably
    from rnnlab.reports.pictures import picture_bytes

    write_durably(output, picture_bytes(comparison_picture(comparison), suffix))
    echo(f"drew {output}", err=True)


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
    from rnnlab.comparison.contenders import Entry
    from rnnlab.comparison.trials import read_experiments
    from rnnlab.runs.folder import RunFolder, claim_numbered

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
            run = RunFolder(path)
            groups.setdefault(contender, []).append(Entry(path, run.load_model(), run))
    lines = [f"{path}: {why}" for path, why in failures.items()]
    if not groups:
        raise TrainingError(f"every training failed: {lines[0]}")
    return measured(groups), folder, lines


def measured(groups: "dict[str, list[Entry]]") -> "Comparison":
    """What trained models are worth beside each other."""
    from rnnlab.comparison.contenders import compare

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
    from rnnlab.comparison.trials import epochs_in, with_training

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
    from rnnlab.comparison.contenders import run_name

    return [(name, folder / run_name(name, seed)) for seed in range(seeds) for name in experiments]


def _train(
    experiments: "dict[str, Experiment]", seeds: int, folder: Path, jobs: int | None
) -> dict[str, str]:
    """Train all; what went wrong, by run."""
    from rnnlab.comparison.trials import cores, train_runs, with_training

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
