"""The problem of predicting the next token of a corpus, in windows or in a stream."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.config.schema import Experiment, FittedExperiment
from rnnlab.datasets.batches import make_batches, reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.splits import Splits
from rnnlab.engines.tensorflow.collective import Share
from rnnlab.engines.tensorflow.data import BatchGatherer, MeasuredSteps, StepRecords, TokenData
from rnnlab.engines.tensorflow.forward import ForwardPass
from rnnlab.engines.tensorflow.objective import TokenObjective
from rnnlab.engines.tensorflow.program import TrainingProgram
from rnnlab.engines.tensorflow.start import cpu_cores
from rnnlab.models.architecture import architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel, Weights
from rnnlab.models.network import build_network, named_weights
from rnnlab.training.chunks import EpochSums
from rnnlab.training.optimizers import optimizer_of
from rnnlab.training.problem import Built, mirrors_of, settings_of_steps

if TYPE_CHECKING:
    from rnnlab.datasets.side_by_side import LanePiece, Parts


class TokenProblem:
    """The next token of each window, or of each lane of a stream.

    Args:
        experiment: the configuration.
        corpus: the data.
        splits: the parts of the data: train, and validation if there is one.

    Raises:
        DataError: a part of the data is too short.
        ConfigError: the network does not fit the vocabulary.
    """

    def __init__(self, experiment: FittedExperiment, corpus: Corpus, splits: Splits) -> None:
        self.experiment, self.corpus = experiment, corpus
        self.architecture = architecture_of(experiment, len(corpus.vocabulary))
        self.batches = make_batches(splits.parts["train"], corpus, experiment)
        held_out = splits.parts.get("validation")
        self._validation = Validation(held_out, corpus, experiment) if held_out else None

    @property
    def data_sha256(self) -> str:
        """Digest of the corpus."""
        return self.corpus.sha256

    @property
    def validates(self) -> bool:
        """Whether there is a validation set."""
        return self._validation is not None

    @property
    def has_fresh_data(self) -> bool:
        """Whether each epoch reads data of its own: no."""
        return False

    def key(self) -> str:
        """Return all settings on which the compiled program depends, as text."""
        settings, tokens = settings_of_steps(self.experiment), self.corpus.vocabulary.tokens
        return json.dumps([settings, self.corpus.sha256, tokens, self.batches.lanes, not self.validates])

    def load(self, built: Built, epoch: int) -> None:
        """Do nothing: all epochs read the same corpus."""

    def measure(self, program: TrainingProgram) -> tuple[float, float]:
        """Return (cross-entropy in nats per token, accuracy) of the validation set; NaN without one."""
        return self._validation.measure(program) if self._validation else (np.nan, np.nan)

    def model(self, weights: Weights) -> TrainedModel:
        """Return the model with these weights."""
        tokens = self.corpus.vocabulary.tokens
        return TrainedModel(self.experiment, tokens, weights, self.corpus.sha256)

    def build(self, share: Share) -> Built:
        """Return the network with initial weights, its optimizer, and the compiled program of a worker."""
        experiment, corpus, architecture = self.experiment, self.corpus, self.architecture
        dataset, training = experiment.dataset, experiment.training
        table = encoding_table(dataset.encoding, corpus.vocabulary.tokens)
        last_only = dataset.target == "next"
        network = build_network(
            architecture, table, window=dataset.window, last_only=last_only, random_seed=training.random_seed
        )
        optimizer = optimizer_of(training, total_steps=1)
        data = TokenData(
            corpus.ids,
            _sequence_starts(corpus),
            dataset.window,
            last_only,
            starts_count=corpus.has_boundaries,
        )

        def objectives() -> list[TokenObjective]:
            forward = ForwardPass(architecture, table, last_only=last_only)
            return [TokenObjective(forward, BatchGatherer(data))]

        program = TrainingProgram(
            objectives(),
            named_weights(network),
            optimizer,
            lanes=self.batches.lanes,
            tokens=self.batches.lanes * dataset.window,
            dropout_seed=training.random_seed,
            label_smoothing=training.label_smoothing,
            track_best=not self.validates,
            skips=training.on_non_finite == "skip_step",
            chains_lanes=experiment.regime == "stateful_windows",
            cores=cpu_cores(),
            share=share,
            mirrors=mirrors_of(training, objectives),
        )
        variables = [*network.trainable_variables, *optimizer.variables]
        return Built(network, optimizer, program, [(variable, variable.numpy()) for variable in variables])


class Validation:
    """Measures a part of the data with the compiled program; `evaluate` measures the same with NumPy.

    The figures depend only on the weights, not on earlier measurements or on `training.batch_size`.

    Args:
        part: the part to measure.
        corpus: the data.
        experiment: the configuration.

    Raises:
        DataError: the part has no target.
    """

    def __init__(self, part: Part, corpus: Corpus, experiment: Experiment) -> None:
        self._order = reading_order(part, corpus, experiment)

    def measure(self, program: TrainingProgram) -> tuple[float, float]:
        """Return (cross-entropy in nats per token, accuracy) over every target of the part."""
        from rnnlab.datasets.side_by_side import read_side_by_side  # noqa: PLC0415 (only for a validation set)

        def read(piece: "LanePiece", before: "Parts | None") -> tuple[StepRecords, "Parts"]:
            steps = MeasuredSteps((piece.starts, piece.counts), anew=piece.anew)
            return program.measure(steps, before)

        pieces, _ = read_side_by_side(self._order, read)
        sums = EpochSums()
        for records in pieces:
            sums.add(records)
        return sums.means()


def _sequence_starts(corpus: Corpus) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """Whether each token is the first of its sequence, (S,); None if the corpus is one sequence."""
    if len(corpus.starts) <= 1:
        return None
    is_start = np.zeros(len(corpus.ids), bool)
    is_start[corpus.starts] = True
    return is_start
