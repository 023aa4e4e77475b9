"""Which tokens can still be completed: a backward pass over (state, tokens left).

The automaton is written out as a table. `Lookahead` then knows, for each number of tokens and each state,
which choices lead to a text that satisfies the constraint within the length; so generation never gets stuck.

With the frequencies of the tokens it also knows how probable that is for independent tokens. Such a guess at
the future guides the particles to where the constraint can be satisfied well: it is a twist function (Zhao et
al., 2024, "Probabilistic Inference in Language Models via Twisted Sequential Monte Carlo"). It does not
change what is drawn from, only how soon particles go there.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import UsageError
from rnnlab.generation.constraints.automaton import Automaton, Classes

MOST_STATES = 200_000
"""Most states of an automaton that is written out."""

MOST_CELLS = 100_000_000
"""Most pairs of a state and a number of tokens, six bytes each."""

Flags = NDArray[np.bool_]
States = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """An automaton as arrays, with S states that can be reached from the first.

    Attributes:
        classes: the class of each token, (V,).
        following: the state after each class of tokens, (S + 1, C); S where the token is not allowed. The
            state S allows nothing.
        accepting: whether a sample may end in each state, (S + 1,).
        ends: whether the constraint itself says where a sample ends.
    """

    classes: Classes
    following: States
    accepting: Flags
    ends: bool

    @staticmethod
    def of(automaton: Automaton, start: Any) -> "Table":
        """Return the table of an automaton; the state 0 is `start`.

        Raises:
            UsageError: more than `MOST_STATES` states can be reached.
        """
        numbers, count = {start: 0}, int(automaton.classes.max()) + 1
        waiting, rows = [start], list[list[int]]()
        for state in waiting:
            row = []
            for token_class in range(count):
                after = automaton.after(state, token_class)
                if after is not None and after not in numbers:
                    numbers[after] = len(numbers)
                    waiting.append(after)
                row.append(-1 if after is None else numbers[after])
            rows.append(row)
            if len(numbers) > MOST_STATES:
                raise UsageError(
                    f"{automaton.name}: these constraints have more than {MOST_STATES:,} states together;"
                    " leave one out, or ask for a shorter text"
                )
        following = np.full((len(rows) + 1, count), len(rows), np.int64)
        following[:-1] = rows
        following[following < 0] = len(rows)
        accepting = np.array([*map(automaton.accepts, waiting), False])
        return Table(automaton.classes, following, accepting, automaton.ends)

    @cached_property
    def useful(self) -> Flags:
        """Whether an accepting state can be reached from each state, (S + 1,)."""
        count, classes = self.following.shape
        by_target = np.argsort(self.following, axis=None, kind="stable")  # ((S + 1)·C,)
        begins = np.searchsorted(self.following.ravel()[by_target], np.arange(count + 1))
        useful, waiting = self.accepting.copy(), np.flatnonzero(self.accepting)
        while len(waiting):
            before = [by_target[begins[state] : begins[state + 1]] // classes for state in waiting]
            sources = np.unique(np.concatenate(before))
            waiting = sources[~useful[sources]]
            useful[waiting] = True
        return useful

    @cached_property
    def shortest(self) -> int | None:
        """Number of tokens of the shortest sequence that satisfies the constraint; None if there is none."""
        if not self.useful[0]:
            return None
        reached, length = np.zeros(len(self.accepting), bool), 0
        reached[0] = True
        while not (reached & self.accepting).any():
            reached, length = self.step(reached), length + 1
        return length

    @cached_property
    def longest(self) -> int | None:
        """Number of tokens of the longest sequence that satisfies the constraint; None if there is none.

        States are passed one after another, each as soon as all states before it were passed (Kahn, 1962); so
        a state is passed after as many tokens as the longest way to it has. On a loop no state is passed.
        """
        after = np.where(self.useful[self.following], self.following, -1)  # (S + 1, C)
        after[~self.useful] = -1
        waiting = np.bincount(after[after >= 0], minlength=len(after))  # ways into each state that are left
        passed, length, last = np.flatnonzero(self.useful[:1] & (waiting[:1] == 0)), 0, None
        count = len(passed)
        while len(passed):
            if self.accepting[passed].any():
                last = length
            reached, ways = np.unique(after[passed], return_counts=True)
            reached, ways = reached[reached >= 0], ways[reached >= 0]
            waiting[reached] -= ways
            passed, length = reached[waiting[reached] == 0], length + 1
            count += len(passed)
        return last if count == self.useful.sum() else None

    def step(self, reached: Flags) -> Flags:
        """Return the states that can be reached by one more token."""
        after = np.zeros_like(reached)
        after[self.following[reached]] = True
        after[-1] = False
        return after


class Lookahead:
    """The choices that can be completed, for each state and number of tokens.

    Args:
        table: the automaton.
        least: least number of tokens of a sample.
        most: most tokens of a sample.
        stop: id of the token with which the model ends a sample by itself; None if there is none.
        frequencies: how often the model writes each token, (V,), with the sum 1; None for no guess.

    Attributes:
        least: least number of tokens.
        most: most tokens.
    """

    def __init__(
        self,
        table: Table,
        least: int,
        most: int,
        *,
        stop: int | None = None,
        frequencies: Floats | None = None,
    ) -> None:
        states = len(table.accepting)
        if (most + 2) * states > MOST_CELLS:
            raise UsageError(
                f"these constraints have {states:,} states, too many for {most:,} tokens;"
                " ask for a shorter text"
            )
        self._table, self.least, self.most, self._stop = table, least, most, stop
        self._reached = self._after_each_length()
        self._live = np.zeros((most + 2, states), bool)  # [n]: after n tokens, can be completed
        for length in range(most, -1, -1):
            begun = np.flatnonzero(self._reached[length])
            self._live[length, begun] = self._live[length + 1][table.following[begun]].any(axis=1)
            if length >= least:
                self._live[length, begun] |= table.accepting[begun]
        self._endings = None if stop is not None or self.is_prefix_free else self._shares_of_endings()
        self._values = np.where(self._live, np.float32(0), np.float32(-np.inf))
        if frequencies is not None:
            self._guess(frequencies)

    def _after_each_length(self) -> Flags:
        """Return which states can be reached after 0, 1, … `most` tokens, (most + 1, S + 1).

        Nothing is asked of the others: of the states of a long template, each length has one.
        """
        reached = np.zeros((self.most + 1, len(self._table.accepting)), bool)
        reached[0, 0] = True
        for length in range(self.most):
            reached[length + 1] = self._table.step(reached[length])
        return reached

    def _guess(self, frequencies: Floats) -> None:
        """Set the logarithm of the probability that independent tokens satisfy the constraint, nats."""
        table, stop = self._table, self._stop
        going_on = frequencies.copy()
        if stop is not None:
            going_on[stop] = 0
        classes = np.bincount(table.classes, going_on, table.following.shape[1])  # (C,)
        with np.errstate(divide="ignore"):
            logs = np.log(classes)
            for length in range(self.most, -1, -1):
                share, begun = self.share_of_ending(length), np.flatnonzero(self._reached[length])
                ending = 1.0 if length == self.most or stop is None else float(frequencies[stop])
                ending *= 1.0 if share is None else share
                ways = self._values[length + 1][table.following[begun]] + logs  # (states, C)
                if share:
                    ways = ways + np.log(1 - share)
                ended = np.where(self.may_end(length, begun), np.log(ending), -np.inf)
                every = np.concatenate([ways, ended[:, None]], axis=1)
                largest = every.max(axis=1)
                largest[np.isneginf(largest)] = 0
                total = np.exp(every - largest[:, None]).sum(axis=1)
                self._values[length, begun] = np.log(total) + largest

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens, V."""
        return len(self._table.classes)

    @property
    def is_possible(self) -> bool:
        """Whether any sequence satisfies the constraint within the length."""
        return bool(self._live[0, 0])

    def allowed(self, length: int, states: States) -> Flags:
        """Return whether each token can be completed, (N, V), in each lane's state after `length` tokens."""
        if length >= self.most:
            return np.zeros((len(states), self.vocabulary_size), bool)
        after = self._table.following[states]  # (N, C)
        allowed: Flags = self._live[length + 1][after][:, self._table.classes]  # (N, V)
        return allowed

    def factors(self, length: int, states: States) -> Floats:
        """Return what the probability of each token is multiplied by, (N, V), after `length` tokens.

        The factor is 0 for what cannot be completed; else it is the guess after the token, divided by the
        guess before it.
        """
        if length >= self.most:
            return np.zeros((len(states), self.vocabulary_size))
        before = self._values[length][states]  # (N,)
        after = self._values[length + 1][self._table.following[states]]  # (N, C)
        with np.errstate(invalid="ignore"):
            factors: Floats = np.exp(np.float64(after) - before[:, None])
        factors[~np.isfinite(factors)] = 0  # a lane that came to a dead end
        of_tokens: Floats = factors[:, self._table.classes]
        return of_tokens

    def factor_of_ending(self, length: int, states: States) -> Floats:
        """Return what the probability of the end is multiplied by, (N,), after `length` tokens."""
        if length > self.most:
            return np.zeros(len(states))
        with np.errstate(over="ignore"):
            factors: Floats = np.exp(-np.float64(self._values[length][states]))
        factors[~self.may_end(length, states)] = 0
        return factors

    @property
    def first_guess(self) -> float:
        """Logarithm of the guess before the first token, nats."""
        return float(self._values[0, 0])

    def may_end(self, length: int, states: States) -> Flags:
        """Return whether a sample may end in each lane's state after `length` tokens, (N,)."""
        if not self.least <= length <= self.most:
            return np.zeros(len(states), bool)
        return self._table.accepting[states]

    def after(self, states: States, ids: NDArray[np.int64]) -> States:
        """Return the state of each lane after one more token, (N,)."""
        return self._table.following[states, self._table.classes[ids]]

    def share_of_ending(self, length: int) -> float | None:
        """Return the share of samples that end after `length` tokens, of those that are not shorter.

        Without a stop token, each length at which a sample can end is equally likely beforehand. None if a
        sample that can end never goes on, so that nothing has to be chosen.
        """
        return None if self._endings is None else float(self._endings[length])

    @cached_property
    def is_prefix_free(self) -> bool:
        """Whether a sample that may end can never go on."""
        if self.least == self.most:
            return True
        for length in range(self.least, self.most + 1):
            ending = self._reached[length] & self._table.accepting
            if self._live[length + 1][self._table.following[ending]].any():
                return False
        return True

    def _shares_of_endings(self) -> NDArray[np.float64]:
        """Return `share_of_ending` of each length, (most + 1,)."""
        possible = np.array(
            [
                length >= self.least and bool((reached & self._table.accepting).any())
                for length, reached in enumerate(self._reached)
            ],
            float,
        )
        later = possible[::-1].cumsum()[::-1]  # the number of lengths from each one on
        shares: NDArray[np.float64] = possible / np.maximum(later, 1)
        return shares
