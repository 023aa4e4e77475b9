"""A network as a Keras model with only Keras' own layers, so that Keras loads the model without rnnlab."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import keras, tf
from rnnlab.exports.standard import DenseLayer, Network, Recurrent


def build(network: Network, *, state: bool) -> Any:
    """Return a `keras.Model` with the network's weights.

    Args:
        network: the network. A recurrent network accepts any T, an MLP only T = `network.window`.
        state: whether the state is an input and an output. If not, the model maps token ids, int32 (N, T), to
            logits, and each sequence starts from a zero state. If so, the model maps a dict of `ids` and each
            part of the state, (N, H), to a dict of `logits` and the parts of the state after the last step.
    """
    steps = None if network.recurrent else network.window
    ids = keras.Input((steps,), dtype="int32", name="ids")
    before = {
        name: keras.Input((layer.units,), name=name)
        for layer in network.recurrent
        for name in layer.state_names
        if state
    }
    hidden, after = _encoded(network, ids), dict[str, Any]()
    if not network.recurrent:
        hidden = keras.layers.Flatten(name="flatten")(hidden)
    for dense in network.dense:
        hidden = _dense(dense, network.activation)(hidden)
    for layer, is_last in _layers(network):
        sequences, below = not (is_last and network.last_only), hidden
        hidden, states = _run(layer, below, [before[name] for name in layer.state_names if state], sequences)
        after.update(zip(layer.state_names, states, strict=True))
        if network.residual and layer is not network.recurrent[0]:
            hidden = hidden + (below if sequences else below[:, -1])
    logits = _dense(network.head, None)(hidden) if network.head else hidden
    model = keras.Model({"ids": ids, **before}, {"logits": logits, **after}) if state else None
    model = model or keras.Model(ids, logits)
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


def outputs_of(model: Any, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
    """Return the logits of a loaded model or SavedModel, then each part of the new state if `inputs` has one.

    Args:
        model: the model.
        inputs: `ids`, or `ids` and each part of the state, by name.
    """
    run = getattr(model, "serve", model)
    if len(inputs) == 1:
        return [run(inputs["ids"]).numpy()]
    outputs = run(dict(inputs))
    return [outputs["logits" if name == "ids" else name].numpy() for name in inputs]


def _encoded(network: Network, ids: Any) -> Any:
    """Return the input vectors of the ids, (N, T, D)."""
    if network.table is None:
        return keras.ops.one_hot(ids, network.vocab_size)
    rows, size = network.table.shape
    return keras.layers.Embedding(rows, size, trainable=network.is_learnt, name="encoding")(ids)


def _layers(network: Network) -> Iterator[tuple[Recurrent, bool]]:
    """Yield each recurrent layer, and whether it is the last one."""
    for layer in network.recurrent:
        yield layer, layer is network.recurrent[-1]


def _run(layer: Recurrent, values: Any, before: list[Any], sequences: bool) -> tuple[Any, list[Any]]:
    """Return the outputs of a recurrent layer and the parts of its state after the last step, (N, H) each.

    The outputs are (N, T, H) if `sequences`, else those of the last step, (N, H). Without `before` the layer
    starts from a zero state.
    """
    kinds = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    settings = {"reset_after": layer.bias.ndim == 2} if layer.kind == "gru" else {}
    recurrent = kinds[layer.kind](
        layer.units, return_sequences=sequences, return_state=True, name=layer.name, **settings
    )
    outputs, *states = recurrent(values, initial_state=before or None)
    return outputs, states


def _dense(layer: DenseLayer, activation: str | None) -> Any:
    return keras.layers.Dense(len(layer.bias), activation, name=layer.name)


def _set_weights(model: Any, network: Network) -> None:
    if network.table is not None:
        model.get_layer("encoding").set_weights([network.table])
    for layer in network.recurrent:
        weights = [layer.kernel, layer.recurrent_kernel, layer.bias]
        model.get_layer(layer.name).set_weights(weights)
    for dense in (*network.dense, *([network.head] if network.head else [])):
        model.get_layer(dense.name).set_weights([dense.kernel, dense.bias])
