"""A regular expression as a constraint on the whole text.

The library outlines-core turns the expression into an automaton over the characters of the vocabulary. It
takes the syntax of Rust's `regex` without what no finite automaton can do, such as `\\1` or `(?=…)`.
"""

import threading
from collections.abc import Sequence

import numpy as np

from rnnlab.errors import Argument, UsageError
from rnnlab.generation.constraints.automaton import Classes

END = "\U0010ffff"
"""Stands after the text while the automaton is built. The library loses transitions out of a state in which
a match is complete and a longer one is possible, as after `ab` in `(ab){1,9}`; with an end, none is complete.
"""

SECONDS = 5.0
"""An automaton that takes longer is refused: its size can grow exponentially with the expression."""


class Matches:
    """The whole text matches a regular expression.

    Args:
        pattern: the expression.
        characters: the characters that may occur, V; None for a token that may not.

    Raises:
        UsageError: the expression is wrong, too large, or cannot be written with these characters.
    """

    name, ends = "match", True

    def __init__(self, pattern: str, characters: Sequence[str | None]) -> None:
        following, accepting, self.start = _automaton(pattern, characters)
        self._accepting = accepting
        states = sorted({*following, *(after for ids in following.values() for after in ids.values())})
        numbers = {state: number for number, state in enumerate(states)}
        table = np.full((len(states), len(characters)), -1, np.int64)  # (S, V)
        for state, ids in following.items():
            for token, after in ids.items():
                if token < len(characters):  # the ends are left out
                    table[numbers[state], token] = after
        columns, classes = np.unique(table, axis=1, return_inverse=True)  # (S, C), (V,)
        self.classes: Classes = classes.reshape(-1).astype(np.int64)
        self._following = {state: columns[numbers[state]].tolist() for state in states}

    def after(self, state: int, token_class: int) -> int | None:
        """Return the state after a character; None if no match begins so."""
        after: int = self._following[state][token_class]
        return None if after < 0 else after

    def accepts(self, state: int) -> bool:
        """Return whether the text matches."""
        return state in self._accepting


def _automaton(
    pattern: str, characters: Sequence[str | None]
) -> tuple[dict[int, dict[int, int]], set[int], int]:
    """Return the state after each token id in each state, the accepting states, and the first state."""
    from outlines_core import Index, Vocabulary  # noqa: PLC0415 (only regular expressions need it)

    ids = {character: [number] for number, character in enumerate(characters) if character is not None}
    end = len(characters)
    found: list[Index] = []
    problems: list[Exception] = []

    def build() -> None:
        try:
            Index(pattern, Vocabulary(end, ids))  # a mistake is found here, without the parentheses below
            found.append(Index(f"(?:{pattern}){END}", Vocabulary(end + 1, {**ids, END: [end]})))
        except (ValueError, OverflowError) as error:
            problems.append(error)

    builder = threading.Thread(target=build, daemon=True)
    builder.start()
    builder.join(SECONDS)
    if problems:
        raise UsageError(Argument("match"), f": {_meant(pattern, characters, str(problems[0]))}")
    if not found:
        raise UsageError(
            Argument("match"),
            f": {pattern[:60]!r} needs too large an automaton; use fewer counted repetitions such as {{100}}",
        )
    following, final = found[0].get_transitions(), found[0].get_final_states()
    accepting = {state for state, after in following.items() if after.get(end) in final}
    return following, accepting, found[0].get_initial_state()


def _meant(pattern: str, characters: Sequence[str | None], problem: str) -> str:
    """Return what is wrong with a regular expression, and the remedy.

    Args:
        pattern: the expression.
        characters: the characters that may occur.
        problem: the message of the library.
    """
    if "incompatible with the regex" in problem:
        lacking = next((each for each in pattern if each.isalnum() and each not in characters), None)
        lack = "" if lacking is None else f" (they lack {lacking!r})"
        return f"no text in the model's characters matches {pattern[:60]!r}{lack}; use characters that it has"
    if "anchored" in problem:
        return f"{pattern[:60]!r}: leave ^ and $ out, since the whole text is matched"
    if "word boundaries" in problem:
        return f"{pattern[:60]!r}: \\b is not supported; write the characters around the word"
    return (
        f"{pattern[:60]!r} is no regular expression that an automaton can follow; look-around and"
        " back-references are not supported, and parentheses must be closed"
    )
