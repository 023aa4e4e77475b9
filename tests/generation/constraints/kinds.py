"""Every kind of constraint over five tokens, beside a predicate that says the same in plain Python.

The tokens 0 to 4 are the notes c8 c4 d4 c4~ cis8, and in text the characters a to e.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rnnlab.generation.constraints import music
from rnnlab.generation.constraints.automaton import Automaton
from rnnlab.generation.constraints.patterns import (
    ANY_NUMBER,
    GAP,
    Anything,
    Avoids,
    Contains,
    EndsOn,
    Template,
)
from rnnlab.generation.constraints.regular import Matches
from rnnlab.music.meter import parse_key_signature
from rnnlab.music.notation import parse_token

V = 5
LETTERS = "abcde"
NOTES = [parse_token(token) for token in "c8 c4 d4 c4~ cis8".split()]
LENGTHS = (1, 2, 2, 2, 1)  # eighths
TIED = 3

Predicate = Callable[[tuple[int, ...]], bool]


@dataclass(frozen=True)
class Kind:
    """A constraint twice: as an automaton, and as a predicate on whole sequences of ids."""

    automaton: Automaton
    satisfies: Predicate


def spelled(ids: Sequence[int]) -> str:
    """The ids as letters."""
    return "".join(LETTERS[token] for token in ids)


def has_shape(shape: Sequence[int], ids: Sequence[int]) -> bool:
    """Whether the ids fit a template, as a regular expression of Python."""
    signs = {GAP: ".", ANY_NUMBER: ".*"}
    pattern = "".join(signs.get(place, chr(ord("a") + max(place, 0))) for place in shape)
    return re.fullmatch(pattern, "".join(chr(ord("a") + token) for token in ids)) is not None


def fills_bars(ids: Sequence[int], bars: int, bar: int) -> bool:
    """Whether notes fill bars of so many eighths, and none passes a bar line."""
    begin = 0
    for token in ids:
        end = begin + LENGTHS[token]
        if begin // bar != (end - 1) // bar:
            return False
        begin = end
    return begin == bars * bar and ids[-1] != TIED


def _template(*shape: int, name: str = "template") -> Kind:
    return Kind(Template(shape, V, name=name), lambda ids: has_shape(shape, ids))


def _matches(pattern: str) -> Kind:
    return Kind(Matches(pattern, LETTERS), lambda ids: re.fullmatch(pattern, spelled(ids)) is not None)


def _bars(bars: int, bar: int) -> Kind:
    return Kind(music.Bars(NOTES, bars, Fraction(bar, 8)), lambda ids: fills_bars(ids, bars, bar))


KINDS = {
    "template": _template(0, GAP, GAP, 2),
    "open template": _template(ANY_NUMBER, 1, GAP, ANY_NUMBER, 2),
    "vary": _template(1, GAP, 1, GAP, name="vary"),
    "must": Kind(Contains([1, 2, 1], V), lambda ids: "bcb" in spelled(ids)),
    "avoid": Kind(Avoids([0, 0], V), lambda ids: "aa" not in spelled(ids)),
    "avoid one": Kind(Avoids([3], V), lambda ids: 3 not in ids),
    "end_on": Kind(EndsOn(2, V), lambda ids: ids[-1:] == (2,)),
    "match": _matches("(ab|c)*[de]?b*"),
    "finite match": _matches("[ab]?(cb){1,2}c?"),
    "length": Kind(Anything(V), lambda ids: True),
    "key": Kind(music.in_key(NOTES, parse_key_signature("c major"), 0), lambda ids: 4 not in ids),
    "range": Kind(music.in_range(NOTES, 60, 61), lambda ids: 2 not in ids),
    "bars": _bars(2, 2),
    "long bars": _bars(1, 6),
    "rhythm": Kind(
        music.with_rhythm(NOTES, music.parse_rhythm("8 4 | 4 8")),
        lambda ids: len(ids) == 4 and all(ids[k] in {0, 4} for k in (0, 3)) and {*ids[1:3]} <= {1, 2},
    ),
    "pitches_of": Kind(
        music.with_pitches(NOTES, [*map(parse_token, "c2 d8 c2~ c8".split())]),
        lambda ids: len(ids) == 3 and ids[0] in {0, 1} and ids[1] == 2 and ids[2] in {0, 1},
    ),
}
