"""What training needs before its first step: the network with drawn weights, its optimizer, the program."""

from typing import Any

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import Batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.engines.tensorflow_data import TokenData
from rnnlab.engines.tensorflow_forward import ForwardPass
from rnnlab.engines.tensorflow_program import TrainingProgram
from rnnlab.engines.tensorflow_start import cpu_cores
from rnnlab.models.architecture import architecture_of
from rnnlab.models.encodings import encoding_table
from rnnlab.models.network import build_network, named_weights
from rnnlab.training.schedules import optimizer_of


def build_program(
    experiment: Experiment, corpus: Corpus, batches: Batches, *, total_steps: int, track_best: bool
) -> tuple[Any, Any, TrainingProgram]:
    """The `keras.Model`, its optimizer, and the program that trains them."""
    dataset, training = experiment.dataset, experiment.training
    architecture = architecture_of(experiment, len(corpus.vocabulary))
    table = encoding_table(dataset.encoding, corpus.vocabulary.tokens)
    last_only = dataset.target == "next"
    network = build_network(
        architecture, table, window=dataset.window, last_only=last_only, random_seed=training.random_seed
    )
    optimizer = optimizer_of(training, total_steps=total_steps)
    program = TrainingProgram(
        ForwardPass(architecture, table, last_only=last_only),
        named_weights(network),
        optimizer,
        TokenData(corpus.ids, _sequence_starts(corpus), dataset.window, last_only),
        lanes=batches.lanes,
        dropout_seed=training.random_seed,
        track_best=track_best,
        cores=cpu_cores(),
    )
    return network, optimizer, program


def _sequence_starts(corpus: Corpus) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """Whether each token is the first of its sequence, (S,); None where only the corpus' first token is."""
    if len(corpus.starts) <= 1:
        return None
    is_start = np.zeros(len(corpus.ids), bool)
    is_start[corpus.starts] = True
    return is_start
