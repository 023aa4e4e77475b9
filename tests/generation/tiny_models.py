"""A model of a few tokens, its samples counted by hand, and the exact distribution that they must follow."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Logits, State
from rnnlab.generation.decoding import Decoding

Sequences = dict[tuple[int, ...], float]
Predicate = Callable[[tuple[int, ...]], bool]


class SecondOrderModel:
    """The logits depend on the last two tokens; its state is the token before, V before the first one.

    Args:
        vocab_size: V.
        spread: standard deviation of the logits.
    """

    def __init__(self, vocab_size: int, *, spread: float = 1.5, random_seed: int = 0) -> None:
        rng = np.random.default_rng(random_seed)
        shape = (vocab_size + 1, vocab_size, vocab_size)
        self.table = (rng.normal(size=shape) * spread).astype(np.float32)
        self.vocab_size = vocab_size

    def zero_state(self, lanes: int) -> State:
        return ((np.full((lanes, 1), self.vocab_size, np.float32),),)

    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = False
    ) -> tuple[Logits, State]:
        before = np.concatenate([state[0][0].astype(np.int64), ids[:, :-1]], axis=1)  # (N, T)
        logits = self.table[before, ids]  # (N, T, V)
        return logits[:, -1:] if last_only else logits, ((ids[:, -1:].astype(np.float32),),)

    def stream(self, state: State) -> "SecondOrderStream":
        return SecondOrderStream(self, state)


class SecondOrderStream:
    """A stream of a `SecondOrderModel`; it writes over the logits that it gave last."""

    def __init__(self, model: SecondOrderModel, state: State) -> None:
        self.model, self.state = model, state
        self.logits = np.zeros((len(state[0][0]), model.vocab_size), np.float32)

    def feed(self, ids: Ids) -> Logits:
        logits, self.state = self.model.forward(ids[:, None], None, self.state)
        self.logits[:] = logits[:, 0]
        return self.logits

    def select(self, lanes: NDArray[np.int64]) -> None:
        self.state = tuple(tuple(part[lanes] for part in parts) for parts in self.state)


@dataclass(frozen=True)
class Written:
    """What a `SecondOrderModel` writes after a seed, token by token, in plain Python."""

    model: SecondOrderModel
    seed: tuple[int, ...]
    how: Decoding

    def log_odds(self, ids: Sequence[int]) -> list[float]:
        """The logits after the seed and the tokens."""
        context = [*self.seed, *ids]
        if self.how.regime == "windows":
            context = context[-self.how.window :]
        before = context[-2] if len(context) > 1 else self.model.vocab_size
        return [float(value) for value in self.model.table[before, context[-1]]]

    def chances(self, ids: Sequence[int]) -> list[float]:
        """The probability of each next token, with temperature, min-p, top-k and top-p."""
        sampling = self.how.sampling
        weights = [math.exp(value / sampling.temperature) for value in self.log_odds(ids)]
        if sampling.min_p is not None:
            weights = [weight if weight >= sampling.min_p * max(weights) else 0.0 for weight in weights]
        order = sorted(range(len(weights)), key=lambda token: -weights[token])
        kept = order[: sampling.top_k]
        if sampling.top_p is not None:
            total, reached, nucleus = sum(weights[token] for token in kept), 0.0, list[int]()
            for token in kept:
                if reached < sampling.top_p:
                    nucleus.append(token)
                reached += weights[token] / total
            kept = nucleus
        total = sum(weights[token] for token in kept)
        return [weight / total if token in kept else 0.0 for token, weight in enumerate(weights)]

    def log_probability(self, ids: Sequence[int]) -> float:
        """The log-probability of the tokens at temperature 1, without the end."""
        total = 0.0
        for place, token in enumerate(ids):
            values = self.log_odds(ids[:place])
            total += values[token] - math.log(sum(map(math.exp, values)))
        return total

    def exact(self, satisfies: Predicate, least: int, most: int) -> Sequences:
        """The probability of each sequence that satisfies a predicate, by enumeration."""
        found, stop = Sequences(), self.how.stop
        for ids in every_sequence(self.model.vocab_size, least, most):
            if stop in ids or not satisfies(ids):
                continue
            chance = math.prod(self.chances(ids[:place])[token] for place, token in enumerate(ids))
            if stop is not None and len(ids) < most:
                chance *= self.chances(ids)[stop]
            if chance > 0:
                found[ids] = chance
        return found


def every_sequence(vocab_size: int, least: int, most: int) -> list[tuple[int, ...]]:
    """All sequences of `least` to `most` tokens."""
    return [
        ids
        for length in range(least, most + 1)
        for ids in itertools.product(range(vocab_size), repeat=length)
    ]


def distance(drawn: Sequence[tuple[int, ...]], exact: Sequences) -> float:
    """Total variation distance of the drawn sequences from the exact distribution."""
    total, counts = sum(exact.values()), dict[tuple[int, ...], int]()
    for ids in drawn:
        counts[ids] = counts.get(ids, 0) + 1
    keys = {*counts, *exact}
    return 0.5 * sum(abs(counts.get(key, 0) / len(drawn) - exact.get(key, 0.0) / total) for key in keys)


def distance_by_chance(exact: Sequences, draws: int) -> float:
    """A distance that so many true draws exceed with a probability below 1/1000.

    The mean is at most ½ Σ √(p (1 − p) / D), and one draw changes the distance by 1 / D at most (McDiarmid).
    """
    total = sum(exact.values())
    shares = np.array([*exact.values()]) / total
    mean = 0.5 * float(np.sqrt(shares * (1 - shares) / draws).sum())
    return mean + math.sqrt(math.log(1000) / (2 * draws))


def marginal_tests(drawn: Sequence[tuple[int, ...]], exact: Sequences, vocab_size: int) -> list[float]:
    """The p-value of a χ² test at each place of the sequences; the end counts as one more token.

    Tokens that are expected less than 5 times are counted together.
    """
    from scipy.stats import chisquare

    total, values = sum(exact.values()), list[float]()
    for place in range(max(map(len, exact))):
        expected, observed = np.zeros(vocab_size + 1), np.zeros(vocab_size + 1)
        for ids, chance in exact.items():
            expected[ids[place] if place < len(ids) else vocab_size] += chance / total * len(drawn)
        for ids in drawn:
            observed[ids[place] if place < len(ids) else vocab_size] += 1
        rare = expected < 5
        expected = np.append(expected[~rare], expected[rare].sum())
        observed = np.append(observed[~rare], observed[rare].sum())
        kept = expected > 0
        assert observed[~kept].sum() == 0
        if kept.sum() > 1:
            test: Any = chisquare(observed[kept], expected[kept] * observed.sum() / expected[kept].sum())
            values.append(float(test.pvalue))
    return values
