"""`rnnlab train`: from a YAML file to a run folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.arguments import config_argument, set_option
from rnnlab.commands.progress import ProgressReport, ReadingReport
from rnnlab.commands.terminal import echo

if TYPE_CHECKING:
    from rnnlab.datasets.loading import Data
    from rnnlab.training.session import Outcome, Session


@click.command()
@config_argument
@set_option
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path),
    help="A new or empty folder for the run, instead of runs/<config name>-<number>.",
)
@click.option("--quiet", is_flag=True, help="Print the result only.")
def command(config: Path, overrides: tuple[str, ...], run_dir: Path | None, quiet: bool) -> None:
    """Train the model that a YAML file describes.

    \b
    rnnlab train configs/nabiya_stateful_lstm.yaml
    rnnlab train configs/text_lstm.yaml --set dataset.path=my.txt --set model.units=256
    """
    from rnnlab.config.reading import read_experiment
    from rnnlab.datasets.loading import load_data
    from rnnlab.models.architecture import architecture_of

    experiment = read_experiment(config, overrides)
    with ReadingReport(quiet=quiet) as reading:
        data = load_data(experiment, report=reading.show)
    architecture_of(experiment, len(data.corpus.vocabulary))  # refuses what does not fit the vocabulary

    from rnnlab.training.session import Session  # loads TensorFlow, which takes seconds

    session = Session(experiment, data, name=config.stem, run_dir=run_dir)
    if not quiet:
        _print_plan(session, data)
    with ProgressReport(experiment.training.epochs, quiet=quiet) as progress:
        outcome = session.train(progress.show)
    echo(_result(outcome))


def _print_plan(session: "Session", data: "Data") -> None:
    """Say what will be done, before it is done."""
    from rnnlab.commands.rendering import facts
    from rnnlab.engines.tensorflow_start import device_name
    from rnnlab.reports.plan import plan

    trainer = session.trainer
    rows = plan(trainer.experiment, data.corpus, data.splits, trainer.batches, trainer.architecture)
    rows += [("device", device_name()), ("run folder", str(session.run.path))]
    echo(facts(rows), err=True)


def _result(outcome: "Outcome") -> str:
    best = outcome.best
    return (
        f"{outcome.run.path}: {outcome.epochs} epochs in {outcome.seconds:.1f} s,"
        f" {outcome.compile_seconds:.1f} s of them to compile;"
        f" kept epoch {best.epoch}, {best.monitored} loss {best.loss:.4g} nats per token"
    )
