"""The baselines of a task with examples: predictions that need no network, learnt from the training part."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.examples import Examples
from rnnlab.evaluation.label_baselines import LabelBaseline, NaiveBayes, majority_class, naive_bayes
from rnnlab.evaluation.pair_measures import NearestSource, nearest_source
from rnnlab.evaluation.tag_measures import TagMeasures, are_unseen, measure_tags, most_frequent_tags


@dataclass(frozen=True)
class TaskBaselines:
    """The measures of predictions without a network, those that the task has.

    Attributes:
        majority: for label, the most frequent label of the training part.
        naive_bayes: for label, naive Bayes on n-grams.
        most_frequent_tag: for tags, the most frequent tag of each token in the training part.
        nearest_source: for pairs, the target of the nearest training source.
    """

    majority: LabelBaseline | None = None
    naive_bayes: NaiveBayes | None = None
    most_frequent_tag: TagMeasures | None = None
    nearest_source: NearestSource | None = None

    @property
    def unlearnt(self) -> int:
        """Number of examples that only the loss of the network counts; see `LabelBaseline`."""
        return self.majority.unlearnt if self.majority else 0


def baselines_without_network(
    training: Examples, examples: Examples, experiment: TaskExperiment, validation: Examples | None = None
) -> TaskBaselines:
    """Return the baselines of a task, learnt from the training part; from_label has none of these.

    The n-gram models of from_label are in its measures, `FromLabelMeasures`.

    Args:
        training: the examples of the training part.
        examples: the examples that are measured.
        experiment: the configuration.
        validation: those that choose the smoothing of naive Bayes. None without a validation part, or if
            it is measured itself; then a fifth of the training part chooses, see `naive_bayes`.
    """
    task = experiment.task
    if task == "label":
        labels = len(examples.targets.tokens)
        own = training.targets.ids
        return TaskBaselines(
            majority=majority_class(own, examples.targets.ids, labels=labels),
            naive_bayes=naive_bayes(
                _labelled(training),
                *_labelled(examples),
                labels=labels,
                token="character" if examples.inputs.tokens.kind == "character" else "word",
                validation=_labelled(validation) if validation else None,
            ),
        )
    if task == "tags":
        known = tokens_of(training)
        predicted = most_frequent_tags((known, training.targets.ids), tokens_of(examples))
        return TaskBaselines(
            most_frequent_tag=measure_tags(
                examples.targets.ids,
                predicted,
                offsets=examples.targets.offsets,
                unseen=are_unseen(tokens_of(examples), known),
                tags=len(examples.targets.tokens),
            )
        )
    if task == "pairs":
        kinds = examples.inputs.tokens.kind, examples.targets.tokens.kind
        pairs = [
            (split_text(kinds[0], source), split_text(kinds[1], target)) for source, target in training.texts
        ]
        sources = [split_text(kinds[0], source) for source, _ in examples.texts]
        targets = [split_text(kinds[1], target) for _, target in examples.texts]
        return TaskBaselines(nearest_source=nearest_source(pairs, sources, targets))
    return TaskBaselines()


def tokens_of(examples: Examples) -> list[str]:
    """Return the tokens of all inputs as they stand in the data, (S,)."""
    if examples.inputs.tokens.kind == "character":
        return [character for text, _ in examples.texts for character in text]
    return [token for text, _ in examples.texts for token in text.split(" ")]


def split_text(kind: str, text: str) -> list[str]:
    """Return the tokens of a text: its characters, or what stands between white space."""
    return list(text) if kind == "character" else text.split()


def _labelled(examples: Examples) -> tuple[list[str], NDArray[np.integer[Any]]]:
    """Return the text of each input, and its label, (K,)."""
    return [text for text, _ in examples.texts], examples.targets.ids
