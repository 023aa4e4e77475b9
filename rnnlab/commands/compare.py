"""`rnnlab compare`: configurations, or runs, side by side on the same data."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, set_option
from rnnlab.commands.pictures import checked_picture, output_option, overwrite_option
from rnnlab.commands.progress import ReadingReport
from rnnlab.commands.terminal import echo
from rnnlab.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from rnnlab.config.comparison import ComparisonPage
    from rnnlab.config.schema import Experiment
    from rnnlab.evaluation.comparison import Comparison
    from rnnlab.reports.contenders import Entry


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
    from rnnlab.commands.rendering import as_json_text
    from rnnlab.commands.run_folders import is_trained

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
        comparison, folder, failures = _compare_configs(paths, **options)
    shown = str(folder) if folder else None
    result = {**comparison_json(comparison), "failures": failures, "folder": shown}
    if folder:
        _keep(folder, as_json_text(result))
    if output:
        _draw(comparison, output, suffix)
    echo(as_json_text(result) if as_json else comparison_text(comparison, folder=shown))
    if failures:
        raise TrainingError(f"{len(failures)} trainings failed, and are not in the table: {failures[0]}")


def _refuse_options(options: dict[str, Any]) -> None:
    if given := [f"--{name}" for name, value in options.items() if value]:
        named = " and ".join(given).replace("--overrides", "--set")
        raise UsageError(f"{named}: runs are compared as they are, without training; leave that out")


def _compare_runs(paths: tuple[Path, ...]) -> "Comparison":
    """Runs and model files as they are."""
    from rnnlab.commands.data_access import check_data_access
    from rnnlab.commands.run_folders import runs_in
    from rnnlab.reports.contenders import Entry, grouped
    from rnnlab.runs import load_trained

    entries = []
    for path in (run for named in paths for run in runs_in(named)):
        trained, run, shown = load_trained(path)
        check_data_access(trained.experiment, run, shown, remedy="train it here")
        entries.append(Entry(shown, trained, run))
    if len(entries) < 2:
        raise UsageError(f"{paths[0]}: expected two runs or more to compare, received one")
    return _measured(grouped(entries))


def _compare_configs(
    paths: tuple[Path, ...], overrides: tuple[str, ...], jobs: int | None, **budget: Any
) -> "tuple[Comparison, Path, list[str]]":
    """Train configurations; the comparison, the folder of its runs, and what went wrong with some of them."""
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
    return _measured(groups), folder, lines


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
        echo(f"{names[number]}: {epochs:,} epochs take {seconds:g} s", err=True)

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
        echo(
            f"{done} of {len(tasks)} trainings are done; to compare those: rnnlab compare {folder}", err=True
        )
        raise
    return failures


def _measured(groups: "dict[str, list[Entry]]") -> "Comparison":
    from rnnlab.reports.contenders import compare

    with ReadingReport(quiet=False) as reading:
        return compare(groups, report=reading.show)


def _keep(folder: Path, text: str) -> None:
    from rnnlab.files import write_durably

    write_durably(folder / "comparison.json", f"{text}\n".encode(errors="backslashreplace"))


def _draw(comparison: "Comparison", output: Path, suffix: str) -> None:
    from rnnlab.files import write_durably
    from rnnlab.reports.comparison_figure import comparison_picture

    write_durably(output, comparison_picture(comparison, suffix))
    echo(f"drew {output}", err=True)
