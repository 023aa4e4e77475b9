"""Tokens per second of Keras' own `fit`: `python -m benchmarks.peers.keras_fit CASE SECONDS`.

The settings are the best found on two cores: compiled by XLA, several steps an execution, batches ready in
memory, and the state carried by the layers.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.cases import CLIPNORM, LEARNING_RATE, VOCABULARY, Case, case_from
from benchmarks.timing import print_rate

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}
STEPS_PER_EXECUTION = 8


class Trainer:
    """A compiled model and its batches."""

    def __init__(self, case: Case) -> None:
        layers = [
            LAYERS[case.cell](case.units, return_sequences=True, stateful=True) for _ in range(case.layers)
        ]
        self.model = keras.Sequential(
            [keras.Input(batch_shape=(case.batch, case.steps, VOCABULARY)), *layers, keras.layers.Dense(VOCABULARY)]
        )
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=CLIPNORM),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
            steps_per_execution=STEPS_PER_EXECUTION,
        )
        rng = np.random.default_rng(0)
        ids = rng.integers(VOCABULARY, size=(case.batch, case.steps + 1))
        inputs = np.eye(VOCABULARY, dtype=np.float32)[ids[:, :-1]]
        self.data = tf.data.Dataset.from_tensors((inputs, ids[:, 1:])).cache().repeat(STEPS_PER_EXECUTION)

    def steps(self) -> None:
        """One execution."""
        self.model.fit(self.data, verbose=0)


if __name__ == "__main__":
    case = case_from(sys.argv[1])
    print_rate(Trainer(case).steps, tokens=case.tokens * STEPS_PER_EXECUTION, seconds=float(sys.argv[2]))
