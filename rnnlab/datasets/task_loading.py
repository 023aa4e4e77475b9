"""The data of a task with examples, read or generated, for a training or for a trained model; of any task."""

from collections.abc import Sequence

from rnnlab.config.reading import AnyExperiment
from rnnlab.config.task_data import GeneratedDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.example_loading import load_examples
from rnnlab.datasets.examples import TaskData, TaskVocabularies, TokenSet
from rnnlab.datasets.generated import EXERCISES, Generator
from rnnlab.datasets.loading import Data, load_data
from rnnlab.datasets.row_tokens import kinds_of
from rnnlab.files import Report, unreported


def load_any_data(experiment: AnyExperiment, *, report: Report = unreported) -> Data | TaskData:
    """Return the data of an experiment of any task; see `load_data` and `load_task_data`."""
    if isinstance(experiment, TaskExperiment):
        return load_task_data(experiment, report=report)
    return load_data(experiment, report=report)


def load_task_data(
    experiment: TaskExperiment,
    vocabularies: TaskVocabularies | None = None,
    *,
    report: Report = unreported,
) -> TaskData:
    """Return the data of an experiment; the arguments and errors are those of `load_examples`."""
    dataset = experiment.dataset
    if not isinstance(dataset, GeneratedDataset):
        return TaskData(experiment, load_examples(experiment, vocabularies, report=report))
    generator = Generator(dataset)
    examples = generator.examples()
    if not dataset.fresh:
        return TaskData(experiment, examples)
    return TaskData(experiment, examples, generator.training, generator.largest)


def vocabularies_from(
    experiment: TaskExperiment, tokens: Sequence[str], targets: Sequence[str], characters: Sequence[str]
) -> TaskVocabularies:
    """Return the vocabularies of a trained model, of which a model file has the tokens."""
    dataset = experiment.dataset
    if isinstance(dataset, GeneratedDataset):
        own = EXERCISES[dataset.name](dataset.shortest, dataset.longest).vocabularies
        kinds = (own.inputs.kind, own.targets.kind)
    else:
        kinds = kinds_of(dataset)
    return TaskVocabularies(
        TokenSet(tuple(tokens), kinds[0]),
        TokenSet(tuple(targets), kinds[1]),
        TokenSet(tuple(characters), "character") if characters else None,
    )
