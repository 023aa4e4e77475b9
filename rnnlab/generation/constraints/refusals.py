"""Why nothing can satisfy the constraints, and what would: the error messages of impossible demands."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from rnnlab.errors import Argument, UsageError, count_of
from rnnlab.generation.constraints.automaton import Automaton, Conjunction
from rnnlab.generation.constraints.demands import Demands
from rnnlab.generation.constraints.lookahead import Table
from rnnlab.music.notation import spell_duration

SEARCHED = 100
"""So many tokens below and above the wished length, a possible length is looked for."""

Pairs = Sequence[tuple[Automaton, Any]]
"""Automata, each with its state after the seed."""


def refuse_seed(automaton: Automaton, token: str, place: int) -> UsageError:
    """Return the error for a seed that does not satisfy a constraint.

    Args:
        automaton: the constraint.
        token: the first token of the seed that the constraint does not allow.
        place: its place in the seed, from 0.
    """
    return UsageError(
        Argument(automaton.name),
        f": token {place + 1} of the seed, {token!r}, is not allowed there; the whole text must satisfy the"
        " constraint: give another ",
        Argument("seed"),
    )


def refuse_table(pairs: Pairs, demands: Demands) -> UsageError:
    """Return the error for constraints, one or more, that no text of any length satisfies."""
    for automaton, state in pairs:
        if not Table.of(automaton, state).useful[0]:
            return UsageError(Argument(automaton.name), f": {_reason(automaton, demands)}")
    return _conflict(pairs, [Table.of(*conjoined(pair)).useful[0] for pair in combinations(pairs, 2)])


def refuse_lengths(pairs: Pairs, table: Table, least: int, most: int) -> UsageError:
    """Return the error for constraints that no text of the wished lengths satisfies.

    Args:
        pairs: the constraints.
        table: the automaton of all of them.
        least: least number of tokens after the seed.
        most: most tokens after the seed.
    """
    possible = _possible_lengths(table, most + SEARCHED)
    wished = ("" if least == most else f"{least} to ") + count_of(most, "token")
    below, above = possible[possible < least], possible[possible > most]
    near = [*below[-1:].tolist(), *above[:1].tolist()]
    if near:
        remedy = f"the nearest possible length is {' or '.join(map(str, near))}"
    else:
        remedy = f"the shortest such text has {count_of(table.shortest or 0, 'token')} after the seed"
    names = [automaton.name for automaton, _ in pairs]
    return UsageError(*_listed(names), f": no text of {wished} after the seed satisfies this; {remedy}")


def conjoined(pairs: Pairs) -> tuple[Conjunction, Any]:
    """Return the automaton of several constraints together, and its state."""
    return Conjunction([automaton for automaton, _ in pairs]), tuple(state for _, state in pairs)


def _conflict(pairs: Pairs, possible: Sequence[bool]) -> UsageError:
    """Return the error for constraints that can be satisfied one by one, but not together.

    Args:
        pairs: the constraints.
        possible: whether each two of them can be satisfied together.
    """
    chosen = [pair for pair, works in zip(combinations(pairs, 2), possible, strict=True) if not works]
    names = [automaton.name for automaton, _ in (chosen[0] if chosen else pairs)]
    return UsageError(
        *_listed(names),
        ": no text satisfies all of these together, though each alone can be satisfied; loosen one, or leave"
        " it out",
    )


def _listed(names: Sequence[str]) -> list[Argument | str]:
    """Return the names of settings as parts of a message, with commas and an `and`."""
    parts: list[Argument | str] = []
    distinct = list(dict.fromkeys(names))
    for number, name in enumerate(distinct):
        if number:
            parts.append(" and " if number == len(distinct) - 1 else ", ")
        parts.append(Argument(name))
    return parts


def _reason(automaton: Automaton, demands: Demands) -> str:
    """Return why no text satisfies one constraint, and what would make it possible."""
    notes = demands.notes
    if automaton.name == "bars":
        lengths = sorted({note.duration for note in notes if note is not None}, reverse=True)
        listed = " ".join(map(spell_duration, lengths[:12]))
        return (
            f"the note lengths of the vocabulary ({listed}) do not fill bars of {demands.bar_text} without"
            " passing a bar line; give another meter, or a number of bars that they fill"
        )
    if automaton.name == "pitches":
        return "the vocabulary lacks a pitch of this melody; use a melody of notes that the model knows"
    if automaton.name in {"key", "range"}:
        return "no note of the vocabulary is allowed"
    return "no text of the model's vocabulary satisfies this after the seed; loosen it, or give another seed"


def _possible_lengths(table: Table, most: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the numbers of tokens, up to `most`, at which an accepting state can be reached."""
    reached, possible = np.arange(len(table.accepting)) == 0, []
    for length in range(most + 1):
        if (reached & table.accepting).any():
            possible.append(length)
        reached = table.step(reached)
    return np.array(possible, np.int64)
