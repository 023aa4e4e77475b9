"""The layers of a network, with the shapes of outputs and weights, derived from an experiment without Keras.

The tables of the fixed encodings are here too: one row of numbers for each token.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.contradictions import MOST_ACTIVATIONS, MOST_WEIGHTS
from rnnlab.config.dataset import BOUNDARIES
from rnnlab.config.model import CELLS
from rnnlab.config.schema import Experiment, GruModel, LstmModel, MlpModel, RecurrentModel, SimpleRnnModel
from rnnlab.errors import ConfigError, count_of
from rnnlab.models import cells
from rnnlab.models.cells import Cell, NormalizedGru, NormalizedLstm, NormalizedSimpleRnn, Shapes
from rnnlab.music.notation import pitch_and_duration

ENCODING = "encoding"
HEAD = "head"

MOST_ONE_HOT = 16_384
"""Most tokens of a vocabulary with `one_hot`; a table of 16,384 tokens takes one gibibyte."""


@dataclass(frozen=True)
class Layer:
    """One layer: name, shape of the output (None stands for N lanes), and shape of each weight."""

    name: str
    output_shape: tuple[int | None, ...]
    weights: Shapes = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Number of parameters of the layer."""
        return sum(prod(shape) for shape in self.weights.values())

    @property
    def units(self) -> int:
        """Width of the layer's output."""
        return self.output_shape[-1] or 0


@dataclass(frozen=True)
class RecurrentLayer(Layer):
    """A layer that runs a cell over time."""

    cell: Cell = field(kw_only=True)


@dataclass(frozen=True)
class Dropout:
    """Fractions of values that dropout sets to zero in training, [0, 1) (Srivastava et al., 2014).

    Attributes:
        outputs: fraction of the outputs of each hidden layer.
        inputs: fraction of the encoded inputs.
        recurrent: fraction of the operand of each recurrent product, h or r∘h; the same units of a lane at
            every time step of a batch.
        variational: whether `outputs` and `inputs` also drop the same units of a lane at every time step
            of a batch.
    """

    outputs: float
    inputs: float
    recurrent: float = 0.0
    variational: bool = False


@dataclass(frozen=True)
class Architecture:
    """The layers of a network, from token ids (N, T) to logits.

    Attributes:
        encoding: token ids (N, T) → (N, T, D); the layer has a weight only if the encoding is learnt.
        hidden: recurrent layers → (N, T, H), or the dense layers of an MLP → (N, H).
        head: the layer whose output is the logits; None if the last hidden layer's output is the logits.
        dropout: the fractions that dropout sets to zero in training.
        activation: name of the MLP's activation; None for a recurrent network.
        tied: whether the head's kernel is the encoding's embeddings, transposed.
        residual: whether each hidden layer but the first adds its input to its output.
    """

    encoding: Layer
    hidden: tuple[Layer, ...]
    head: Layer | None
    dropout: Dropout
    activation: str | None
    tied: bool = False
    residual: bool = False

    @property
    def recurrent(self) -> tuple[RecurrentLayer, ...]:
        """The recurrent layers, first to last; empty for an MLP."""
        return tuple(layer for layer in self.hidden if isinstance(layer, RecurrentLayer))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, first to last."""
        return (self.encoding, *self.hidden, *((self.head,) if self.head else ()))

    @property
    def parameters(self) -> int:
        """Number of parameters of the network."""
        return sum(layer.parameters for layer in self.layers)

    def weight_shapes(self) -> Shapes:
        """Return the shape of every weight by its name in a model file, `layer/weight`."""
        return {
            f"{layer.name}/{name}": shape for layer in self.layers for name, shape in layer.weights.items()
        }


def architecture_of(experiment: Experiment, vocab_size: int) -> Architecture:
    """Return the architecture that an experiment describes, for a vocabulary of V tokens.

    Raises:
        ConfigError: the last layer of a network without a head does not have V units, V is larger than
            `MOST_ONE_HOT` for `one_hot`, the network has more than `MOST_WEIGHTS` weights, the head gives
            more than `MOST_ACTIVATIONS` logits for a batch, or a cell of another package cannot be used.
    """
    architecture = _layers_of(experiment, vocab_size)
    _check_size(architecture, experiment, vocab_size)
    return architecture


def cell_of(model: RecurrentModel) -> Cell:
    """Return the cell that the section `model` names.

    Raises:
        ConfigError: the cell of another package cannot be loaded, or does not keep to the contract.
    """
    if isinstance(model, LstmModel):
        return _lstm_of(model)
    if isinstance(model, SimpleRnnModel):
        return NormalizedSimpleRnn() if model.layer_norm else cells.SimpleRnn()
    if not isinstance(model, GruModel):
        return _outside_cell(model.kind)
    if model.layer_norm:
        return NormalizedGru()
    return cells.GruResetAfter() if model.reset_after else cells.GruResetBefore()


def _lstm_of(model: LstmModel) -> Cell:
    if model.layer_norm:
        return NormalizedLstm()
    if model.coupled_gates:
        return cells.CoupledPeepholeLstm() if model.peephole else cells.CoupledLstm()
    return cells.PeepholeLstm() if model.peephole else cells.Lstm()


@cache
def _outside_cell(kind: str) -> Cell:
    """Return the cell of another installed package, by the name of its entry point, after a check.

    Raises:
        ConfigError: the class cannot be loaded, is not a `Cell`, or breaks the contract of `models.terms`.
    """
    from rnnlab.models.terms import ContractError, Equation  # noqa: PLC0415 (own cells do not need it)

    entry = CELLS[kind]
    try:
        loaded = entry.load()
        cell = loaded()
    except Exception as error:
        raise ConfigError(
            f"model.kind: {kind}: {entry.value} cannot be loaded ({type(error).__name__}: {error});"
            " install its package again, or name another kind"
        ) from error
    if not isinstance(cell, Cell):
        raise ConfigError(
            f"model.kind: {kind}: {entry.value}: expected a subclass of rnnlab.models.cells.Cell, received"
            f" {loaded!r}; see docs/adding-a-cell.md"
        )
    try:
        Equation(cell)
    except ContractError as error:
        where = f"model.kind: {kind}: {entry.value}"
        raise ConfigError(f"{where}: {error.problem}; see docs/adding-a-cell.md") from error
    return cell


def _layers_of(experiment: Experiment, vocab_size: int) -> Architecture:
    model, window = experiment.model, experiment.dataset.window
    encoding = _encoding(experiment, vocab_size)
    if isinstance(model, MlpModel):
        hidden = tuple(_dense_layers(model, window * encoding.units))
        dropout = Dropout(model.dropout, model.input_dropout)
        own = _head(None, hidden[-1].units, vocab_size)
        return Architecture(encoding, hidden, own, dropout, model.activation)
    layers = tuple(_recurrent_layers(model, window, encoding.units))
    counted_steps = None if experiment.dataset.target == "next" else window
    head = None
    if model.head == "dense":
        head = _head(counted_steps, layers[-1].units, vocab_size, tied=model.tie_weights)
    else:
        _check_headless(layers[-1].units, vocab_size)
    dropout = Dropout(model.dropout, model.input_dropout, model.recurrent_dropout, model.variational_dropout)
    return Architecture(
        encoding, layers, head, dropout, None, tied=model.tie_weights, residual=model.residual
    )


def _encoding(experiment: Experiment, vocab_size: int) -> Layer:
    """Return the layer that encodes token ids (N, T) as (N, T, D)."""
    dataset = experiment.dataset
    if dataset.embedding_size is not None:
        size = dataset.embedding_size
        return Layer(ENCODING, (None, dataset.window, size), {"embeddings": (vocab_size, size)})
    if dataset.encoding == "one_hot" and vocab_size > MOST_ONE_HOT:
        raise ConfigError(
            f"dataset.encoding: one_hot: expected at most {MOST_ONE_HOT:,} tokens, received {vocab_size:,};"
            " choose embedding"
        )
    size = {"one_hot": vocab_size, "scalar": 1, "pitch_duration": 2}[dataset.encoding]
    return Layer(ENCODING, (None, dataset.window, size))


def _recurrent_layers(model: RecurrentModel, window: int, input_size: int) -> Iterator[RecurrentLayer]:
    cell = cell_of(model)
    for number, units in enumerate(model.units, start=1):
        shapes = cell.weight_shapes(input_size, units)
        yield RecurrentLayer(f"{model.kind}_{number}", (None, window, units), shapes, cell=cell)
        input_size = units


def _dense_layers(model: MlpModel, input_size: int) -> Iterator[Layer]:
    for number, units in enumerate(model.units, start=1):
        yield Layer(f"dense_{number}", (None, units), {"kernel": (input_size, units), "bias": (units,)})
        input_size = units


def _head(steps: int | None, input_size: int, vocab_size: int, *, tied: bool = False) -> Layer:
    """Return the dense layer of the logits: (N, T, V) for T steps, or (N, V) if `steps` is None."""
    shape = (None, vocab_size) if steps is None else (None, steps, vocab_size)
    kernel: Shapes = {} if tied else {"kernel": (input_size, vocab_size)}
    return Layer(HEAD, shape, {**kernel, "bias": (vocab_size,)})


def _check_headless(units: int, vocab_size: int) -> None:
    if units != vocab_size:
        raise ConfigError(
            "model.head: none: the last layer's units must equal the vocabulary's"
            f" {count_of(vocab_size, 'token')}, received {units}; set the last of model.units to"
            f" {vocab_size}, or head: dense"
        )


def _check_size(architecture: Architecture, experiment: Experiment, vocab_size: int) -> None:
    """Raise ConfigError if the network has too many weights, or the head gives too many logits a batch."""
    if architecture.parameters > MOST_WEIGHTS:
        raise ConfigError(
            f"model.units: with {count_of(vocab_size, 'token')} the network has"
            f" {architecture.parameters:,} weights, expected at most {MOST_WEIGHTS:,}; use fewer units"
            + (", or a smaller dataset.window" if architecture.activation else "")
        )
    batch_size, head = experiment.training.batch_size, architecture.head
    logits = batch_size * prod(size for size in head.output_shape if size) if head else 0
    if logits > MOST_ACTIVATIONS:
        raise ConfigError(
            f"training.batch_size: with {count_of(vocab_size, 'token')} a batch has {logits:,} logits,"
            f" expected at most {MOST_ACTIVATIONS:,}; make batch_size or dataset.window smaller"
        )


def encoding_table(encoding: str, tokens: Sequence[str]) -> NDArray[np.float32] | None:
    """Return the fixed table of an encoding, (V, D), or None if the table is learnt (`embedding`).

    Args:
        encoding: `one_hot` (D = V), `scalar` (D = 1: id / largest id), `pitch_duration` (D = 2) or
            `embedding`.
        tokens: the V tokens of the vocabulary, by id.
    """
    if encoding == "embedding":
        return None
    if encoding == "one_hot":
        return np.eye(len(tokens), dtype=np.float32)
    if encoding == "scalar":
        ids = np.arange(len(tokens), dtype=np.float32)[:, None]
        return ids / np.float32(max(len(tokens) - 1, 1))
    return _pitch_and_duration_table(tokens)


def _pitch_and_duration_table(tokens: Sequence[str]) -> NDArray[np.float32]:
    """Return the pitch and the duration of each token, (V, 2).

    A pitch is 0 for the lowest note of the vocabulary and 1 for its highest (0 if all are equal); a rest has
    −1, and a chord has the pitch of its highest note. Durations are divided by the longest one. A boundary is
    a rest of duration 0.
    """
    pairs = ((None, 0.0) if token in BOUNDARIES.values() else pitch_and_duration(token) for token in tokens)
    pitches, quarters = zip(*pairs, strict=True)  # (V,) each; a rest has no pitch
    sounding = [pitch for pitch in pitches if pitch is not None] or [0.0]
    lowest, span = min(sounding), max(max(sounding) - min(sounding), 1.0)
    scaled = [-1.0 if pitch is None else (pitch - lowest) / span for pitch in pitches]
    return np.column_stack([scaled, np.asarray(quarters) / (max(quarters) or 1.0)]).astype(np.float32)
