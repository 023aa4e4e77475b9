"""The symbols of a line of music in ABC: the pattern that splits a line, and the values of its symbols."""

import re
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.abc.voice import Head

_LENGTH = r"(?:[0-9]*(?:/+[0-9]*)?)"
NOTE = rf"(?P<sign>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>{_LENGTH})"
_NUMBERS = r"[0-9]+(?:[,-][0-9]+)*\.?"
SYMBOL = re.compile(
    rf"""
      (?P<space>[\s`\\]+)
    | (?P<inline_field>\[\s*[A-Za-z]:[^\]]*\])
    | (?P<bar>(?:\[\||\.?:*\||::)[|:\]]*(?:\s*\[?\s*{_NUMBERS})?|\[\s*{_NUMBERS})
    | (?P<tuplet>\((?P<p>[0-9]+)(?::(?P<q>[0-9]*)(?::(?P<r>[0-9]*))?)?)
    | (?P<text>"[^"]*")
    | (?P<decoration>![^\s|!"]+!|\+(?P<word>[^\s|+"]+)\+)
    | (?P<note>{NOTE})
    | (?P<rest>[zx](?P<rest_length>{_LENGTH}))
    | (?P<bars>[ZX](?P<bar_count>[0-9]*))
    | (?P<spacer>y{_LENGTH})
    | (?P<grace>\{{[^}}]*\}})
    | (?P<broken><+|>+)
    | (?P<tie>\.?-)
    | (?P<overlay>\(&|&\)|&+)
    | (?P<slur>\.?\(|\))
    | (?P<mark>[.~H-Wh-w])
    | (?P<chord>\[(?P<inside>[^\]|]*)\](?P<chord_length>{_LENGTH}))
    | (?P<ignored>[$*;?@])
    """,
    re.VERBOSE,
)
_INSIDE = re.compile(
    rf'(?P<skipped>\s+|"[^"]*"|![^\s|!"]+!|[.~H-Wh-w()])|{NOTE}(?P<tied>\.?-)?(?P<slurs>\)*)'
)
_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
PLUS_DECORATIONS = frozenset(
    "trill lowermordent uppermordent mordent pralltriller roll turn turnx invertedturn invertedturnx arpeggio"
    " accent emphasis fermata invertedfermata tenuto upbow downbow open thumb snap slide plus wedge"
    " shortphrase mediumphrase longphrase p pp ppp pppp f ff fff ffff mp mf sfz segno coda D.S. D.C."
    " dacoda dacapo fine breath crescendo( crescendo) diminuendo( diminuendo) <( <) >( >) trill( trill)"
    " staccato marcato 0 1 2 3 4 5".split()
)
"""Decorations that may stand between plus signs; older programs write chords between plus signs too."""


def length_of(text: str) -> Fraction:
    """Return the factor of a length: `3` is 3, `/` is 1/2, `//` is 1/4, `3/2` is 3/2, and no text is 1.

    Raises:
        DataError: the text is no length, or the length is 0.
    """
    number, slashes, divisor = re.fullmatch(r"([0-9]*)(/*)([0-9]*)", text).groups()  # type: ignore[union-attr]
    if (len(slashes) > 1 and divisor) or len(number) > 4 or len(divisor) > 4:
        raise DataError(f"expected a length such as 2, /2 or 3/2, received {text[:40]!r}")
    below = int(divisor) if divisor else 2 ** len(slashes)
    if not below or (number and not int(number)) or len(slashes) > 8:
        raise DataError(f"expected a length above 0, received {text[:40]!r}")
    return Fraction(int(number or 1), below)


def pitch_head(match: re.Match[str], *, tied: bool = False) -> Head:
    """Return the written pitch of a note; a lower-case letter is an octave above an upper-case letter."""
    letter, marks = match["letter"], match["octave"]
    octave = marks.count("'") - marks.count(",") + letter.islower()
    sign = match["sign"]
    return Head(letter.lower(), octave, None if sign is None else _ACCIDENTALS[sign], tied)


def chord_of(inside: str) -> tuple[list[Head], Fraction]:
    """Return the pitches of the text in the brackets of a chord, and the length factor of the first note.

    Raises:
        DataError: the text has something else than notes and their signs, or no note.
    """
    heads, first, position = [], None, 0
    while position < len(inside):
        match = _INSIDE.match(inside, position)
        if match is None:
            raise DataError(f"expected notes in a chord, received {inside[position : position + 40]!r}")
        if match["letter"]:
            first = first or length_of(match["length"])
            heads.append(pitch_head(match, tied=bool(match["tied"])))
        position = match.end()
    if first is None:
        raise DataError("expected notes in a chord, received none")
    return heads, first


def mistake_at(text: str, position: int) -> str | None:
    """Return the message on a character that begins no symbol; None for `!` as a line break (old ABC)."""
    character, rest = text[position], text[position + 1 :]
    if character == "!" and (rest[:1].isspace() or "|" in rest.partition("!")[0] or "!" not in rest):
        return None
    expected, received = "a note or another symbol of ABC", repr(text[position : position + 10])
    if character in "^_=":
        after = rest.lstrip("^_=")[:1]
        expected = "a note after the accidental"
        received = repr(after) if after else "the end of the line"
        if after == "/" or after.isdigit():
            received = "a quarter tone, which is not supported"
    elif end := {'"': "a closing quotation mark", "[": "]", "{": "}"}.get(character):
        expected, received = f"{end} on the same line", "none"
    elif character == "#":
        expected, received = "a note", "'#'; a sharp is written before the note, as in ^F"
    return f"expected {expected}, received {received}"
