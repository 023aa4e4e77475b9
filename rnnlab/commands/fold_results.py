"""Results of a cross-validation, as JSON, as rows and as a table with a row for each fold."""

from typing import TYPE_CHECKING, Any

from rnnlab.commands.evaluation_results import Row
from rnnlab.commands.task_results import against_baseline, measures_json, size_of
from rnnlab.errors import count_of
from rnnlab.evaluation.fold_measures import baselines_of, measures_of

if TYPE_CHECKING:
    from rnnlab.evaluation.example_measurement import TaskEvaluation
    from rnnlab.evaluation.fold_measures import OverFolds, TaskCrossValidation
    from rnnlab.evaluation.metrics import CrossValidation

MEASURE_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "loss": "loss",
    "sequence_accuracy": "sequences",
    "unseen_accuracy": "unseen",
    "exact_match": "exact match",
    "token_error_rate": "error rate",
}
"""The name in the text of each measure over folds."""

LOWER_IS_BETTER = ("loss", "token_error_rate")
"""The measures of which a lower value is better."""

BASELINE_NAMES = {
    "majority": "majority class",
    "naive_bayes": "naive Bayes",
    "most_frequent_tag": "most frequent tag",
    "nearest_source": "nearest source",
    "ngram": "n-gram",
}
"""The name in the text of each baseline over folds."""

FOLD_NAMES = ("loss", "accuracy")


def folds_json(crossed: "CrossValidation", folds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a cross-validation as an object of JSON; scripts may rely on its fields.

    Args:
        crossed: the cross-validation.
        folds: the measures of each fold, as JSON.
    """
    return {
        "folds": folds,
        "mean": {name: crossed.mean(name) for name in FOLD_NAMES},
        "standard_deviation": {name: crossed.standard_deviation(name) for name in FOLD_NAMES},
        "confidence_interval": {name: list(crossed.confidence_interval(name)) for name in FOLD_NAMES},
        "left_out": dict(crossed.left_out),
    }


def folds_rows(crossed: "CrossValidation") -> list[Row]:
    """Return a row for each fold, a row for each mean, and a row about the confidence interval."""
    rows = [
        (
            f"fold {number}",
            f"loss {fold.loss:.4g} nats per token, accuracy {fold.accuracy:.4f},"
            f" {count_of(fold.tokens, 'target')}",
        )
        for number, fold in enumerate(crossed.folds, start=1)
    ]
    for name in FOLD_NAMES:
        low, high = crossed.confidence_interval(name)
        spread = f"{crossed.mean(name):.4f} ± {crossed.standard_deviation(name):.4f}"
        rows.append((name, f"{spread} (mean ± standard deviation), 95 % interval {low:.4f} to {high:.4f}"))
    interval = f"Student's t interval of the mean, {len(crossed.folds)} folds"
    return [*rows, ("interval", f"{interval}; the folds share training data, so the interval is too narrow")]


def task_folds_json(crossed: "TaskCrossValidation") -> dict[str, Any]:
    """Return a cross-validation as an object of JSON; scripts may rely on its fields."""
    folds = []
    for fold in crossed.folds:
        result = {"sequences": fold.sequences, **measures_json(fold.measures, fold), **measures_of(fold)}
        folds.append({**result, "baselines": baselines_of(fold)})
    return {
        "folds": folds,
        **_over_folds_json(crossed.measures),
        "baselines": {name: _over_folds_json(each) for name, each in crossed.baselines.items()},
    }


def _over_folds_json(measures: "dict[str, OverFolds | None]") -> dict[str, Any]:
    """Return mean, standard deviation and interval of each measure; null for one that a fold lacks."""
    return {
        "mean": {name: each and each.mean for name, each in measures.items()},
        "standard_deviation": {name: each and each.standard_deviation for name, each in measures.items()},
        "confidence_interval": {
            name: each and list(each.confidence_interval) for name, each in measures.items()
        },
    }


def task_folds_rows(crossed: "TaskCrossValidation") -> list[Row]:
    """Return a row for each fold, for each mean of the network, and for each mean of a baseline."""
    rows = [(f"fold {number}", _fold_text(fold)) for number, fold in enumerate(crossed.folds, start=1)]
    rows += [(MEASURE_NAMES[name], _over_folds_text(each)) for name, each in crossed.measures.items()]
    unlearnt = sum(fold.baselines.unlearnt for fold in crossed.folds if fold.baselines)
    for name, measures in crossed.baselines.items():
        title = BASELINE_NAMES[name]
        for measure, each in measures.items():
            own = crossed.measures[measure]
            if each and own:
                verdict = against_baseline((own.mean - each.mean) * (-1 if measure in LOWER_IS_BETTER else 1))
                if measure == "loss" and unlearnt:
                    lacked = f"{count_of(unlearnt, 'example')} whose label the training part lacks"
                    verdict = f"not compared with the network, whose loss also counts {lacked}"
                rows.append((title, f"{MEASURE_NAMES[measure]} {_over_folds_text(each)}: {verdict}"))
                title = ""
    interval = f"Student's t interval of the mean, {count_of(len(crossed.folds), 'fold')}"
    return [*rows, ("interval", f"{interval}; the folds share training data, so the interval is too narrow")]


def _fold_text(fold: "TaskEvaluation") -> str:
    """Return the measures of one fold."""
    measures = [
        f"{MEASURE_NAMES[name]} {'none' if value is None else f'{value:.4f}'}"
        for name, value in measures_of(fold).items()
    ]
    return ", ".join([*measures, size_of(fold)])


def _over_folds_text(measure: "OverFolds | None") -> str:
    if measure is None:
        return "none: not every fold has it"
    low, high = measure.confidence_interval
    spread = f"{measure.mean:.4f} ± {measure.standard_deviation:.4f}"
    return f"{spread} (mean ± standard deviation), 95 % interval {low:.4f} to {high:.4f}"
