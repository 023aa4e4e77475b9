"""The curves of a training: its loss and its accuracy, beside what they are to be held against."""

from rnnlab.evaluation.evaluating import Evaluation
from rnnlab.reports.curves import Level, Series, line_chart
from rnnlab.reports.history import History
from rnnlab.reports.markup import Markup


def training_curves(history: History, evaluation: Evaluation | None = None) -> list[Markup]:
    """A chart of the losses and one of the accuracies, as far as there are any.

    Args:
        history: of the run.
        evaluation: of its model, for the n-grams and the ceiling; None: they are not drawn.
    """
    charts = []
    steps = Series(
        "each step of training, from the lowest to the highest", history.step_epochs, history.step_losses
    )
    losses = [
        Series("training", history.epochs, history.loss),
        Series("validation", history.epochs, history.validation_loss),
    ]
    if any(len(line.known().ys) for line in losses):
        charts.append(
            line_chart(
                "Loss in nats per token", losses, x_label="epoch", cloud=steps, levels=_ngrams(evaluation)
            )
        )
    accuracies = [
        Series("training", history.epochs, history.accuracy),
        Series("validation", history.epochs, history.validation_accuracy),
    ]
    if any(len(line.known().ys) for line in accuracies):
        charts.append(
            line_chart("Accuracy", accuracies, x_label="epoch", levels=_ceiling(evaluation), share=True)
        )
    return charts


def _ngrams(evaluation: Evaluation | None) -> list[Level]:
    """What counting is worth on the validation part."""
    if evaluation is None or evaluation.baselines is None or evaluation.split != "validation":
        return []
    unigram, best = evaluation.baselines.unigram, evaluation.baselines.best
    return [Level("unigram", unigram.loss), Level(f"best n-gram, n = {best.order},", best.loss)]


def _ceiling(evaluation: Evaluation | None) -> list[Level]:
    if evaluation is None or evaluation.ceiling is None or evaluation.ceiling.accuracy == 1:
        return []
    return [Level("most for a model that sees only the window", evaluation.ceiling.accuracy)]
