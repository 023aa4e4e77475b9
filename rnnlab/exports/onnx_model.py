"""A network as an ONNX graph with the operators RNN, LSTM and GRU.

ONNX orders the gates of an LSTM as i o f c, Keras as i f c o. ONNX transposes the weights, and their first
axis is the number of directions, here 1. `linear_before_reset` of a GRU in ONNX is `reset_after` in Keras.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from rnnlab.errors import UsageError
from rnnlab.exports.onnx_graph import OnnxGraph
from rnnlab.exports.standard import DenseLayer, Encoding, Floats, Network, Recurrent, StandardStack

MOST_BYTES = 2**31 - 2**20
"""Largest number of bytes of all weights: a file has at most 2 GiB, and 1 MiB is reserved for the graph."""

_POOLING = {"mean": "ReduceMean", "max": "ReduceMax"}
_OPERATORS = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
_ORDER = {"simple_rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (0, 1, 2)}
"""For each gate, in the order of ONNX, the index of the same gate in Keras."""

_NEXT = "next_"
"""Prefix of the name of an output state, before the name of the input state."""


def build_onnx_model(onnx: Any, network: Network, metadata: Mapping[str, str]) -> Any:
    """Return a `ModelProto`.

    The inputs are token ids, int32 (N, T), then the label and the memory, if the network takes them, then
    each part of the state, (N, H). The outputs are the logits, (N, V) or (N, T, V), or the memory, then the
    parts of the state after the last step. If the state is an input too, the name of an output starts with
    `next_`.

    Args:
        onnx: the module `onnx`.
        network: the network. A recurrent network accepts any T, an MLP only T = `network.window`.
        metadata: the card, which is stored in the model beside the graph.
    """
    graph, stack = OnnxGraph(onnx), network.stack
    for each in network.stacks:
        graph.input(each.ids, graph.onnx.TensorProto.INT32, ["N", _steps(network, each)])
    if network.takes_label:
        graph.input("label", graph.onnx.TensorProto.INT32, ["N", 1])
    if network.takes_memory:
        graph.input("memory", graph.onnx.TensorProto.FLOAT, ["N", "T", stack.layers[-1].units])
    memory, handed = "memory", list[str]()
    if network.encoder:
        vectors = _encoded(graph, network.encoder)
        hidden, handed = _recurrence(graph, network.encoder, vectors, lambda _: [])
        memory = graph.node("Transpose", hidden, perm=[1, 0, 2])  # (N, T, H)
    hidden = _encoded(graph, stack, label="label" if network.takes_label else "")
    if stack.layers:
        hidden = _outputs(graph, network, hidden, handed)
    else:
        hidden = graph.node("Flatten", hidden, axis=1)
    for dense in network.dense:
        hidden = graph.node((network.activation or "").capitalize(), _affine(graph, dense, hidden))
    if network.attention:
        both = graph.node("Concat", _context(graph, hidden, memory), hidden, axis=2)  # (N, U, 2·H)
        hidden = graph.node("Tanh", _affine(graph, network.attention, both))
    hidden = _affine(graph, network.head, hidden) if network.head else hidden
    steps = [_steps(network, stack)] if network.pooling == "each" else []
    graph.output(network.output, hidden, ["N", *steps, network.width])
    for name, units in zip(network.gives_state, _units(stack), strict=False):
        graph.output(_given(network, name), _given(network, name), ["N", units])
    return graph.model(metadata)


def output_names(network: Network) -> list[str]:
    """Return the names of the outputs of the model."""
    return [network.output, *(_given(network, name) for name in network.gives_state)]


def check_size(network: Network) -> None:
    """Check that the weights of a network fit into one ONNX file.

    Raises:
        UsageError: the weights have more than `MOST_BYTES`.
    """
    arrays = [weight for layer in network.recurrent for _, weight in _weights(layer)]
    arrays += [layer.kernel for layer in network.all_dense]
    arrays += [each.encoding.table for each in network.stacks if each.encoding.table is not None]
    if (size := sum(array.nbytes for array in arrays)) > MOST_BYTES:
        raise UsageError(
            f"the weights have {size:,} bytes, and an ONNX file holds at most {MOST_BYTES:,}; export as keras"
        )


def _given(network: Network, name: str) -> str:
    """Return the name of an output for a part of the state."""
    return f"{_NEXT}{name}" if network.takes_state else name


def _steps(network: Network, stack: StandardStack) -> Any:
    """Return the number of time steps of a stack, or the letter for any number."""
    if not stack.layers:
        return network.window
    return "U" if stack.ids == "before" else "T"


def _units(stack: StandardStack) -> list[int]:
    """Return the units of each part of the state."""
    return [layer.units for layer in stack.layers for _ in layer.state_names]


def _encoded(graph: OnnxGraph, stack: StandardStack, *, label: str = "") -> str:
    """Add the encoding of the ids; return the name of the input vectors, (N, T, D).

    The vector of a label is that of the input `label`, (N, 1), or without this input the vector of the first
    time step.
    """
    vectors_of = _vectors_of(graph, stack.encoding)
    vectors = vectors_of(_reversed(graph, stack.ids, axis=1) if stack.turned else stack.ids)
    if stack.first_label is None:
        return vectors
    added = vectors_of(label) if label else _cut(graph, vectors, 0, 1, axis=1)  # (N, 1, D)
    first = graph.constant("first_label", np.array(stack.first_label, np.int32))
    is_token = graph.node("Cast", graph.node("Less", stack.ids, first), to=graph.onnx.TensorProto.FLOAT)
    is_token = graph.node("Unsqueeze", is_token, graph.axes(2))  # (N, T, 1)
    return graph.node("Add", vectors, graph.node("Mul", added, is_token))


def _vectors_of(graph: OnnxGraph, encoding: Encoding) -> Callable[[str], str]:
    """Return the function that adds the vectors (N, T, D) of ids (N, T), and returns their name."""
    if encoding.table is not None:
        table = graph.constant(encoding.name, encoding.table)
        return lambda ids: graph.node("Gather", table, ids)
    name = encoding.name.replace("encoding", "off_and_on")
    off_and_on = graph.constant(name, np.array([0, 1], np.float32))

    def one_hot(ids: str) -> str:
        numbers = graph.node("Cast", ids, to=graph.onnx.TensorProto.INT64)
        return graph.node("OneHot", numbers, graph.number(encoding.rows), off_and_on)

    return one_hot


def _outputs(graph: OnnxGraph, network: Network, values: str, handed: Sequence[str]) -> str:
    """Add the recurrent layers of the stack; return the name of what the head reads, (N, T, H) or (N, H).

    Args:
        graph: the graph.
        network: the network.
        values: the name of the input vectors, (N, T, D).
        handed: the names of the parts of the encoder's last state, (1, N, H); empty without an encoder.
    """
    parts = iter(handed)

    def before(layer: Recurrent) -> list[str]:
        if network.takes_state:
            return _state_inputs(graph, layer)
        return list(islice(parts, len(layer.state_names)))

    names = [_given(network, name) for name in network.gives_state]
    is_last = network.pooling == "last"
    hidden, _ = _recurrence(graph, network.stack, values, before, gives_state=names, last_only=is_last)
    if is_last:
        return hidden
    hidden = graph.node("Transpose", hidden, perm=[1, 0, 2])  # (N, T, H)
    if network.pooling == "each":
        return hidden
    return graph.node(_POOLING[network.pooling], hidden, axes=[1], keepdims=0)


def _recurrence(
    graph: OnnxGraph,
    stack: StandardStack,
    values: str,
    before: Callable[[Recurrent], list[str]],
    *,
    gives_state: Sequence[str] = (),
    last_only: bool = False,
) -> tuple[str, list[str]]:
    """Add the recurrent layers of a stack.

    Args:
        graph: the graph.
        stack: the stack.
        values: the name of the input vectors, (N, T, D).
        before: returns the names of the parts of a layer's first state, (1, N, H); none for zeros.
        gives_state: names that are given to the parts of the state after the last step, (N, H).
        last_only: whether only the outputs of the last step are returned.

    Returns:
        The name of the outputs of the last layer, (T, N, H) or (N, H); and the names of the parts of the
        state after the last step, (1, N, H).
    """
    hidden, last, names = graph.node("Transpose", values, perm=[1, 0, 2]), list[str](), iter(gives_state)
    for number, layer in enumerate(stack.layers):
        below, is_last = hidden, last_only and layer is stack.layers[-1]
        outputs, *after = _run(graph, layer, below, before(layer))
        hidden = _squeezed(graph, outputs, after[0], is_last=is_last)
        if stack.backward:
            back = _backwards(graph, stack.backward[number], below, is_last=is_last)
            hidden = graph.node("Concat", hidden, back, axis=-1)
        if stack.residual and number:
            hidden = graph.node("Add", hidden, _last_step(graph, stack, layer, below) if is_last else below)
        for part in after if gives_state else ():
            graph.named(graph.node("Squeeze", part, graph.axes(0)), next(names))
        last += after
    return hidden, last


def _state_inputs(graph: OnnxGraph, layer: Recurrent) -> list[str]:
    """Add inputs for the state of a layer, (N, H); return the names of its parts, (1, N, H)."""
    before = []
    for name in layer.state_names:
        graph.input(name, graph.onnx.TensorProto.FLOAT, ["N", layer.units])
        before.append(graph.node("Unsqueeze", name, graph.axes(0)))
    return before


def _run(graph: OnnxGraph, layer: Recurrent, values: str, before: Sequence[str]) -> list[str]:
    """Add one recurrent layer to the graph.

    Args:
        graph: the graph.
        layer: the layer.
        values: the name of its inputs, (T, N, D).
        before: the name of each part of its state before the first step, (1, N, H); empty for zeros.

    Returns:
        The name of its outputs, (T, 1, N, H), and the name of each part of its last state, (1, N, H).
    """
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


def _squeezed(graph: OnnxGraph, outputs: str, last: str, *, is_last: bool) -> str:
    """Add the outputs of a layer without the axis of directions, (T, N, H), or the last ones, (N, H)."""
    return graph.node("Squeeze", *((last, graph.axes(0)) if is_last else (outputs, graph.axes(1))))


def _backwards(graph: OnnxGraph, layer: Recurrent, values: str, *, is_last: bool) -> str:
    """Add a layer that reads values (T, N, D) backwards; return its outputs, (T, N, H), or (N, H).

    It reads a reversed copy, because the reference evaluator of onnx 1.17 has no other direction.
    """
    outputs, last, *_ = _run(graph, layer, _reversed(graph, values, axis=0), ())
    hidden = _squeezed(graph, outputs, last, is_last=is_last)
    return hidden if is_last else _reversed(graph, hidden, axis=0)


def _context(graph: OnnxGraph, hidden: str, memory: str) -> str:
    """Add the mean of the memory (N, T, H) for each output (N, U, H); return its name, (N, U, H)."""
    scores = graph.node("MatMul", hidden, graph.node("Transpose", memory, perm=[0, 2, 1]))  # (N, U, T)
    return graph.node("MatMul", graph.node("Softmax", scores, axis=-1), memory)


def _weights(layer: Recurrent) -> list[tuple[str, Floats]]:
    """Return names and arrays: W (1, G·H, D), R (1, G·H, H), B (1, 2·G·H), with the gates in ONNX order."""
    order = np.concatenate([np.arange(layer.units) + gate * layer.units for gate in _ORDER[layer.kind]])
    both = layer.bias if layer.bias.ndim == 2 else np.stack([layer.bias, np.zeros_like(layer.bias)])
    return [
        ("W", layer.kernel.T[None, order]),
        ("R", layer.recurrent_kernel.T[None, order]),
        ("B", both[:, order].reshape(1, -1)),
    ]


def _last_step(graph: OnnxGraph, stack: StandardStack, layer: Recurrent, values: str) -> str:
    """Add the selection of the last step of values (T, N, H); return the name of the result, (N, H).

    Of values (T, N, 2·H) in both directions, the second half is that of the first step, (N, 2·H).
    """
    last = graph.node("Gather", values, graph.number(-1), axis=0)
    if not stack.backward:
        return last
    first, units = graph.node("Gather", values, graph.number(0), axis=0), layer.units
    ends = _cut(graph, last, 0, units, axis=1), _cut(graph, first, units, 2 * units, axis=1)
    return graph.node("Concat", *ends, axis=1)


def _cut(graph: OnnxGraph, values: str, begin: int, end: int, *, axis: int, step: int = 1) -> str:
    """Add the selection of the indices from `begin` up to `end` − 1 along an axis."""
    return graph.node("Slice", values, *(graph.axes(each) for each in (begin, end, axis, step)))


def _reversed(graph: OnnxGraph, values: str, *, axis: int) -> str:
    """Add values in the opposite order along an axis."""
    return _cut(graph, values, -1, np.iinfo(np.int64).min, axis=axis, step=-1)


def _affine(graph: OnnxGraph, layer: DenseLayer, values: str) -> str:
    product = graph.node("MatMul", values, graph.constant(f"{layer.name}_kernel", layer.kernel))
    return graph.node("Add", product, graph.constant(f"{layer.name}_bias", layer.bias))
