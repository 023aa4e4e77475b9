"""A network of Keras' own layers, with the weights of one of rnnlab's."""

from typing import Any

import keras
import numpy as np

from rnnlab.engines.tensorflow.start import tf
from tests.independent.plain_network import Page


class KerasNetwork:
    """The layers of a page with an encoding, a stack of layers and a head.

    Args:
        page: the configuration.
        vocab_size: V.
        weights: by their names in a model file.

    Attributes:
        weights: the variables of Keras' layers by the same names.
    """

    def __init__(self, page: Page, vocab_size: int, weights: dict[str, Any]) -> None:
        self.vocab_size = vocab_size
        self.page, self.kind = page, page["model"]["kind"]
        units = page["model"]["units"]
        self.units = [units] if isinstance(units, int) else units
        settings = {"return_sequences": True, "return_state": True}
        if self.kind == "gru":
            settings["reset_after"] = page["model"].get("reset_after", True)
        kinds = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
        self.layers = {
            f"{self.kind}_{number}": getattr(keras.layers, kinds[self.kind])(size, **settings)
            for number, size in enumerate(self.units, start=1)
            if self.kind != "mlp"
        }
        self.dense = {
            f"dense_{number}": keras.layers.Dense(size, page["model"].get("activation"))
            for number, size in enumerate(self.units, start=1)
            if self.kind == "mlp"
        }
        self.head = keras.layers.Dense(self.vocab_size)
        self.variables = {name: tf.Variable(array, dtype=tf.float32) for name, array in weights.items()}
        self.logits(np.zeros((1, page["dataset"]["window"]), np.int32), None)
        self.weights = self._named()

    def logits(self, ids: Any, state: Any) -> tuple[Any, Any]:
        """The logits (N, T, V), or (N, 1, V) of an MLP, and the state after the last step."""
        encoding, after = self.page["dataset"]["encoding"], []
        if encoding == "embedding":
            values = tf.gather(self.variables["encoding/embeddings"], ids)
        else:
            values = (
                tf.one_hot(ids, self.vocab_size)
                if encoding == "one_hot"
                else ids[..., None] / (self.vocab_size - 1)
            )
        values = tf.cast(values, tf.float32)
        if self.dense:
            values = tf.reshape(values, (len(ids), 1, -1))
        for layer in self.dense.values():
            values = layer(values)
        for number, layer in enumerate(self.layers.values()):
            values, *last = layer(values, initial_state=state[number] if state else None)
            after.append(last)
        return self.head(values), after

    def _named(self) -> dict[str, Any]:
        """Keras' variables by their names in a model file, with the weights that were given."""
        named = {name: each for name, each in self.variables.items() if name.startswith("encoding/")}
        for name, layer in {**self.layers, **self.dense, "head": self.head}.items():
            named |= {f"{name}/{variable.name}": variable.value for variable in layer.trainable_variables}
        for name, variable in named.items():
            variable.assign(self.variables[name])
        return named
