"""Selection of the examples to measure: a part of the model's own data, or a file that the user names."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.dataset import FilesSplit, NoSplit
from rnnlab.config.task_data import GeneratedDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.examples import Examples, Numbers, Sequences
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.errors import Argument, DataError, DownloadError, MissingFile, UsageError
from rnnlab.evaluation.selection import NoData, NoSuchPart
from rnnlab.files import Report
from rnnlab.generation.prediction import vocabularies_of
from rnnlab.models.model_file import TrainedTask


@dataclass(frozen=True, eq=False)
class SelectedExamples:
    """Examples that are selected to be measured.

    Attributes:
        name: train, validation, test or data.
        examples: the examples.
        training: the training part of the model's data; None if it cannot be used.
        validation: the validation part of the model's data, on which a baseline may choose a setting; None if
            there is none, if it cannot be used, or if it is measured itself.
        is_trained_on: whether the model was trained on the examples.
        notes: sentences for the user.
    """

    name: str
    examples: Examples
    training: Examples | None
    validation: Examples | None
    is_trained_on: bool
    notes: tuple[str, ...]


_NO_BASELINES = "no baselines: they are learnt from the training data, which"
_HAS_CHANGED = f"{_NO_BASELINES} has changed since the training"


def select_examples(
    trained: TrainedTask, *, split: str | None, data: Path | None, may_open: bool, report: Report
) -> SelectedExamples:
    """Return the examples to measure, and those of the training part.

    Args:
        trained: the model.
        split: the part. None: the whole file if `data` is given; else `evaluation.split`, else validation if
            the data has this part, else train.
        data: a file to measure instead, with rows like those of the model's data. With `split` it must have
            the content of the data that the model was trained on; then this part of it is measured.
        may_open: whether the training data may be opened if `data` is given.
        report: receives the progress.

    Raises:
        NoData: the model's own data cannot be found or downloaded.
        DataError: the data cannot be read.
        NoSuchPart: `data` is not the data that the model was trained on, and `split` names a part.
        UsageError: the data has no such part, or is generated and `data` is given.
    """
    experiment = trained.experiment
    if data is None:
        whole = _own_examples(trained, report)
        return _part(trained, whole, part_name(experiment, split))
    if isinstance(experiment.dataset, GeneratedDataset):
        drawn = f"the examples of this model are generated ({experiment.dataset.name})"
        raise UsageError(
            Argument("data"), f": {drawn}, not read from a file; leave ", Argument("data"), " out"
        )
    examples = _examples_of(trained, _on_file(experiment, data, whole=True), report)
    if split:
        if examples.sha256 != trained.data_sha256:
            raise NoSuchPart(f"{data}: not the data that the model was trained on, so it has no {split} part")
        return _part(trained, _examples_of(trained, _on_file(experiment, data), report), split)
    if examples.sha256 == trained.data_sha256:
        return SelectedExamples("data", examples, None, None, True, examples.notes)
    own, why = _trained_on(trained, may_open=may_open, report=report)
    return _of_file(examples, own, (*examples.notes, *why))


def _of_file(examples: Examples, own: Examples | None, notes: tuple[str, ...]) -> SelectedExamples:
    """Return the examples of a file that is not the whole data of the model, but may be a part of it.

    Args:
        examples: the examples of the file.
        own: the model's data with all parts; None if it cannot be used.
        notes: sentences for the user.
    """
    training, validation = _named_part(own, "train"), _named_part(own, "validation")
    trained_on = _count_in(training, examples)
    if trained_on == len(examples):
        why = "no baselines: the model was trained on all examples of the file"
        return SelectedExamples("data", examples, None, None, True, (*notes, why))
    if trained_on:
        notes += (f"examples that the model was trained on: {trained_on:,} of {len(examples):,}",)
    if _count_in(validation, examples):
        validation = None
    return SelectedExamples("data", examples, training, validation, False, notes)


def _part(trained: TrainedTask, whole: Examples, name: str) -> SelectedExamples:
    """Return a part of the model's data.

    Raises:
        UsageError: the data has no such part.
    """
    if name not in whole.parts:
        raise UsageError(
            Argument("split"), f": the data has no {name} part; expected {' or '.join(whole.parts)}"
        )
    chosen = part_of(whole, whole.parts[name])
    if trained.data_sha256 not in ("", whole.sha256):
        notes = (*whole.notes, _note_on_changed(trained.experiment, name))
        return SelectedExamples(name, chosen, None, None, False, notes)
    validation = None if name == "validation" else _named_part(whole, "validation")
    return SelectedExamples(name, chosen, _named_part(whole, "train"), validation, name == "train", ())


def _note_on_changed(experiment: TaskExperiment, name: str) -> str:
    """Return the note on a part of data that has changed since the training."""
    is_of_files = isinstance(getattr(experiment.dataset, "split", None), FilesSplit)
    effects = [] if is_of_files else ["its parts are drawn anew"]
    if name != "train":
        effects.append(f"the {name} part may have examples that the model was trained on")
    return "; ".join([_HAS_CHANGED, " and ".join(effects)]) if effects else _HAS_CHANGED


def _trained_on(
    trained: TrainedTask, *, may_open: bool, report: Report
) -> tuple[Examples | None, tuple[str, ...]]:
    """Return the model's data with all parts; or None, and a note that says why it cannot be used."""
    if not may_open:
        return None, (f"{_NO_BASELINES} is opened for your own runs only",)
    try:
        whole = _own_examples(trained, report)
    except DataError:
        return None, (f"{_NO_BASELINES} cannot be read",)
    if trained.data_sha256 not in ("", whole.sha256):
        return None, (_HAS_CHANGED,)
    return whole, ()


def _named_part(whole: Examples | None, name: str) -> Examples | None:
    """Return a part of the model's data; None if there is no such part, or no data."""
    if whole is None or name not in whole.parts:
        return None
    return part_of(whole, whole.parts[name])


def _count_in(part: Examples | None, examples: Examples) -> int:
    """Return how many of the examples are in a part, with the same input and the same target."""
    known = set(_joined(part)) if part else set()
    return sum(pair in known for pair in _joined(examples))


def _joined(examples: Examples) -> Iterator[tuple[str, str]]:
    """Yield the texts of each example, with one space between words."""
    inputs, targets = examples.inputs.tokens, examples.targets.tokens
    for source, target in examples.texts:
        yield inputs.join(inputs.split(source)), targets.join(targets.split(target))


def _own_examples(trained: TrainedTask, report: Report) -> Examples:
    """Return the examples of the model's own data.

    Raises:
        NoData: the data cannot be found or downloaded.
        DataError: the data cannot be read.
    """
    try:
        return _examples_of(trained, trained.experiment, report)
    except (MissingFile, DownloadError) as error:
        raise NoData(str(error)) from None


def _examples_of(trained: TrainedTask, experiment: TaskExperiment, report: Report) -> Examples:
    """Return the examples of an experiment, as ids of the model's vocabularies."""
    return load_task_data(experiment, vocabularies_of(trained), report=report).examples


def part_of(examples: Examples, numbers: Numbers) -> Examples:
    """Return some of the examples, as examples of one part."""
    return replace(
        examples,
        inputs=sequences_at(examples.inputs, numbers),
        targets=sequences_at(examples.targets, numbers),
        texts=[examples.texts[number] for number in numbers.tolist()],
        parts={"train": np.arange(len(numbers))},
    )


def sequences_at(sequences: Sequences, numbers: Numbers) -> Sequences:
    """Return some of the sequences."""
    lengths = sequences.lengths[numbers]  # (K',)
    offsets = np.append(0, np.cumsum(lengths))
    places = np.repeat(sequences.offsets[:-1][numbers] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return Sequences(sequences.ids[places], offsets, sequences.tokens)


def part_name(experiment: TaskExperiment, split: str | None) -> str:
    """Return the part that is measured: `split`, else that of the configuration, else the usual one."""
    usual = "validation" if experiment.dataset.has_part("validation") else "train"
    return split or experiment.evaluation.split or usual


def _on_file(experiment: TaskExperiment, data: Path, *, whole: bool = False) -> TaskExperiment:
    """Return an experiment whose data is a file, with its split or, if `whole`, without held-out parts."""
    update: dict[str, Any] = {"path": (data.absolute(),), "inline": None, "url": None, "sha256": None}
    if whole or isinstance(getattr(experiment.dataset, "split", None), FilesSplit):
        update["split"] = NoSplit()
    dataset = experiment.dataset.model_copy(update=update)
    return experiment.model_copy(update={"dataset": dataset})
