"""Validation: the loss of the held-out part with the weights as they are, while training goes on."""

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.side_by_side import LanePiece, Parts, read_side_by_side
from rnnlab.engines.steps import MeasuredSteps, StepRecords
from rnnlab.engines.tensorflow.program import TrainingProgram
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

        def read(piece: LanePiece, before: Parts | None) -> tuple[StepRecords, Parts]:
            steps = MeasuredSteps(piece.starts, piece.counts, anew=piece.anew)
            return program.measure(steps, before)

        pieces, _ = read_side_by_side(self._order, read)
        sums = EpochSums()
        for records in pieces:
            sums.add(records)
        return sums.means()
