"""All measures of a model for examples on one part of its data or on a file, with a baseline beside each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.task_data import GeneratedDataset
from rnnlab.datasets.examples import Examples, TaskVocabularies, Words
from rnnlab.datasets.row_tokens import joined
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.engines.numpy.examples import NumpyTaskModel
from rnnlab.evaluation.example_baselines import (
    TaskBaselines,
    baselines_without_network,
    split_text,
    tokens_of,
)
from rnnlab.evaluation.example_selection import (
    SelectedExamples,
    part_of,
    select_examples,
    sequences_at,
)
from rnnlab.evaluation.label_measures import LabelMeasures, measure_labels
from rnnlab.evaluation.label_ngram import FromLabelMeasures, measure_from_label
from rnnlab.evaluation.pair_measures import PairMeasures, measure_pairs
from rnnlab.evaluation.scoring import cross_entropies
from rnnlab.evaluation.tag_measures import TagMeasures, are_unseen, measure_tags
from rnnlab.files import Report, unreported
from rnnlab.generation.prediction import vocabularies_of
from rnnlab.models.model_file import TrainedTask

LENGTH_ROOM = 2
"""A written target has at most so many times the tokens of the longest target of the data, and 10 more."""

MOST_MISTAKES = 1000
"""Largest number of mistakes that are kept, those with the highest cost first."""

FORCED_AT_ONCE = 4096
"""Most examples whose logits with teacher forcing are in memory at one time."""

LOGITS_AT_ONCE = 20_000_000
"""Most of these logits, unless one example has more; a logit takes 20 bytes while its cost is computed."""

Measures = LabelMeasures | TagMeasures | PairMeasures | FromLabelMeasures


@dataclass(frozen=True)
class Mistake:
    """One example that the model predicts wrong; for from_label, one that it expects little.

    Attributes:
        input: the text of the input.
        target: the text of the true target.
        predicted: the text of the prediction; empty for from_label, which predicts no single sequence.
        cost: cross-entropy of the true target, nats; infinite for a label that the model does not know.
    """

    input: str
    target: str
    predicted: str
    cost: float


@dataclass(frozen=True)
class TaskEvaluation:
    """The measures of a model on some examples.

    Attributes:
        split: train, validation, test, data (a file that the user named), or held-out (a fold).
        task: label, tags, pairs or from_label.
        sequences: number of examples.
        measures: the measures of the model.
        baselines: the baselines; None if the model was trained on the examples, or if the training data
            cannot be used (`notes` says why). Of `from_label`, the n-gram models are in `measures`, and mean
            nothing if this is None.
        tokens: the labels or tags by id; for from_label the labels.
        mistakes: examples that are predicted wrong, those with the highest cost first; for from_label, the
            sequences with the highest cost.
        by_length: of generated data, the measures of a test set at each of `dataset.test_lengths`; empty
            unless the test part is measured, or they are asked for.
        beam: for pairs, the width of the beam search; 1 if there was none.
        notes: remarks for the user, a sentence each.
    """

    split: str
    task: str
    sequences: int
    measures: Measures
    baselines: TaskBaselines | None
    tokens: tuple[str, ...]
    mistakes: tuple[Mistake, ...] = ()
    by_length: dict[int, Measures] = field(default_factory=dict)
    beam: int = 1
    notes: tuple[str, ...] = ()


def evaluate_task(
    trained: TrainedTask,
    *,
    split: str | None = None,
    data: Path | None = None,
    beam: int | None = None,
    may_open: bool = True,
    report: Report = unreported,
) -> TaskEvaluation:
    """Measure a model on a part of its data, or on a file.

    Args:
        trained: the model.
        split: the part. None: the whole file if `data` is given; else `evaluation.split`, else validation if
            the data has this part, else train.
        data: a file to measure instead, with rows like those of the model's data. With `split` it must have
            the content of the data that the model was trained on; then this part of it is measured.
        beam: for pairs: width of the beam search beside the greedy targets; None: `evaluation.beam`.
        may_open: whether the training data may be opened if `data` is given, for the baselines.
        report: receives the progress.

    Raises:
        RnnlabError: as for `select_examples`.
    """
    selected = select_examples(trained, split=split, data=data, may_open=may_open, report=report)
    return evaluate_selected(trained, selected, beam=beam, report=report)


def evaluate_selected(
    trained: TrainedTask,
    selected: SelectedExamples,
    *,
    beam: int | None = None,
    by_length: bool = False,
    report: Report = unreported,
) -> TaskEvaluation:
    """Measure a model on selected examples; without the training part there are no baselines.

    Args:
        trained: the model.
        selected: the examples.
        beam: for pairs: width of the beam search beside the greedy targets, 1 for none; None:
            `evaluation.beam`.
        by_length: whether generated test sets at each of `dataset.test_lengths` are measured too; those of
            the test part always are.
        report: receives the progress.
    """
    experiment = trained.experiment
    name, examples, training = selected.name, selected.examples, selected.training
    width = beam or experiment.evaluation.beam
    reader = _Reader(trained, width, report)
    measures, mistakes = reader.measured(examples, training)
    baselines = None
    if training and not selected.is_trained_on:
        report("measuring baselines", 0.0)
        baselines = baselines_without_network(training, examples, experiment, selected.validation)
    lengths = {}
    if isinstance(experiment.dataset, GeneratedDataset) and (by_length or name == "test"):
        lengths = _by_length(experiment.dataset, reader)
    return TaskEvaluation(
        split=name,
        task=experiment.task,
        sequences=len(examples),
        measures=measures,
        baselines=baselines,
        tokens=_class_names(trained),
        mistakes=tuple(mistakes),
        by_length=lengths,
        beam=width if experiment.task == "pairs" else 1,
        notes=selected.notes,
    )


def evaluate_fold(trained: TrainedTask, training: Examples, held: Examples) -> TaskEvaluation:
    """Measure a model on a fold of a cross-validation, with the baselines and without a beam search.

    Args:
        trained: the model.
        training: the examples that the model was trained on.
        held: the examples of the fold.
    """
    return replace(
        measure_fold_alone(trained, training, held),
        baselines=baselines_without_network(training, held, trained.experiment),
    )


def measure_fold_alone(trained: TrainedTask, training: Examples, held: Examples) -> TaskEvaluation:
    """Measure a model as `evaluate_fold` does, without the baselines."""
    measures, _ = _Reader(trained, 1, unreported).measured(held, training)
    return TaskEvaluation(
        split="held-out",
        task=trained.experiment.task,
        sequences=len(held),
        measures=measures,
        baselines=None,
        tokens=_class_names(trained),
    )


def _class_names(trained: TrainedTask) -> tuple[str, ...]:
    """Return the labels or tags by id."""
    return trained.tokens if trained.experiment.task == "from_label" else trained.targets


class _Reader:
    """A model that reads examples.

    Args:
        trained: the model.
        beam: width of the beam search for pairs; 1 searches none.
        report: receives the progress.
    """

    def __init__(self, trained: TrainedTask, beam: int, report: Report) -> None:
        self._trained, self._beam, self._report = trained, beam, report
        self.model: NumpyTaskModel = numpy_task_model(trained)
        self.vocabularies: TaskVocabularies = vocabularies_of(trained)

    def measured(self, examples: Examples, training: Examples | None) -> tuple[Measures, list[Mistake]]:
        """Return the measures of examples, and the examples for `TaskEvaluation.mistakes`.

        Args:
            examples: the examples.
            training: the examples of the training part; None if they are not known.
        """
        self._report(f"reading {len(examples):,} examples", 0.0)
        task = self._trained.experiment.task
        if task == "label":
            return self._labels(examples)
        if task == "tags":
            return self._tags(examples, training)
        if task == "pairs":
            return self._pairs(examples)
        return self._sequences(examples, training)

    def _labels(self, examples: Examples) -> tuple[LabelMeasures, list[Mistake]]:
        logits = self.model.label_logits(examples.inputs, examples.words)  # (K, L)
        targets = examples.targets.ids  # (K,)
        costs, predicted = cross_entropies(logits, targets), logits.argmax(axis=1)
        labels = self.vocabularies.targets.tokens
        texts = [labels[each] for each in predicted.tolist()]
        return measure_labels(targets, logits), _mistakes(examples, predicted == targets, costs, texts)

    def _tags(self, examples: Examples, training: Examples | None) -> tuple[TagMeasures, list[Mistake]]:
        logits = self.model.tag_logits(examples.inputs, examples.words)  # (S, G)
        targets, offsets = examples.targets.ids, examples.targets.offsets
        predicted, costs = logits.argmax(axis=1), cross_entropies(logits, targets)
        if training:
            unseen = are_unseen(tokens_of(examples), tokens_of(training))
        else:
            unseen = np.asarray(_ids_of(examples)) == self.vocabularies.inputs.unknown
        tags = self.vocabularies.targets.tokens
        measures = measure_tags(
            targets, predicted, offsets=offsets, unseen=unseen, tags=len(tags), costs=costs
        )
        right = np.logical_and.reduceat(predicted == targets, offsets[:-1])  # (K,)
        total = np.add.reduceat(costs, offsets[:-1])  # (K,), NaN for a tag that the model does not know
        texts = [
            joined(tags[each] for each in predicted[begin:end].tolist())
            for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
        ]
        return measures, _mistakes(examples, right, total, texts)

    def _pairs(self, examples: Examples) -> tuple[PairMeasures, list[Mistake]]:
        targets = self.vocabularies.targets
        costs, is_right = self._forced(examples)
        most = LENGTH_ROOM * int(examples.targets.lengths.max(initial=1)) + 10
        wanted = [split_text(targets.kind, text) for _, text in examples.texts]
        greedy, _ = self.model.greedy(examples.inputs, most)
        written = [targets.decode(each) for each in greedy]
        searched = None
        if self._beam > 1:
            self._report(f"searching with beam {self._beam}", 0.5)
            found = self.model.beam(examples.inputs, self._beam, most)
            searched = [targets.decode(hypotheses[0][0]) for hypotheses in found]
        measures = measure_pairs(wanted, written, beam=searched, is_right=is_right, costs=costs)
        right = np.array([own == found for own, found in zip(wanted, written, strict=True)])
        texts = [targets.join(each) for each in written]
        return measures, _mistakes(examples, right, _totals(costs, examples), texts)

    def _sequences(
        self, examples: Examples, training: Examples | None
    ) -> tuple[FromLabelMeasures, list[Mistake]]:
        costs, _ = self._forced(examples)
        own = training or part_of(examples, np.empty(0, np.int64))
        nothing = np.zeros(len(examples), np.bool_)
        surprising = _mistakes(examples, nothing, _totals(costs, examples), [""] * len(examples))
        measures = measure_from_label(
            costs,
            [examples.targets[number] for number in range(len(examples))],
            examples.inputs.ids,
            training=([own.targets[number] for number in range(len(own))], own.inputs.ids),
            labels=len(self.vocabularies.inputs),
            vocab_size=len(self.vocabularies.targets),
        )
        return measures, surprising

    def _forced(self, examples: Examples) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the cost of each target token and `END`, and whether it is the most probable, (S + K,)."""
        costs, right = [], []
        for numbers in _blocks((examples.targets.lengths + 1) * len(self.vocabularies.targets)):
            inputs, targets = sequences_at(examples.inputs, numbers), sequences_at(examples.targets, numbers)
            logits = self.model.target_logits(inputs, targets)  # (Σ (length + 1), V)
            ends = np.zeros(len(logits), np.int64)  # END has the id 0
            places = np.delete(np.arange(len(logits)), np.cumsum(targets.lengths + 1) - 1)
            ends[places] = targets.ids
            costs.append(cross_entropies(logits, ends))
            right.append(logits.argmax(axis=1) == ends)
        return np.concatenate(costs), np.concatenate(right)


def _blocks(logits: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of the examples of each block, in order; a block has at least one example.

    Args:
        logits: (K,) number of logits of each example.
    """
    totals, begin = np.append(0, np.cumsum(logits)), 0  # (K + 1,)
    while begin < len(logits):
        fitting = int(np.searchsorted(totals, totals[begin] + LOGITS_AT_ONCE, side="right")) - 1
        end = min(max(fitting, begin + 1), begin + FORCED_AT_ONCE)
        yield np.arange(begin, end)
        begin = end


def _by_length(dataset: GeneratedDataset, reader: _Reader) -> dict[int, Measures]:
    """Return the measures of a test set at each of `dataset.test_lengths`."""
    from rnnlab.datasets.generated import Generator  # noqa: PLC0415 (only generated data needs it)

    generator = Generator(dataset)
    return {
        length: reader.measured(generator.held_out("test", length), None)[0]
        for length in dataset.test_lengths
    }


def _totals(costs: NDArray[np.float64], examples: Examples) -> NDArray[np.float64]:
    """Return the cost of each target with its `END`, (K,), of the costs of its tokens, (S + K,)."""
    ends = np.cumsum(examples.targets.lengths + 1)
    totals: NDArray[np.float64] = np.add.reduceat(costs, np.append(0, ends[:-1]))
    return totals


def _mistakes(
    examples: Examples, right: NDArray[np.bool_], costs: NDArray[np.floating[Any]], predicted: Sequence[str]
) -> list[Mistake]:
    """Return the examples that are predicted wrong, those with the highest cost first."""
    wrong = np.flatnonzero(~right)
    sortable = np.nan_to_num(costs[wrong].astype(np.float64), nan=np.inf)
    order = wrong[np.argsort(-sortable, kind="stable")][:MOST_MISTAKES]
    found = []
    for number in order.tolist():
        source, target = examples.texts[number]
        found.append(
            Mistake(source, target, predicted[number], float(np.nan_to_num(costs[number], nan=np.inf)))
        )
    return found


def _ids_of(examples: Examples) -> NDArray[Any]:
    """Return the token ids of all inputs, also if the inputs are numbers of words, (S,)."""
    words: Words | None = examples.words
    return words.ids[examples.inputs.ids] if words else examples.inputs.ids
