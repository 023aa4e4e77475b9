"""Everything that training reads of a dataset, checked before anything slow is started."""

from dataclasses import dataclass

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.splits import Splits, split_corpus


@dataclass(frozen=True)
class Data:
    """A corpus and its parts."""

    corpus: Corpus
    splits: Splits


def load_data(experiment: Experiment, *, report: Report = unreported) -> Data:
    """The data of an experiment; each of its parts makes at least one batch.

    Args:
        experiment: the configuration.
        report: is told how far it is.

    Raises:
        DataError: the data cannot be read or downloaded, or a part is too short.
    """
    corpus = load_corpus(experiment.dataset, report=report)
    splits = split_corpus(corpus, experiment)
    for part in splits.parts.values():
        make_batches(part, corpus, experiment)
    return Data(corpus, splits)
