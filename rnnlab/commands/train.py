"""`rnnlab train`: train the model of a YAML file into a run folder, or resume a run."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.arguments import set_option
from rnnlab.commands.hints import next_step, next_task_step
from rnnlab.errors import command_line, count_of
from rnnlab.terminal.completion import complete_config, complete_run
from rnnlab.terminal.progress import ProgressReport, ReadingReport
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.config.reading import AnyExperiment
    from rnnlab.datasets.examples import TaskData
    from rnnlab.datasets.loading import Data
    from rnnlab.files import Report
    from rnnlab.runs.folder import RunFolder
    from rnnlab.training.distribution.workers import Workers
    from rnnlab.training.session import Outcome, Session


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False, shell_complete=complete_config)
@set_option
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path),
    help="A new or empty folder for the run, instead of runs/<config name>-<number>.",
)
@click.option(
    "--resume",
    metavar="[RUN]",
    is_flag=False,
    flag_value="",
    shell_complete=complete_run,
    help="Go on with a run that was interrupted, or with more epochs; without a name, the newest run.",
)
@click.option("--quiet", is_flag=True, help="Print only the result.")
def command(
    config: Path | None, overrides: tuple[str, ...], run_dir: Path | None, resume: str | None, quiet: bool
) -> None:
    """Train the model that a YAML file describes: from the start, or from the last checkpoint of a run.

    \b
    rnnlab train configs/nabiya_stateful_lstm.yaml
    rnnlab train configs/text_lstm.yaml --set dataset.path=my.txt --set model.units=256
    rnnlab train --resume runs/text_lstm-1 --set training.epochs=20
    """
    from rnnlab.config.reading import places_named

    experiment, path, run = _asked_for(config, overrides, run_dir, resume)
    with places_named(path, overrides), ReadingReport(quiet=quiet) as reading:
        data = _loaded(experiment, reading.show)

    from rnnlab.training.distribution.together import workers_of  # loads TensorFlow, which takes seconds

    name = config.stem if config else ""
    with workers_of(data, partial(echo, err=True)) as workers:
        if not workers.is_chief:
            _follow(data, workers, run, quiet=quiet)
            return
        from rnnlab.training.session import Session

        with places_named(path, overrides):  # for an error about a callback that cannot be made
            session = Session(data, name=name, run_dir=run_dir, resumed=run, workers=workers)
        if not quiet:
            _print_plan(session, data)
        with ProgressReport(quiet=quiet) as progress:
            outcome = session.train(progress.show, progress.tell)
    echo(_result(outcome, unit="example" if data.experiment.dataset.task == "label" else "token"))
    if not quiet:
        echo(f"next: {_next_step(outcome.run.path, data)}", err=True)


def _follow(data: "Data | TaskData", workers: "Workers", run: "RunFolder | None", *, quiet: bool) -> None:
    """Train as one of several workers, whose chief writes the run folder and prints the result."""
    from rnnlab.training.distribution.follower import follow

    rank, count = workers.share.rank, workers.share.count
    if not quiet:
        echo(f"worker {rank} of {count}: trains; {workers.named(0)} writes the run folder", err=True)
    outcome = follow(data, workers, resumed=run)
    epochs = count_of(outcome.epochs, "epoch")
    echo(f"{outcome.run.path}: {epochs} in {outcome.seconds:.1f} s; written by {workers.named(0)}")


def _loaded(experiment: "AnyExperiment", report: "Report") -> "Data | TaskData":
    """Return the data, after a check that the network fits it."""
    from rnnlab.config.tasks import TaskExperiment

    if isinstance(experiment, TaskExperiment):
        from rnnlab.datasets.task_loading import load_task_data

        return load_task_data(experiment, report=report)
    from rnnlab.datasets.loading import load_data
    from rnnlab.models.architecture import architecture_of

    data = load_data(experiment, report=report)
    architecture_of(data.experiment, len(data.corpus.vocabulary))  # refuses what does not fit the vocabulary
    return data


def _next_step(run: Path, data: "Data | TaskData") -> str:
    """Return the commands that use the run and evaluate it."""
    from rnnlab.datasets.loading import Data

    if isinstance(data, Data):
        return next_step(run, data.experiment, data.corpus)
    return next_task_step(run, data)


def _asked_for(
    config: Path | None, overrides: tuple[str, ...], run_dir: Path | None, resume: str | None
) -> "tuple[AnyExperiment, Path, RunFolder | None]":
    """Return the experiment, its YAML file, and the run to resume (None for a new run).

    Raises:
        UsageError: neither a YAML file nor --resume is given, --resume and --run-dir are both given, or a
            setting differs from that of the run.
        ConfigError: the YAML file has faults.
        RunError: there is no run to resume.
    """
    from rnnlab.config.reading import read_any, resumed_experiment
    from rnnlab.errors import UsageError

    if resume is None:
        if config is None:
            raise UsageError(
                "rnnlab train: expected a YAML file, or --resume [RUN] (see rnnlab train --help)"
            )
        return read_any(config, overrides), config, None
    if run_dir is not None:
        raise UsageError("rnnlab train: --resume goes on in the run's own folder; leave --run-dir out")

    from rnnlab.runs.data import found_again
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import CONFIG, is_study_folder
    from rnnlab.runs.study import why_no_run

    if resume and is_study_folder(path := Path(resume)):
        raise UsageError(f"{why_no_run(path)}; to go on with the study: {command_line('sweep', path)}")
    run = find_run(Path(resume) if resume else None)
    own, located = run.path / CONFIG, partial(found_again, run=run)
    return resumed_experiment(own, config, overrides, located=located), config or own, run


def _print_plan(session: "Session", data: "Data | TaskData") -> None:
    """Print the data, the batches, the model, the device and the run folder before the training begins."""
    from rnnlab.engines.tensorflow.start import device_name
    from rnnlab.terminal.tables import facts_table

    rows = [*_plan(data), ("device", device_name()), ("run folder", str(session.run.path))]
    echo(facts_table(rows, err=True), err=True)


def _plan(data: "Data | TaskData") -> list[tuple[str, str]]:
    """Return rows on the data, the batches, the model and the training."""
    from rnnlab.datasets.loading import Data

    if not isinstance(data, Data):
        from rnnlab.reports.task_description import task_plan

        return task_plan(data)
    from rnnlab.datasets.batches import make_batches
    from rnnlab.models.architecture import architecture_of
    from rnnlab.reports.description import plan

    read, experiment = data.as_trained_on(), data.experiment
    batches = make_batches(read.splits.parts["train"], read.corpus, experiment)
    architecture = architecture_of(experiment, len(data.corpus.vocabulary))
    return plan(experiment, data.corpus, data.splits, batches, architecture)


def _result(outcome: "Outcome", *, unit: str = "token") -> str:
    """Return what was trained, and which weights are kept; `unit` is what the loss counts."""
    best = outcome.best
    skipped = f"; {count_of(outcome.skipped, 'step')} skipped, as not finite" if outcome.skipped else ""
    kept = f"kept epoch {best.epoch}, {best.monitored} loss {best.loss:.4g} nats per {unit}"
    if not best.epoch:
        kept = "kept the last weights: no epoch has a measured, finite loss"
    return (
        f"{outcome.run.path}: {count_of(outcome.epochs, 'epoch')} in {outcome.seconds:.1f} s,"
        f" {outcome.compile_seconds:.1f} s of them to compile; {kept}{skipped}"
    )
