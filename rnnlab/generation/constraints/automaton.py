"""Finite automata over tokens, and their product.

An automaton reads tokens one by one. It allows some tokens in each state, and it accepts in some states: a
sequence satisfies the constraint if each token was allowed and the last state accepts.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Classes = NDArray[np.int64]


class Automaton(Protocol):
    """A deterministic finite automaton over V tokens.

    Tokens of one class lead from each state to the same state, so that a large vocabulary costs no more than
    the classes that the constraint tells apart.

    Attributes:
        name: the setting that asks for the automaton, such as `template`.
        classes: the class of each token, (V,), from 0.
        start: the state before the first token.
        ends: whether the constraint itself says where a sample ends.
    """

    name: str
    classes: Classes
    start: Any
    ends: bool

    def after(self, state: Any, token_class: int, /) -> Hashable | None:
        """Return the state after a token of a class; None if the token is not allowed."""

    def accepts(self, state: Any, /) -> bool:
        """Return whether a sample may end in a state."""


class Conjunction:
    """The automaton of several constraints together: a sequence satisfies it if it satisfies each of them.

    A state is the tuple of their states, and a class of tokens a combination of their classes.

    Args:
        parts: one automaton or more.
    """

    def __init__(self, parts: Sequence[Automaton]) -> None:
        self.parts = tuple(parts)
        self.name = " and ".join(dict.fromkeys(part.name for part in parts))
        self.ends = any(part.ends for part in parts)
        stacked = np.stack([part.classes for part in parts], axis=1)  # (V, parts)
        self._combinations, classes = np.unique(stacked, axis=0, return_inverse=True)  # (C, parts), (V,)
        self.classes: Classes = classes.reshape(-1).astype(np.int64)
        self.start = tuple(part.start for part in parts)
        self._rows = self._combinations.tolist()

    def after(self, state: tuple[Any, ...], token_class: int) -> Hashable | None:
        """Return the state after a token of a class; None if one of the constraints does not allow it."""
        after = []
        for part, before, own_class in zip(self.parts, state, self._rows[token_class], strict=True):
            found = part.after(before, own_class)
            if found is None:
                return None
            after.append(found)
        return tuple(after)

    def accepts(self, state: tuple[Any, ...]) -> bool:
        """Return whether every constraint accepts."""
        return all(part.accepts(each) for part, each in zip(self.parts, state, strict=True))


def classes_of(keys: Sequence[Hashable]) -> tuple[Classes, list[Any]]:
    """Return the class of each of V tokens, (V,), and the key of each class.

    Args:
        keys: what the constraint knows of each token; tokens with equal keys are one class.
    """
    numbers: dict[Hashable, int] = {}
    classes = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
    return classes, list(numbers)
