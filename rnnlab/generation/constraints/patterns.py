"""Constraints on text and notes alike: a template, a sequence that must occur or must not, the last token."""

from collections.abc import Sequence

import numpy as np

from rnnlab.generation.constraints.automaton import Classes

GAP = -1
"""In a template, the place of one token of any kind."""

ANY_NUMBER = -2
"""In a template, the place of any number of tokens, also of none."""

Shape = Sequence[int]
"""Token ids, with `GAP` and `ANY_NUMBER` among them."""


class Template:
    """The whole text has a shape: given tokens, gaps for one token, and gaps for any number of tokens.

    A state is the set of places of the shape that may come next, one bit for each.

    Args:
        shape: the shape.
        vocabulary_size: V.
        name: the setting.
    """

    ends = True

    def __init__(self, shape: Shape, vocabulary_size: int, *, name: str = "template") -> None:
        self.name, self._shape = name, tuple(shape)
        given = sorted({token for token in shape if token >= 0})
        self._class_of = {token: number for number, token in enumerate(given, 1)}  # 0: any other token
        self.classes: Classes = np.zeros(vocabulary_size, np.int64)
        self.classes[given] = np.arange(1, len(given) + 1)
        self._repeated = sum(1 << place for place, wanted in enumerate(shape) if wanted == ANY_NUMBER)
        self.start = self._with_skipped(1)

    def after(self, state: int, token_class: int) -> int | None:
        """Return the places that may come next after a token of a class; None if there are none."""
        after, waiting = state & self._repeated, state
        while waiting:
            place = (waiting & -waiting).bit_length() - 1
            waiting &= waiting - 1
            if place < len(self._shape):
                wanted = self._shape[place]
                if wanted == GAP or self._class_of.get(wanted) == token_class:
                    after |= 2 << place
        return self._with_skipped(after) if after else None

    def accepts(self, state: int) -> bool:
        """Return whether the whole shape has been read."""
        return bool(state >> len(self._shape) & 1)

    def _with_skipped(self, state: int) -> int:
        """Return the places with those that follow a gap for any number of tokens."""
        while (more := state | (state & self._repeated) << 1) != state:
            state = more
        return state


class _Search:
    """The search for a sequence of tokens; a state is the number of its tokens that were just read.

    This is the automaton of Knuth, Morris and Pratt (1977), "Fast pattern matching in strings".

    Args:
        wanted: ids of the sequence, one or more.
        vocabulary_size: V.
    """

    def __init__(self, wanted: Sequence[int], vocabulary_size: int) -> None:
        self._wanted = tuple(wanted)
        distinct = sorted(set(wanted))
        self.classes: Classes = np.zeros(vocabulary_size, np.int64)  # 0: a token that does not occur in it
        self.classes[distinct] = np.arange(1, len(distinct) + 1)
        self._own = [int(self.classes[token]) for token in wanted]
        self._shorter = [0]  # after n tokens: how many of them are a beginning again
        for token in self._own[1:]:
            self._shorter.append(self._read(self._shorter[-1], token))

    def _read(self, found: int, token_class: int) -> int:
        """Return the number of tokens of the sequence that stand at the end after one more token."""
        while found and self._own[found] != token_class:
            found = self._shorter[found - 1]
        return found + (self._own[found] == token_class)


class Contains(_Search):
    """A sequence of tokens occurs somewhere."""

    name, ends, start = "must", False, 0

    def after(self, state: int, token_class: int) -> int:
        """Return the state after a token of a class; once the sequence was found, it stays found."""
        return state if self.accepts(state) else self._read(state, token_class)

    def accepts(self, state: int) -> bool:
        """Return whether the sequence was found."""
        return state == len(self._wanted)


class Avoids(_Search):
    """A sequence of tokens occurs nowhere."""

    name, ends, start = "avoid", False, 0

    def after(self, state: int, token_class: int) -> int | None:
        """Return the state after a token of a class; None if the sequence would be complete."""
        found = self._read(state, token_class)
        return None if found == len(self._wanted) else found

    def accepts(self, state: int) -> bool:
        """Return True: the sequence has not occurred."""
        del state
        return True


class EndsBeforeStop(Avoids):
    """A sample does not have its stop token, so that nothing is planned that needs it."""

    name = "stop"


class Anything:
    """Every text is allowed.

    Args:
        vocabulary_size: V.
    """

    name, ends, start = "length", False, 0

    def __init__(self, vocabulary_size: int) -> None:
        self.classes: Classes = np.zeros(vocabulary_size, np.int64)

    def after(self, state: int, token_class: int) -> int:
        """Return the only state."""
        del token_class
        return state

    def accepts(self, state: int) -> bool:
        """Return True."""
        del state
        return True


class EndsOn:
    """The last token is a given one.

    Args:
        token: its id.
        vocabulary_size: V.
    """

    name, ends, start = "end_on", False, 0

    def __init__(self, token: int, vocabulary_size: int) -> None:
        self.classes: Classes = (np.arange(vocabulary_size) == token).astype(np.int64)

    def after(self, state: int, token_class: int) -> int:
        """Return 1 after the token, else 0."""
        del state
        return token_class

    def accepts(self, state: int) -> bool:
        """Return whether the last token was the given one."""
        return state == 1
