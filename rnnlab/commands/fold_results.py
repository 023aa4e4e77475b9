"""How the result of a cross-validation looks, as JSON and as rows."""

from typing import TYPE_CHECKING, Any

from rnnlab.errors import count_of

if TYPE_CHECKING:
    from rnnlab.evaluation.cross_validation import CrossValidation

NAMES = ("loss", "accuracy")


def folds_json(crossed: "CrossValidation", folds: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that scripts rely on.

    Args:
        crossed: the result.
        folds: the measures of each fold.
    """
    return {
        "folds": folds,
        "mean": {name: crossed.mean(name) for name in NAMES},
        "standard_deviation": {name: crossed.standard_deviation(name) for name in NAMES},
        "confidence_interval": {name: list(crossed.confidence_interval(name)) for name in NAMES},
        "left_out": dict(crossed.left_out),
    }


def folds_rows(crossed: "CrossValidation") -> list[tuple[str, str]]:
    """A row for each fold, one for each mean, and what to make of them."""
    rows = [
        (
            f"fold {number}",
            f"loss {fold.loss:.4g} nats per token, accuracy {fold.accuracy:.4f},"
            f" {count_of(fold.tokens, 'target')}",
        )
        for number, fold in enumerate(crossed.folds, start=1)
    ]
    for name in NAMES:
        low, high = crossed.confidence_interval(name)
        spread = f"{crossed.mean(name):.4f} ± {crossed.standard_deviation(name):.4f}"
        rows.append((name, f"{spread} (mean ± standard deviation), 95 % interval {low:.4f} to {high:.4f}"))
    interval = f"Student's t interval of the mean, {len(crossed.folds)} folds"
    return [*rows, ("interval", f"{interval}; they share training data, so it is rather too narrow")]
