"""Trained networks in NumPy: `NumpyRnn` is a stack of recurrent layers with a head, `NumpyMlp` an MLP.

A recurrent network reads whole sequences, or one token after another in a stream.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Logits, State
from rnnlab.engines.numpy.equation import Call, Floats, LayerEquation, TimeStep, flags_ignored, sigmoid
from rnnlab.models.architecture import Architecture, Layer, RecurrentLayer
from rnnlab.models.model_file import Weights


class Dense:
    """A dense layer: values (…, D) in, (…, K) out.

    Args:
        layer: the layer.
        weights: the model's weights, by their names in a model file.
        kernel: the kernel (D, K), if it is another layer's weight; None for the layer's own.
    """

    def __init__(self, layer: Layer, weights: Weights, kernel: Floats | None = None) -> None:
        self.kernel = weights[f"{layer.name}/kernel"] if kernel is None else kernel
        self.bias = weights[f"{layer.name}/bias"]

    def __call__(self, values: Floats) -> Floats:
        result: Floats = values @ self.kernel + self.bias  # (…, D) (D, K) + (K,) = (…, K)
        return result


class NumpyMlp:
    """Dense layers over the last T tokens; fewer tokens are filled up with zeros on the left.

    Args:
        architecture: the layers.
        weights: the model's weights, by their names in a model file.
        table: the encoding of each token, (V, D); more rows are the encodings of further ids.
        window: T.
    """

    def __init__(self, architecture: Architecture, weights: Weights, table: Floats, *, window: int) -> None:
        self._table, self._window = table, window
        self._layers = [Dense(layer, weights) for layer in architecture.hidden]
        self._activation = _ACTIVATIONS[architecture.activation or ""]
        self._head = Dense(architecture.layers[-1], weights)

    def zero_state(self, lanes: int) -> State:
        """Return an empty tuple: an MLP has no state."""
        del lanes
        return ()

    @flags_ignored
    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = True
    ) -> tuple[Logits, State]:
        """Return logits of the token after the window, (N, 1, V), and `state` unchanged; ignore the rest."""
        del resets, last_only
        encoded = self._table[ids[:, -self._window :]].reshape(len(ids), -1)  # (N, at most T·D)
        hidden = np.zeros((len(ids), self._window * self._table.shape[1]), np.float32)  # (N, T·D)
        hidden[:, hidden.shape[1] - encoded.shape[1] :] = encoded  # zeros stay on the left
        for layer in self._layers:
            hidden = self._activation(layer(hidden))  # (N, H)
        return self._head(hidden)[:, None], state  # (N, 1, V)

    def stream(self, state: State) -> "_MlpStream":
        """Return lanes that are fed one token after another, each token as a window of its own."""
        del state
        return _MlpStream(self)


class _MlpStream:
    """Lanes of an MLP; each token is read as a window of its own, because an MLP has no state."""

    def __init__(self, model: NumpyMlp) -> None:
        self._model = model

    @property
    def state(self) -> State:
        """An empty tuple: an MLP has no state."""
        return ()

    def feed(self, ids: Ids) -> Logits:
        """Return logits (N, V) after a window of one token for each lane, (N,)."""
        return self._model.forward(ids[:, None], None, ())[0][:, 0]

    def select(self, lanes: NDArray[np.int64]) -> None:
        """Do nothing, because an MLP has no state."""


_ACTIVATIONS: dict[str, Callable[[Floats], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: sigmoid(x, np.empty_like(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}


class NumpyRnn:
    """A stack of recurrent layers.

    Args:
        architecture: the layers.
        weights: the model's weights, by their names in a model file.
        table: the encoding of each token, (V, D); more rows are the encodings of further ids.
    """

    @flags_ignored
    def __init__(self, architecture: Architecture, weights: Weights, table: Floats) -> None:
        self._layers = [Recurrence(layer, weights) for layer in architecture.recurrent]
        # The first layer's input pre-activations, one row for each token of the vocabulary.
        self._rows = np.ascontiguousarray(self._layers[0].inputs(table.T).T)  # (V, G·H)
        self._head = None
        if head := architecture.head:
            tied = np.ascontiguousarray(table[: head.units].T) if architecture.tied else None  # (D, V)
            self._head = Dense(head, weights, tied)
        self._residual = architecture.residual

    def zero_state(self, lanes: int) -> State:
        """Return the state of N lanes before their first token."""
        return tuple(layer.zero_state(lanes) for layer in self._layers)

    @flags_ignored
    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = False
    ) -> tuple[Logits, State]:
        """Return logits of each of T time steps (N, T, V), or of the last (N, 1, V), and the last state."""
        keep = None if resets is None or not resets.any() else ~resets.T  # (T, N)
        hidden, after = self._read(ids), list[tuple[Floats, ...]]()  # (G·H, T, N)
        for layer, before in zip(self._layers, state, strict=True):
            x, below = layer.inputs(hidden) if after else hidden, hidden  # (G·H, T, N)
            hidden, last = layer.run(x, keep, before)  # (H, T, N), (N, H) each
            if self._residual and after:
                hidden += below
            after.append(last)
        hidden = hidden[:, -1:] if last_only else hidden  # (H, 1, N) or (H, T, N)
        logits = hidden.reshape(len(hidden), -1).T  # (T·N, H)
        logits = self._head(logits) if self._head else logits  # (T·N, V)
        return logits.reshape(*hidden.shape[1:], -1).swapaxes(0, 1), tuple(after)  # (N, T, V)

    def _read(self, ids: Ids) -> Floats:
        """Return the first layer's input pre-activations of ids (N, T), (G·H, T, N)."""
        if ids.size < len(self._rows):
            return self._rows[ids.T].transpose(2, 0, 1)
        # Of many tokens, each step is then one piece of memory, which is four times as fast to copy.
        return self._columns.take(ids.T, 1, mode="clip")

    @cached_property
    def _columns(self) -> Floats:
        """The first layer's input pre-activations, a column for each token, (G·H, V)."""
        return np.ascontiguousarray(self._rows.T)

    def stream(self, state: State) -> "NumpyStream":
        """Return lanes that are fed one token after another, beginning with a state."""
        return NumpyStream(self._layers, self._rows, self._head, state, residual=self._residual)


class NumpyStream:
    """N lanes of a `NumpyRnn`; a time step is a list of calls that write into the arrays of the stream.

    Args:
        layers: the recurrent layers.
        rows: input pre-activations of the first layer by token, (V, G·H).
        head: the dense layer from the last layer's outputs to logits; None if the outputs are the logits.
        state: the state before the next token.
        residual: whether each layer but the first adds its input to its output.
    """

    def __init__(
        self,
        layers: Sequence["Recurrence"],
        rows: Floats,
        head: Dense | None,
        state: State,
        *,
        residual: bool,
    ) -> None:
        self._lanes = len(state[0][0])
        self._rows, self._columns = rows, rows.T if self._lanes == 1 else np.ascontiguousarray(rows.T)
        # One array holds the h of all layers, first to last; for a residual layer, the sum follows its h.
        # So a layer's input and its own h are neighbours, and one product can read both.
        sums = layers[1:] if residual else []
        hidden = np.zeros((sum(layer.units for layer in [*layers, *sums]), self._lanes), np.float32)
        begin, end = 0, layers[0].units  # rows of the current layer's output
        first = layers[0].laid_out(state[0], hidden[:end])
        self._x, self._calls = first.x, [*first.calls]  # x (G·H, N)
        self._states = [*first.state]  # (H, N) each, all that a lane carries
        self._parts = [len(parts) for parts in state]  # number of parts of each layer's state
        for layer, before in zip(layers[1:], state[1:], strict=True):
            step, calls = layer.laid_out_above(hidden[begin : end + layer.units], before)  # reads (D + H, N)
            self._calls += calls
            self._states += step.state
            below, begin, end = hidden[begin:end], end, end + layer.units
            if residual:
                own, begin, end = hidden[begin:end], end, end + layer.units
                self._calls.append((np.add, (below, own, hidden[begin:end])))
        self._logits = hidden[begin:end].T  # (N, H) of the last layer
        if head:
            outputs, self._logits = self._logits, np.zeros((self._lanes, len(head.bias)), np.float32)
            self._calls += _affine(outputs, head.kernel, head.bias, self._logits)

    @property
    def state(self) -> State:
        """A copy of the state after the last token, (N, H) each."""
        parts = iter(self._states)
        return tuple(tuple(part.T.copy() for part in islice(parts, count)) for count in self._parts)

    @flags_ignored
    def feed(self, ids: Ids) -> Logits:
        """Return logits (N, V) after one more token of each lane, (N,); the next call overwrites them."""
        if self._lanes == 1:
            self._x[:, 0] = self._rows[ids[0]]
        else:
            self._columns.take(ids, 1, self._x, "clip")  # all ids are in range; the mode "raise" would copy
        for function, arguments in self._calls:
            function(*arguments)
        return self._logits

    def select(self, lanes: NDArray[np.int64]) -> None:
        """Let each lane go on as a copy of another: lane i as the lane `lanes[i]`, (N,)."""
        for part in self._states:
            part[:] = part[:, lanes]


def _affine(left: Floats, right: Floats, bias: Floats, out: Floats) -> list[Call]:
    """Return the calls that write left times right plus the bias into `out`."""
    whole = np.ascontiguousarray(np.broadcast_to(bias, out.shape))  # adding equal shapes is twice as fast
    return [(np.dot, (left, right, out)), (np.add, (out, whole, out))]


class Recurrence:
    """One recurrent layer.

    Its own arrays have features in rows and lanes in columns; a state that comes in or goes out is (N, H).

    Args:
        layer: the layer.
        weights: the model's weights, by their names in a model file.

    Attributes:
        units: H.
        cell: the cell.
        kernel: Wᵀ (G·H, D), multiplied by the equation's scale.
        bias: the bias of the inputs, (G·H, 1), multiplied by the equation's scale.
    """

    def __init__(self, layer: RecurrentLayer, weights: Weights) -> None:
        mine = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
        self.units, self.cell = layer.units, layer.cell
        self._equation = LayerEquation(layer.cell, layer.units, layer.cell.parameters(mine))
        scale = self._equation.scale  # (G·H, 1)
        self.kernel = np.ascontiguousarray(mine["kernel"].T) * scale  # Wᵀ (G·H, D)
        self.bias = layer.cell.input_bias(mine)[:, None] * scale  # (G·H, 1)
        recurrent = np.ascontiguousarray(mine["recurrent_kernel"].T) * scale  # Uᵀ (G·H, H)
        self._kernels = {
            product.gates: recurrent[product.begin * self.units :][: self._equation.rows(product)]
            for product in self._equation.graph.products
        }
        self._latest: TimeStep | None = None

    def zero_state(self, lanes: int) -> tuple[Floats, ...]:
        """Return the state of N lanes before their first step, (N, H) each."""
        return tuple(np.zeros((lanes, self.units), np.float32) for _ in self.cell.state)

    def inputs(self, values: Floats) -> Floats:
        """Return the input pre-activations (G·H, …) of values (D, …), multiplied by the equation's scale."""
        inputs: Floats = self.kernel @ values.reshape(len(values), -1) + self.bias  # (G·H, T·N)
        return inputs.reshape(-1, *values.shape[1:])

    @cached_property
    def _stacked(self) -> dict[str, Floats]:
        """Wᵀ and Uᵀ side by side, (G·H, D + H), by the gates of the only product of an additive cell.

        One product then reads the input and h.
        """
        return {gates: np.hstack([self.kernel, rows]) for gates, rows in self._kernels.items()}

    def laid_out(
        self, state: tuple[Floats, ...], hidden: Floats | None = None, read: Floats | None = None
    ) -> TimeStep:
        """Return a time step that begins with a state.

        Args:
            state: the state, (N, H) each.
            hidden: the array for h, (H, N); None for a new one.
            read: the layer's input above its own h, (D + H, N), if one product uses both W and U; else None.
        """
        parts = [part.T.copy() for part in state]
        if hidden is not None:
            hidden[:] = parts[0]
            parts[0] = hidden
        return TimeStep(self._equation, self._kernels if read is None else self._stacked, parts, read)

    def laid_out_above(self, hidden: Floats, state: tuple[Floats, ...]) -> tuple[TimeStep, list[Call]]:
        """Return a time step of a higher layer, and its calls with those that read the layer below.

        Args:
            hidden: the layer's input above its own h, (D + H, N).
            state: the state, (N, H) each.
        """
        own = hidden[-self.units :]
        if self.cell.additive:
            step = self.laid_out(state, own, hidden)
            step.x[:] = self.bias
            return step, step.calls
        step = self.laid_out(state, own)
        return step, [*_affine(self.kernel, hidden[: -self.units], self.bias, step.x), *step.calls]

    def run(
        self, x: Floats, keep: NDArray[np.bool_] | None, state: tuple[Floats, ...]
    ) -> tuple[Floats, tuple[Floats, ...]]:
        """Return the outputs (H, T, N) for pre-activations x (G·H, T, N), and the last state, (N, H) each.

        A lane's state is zeroed before each step whose `keep` (T, N) is false; None zeroes no state.
        """
        step = self._step_from(state)
        outputs = np.empty((self.units, *x.shape[1:]), np.float32)
        for t in range(x.shape[1]):
            step.x[:] = x[:, t]
            if keep is not None:
                for part in step.state:
                    np.multiply(part, keep[t], part)
            for function, arguments in step.calls:
                function(*arguments)
            outputs[:, t] = step.state[0]
        return outputs, tuple(part.T.copy() for part in step.state)

    def _step_from(self, state: tuple[Floats, ...]) -> TimeStep:
        """Return a time step that begins with a state, (N, H) each; reuse the last arrays for the same N."""
        if self._latest is None or len(state[0]) != self._latest.state[0].shape[1]:
            self._latest = self.laid_out(state)
        for part, given in zip(self._latest.state, state, strict=True):
            part[:] = given.T
        return self._latest
