"""A trained network as the layers that other programs have: one-hot or a table, recurrent layers, dense ones.

A coupled LSTM is one of them: 1 − σ(a) is σ(−a), so that its input gate has the forget gate's weights with
the sign turned. Tied weights become two equal arrays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment, LstmModel
from rnnlab.errors import UsageError
from rnnlab.models.architecture import Architecture, RecurrentLayer, architecture_of
from rnnlab.models.encodings import encoding_table
from rnnlab.models.model_file import TrainedModel, Weights

Floats = NDArray[np.float32]

_KINDS = ("simple_rnn", "lstm", "gru", "mlp")
"""Those that other programs have layers for."""


@dataclass(frozen=True, eq=False)
class Dense:
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
    dense: tuple[Dense, ...]
    activation: str | None
    head: Dense | None
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


def _dense(name: str, weights: Weights) -> Dense:
    return Dense(name, weights[f"{name}/kernel"], weights[f"{name}/bias"])


def _head(architecture: Architecture, weights: Weights, table: Floats | None) -> Dense | None:
    if architecture.head is None:
        return None
    name = architecture.head.name
    if architecture.tied and table is not None:
        return Dense(name, np.ascontiguousarray(table.T), weights[f"{name}/bias"])
    return _dense(name, weights)


def _notes(experiment: Experiment, architecture: Architecture) -> tuple[str, ...]:
    notes = []
    if getattr(experiment.model, "coupled_gates", False):
        notes.append("model.coupled_gates: written as an LSTM whose input gate has −1 times f's weights")
    if architecture.tied:
        notes.append("model.tie_weights: the head has a copy of the embedding, no longer tied to it")
    return tuple(notes)
