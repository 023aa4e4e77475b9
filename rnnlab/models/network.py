"""The network as a `keras.Model`: token ids (N, T) in, logits out; every window begins with a zero state.

The Keras model owns the weights. The TensorFlow engine runs the same equations faster and with an explicit
state. Callbacks, `summary()` and Keras' own `fit` need the Keras model, and tests compare the engine with it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnlab.models.architecture import Architecture, Dropout, Layer, RecurrentLayer
from rnnlab.models.cells import EPSILON, Cell
from rnnlab.models.initial_weights import initial_bias, weight_seeds


def build_network(
    architecture: Architecture,
    table: NDArray[np.float32] | None,
    *,
    window: int,
    last_only: bool,
    random_seed: int,
) -> Any:
    """Return a `keras.Model` with initial weights.

    Args:
        architecture: the layers.
        table: (V, D) rows of a fixed encoding; None for an encoding that is learnt.
        window: time steps T of an input.
        last_only: whether the output is the logits of the last time step, (N, V), or of all time steps,
            (N, T, V); an MLP always returns (N, V).
        random_seed: the seed of the initial weights and of dropout.
    """
    seeds, dropout = weight_seeds(random_seed), DropoutLayers(architecture.dropout, random_seed)
    ids = keras.Input((window,), dtype="int32", name="ids")
    encoding = encoding_layer(architecture.encoding, table, seeds)
    hidden = dropout.inputs(encoding(ids))
    if architecture.activation:
        hidden = keras.layers.Flatten(name="flatten")(hidden)
    for number, layer in enumerate(architecture.hidden):
        sequences, below = not (last_only and number == len(architecture.hidden) - 1), hidden
        hidden = _hidden(layer, architecture, seeds, sequences=sequences, seed=random_seed)(hidden)
        hidden = dropout.outputs(hidden, number + 1)
        if architecture.residual and number:
            hidden += below if sequences else below[:, -1]
    if architecture.tied and architecture.head:
        hidden = TiedHead(encoding, name=architecture.head.name)(hidden)
    elif architecture.head:
        hidden = dense_layer(architecture.head, None, seeds)(hidden)
    return keras.Model(ids, hidden, name="network")


def named_weights(network: Any) -> dict[str, Any]:
    """Return the Keras variables of a network, by their names in a model file, `layer/weight`."""
    return {
        f"{layer.name}/{variable.name}": variable
        for layer in network.layers
        for variable in layer.trainable_variables
    }


class FixedEncoding(keras.layers.Layer):  # type: ignore[misc]
    """A layer that looks up the row of each token id (N, T) in a fixed table (V, D): (N, T, D)."""

    def __init__(self, table: NDArray[np.float32], **settings: Any) -> None:
        super().__init__(**settings)
        self.table = table

    def call(self, ids: Any) -> Any:
        """Return the encoded tokens, (N, T, D)."""
        return keras.ops.take(self.table, ids, axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the output, (N, T, D), for the input shape (N, T)."""
        return (*input_shape, self.table.shape[1])


class TiedHead(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer with its own bias; its kernel is the transposed embeddings (V, D) of another layer."""

    def __init__(self, embedding: Any, **settings: Any) -> None:
        super().__init__(**settings)
        # A function: Keras would list embeddings in an attribute as weights of this layer too.
        self._rows: Callable[[], Any] = lambda: embedding.embeddings

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the bias, (V,), which starts at 0."""
        del input_shape
        self.bias = self.add_weight(shape=(self._rows().shape[0],), initializer="zeros", name="bias")

    def call(self, values: Any) -> Any:
        """Return the logits (…, V) of values (…, D)."""
        return keras.ops.matmul(values, keras.ops.transpose(self._rows())) + self.bias


class RecurrentCell(keras.layers.Layer):  # type: ignore[misc]
    """A cell of `rnnlab.models.cells` in the form that `keras.layers.RNN` runs."""

    def __init__(
        self,
        cell: Cell,
        shapes: dict[str, tuple[int, ...]],
        seeds: Iterator[int],
        *,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.cell, self.dropout = cell, dropout
        units = shapes["recurrent_kernel"][0]
        self.state_size = [units] * (len(cell.state) + bool(dropout))
        self.output_size = units
        self.seed_generator = keras.random.SeedGenerator(seed) if dropout else None
        self.named = {
            name: self.add_weight(shape=shape, initializer=_initializer(name, cell, units, seeds), name=name)
            for name, shape in shapes.items()
        }

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return the zero state, (N, H) each; with recurrent dropout, its last part is the dropout mask."""
        state = [keras.ops.zeros((batch_size, self.output_size)) for _ in self.cell.state]
        if self.dropout:
            ones = keras.ops.ones((batch_size, self.output_size))
            state.append(keras.random.dropout(ones, self.dropout, seed=self.seed_generator))
        return state

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """Return the output of one time step, (N, H), and the state after the step, with the same mask."""
        weights = {name: variable.value for name, variable in self.named.items()}
        kernel, units = weights["recurrent_kernel"], self.output_size
        count = len(self.cell.state)
        mask = states[count] if self.dropout and training else None

        def product(operand: Any, gates: str = self.cell.gates, /) -> Any:
            first = self.cell.gates.index(gates) * units
            left = operand if mask is None else operand * mask
            return keras.ops.matmul(left, kernel[:, first : first + len(gates) * units])

        x = keras.ops.matmul(inputs, weights["kernel"]) + self.cell.input_bias(weights)
        before = tuple(states[:count])
        after = self.cell.step(_Operations, x, product, before, self.cell.parameters(weights))
        return after[0], [*after, *states[count:]]


class _Operations:
    """The functions `xp` of an equation in Keras, with lanes in rows."""

    tanh, sigmoid = staticmethod(keras.ops.tanh), staticmethod(keras.ops.sigmoid)

    @staticmethod
    def split(x: Any, parts: int) -> list[Any]:
        """Return x as equal blocks of columns."""
        return list(keras.ops.split(x, parts, axis=-1))

    @staticmethod
    def normalized(x: Any) -> Any:
        """Return x with mean 0 and variance 1 over the columns of each lane."""
        mean, variance = keras.ops.moments(x, axes=-1, keepdims=True)
        return (x - mean) * keras.ops.rsqrt(variance + EPSILON)


class DropoutLayers:
    """Keras' dropout layers with the fractions of an architecture.

    Args:
        shares: the fractions.
        seed: the seed of the random numbers.
        prefix: first letters of the names of the layers.
    """

    def __init__(self, shares: Dropout, seed: int, prefix: str = "") -> None:
        self._shares, self._seed, self._prefix = shares, seed, prefix

    @property
    def recurrent(self) -> float:
        """Fraction of the operand of each recurrent product that the cells drop."""
        return self._shares.recurrent

    def inputs(self, values: Any) -> Any:
        """Return the encoded inputs after dropout, (N, T, D)."""
        return self._dropped(values, self._shares.inputs, "input_dropout")

    def outputs(self, values: Any, number: int) -> Any:
        """Return the outputs of a hidden layer after dropout, (N, T, H) or (N, H)."""
        return self._dropped(values, self._shares.outputs, f"dropout_{number}")

    def _dropped(self, values: Any, share: float, name: str) -> Any:
        if not share:
            return values
        steps = 1 if self._shares.variational and len(values.shape) == 3 else None
        noise = (None, steps, None)[: len(values.shape)]
        return keras.layers.Dropout(share, noise, seed=self._seed, name=f"{self._prefix}{name}")(values)


def encoding_layer(layer: Layer, table: NDArray[np.float32] | None, seeds: Iterator[int]) -> Any:
    """Return the encoding layer; embeddings start as normal numbers of variance 1, as in PyTorch.

    Keras' own initial embeddings are 35 times as small, and the network then learns slowly: on
    tinyshakespeare, an LSTM of 256 units reaches 1.64 nats per character in three epochs, and 1.57 with
    variance 1. The same holds for embeddings that are tied to the head: with 256 numbers for each token, the
    network reaches 1.73 after one epoch, and 2.19 if the embeddings start as small as a head's kernel.
    """
    if table is not None:
        return FixedEncoding(table, name=layer.name)
    rows, size = layer.weights["embeddings"]
    initializer = keras.initializers.RandomNormal(stddev=1.0, seed=next(seeds))
    return keras.layers.Embedding(rows, size, embeddings_initializer=initializer, name=layer.name)


def _hidden(
    layer: Layer, architecture: Architecture, seeds: Iterator[int], *, sequences: bool, seed: int
) -> Any:
    if not isinstance(layer, RecurrentLayer):
        return dense_layer(layer, architecture.activation, seeds)
    cell = RecurrentCell(layer.cell, layer.weights, seeds, dropout=architecture.dropout.recurrent, seed=seed)
    return keras.layers.RNN(cell, return_sequences=sequences, name=layer.name)


def dense_layer(layer: Layer, activation: str | None, seeds: Iterator[int]) -> Any:
    """Return a dense Keras layer with initial weights."""
    initializer = keras.initializers.GlorotUniform(seed=next(seeds))
    return keras.layers.Dense(layer.units, activation, kernel_initializer=initializer, name=layer.name)


def _initializer(name: str, cell: Cell, units: int, seeds: Iterator[int]) -> Any:
    """Return the Keras initializer of a weight, which draws the same as `models.initial_weights`."""
    if name.endswith("_gain"):
        return "ones"
    if name == "kernel":
        return keras.initializers.GlorotUniform(seed=next(seeds))
    if name == "recurrent_kernel":
        return keras.initializers.Orthogonal(seed=next(seeds))
    if name != "bias" or (bias := initial_bias(cell, units)) is None:
        return "zeros"
    return keras.initializers.Constant(bias)
