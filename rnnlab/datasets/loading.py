"""Everything that training reads of a dataset, checked before anything slow is started."""

from dataclasses import dataclass, replace

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.corpus import Corpus, drawn, load_corpus
from rnnlab.datasets.fitting import fitted
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.splits import Splits, split_corpus


@dataclass(frozen=True)
class Data:
    """A corpus and its parts.

    Attributes:
        experiment: the configuration, with what it left open chosen for this data.
    """

    experiment: Experiment
    corpus: Corpus
    splits: Splits


def load_data(experiment: Experiment, *, report: Report = unreported) -> Data:
    """The data of an experiment, and the experiment as it fits them; each part makes at least one batch.

    Args:
        experiment: the configuration.
        report: is told how far it is.

    Raises:
        DataError: the data cannot be read or downloaded, or a part is too short.
    """
    corpus = load_corpus(experiment.dataset, report=report)
    is_open = "split" not in experiment.dataset.model_fields_set
    experiment, notes = fitted(experiment, corpus)
    if is_open:
        corpus = drawn(corpus, experiment.dataset.split)
    splits = split_corpus(corpus, experiment)
    splits = replace(splits, notes=notes + splits.notes)
    for part in splits.parts.values():
        make_batches(part, corpus, experiment)
    return Data(experiment, corpus, splits)
