"""Beam search: the most probable texts after a seed, with or without a constraint.

At each step every unfinished text is extended by each token that is allowed, and the `width` most probable
extensions stay. With a width that holds every beginning, the search is exact. Texts of different lengths are
compared by their log-probability divided by (number of tokens)^A (Wu et al., 2016, "Google's Neural Machine
Translation System", use a similar penalty); a stop token counts as a token.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Stepper
from rnnlab.errors import UsageError
from rnnlab.generation.constraints.lookahead import Lookahead
from rnnlab.generation.decoding import Decoding, Rule, Sample
from rnnlab.generation.sampling import every_log_probability
from rnnlab.generation.sources import source_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BeamWidth:
    """The settings of a beam search.

    Attributes:
        width: most unfinished texts of a step.
        normalization: A, 0 or more.
    """

    width: int
    normalization: float = 0.0


@dataclass(frozen=True)
class _Text:
    """A finished text: its tokens, the log-probability of each, nats, and the score that ranks it."""

    ids: tuple[int, ...]
    scores: tuple[float, ...]
    rank: float


class BeamSearcher:
    """Beam search after one seed.

    Args:
        model: the model.
        seed: ids of the seed, (S,), one or more.
        how: the regime, the window, the length and the stop token; the other settings are not used.
        search: the settings.
        lookahead: the choices that satisfy the constraint.
        rules: rules on the next token that the lookahead does not know.
    """

    def __init__(
        self,
        model: Stepper,
        seed: Ids,
        how: Decoding,
        search: BeamWidth,
        lookahead: Lookahead,
        rules: tuple[Rule, ...] = (),
    ) -> None:
        self._model, self._seed, self._how, self._search = model, seed, how, search
        self._lookahead, self._rules = lookahead, rules
        self._finished: list[_Text] = []

    def __call__(self, count: int) -> list[Sample]:
        """Return the `count` best texts, the best first, or fewer if the search finds fewer.

        Raises:
            UsageError: every text came to a dead end.
            ModelFileError: logits are not numbers.
        """
        width = self._search.width
        source = source_of(
            self._model, np.tile(self._seed, (width, 1)), regime=self._how.regime, window=self._how.window
        )
        logits = source.start()
        states, totals = np.zeros(width, np.int64), np.full(width, -np.inf)
        totals[0] = 0  # one text without tokens; a lane with −∞ holds no text
        ids, scores = np.zeros((width, 0), np.int64), np.zeros((width, 0))  # (B, steps)
        for length in range(self._lookahead.most + 1):
            each = every_log_probability(logits)  # (B, V)
            self._finish(length, states, totals, ids, scores, each)
            extended = np.where(self._allowed(length, states, ids), each, -np.inf) + totals[:, None]
            lanes, tokens, totals = _best(extended, width)  # (B,) each
            if np.isneginf(totals[0]) or self._is_settled(count, float(totals[0])):
                break
            states = self._lookahead.after(states[lanes], tokens)
            ids = np.concatenate([ids[lanes], tokens[:, None]], axis=1)
            scores = np.concatenate([scores[lanes], each[lanes, tokens][:, None]], axis=1)
            source.select(lanes)
            logits = source.feed(tokens)
        if not self._finished:
            raise UsageError("the beam search came to a dead end; give a larger beam, or fewer constraints")
        return [
            Sample(text.ids, float(sum(text.scores)), text.scores)
            for text in sorted(self._finished, key=lambda text: -text.rank)[:count]
        ]

    def _finish(
        self,
        length: int,
        states: NDArray[np.int64],
        totals: Floats,
        ids: NDArray[np.int64],
        scores: Floats,
        each: Floats,
    ) -> None:
        """Keep the texts that may end here among the finished ones, of which the `width` best stay."""
        ending = self._lookahead.may_end(length, states)
        cut = length == self._lookahead.most or self._how.stop is None
        for lane in np.flatnonzero(ending).tolist():
            total, count = float(totals[lane]), length
            if not cut and self._how.stop is not None:
                total, count = total + float(each[lane, self._how.stop]), length + 1
            rank = total / max(count, 1) ** self._search.normalization
            text = _Text(tuple(ids[lane].tolist()), tuple(scores[lane].tolist()), rank)
            if rank > -np.inf:
                self._finished.append(text)
        self._finished.sort(key=lambda text: -text.rank)
        del self._finished[max(self._search.width, 1) :]

    def _allowed(self, length: int, states: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each unfinished text may go on with each token, (B, V)."""
        allowed = self._lookahead.allowed(length, states)
        if self._how.stop is not None:
            allowed[:, self._how.stop] = False
        for rule in self._rules:
            whole = np.concatenate([np.tile(self._seed, (len(ids), 1)), ids], axis=1)
            allowed &= rule.allowed(whole[:, -rule.context :])
        return allowed

    def _is_settled(self, count: int, best: float) -> bool:
        """Return whether no unfinished text can become one of the `count` best.

        Log-probabilities only fall. With A above 0 a longer text may still rise, up to the division by the
        greatest length.
        """
        if len(self._finished) < count:
            return False
        bound = best / (self._lookahead.most + 1) ** self._search.normalization
        return bool(bound <= self._finished[count - 1].rank)


def _best(scores: Floats, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return the lanes, tokens and scores of the `width` best extensions, (B,) each, the best first.

    If there are fewer, the last ones have the score −∞.
    """
    flat = scores.ravel()
    chosen = np.argpartition(-flat, width - 1)[:width] if width < len(flat) else np.arange(len(flat))
    chosen = np.sort(chosen)
    order = chosen[np.argsort(-flat[chosen], kind="stable")]
    return order // scores.shape[1], order % scores.shape[1], flat[order]
