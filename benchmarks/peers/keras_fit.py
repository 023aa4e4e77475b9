"""Tokens per second of Keras' own `fit`: `python -m benchmarks.peers.keras_fit CASE SECONDS`.

The settings are the best found on two cores: compiled by XLA, several steps per execution, batches ready in
memory, and the state carried by the layers.
"""

import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.cases import CLIPNORM, LEARNING_RATE, VOCABULARY, Case, case_from

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}
STEPS_PER_EXECUTION = 8


class Trainer:
    """A compiled model and its batches."""

    def __init__(self, case: Case) -> None:
        layers = [
            LAYERS[case.cell](case.units, return_sequences=True, stateful=True) for _ in range(case.layers)
        ]
        self.model = keras.Sequential(
            [
                keras.Input(batch_shape=(case.batch, case.steps, VOCABULARY)),
                *layers,
                keras.layers.Dense(VOCABULARY),
            ]
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
        self.data = tf.data.Dataset.from_tensors((inputs, ids[:, 1:])).cache().repeat()
        self.tokens = case.tokens

    def fit(self, seconds: float) -> float:
        """Return the tokens per second of one call of `fit`, without the warm-up of its first third."""
        clock = Clock(seconds)
        self.model.fit(self.data, steps_per_epoch=10**6, callbacks=[clock], verbose=0)
        return clock.steps * self.tokens / clock.elapsed


class Clock(keras.callbacks.Callback):
    """Stops training after some seconds, and counts the steps after the warm-up."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.begun, self.steps, self.elapsed = seconds, 0.0, 0, 0.0
        self.warm = 0.0

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Count the steps of one execution."""
        now = time.perf_counter()
        self.warm = self.warm or now + self.seconds / 3
        if now < self.warm:
            return
        if not self.begun:
            self.begun = now
            return
        self.steps += STEPS_PER_EXECUTION
        self.elapsed = now - self.begun
        self.model.stop_training = self.elapsed > self.seconds


if __name__ == "__main__":
    print(Trainer(case_from(sys.argv[1])).fit(float(sys.argv[2])))
