"""`rnnlab compare`: train configurations, or take runs, and compare their models on the same data."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import (
    check_study,
    checked_picture,
    is_trained,
    json_option,
    output_option,
    overwrite_option,
    set_option,
    shared_study,
    storage_option,
    study_option,
)
from rnnlab.commands.csv_output import CSV, check_csv, csv_text, write_csv
from rnnlab.commands.hints import to_compare, to_train
from rnnlab.errors import Argument, TrainingError, UsageError, command_line, count_of
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo
from rnnlab.terminal.trainings import TrainingLabel, TrainingsReport

if TYPE_CHECKING:
    from rnnlab.comparison.contenders import Entry
    from rnnlab.comparison.measures import Comparison
    from rnnlab.config.comparison import Candidate, ComparisonPage
    from rnnlab.config.reading import AnyExperiment
    from rnnlab.trials.runner import Shared


@click.command()
@click.argument("paths", metavar="CONFIG…|RUN…", nargs=-1, required=True, type=click.Path(path_type=Path))
@set_option
@click.option(
    "--seeds", type=click.IntRange(1, 1000), metavar="R", help="Train each with random seeds 0 to R − 1."
)
@click.option("--epochs", type=click.IntRange(1, 10_000_000), help="Train each for this number of epochs.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, 1e6, min_open=True),
    metavar="S",
    help="Train each for the number of epochs that takes S seconds on one core. Each is timed first, alone,"
    " without compiling and validation; all its seeds get the same number of epochs.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1000),
    help="Number of trainings at a time, each on one core; left out, one for each core.",
)
@storage_option
@study_option
@output_option(required=False, table="training")
@overwrite_option
@json_option
def command(
    paths: tuple[Path, ...], output: Path | None, *, overwrite: bool, as_json: bool, **options: Any
) -> None:
    """Compare configurations or runs: the same data, budget and random seeds for each.

    \b
    rnnlab compare configs/compare_nabiya.yaml
    rnnlab compare configs/compare_parity.yaml
    rnnlab compare one.yaml other.yaml --seeds 6 --seconds 20 --output comparison.svg
    rnnlab compare runs/nabiya_lstm-1 runs/nabiya_stateful_lstm-1
    rnnlab compare runs/compare_nabiya-1 --output table.csv

    Configurations, or a YAML file that lists them, are trained, each with the number of random seeds of
    --seeds, else of the YAML file, else three. Their runs lie in one folder: runs/comparison-<number>, or
    runs/<name of the YAML file>-<number>. Runs are compared without training: those that differ only in
    their random seed count as one. The folder of a comparison stands for the runs in it.

    With --storage, the same command trains the same comparison from any number of processes and machines that
    share the folder runs/; it goes on where it stood, and each command prints the table.

    All must be of one task. Models of generated examples are measured on the test part, at each of
    dataset.test_lengths; all others on the part that `evaluate` measures.
    """
    from rnnlab.commands.comparison_results import comparison_json, comparison_text
    from rnnlab.terminal.tables import as_json_text

    check_study(options["storage"], options["study"])
    suffix = _checked_output(output, overwrite=overwrite) if output else ""
    trained = [is_trained(path) for path in paths]
    if any(trained) and not all(trained):
        raise UsageError("expected only configurations, or only runs; received both")
    folder: Path | None = None
    failures: dict[str, str] = {}
    if any(trained):
        _refuse_options(options)
        comparison = _compare_runs(paths)
    else:
        comparison, folder, failures = compare_configs(paths, **options)
    shown = str(folder) if folder else None
    lines = [f"{path}: {why}" for path, why in failures.items()]
    result = {**comparison_json(comparison), "failures": lines, "folder": shown}
    if folder:
        _keep(folder, as_json_text(result))
    echo(as_json_text(result) if as_json else comparison_text(comparison, folder=shown))
    if output:
        _write(comparison, failures, output, suffix)
    if failures:
        raise TrainingError(
            f"runs that are not in the table, since their training failed: {'; '.join(lines)}"
        )


def _refuse_options(options: dict[str, Any]) -> None:
    if given := [f"--{name}" for name, value in options.items() if value]:
        named = " and ".join(given).replace("--overrides", "--set")
        raise UsageError(f"{named}: runs are compared as they are, without training; leave out {named}")


def _compare_runs(paths: tuple[Path, ...]) -> "Comparison":
    """Compare runs and model files without training, and return the comparison."""
    from rnnlab.commands.arguments import runs_in
    from rnnlab.comparison.contenders import Entry, grouped
    from rnnlab.runs.data import opened_model
    from rnnlab.runs.folder import load_any_trained
    from rnnlab.runs.layout import MODEL, is_study_folder
    from rnnlab.runs.study import why_no_run

    if studies := [path for path in paths if is_study_folder(path)]:
        raise UsageError(f"{why_no_run(studies[0])}; to see all trials: {command_line('report', studies[0])}")
    entries = []
    for path in (run for named in paths for run in runs_in(named, having=MODEL)):
        trained, run, shown = load_any_trained(path)
        trained = opened_model(trained, run, shown, remedy=to_train(run))
        entries.append(Entry(shown, trained, run))
    if len(entries) < 2:
        raise UsageError(f"{paths[0]}: expected two runs or more to compare, received one")
    return measured(grouped(entries))


def _keep(folder: Path, text: str) -> None:
    from rnnlab.files import write_durably
    from rnnlab.runs.layout import COMPARISON

    write_durably(folder / COMPARISON, f"{text}\n".encode(errors="backslashreplace"))


def _checked_output(output: Path, *, overwrite: bool) -> str:
    """Check before any slow work that the file can be written; return its suffix in lower case."""
    if output.suffix.lower() == CSV:
        check_csv(output, overwrite=overwrite)
        return CSV
    return checked_picture(output, overwrite=overwrite)


def _write(comparison: "Comparison", failures: dict[str, str], output: Path, suffix: str) -> None:
    """Write a row for each training into a .csv file, or draw a picture."""
    from rnnlab.commands.comparison_results import comparison_rows, failed_rows
    from rnnlab.comparison.picture import comparison_picture
    from rnnlab.files import write_durably
    from rnnlab.reports.pictures import picture_bytes

    if suffix == CSV:
        write_csv(output, csv_text([*comparison_rows(comparison), *failed_rows(failures)]))
        return
    write_durably(output, picture_bytes(comparison_picture(comparison), suffix))
    echo(f"drew {output}", err=True)


def compare_configs(
    paths: tuple[Path, ...],
    overrides: tuple[str, ...],
    jobs: int | None,
    *,
    storage: str | None = None,
    study: str | None = None,
    **budget: Any,
) -> "tuple[Comparison, Path, dict[str, str]]":
    """Train configurations and compare them; return the comparison, its folder, and failures by run folder.

    Args:
        paths: the configurations, or a YAML file that lists them.
        overrides: settings that replace those of each configuration.
        jobs: number of trainings at a time; None for one on each core.
        storage: URL of a database in which several commands share the trainings; None for this command alone.
        study: name of the study in the database; None for the name of the comparison.
        budget: `seeds`, `epochs` and `seconds`; a value that is not None replaces that of the YAML file, and
            `epochs` or `seconds` replaces both budgets of the file.

    Raises:
        ConfigError: a file is not a valid configuration or list.
        DataError: the data of a configuration cannot be found or read, or is too short.
        UsageError: both budgets are given, the configurations differ in their task or data, a setting sets
            the random seed, or the database has another study of the same name.
        TrainingError: every training failed, or a configuration cannot be timed for `seconds`.
    """
    from rnnlab.comparison.candidates import read_experiments
    from rnnlab.runs.folder import claim_numbered, folder_of_study

    plan, candidates, name = _plan(paths, budget)
    with ReadingReport(quiet=False) as reading:
        experiments = read_experiments(candidates, overrides, epochs=plan.epochs, report=reading.show)
    title = study or name
    shared = shared_study(storage, title, _agreed(experiments, plan)) if storage else None
    folder = folder_of_study(title) if shared else claim_numbered(name)
    if plan.seconds is not None:
        experiments = _with_epochs(experiments, plan.seconds)
    failures = _train(experiments, plan.seeds, folder, jobs, shared)
    groups = _trained(experiments, plan.seeds, folder, failures)
    if not groups:
        path, why = next(iter(failures.items()))
        raise TrainingError(f"every training failed: {path}: {why}")
    return measured(groups), folder, failures


def _trained(
    experiments: "dict[str, AnyExperiment]", seeds: int, folder: Path, failures: dict[str, str]
) -> "dict[str, list[Entry]]":
    """Return the trained models of each configuration, by its name, without those that failed."""
    from rnnlab.comparison.contenders import Entry
    from rnnlab.runs.folder import RunFolder

    groups: dict[str, list[Entry]] = {}
    for contender, path in _runs(experiments, seeds, folder):
        if str(path) not in failures:
            run = RunFolder(path)
            groups.setdefault(contender, []).append(Entry(path, run.load_any_model(), run))
    return groups


def measured(groups: "dict[str, list[Entry]]") -> "Comparison":
    """Measure trained models on the same data, and return their comparison.

    Raises:
        DataError: the data of a model cannot be found or read, or is too short.
        UsageError: the models have different tasks or data.
    """
    from rnnlab.comparison.contenders import compare

    with ReadingReport(quiet=False) as reading:
        return compare(groups, report=reading.show)


def _plan(paths: tuple[Path, ...], budget: dict[str, Any]) -> "tuple[ComparisonPage, list[Candidate], str]":
    """Return the budget of the YAML file and the command line, the configurations, and the folder's name."""
    from rnnlab.config.comparison import Candidate, ComparisonPage, read_comparison

    given = {key: value for key, value in budget.items() if value is not None}
    if math.isnan(given.get("seconds", 0)):
        raise UsageError("--seconds: expected a number, received nan")
    if {"epochs", "seconds"} <= given.keys():
        raise UsageError("--epochs, --seconds: expected one budget; leave one of them out")
    if given.keys() & {"epochs", "seconds"}:
        given = {"epochs": None, "seconds": None, **given}
    if len(paths) == 1:
        plan, candidates = read_comparison(paths[0])
        return plan.model_copy(update=given), candidates, paths[0].stem
    plan = ComparisonPage.model_construct(compare=[], **given)
    return plan, [Candidate(path) for path in paths], "comparison"


def _with_epochs(experiments: "dict[str, AnyExperiment]", seconds: float) -> "dict[str, AnyExperiment]":
    """Return the experiments, each with the number of epochs (at least 1) that fits into the given seconds.

    The numbers are printed on stderr.
    """
    from rnnlab.trials.timing import epochs_in
    from rnnlab.trials.trainings import with_training

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


def _runs(experiments: "dict[str, AnyExperiment]", seeds: int, folder: Path) -> list[tuple[str, Path]]:
    """Return the name and the run folder of each training, ordered by random seed."""
    from rnnlab.comparison.contenders import run_name

    return [(name, folder / run_name(name, seed)) for seed in range(seeds) for name in experiments]


def _agreed(experiments: "dict[str, AnyExperiment]", plan: "ComparisonPage") -> dict[str, Any]:
    """Return what all commands that share a comparison must agree on.

    Raises:
        UsageError: the budget is a time, which gives other epochs on each machine.
    """
    if plan.seconds is not None:
        epochs = Argument("epochs")
        raise UsageError(Argument("storage"), ": seconds are other epochs on each machine; give ", epochs)
    from rnnlab.config.writing import write_experiment
    from rnnlab.trials.study import plan_digest

    texts = {name: write_experiment(each, folder=Path.cwd()) for name, each in experiments.items()}
    return {
        "seeds": plan.seeds,
        "configurations": {name: plan_digest({"text": text}) for name, text in texts.items()},
    }


def _train(
    experiments: "dict[str, AnyExperiment]",
    seeds: int,
    folder: Path,
    jobs: int | None,
    shared: "Shared | None" = None,
) -> dict[str, str]:
    """Train all experiments with all seeds; return a sentence for each failure, by run folder.

    The end of each training is printed on stderr.
    """
    from rnnlab.processes import cores
    from rnnlab.trials.trainings import train_runs, with_training

    runs = _runs(experiments, seeds, folder)
    tasks = [
        (with_training(experiments[name], random_seed=number // len(experiments)), path)
        for number, (name, path) in enumerate(runs)
    ]
    at_once = min(jobs or cores(), len(tasks))
    echo(f"{len(tasks)} trainings, {at_once} at a time, in {folder}", err=True)
    failures: dict[str, str] = {}
    done = 0

    def named(number: int) -> TrainingLabel:
        name, seed = runs[number][0], number // len(experiments)
        return TrainingLabel(f"run {number + 1} of {len(tasks)}", f"{name}, seed {seed}", alike=name)

    try:
        with TrainingsReport(named, total=len(tasks), at_once=at_once) as report:
            for number, failure in train_runs(
                tasks, jobs=at_once, shared=shared, tell=report.tell, heard=report.hear
            ):
                done += 1
                path = str(runs[number][1])
                if failure:
                    failures[path] = failure
                report.hear(number, None)
                report.tell(f"{done} of {len(tasks)}  {path}{': failed: ' + failure if failure else ''}")
    except (KeyboardInterrupt, SystemExit):
        echo(to_compare(folder, done=done - len(failures), of=len(tasks)), err=True)
        raise
    return failures
