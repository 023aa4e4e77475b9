"""`rnnlab compare`: configurations, or runs, side by side on the same data."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, set_option
from rnnlab.commands.hints import to_train
from rnnlab.commands.pictures import checked_picture, output_option, overwrite_option
from rnnlab.commands.terminal import echo
from rnnlab.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from rnnlab.evaluation.comparison import Comparison


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
    from rnnlab.commands.comparison_training import compare_configs
    from rnnlab.commands.rendering import as_json_text
    from rnnlab.commands.run_arguments import is_trained

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
    from rnnlab.commands.comparison_training import measured
    from rnnlab.commands.run_arguments import runs_in
    from rnnlab.data_access import opened_model
    from rnnlab.reports.contenders import Entry, grouped
    from rnnlab.runs import MODEL, load_trained

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
    from rnnlab.run_folders.comparisons import COMPARISON

    write_durably(folder / COMPARISON, f"{text}\n".encode(errors="backslashreplace"))


def _draw(comparison: "Comparison", output: Path, suffix: str) -> None:
    from rnnlab.files import write_durably
    from rnnlab.reports.comparison_figure import comparison_picture

    write_durably(output, comparison_picture(comparison, suffix))
    echo(f"drew {output}", err=True)
