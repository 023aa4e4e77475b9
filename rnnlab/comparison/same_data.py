"""The measurement of a trained model for a comparison, and the check that all are measured on the same data.

Models of the task `next_token` and of tasks with examples become the same `Trial`.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnlab.comparison.measures import Trial
from rnnlab.config.task_data import GeneratedDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.datasets.parts import Part, window_ceiling
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import UsageError, VocabularyError
from rnnlab.evaluation.example_measurement import Measures, evaluate_selected
from rnnlab.evaluation.example_selection import part_name, select_examples
from rnnlab.evaluation.free_running import FreeRunning, run_freely
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.evaluation.metrics import measure
from rnnlab.evaluation.pair_measures import PairMeasures
from rnnlab.evaluation.selection import HAS_CHANGED, part_named, select
from rnnlab.evaluation.tag_measures import TagMeasures
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import Trained, TrainedModel, TrainedTask


def measure_trial(
    trained: Trained,
    *,
    run: str,
    epochs: int | None = None,
    seconds: float | None = None,
    report: Report = unreported,
) -> tuple[Trial, tuple[str, ...]]:
    """Return the measures of a model on the part that `measured_part` names, and notes for the user.

    Args:
        trained: the model.
        run: path of the model, its name in messages.
        epochs: number of epochs of the training of the model.
        seconds: time of this training.
        report: is called with the progress of reading the data.

    Raises:
        DataError: the data cannot be found or read, or is too short.
        UsageError: the data does not have the part that the configuration names.
    """
    if isinstance(trained, TrainedTask):
        trial, notes = _measured_examples(trained, report)
    else:
        trial, notes = _measured_tokens(trained, report)
    return replace(trial, run=run, epochs=epochs, seconds=seconds), notes


def _measured_tokens(trained: TrainedModel, report: Report) -> tuple[Trial, tuple[str, ...]]:
    """Return the trial of a model that predicts the next token."""
    selection = select(trained, report=report)
    experiment, corpus, part = selection.experiment, selection.corpus, selection.part
    model = numpy_model(trained)
    order = reading_order(part, corpus, experiment)
    try:
        free = run_freely(model, corpus, experiment)
    except VocabularyError as error:
        free = str(error)
    metrics = measure(model, corpus, order, target=experiment.dataset.target)
    trial = Trial(
        run="",
        random_seed=experiment.training.random_seed,
        parameters=sum(array.size for array in trained.weights.values()),
        epochs=None,
        seconds=None,
        task=experiment.dataset.task,
        split=part.name,
        data=data_digest(corpus, part),
        loss=metrics.loss,
        targets=metrics.tokens,
        accuracy=metrics.accuracy,
        correct=metrics.correct,
        ceiling=window_ceiling(corpus, part, experiment),
        free_running=free if isinstance(free, FreeRunning) else None,
        left_out=corpus.left_out,
    )
    return trial, selection.notes


def _measured_examples(trained: TrainedTask, report: Report) -> tuple[Trial, tuple[str, ...]]:
    """Return the trial of a model for examples; of generated data also the measures of each test length."""
    experiment = trained.experiment
    selected = select_examples(
        trained, split=part_to_measure(experiment), data=None, may_open=True, report=report
    )
    has_changed = selected.training is None
    # without the training part, no baseline is measured; with beam 1, no beam search
    alone = replace(selected, training=None)
    evaluation = evaluate_selected(trained, alone, beam=1, report=report)
    loss, targets, share, correct = _figures_of(evaluation.measures)
    trial = Trial(
        run="",
        random_seed=experiment.training.random_seed,
        parameters=sum(array.size for array in trained.weights.values()),
        epochs=None,
        seconds=None,
        task=experiment.task,
        split=selected.name,
        data=_examples_digest(experiment, selected.examples.texts),
        loss=math.nan if loss is None else loss,
        targets=targets,
        accuracy=share,
        correct=correct,
        examples=evaluation.sequences,
        by_length={length: _without_mistake(each) for length, each in evaluation.by_length.items()},
    )
    return trial, (HAS_CHANGED,) if has_changed else selected.notes


def _figures_of(measures: Measures) -> tuple[float | None, int, float | None, int | None]:
    """Return loss, number of its targets, main figure, and number of targets that this counts as right."""
    if isinstance(measures, PairMeasures):
        return measures.loss, measures.counted, measures.greedy.exact_match, measures.greedy.exact
    if isinstance(measures, LabelMeasures | TagMeasures):
        return measures.loss, measures.counted, measures.accuracy, measures.correct
    return measures.loss, measures.tokens, None, None


def _without_mistake(measures: Measures) -> float:
    """Return the fraction of generated examples that have no mistake, 0 to 1."""
    if isinstance(measures, PairMeasures):
        return measures.greedy.exact_match
    if isinstance(measures, TagMeasures):
        return measures.sequence_accuracy
    if isinstance(measures, LabelMeasures):
        return measures.accuracy
    raise ValueError("no generated examples are of task from_label")


@dataclass(frozen=True)
class MeasuredPart:
    """The data on which a model is measured.

    Attributes:
        name: name of the configuration or of the run, for messages.
        task: next_token, label, tags, pairs or from_label.
        split: name of the part: train, validation or test.
        data: digest of the part.
    """

    name: str
    task: str
    split: str
    data: str


def measured_part(name: str, data: Data | TaskData) -> MeasuredPart:
    """Return the part of some data that a comparison measures.

    This is the test part of generated examples, because only it has examples of each test length; of other
    data the part that `evaluate` measures by default. `evaluation.split` names another part.

    Args:
        name: name of the configuration, for messages.
        data: its data.

    Raises:
        UsageError: the data has no such part.
    """
    experiment = data.experiment
    if isinstance(data, TaskData):
        split = part_name(data.experiment, part_to_measure(data.experiment))
        numbers = part_named(data.examples.parts, split)
        texts = (data.examples.texts[number] for number in numbers.tolist())
        return MeasuredPart(name, data.experiment.task, split, _examples_digest(data.experiment, texts))
    part = part_named(data.splits.parts, experiment.evaluation.split)
    return MeasuredPart(name, "next_token", part.name, data_digest(data.corpus, part))


def part_of_trial(trial: Trial) -> MeasuredPart:
    """Return the data on which a trial was measured."""
    return MeasuredPart(trial.run, trial.task, trial.split, trial.data)


def check_same_data(parts: Sequence[MeasuredPart]) -> None:
    """Check that all are measured on the same data; figures of different tasks or data do not compare.

    Raises:
        UsageError: two are of different tasks, or are measured on different data.
    """
    first, *others = parts
    for other in others:
        if other.task != first.task:
            raise UsageError(
                f"{first.name} and {other.name}: of different tasks ({first.task} and {other.task});"
                " expected the same task for all"
            )
        if (other.split, other.data) != (first.split, first.data):
            is_same = other.split == first.split
            what = f"the {first.split} part" if is_same else f"{first.split} and {other.split}"
            raise UsageError(
                f"{first.name} and {other.name}: measured on different data ({what}); expected the same"
                " dataset and the same split for all"
            )


def data_digest(corpus: Corpus, part: Part) -> str:
    """Return the SHA-256 of the tokens of a part, as hexadecimal digits, whatever the ids of the tokens are.

    If the part has several runs of windows, of one window each, as after a random draw, the positions of the
    windows are in the digest too.
    """
    used, places = np.unique(corpus.ids[part.begin : part.end], return_inverse=True)
    tokens = [corpus.vocabulary.tokens[number] for number in used]
    order = sorted(range(len(tokens)), key=tokens.__getitem__)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    found = hashlib.sha256("\n".join(sorted(tokens)).encode())
    found.update(ranks[places].tobytes())
    is_drawn = (part.runs[:, 1] - part.runs[:, 0] == 1).all() and len(part.runs) > 1
    if is_drawn:
        found.update(part.runs.tobytes())
    return found.hexdigest()


def _examples_digest(experiment: TaskExperiment, texts: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of examples, as hexadecimal digits, whatever their tokens and ids are.

    Of generated data, `dataset.test_lengths` are in the digest too: with the drawn examples they decide the
    test set of each length.
    """
    dataset = experiment.dataset
    lengths = dataset.test_lengths if isinstance(dataset, GeneratedDataset) else ()
    found = hashlib.sha256(json.dumps(lengths).encode())
    for text in texts:
        found.update(f"\n{json.dumps(text)}".encode())
    return found.hexdigest()


def part_to_measure(experiment: TaskExperiment) -> str | None:
    """Return the part to measure; None for the part that `evaluate` measures by default."""
    usual = "test" if isinstance(experiment.dataset, GeneratedDataset) else None
    return experiment.evaluation.split or usual
