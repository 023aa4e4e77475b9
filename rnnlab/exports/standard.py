"""A trained network in the layers that other programs have too: what the writers of the formats build.

The standard layers are a one-hot or table encoding, SimpleRNN, LSTM, GRU, dense layers, and attention with
the score `dot`. `standard_network` describes a network for the next token, `standard_tasks.py` those of the
other tasks.

A coupled LSTM becomes a plain LSTM: since 1 − σ(a) = σ(−a), the input gate gets −1 times the weights of the
forget gate. Tied weights become two arrays: the kernel of the head is the transposed table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import LstmModel
from rnnlab.errors import Argument, UsageError
from rnnlab.models.architecture import Architecture, RecurrentLayer, architecture_of, encoding_table
from rnnlab.models.model_file import Trained, TrainedModel, Weights

Floats = NDArray[np.float32]

_KINDS = ("simple_rnn", "lstm", "gru", "mlp")
"""Kinds of model for which other programs have layers."""


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A dense layer from values x, (…, D), to x W + b, (…, K).

    Attributes:
        name: name of the layer.
        kernel: W, (D, K).
        bias: b, (K,).
    """

    name: str
    kernel: Floats
    bias: Floats


@dataclass(frozen=True, eq=False)
class Recurrent:
    """A recurrent layer with G gates: a SimpleRNN, an LSTM (gates i f c o) or a GRU (gates z r h).

    Attributes:
        name: name of the layer.
        kind: `simple_rnn`, `lstm` or `gru`.
        kernel: W, (D, G·H).
        recurrent_kernel: U, (H, G·H).
        bias: b, (G·H,). A GRU with `reset_after` has one bias for x W and one for h U: (2, 3·H).
        peephole: peephole weights of the gates i, f and o, (3, H); None if the layer has no peepholes.
    """

    name: str
    kind: str
    kernel: Floats
    recurrent_kernel: Floats
    bias: Floats
    peephole: Floats | None = None

    @property
    def units(self) -> int:
        """Number of units H."""
        return len(self.recurrent_kernel)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the parts of the state; each part is (N, H)."""
        return (f"{self.name}_h", f"{self.name}_c") if self.kind == "lstm" else (f"{self.name}_h",)


@dataclass(frozen=True, eq=False)
class Encoding:
    """The vector of each id.

    Attributes:
        name: name of the layer.
        rows: number of ids, V.
        table: the vector of each id, (V, D); None for one-hot vectors.
        is_learnt: whether the table was trained (an embedding).
    """

    name: str
    rows: int
    table: Floats | None
    is_learnt: bool


@dataclass(frozen=True, eq=False)
class StandardStack:
    """An encoding of ids (N, T), and recurrent layers over the vectors, (N, T, D) → (N, T, H) or (N, T, 2·H).

    Attributes:
        ids: name of the input.
        encoding: ids → vectors.
        layers: recurrent layers that read forwards, first to last; empty for an MLP.
        backward: layers that read backwards, one beside each of `layers`; empty if there are none.
        residual: whether each layer but the first adds its input to its output.
        turned: whether the ids are read from the last to the first.
        first_label: the ids from this one on are labels, and the vector of the label is added to that of
            every id that is no label; None if nothing is added.
    """

    ids: str
    encoding: Encoding
    layers: tuple[Recurrent, ...]
    backward: tuple[Recurrent, ...] = ()
    residual: bool = False
    turned: bool = False
    first_label: int | None = None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the parts of the state, first layer to last."""
        return tuple(name for layer in self.layers for name in layer.state_names)


@dataclass(frozen=True, eq=False)
class Network:
    """A network in standard layers, from ids to logits.

    Attributes:
        stack: the encoding, and the recurrent layers below the head; for pairs those of the decoder.
        head: the dense layer that gives the output; None if the outputs of the last layer are the output.
        pooling: the outputs of the stack that the head reads: `each`, the `last`, or their `mean` or `max`.
            With `last`, a layer that reads backwards gives its output at the first token.
        output: name of the output: `logits`, or `memory` if the network is an encoder.
        window: time steps T of an MLP's input; for another network of next_token, T in training; else 0.
        dense: the hidden dense layers of an MLP, first to last; empty for a recurrent network.
        activation: the activation of the hidden dense layers; None for a recurrent network.
        encoder: the stack whose last state is the first state of `stack`, and whose outputs are the memory;
            None if the state begins with zeros or is an input, and for attention the memory is an input.
        attention: a dense layer, tanh(x W + b), over a mean of the memory and the outputs of the stack, side
            by side; the weights of the mean are the softmax of their products. None without attention.
        takes_state: whether the state of `stack` before the first step is an input.
        gives_state: names of the outputs for the state after the last step; empty if it is no output.
        notes: differences from the layers in rnnlab, a sentence each.
    """

    stack: StandardStack
    head: DenseLayer | None
    pooling: str = "each"
    output: str = "logits"
    window: int = 0
    dense: tuple[DenseLayer, ...] = ()
    activation: str | None = None
    encoder: StandardStack | None = None
    attention: DenseLayer | None = None
    takes_state: bool = False
    gives_state: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def stacks(self) -> tuple[StandardStack, ...]:
        """The encoder, if there is one, and the stack."""
        return (*([self.encoder] if self.encoder else []), self.stack)

    @property
    def recurrent(self) -> tuple[Recurrent, ...]:
        """All recurrent layers."""
        return tuple(layer for each in self.stacks for layer in (*each.layers, *each.backward))

    @property
    def all_dense(self) -> tuple[DenseLayer, ...]:
        """All dense layers."""
        return (*self.dense, *(each for each in (self.attention, self.head) if each))

    @property
    def width(self) -> int:
        """Number of values of the output at a time step: V of logits."""
        return len(self.head.bias) if self.head else self.stack.layers[-1].units

    @property
    def takes_memory(self) -> bool:
        """Whether the memory, (N, T, H), is an input."""
        return self.attention is not None and self.encoder is None

    @property
    def takes_label(self) -> bool:
        """Whether the id of the label whose vector is added to the inputs is an input, (N, 1)."""
        return self.takes_state and self.stack.first_label is not None

    @property
    def largest_weight(self) -> float:
        """Largest absolute value in the kernels and biases of the recurrent layers; 0 for an MLP."""
        weights = (
            array for layer in self.recurrent for array in (layer.kernel, layer.recurrent_kernel, layer.bias)
        )
        return max((float(np.abs(array).max()) for array in weights), default=0.0)


def standard_network(trained: TrainedModel, *, target: str, peepholes: bool, state: bool) -> Network:
    """Return a trained model in standard layers.

    Args:
        trained: the model.
        target: the name of the format in error messages.
        peepholes: whether the LSTM of the format can have peepholes.
        state: whether the recurrent state is an input and an output.

    Raises:
        UsageError: the format has no layer for the model, and the message names the setting; or `state` is
            true and the model has no state.
    """
    experiment = trained.experiment
    check_expressible(experiment.model, _KINDS, target=target, peepholes=peepholes)
    architecture = architecture_of(experiment, len(trained.tokens))
    table = _table(trained, architecture)
    is_mlp = architecture.activation is not None
    if state and is_mlp:
        raise UsageError(Argument("state"), ": an mlp has no state; export it without state")
    is_learnt = experiment.dataset.encoding == "embedding"
    stack = StandardStack(
        "ids",
        Encoding(architecture.encoding.name, len(trained.tokens), table, is_learnt),
        tuple(recurrent_layer(layer, trained) for layer in architecture.recurrent),
        residual=architecture.residual,
    )
    return Network(
        stack,
        head=_head(architecture, trained.weights, table),
        pooling="last" if is_mlp or experiment.dataset.target == "next" else "each",
        window=experiment.dataset.window,
        dense=tuple(dense_of(layer.name, trained.weights) for layer in architecture.hidden) if is_mlp else (),
        activation=architecture.activation,
        takes_state=state,
        gives_state=stack.state_names if state else (),
        notes=(*notes_on_cells(experiment.model), *_notes_on_head(architecture)),
    )


def check_expressible(model: Any, kinds: Sequence[str], *, target: str, peepholes: bool) -> None:
    """Check that other programs have the layers of a model.

    Args:
        model: the section `model` of a configuration.
        kinds: the kinds of model that can be exported.
        target: the name of the format in error messages.
        peepholes: whether the LSTM of the format can have peepholes.

    Raises:
        UsageError: the format has no such layer; the message names the setting.
    """
    if model.kind not in kinds:
        raise UsageError(
            f"model.kind: {model.kind}: {target} has no such layer; to export a model, train one of the kind"
            f" {', '.join(kinds[:-1])} or {kinds[-1]}"
        )
    if getattr(model, "layer_norm", False):
        raise UsageError(
            f"model.layer_norm: true: {target} has no recurrent layer with layer normalisation; to export"
            " a model, train it with layer_norm: false"
        )
    if getattr(model, "peephole", False) and not peepholes:
        raise UsageError(
            f"model.peephole: true: the LSTM of {target} has no peepholes; export it as onnx, whose LSTM has"
            " peepholes, or train with peephole: false"
        )


def recurrent_layer(layer: RecurrentLayer, trained: Trained) -> Recurrent:
    """Return a recurrent layer of a trained model with its weights."""
    weights = {name: trained.weights[f"{layer.name}/{name}"] for name in layer.weights}
    kind, model = trained.experiment.model.kind, trained.experiment.model
    arrays = {name: weights[name] for name in ("kernel", "recurrent_kernel", "bias")}
    peephole = weights.get("peephole_kernel")
    if isinstance(model, LstmModel) and model.coupled_gates:
        arrays = {name: _uncoupled(array, layer.units) for name, array in arrays.items()}
        peephole = None if peephole is None else np.stack([-peephole[0], peephole[0], peephole[1]])
    return Recurrent(layer.name, kind, **arrays, peephole=peephole)


def dense_of(name: str, weights: Weights) -> DenseLayer:
    """Return the dense layer of a name with its weights."""
    return DenseLayer(name, weights[f"{name}/kernel"], weights[f"{name}/bias"])


def notes_on_cells(model: Any) -> tuple[str, ...]:
    """Return what differs in the recurrent layers from those in rnnlab, a sentence each."""
    if not getattr(model, "coupled_gates", False):
        return ()
    return ("model.coupled_gates: exported as an LSTM whose input gate has −1 times the weights of f",)


def _table(trained: TrainedModel, architecture: Architecture) -> Floats | None:
    encoding = trained.experiment.dataset.encoding
    if encoding == "one_hot":
        return None
    table = encoding_table(encoding, trained.tokens)
    return trained.weights[f"{architecture.encoding.name}/embeddings"] if table is None else table


def _uncoupled(weight: Floats, units: int) -> Floats:
    """Return the columns of the gates i f c o, (…, 4·H), from those of f c o: gate i gets −1 times gate f."""
    return np.concatenate([-weight[..., :units], weight], axis=-1)


def _head(architecture: Architecture, weights: Weights, table: Floats | None) -> DenseLayer | None:
    if architecture.head is None:
        return None
    name = architecture.head.name
    if architecture.tied and table is not None:
        return DenseLayer(name, np.ascontiguousarray(table.T), weights[f"{name}/bias"])
    return dense_of(name, weights)


def _notes_on_head(architecture: Architecture) -> tuple[str, ...]:
    if not architecture.tied:
        return ()
    return ("model.tie_weights: the exported head has its own copy of the embedding",)
