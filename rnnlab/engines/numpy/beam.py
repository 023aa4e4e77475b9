"""Beam search: the targets of a decoder that have the largest log-probability, for many examples at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Logits, State
from rnnlab.engines.numpy.decoder import Beginning, NumpyDecoder
from rnnlab.engines.numpy.equation import Floats

END_ID = 0
"""The id of `END` in the vocabulary of a decoder."""

Doubles = NDArray[np.float64]
Hypothesis = tuple[list[int], float]
"""A target's token ids without `END`, and the log-probability of the target with its `END`, in nats."""


class BeamSearch:
    """Beam search for N examples at once.

    At each step, every unfinished hypothesis is extended by each token, and the `width` hypotheses with the
    largest log-probability stay, finished ones among them. A hypothesis of `most_tokens` tokens ends there,
    whatever the network says; so every log-probability is that of a target with its `END`.

    Args:
        decoder: the decoder.
        width: most hypotheses of an example.
        most_tokens: most tokens of a target.
    """

    def __init__(self, decoder: NumpyDecoder, width: int, most_tokens: int) -> None:
        if width < 1 or most_tokens < 0:
            raise ValueError(f"width {width} must be at least 1, and most_tokens {most_tokens} at least 0")
        self._decoder, self._width, self._most = decoder, width, most_tokens

    def __call__(self, beginning: Beginning) -> list[list[Hypothesis]]:
        """Return the hypotheses of each example, the best first."""
        lanes = len(beginning.ids)
        found = [list[Hypothesis]() for _ in range(lanes)]
        beam = _Beam.of(beginning)
        for step in range(self._most + 1):
            scores, state = self._scores(beam, begins=step == 0, ends=step == self._most)
            beam = beam.extended(scores, state, self._width)
            done = np.asarray(beam.finished.all(axis=1))  # (n,)
            for place in np.flatnonzero(done):
                found[beam.numbers[place]] = beam.hypotheses(place)
            if done.all():
                break
            if done.any():
                beam = beam.only(~done)
        return found

    def _scores(self, beam: "_Beam", *, begins: bool, ends: bool) -> tuple[Doubles, State]:
        """Return the log-probability of each extension, (n, b, V), and the state after the step.

        The only extension of a finished hypothesis is a further `END`, which costs nothing.
        """
        examples, width = beam.scores.shape
        known = beam.known
        labels = None if known.labels is None else np.repeat(known.labels, width)  # (n·b,)
        hidden, state = self._decoder.outputs(
            beam.last.reshape(1, -1), beam.state, labels, begins=begins
        )  # (H, 1, n·b)
        queries = hidden.reshape(-1, examples, width).transpose(0, 2, 1)  # (H, b, n)
        logits = self._decoder.logits(self._decoder.attended(queries, known))  # (n, b, V)
        scores = _log_softmax(logits)
        if ends:
            scores[:, :, END_ID + 1 :] = -np.inf
        scores[beam.finished] = -np.inf
        scores[beam.finished, END_ID] = 0
        scores += beam.scores[:, :, None]
        return scores, state


@dataclass(frozen=True, eq=False)
class _Beam:
    """The b hypotheses of each of n examples, the best first.

    Attributes:
        numbers: the number of each example, (n,).
        known: what the decoder knows of each example.
        state: the state of each hypothesis, (n·b, H) each.
        ids: the tokens of each hypothesis, (n, b, steps); `END` again and again after the last one.
        last: the next input of each hypothesis, (n, b).
        scores: log-probability of each hypothesis, (n, b); −∞ if there is none.
        finished: whether a hypothesis has its `END`, or there is none, (n, b).
    """

    numbers: NDArray[np.int64]
    known: Beginning
    state: State
    ids: NDArray[np.int64]
    last: Ids
    scores: Doubles
    finished: NDArray[np.bool_]

    @staticmethod
    def of(beginning: Beginning) -> "_Beam":
        """Return one empty hypothesis for each example."""
        lanes = len(beginning.ids)
        return _Beam(
            np.arange(lanes),
            beginning,
            beginning.state,
            np.zeros((lanes, 1, 0), np.int64),
            beginning.ids[:, None],
            np.zeros((lanes, 1)),
            np.zeros((lanes, 1), bool),
        )

    def extended(self, scores: Doubles, state: State, width: int) -> "_Beam":
        """Return the best extensions, `width` for each example.

        Args:
            scores: log-probability of each extension by one token, (n, b, V).
            state: the state of each hypothesis after its last token, (n·b, H) each.
            width: how many extensions stay.
        """
        examples, before, tokens = scores.shape
        chosen = _best(scores.reshape(examples, -1), width)  # (n, k) indices into b·V
        rows = np.arange(examples)[:, None]  # (n, 1)
        parents, last = chosen // tokens, chosen % tokens  # (n, k)
        kept = scores.reshape(examples, -1)[rows, chosen]  # (n, k)
        return replace(
            self,
            state=_lanes_of(state, (rows * before + parents).ravel()),
            ids=np.concatenate([self.ids[rows, parents], last[:, :, None]], axis=2),
            last=last,
            scores=kept,
            finished=(last == END_ID) | np.isneginf(kept),
        )

    def only(self, where: NDArray[np.bool_]) -> "_Beam":
        """Return the hypotheses of some of the examples, (n,)."""
        places, width = np.flatnonzero(where), self.scores.shape[1]
        lanes = (places[:, None] * width + np.arange(width)).ravel()
        return _Beam(
            self.numbers[places],
            self.known.of(places),
            _lanes_of(self.state, lanes),
            self.ids[places],
            self.last[places],
            self.scores[places],
            self.finished[places],
        )

    def hypotheses(self, place: Any) -> list[Hypothesis]:
        """Return the hypotheses of one example, the best first."""
        return [
            (ids[: ids.index(END_ID)], score)
            for ids, score in zip(self.ids[place].tolist(), self.scores[place].tolist(), strict=True)
            if score > -np.inf
        ]


def _log_softmax(logits: Logits) -> Doubles:
    """Return the log-probability of each token, in nats, of logits (…, V)."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def _best(scores: Doubles, count: int) -> NDArray[np.int64]:
    """Return the indices of the `count` largest scores of each row (n, C), the largest first."""
    if count == 1:
        return np.asarray(scores.argmax(axis=1), np.int64)[:, None]
    if count < scores.shape[1]:
        chosen = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    else:
        chosen = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, chosen, axis=1), axis=1, kind="stable")  # (n, count)
    ordered: NDArray[np.int64] = np.take_along_axis(chosen, order, axis=1)
    return ordered


def _lanes_of(state: Sequence[tuple[Floats, ...]], lanes: NDArray[np.int64]) -> State:
    """Return the state of some lanes, (N, H) each."""
    return tuple(tuple(part[lanes] for part in parts) for parts in state)
