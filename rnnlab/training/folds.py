"""Cross-validation of a configuration: a model is trained from scratch for each fold."""

from collections.abc import Callable

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import Splits, fold_parts
from rnnlab.evaluation.cross_validation import CrossValidation, cross_validate
from rnnlab.models.model_file import TrainedModel
from rnnlab.training.interruption import Interruption
from rnnlab.training.trainer import Trainer


def cross_validate_config(
    experiment: Experiment, folds: int, *, report: Callable[[str], None] = lambda _: None
) -> CrossValidation:
    """The held-out measures of K models, each trained on all but a K-th of the windows.

    A fold's model is the one at its best training loss: what is held out measures, it does not choose.

    Raises:
        UsageError: the regime carries a state, so its windows do not stand alone.
        DataError: there are too few windows.
    """
    corpus = load_corpus(experiment.dataset)
    parts = fold_parts(corpus, experiment, folds)
    for note in parts[0].notes:
        report(note)
    trained = 0

    def train(splits: Splits) -> TrainedModel:
        nonlocal trained
        trained += 1
        report(f"fold {trained} of {folds}")
        trainer = Trainer(experiment, corpus, Splits({"train": splits.parts["train"]}))
        trainer.train([], each_epoch=False, interruption=Interruption())
        return trainer.best_model()

    return cross_validate(experiment, corpus, parts, train)
