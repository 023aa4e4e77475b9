"""A network as a Keras model with only Keras' own layers, so that Keras loads the model without rnnlab."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import keras, tf
from rnnlab.exports.standard import DenseLayer, Encoding, Network, Recurrent, StandardStack


def build(network: Network) -> Any:
    """Return a `keras.Model` with the network's weights.

    A single input, and a single output, is an array; several are a dict. The inputs are token ids, int32
    (N, T), then the label and the memory, if the network takes them, then each part of the state, (N, H). The
    outputs are the logits or the memory, then the parts of the state after the last step.

    Args:
        network: the network. A recurrent network accepts any T, an MLP only T = `network.window`.
    """
    inputs, stack = _inputs(network), network.stack
    state = [inputs[name] for name in stack.state_names if network.takes_state]
    memory = inputs.get("memory")
    if network.encoder:
        memory, state = _through(network.encoder, inputs, state)
    hidden, after = _through(stack, inputs, state, last_only=network.pooling == "last")
    if not stack.layers:
        hidden = keras.layers.Flatten(name="flatten")(hidden)
    for dense in network.dense:
        hidden = _dense(dense, network.activation)(hidden)
    if network.pooling in _POOLING:
        hidden = _POOLING[network.pooling](name="pooling")(hidden)
    if network.attention:
        context = keras.layers.Attention(name="context")([hidden, memory])  # (N, U, H)
        both = keras.layers.Concatenate(name="both")([context, hidden])  # (N, U, 2·H)
        hidden = _dense(network.attention, "tanh")(both)
    hidden = _dense(network.head, None)(hidden) if network.head else hidden
    outputs = {network.output: hidden, **dict(zip(network.gives_state, after, strict=False))}
    model = keras.Model(_alone(inputs), _alone(outputs))
    _set_weights(model, network)
    return model


def save(model: Any, path: Path) -> None:
    """Write a `.keras` file."""
    model.save(path)


def loaded(path: Path) -> Any:
    """Return the model of a `.keras` file, loaded with Keras."""
    return keras.saving.load_model(path)


def save_for_serving(model: Any, path: Path) -> None:
    """Write a SavedModel folder with the endpoint `serve`."""
    model.export(path, format="tf_saved_model", verbose=False)


def served(path: Path) -> Any:
    """Return a loaded SavedModel; its endpoint `serve` works as long as the returned object exists."""
    return tf.saved_model.load(str(path))


def outputs_of(
    model: Any, inputs: Mapping[str, NDArray[Any]], names: Sequence[str]
) -> list[NDArray[np.float32]]:
    """Return the outputs of a loaded model or SavedModel.

    Args:
        model: the model.
        inputs: the inputs by name.
        names: the names of the outputs, in the order in which they are returned.
    """
    run = getattr(model, "serve", model)
    outputs = run(_alone(dict(inputs)))
    return [(outputs[name] if len(names) > 1 else outputs).numpy() for name in names]


def _inputs(network: Network) -> dict[str, Any]:
    """Return the inputs of the model by name."""
    steps = None if network.stack.layers else network.window
    inputs = {each.ids: keras.Input((steps,), dtype="int32", name=each.ids) for each in network.stacks}
    if network.takes_label:
        inputs["label"] = keras.Input((1,), dtype="int32", name="label")
    if network.takes_memory:
        inputs["memory"] = keras.Input((None, network.stack.layers[-1].units), name="memory")
    for layer in network.stack.layers if network.takes_state else ():
        inputs.update({name: keras.Input((layer.units,), name=name) for name in layer.state_names})
    return inputs


def _alone(values: dict[str, Any]) -> Any:
    """Return the values by name; the value itself if there is only one."""
    return values if len(values) > 1 else next(iter(values.values()))


def _through(
    stack: StandardStack, inputs: Mapping[str, Any], state: Sequence[Any], *, last_only: bool = False
) -> tuple[Any, list[Any]]:
    """Return the outputs of a stack, and the parts of the state after the last step, (N, H) each.

    The outputs are (N, T, H), or those of the last step if `last_only`, (N, H). With an empty `state` the
    stack starts from a zero state.
    """
    hidden, after, before = _encoded(stack, inputs), list[Any](), iter(state)
    for number, layer in enumerate(stack.layers):
        sequences, below = not (last_only and layer is stack.layers[-1]), hidden
        if stack.backward:
            hidden, states = _in_both_directions(layer, below, sequences), []
        else:
            own = list(islice(before, len(layer.state_names)))
            hidden, *states = _recurrent(layer, sequences, return_state=True)(
                below, initial_state=own or None
            )
        after += states
        if stack.residual and number:
            hidden = hidden + (below if sequences else _last_step(stack, layer, below))
    return hidden, after


def _encoded(stack: StandardStack, inputs: Mapping[str, Any]) -> Any:
    """Return the input vectors of the ids, (N, T, D)."""
    ids, vectors_of = inputs[stack.ids], _vectors_of(stack.encoding)
    vectors = vectors_of(keras.ops.flip(ids, axis=1) if stack.turned else ids)
    if stack.first_label is None:
        return vectors
    label = vectors_of(inputs["label"]) if "label" in inputs else vectors[:, :1]  # (N, 1, D)
    is_token = keras.ops.cast(ids < stack.first_label, "float32")  # (N, T)
    return vectors + label * keras.ops.expand_dims(is_token, -1)


def _vectors_of(encoding: Encoding) -> Any:
    """Return the function from ids (N, T) to vectors (N, T, D)."""
    if encoding.table is None:
        return lambda ids: keras.ops.one_hot(ids, encoding.rows)
    rows, size = encoding.table.shape
    return keras.layers.Embedding(rows, size, trainable=encoding.is_learnt, name=encoding.name)


def _in_both_directions(layer: Recurrent, values: Any, sequences: bool) -> Any:
    """Return the outputs of a layer and of the one that reads backwards, side by side, (N, T, 2·H)."""
    own = _recurrent(layer, sequences, return_state=False)
    return keras.layers.Bidirectional(own, name=layer.name)(values)


def _recurrent(layer: Recurrent, sequences: bool, *, return_state: bool) -> Any:
    """Return Keras' layer; its outputs are (N, T, H) if `sequences`, else those of the last step, (N, H)."""
    kinds = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    settings = {"reset_after": layer.bias.ndim == 2} if layer.kind == "gru" else {}
    return kinds[layer.kind](
        layer.units, return_sequences=sequences, return_state=return_state, name=layer.name, **settings
    )


def _last_step(stack: StandardStack, layer: Recurrent, values: Any) -> Any:
    """Return the last step of values (N, T, H); what reads backwards ends at the first step, (N, 2·H)."""
    if not stack.backward:
        return values[:, -1]
    ends = [values[:, -1, : layer.units], values[:, 0, layer.units :]]
    return keras.layers.Concatenate(name="ends")(ends)


def _dense(layer: DenseLayer, activation: str | None) -> Any:
    return keras.layers.Dense(len(layer.bias), activation, name=layer.name)


def _set_weights(model: Any, network: Network) -> None:
    for stack in network.stacks:
        if stack.encoding.table is not None:
            model.get_layer(stack.encoding.name).set_weights([stack.encoding.table])
        for number, layer in enumerate(stack.layers):
            made = model.get_layer(layer.name)
            if stack.backward:
                made.backward_layer.set_weights(_weights_of(stack.backward[number]))
                made = made.forward_layer
            made.set_weights(_weights_of(layer))
    for dense in network.all_dense:
        model.get_layer(dense.name).set_weights([dense.kernel, dense.bias])


def _weights_of(layer: Recurrent) -> list[NDArray[np.float32]]:
    return [layer.kernel, layer.recurrent_kernel, layer.bias]


_POOLING = {"mean": keras.layers.GlobalAveragePooling1D, "max": keras.layers.GlobalMaxPooling1D}
