"""`rnnlab evaluate --folds`: train a model for each fold of the data of a run, and show their measures."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.commands.arguments import shared_study
from rnnlab.commands.csv_output import csv_text, write_csv
from rnnlab.terminal.tables import as_json_text, facts_table
from rnnlab.terminal.text import echo
from rnnlab.terminal.trainings import TrainingLabel, TrainingsReport

if TYPE_CHECKING:
    from rnnlab.config.reading import AnyExperiment
    from rnnlab.config.schema import Experiment
    from rnnlab.config.tasks import TaskExperiment
    from rnnlab.runs.data import Model
    from rnnlab.runs.folder import RunFolder
    from rnnlab.runs.progress import News
    from rnnlab.trials.runner import Shared

Row = tuple[str, str]


def cross_validate(
    model: "Model",
    run: "RunFolder | None",
    path: Path,
    *,
    folds: int,
    way: dict[str, Any],
    output: Path | None,
    as_json: bool,
) -> None:
    """Measure the data of a model in K folds; print the measures, and store them in its run.

    Args:
        model: the model, with the present paths of its data.
        run: its run; None for a model file.
        path: the run or the file, which gives a study its name.
        folds: K.
        way: the options `jobs`, `storage` and `study`.
        output: a file for the table of the folds as CSV; None for no file.
        as_json: whether the measures are printed as JSON.
    """
    from rnnlab.config.tasks import TaskExperiment

    experiment, jobs = model.experiment, way["jobs"] or 1
    shared = _shared_folds(experiment, path, folds, way)
    with TrainingsReport(_fold_of(folds), total=folds, at_once=min(jobs, folds)) as report:
        watch = _Stopwatch(report)
        options: dict[str, Any] = {"jobs": jobs, "report": report.tell, "heard": watch.hear}
        if isinstance(experiment, TaskExperiment):
            result, rows = _of_examples(experiment, folds, shared, options)
        else:
            result, rows = _of_tokens(experiment, folds, shared, options)
    if run:
        run.write_folds(result)
    echo(as_json_text(result) if as_json else facts_table(rows))
    if output:
        table = [
            {"run": str(path), "fold": number, "seconds": watch.seconds.get(number - 1), **_measures(fold)}
            for number, fold in enumerate(result["folds"], start=1)
        ]
        write_csv(output, csv_text(table))


class _Stopwatch:
    """Takes the time of each fold, from the beginning of its training to its measures; passes on the news.

    Attributes:
        seconds: the time of each fold that this command has trained, by its number from 0.
    """

    def __init__(self, report: TrainingsReport) -> None:
        self._report = report
        self._begun: dict[int, float] = {}
        self.seconds: dict[int, float] = {}

    def hear(self, number: int, news: "News") -> None:
        """Receive what is new of a fold."""
        now = time.monotonic()
        if isinstance(news, str):
            self._begun[number] = now
        elif news is None and number in self._begun:
            self.seconds[number] = round(now - self._begun[number], 3)
        self._report.hear(number, news)


def _fold_of(folds: int) -> Any:
    """Return a function that names a fold by its number, from 0."""
    return lambda number: TrainingLabel(f"fold {number + 1} of {folds}")


def _measures(fold: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a fold that are numbers: all but the confusion matrix."""
    return {name: value for name, value in fold.items() if name != "confusion"}


def _shared_folds(
    experiment: "AnyExperiment", path: Path, folds: int, way: dict[str, Any]
) -> "Shared | None":
    """Return the study in which several commands train the folds; None without a database."""
    if way["storage"] is None:
        return None
    from rnnlab.trials.folds import fold_plan

    return shared_study(way["storage"], way["study"] or f"{path.name}-folds", fold_plan(experiment, folds))


def _of_tokens(
    experiment: "Experiment", folds: int, shared: "Shared | None", options: dict[str, Any]
) -> tuple[dict[str, Any], list[Row]]:
    """Measure K models that predict the next token; return the measures as JSON and as rows."""
    from rnnlab.commands.evaluation_results import metrics_json
    from rnnlab.commands.fold_results import folds_json, folds_rows

    if shared:
        from rnnlab.trials.folds import shared_cross_validation

        crossed = shared_cross_validation(experiment, folds, shared=shared, **options)
    else:
        from rnnlab.training.folds import cross_validate_config  # loads TensorFlow, which takes seconds

        crossed = cross_validate_config(experiment, folds, **options)
    return folds_json(crossed, [*map(metrics_json, crossed.folds)]), folds_rows(crossed)


def _of_examples(
    experiment: "TaskExperiment", folds: int, shared: "Shared | None", options: dict[str, Any]
) -> tuple[dict[str, Any], list[Row]]:
    """Measure K models of a task with examples; return the measures as JSON and as rows."""
    from rnnlab.commands.fold_results import task_folds_json, task_folds_rows

    if shared:
        from rnnlab.trials.folds import shared_task_cross_validation

        crossed = shared_task_cross_validation(experiment, folds, shared=shared, **options)
    else:
        from rnnlab.training.example_folds import cross_validate_task  # loads TensorFlow, takes seconds

        crossed = cross_validate_task(experiment, folds, **options)
    return task_folds_json(crossed), task_folds_rows(crossed)
