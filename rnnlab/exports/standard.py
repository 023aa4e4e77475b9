"""A trained network in the layers that other programs have too, and the probe that checks an export.

The standard layers are a one-hot or table encoding, SimpleRNN, LSTM, GRU and dense layers. A coupled LSTM
becomes a plain LSTM: since 1 − σ(a) = σ(−a), the input gate gets −1 times the weights of the forget gate.
Tied weights become two arrays, the kernel of the head being the transposed table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment, LstmModel
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import OutputError, UsageError
from rnnlab.models.architecture import Architecture, RecurrentLayer, architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel, Weights

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
class Network:
    """A network in standard layers, from token ids (N, T) to logits.

    Attributes:
        vocab_size: V.
        window: time steps T of an MLP's input; for a recurrent network, T in training.
        table: the input vector of each token, (V, D); None for a one-hot encoding.
        is_learnt: whether the table was trained (an embedding).
        recurrent: recurrent layers, first to last; empty for an MLP.
        dense: the hidden dense layers of an MLP, first to last; empty for a recurrent network.
        activation: the activation of the hidden dense layers; None for a recurrent network.
        head: the dense layer that gives the logits; None if the last recurrent layer gives the logits.
        residual: whether each recurrent layer but the first adds its input to its output.
        last_only: if true, the logits are those of the last step, (N, V); else those of all steps, (N, T, V).
        notes: differences from the layers in rnnlab, a sentence each.
    """

    vocab_size: int
    window: int
    table: Floats | None
    is_learnt: bool
    recurrent: tuple[Recurrent, ...]
    dense: tuple[DenseLayer, ...]
    activation: str | None
    head: DenseLayer | None
    residual: bool
    last_only: bool
    notes: tuple[str, ...]

    @property
    def largest_weight(self) -> float:
        """Largest absolute value in the kernels and biases of the recurrent layers; 0 for an MLP."""
        weights = (
            array for layer in self.recurrent for array in (layer.kernel, layer.recurrent_kernel, layer.bias)
        )
        return max((float(np.abs(array).max()) for array in weights), default=0.0)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the parts of the state, first layer to last."""
        return tuple(name for layer in self.recurrent for name in layer.state_names)


def standard_network(trained: TrainedModel, *, target: str, peepholes: bool) -> Network:
    """Return a trained model in standard layers.

    Args:
        trained: the model.
        target: the name of the format in error messages.
        peepholes: whether the LSTM of the format can have peepholes.

    Raises:
        UsageError: the format has no layer for the model; the message names the setting.
    """
    experiment = trained.experiment
    _check_expressible(experiment, target=target, peepholes=peepholes)
    architecture = architecture_of(experiment, len(trained.tokens))
    table = _table(trained, architecture)
    is_mlp = architecture.activation is not None
    return Network(
        vocab_size=len(trained.tokens),
        window=experiment.dataset.window,
        table=table,
        is_learnt=experiment.dataset.encoding == "embedding",
        recurrent=tuple(_recurrent(layer, trained) for layer in architecture.recurrent),
        dense=tuple(_dense(layer.name, trained.weights) for layer in architecture.hidden) if is_mlp else (),
        activation=architecture.activation,
        head=_head(architecture, trained.weights, table),
        residual=architecture.residual,
        last_only=is_mlp or experiment.dataset.target == "next",
        notes=_notes(experiment, architecture),
    )


def _check_expressible(experiment: Experiment, *, target: str, peepholes: bool) -> None:
    model = experiment.model
    if model.kind not in _KINDS:
        raise UsageError(
            f"model.kind: {model.kind}: {target} has no such layer; to export a model, train one of the kind"
            f" {', '.join(_KINDS[:-1])} or {_KINDS[-1]}"
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


def _table(trained: TrainedModel, architecture: Architecture) -> Floats | None:
    encoding = trained.experiment.dataset.encoding
    if encoding == "one_hot":
        return None
    table = encoding_table(encoding, trained.tokens)
    return trained.weights[f"{architecture.encoding.name}/embeddings"] if table is None else table


def _recurrent(layer: RecurrentLayer, trained: TrainedModel) -> Recurrent:
    weights = {name: trained.weights[f"{layer.name}/{name}"] for name in layer.weights}
    kind, model = trained.experiment.model.kind, trained.experiment.model
    arrays = {name: weights[name] for name in ("kernel", "recurrent_kernel", "bias")}
    peephole = weights.get("peephole_kernel")
    if isinstance(model, LstmModel) and model.coupled_gates:
        arrays = {name: _uncoupled(array, layer.units) for name, array in arrays.items()}
        peephole = None if peephole is None else np.stack([-peephole[0], peephole[0], peephole[1]])
    return Recurrent(layer.name, kind, **arrays, peephole=peephole)


def _uncoupled(weight: Floats, units: int) -> Floats:
    """Return the columns of the gates i f c o, (…, 4·H), from those of f c o: gate i gets −1 times gate f."""
    return np.concatenate([-weight[..., :units], weight], axis=-1)


def _dense(name: str, weights: Weights) -> DenseLayer:
    return DenseLayer(name, weights[f"{name}/kernel"], weights[f"{name}/bias"])


def _head(architecture: Architecture, weights: Weights, table: Floats | None) -> DenseLayer | None:
    if architecture.head is None:
        return None
    name = architecture.head.name
    if architecture.tied and table is not None:
        return DenseLayer(name, np.ascontiguousarray(table.T), weights[f"{name}/bias"])
    return _dense(name, weights)


def _notes(experiment: Experiment, architecture: Architecture) -> tuple[str, ...]:
    notes = []
    if getattr(experiment.model, "coupled_gates", False):
        notes.append(
            "model.coupled_gates: exported as an LSTM whose input gate has −1 times the weights of f"
        )
    if architecture.tied:
        notes.append("model.tie_weights: the exported head has its own copy of the embedding")
    return tuple(notes)


LARGEST_DIFFERENCE = 1e-5
"""Largest accepted difference, as a fraction of the largest absolute logit, or of 1 if it is below 1."""

_LANES, _MOST_STEPS = 3, 32


@dataclass(frozen=True, eq=False)
class Probe:
    """Random input, and the outputs of rnnlab's NumPy engine for it.

    Attributes:
        ids: token ids, int32 (N, T).
        state: each part of the state before the first step, (N, H); empty if the state is no input.
        outputs: the logits, (N, V) or (N, T, V); then, if the state is an output, each part of the state
            after the last step, (N, H).
    """

    ids: NDArray[np.int32]
    state: tuple[Floats, ...]
    outputs: tuple[Floats, ...]


def probe_of(trained: TrainedModel, network: Network, *, state: bool) -> Probe:
    """Return a probe of 3 lanes of random tokens; T is the window, at most 32 for a recurrent network."""
    rng, engine = np.random.default_rng(0), numpy_model(trained)
    steps = min(network.window, _MOST_STEPS) if network.recurrent else network.window
    ids = rng.integers(network.vocab_size, size=(_LANES, steps)).astype(np.int32)
    before = engine.zero_state(_LANES)
    if state:
        before = tuple(
            tuple(rng.uniform(-1, 1, part.shape).astype(np.float32) for part in layer) for layer in before
        )
    logits, after = engine.forward(ids, None, before, last_only=network.last_only)
    logits = logits[:, -1] if network.last_only else logits
    parts = tuple(part for layer in after for part in layer) if state else ()
    return Probe(ids, tuple(part for layer in before for part in layer) if state else (), (logits, *parts))


def largest_difference(probe: Probe, outputs: Sequence[NDArray[np.float32]], *, target: str) -> float:
    """Return the largest difference from rnnlab's outputs, as a fraction of the largest absolute logit.

    If the largest absolute logit is below 1, the difference itself is returned.

    Args:
        probe: the inputs, and rnnlab's outputs.
        outputs: the outputs of the export for the same inputs, in the same order.
        target: the name of the file in error messages.

    Raises:
        OutputError: an output has another shape, or the difference is above 1e-5 or not a number.
    """
    scale = max(1.0, float(np.abs(probe.outputs[0]).max()))
    largest = 0.0
    for expected, received in zip(probe.outputs, outputs, strict=True):
        if expected.shape != received.shape:
            raise OutputError(
                f"{target}: an output has the shape {received.shape}, in rnnlab {expected.shape}; not written"
            )
        largest = float(np.maximum(largest, np.abs(expected - received).max() / scale))  # NaN stays NaN
    if not largest <= LARGEST_DIFFERENCE:
        raise OutputError(
            f"{target}: differs from rnnlab on random tokens by {largest:.1e} of the largest logit, expected"
            f" at most {LARGEST_DIFFERENCE:g}; not written"
        )
    return largest
