"""A trained network as the layers that other programs have: one-hot or a table, recurrent layers, dense ones.

A coupled LSTM is one of them: 1 − σ(a) is σ(−a), so that its input gate has the forget gate's weights with
the sign turned. Tied weights become two equal arrays.

Whether what was written computes what rnnlab computes: both are given the same random tokens and state.
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
"""Those that other programs have layers for."""


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A dense layer: values (…, D) W + b, (…, K).

    Attributes:
        name: of the layer.
        kernel: W, (D, K).
        bias: b, (K,).
    """

    name: str
    kernel: Floats
    bias: Floats


@dataclass(frozen=True, eq=False)
class Recurrent:
    """A SimpleRNN, an LSTM (gates i f c o) or a GRU (gates z r h).

    Attributes:
        name: of the layer.
        kind: `simple_rnn`, `lstm` or `gru`.
        kernel: (D, G·H).
        recurrent_kernel: (H, G·H).
        bias: (G·H,); of a GRU that resets after the product (2, 3·H), its own and the recurrence's.
        peephole: of the gates i, f and o, (3, H); None where there is none.
    """

    name: str
    kind: str
    kernel: Floats
    recurrent_kernel: Floats
    bias: Floats
    peephole: Floats | None = None

    @property
    def units(self) -> int:
        """H."""
        return len(self.recurrent_kernel)

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the parts of its state are called, (N, H) each."""
        return (f"{self.name}_h", f"{self.name}_c") if self.kind == "lstm" else (f"{self.name}_h",)


@dataclass(frozen=True, eq=False)
class Network:
    """Token ids (N, T) → logits.

    Attributes:
        vocab_size: V.
        window: T of an MLP's input; of a recurrent network's in training.
        table: what is seen of each token, (V, D); None for one-hot.
        is_learnt: whether the table is.
        recurrent: recurrent layers, first to last; none for an MLP.
        dense: the dense layers of an MLP, first to last.
        activation: what follows each of those.
        head: the layer that gives the logits; None where the last recurrent layer does.
        residual: whether each layer but the first adds what it reads to what it gives.
        last_only: whether the logits are those of the last step, (N, V), or of all, (N, T, V).
        notes: what is not as in rnnlab, a sentence each.
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
        """The largest weight of a recurrent layer, by its magnitude; 0 for an MLP."""
        weights = (
            array for layer in self.recurrent for array in (layer.kernel, layer.recurrent_kernel, layer.bias)
        )
        return max((float(np.abs(array).max()) for array in weights), default=0.0)

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the parts of the state are called, first layer to last."""
        return tuple(name for layer in self.recurrent for name in layer.state_names)


def standard_network(trained: TrainedModel, *, target: str, peepholes: bool) -> Network:
    """The layers of a trained model.

    Args:
        trained: the model.
        target: what messages call the format.
        peepholes: whether the format has them.

    Raises:
        UsageError: the format has no such layer; the message names the setting.
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
            f"model.kind: {model.kind}: {target} has no such layer; a model that is to be exported is of kind"
            f" {', '.join(_KINDS)}"
        )
    if getattr(model, "layer_norm", False):
        raise UsageError(
            f"model.layer_norm: true: {target} has no recurrent layer that normalises; a model that is to be"
            " exported is trained with layer_norm: false"
        )
    if getattr(model, "peephole", False) and not peepholes:
        raise UsageError(
            f"model.peephole: true: the LSTM of {target} has no peepholes; export it as onnx, whose LSTM has"
            " them, or train with peephole: false"
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
    """Columns of the gates i f c o from those of f c o, (…, 3·H): i's are −f's."""
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
        notes.append("model.coupled_gates: written as an LSTM whose input gate has −1 times f's weights")
    if architecture.tied:
        notes.append("model.tie_weights: the head has a copy of the embedding, no longer tied to it")
    return tuple(notes)


LARGEST_DIFFERENCE = 1e-5
"""Of the largest logit, or of 1 where that is smaller."""

_LANES, _MOST_STEPS = 3, 32


@dataclass(frozen=True, eq=False)
class Probe:
    """Random input, and what rnnlab's NumPy engine makes of it.

    Attributes:
        ids: token ids, int32 (N, T).
        state: each part of the state before the first step, (N, H); none where it does not go in.
        outputs: logits, (N, V) or (N, T, V), and each part of the state after the last step, (N, H).
    """

    ids: NDArray[np.int32]
    state: tuple[Floats, ...]
    outputs: tuple[Floats, ...]


def probe_of(trained: TrainedModel, network: Network, *, state: bool) -> Probe:
    """Three lanes of random tokens, as long as a window but at most 32 where any length will do."""
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
    """The largest difference of any output from rnnlab's, as a share of the largest logit, or of 1.

    Args:
        probe: what was given, and what was expected.
        outputs: what came out, in the probe's order.
        target: what the message calls the file.

    Raises:
        OutputError: another shape, or a difference above 1e-5; what was written is not to be used.
    """
    scale = max(1.0, float(np.abs(probe.outputs[0]).max()))
    largest = 0.0
    for expected, received in zip(probe.outputs, outputs, strict=True):
        if expected.shape != received.shape:
            raise OutputError(
                f"{target}: gives {received.shape} where rnnlab gives {expected.shape}; not written"
            )
        largest = float(np.maximum(largest, np.abs(expected - received).max() / scale))  # NaN stays NaN
    if not largest <= LARGEST_DIFFERENCE:
        raise OutputError(
            f"{target}: differs from rnnlab on random tokens by {largest:.1e} of the largest logit, expected"
            f" at most {LARGEST_DIFFERENCE:g}; not written"
        )
    return largest
