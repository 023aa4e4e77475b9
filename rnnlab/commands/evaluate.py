"""`rnnlab evaluate`: measure a trained model on a part of its data or on a file; or its data in K folds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import (
    check_study,
    json_option,
    model_argument,
    overwrite_option,
    storage_option,
    study_option,
)
from rnnlab.commands.csv_output import check_csv
from rnnlab.commands.hints import of_unfinished, to_find, to_measure, to_open, to_train
from rnnlab.errors import Argument, DataError, UsageError, command_line
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.tables import Column, as_json_text, facts_table, table
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.evaluation.measurement import Evaluation
    from rnnlab.evaluation.surprise import Surprises
    from rnnlab.models.model_file import Trained, TrainedModel, TrainedTask
    from rnnlab.runs.data import Model
    from rnnlab.runs.folder import RunFolder


@click.command()
@model_argument
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="The part of the data to measure; left out, that of the configuration (evaluation.split), else"
    " validation where there is one, else train; with --data the whole file.",
)
@click.option(
    "--data",
    "data",
    type=click.Path(path_type=Path),
    help="Measure this file instead of the data of the run. With --split it must be the data of the run, or,"
    " for task next_token, its file of that part.",
)
@click.option(
    "--folds",
    type=click.IntRange(2, 1000),
    help="Train K new models, each on all but a K-th of the data, and measure each on that K-th.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1000),
    help="Number of processes that train folds at a time; 1 if left out.",
)
@storage_option
@study_option
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Also run the model freely from up to N windows, spread evenly over the part.",
)
@click.option("--per-token", is_flag=True, help="Print the loss of each token, in nats.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="With --folds: also write a table with a row for each fold into this file.",
)
@overwrite_option
@json_option
def command(
    model: Path | None,
    *,
    split: str | None,
    data: Path | None,
    folds: int | None,
    seeds: int | None,
    per_token: bool,
    as_json: bool,
    **way: Any,
) -> None:
    """Measure a trained model: a run folder, a model file, or else the newest run.

    \b
    rnnlab evaluate
    rnnlab evaluate runs/nabiya_lstm-1 --json
    rnnlab evaluate runs/nabiya_lstm-1 --data song.notes --per-token
    rnnlab evaluate runs/nabiya_lstm-1 --folds 3 --jobs 3 --output folds.csv
    rnnlab evaluate runs/names_label-1 --split test

    With --storage, the same command trains folds from any number of processes and machines.
    """
    from rnnlab.models.model_file import TrainedTask
    from rnnlab.runs.folder import load_any_trained

    _refuse_contradictions(folds, way, per_token, {"--split": split, "--data": data, "--seeds": seeds})
    trained, run, path = load_any_trained(model)
    if model is None:
        echo(f"using {path}", err=True)
    if run and run.is_unfinished:
        echo(of_unfinished(run), err=True)
    if isinstance(trained, TrainedTask):
        _refuse_for_tasks(trained, path, {"--seeds": seeds, "--per-token": per_token})
        if folds:
            _cross_validate(trained, run, path, folds=folds, way=way, as_json=as_json)
        else:
            _evaluate_examples(trained, run, path, split=split, data=data, as_json=as_json)
        return
    if folds:
        _cross_validate(trained, run, path, folds=folds, way=way, as_json=as_json)
        return
    options: dict[str, Any] = {"split": split, "data": data, "seeds": seeds, "per_token": per_token}
    _measure_tokens(trained, run, path, **options, as_json=as_json)


def _cross_validate(
    trained: "Trained",
    run: "RunFolder | None",
    path: Path,
    *,
    folds: int,
    way: dict[str, Any],
    as_json: bool,
) -> None:
    """Measure the data of a model in K folds; `way` has the other options."""
    from rnnlab.commands.cross_validation import cross_validate

    located, _ = _opened(trained, run, path, must=True, remedy=to_train(run))
    cross_validate(located, run, path, folds=folds, way=way, output=way["output"], as_json=as_json)


def _measure_tokens(
    trained: "TrainedModel",
    run: "RunFolder | None",
    path: Path,
    *,
    split: str | None,
    data: Path | None,
    seeds: int | None,
    per_token: bool,
    as_json: bool,
) -> None:
    """Measure a model that predicts the next token; the options are those of the command."""
    from rnnlab.commands.evaluation_results import evaluation_json, evaluation_rows

    remedy = to_open(trained.experiment, path, split)
    located, may_open = _opened(trained, run, path, must=not data, remedy=remedy)
    if per_token:
        with _said_what_to_write(located, path, split, data, may_open=may_open):
            show_surprises(located, path, split=split, data=data, may_open=may_open, as_json=as_json)
        return
    with _said_what_to_write(located, path, split, data, may_open=may_open):
        evaluation = _evaluated(located, split=split, data=data, seeds=seeds, may_open=may_open)
    result = {**evaluation_json(evaluation), "run": str(path)}
    if run and not data:
        run.write_metrics(result)
    echo(as_json_text(result) if as_json else facts_table(evaluation_rows(evaluation)))


def _refuse_contradictions(
    folds: int | None, way: dict[str, Any], per_token: bool, others: dict[str, object]
) -> None:
    given = [name for name, value in others.items() if value] + ["--per-token"] * per_token
    if folds and given:
        raise click.UsageError(f"--folds measures all data of the run; remove {' and '.join(given)}")
    if way["jobs"] and not folds:
        raise click.UsageError("--jobs is the number of folds trained at a time; give --folds too")
    if way["storage"] and not folds:
        raise UsageError(
            Argument("storage"), " shares the training of folds; give ", Argument("folds"), " too"
        )
    check_study(way["storage"], way["study"])
    if way["output"] and not folds:
        raise click.UsageError("--output is the table of the folds; give --folds too")
    if way["overwrite"] and not way["output"]:
        raise click.UsageError("--overwrite replaces the table of --output; give --output too")
    if way["output"]:
        check_csv(way["output"], overwrite=way["overwrite"])
    if per_token and "--seeds" in given:
        raise click.UsageError("--per-token measures one step at a time; leave --seeds out")


_WHY_NOT_FOR_TASKS = {
    "--seeds": "runs models that predict the next token freely",
    "--per-token": "prints the losses of models that predict the next token",
}
"""What options do that are not for tasks with examples."""


def _refuse_for_tasks(trained: "TrainedTask", path: Path, options: dict[str, object]) -> None:
    """Refuse options that are only for models of the task `next_token`.

    Raises:
        UsageError: such an option is given.
    """
    for name, value in options.items():
        if value:
            held_out = ["--split", "test"] if trained.experiment.dataset.has_part("test") else []
            raise UsageError(
                f"{name} {_WHY_NOT_FOR_TASKS[name]}; {path} is of task {trained.experiment.task}: measure it"
                f" with: {command_line('evaluate', path, *held_out)}"
            )


def _evaluate_examples(
    trained: "TrainedTask",
    run: "RunFolder | None",
    path: Path,
    *,
    split: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Measure a model for examples, print the measures, and store them in its run."""
    from rnnlab.commands.task_results import task_json, task_text
    from rnnlab.evaluation.example_measurement import evaluate_task

    remedy = to_open(trained.experiment, path, split)
    trained, may_open = _opened(trained, run, path, must=not data, remedy=remedy)
    with (
        _said_what_to_write(trained, path, split, data, may_open=may_open),
        ReadingReport(quiet=False) as reading,
    ):
        evaluation = evaluate_task(trained, split=split, data=data, may_open=may_open, report=reading.show)
    for note in evaluation.notes:
        echo(note, err=True)
    result = {**task_json(evaluation), "run": str(path)}
    if run and not data:
        run.write_metrics(result)
    echo(as_json_text(result) if as_json else task_text(evaluation))


def _opened(
    trained: "Model", run: "RunFolder | None", path: Path, *, must: bool, remedy: str
) -> "tuple[Model, bool]":
    """Return the model with the present paths of its data, and whether the data may be opened.

    Raises:
        DataError: the data may not be opened, and `must` is true.
    """
    from rnnlab.runs.data import opened_model

    try:
        return opened_model(trained, run, path, remedy=remedy), True
    except DataError:
        if must:
            raise
        return trained, False


@contextmanager
def _said_what_to_write(
    trained: "Trained", path: Path, split: str | None, data: Path | None, *, may_open: bool
) -> Iterator[None]:
    """Add the remedy, a command, to an error of the `with` block about missing data or a missing part."""
    from rnnlab.evaluation.selection import NoData, NoSuchPart

    try:
        yield
    except NoData as error:
        raise DataError(f"{error}; {to_find(trained.experiment, path, split)}") from None
    except NoSuchPart as error:
        if not (split and data):
            raise
        hint = to_measure(trained.experiment, path, split, data, may_open=may_open)
        raise UsageError(*error.parts, f"; {hint}") from None


def _evaluated(trained: "TrainedModel", **options: Any) -> "Evaluation":
    """Measure the model, print the notes on stderr, and return the measures."""
    from rnnlab.evaluation.measurement import evaluate

    with ReadingReport(quiet=False) as reading:
        evaluation = evaluate(trained, **options, report=reading.show)
    for note in evaluation.notes:
        echo(note, err=True)
    return evaluation


def show_surprises(
    trained: "TrainedModel",
    path: Path,
    *,
    split: str | None,
    data: Path | None,
    may_open: bool,
    as_json: bool,
) -> None:
    """Print the loss of each token of a part or a file, as a table or as one object of JSON.

    Notes for the user are printed on stderr; in JSON they are a field too.
    """
    from rnnlab.evaluation.surprise import surprises

    with ReadingReport(quiet=False) as reading:
        found = surprises(trained, split=split, data=data, may_open=may_open, report=reading.show)
    for note in found.notes:
        echo(note, err=True)
    if as_json:
        said = {"notes": list(found.notes), "left_out": dict(found.left_out)}
        echo(as_json_text({"split": found.split, "run": str(path), "per_token": _as_json(found), **said}))
    else:
        echo(_as_table(found, quoted=trained.experiment.dataset.kind == "text"))


def _as_json(surprises: "Surprises") -> list[dict[str, Any]]:
    """Return an object of JSON for each token."""
    return [
        {
            "index": each.index,
            "token": each.token,
            "nats": each.nats,
            "probability": each.probability,
            "rank": each.rank,
            "expected": each.expected,
        }
        for each in surprises.tokens
    ]


def _as_table(surprises: "Surprises", *, quoted: bool) -> str:
    """Return a table with a row for each token."""
    rows = [
        (
            each.index,
            _shown(each.token, quoted),
            f"{each.nats:.3f}",
            f"{each.probability:.4f}",
            each.rank,
            _shown(each.expected, quoted),
        )
        for each in surprises.tokens
    ]
    columns = (
        Column("index", left=True),
        Column("token"),
        Column("nats"),
        Column("probability", rank=2),
        Column("rank", rank=3),
        Column("expected", rank=1),
    )
    return table(columns, rows)


def _shown(token: str, quoted: bool) -> str:
    """Return the token as it is printed: in quotes if `quoted`, or if it is white space."""
    return repr(token) if quoted or token.isspace() else token
