"""Runs a network over texts, and keeps the values of all gates, states and predictions.

`trace` runs the whole network over all time steps. `TracedCell` runs one layer one time step at a time, and
returns the value of every term of the cell's equation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines.numpy import encodings_of
from rnnlab.engines.numpy.equation import Floats, normalized, sigmoid
from rnnlab.engines.numpy.network import Dense
from rnnlab.errors import Argument, ModelFileError, UsageError
from rnnlab.models.architecture import Architecture, RecurrentLayer, architecture_of
from rnnlab.models.gates import gates_of
from rnnlab.models.model_file import TrainedModel, Weights
from rnnlab.models.terms import Equation, Operation, Term
from rnnlab.tracing.reading import Flags, Ids, TraceInput, reading_of, with_boundaries

MOST_VALUES = 10_000_000
"""Largest number of gates, states, logits and probabilities in a trace, over all steps and lanes."""


@dataclass(frozen=True)
class Step:
    """One time step of a layer with its numbers.

    Attributes:
        terms: the value of every term of the equation, with the shapes of `Equation.values`.
        values: every gate, and then the state after the step with h last, (H, N) each, by name.
        after: the state after the step, (H, N) each.
    """

    terms: dict[Term, Floats]
    values: dict[str, Floats]
    after: tuple[Floats, ...]


class TracedCell:
    """A recurrent layer with its weights, run one time step at a time.

    Args:
        layer: the layer.
        weights: the model's weights, by their names in a model file.

    Attributes:
        layer: the layer.
        cell: the layer's cell.
        weights: the layer's weights by name.
        bias: the bias that is added to x W, (G·H,).
        equation: the cell's equation as terms.
        gates: each activated gate of the equation in the cell's order, by its letter or as the candidate; but
            not a gate that is itself a part of the new state.
    """

    def __init__(self, layer: RecurrentLayer, weights: Weights) -> None:
        self.layer, self.cell = layer, layer.cell
        self.weights = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
        self.bias = self.cell.input_bias(self.weights)
        self.equation = Equation(self.cell)
        self.gates = gates_of(self.equation)
        self._columns = [vector[:, None] for vector in self.cell.parameters(self.weights)]

    @np.errstate(over="ignore", invalid="ignore")
    def step(self, inputs: Floats, before: tuple[Floats, ...]) -> Step:
        """Compute one time step, and return it with the value of every term.

        Args:
            inputs: the layer's input, (D, N).
            before: the state before the step, (H, N) each.
        """
        x = self.weights["kernel"].T @ inputs + self.bias[:, None]  # (G·H, N)
        terms = self.equation.values([x, *before, *self._columns], self._product, _FUNCTIONS)
        after = tuple(terms[term] for term in self.equation.after)
        gates = {name: terms[term] for name, term in self.gates.items()}
        state = dict(zip(self.cell.state, after, strict=True))
        return Step(terms, {**gates, **dict(reversed(state.items()))}, after)

    def _product(self, operand: Floats, term: Term) -> Floats:
        """Return Uᵀ times an operand (H, N), with the columns of U that belong to the product's gates."""
        begin, columns = term.begin * self.layer.units, term.blocks * self.layer.units
        product: Floats = self.weights["recurrent_kernel"][:, begin : begin + columns].T @ operand
        return product


@dataclass(frozen=True)
class LayerTrace:
    """One recurrent layer over T time steps.

    Attributes:
        cell: the layer with its weights.
        inputs: the layer's input, (N, T, D).
        values: each gate, and each part of the state after the step, (N, T, H) each, by name; h is the last.
        outputs: the layer's output, (N, T, H): h, or in a residual layer h plus the input.
    """

    cell: TracedCell
    inputs: Floats
    values: dict[str, Floats]
    outputs: Floats

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.cell.layer.name

    @property
    def units(self) -> int:
        """Units H of the layer."""
        return self.cell.layer.units


@dataclass(frozen=True)
class Trace:
    """A network over N texts of T time steps.

    Attributes:
        model: the network.
        architecture: the layers of the network.
        reading: the token that each step reads, and where the state is zeroed.
        ids: (N, T) id of the token that each step reads.
        starts: (N, T), whether the state was zero before the step.
        targets: (N, T) id of the next token; −1 where the text ends.
        layers: the recurrent layers, first to last.
        logits: (N, T, V).
        log_probabilities: (N, T, V) logarithm of the probability of each next token, nats.
        notes: notes for the user, a sentence each.
    """

    model: TrainedModel
    architecture: Architecture
    reading: TraceInput
    ids: Ids
    starts: Flags
    targets: Ids
    layers: tuple[LayerTrace, ...]
    logits: Floats
    log_probabilities: NDArray[np.float64]
    notes: tuple[str, ...]

    @property
    def surprises(self) -> NDArray[np.float64]:
        """Surprise at the next token, −ln of its probability, nats, (N, T); NaN where the text ends."""
        known = np.maximum(self.targets, 0)[..., None]  # (N, T, 1)
        nats = -np.take_along_axis(self.log_probabilities, known, axis=-1)[..., 0]  # (N, T)
        return np.where(self.targets >= 0, nats, np.nan)

    def tokens(self, lane: int) -> list[str]:
        """Return the token that each step of a lane reads."""
        return [self.model.tokens[token_id] for token_id in self.ids[lane]]

    def step(self, layer: int, step: int) -> Step:
        """Return one time step of a layer with the value of every term; both numbers are from 0."""
        traced = self.layers[layer]
        before = _zeros(traced.cell.layer, len(self.ids))  # (H, N) each
        if step:
            keep = ~self.starts[:, step]  # (N,)
            before = tuple(traced.values[name][:, step - 1].T * keep for name in traced.cell.cell.state)
        return traced.cell.step(traced.inputs[:, step].T, before)


def trace(model: TrainedModel, inputs: Sequence[str], *, runs_on: bool = False) -> Trace:
    """Return the trace of a network over texts of equally many tokens.

    Args:
        model: the network, trained or not.
        inputs: texts or notes.
        runs_on: whether the state is carried over each whole text; False reads the text as in training.

    Raises:
        UsageError: the network has no state, a text is empty, or the texts are too long or not equally long.
        VocabularyError: a token is not in the model's vocabulary.
        ModelFileError: a value is not finite.
    """
    architecture = architecture_of(model.experiment, len(model.tokens))
    if not architecture.recurrent:
        raise UsageError(
            "an mlp has no state and no gates, since it reads a window at once: there is nothing to trace;"
            " rnnlab evaluate shows its surprise, with ",
            Argument("per_token"),
        )
    dataset = model.experiment.dataset
    vocabulary = Vocabulary.of(model.tokens, dataset)
    read = _read(inputs, vocabulary)  # (N, S)
    reading = reading_of(read.shape[1], model.experiment, runs_on=runs_on)
    _check_size(architecture, vocabulary, lanes=len(read), steps=len(reading))
    ids = read[:, reading.places]  # (N, T)
    starts = with_boundaries(reading, ids, vocabulary.boundary_id)  # (N, T)
    targets = np.append(read, np.full((len(read), 1), -1), axis=1)[:, reading.places + 1]  # (N, T)
    layers, logits = _run(model, architecture, ids, starts)  # logits (N, T, V)
    _check_finite(layers, logits)
    # Logits less ln Σ exp(logits), in float64, are the logarithms of the probabilities.
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=-1, keepdims=True))  # (N, T, V)
    notes = (reading.note,) if reading.note else ()
    return Trace(model, architecture, reading, ids, starts, targets, layers, logits, wide, notes)


def head_of(architecture: Architecture, model: TrainedModel) -> Dense | None:
    """Return the dense layer from the last layer's output to logits; None if the output is the logits."""
    if architecture.head is None:
        return None
    tied = model.weights[f"{architecture.encoding.name}/embeddings"].T if architecture.tied else None
    return Dense(architecture.head, model.weights, tied)


def _zeros(layer: RecurrentLayer, lanes: int) -> tuple[Floats, ...]:
    """Return the zero state of N lanes, (H, N) each."""
    return tuple(np.zeros((layer.units, lanes), np.float32) for _ in layer.cell.state)


def _read(inputs: Sequence[str], vocabulary: Vocabulary) -> Ids:
    """Return the token ids of texts, (N, S); each text begins with a boundary if the vocabulary has one."""
    name = Argument("input")
    lanes = [vocabulary.parse(text, name="input") for text in inputs]
    if not all(map(len, lanes)):
        raise UsageError(name, ": expected at least one token, received none")
    lanes = [vocabulary.begun(ids) for ids in lanes]
    lengths = [len(ids) for ids in lanes]
    if len(set(lengths)) > 1:
        counts = ", ".join(map(str, lengths[:8])) + (", …" if len(lengths) > 8 else "")
        raise UsageError(name, f": expected inputs of equally many tokens as one batch, received {counts}")
    return np.array(lanes, np.int64)


def _check_size(architecture: Architecture, vocabulary: Vocabulary, *, lanes: int, steps: int) -> None:
    layers = architecture.recurrent
    each = sum((len(layer.cell.gates) + len(layer.cell.state)) * layer.units for layer in layers)
    each += len(vocabulary) * 2
    if each * lanes * steps > MOST_VALUES:
        raise UsageError(
            Argument("input"),
            f": too long: {lanes * steps:,} steps of {each:,} values each; of this model at most"
            f" {MOST_VALUES // each:,} steps are traced at once",
        )


def _check_finite(layers: tuple[LayerTrace, ...], logits: Floats) -> None:
    kept = (values for layer in layers for values in (*layer.values.values(), layer.outputs))
    if not all(np.isfinite(values).all() for values in (*kept, logits)):
        raise ModelFileError(
            "the model's values are not numbers: its weights are too large, or its training diverged;"
            " train again with a smaller training.optimizer.learning_rate"
        )


@np.errstate(over="ignore", invalid="ignore")
def _run(
    model: TrainedModel, architecture: Architecture, ids: Ids, starts: Flags
) -> tuple[tuple[LayerTrace, ...], Floats]:
    """Return every recurrent layer over all T time steps, and the logits (N, T, V)."""
    hidden, layers = encodings_of(model)[ids], list[LayerTrace]()  # (N, T, D)
    for layer in architecture.recurrent:
        traced = _run_layer(TracedCell(layer, model.weights), hidden, starts)
        if architecture.residual and layers:
            outputs = traced.outputs + hidden
            traced = LayerTrace(traced.cell, traced.inputs, traced.values, outputs)
        layers.append(traced)
        hidden = traced.outputs  # (N, T, H)
    head = head_of(architecture, model)
    return tuple(layers), head(hidden) if head else hidden


def _run_layer(cell: TracedCell, inputs: Floats, starts: Flags) -> LayerTrace:
    lanes, steps, _ = inputs.shape
    state, records = _zeros(cell.layer, lanes), list[dict[str, Floats]]()
    for t in range(steps):
        before = tuple(part * ~starts[:, t] for part in state)  # (H, N) each
        step = cell.step(inputs[:, t].T, before)  # reads (D, N)
        records.append(step.values)
        state = step.after
    # T arrays (H, N) of each quantity become one (N, T, H).
    values = {name: np.stack([record[name].T for record in records], axis=1) for name in records[0]}
    return LayerTrace(cell, inputs, values, values["h"])


_FUNCTIONS: dict[Operation, Any] = {
    "tanh": np.tanh,
    "σ": lambda x: sigmoid(x, np.empty_like(x)),
    "normalized": lambda x: normalized(x, np.empty_like(x)),
}
"""The functions of an equation as the NumPy engine computes them, each into a new array."""
