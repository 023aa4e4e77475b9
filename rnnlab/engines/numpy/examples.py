"""Trained networks for examples in NumPy: labels, tags, and targets that a decoder writes.

`NumpyTaskModel` has the equations of `engines.tensorflow.task_forward`. Inputs are K sequences of token ids;
with `words`, they are numbers of distinct words, and the characters of each word are read too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Logits, Ragged, Spellings, State, Stepper
from rnnlab.engines.numpy.beam import END_ID, BeamSearch, Hypothesis
from rnnlab.engines.numpy.decoder import Beginning, NumpyDecoder
from rnnlab.engines.numpy.equation import Floats, flags_ignored
from rnnlab.engines.numpy.network import Dense, NumpyRnn
from rnnlab.engines.numpy.stack import (
    MOST_LANES,
    LaneBatch,
    Numbers,
    NumpyStack,
    lane_batches,
    on_one_thread,
)
from rnnlab.models.architecture import Architecture
from rnnlab.models.model_file import Weights
from rnnlab.models.task_architecture import TaskArchitecture

SEARCHED_AT_ONCE = 512
"""Most hypotheses of a batch of a beam search."""

MOST_SCORES = 4_000_000
"""Most scores of a step of a beam search, so that a large vocabulary needs little memory."""


class NumpyTaskModel:
    """A trained network for examples.

    Args:
        architecture: the layers.
        weights: the model's weights, by their names in a model file.

    Attributes:
        architecture: the layers.
        weights: the weights, by their names in a model file.
    """

    @flags_ignored
    def __init__(self, architecture: TaskArchitecture, weights: Weights) -> None:
        self.architecture, self.weights = architecture, weights
        self._encoder = self._spelling = self._decoder = None
        if architecture.encoder and architecture.encoding:
            self._encoder = NumpyStack(architecture.encoder, weights, architecture.encoding)
        if architecture.characters:
            encoding, stack = architecture.characters
            self._spelling = NumpyStack(stack, weights, encoding)
        if architecture.decoder:
            self._decoder = NumpyDecoder(architecture, architecture.decoder, weights)
        self._head = Dense(architecture.head, weights)

    @on_one_thread
    @flags_ignored
    def label_logits(self, inputs: Ragged, words: Spellings | None = None) -> Logits:
        """Return the logits of the labels, (K, L)."""
        logits = np.empty((len(inputs.offsets) - 1, len(self._head.bias)), np.float32)
        for batch, hidden, _ in self._read(inputs, words):
            logits[batch.numbers] = self._head(self._pooled(hidden, batch).T)
        return logits

    @on_one_thread
    @flags_ignored
    def tag_logits(self, inputs: Ragged, words: Spellings | None = None) -> Logits:
        """Return the logits of the tags, one row for each token in the order of `inputs.ids`, (S, G)."""
        logits = np.empty((int(inputs.offsets[-1]), len(self._head.bias)), np.float32)
        for batch, hidden, _ in self._read(inputs, words):
            valid = batch.valid
            logits[batch.places()[valid]] = self._head(hidden[:, valid].T)
        return logits

    @on_one_thread
    @flags_ignored
    def target_logits(self, inputs: Ragged, targets: Ragged) -> Logits:
        """Return the logits of the tokens of the targets and of `END`, (Σ (length + 1), V).

        Each token is predicted from those before it in the target (teacher forcing). The rows of the examples
        stand one after another; the last row of an example is that of `END`.
        """
        begins, ends = np.asarray(targets.offsets[:-1]), np.asarray(targets.offsets[1:])
        logits = np.empty((int(targets.offsets[-1]) + len(begins), len(self._head.bias)), np.float32)
        decoder = self._needed_decoder()
        for batch, beginning in self._beginnings(inputs, beside=ends - begins + 1):
            begin, lengths = begins[batch.numbers], (ends - begins)[batch.numbers]  # (N,)
            steps = np.arange(lengths.max() + 1)[:, None]  # (U + 1, 1)
            inside = steps[:-1] < lengths  # (U, N)
            tokens = _taken(targets.ids, np.where(inside, begin + steps[:-1], 0))  # (U, N)
            before = np.vstack([beginning.ids[None], tokens])  # (U + 1, N)
            hidden, _ = decoder.outputs(before, beginning.state, beginning.labels, begins=True)
            counted = (steps <= lengths).T  # (N, U + 1)
            rows = (begin + batch.numbers + steps).T  # each example before has one row for its END
            logits[rows[counted]] = decoder.logits(decoder.attended(hidden, beginning)[counted])
        return logits

    def greedy(self, inputs: Ragged, most_tokens: int) -> tuple[list[list[int]], NDArray[np.float64]]:
        """Return the targets of which each token is the most probable one after those before it.

        Args:
            inputs: K inputs.
            most_tokens: most tokens of a target; a target of so many tokens ends there.

        Returns:
            The token ids of each target without `END`; and the log-probability of each target with its `END`,
            in nats, (K,).
        """
        found = [hypotheses[0] for hypotheses in self.beam(inputs, 1, most_tokens)]
        return [ids for ids, _ in found], np.array([score for _, score in found])

    @on_one_thread
    @flags_ignored
    def beam(self, inputs: Ragged, width: int, most_tokens: int) -> list[list[Hypothesis]]:
        """Return the targets that beam search finds for each input, the best first.

        Targets are compared by their log-probability, without normalisation by their length.

        Args:
            inputs: K inputs.
            width: most targets of an input that are followed at once, and that are returned.
            most_tokens: most tokens of a target; a target of so many tokens ends there.
        """
        found = [list[Hypothesis]() for _ in range(len(inputs.offsets) - 1)]
        search = BeamSearch(self._needed_decoder(), width, most_tokens)
        hypotheses = min(SEARCHED_AT_ONCE, MOST_SCORES // len(self._head.bias))
        for batch, beginning in self._beginnings(inputs, most=max(hypotheses // width, 1)):
            for number, own in zip(batch.numbers, search(beginning), strict=True):
                found[number] = own
        return found

    @on_one_thread
    @flags_ignored
    def alignment(self, inputs: Ids, target: Ids) -> Floats:
        """Return the weight that attention gives each token of an input, (U + 1, T).

        There is one row for each token of the target, and one for `END`; each row has the sum 1.

        Args:
            inputs: the token ids of one input, (T,), T ≥ 1.
            target: the token ids of its target, (U,).

        Raises:
            ValueError: the network has no attention.
        """
        decoder = self._needed_decoder()
        one = _One(np.asarray(inputs), np.array([0, len(inputs)]))
        _, beginning = next(self._beginnings(one))
        before = np.append(beginning.ids, np.asarray(target, np.int64))[:, None]  # (U + 1, 1)
        hidden, _ = decoder.outputs(before, beginning.state, begins=True)
        weights: Floats = decoder.alignment(hidden, beginning)[0]  # (U + 1, T)
        return weights[:, ::-1] if self.architecture.reverse_source else weights

    def _read(
        self, inputs: Ragged, words: Spellings | None, beside: Numbers | int = 0, most: int = MOST_LANES
    ) -> Iterator[tuple[LaneBatch, Floats, State]]:
        """Yield batches of inputs, with the outputs (H, T, N) and the last state (N, H) of the encoder."""
        if self._encoder is None:
            raise ValueError("the network has no encoder")
        turned = self.architecture.reverse_source
        numbers, ids, spelled = self._spelled(inputs, words)  # (S,), (W,), (2·C, W)
        begins, ends = np.asarray(inputs.offsets[:-1]), np.asarray(inputs.offsets[1:])
        for batch in lane_batches(begins, ends, beside=beside, most=most):
            found = _taken(numbers, batch.places(turned=turned))  # (T, N): numbers of words, or ids
            extra = None if spelled is None else spelled.take(found, axis=1)  # (2·C, T, N)
            found = found if ids is None else ids[found]  # (T, N)
            yield batch, *self._encoder.run(self._encoder.inputs(found, extra), batch.valid)

    def _spelled(self, inputs: Ragged, words: Spellings | None) -> tuple[Ids, Ids | None, Floats | None]:
        """Return what the inputs are.

        Returns:
            Without `words`, the token ids (S,), None and None. Else the number of the word of each token (S,)
            among the W words that occur, the token id of each of these words (W,), and the vector of the
            characters of each, (2·C, W); None if the network reads no characters.
        """
        if words is None:
            if self._spelling:
                raise ValueError("the network reads characters, and needs the spelling of the words")
            return inputs.ids, None, None
        used, numbers = np.unique(inputs.ids, return_inverse=True)  # (W,), (S,)
        if self._spelling is None:
            return numbers, words.ids[used], None
        begins, ends = np.asarray(words.spelled.offsets)[used], np.asarray(words.spelled.offsets)[used + 1]
        spelled = np.empty((2 * self._spelling.units, len(used)), np.float32)
        for batch in lane_batches(begins, ends):
            characters = _taken(words.spelled.ids, batch.places())  # (letters, N)
            hidden, _ = self._spelling.run(self._spelling.inputs(characters), batch.valid)
            spelled[:, batch.numbers] = _last(hidden, batch, self._spelling.units)
        return numbers, words.ids[used], spelled

    def _pooled(self, hidden: Floats, batch: LaneBatch) -> Floats:
        """Return one vector for each lane, (H, N), of the outputs (H, T, N); zeros without a token."""
        if self.architecture.pooling == "mean":
            mean: Floats = hidden.sum(axis=1) / np.maximum(batch.lengths, 1).astype(np.float32)
            return mean
        if self.architecture.pooling == "max":
            largest = np.where(batch.valid, hidden, -np.inf).max(axis=1)  # (H, N)
            largest[:, batch.lengths == 0] = 0
            return np.asarray(largest, np.float32)
        return _last(hidden, batch, self._encoder.units if self._encoder else 0)

    def _beginnings(
        self, inputs: Ragged, beside: Numbers | int = 0, most: int = MOST_LANES
    ) -> Iterator[tuple[LaneBatch, Beginning]]:
        """Yield batches of inputs, with what the decoder knows of them."""
        stack = self._needed_decoder().stack
        if self._encoder is None:
            begins, ends = np.asarray(inputs.offsets[:-1]), np.asarray(inputs.offsets[1:])
            for batch in lane_batches(begins, ends, beside=beside, most=most):
                rows = inputs.ids[batch.begins] + len(self._head.bias)  # the labels stand after the tokens
                labels = rows if self.architecture.every_input else None
                yield batch, Beginning(rows, stack.zero_state(len(rows)), labels=labels)
            return
        for batch, hidden, state in self._read(inputs, None, beside, most):
            ids = np.full(len(batch.numbers), END_ID)
            if self.architecture.attention:
                memory = np.ascontiguousarray(hidden.transpose(2, 1, 0))  # (N, T, H)
                yield batch, Beginning(ids, state, memory, batch.valid.T)
            else:
                yield batch, Beginning(ids, state)

    def _needed_decoder(self) -> NumpyDecoder:
        """Return the decoder, or raise an error for a task without one."""
        if self._decoder is None:
            raise ValueError(f"the task {self.architecture.task} has no decoder")
        return self._decoder


def decoder_stepper(model: NumpyTaskModel, label: int) -> Stepper:
    """Return the decoder of a network for from_label, after a label.

    It reads token ids of the target. The first input is the label's row, the id V + label.

    Args:
        model: the network.
        label: id of the label.
    """
    architecture, tokens = model.architecture, len(model.weights[f"{model.architecture.head.name}/bias"])
    encoding, decoder = architecture.decoder_encoding, architecture.decoder
    if encoding is None or decoder is None or architecture.encoder is not None:
        raise ValueError(f"the task {architecture.task} does not write after a label")
    if encoding.weights:
        table = model.weights[f"{encoding.name}/embeddings"].copy()  # (V + L, D)
    else:
        table = np.eye(encoding.units, dtype=np.float32)
    if architecture.every_input:
        table[:tokens] += table[tokens + label]
    layers = Architecture(
        encoding, decoder.layers, architecture.head, architecture.dropout, None, residual=decoder.residual
    )
    return NumpyRnn(layers, model.weights, table)


@dataclass(frozen=True, eq=False)
class _One:
    """One sequence as `Ragged`."""

    ids: Ids
    offsets: Numbers


def _taken(ids: Ids, places: Numbers) -> Ids:
    """Return the ids at places; zeros if there are no ids, because then no place has a token."""
    return ids[places] if len(ids) else np.zeros_like(places)


def _last(hidden: Floats, batch: LaneBatch, units: int) -> Floats:
    """Return the outputs after each direction has read all tokens, (H, N) or (2·H, N), of (…, T, N)."""
    backward = hidden[units:, batch.first, np.arange(hidden.shape[2])]  # (0 or H, N)
    return np.concatenate([hidden[:units, -1], backward])
