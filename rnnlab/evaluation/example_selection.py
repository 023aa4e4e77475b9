"""Selection of the examples to measure: a part of the model's own data, or a file that the user names."""

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
        validation: the validation part of the model's data; None if there is none, or it cannot be used.
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
    return SelectedExamples(
        "data",
        examples,
        _named_part(own, "train"),
        _named_part(own, "validation"),
        False,
        (*examples.notes, *why),
    )


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
        return SelectedExamples(
            name, chosen, None, None, False, (f"{_NO_BASELINES} has changed since the training",)
        )
    train, validation = _named_part(whole, "train"), _named_part(whole, "validation")
    return SelectedExamples(name, chosen, train, validation, name == "train", ())


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
        return None, (f"{_NO_BASELINES} has changed since the training",)
    return whole, ()


def _named_part(whole: Examples | None, name: str) -> Examples | None:
    """Return a part of the model's data; None if there is no such part, or no data."""
    if whole is None or name not in whole.parts:
        return None
    return part_of(whole, whole.parts[name])


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
