"""The network for examples as a `keras.Model`, for inputs of one length: it owns the weights.

    label, tags   token ids (N, T)                                   → logits (N, L) or (N, T, G)
    tags          … and the characters of each token (N, T, C), with `model.characters`
    pairs         source ids (N, T), and the decoder's inputs (N, U)  → logits (N, U, V)
    from_label    the decoder's inputs (N, U)                         → logits (N, U, V)

The TensorFlow engine runs the same equations for inputs of any length. `summary()` and Keras' own `fit` need
the Keras model, and tests compare the engine with it.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from rnnlab.models.architecture import Layer, RecurrentLayer
from rnnlab.models.initial_weights import weight_seeds
from rnnlab.models.network import DropoutLayers, RecurrentCell, dense_layer, encoding_layer
from rnnlab.models.task_architecture import Stack, TaskArchitecture


def build_task_network(architecture: TaskArchitecture, *, random_seed: int) -> Any:
    """Return a `keras.Model` with initial weights.

    Args:
        architecture: the layers.
        random_seed: the seed of the initial weights and of dropout.
    """
    return _Builder(architecture, random_seed).network()


class _Builder:
    """Builds the Keras layers in the order of `TaskArchitecture.layers`, in which their weights are drawn."""

    def __init__(self, architecture: TaskArchitecture, random_seed: int) -> None:
        self._architecture, self._seed = architecture, random_seed
        self._seeds = weight_seeds(random_seed)
        self._dropout = DropoutLayers(architecture.dropout, random_seed)
        self._decoder_dropout = DropoutLayers(architecture.decoder_dropout, random_seed, "decoder_")
        self._inputs: list[Any] = []
        self._made = 0

    def network(self) -> Any:
        """Return the model."""
        architecture = self._architecture
        memory, states = None, None
        if architecture.encoder and architecture.encoding:
            memory, states, last = self._encoder(architecture.encoder, architecture.encoding)
            hidden = memory if architecture.task != "label" else self._pooled(memory, last)
        if architecture.decoder and architecture.decoder_encoding:
            hidden = self._decoder(architecture.decoder, architecture.decoder_encoding, states)
            if architecture.attention:
                context = DotAttention(name="context")([hidden, memory])
                both = keras.layers.Concatenate(name="both")([context, hidden])
                hidden = dense_layer(architecture.attention, "tanh", self._seeds)(both)
        logits = dense_layer(architecture.head, None, self._seeds)(hidden)
        return keras.Model(self._inputs if len(self._inputs) > 1 else self._inputs[0], logits, name="network")

    def _ids(self, name: str, *more: int | None) -> Any:
        """Return a new input of ids, (N, T) or (N, T, C)."""
        self._inputs.append(keras.Input((None, *more), dtype="int32", name=name))
        return self._inputs[-1]

    def _encoding(self, layer: Layer) -> Any:
        table = None if layer.weights else np.eye(layer.units, dtype=np.float32)
        return encoding_layer(layer, table, self._seeds)

    def _encoder(self, stack: Stack, encoding: Layer) -> tuple[Any, list[Any], Any]:
        """Return the outputs (N, T, H), the last states, and the outputs after each direction has ended."""
        architecture = self._architecture
        values = self._encoding(encoding)(self._ids("ids"))
        if architecture.characters:
            character_encoding, spelling = architecture.characters
            characters = self._ids("characters", None)
            spelled = SpelledWords(
                self._encoding(character_encoding),
                *(self._recurrent(layer, 0.0) for layer in spelling.in_order),
                name="words",
            )(characters)
            values = keras.layers.Concatenate(name="word_and_characters")([values, spelled])
        if architecture.reverse_source:
            values = Reversed(name="reversed")(values)
        return self._stack(stack, self._dropout.inputs(values), None, self._dropout)

    def _decoder(self, stack: Stack, encoding: Layer, states: list[Any] | None) -> Any:
        """Return the outputs of the decoder, (N, U, H)."""
        values = self._encoding(encoding)(self._ids("before"))
        if self._architecture.every_input:
            values = AddedFirst(name="label_added")(values)
        return self._stack(stack, self._decoder_dropout.inputs(values), states, self._decoder_dropout)[0]

    def _stack(
        self, stack: Stack, values: Any, states: list[Any] | None, dropout: DropoutLayers
    ) -> tuple[Any, list[Any], Any]:
        lasts = []
        for number, layer in enumerate(stack.layers):
            initial = {} if states is None else {"initial_state": states[number]}
            below = values
            outputs, *after = self._recurrent(layer, dropout.recurrent)(values, **initial)
            lasts.append(after[: len(layer.cell.state)])
            if stack.backward:
                back, *after = self._recurrent(stack.backward[number], dropout.recurrent)(Reversed()(values))
                outputs = keras.layers.Concatenate()([outputs, Reversed()(back)])
            self._made += 1
            values = dropout.outputs(outputs, self._made)
            if stack.residual and number:
                values = values + below
        units = stack.layers[-1].units
        last = values[:, -1, :units]
        if stack.backward:  # the layer that reads backwards ends at the first token
            last = keras.layers.Concatenate()([last, values[:, 0, units:]])
        return values, lasts, last

    def _recurrent(self, layer: RecurrentLayer, dropout: float) -> Any:
        cell = RecurrentCell(layer.cell, layer.weights, self._seeds, dropout=dropout, seed=self._seed)
        return keras.layers.RNN(cell, return_sequences=True, return_state=True, name=layer.name)

    def _pooled(self, outputs: Any, last: Any) -> Any:
        """Return one vector for each example, (N, H)."""
        if self._architecture.pooling == "mean":
            return keras.layers.GlobalAveragePooling1D(name="pooling")(outputs)
        if self._architecture.pooling == "max":
            return keras.layers.GlobalMaxPooling1D(name="pooling")(outputs)
        return last


class Reversed(keras.layers.Layer):  # type: ignore[misc]
    """The time steps of values (N, T, K) in the opposite order."""

    def call(self, values: Any) -> Any:
        """Return the values, the last time step first."""
        return keras.ops.flip(values, axis=1)


class AddedFirst(keras.layers.Layer):  # type: ignore[misc]
    """Values (N, T, K), with those of the first time step added to every later one."""

    def call(self, values: Any) -> Any:
        """Return the sums, (N, T, K)."""
        later = keras.ops.cast(keras.ops.arange(keras.ops.shape(values)[1]) > 0, values.dtype)
        return values + values[:, :1] * later[None, :, None]


class DotAttention(keras.layers.Layer):  # type: ignore[misc]
    """A mean of the memory for each query, weighted by the softmax of their products (Luong et al., 2015)."""

    def call(self, both: Any) -> Any:
        """Return the means (N, U, H) of queries (N, U, H) and a memory (N, T, H)."""
        queries, memory = both
        scores = keras.ops.matmul(queries, keras.ops.transpose(memory, (0, 2, 1)))  # (N, U, T)
        # the softmax; Keras' own warns of a memory of one token
        shares = keras.ops.exp(scores - keras.ops.logsumexp(scores, axis=-1, keepdims=True))
        return keras.ops.matmul(shares, memory)


class SpelledWords(keras.layers.Layer):  # type: ignore[misc]
    """A vector for each word from its characters, by a layer that reads in both directions."""

    def __init__(self, encoding: Any, forward: Any, backward: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.encoding, self.forward, self.backward = encoding, forward, backward

    def call(self, characters: Any) -> Any:
        """Return vectors (N, T, 2·C) of the characters (N, T, L) of words of one length."""
        shape = keras.ops.shape(characters)
        rows = self.encoding(keras.ops.reshape(characters, (-1, shape[2])))
        ends = [
            self.forward(rows)[1],
            self.backward(keras.ops.flip(rows, axis=1))[1],
        ]
        return keras.ops.reshape(keras.ops.concatenate(ends, axis=-1), (-1, shape[1], 2 * ends[0].shape[-1]))


def named_task_weights(network: Any) -> dict[str, Any]:
    """Return the Keras variables of a network, by their names in a model file, `layer/weight`."""
    return {
        f"{layer.name}/{variable.name}": variable
        for layer in _layers(network)
        for variable in layer.trainable_variables
    }


def _layers(network: Any) -> Iterator[Any]:
    """Yield the layers that own weights."""
    for layer in network.layers:
        if isinstance(layer, SpelledWords):
            yield from (layer.encoding, layer.forward, layer.backward)
        else:
            yield layer
