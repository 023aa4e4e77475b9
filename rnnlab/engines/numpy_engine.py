"""A trained model in NumPy, one time step at a time: it answers before TensorFlow would have been loaded."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.stepper import Ids, Logits, State, Stepper
from rnnlab.models.architecture import Architecture, Layer, RecurrentLayer, architecture_of
from rnnlab.models.encodings import encoding_table
from rnnlab.models.model_file import TrainedModel, Weights

Floats = NDArray[np.float32]

HALF = np.float32(0.5)


def numpy_model(trained: TrainedModel) -> Stepper:
    """The model of a file, ready to run."""
    dataset = trained.experiment.dataset
    architecture = architecture_of(trained.experiment, len(trained.tokens))
    table = encoding_table(dataset.encoding, trained.tokens)
    if table is None:
        table = trained.weights[f"{architecture.encoding.name}/embeddings"]
    if architecture.activation:
        return NumpyMlp(architecture, trained.weights, table, window=dataset.window)
    return NumpyRnn(architecture, trained.weights, table)


class NumpyRnn:
    """A stack of recurrent layers.

    Args:
        architecture: the layers.
        weights: by their names in a model file.
        table: what the network sees of each token, (V, D).
    """

    def __init__(self, architecture: Architecture, weights: Weights, table: Floats) -> None:
        self._layers = [_Recurrence(layer, weights) for layer in architecture.recurrent]
        self._rows = self._layers[0].inputs(table)
        self._head = _dense(architecture.head, weights) if architecture.head else lambda hidden: hidden

    def zero_state(self, lanes: int) -> State:
        """The state of N lanes before their first token."""
        return tuple(layer.zero_state(lanes) for layer in self._layers)

    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = False
    ) -> tuple[Logits, State]:
        """Logits of each of T time steps (N, T, V), or of the last (N, 1, V), and the state after it."""
        keep = None if resets is None or not resets.any() else ~resets.T[:, :, None]
        hidden, after = self._rows[ids.T], list[tuple[Floats, ...]]()
        for layer, before in zip(self._layers, state, strict=True):
            x = layer.inputs(hidden) if after else hidden
            hidden, last = layer.run(x, keep, before)
            after.append(last)
        hidden = hidden[-1:] if last_only else hidden
        return self._head(hidden).swapaxes(0, 1), tuple(after)

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Logits (N, V) after one token of each lane, (N,), and the state after it."""
        x, after = self._rows[ids], list[tuple[Floats, ...]]()
        for layer, before in zip(self._layers, state, strict=True):
            after.append(layer.step(layer.inputs(after[-1][0]) if after else x, before))
        return self._head(after[-1][0]), tuple(after)


class NumpyMlp:
    """Dense layers over a window of T tokens; of a shorter one, what is missing on the left is zeros.

    Args:
        architecture: the layers.
        weights: by their names in a model file.
        table: what the network sees of each token, (V, D).
        window: T.
    """

    def __init__(self, architecture: Architecture, weights: Weights, table: Floats, *, window: int) -> None:
        self._table, self._window = table, window
        self._layers = [_dense(layer, weights) for layer in architecture.hidden]
        self._activation = _ACTIVATIONS[architecture.activation or ""]
        self._head = _dense(architecture.layers[-1], weights)

    def zero_state(self, lanes: int) -> State:
        """Nothing: it has no state."""
        del lanes
        return ()

    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = True
    ) -> tuple[Logits, State]:
        """Logits of what follows the window, (N, 1, V)."""
        del resets, last_only
        seen = self._table[ids[:, -self._window :]].reshape(len(ids), -1)
        hidden = np.zeros((len(ids), self._window * self._table.shape[1]), np.float32)
        hidden[:, hidden.shape[1] - seen.shape[1] :] = seen
        for layer in self._layers:
            hidden = self._activation(layer(hidden))
        return self._head(hidden)[:, None], state

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Logits (N, V) after one token alone."""
        logits, state = self.forward(ids[:, None], None, state)
        return logits[:, 0], state


class ArrayNamespace:
    """What the equations of `models.cells` use, for float32 arrays."""

    tanh = staticmethod(np.tanh)

    @staticmethod
    def sigmoid(x: Floats) -> Floats:
        """1 / (1 + exp(−x)), in a form that cannot overflow."""
        half: Floats = x * HALF
        np.tanh(half, out=half)
        half *= HALF
        half += HALF
        return half

    @staticmethod
    def split(x: Floats, parts: int) -> list[Floats]:
        """Equal blocks of columns, without a copy."""
        width = x.shape[-1] // parts
        return [x[..., begin : begin + width] for begin in range(0, parts * width, width)]


class _Recurrence:
    """One recurrent layer, its weights laid out for one step after another."""

    def __init__(self, layer: RecurrentLayer, weights: Weights) -> None:
        mine = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
        self._cell, self._units = layer.cell, layer.units
        self._kernel, self._bias = mine["kernel"], layer.cell.input_bias(mine)
        self._parameters = layer.cell.parameters(mine)
        self._recurrent = mine["recurrent_kernel"]
        self._columns: dict[str, Floats] = {}

    def zero_state(self, lanes: int) -> tuple[Floats, ...]:
        return tuple(np.zeros((lanes, self._units), np.float32) for _ in self._cell.state)

    def inputs(self, values: Floats) -> Floats:
        """The input pre-activations (…, G·H) of values (…, D)."""
        inputs: Floats = values @ self._kernel + self._bias
        return inputs

    def step(self, x: Floats, state: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """The state after one step with input pre-activations (N, G·H)."""
        return self._cell.step(ArrayNamespace, x, self._product, state, self._parameters)

    def run(
        self, x: Floats, keep: NDArray[np.bool_] | None, state: tuple[Floats, ...]
    ) -> tuple[Floats, tuple[Floats, ...]]:
        """Outputs (T, N, H) of T steps, and the state after the last."""
        outputs = np.empty((*x.shape[:2], self._units), np.float32)
        for t in range(len(x)):
            if keep is not None:
                state = tuple(part * keep[t] for part in state)
            state = self.step(x[t], state)
            outputs[t] = state[0]
        return outputs, state

    def _product(self, operand: Floats, gates: str = "", /) -> Floats:
        product: Floats = operand @ (self._gate_columns(gates) if gates else self._recurrent)
        return product

    def _gate_columns(self, gates: str) -> Floats:
        """The columns of U of some gates, contiguous, copied once."""
        if gates not in self._columns:
            first = self._cell.gates.index(gates) * self._units
            block = self._recurrent[:, first : first + len(gates) * self._units]
            self._columns[gates] = np.ascontiguousarray(block)
        return self._columns[gates]


def _dense(layer: Layer, weights: Mapping[str, Floats]) -> Callable[[Floats], Floats]:
    kernel, bias = weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]
    return lambda values: values @ kernel + bias


_ACTIVATIONS: dict[str, Callable[[Floats], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": ArrayNamespace.sigmoid,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}
