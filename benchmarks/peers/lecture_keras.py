"""The lecture's stateful LSTM on the butterfly song; its code is ported line by line from Keras 1 to Keras 3.

`python -m benchmarks.peers.lecture_keras EPOCHS` trains and prints one JSON object: seconds of the "first"
epoch, which includes compilation, seconds of all "others" together, and the "loss" of the last epoch.
"""

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from benchmarks.cases import CODES, SONG


class LossHistory(keras.callbacks.Callback):
    """The lecture's callback: the loss of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Store the loss of the epoch."""
        self.losses.append((logs or {})["loss"])


def train(epochs: int) -> dict[str, float]:
    """Train as the lecture does; return seconds of the first epoch, of the others, and the last loss."""
    ids = [CODES.index(code) for code in SONG]
    dataset = np.array([ids[start : start + 5] for start in range(len(ids) - 4)])  # (50, 5)
    x_train = np.reshape(dataset[:, 0:4] / 13.0, (50, 4, 1))
    y_train = keras.utils.to_categorical(dataset[:, 4])  # (50, 12): the highest id in the song is 11

    lstm = keras.layers.LSTM(128, stateful=True)
    head = keras.layers.Dense(y_train.shape[1], activation="softmax")
    model = keras.Sequential([keras.Input(batch_shape=(1, 4, 1)), lstm, head])
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

    history = LossHistory()
    ends = [time.perf_counter()]
    for _ in range(epochs):
        model.fit(x_train, y_train, epochs=1, batch_size=1, verbose=0, shuffle=False, callbacks=[history])
        lstm.reset_states()
        ends.append(time.perf_counter())
    return {"first": ends[1] - ends[0], "others": ends[-1] - ends[1], "loss": history.losses[-1]}


if __name__ == "__main__":
    print(json.dumps(train(int(sys.argv[1]))))
