"""A network as an ONNX graph, built node by node with the operators RNN, LSTM and GRU.

ONNX orders the gates of an LSTM as i o f c, Keras as i f c o. ONNX transposes the weights, and their first
axis is the number of directions, here 1. `linear_before_reset` of a GRU in ONNX is `reset_after` in Keras.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import UsageError
from rnnlab.exports.standard import DenseLayer, Floats, Network, Recurrent

OPSET = 17
"""Version of the operators; onnxruntime reads it from version 1.12 on."""

IR_VERSION = 8
"""Version of the file format, from the same release of onnx as the operators."""

MOST_BYTES = 2**31 - 2**20
"""Largest number of bytes of all weights: a file has at most 2 GiB, and 1 MiB is reserved for the graph."""

_OPERATORS = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
_ORDER = {"simple_rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (0, 1, 2)}
"""For each gate, in the order of ONNX, the index of the same gate in Keras."""

_NEXT = "next_"
"""Prefix of the name of an output state, before the name of the input state."""


def build_onnx_model(onnx: Any, network: Network, metadata: Mapping[str, str], *, state: bool) -> Any:
    """Return a `ModelProto` with the input `ids`, int32 (N, T), and the output `logits`, (N, V) or (N, T, V).

    Args:
        onnx: the module `onnx`.
        network: the network. A recurrent network accepts any T, an MLP only T = `network.window`.
        metadata: the card, which is stored in the model beside the graph.
        state: whether each part of the state, (N, H), is an input, and after the last step an output whose
            name starts with `next_`. If not, each sequence starts from a zero state.
    """
    graph = _Graph(onnx)
    steps = "T" if network.recurrent else network.window
    graph.input("ids", onnx.TensorProto.INT32, ["N", steps])
    hidden = _encoded(graph, network)
    if network.recurrent:
        hidden = _recurrence(graph, network, hidden, state=state)
    else:
        hidden = graph.node("Flatten", hidden, axis=1)
    for dense in network.dense:
        hidden = graph.node((network.activation or "").capitalize(), _affine(graph, dense, hidden))
    logits = _affine(graph, network.head, hidden) if network.head else hidden
    shape = ["N", network.vocab_size] if network.last_only else ["N", "T", network.vocab_size]
    graph.output("logits", logits, shape)
    for layer in network.recurrent if state else ():
        for name in layer.state_names:
            graph.output(f"{_NEXT}{name}", f"{_NEXT}{name}", ["N", layer.units])
    return graph.model(metadata)


def check_size(network: Network) -> None:
    """Check that the weights of a network fit into one ONNX file.

    Raises:
        UsageError: the weights have more than `MOST_BYTES`.
    """
    arrays = [weight for layer in network.recurrent for _, weight in _weights(layer)]
    arrays += [layer.kernel for layer in (*network.dense, *([network.head] if network.head else []))]
    arrays += [] if network.table is None else [network.table]
    if (size := sum(array.nbytes for array in arrays)) > MOST_BYTES:
        raise UsageError(
            f"the weights have {size:,} bytes, and an ONNX file holds at most {MOST_BYTES:,}; export as keras"
        )


class _Graph:
    """An ONNX graph that is built node by node; each value in the graph is named by a string."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self._nodes, self._inputs, self._outputs, self._constants = [], [], [], []  # type: ignore[var-annotated]

    def input(self, name: str, kind: int, shape: list[Any]) -> None:
        self._inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def output(self, name: str, value: str, shape: list[Any]) -> None:
        """Make a value, float32 of this shape, an output of the graph with this name."""
        if value != name:
            self._nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))
        kind = self.onnx.TensorProto.FLOAT
        self._outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add an array as a constant, and return its name, which no other value of the graph may have."""
        array = np.array(value, order="C")  # `ascontiguousarray` would make a scalar an array of one axis
        self._constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def axes(self, *axes: int) -> str:
        return self.constant(f"axes_{len(self._constants)}", np.array(axes, np.int64))

    def number(self, value: int) -> str:
        return self.constant(f"number_{len(self._constants)}", np.array(value, np.int64))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output; return the name of that output."""
        return self.nodes(operator, inputs, 1, **attributes)[0]

    def nodes(self, operator: str, inputs: tuple[str, ...], outputs: int, **attributes: Any) -> list[str]:
        """Add an operator; return the names of its outputs. The name "" stands for an omitted input."""
        number = len(self._nodes)
        names = [f"{operator.lower()}_{number}_{place}" for place in range(outputs)]
        self._nodes.append(self.onnx.helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def named(self, value: str, name: str) -> None:
        """Add a second name for a value."""
        self._nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))

    def model(self, metadata: Mapping[str, str]) -> Any:
        helper = self.onnx.helper
        graph = helper.make_graph(self._nodes, "network", self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        model.producer_name = "rnnlab"
        helper.set_model_props(model, dict(metadata))
        return model


def _encoded(graph: _Graph, network: Network) -> str:
    """Add the encoding of the ids; return the name of the input vectors, (N, T, D)."""
    if network.table is not None:
        return graph.node("Gather", graph.constant("encoding", network.table), "ids")
    ids = graph.node("Cast", "ids", to=graph.onnx.TensorProto.INT64)
    off_and_on = graph.constant("off_and_on", np.array([0, 1], np.float32))
    return graph.node("OneHot", ids, graph.number(network.vocab_size), off_and_on)


def _recurrence(graph: _Graph, network: Network, values: str, *, state: bool) -> str:
    """Add the recurrent layers; return the name of the last layer's outputs, (N, T, H), or (N, H).

    The outputs are (N, H), those of the last step, if `network.last_only`.
    """
    hidden = graph.node("Transpose", values, perm=[1, 0, 2])
    for number, layer in enumerate(network.recurrent):
        below, last = hidden, layer is network.recurrent[-1] and network.last_only
        outputs, *after = _run(graph, layer, below, state=state)
        hidden = graph.node("Squeeze", *((after[0], graph.axes(0)) if last else (outputs, graph.axes(1))))
        if network.residual and number:
            hidden = graph.node("Add", hidden, _last_step(graph, below) if last else below)
        for name, part in zip(layer.state_names, after if state else (), strict=False):
            graph.named(graph.node("Squeeze", part, graph.axes(0)), f"{_NEXT}{name}")
    return hidden if network.last_only else graph.node("Transpose", hidden, perm=[1, 0, 2])


def _run(graph: _Graph, layer: Recurrent, values: str, *, state: bool) -> list[str]:
    """Add one recurrent layer to the graph.

    Returns:
        The name of its outputs, (T, 1, N, H), and the name of each part of its last state, (1, N, H).
    """
    before = []
    for name in layer.state_names if state else ():
        graph.input(name, graph.onnx.TensorProto.FLOAT, ["N", layer.units])
        before.append(graph.node("Unsqueeze", name, graph.axes(0)))
    inputs = [values, *(graph.constant(f"{layer.name}_{name}", each) for name, each in _weights(layer))]
    inputs += [
        "",
        *(before or [""] * len(layer.state_names)),
    ]  # no lengths of sequences: all lanes have T steps
    if layer.peephole is not None:
        inputs.append(graph.constant(f"{layer.name}_P", layer.peephole[[0, 2, 1]].reshape(1, -1)))
    attributes = {"linear_before_reset": int(layer.bias.ndim == 2)} if layer.kind == "gru" else {}
    outputs = 1 + len(layer.state_names)
    operator = _OPERATORS[layer.kind]
    return graph.nodes(operator, tuple(inputs), outputs, hidden_size=layer.units, **attributes)


def _weights(layer: Recurrent) -> list[tuple[str, Floats]]:
    """Return names and arrays: W (1, G·H, D), R (1, G·H, H), B (1, 2·G·H), with the gates in ONNX order."""
    order = np.concatenate([np.arange(layer.units) + gate * layer.units for gate in _ORDER[layer.kind]])
    both = layer.bias if layer.bias.ndim == 2 else np.stack([layer.bias, np.zeros_like(layer.bias)])
    return [
        ("W", layer.kernel.T[None, order]),
        ("R", layer.recurrent_kernel.T[None, order]),
        ("B", both[:, order].reshape(1, -1)),
    ]


def _last_step(graph: _Graph, values: str) -> str:
    """Add the selection of the last step of values (T, N, H); return the name of the result, (N, H)."""
    return graph.node("Gather", values, graph.number(-1), axis=0)


def _affine(graph: _Graph, layer: DenseLayer, values: str) -> str:
    product = graph.node("MatMul", values, graph.constant(f"{layer.name}_kernel", layer.kernel))
    return graph.node("Add", product, graph.constant(f"{layer.name}_bias", layer.bias))
