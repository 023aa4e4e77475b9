"""Drawing from the model given a constraint: sequential Monte Carlo.

The method is that of Lew et al. (2023), "Sequential Monte Carlo Steering of Large Language Models using
Probabilistic Programs". N particles write a sample at the same time. At each step a particle draws a token
among those that can still be completed, and its weight is multiplied by the probability that the model gives
to all of these together. (With frequencies of tokens, `Lookahead` has a guess at the future, a factor of
both.) When the effective sample size of the weights falls below N / 2, the particles are resampled
(systematic resampling): heavy ones are copied and light ones are dropped. At the end one particle is drawn by
its weight. With many particles this is a draw from the model given the constraint; with one particle it is
plain masking, which prefers texts that the model was led into.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Stepper
from rnnlab.errors import UsageError
from rnnlab.generation.constraints.lookahead import Lookahead
from rnnlab.generation.decoding import Decoding, Rule, Sample
from rnnlab.generation.repetition import RepeatedRuns
from rnnlab.generation.sampling import log_probabilities, probabilities
from rnnlab.generation.sources import source_of

LANES_AT_ONCE = 4096
"""Most lanes of one batch; so many samples are drawn at the same time."""

VALUES_AT_ONCE = 4_000_000
"""Most logits of one batch."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """What the particles of a sample must do.

    Attributes:
        lookahead: the choices that can be completed.
        rules: rules on the next token that the lookahead does not know.
    """

    lookahead: Lookahead
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Steered:
    """A sample that satisfies a constraint.

    Attributes:
        sample: the sample.
        log_probability: logarithm of the estimated probability that the model satisfies the constraint, nats;
            None after a beam search. Without a stop token and with several possible lengths, the model writes
            a length beforehand, each with the same probability.
        effective_sample_size: the smallest effective sample size of the particles, 1 to N; None after a beam
            search.
    """

    sample: Sample
    log_probability: float | None
    effective_sample_size: float | None


def draw(
    model: Stepper, seed: Ids, plans: Sequence[Plan], how: Decoding, *, particles: int, first: int = 0
) -> list[Steered]:
    """Return one sample for each plan, drawn given its constraint.

    Args:
        model: the model.
        seed: ids of the seed, (S,), one or more; the constraints have read them.
        plans: what each sample must do.
        how: the settings; `length` is not used.
        particles: number of particles of each sample, N.
        first: number of the first sample; a sample depends on its number and the random seed.

    Raises:
        UsageError: all particles of a sample came to a dead end.
        ModelFileError: logits are not numbers.
    """
    lanes = min(LANES_AT_ONCE, VALUES_AT_ONCE // plans[0].lookahead.vocabulary_size)
    at_once = max(lanes // particles, 1)
    found: list[Steered] = []
    for begin in range(0, len(plans), at_once):
        group = plans[begin : begin + at_once]
        population = _Population(model, seed, group, how, particles, first=first + begin)
        found += population.run()
    return found


@dataclass
class _Written:
    """The tokens of L lanes, (L, steps), and the log-probability of each at temperature 1, nats."""

    ids: Numbers
    scores: Floats
    length: int = 0
    lengths: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))

    @staticmethod
    def empty(lanes: int) -> "_Written":
        return _Written(np.zeros((lanes, 16), np.int64), np.zeros((lanes, 16)), 0, np.zeros(lanes, np.int64))

    def add(self, ids: Numbers, scores: Floats, *, still: NDArray[np.bool_]) -> None:
        """Add one token to each lane that is still written."""
        if self.length == self.ids.shape[1]:
            self.ids = np.concatenate([self.ids, np.zeros_like(self.ids)], axis=1)
            self.scores = np.concatenate([self.scores, np.zeros_like(self.scores)], axis=1)
        self.ids[:, self.length], self.scores[:, self.length] = ids, scores
        self.length += 1
        self.lengths[still] = self.length

    def select(self, lanes: Numbers) -> None:
        self.ids[:, : self.length] = self.ids[lanes, : self.length]
        self.scores[:, : self.length] = self.scores[lanes, : self.length]
        self.lengths = self.lengths[lanes]

    def sample(self, lane: int) -> Sample:
        end = int(self.lengths[lane])
        scores = self.scores[lane, :end]
        return Sample(tuple(self.ids[lane, :end].tolist()), float(scores.sum()), tuple(scores.tolist()))


class _Population:
    """The particles of M samples, M·N lanes; lane i belongs to the sample i // N.

    Args: see `draw`.
    """

    def __init__(
        self,
        model: Stepper,
        seed: Ids,
        plans: Sequence[Plan],
        how: Decoding,
        particles: int,
        *,
        first: int,
    ) -> None:
        self._plans, self._how, self._count, self._seed = plans, how, particles, seed
        self._lanes = len(plans) * particles
        self._source = source_of(model, np.tile(seed, (self._lanes, 1)), regime=how.regime, window=how.window)
        self._streams = [
            np.random.default_rng([how.random_seed, first + number]) for number in range(len(plans))
        ]
        self._states = np.zeros(self._lanes, np.int64)
        guesses = np.array([plan.lookahead.first_guess for plan in plans])  # (M,)
        self._weights = np.tile(guesses[:, None], (1, particles))  # logarithms, nats
        self._sizes = np.full(len(plans), float(particles))
        self._writing = np.ones(self._lanes, bool)
        self._written = _Written.empty(self._lanes)
        self._repetition = RepeatedRuns.of(how.dry, np.tile(seed, (self._lanes, 1)))
        self._groups = list(self._grouped())

    def _grouped(self) -> Iterator[tuple[Lookahead, slice]]:
        """Yield each lookahead with the lanes of the neighbouring samples that share it."""
        begin = 0
        for number, plan in enumerate(self._plans):
            after = self._plans[number + 1] if number + 1 < len(self._plans) else None
            if after is None or after.lookahead is not plan.lookahead:
                yield plan.lookahead, slice(begin * self._count, (number + 1) * self._count)
                begin = number + 1

    def run(self) -> list[Steered]:
        """Write all particles to their end, and return one of each sample, drawn by weight."""
        logits = self._source.start()
        for length in range(max(plan.lookahead.most for plan in self._plans) + 1):
            ids = self._advance(length, logits)
            if not self._writing.any():
                break
            logits = self._source.feed(ids)
        totals = _log_mean(self._weights)  # (M,)
        found = []
        for number, (stream, weights) in enumerate(zip(self._streams, self._weights, strict=True)):
            summed = np.exp(weights - weights.max()).cumsum()  # (N,)
            chosen = int(summed.searchsorted(stream.random() * summed[-1], side="right"))
            sample = self._written.sample(number * self._count + chosen)
            found.append(Steered(sample, float(totals[number]), float(self._sizes[number])))
        return found

    def _advance(self, length: int, logits: NDArray[np.float32]) -> Numbers:
        """Draw one more token of each lane, or its end, after `length` tokens; return the tokens, (L,)."""
        scored = logits if self._repetition is None else self._repetition.lowered(logits)
        chances = probabilities(scored, self._how.sampling)  # (L, V)
        ending = self._endings(length, chances)  # (L,)
        chances *= self._factors(length)  # (L, V)
        summed = chances.cumsum(axis=1)  # (L, V)
        total = np.where(self._writing, summed[:, -1] + ending, 1.0)  # (L,)
        uniforms = np.concatenate([stream.random(self._count) for stream in self._streams]) * total  # (L,)
        ids = (summed <= uniforms[:, None]).sum(axis=1)  # (L,); V stands for the end
        self._writing &= (ids < chances.shape[1]) & (total > 0)
        ids[~self._writing] = 0
        with np.errstate(divide="ignore"):
            self._weights += np.log(total).reshape(self._weights.shape)
        self._refuse_dead_ends()
        scores = log_probabilities(logits, ids)
        self._written.add(ids, scores, still=self._writing)
        for lookahead, lanes in self._groups:
            self._states[lanes] = lookahead.after(self._states[lanes], ids[lanes])
        if self._repetition is not None:
            self._repetition.add(ids)
        return self._resampled(ids)

    def _endings(self, length: int, chances: Floats) -> Floats:
        """Return the probability that each lane ends after `length` tokens, (L,).

        Where a sample may also end by the draw of a length, the probabilities of its tokens are lowered.
        """
        ending = np.zeros(self._lanes)
        stop = self._how.stop
        for lookahead, lanes in self._groups:
            factors = lookahead.factor_of_ending(length, self._states[lanes])
            if length >= lookahead.most:
                share: Any = 1.0
            elif stop is not None:
                share = chances[lanes, stop].copy()
            else:
                drawn = lookahead.share_of_ending(length)
                share = 1.0 if drawn is None else drawn
                if drawn:
                    chances[lanes] *= 1 - drawn
            ending[lanes] = factors * share
        return ending

    def _factors(self, length: int) -> Floats:
        """Return what the probability of each token is multiplied by in each lane, (L, V); 0 forbids it."""
        factors = np.concatenate(
            [lookahead.factors(length, self._states[lanes]) for lookahead, lanes in self._groups]
        )
        if self._how.stop is not None:
            factors[:, self._how.stop] = 0
        for rule in self._plans[0].rules:
            factors *= rule.allowed(self._recent(rule.context))
        return factors

    def _recent(self, count: int) -> Numbers:
        """Return the last tokens of each lane, the seed among them, (L, at most `count`)."""
        written = self._written.ids[:, max(self._written.length - count, 0) : self._written.length]
        missing = count - written.shape[1]
        seed = self._seed[max(len(self._seed) - missing, 0) :] if missing > 0 else self._seed[:0]
        return np.concatenate([np.tile(seed, (self._lanes, 1)), written], axis=1)

    def _refuse_dead_ends(self) -> None:
        if np.isneginf(self._weights).all(axis=1).any():
            raise UsageError(
                f"every particle of a sample (of {self._count}) came to a dead end: the constraints leave no"
                " token that top_k, top_p, min_p or max_copy allows; give more particles, or loosen one"
            )

    def _resampled(self, ids: Numbers) -> Numbers:
        """Resample each sample whose effective sample size is below N / 2; return the tokens of the lanes."""
        shares = np.exp(self._weights - self._weights.max(axis=1, keepdims=True))  # (M, N)
        sizes = shares.sum(axis=1) ** 2 / (shares**2).sum(axis=1)  # (M,)
        self._sizes = np.minimum(self._sizes, sizes)
        writing = self._writing.reshape(self._weights.shape)
        poor = np.flatnonzero((sizes < self._count / 2) & writing.any(axis=1))
        if not len(poor):
            return ids
        lanes = np.arange(self._lanes)
        for number in poor.tolist():
            places = (np.arange(self._count) + self._streams[number].random()) / self._count
            summed = shares[number].cumsum()
            chosen = summed.searchsorted(places * summed[-1], side="right")
            lanes[number * self._count : (number + 1) * self._count] = number * self._count + chosen
            self._weights[number] = _log_mean(self._weights[number : number + 1])[0]
        self._states, self._writing = self._states[lanes], self._writing[lanes]
        self._written.select(lanes)
        self._source.select(lanes)
        if self._repetition is not None:
            self._repetition.select(lanes)
        return ids[lanes]


def _log_mean(weights: Floats) -> Floats:
    """Return the logarithm of the mean of weights given as logarithms, (M,), of (M, N)."""
    largest = weights.max(axis=1)
    mean: Floats = largest + np.log(np.exp(weights - largest[:, None]).mean(axis=1))
    return mean
