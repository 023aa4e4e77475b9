"""Validation: the loss of the held-out part with the weights as they are, while training goes on."""

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.side_by_side import SideBySide, largest_gap, read_side_by_side
from rnnlab.engines.steps import MeasuredSteps, StepRecords
from rnnlab.engines.tensorflow_forward import NetworkState
from rnnlab.engines.tensorflow_program import TrainingProgram
from rnnlab.training.chunks import EpochSums


class Validation:
    """Measures a part by the compiled program, as `evaluate` measures it by NumPy.

    The figures depend on the weights alone: neither on what was measured before nor on `training.batch_size`.

    Args:
        part: what is measured.
        corpus: the data.
        experiment: the configuration.

    Raises:
        DataError: the part has no target.
    """

    def __init__(self, part: Part, corpus: Corpus, experiment: Experiment) -> None:
        self._order = reading_order(part, corpus, experiment)

    def measure(self, program: TrainingProgram) -> tuple[float, float]:
        """(cross-entropy in nats per token, accuracy) over every target of the part."""
        records, _ = read_side_by_side(self._order, lambda lanes: _measure(program, lanes))
        sums = EpochSums()
        sums.add(records)
        return sums.means()


def _measure(program: TrainingProgram, lanes: SideBySide) -> tuple[StepRecords, float]:
    """The figures of the lanes' own steps, and the gap between their states."""
    begun = None
    if lanes.warm_up:
        _, begun = program.measure(_steps(lanes, slice(lanes.warm_up)))
    records, ended = program.measure(_steps(lanes, slice(lanes.warm_up, None)), begun)
    return records, largest_gap(_parts(begun), _parts(ended), used=lanes.used) if begun else 0.0


def _steps(lanes: SideBySide, which: slice) -> MeasuredSteps:
    return MeasuredSteps(lanes.starts[which], lanes.counts[which], lanes.anew[which])


def _parts(state: NetworkState) -> list[NDArray[np.float32]]:
    """The parts of all layers' states, (N, H) each."""
    return [part.numpy().T for layer in state for part in layer]
