"""What training needs before its first step: the network with drawn weights, its optimizer, the program.

Compiling a program takes seconds. The last one whose owner is gone is kept, and serves whoever comes with a
configuration that differs only in what surrounds the steps: the next fold of a cross-validation, say.
"""

import json
import weakref
from dataclasses import dataclass
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
from rnnlab.training.schedules import begin_schedule, optimizer_of

SURROUNDING = ("epochs", "early_stopping", "checkpoint", "samples", "tensorboard")
"""Settings of the section `training` that no step depends on."""


@dataclass(frozen=True)
class Built:
    """A network and what trains it.

    Attributes:
        network: the `keras.Model`.
        optimizer: the Keras optimizer.
        program: what trains the one with the other.
        initial: each variable of the network and the optimizer, with its value before the first step.
    """

    network: Any
    optimizer: Any
    program: TrainingProgram
    initial: list[tuple[Any, Any]]

    def reset(self, total_steps: int) -> None:
        """Be as if newly built, for a training of so many steps."""
        for variable, value in self.initial:
            variable.assign(value)
        begin_schedule(self.optimizer, total_steps)
        self.program.reset()


_idle: dict[str, Built] = {}


def borrow_program(
    owner: object, experiment: Experiment, corpus: Corpus, batches: Batches, *, track_best: bool
) -> Built:
    """A network with freshly drawn weights and what trains it, the owner's for as long as it lives."""
    settings = experiment.model_dump(mode="json")
    for name in SURROUNDING:
        del settings["training"][name]
    key = json.dumps([settings, corpus.sha256, corpus.vocabulary.tokens, batches.lanes, track_best])
    built = _idle.pop(key, None) or _build(experiment, corpus, batches, track_best=track_best)
    built.reset(batches.steps * experiment.training.epochs)
    weakref.finalize(owner, _give_back, key, built).atexit = False
    return built


def _give_back(key: str, built: Built) -> None:
    """Keep a program for the next who needs it; only one, since it holds its corpus."""
    _idle.clear()
    _idle[key] = built


def _build(experiment: Experiment, corpus: Corpus, batches: Batches, *, track_best: bool) -> Built:
    dataset, training = experiment.dataset, experiment.training
    architecture = architecture_of(experiment, len(corpus.vocabulary))
    table = encoding_table(dataset.encoding, corpus.vocabulary.tokens)
    last_only = dataset.target == "next"
    network = build_network(
        architecture, table, window=dataset.window, last_only=last_only, random_seed=training.random_seed
    )
    optimizer = optimizer_of(training, total_steps=1)
    program = TrainingProgram(
        ForwardPass(architecture, table, last_only=last_only),
        named_weights(network),
        optimizer,
        TokenData(
            corpus.ids,
            _sequence_starts(corpus),
            dataset.window,
            last_only,
            starts_count=corpus.has_boundaries,
        ),
        lanes=batches.lanes,
        dropout_seed=training.random_seed,
        label_smoothing=training.label_smoothing,
        track_best=track_best,
        skips=training.on_non_finite == "skip_step",
        chains_lanes=experiment.regime == "stateful_windows",
        cores=cpu_cores(),
    )
    variables = [*network.trainable_variables, *optimizer.variables]
    return Built(network, optimizer, program, [(variable, variable.numpy()) for variable in variables])


def _sequence_starts(corpus: Corpus) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """Whether each token is the first of its sequence, (S,); None where only the corpus' first token is."""
    if len(corpus.starts) <= 1:
        return None
    is_start = np.zeros(len(corpus.ids), bool)
    is_start[corpus.starts] = True
    return is_start
