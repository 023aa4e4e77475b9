r"""Notes as tokens: the body of a LilyPond `\fixed c' { … }` block with a duration on every note.

    g8 e8 e4 f8      pitch, then duration: an eighth, an eighth, a quarter, an eighth
    cis4 bes8        sharps -is, flats -es            c'8 b,4     octaves up and down
    r4               a rest                           g4. g4~     a dot, a tie
    <c e g>4         a chord                          c8*2/3      a note of a triplet
    | % %{ %}        bar checks and comments are dropped; white space and U+0003 are free

`c4` is a quarter note on middle C (MIDI 60): the number is a duration, not the octave of scientific
pitch, where C4 is middle C itself and `c'4` would be C5.

Equal events have one spelling: `es8` is `ees8`, `c8*4/6` is `c8*2/3`, `<g c>4` is `<c g>4`, `<c>4` is `c4`.
Enharmonics (`cis4`, `des4`) are two notes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from rnnlab.errors import DataError
from rnnlab.music.duration import parse_duration, spell_duration
from rnnlab.music.mistakes import mistake_in_name, mistake_in_word
from rnnlab.music.pitch import Pitch, is_pitch_name, parse_pitch

_HEAD = r"(?:<(?P<chord>[^<>%]*)>|(?P<name>[^\W\d_]+[#♯♭]*)(?P<octave>[',]*))"
_NOTE = re.compile(_HEAD + r"(?P<duration>[0-9]+\.*(?:\*[0-9]+(?:/[0-9]+)?)*)?(?P<tie>\s*~)?")
_COMMENT = r"(?P<comment>%\{.*?%\}|%(?!\{)[^\n]*)"
_LEXER = re.compile(rf"(?P<skipped>[\s|\x03]+|{_COMMENT})|(?P<word>{_NOTE.pattern}|\S[^\s|\x03]*)", re.DOTALL)


@dataclass(frozen=True)
class Note:
    """One event of a melody.

    Attributes:
        pitches: low to high, without doubles; one for a note, several for a chord, none for a rest.
        duration: fraction of a whole note, above 0.
        tied: whether it sounds on into the next event.
    """

    pitches: tuple[Pitch, ...]
    duration: Fraction
    tied: bool = False


def parse_notes(text: str, *, name: str = "notes", boundary: str | None = None) -> list[str]:
    """The canonical token of each event of a text, in order.

    Args:
        text: note text; bar checks and comments may stand between notes.
        name: what error messages call the text: a file, or `seed`.
        boundary: `\\n` or U+0003, which is a token too where it stands between two notes; None for neither.

    Raises:
        DataError: `name:line:column:` and what is wrong with the first text that is not a note.
    """
    spelled: dict[str, str] = {}
    tokens = []
    for match in _words(text, boundary):
        word = match.group()
        if boundary and match.lastgroup == "skipped":
            tokens.append(boundary)
            continue
        if word not in spelled:
            try:
                spelled[word] = canonical(word)
            except DataError as error:
                raise DataError(f"{name}:{_place(text, match)}: {error}") from None
        tokens.append(spelled[word])
    return tokens


def place_of_note(text: str, index: int, *, boundary: str | None = None) -> str:
    """`line:column`, each from 1, of the token of that index in a text that `parse_notes` reads."""
    return _place(text, next(islice(_words(text, boundary), index, None)))


def with_notes(text: str, tokens: Iterable[str]) -> str:
    """The text with other notes in the places of its own, and everything else, as comments, where it was.

    Args:
        text: note text that `parse_notes` reads.
        tokens: as many as it has notes.
    """
    pieces, end = [], 0
    for match, token in zip(_words(text, None), tokens, strict=True):
        pieces += [text[end : match.start()], token]
        end = match.end()
    return "".join([*pieces, text[end:]])


def parse_token(token: str) -> Note:
    """The note that one token spells.

    Raises:
        DataError: what is wrong with the token, and what may have been meant.
    """
    match = _NOTE.fullmatch(token)
    if match is None:
        raise DataError(f"{token[:40]!r}: {mistake_in_word(token)}")
    try:
        pitches = _pitches(match)
        if match["duration"] is None:
            raise DataError(
                f"its duration is missing; write it on every note, as in {token.rstrip(' ~') + '4'!r}"
            )
        if match["tie"] and not pitches:
            raise DataError("a rest cannot be tied; leave out the '~'")
        return Note(pitches, parse_duration(match["duration"]), tied=bool(match["tie"]))
    except DataError as error:
        raise DataError(f"{token[:40]!r}: {error}") from None


def spell(note: Note) -> str:
    """The one token of a note."""
    names = " ".join(map(str, note.pitches)) or "r"
    head = f"<{names}>" if len(note.pitches) > 1 else names
    return head + spell_duration(note.duration) + "~" * note.tied


def canonical(token: str) -> str:
    """The one spelling of the event that a token spells.

    Raises:
        DataError: the token is not a note.
    """
    return spell(parse_token(token))


def sorting_key(token: str) -> tuple[object, ...]:
    """What orders a vocabulary: the longest first; among equals rests, then notes from low to high."""
    note = parse_token(token)
    return -note.duration, tuple(pitch.height for pitch in note.pitches), note.tied


def pitch_and_duration(token: str) -> tuple[float | None, float]:
    """The MIDI number of a token's highest pitch (None for a rest), and its duration in quarter notes."""
    note = parse_token(token)
    highest = float(note.pitches[-1].midi) if note.pitches else None
    return highest, float(4 * note.duration)


def _words(text: str, boundary: str | None) -> Iterator[re.Match[str]]:
    """What stands between white space, bar checks and comments; `c4d4` is two words.

    Also what holds the boundary, if there is one; a comment of several lines holds none.
    """
    for match in _LEXER.finditer(text):
        is_boundary = boundary and boundary in match.group() and not match["comment"]
        if match.lastgroup == "word" or is_boundary:
            yield match


def _place(text: str, match: re.Match[str]) -> str:
    start = match.start()
    return f"{text.count(chr(10), 0, start) + 1}:{start - text.rfind(chr(10), 0, start)}"


def _pitches(match: re.Match[str]) -> tuple[Pitch, ...]:
    """The pitches of a note, chord or rest, low to high, without doubles."""
    if match["chord"] is not None:
        return _chord(match["chord"].split())
    name, octave = match["name"], match["octave"]
    if name == "r" and not octave:
        return ()
    if is_pitch_name(name):
        return (parse_pitch(name + octave),)
    reason, meant = mistake_in_name(name)
    raise DataError(f"{reason}; did you mean {match.group().replace(name, meant, 1)!r}?" if meant else reason)


def _chord(names: list[str]) -> tuple[Pitch, ...]:
    if not names:
        raise DataError("a chord needs a pitch; a rest is written as in 'r4'")
    if any(character.isdigit() or character == "~" for character in "".join(names)):
        raise DataError("the duration and the tie of a chord stand after it, as in '<c e g>4~'")
    return tuple(sorted({parse_pitch(name) for name in names}, key=lambda pitch: pitch.height))
