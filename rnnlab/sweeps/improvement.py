"""How much better the best trial of a sweep is than the first guess, with an interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation.scoring import score
from rnnlab.evaluation.significance import student_interval
from rnnlab.models.model_file import TrainedTask
from rnnlab.runs.folder import RunFolder
from rnnlab.sweeps.results import StudyResults

BLOCKS = 20
"""Number of blocks of the validation set whose differences are averaged."""


@dataclass(frozen=True)
class Improvement:
    """The difference of the validation losses of two models.

    Attributes:
        first: validation loss of the first guess, nats per token.
        best: validation loss of the best trial, nats per token.
        interval: Student's 95 % interval of `first` minus `best` over `BLOCKS` blocks of the validation set,
            nats per token. It counts chance in the validation set, and not that of other random seeds.
    """

    first: float
    best: float
    interval: tuple[float, float]

    @property
    def is_sure(self) -> bool:
        """Whether the best trial is better in the whole interval."""
        return self.interval[0] > 0


def improvement(results: StudyResults) -> Improvement | None:
    """Return how much better the best trial is than the first guess.

    The result is None if one of them is missing, both are the same trial, the task has examples, or the two
    models are measured on different targets.
    """
    first, best = results.first, results.best
    if first is None or best is None or first is best or not (first.run and best.run):
        return None
    costs = [_costs(results, each.run) for each in (first, best)]
    if costs[0] is None or costs[1] is None or len(costs[0]) != len(costs[1]) or len(costs[0]) < 2 * BLOCKS:
        return None
    differences = [float(block.mean()) for block in np.array_split(costs[0] - costs[1], BLOCKS)]
    return Improvement(float(costs[0].mean()), float(costs[1].mean()), student_interval(differences))


def _costs(results: StudyResults, run: str) -> NDArray[np.float64] | None:
    """Return the cost of each target of the validation set, (n,) nats, in the order of the data."""
    trained = RunFolder(results.folder / run).load_any_model()
    data = load_any_data(trained.experiment)
    if isinstance(trained, TrainedTask) or isinstance(data, TaskData):
        return None
    order = reading_order(data.splits.parts["validation"], data.corpus, data.experiment)
    scores = list(score(numpy_model(trained), data.corpus, order, target=data.experiment.dataset.target))
    places = np.concatenate([each.places for each in scores])
    return np.concatenate([each.costs for each in scores])[np.argsort(places, kind="stable")]
