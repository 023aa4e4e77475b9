"""The data and the model of a task with examples: what `train` and `describe` print."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnlab.config.task_data import DIAGRAMS, GeneratedDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.examples import Examples, TaskData
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.errors import count_of
from rnnlab.files import Report, unreported
from rnnlab.models.task_architecture import TaskArchitecture, Vocabularies, task_architecture_of

MOST_NAMES = 3
"""Largest number of files that are named."""

Row = tuple[str, str]


@dataclass(frozen=True, eq=False)
class TaskDescription:
    """The description of an experiment with examples, without training.

    Attributes:
        data: the examples.
        architecture: the layers.
        counts: for label, tags and from_label: how often each part has each label or tag, by the label, then
            by the part; the labels that the train part has most often first. Empty for pairs.
    """

    data: TaskData
    architecture: TaskArchitecture
    counts: dict[str, dict[str, int]]


def describe_task(experiment: TaskExperiment, *, report: Report = unreported) -> TaskDescription:
    """Return the description of an experiment with examples.

    Args:
        experiment: the configuration.
        report: is called with the progress of reading the data.

    Raises:
        DataError: the data cannot be read or split.
        ConfigError: the network is too large for memory, or examples cannot be generated.
    """
    data = load_task_data(experiment, report=report)
    return TaskDescription(data, architecture_of_task(data), _counts(data))


def _counts(data: TaskData) -> dict[str, dict[str, int]]:
    """Return how often each part has each label or tag."""
    examples, task = data.examples, data.experiment.task
    if task == "pairs":
        return {}
    labelled = examples.inputs if task == "from_label" else examples.targets
    count, parts = len(labelled.tokens), examples.parts
    owners = np.repeat(np.arange(len(labelled)), labelled.lengths)  # the example of each label or tag
    found = {
        name: np.bincount(labelled.ids[np.isin(owners, numbers)], minlength=count)  # (L,)
        for name, numbers in parts.items()
    }
    order = np.argsort(-found["train"], kind="stable").tolist()
    return {
        labelled.tokens.tokens[label]: {name: int(counts[label]) for name, counts in found.items()}
        for label in order
    }


def task_plan(data: TaskData) -> list[Row]:
    """Return rows of (name, text): task, data, vocabularies, parts, model and training.

    Each note is a row with an empty name, after `parts`.
    """
    examples, experiment = data.examples, data.experiment
    training = experiment.training
    architecture = architecture_of_task(data)
    return [
        ("task", f"{experiment.task}: {DIAGRAMS[experiment.task]}"),
        ("data", _data(data)),
        ("vocabulary", _vocabularies(examples)),
        ("parts", ", ".join(f"{name} {len(numbers):,}" for name, numbers in examples.parts.items())),
        *(("", note) for note in examples.notes),
        ("model", model_text(architecture)),
        (
            "training",
            f"{count_of(training.epochs, 'epoch')} in batches of {training.batch_size},"
            f" {training.optimizer.name} with rate {training.optimizer.learning_rate:g}",
        ),
    ]


def architecture_of_task(data: TaskData) -> TaskArchitecture:
    """Return the architecture of an experiment for its data."""
    examples = data.examples
    characters = len(examples.words.spelled.tokens) if examples.words else 0
    sizes = Vocabularies(len(examples.inputs.tokens), len(examples.targets.tokens), characters)
    return task_architecture_of(data.experiment, sizes)


def model_text(architecture: TaskArchitecture) -> str:
    """Return the layers of a network with their widths, and the number of parameters."""
    return f"{' → '.join(_layers(architecture))}, {count_of(architecture.parameters, 'parameter')}"


def _layers(architecture: TaskArchitecture) -> Iterator[str]:
    """Yield the layers, in the order in which data flows through them."""
    for layer in architecture.layers:
        if layer.name.endswith("_backward"):
            continue
        twice = f"{layer.name}_backward" in {each.name for each in architecture.layers}
        yield f"{layer.name} {'2 × ' if twice else ''}{layer.units}"


def _data(data: TaskData) -> str:
    """Return the number of examples, and where they come from."""
    examples, dataset = data.examples, data.experiment.dataset
    count = count_of(len(examples), "example")
    if isinstance(dataset, GeneratedDataset):
        fresh = ", new ones for each epoch" if data.of_epoch else ""
        return f"{count}, generated: {dataset.name}{fresh}"
    names = ", ".join(examples.names[:MOST_NAMES])
    more = len(examples.names) - MOST_NAMES
    return f"{count} from {names}" + (f" and {count_of(more, 'more file')}" if more > 0 else "")


def _vocabularies(examples: Examples) -> str:
    """Return the numbers of tokens of inputs and targets."""
    parts = [
        f"{count_of(len(sequences.tokens), sequences.tokens.kind)} in {name}"
        for name, sequences in (("inputs", examples.inputs), ("targets", examples.targets))
    ]
    if examples.words:
        parts.append(f"{count_of(len(examples.words.spelled.tokens), 'character')} in words")
    return ", ".join(parts)
