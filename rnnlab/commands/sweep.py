"""`rnnlab sweep`: search for good settings, in several processes or on several machines."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import check_study, json_option, storage_option, study_option
from rnnlab.errors import Argument, TrainingError, UsageError, command_line, count_of
from rnnlab.terminal.completion import complete_sweep
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo
from rnnlab.terminal.trainings import TrainingLabel, TrainingsReport

if TYPE_CHECKING:
    from rnnlab.sweeps.results import StudyResults
    from rnnlab.sweeps.search import Search

_YAML = {".yaml", ".yml"}


@click.command()
@click.argument(
    "source",
    metavar="SWEEP.yaml|FILE|STUDY",
    type=click.Path(path_type=Path),
    shell_complete=complete_sweep,
)
@click.option("--trials", type=click.IntRange(1, 10_000), help="Number of trials, in place of the file's.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 1e6, min_open=True),
    metavar="M",
    help="Time of this call, in place of the file's seconds; for your own file 10 if left out.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1000),
    help="Number of trainings at a time; the cores are divided among them. Left out, one for each core.",
)
@storage_option
@study_option
@json_option
def command(
    source: Path,
    *,
    trials: int | None,
    minutes: float | None,
    workers: int | None,
    storage: str | None,
    study: str | None,
    as_json: bool,
) -> None:
    """Search for good settings: of a sweep's YAML file, for your own data, or go on with a study.

    \b
    rnnlab sweep my.txt --minutes 10
    rnnlab sweep configs/sweep_names.yaml --workers 2
    rnnlab sweep runs/sweep_names-1
    rnnlab sweep configs/sweep_names.yaml --storage postgresql://me@host/studies

    The study has a folder, runs/<name>-<number>, with a run for each trial, the table of all trials and the
    best configuration. It goes on where it stood: name its folder. With --storage, the same command works on
    the same study from any number of processes and machines.
    """
    from rnnlab.commands.sweep_results import sweep_json, sweep_rows
    from rnnlab.processes import cores
    from rnnlab.sweeps.improvement import improvement
    from rnnlab.terminal.tables import as_json_text, facts_table

    if minutes is not None and math.isnan(minutes):
        raise UsageError(Argument("minutes"), ": expected a number, received nan")
    check_study(storage, study)
    search = _search(source, trials, minutes, storage, study)
    at_once = workers or cores()
    results = _run(search, at_once)
    gain = improvement(results)
    if as_json:
        echo(as_json_text(sweep_json(results, gain)))
    else:
        echo(
            facts_table(sweep_rows(results, gain), whole=[command_line("train", search.folder / "best.yaml")])
        )


def _search(
    source: Path, trials: int | None, minutes: float | None, storage: str | None, study: str | None
) -> "Search":
    """Return the search that the argument stands for."""
    from rnnlab.config.sweep import read_sweep
    from rnnlab.runs.layout import STUDY
    from rnnlab.sweeps.search import new_search, resumed_search

    seconds = None if minutes is None else 60 * minutes
    with ReadingReport(quiet=False) as reading:
        if source.is_dir() and (source / STUDY).exists():
            if trials:
                raise UsageError(Argument("trials"), ": a study that goes on keeps its number; leave it out")
            return resumed_search(source, storage=storage, seconds=seconds, report=reading.show)
        if source.suffix.lower() in _YAML:
            plan = read_sweep(source)
            given: dict[str, Any] = {"trials": trials, "seconds": seconds}
            budget = {key: value for key, value in given.items() if value is not None}
            if plan.page.sampler == "grid" and trials:
                raise UsageError(
                    Argument("trials"), ": a grid has a trial for each combination; leave it out"
                )
            plan = replace(plan, page=plan.page.model_copy(update=budget))
            return new_search(plan, name=source.stem, storage=storage, study=study, report=reading.show)
    return _for_data(source, trials, seconds or 600.0, storage, study)


def _for_data(
    data: Path, trials: int | None, seconds: float, storage: str | None, study: str | None
) -> "Search":
    """Return a search for someone's own data; say how long each of its trainings may be."""
    from rnnlab.sweeps.search import new_search
    from rnnlab.sweeps.suggested import SHARE, suggested_sweep, with_epochs
    from rnnlab.trials.storage import checked_url
    from rnnlab.trials.timing import epochs_in

    checked_url(storage or "sqlite:///study.db")
    with ReadingReport(quiet=False) as reading:
        found = suggested_sweep(data, seconds=seconds, trials=trials, report=reading.show)
    for note in found.choices.corpus.notes:
        echo(note, err=True)
    (most,) = epochs_in([found.plan.experiment()], seconds / SHARE, report=lambda *_: None)
    epochs = min(found.epochs, most)
    share = "" if epochs == found.epochs else f", of {found.epochs:,} that are chosen for this data"
    echo(f"each trial has {count_of(epochs, 'epoch')}{share}", err=True)
    plan = with_epochs(found, epochs)
    return new_search(plan, name=f"sweep-{data.stem}", storage=storage, study=study)


def _run(search: "Search", workers: int) -> "StudyResults":
    """Search, and print a line on stderr for each trial that ends; return the results."""
    from rnnlab.commands.sweep_results import trial_line
    from rnnlab.sweeps.results import read_results

    many = f"{count_of(workers, 'trial')} at a time"
    budget = search.plan.page.trials
    echo(f"{count_of(budget, 'trial') + ', ' if budget else ''}{many}, in {search.folder}", err=True)
    try:
        with TrainingsReport(
            lambda number: TrainingLabel(f"trial {number}"),
            total=search.total,
            at_once=workers,
            seconds=search.plan.page.seconds,
        ) as report:
            for record, results in search.run(workers=workers, tell=report.tell, heard=report.hear):
                report.hear(record.number, None)
                report.tell(trial_line(record, results))
    except (KeyboardInterrupt, SystemExit):
        again = [search.folder] if not search.storage else [search.folder, "--storage", search.storage]
        done = count_of(len(read_results(search.folder).trials), "trial")
        echo(f"{done} ended; go on with: {command_line('sweep', *again)}", err=True)
        raise
    results = read_results(search.folder)
    if results.trials and results.best is None:
        failed = next((each.failure for each in results.trials if each.failure), "")
        why = f"every trial failed; the first: {failed}" if failed else "no trial had time for a validation"
        raise TrainingError(f"{search.folder}: {why}")
    return results
