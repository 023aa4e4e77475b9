r"""Note text: the body of a LilyPond `\fixed c' { … }` block, with a duration on every note.

A token is one event: a note, a chord or a rest.

    g8 e8 e4 f8      pitch, then duration: an eighth, an eighth, a quarter, an eighth
    cis4 bes8        sharps -is, flats -es            c'8 b,4     octaves up and down
    r4               a rest                           g4. g4~     a dot, a tie
    <c e g>4         a chord                          c8*2/3      a note of a triplet
    | % %{ %}        bar checks, comments, white space and U+0003 are skipped

Pitches have their Dutch names, LilyPond's default. `c4` is a quarter note on middle C (MIDI 60): the number
is the duration. In scientific pitch notation, C4 is middle C itself, and `c'4` would be C5.

Each event has one canonical spelling: `es8` is `ees8`, `c8*4/6` is `c8*2/3`, `<g c>4` is `<c g>4`, and
`<c>4` is `c4`. Enharmonics (`cis4`, `des4`) are two different notes. A duration is an exact fraction of a
whole note. It is spelled

    as a plain note with at most three dots, if one has this length     1/4 → 4    3/8 → 4.    7/4 → 1..
    else as the shortest plain note that is at least as long (or the
    whole note) times the remaining factor, in lowest terms             1/12 → 8*2/3    5/8 → 1*5/8    2 → 1*2

The first line is unambiguous: with n dots the numerator is 2ⁿ⁺¹ − 1, so no two plain or dotted notes are
equally long.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from rnnlab.errors import DataError

_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SUFFIXES = {-2: "eses", -1: "es", 0: "", 1: "is", 2: "isis"}
_ALTERATIONS = {suffix: alteration for alteration, suffix in _SUFFIXES.items()}
_NAMES = {
    **{letter + suffix: (letter, n) for letter in _SEMITONES for suffix, n in _ALTERATIONS.items()},
    "as": ("a", -1),
    "ases": ("a", -2),
    "es": ("e", -1),
    "eses": ("e", -2),
}
_KEYS = ("c", "cis", "d", "ees", "e", "f", "fis", "g", "gis", "a", "bes", "b")
_PITCH = re.compile(r"([^',]*)('*|,*)")

_HEAD = r"(?:<(?P<chord>[^<>%]*)>|(?P<name>[^\W\d_]+[#♯♭]*)(?P<octave>[',]*))"
_NOTE = re.compile(_HEAD + r"(?P<duration>[0-9]+\.*(?:\*[0-9]+(?:/[0-9]+)?)*)?(?P<tie>\s*~)?")
_COMMENT = r"(?P<comment>%\{.*?%\}|%(?!\{)[^\n]*)"
_LEXER = re.compile(rf"(?P<skipped>[\s|\x03]+|{_COMMENT})|(?P<word>{_NOTE.pattern}|\S[^\s|\x03]*)", re.DOTALL)

_MOST_DOTS = 3
_LARGEST_FACTOR = 9999
_PLAIN = {str(2**k): Fraction(1, 2**k) for k in range(8)}
_DOTTED = {
    length * (2 - Fraction(1, 2**dots)): base + "." * dots
    for base, length in _PLAIN.items()
    for dots in range(_MOST_DOTS + 1)
}
_DURATION = re.compile(r"([0-9]+)(\.*)((?:\*[0-9]+(?:/[0-9]+)?)*)")

_Replacement = str | Callable[[re.Match[str]], str]
_SOLMISATION = {"do": "c", "re": "d", "mi": "e", "fa": "f", "sol": "g", "la": "a", "si": "b", "ti": "b"}
_NAME_RULES: tuple[tuple[str, _Replacement, str], ...] = (
    (r"^[Rs]$", "r", "a rest is written 'r'"),
    (r"[A-Z]", lambda match: match.group().lower(), "in this notation pitches are lower case"),
    (
        r"^(do|re|mi|fa|sol|la|si|ti)(?=$|[#♯♭])",
        lambda match: _SOLMISATION[match.group()],
        "pitches are c d e f g a b",
    ),
    (r"^h", "b", "in this notation h is written 'b' (and the German b 'bes')"),
    (r"[#♯]", "is", "sharps are written 'is'"),
    (r"(?<=^[a-g])(b{1,2}|♭{1,2})$", lambda match: "es" * len(match.group()), "flats are written 'es'"),
)


@dataclass(frozen=True)
class Pitch:
    """A written pitch. Enharmonics (`cis`, `des`) are two pitches with the same sound.

    Attributes:
        letter: one of c d e f g a b.
        alteration: semitones, from −2 (double flat) to 2 (double sharp).
        octave: 0 is the octave that begins with middle C, 1 the one above.
    """

    letter: str
    alteration: int = 0
    octave: int = 0

    @property
    def midi(self) -> int:
        """The MIDI note number, 0..127; middle C is 60."""
        return 60 + 12 * self.octave + _SEMITONES[self.letter] + self.alteration

    @property
    def height(self) -> tuple[int, int]:
        """Sorting key of the pitch: first the sound, then the position on the staff."""
        return self.midi, 7 * self.octave + list(_SEMITONES).index(self.letter)

    def __str__(self) -> str:
        """The spelling of the pitch, such as `cis'`."""
        return self.letter + _SUFFIXES[self.alteration] + "'" * self.octave + "," * -self.octave


@dataclass(frozen=True)
class Note:
    """One event of a melody: a note, a chord or a rest.

    Attributes:
        pitches: from low to high, each once; one for a note, several for a chord, none for a rest.
        duration: length as a fraction of a whole note, above 0.
        tied: whether a tie `~` leads to the next event.
    """

    pitches: tuple[Pitch, ...]
    duration: Fraction
    tied: bool = False


def parse_notes(text: str, *, name: str = "notes", boundary: str | None = None) -> list[str]:
    """Return the canonical token of each event of a text, in order.

    Args:
        text: note text; bar checks and comments may stand between notes.
        name: the name of the text in messages: a file, or `seed`.
        boundary: `\\n` or U+0003. White space with this character, outside comments, then gives one token;
            None for no such tokens.

    Raises:
        DataError: a word is not a note; the message starts with `name:line:column:` of the first one.
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
    """Return `line:column`, both from 1, of the token with an index in a text that `parse_notes` reads."""
    return _place(text, next(islice(_words(text, boundary), index, None)))


def with_notes(text: str, tokens: Iterable[str]) -> str:
    """Return a text with its notes replaced one by one; comments and white space stay where they are.

    Args:
        text: note text that `parse_notes` reads.
        tokens: the new notes, as many as the text has.
    """
    pieces, end = [], 0
    for match, token in zip(_words(text, None), tokens, strict=True):
        pieces += [text[end : match.start()], token]
        end = match.end()
    return "".join([*pieces, text[end:]])


def parse_token(token: str) -> Note:
    """Return the event that one token spells.

    Raises:
        DataError: the token is not a note; the message says what is wrong, and what may have been meant.
    """
    match = _NOTE.fullmatch(token)
    if match is None:
        raise DataError(f"{token[:40]!r}: {_mistake_in_word(token)}")
    try:
        pitches = _pitches(match)
        if match["duration"] is None:
            raise DataError(
                f"the duration is missing; write one on every note, as in {token.rstrip(' ~') + '4'!r}"
            )
        if match["tie"] and not pitches:
            raise DataError("a rest cannot be tied; remove the '~'")
        return Note(pitches, parse_duration(match["duration"]), tied=bool(match["tie"]))
    except DataError as error:
        raise DataError(f"{token[:40]!r}: {error}") from None


def spell(note: Note) -> str:
    """Return the canonical token of an event.

    Raises:
        DataError: note text cannot spell the duration.
    """
    names = " ".join(map(str, note.pitches)) or "r"
    head = f"<{names}>" if len(note.pitches) > 1 else names
    return head + spell_duration(note.duration) + "~" * note.tied


def canonical(token: str) -> str:
    """Return the canonical spelling of a token.

    Raises:
        DataError: the token is not a note.
    """
    return spell(parse_token(token))


def sorting_key(token: str) -> tuple[object, ...]:
    """Return the sorting key of a token: long before short; of one length, rests first, then low to high."""
    note = parse_token(token)
    return -note.duration, tuple(pitch.height for pitch in note.pitches), note.tied


def pitch_and_duration(token: str) -> tuple[float | None, float]:
    """Return the MIDI number of a token's highest pitch (None: a rest) and its duration in quarter notes."""
    note = parse_token(token)
    highest = float(note.pitches[-1].midi) if note.pitches else None
    return highest, float(4 * note.duration)


def pitch_of(midi: int) -> Pitch:
    """Return the pitch of a MIDI number, 0..127; black keys are spelled cis, ees, fis, gis and bes."""
    octave, key = divmod(midi - 60, 12)
    return Pitch(*_NAMES[_KEYS[key]], octave=octave)


def is_pitch_name(name: str) -> bool:
    """Return whether a name such as `cis`, without octave marks, is the name of a pitch."""
    return name in _NAMES


def parse_pitch(text: str) -> Pitch:
    """Return the pitch that a text such as `es'` spells.

    Raises:
        DataError: there is no such name, the octave marks go both ways or stand before the name, or the pitch
            is outside MIDI's 0..127.
    """
    match = _PITCH.fullmatch(text)
    if match is None:
        raise DataError(
            "expected octave marks ' (up) or , (down) after the name, received both or a mark before it"
        )
    name, marks = match.groups()
    if name not in _NAMES:
        raise DataError(f"expected a pitch such as c, cis or bes, received {name!r}")
    pitch = Pitch(*_NAMES[name], octave=marks.count("'") - marks.count(","))
    if not 0 <= pitch.midi <= 127:
        raise DataError("expected a pitch that MIDI has, from c,,,,, to g'''''; write fewer octave marks")
    return pitch


def parse_duration(text: str) -> Fraction:
    """Return the length in whole notes that a text such as `8.*2/3` spells.

    Raises:
        DataError: the text is no duration, or its multiplier has numbers outside 1..9999.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise DataError(f"expected a duration such as 4, 8. or 8*2/3, received {text!r}")
    base, dots, factors = match.groups()
    if base not in _PLAIN:
        raise DataError(
            f"expected a duration of {', '.join(_PLAIN)}, received {base[:8]};"
            " a triplet is written as in 'c8*2/3'"
        )
    if len(dots) > _MOST_DOTS:
        raise DataError(f"expected at most {_MOST_DOTS} dots, received {len(dots)}")
    length = _PLAIN[base] * (2 - Fraction(1, 2 ** len(dots))) * _product(factors)
    _split(length)
    return length


def spell_duration(length: Fraction) -> str:
    """Return the canonical spelling of a length in whole notes.

    Raises:
        DataError: the factor of the length has a number above 9999.
    """
    if length in _DOTTED:
        return _DOTTED[length]
    base, factor = _split(length)
    return f"{base}*{factor}"


def _words(text: str, boundary: str | None) -> Iterator[re.Match[str]]:
    """Yield the words between white space, bar checks and comments (`c4d4` is two words), and the boundaries.

    A boundary inside a comment is skipped.
    """
    for match in _LEXER.finditer(text):
        is_boundary = boundary and boundary in match.group() and not match["comment"]
        if match.lastgroup == "word" or is_boundary:
            yield match


def _place(text: str, match: re.Match[str]) -> str:
    """Return `line:column` of a match, both from 1."""
    start = match.start()
    return f"{text.count(chr(10), 0, start) + 1}:{start - text.rfind(chr(10), 0, start)}"


def _pitches(match: re.Match[str]) -> tuple[Pitch, ...]:
    """Return the pitches of a note, chord or rest, from low to high, each once."""
    if match["chord"] is not None:
        return _chord(match["chord"].split())
    name, octave = match["name"], match["octave"]
    if name == "r" and not octave:
        return ()
    if is_pitch_name(name):
        return (parse_pitch(name + octave),)
    reason, meant = _mistake_in_name(name)
    raise DataError(f"{reason}; did you mean {match.group().replace(name, meant, 1)!r}?" if meant else reason)


def _chord(names: list[str]) -> tuple[Pitch, ...]:
    """Return the pitches of the names in a chord, from low to high, each once."""
    if not names:
        raise DataError("a chord needs a pitch; a rest is written as in 'r4'")
    if any(character.isdigit() or character == "~" for character in "".join(names)):
        raise DataError("the duration and the tie of a chord stand after it, as in '<c e g>4~'")
    return tuple(sorted({parse_pitch(name) for name in names}, key=lambda pitch: pitch.height))


def _product(factors: str) -> Fraction:
    """Return the product of multipliers such as `*2/3*4/5`."""
    product = Fraction(1)
    for factor in factors.split("*")[1:]:
        numbers = [int(number) if len(number) <= 4 else 0 for number in factor.split("/")]
        product *= Fraction(*numbers) if all(numbers) else _refused()
        _within_bounds(product)
    return product


def _split(length: Fraction) -> tuple[str, Fraction]:
    """Return the plain note and the factor that a length is written with."""
    base = next((base for base in reversed(_PLAIN) if _PLAIN[base] >= length), "1")
    return base, _within_bounds(length / _PLAIN[base])


def _within_bounds(factor: Fraction) -> Fraction:
    """Return a factor of a duration unchanged; refuse a factor with a number above 9999."""
    return factor if max(factor.numerator, factor.denominator) <= _LARGEST_FACTOR else _refused()


def _refused() -> Fraction:
    """Raise the DataError for a multiplier with a number outside 1..9999."""
    raise DataError(
        f"expected a multiplier with numbers from 1 to {_LARGEST_FACTOR} in lowest terms, as in '*2/3'"
    )


def _mistake_in_name(name: str) -> tuple[str, str | None]:
    """Return what is wrong with a pitch name such as `C#`, and the name that was meant; None if unclear."""
    reasons = []
    meant = name
    for pattern, replacement, reason in _NAME_RULES:
        corrected = re.sub(pattern, replacement, meant)
        if corrected != meant:
            reasons.append(reason)
        meant = corrected
    if reasons and (meant == "r" or is_pitch_name(meant)):
        return ", ".join(reasons), meant
    return "expected a pitch c d e f g a b, with is (sharp) or es (flat), or r for a rest", None


def _mistake_in_word(word: str) -> str:
    """Return what is wrong with a word that does not have the form of a note."""
    if word.startswith("\\"):
        return (
            "expected notes only, received a LilyPond command; remove the command, and write absolute octaves"
        )
    if word.startswith("%{"):
        return "the block comment is not closed; close it with '%}'"
    if word.startswith("<"):
        return "the chord is not closed; write it as in '<c e g>4'"
    if word.startswith(("{", "}")):
        return "expected a note, received a brace; write only the notes between the braces"
    if word[:1].isdigit():
        return "a duration stands after its pitch, as in 'g4'"
    return "expected a note such as 'g4', 'cis8.', 'r4' or '<c e g>4'"
