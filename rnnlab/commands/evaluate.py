"""`rnnlab evaluate`: what a trained model is worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, model_argument
from rnnlab.commands.progress import ReadingReport
from rnnlab.commands.terminal import echo

if TYPE_CHECKING:
    from rnnlab.evaluation.evaluating import Evaluation
    from rnnlab.evaluation.metrics import Metrics


@click.command()
@model_argument
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="The part of the data to measure; left out, validation where there is one, else train.",
)
@click.option(
    "--data", "data", type=click.Path(path_type=Path), help="Measure this file instead of the training data."
)
@click.option(
    "--folds", type=click.IntRange(2, 1000), help="Train K models anew, each tested on a K-th of the data."
)
@click.option(
    "--jobs", type=click.IntRange(1, 1000), help="Processes that train folds at once; 1 if left out."
)
@json_option
def command(
    model: Path | None,
    split: str | None,
    data: Path | None,
    folds: int | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Measure a trained model: a run folder, a model file, or else the newest run.

    \b
    rnnlab evaluate
    rnnlab evaluate runs/nabiya_lstm-1 --json
    rnnlab evaluate runs/nabiya_lstm-1 --folds 3 --jobs 3
    """
    from rnnlab.commands.data_access import check_data_access
    from rnnlab.commands.fold_results import folds_json, folds_rows
    from rnnlab.commands.rendering import as_json_text, facts
    from rnnlab.evaluation.evaluating import evaluate
    from rnnlab.runs import load_trained

    if folds and (split or data):
        raise click.UsageError("--folds measures all of the data once; leave --split and --data out")
    if jobs and not folds:
        raise click.UsageError("--jobs is how many folds are trained at once; give --folds too")
    trained, run, path = load_trained(model)
    if model is None:
        echo(f"using {path}", err=True)
    if not data:
        check_data_access(
            trained.experiment, run, path, remedy="train it here" if folds else "name a file with --data"
        )
    if folds:
        from rnnlab.training.folds import cross_validate_config  # loads TensorFlow, which takes seconds

        crossed = cross_validate_config(
            trained.experiment, folds, jobs=jobs or 1, report=lambda line: echo(line, err=True)
        )
        result, rows = folds_json(crossed, [*map(_metrics_json, crossed.folds)]), folds_rows(crossed)
    else:
        with ReadingReport(quiet=False) as reading:
            evaluation = evaluate(trained, split=split, data=data, report=reading.show)
        for note in evaluation.notes:
            echo(note, err=True)
        result, rows = {**_as_json(evaluation), "run": str(path)}, _as_rows(evaluation)
    if run and not data:
        run.write_metrics(result)
    echo(as_json_text(result) if as_json else facts(rows))


def _as_json(evaluation: "Evaluation") -> dict[str, Any]:
    metrics, ceiling, running = evaluation.metrics, evaluation.ceiling, evaluation.free_running
    result: dict[str, Any] = {"split": evaluation.split, **_metrics_json(metrics)}
    if ceiling:
        result["accuracy_ceiling"] = {
            "correct": ceiling.correct,
            "total": ceiling.total,
            "accuracy": ceiling.accuracy,
        }
    if running:
        result["free_running"] = {
            "seed": running.seed,
            "length": running.length,
            "correct": running.correct,
            "accuracy": running.accuracy,
            "first_divergence": running.first_divergence,
            "exact": running.exact,
            "sequence": list(running.sequence),
        }
    if evaluation.reconstruction is not None:
        result["reconstruction"] = evaluation.reconstruction
    return result


def _metrics_json(metrics: "Metrics") -> dict[str, Any]:
    return {
        "loss": metrics.loss,
        "bits_per_token": metrics.bits_per_token,
        "perplexity": metrics.perplexity,
        "accuracy": metrics.accuracy,
        "correct": metrics.correct,
        "tokens": metrics.tokens,
    }


def _as_rows(evaluation: "Evaluation") -> list[tuple[str, str]]:
    metrics = evaluation.metrics
    rows = [
        ("part", f"{evaluation.split}, {metrics.tokens:,} targets"),
        ("loss", f"{metrics.loss:.4g} nats per token, {metrics.bits_per_token:.4g} bits"),
        ("perplexity", f"{metrics.perplexity:.4g}"),
        (
            "accuracy",
            f"{metrics.accuracy:.4f} ({metrics.correct:,} of {metrics.tokens:,}), one step at a time",
        ),
    ]
    if ceiling := evaluation.ceiling:
        rows.append(
            (
                "ceiling",
                f"{ceiling.accuracy:.4f} ({ceiling.correct} of {ceiling.total}) for any model without state",
            )
        )
    if running := evaluation.free_running:
        where = "exact" if running.exact else f"first wrong at generated token {running.first_divergence}"
        rows.append(
            ("free running", f"{running.correct} of {running.length} right from {running.seed!r}, {where}")
        )
        separator = "" if all(len(token) == 1 for token in running.sequence) else " "
        rows.append(("", separator.join(running.sequence)))
    if evaluation.reconstruction is not None:
        rows.append(("reconstruction", evaluation.reconstruction))
    return rows
