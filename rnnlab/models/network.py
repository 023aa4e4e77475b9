"""The network as a `keras.Model`: token ids (N, T) in, logits out, every window from a zero state.

It owns the weights. The compiled engine runs the same equations faster, and with an explicit state; what is
here makes `summary()` and Keras' own `fit` work, and is what the engine is tested against.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnlab.models.architecture import Architecture, Layer, RecurrentLayer
from rnnlab.models.cells import Cell


def build_network(
    architecture: Architecture,
    table: NDArray[np.float32] | None,
    *,
    window: int,
    last_only: bool,
    random_seed: int,
) -> Any:
    """A `keras.Model` with freshly drawn weights.

    Args:
        architecture: the layers.
        table: (V, D) rows of a fixed encoding; None where it is learnt.
        window: time steps T of an input.
        last_only: whether the logits are those of the last step, (N, V), or of all, (N, T, V).
        random_seed: of the initial weights, which it alone decides.
    """
    seeds = _weight_seeds(random_seed)
    ids = keras.Input((window,), dtype="int32", name="ids")
    hidden = _encoding(architecture.encoding, table, seeds)(ids)
    if architecture.activation:
        hidden = keras.layers.Flatten(name="flatten")(hidden)
    for number, layer in enumerate(architecture.hidden):
        sequences = not (last_only and number == len(architecture.hidden) - 1)
        hidden = _hidden(layer, architecture.activation, seeds, sequences=sequences)(hidden)
        if architecture.dropout:
            hidden = keras.layers.Dropout(
                architecture.dropout, seed=random_seed, name=f"dropout_{number + 1}"
            )(hidden)
    if architecture.head:
        hidden = _dense(architecture.head, None, seeds)(hidden)
    return keras.Model(ids, hidden, name="network")


def named_weights(network: Any) -> dict[str, Any]:
    """The Keras variables of a network by their names in a model file, `layer/weight`."""
    return {
        f"{layer.name}/{variable.name}": variable
        for layer in network.layers
        for variable in layer.trainable_variables
    }


class FixedEncoding(keras.layers.Layer):  # type: ignore[misc]
    """Rows of a fixed table (V, D) by token ids (N, T): (N, T, D)."""

    def __init__(self, table: NDArray[np.float32], **settings: Any) -> None:
        super().__init__(**settings)
        self.table = table

    def call(self, ids: Any) -> Any:
        """The encoded tokens."""
        return keras.ops.take(self.table, ids, axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(N, T) → (N, T, D)."""
        return (*input_shape, self.table.shape[1])


class RecurrentCell(keras.layers.Layer):  # type: ignore[misc]
    """A cell of `rnnlab.models.cells` as `keras.layers.RNN` wants it."""

    def __init__(self, cell: Cell, shapes: dict[str, tuple[int, ...]], seeds: Iterator[int]) -> None:
        super().__init__()
        self.cell = cell
        units = shapes["recurrent_kernel"][0]
        self.state_size = [units] * len(cell.state)
        self.output_size = units
        self.named = {
            name: self.add_weight(shape=shape, initializer=_initializer(name, cell, units, seeds), name=name)
            for name, shape in shapes.items()
        }

    def call(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        """The output of one time step, (N, H), and the state after it."""
        weights = {name: variable.value for name, variable in self.named.items()}
        kernel, units = weights["recurrent_kernel"], self.output_size

        def product(operand: Any, gates: str = self.cell.gates, /) -> Any:
            first = self.cell.gates.index(gates) * units
            return keras.ops.matmul(operand, kernel[:, first : first + len(gates) * units])

        x = keras.ops.matmul(inputs, weights["kernel"]) + self.cell.input_bias(weights)
        after = self.cell.step(_Operations, x, product, tuple(states), self.cell.parameters(weights))
        return after[0], list(after)


class _Operations:
    """What the equations of `models.cells` use, for rows of lanes."""

    tanh, sigmoid = staticmethod(keras.ops.tanh), staticmethod(keras.ops.sigmoid)

    @staticmethod
    def split(x: Any, parts: int) -> list[Any]:
        """Equal blocks of columns."""
        return list(keras.ops.split(x, parts, axis=-1))


def _encoding(layer: Layer, table: NDArray[np.float32] | None, seeds: Iterator[int]) -> Any:
    """The encoding; what is learnt starts as unit normal rows, as in PyTorch.

    Keras starts them 35 times as small, and then they are slow to be heard beside the state: on
    tinyshakespeare an LSTM of 256 units comes to 1.64 nats per character in three epochs, from unit normal
    rows to 1.57.
    """
    if table is not None:
        return FixedEncoding(table, name=layer.name)
    rows, size = layer.weights["embeddings"]
    initializer = keras.initializers.RandomNormal(stddev=1.0, seed=next(seeds))
    return keras.layers.Embedding(rows, size, embeddings_initializer=initializer, name=layer.name)


def _hidden(layer: Layer, activation: str | None, seeds: Iterator[int], *, sequences: bool) -> Any:
    if not isinstance(layer, RecurrentLayer):
        return _dense(layer, activation, seeds)
    return keras.layers.RNN(
        RecurrentCell(layer.cell, layer.weights, seeds), return_sequences=sequences, name=layer.name
    )


def _dense(layer: Layer, activation: str | None, seeds: Iterator[int]) -> Any:
    initializer = keras.initializers.GlorotUniform(seed=next(seeds))
    return keras.layers.Dense(layer.units, activation, kernel_initializer=initializer, name=layer.name)


def _initializer(name: str, cell: Cell, units: int, seeds: Iterator[int]) -> Any:
    """As in Keras: Glorot for inputs, orthogonal for the recurrence, biases 0, but 1 for a forget gate."""
    if name == "kernel":
        return keras.initializers.GlorotUniform(seed=next(seeds))
    if name == "recurrent_kernel":
        return keras.initializers.Orthogonal(seed=next(seeds))
    if name != "bias" or "f" not in cell.gates:
        return "zeros"
    bias = np.zeros(len(cell.gates) * units, np.float32)
    forget = cell.gates.index("f") * units
    bias[forget : forget + units] = 1.0
    return keras.initializers.Constant(bias)


def _weight_seeds(random_seed: int) -> Iterator[int]:
    """A seed for each weight that is drawn, in the order of the layers."""
    rng = np.random.default_rng(random_seed)
    while True:
        yield int(rng.integers(2**31 - 1))
