"""The lines of one tune in ABC, read from left to right into its voices.

The rules are those of the ABC standard 2.1, sections 3 to 7. Repeats, endings and parts are read as they are
written, and not played out. Decorations, chord symbols, lyrics and slurs say nothing about pitch and length:
they are passed over.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.abc.fields import (
    Key,
    default_unit,
    read_key,
    read_meter,
    read_properties,
    read_tempo,
    read_unit,
)
from rnnlab.music.abc.voice import Head, State, Voice, left_out
from rnnlab.music.meter import Meter
from rnnlab.music.reading import Reading
from rnnlab.music.tune import Tune

_LENGTH = r"(?:[0-9]*(?:/+[0-9]*)?)"
_NOTE = rf"(?P<sign>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>{_LENGTH})"
_NUMBERS = r"[0-9]+(?:[,-][0-9]+)*\.?"
_TOKEN = re.compile(
    rf"""
      (?P<space>[\s`\\]+)
    | (?P<inline_field>\[\s*[A-Za-z]:[^\]]*\])
    | (?P<bar>(?:\[\||\.?:*\||::)[|:\]]*(?:\s*\[?\s*{_NUMBERS})?|\[\s*{_NUMBERS})
    | (?P<tuplet>\((?P<p>[0-9]+)(?::(?P<q>[0-9]*)(?::(?P<r>[0-9]*))?)?)
    | (?P<text>"[^"]*")
    | (?P<decoration>![^\s|!"]+!|\+(?P<word>[^\s|+"]+)\+)
    | (?P<note>{_NOTE})
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
    rf'(?P<skipped>\s+|"[^"]*"|![^\s|!"]+!|[.~H-Wh-w()])|{_NOTE}(?P<tied>\.?-)?(?P<slurs>\)*)'
)
_FIELD = re.compile(r"\s*(?P<letter>[A-Za-z]):(?![|:])(?P<text>.*)")
_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_PLUS_DECORATIONS = frozenset(
    "trill lowermordent uppermordent mordent pralltriller roll turn turnx invertedturn invertedturnx arpeggio"
    " accent emphasis fermata invertedfermata tenuto upbow downbow open thumb snap slide plus wedge"
    " shortphrase mediumphrase longphrase p pp ppp pppp f ff fff ffff mp mf sfz segno coda D.S. D.C."
    " dacoda dacapo fine breath crescendo( crescendo) diminuendo( diminuendo) <( <) >( >) trill( trill)"
    " staccato marcato 0 1 2 3 4 5".split()
)
"""Decorations between plus signs; older programs write chords so."""

_NOT_SUPPORTED = {
    "m": "macros (m:) are not supported; write the notes that they stand for",
}


@dataclass(frozen=True)
class Line:
    """A line of a file, from 1, without its comment."""

    number: int
    text: str


class TuneReader:
    """Reads the lines of a tune, one after another, and then gives the tune."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._state = State(Key(), None, Fraction(1, 8))
        self._unit: Fraction | None = None
        self._meter: Meter | None = None
        self._key = Key()
        self._tempo: tuple[str, str] | None = None  # place and text of the first Q:
        self._place = ""  # `line:column` of what is read
        self._remarks: list[str] = []
        self._later = {"later tempi": 0, "later meters": 0, "later keys": 0}
        self._definitions: dict[str, str] = {}
        self._voices: dict[str, Voice] = {}
        self._voice: Voice | None = None  # the one that music belongs to
        self._main: Voice | None = None  # the same, while an overlay is read
        self._in_body = False
        self._marks: dict[str, bool] = {}  # letter of U: → whether it is a symbol

    def read(self, line: Line) -> None:
        """Read a line.

        Raises:
            DataError: `line:column: ` and what is wrong.
        """
        if line.text.lstrip().startswith("%%"):
            self._told(line, line.text.index("%"), self._instruction, line.text.lstrip()[2:])
        elif match := _FIELD.match(line.text):
            self._told(line, match.start("text"), self._field, match["letter"], match["text"])
        elif re.match(r"\s*\+:", line.text) or not line.text.strip():
            return  # a field that goes on holds no music
        elif self._in_body:
            self._music(line)
        else:
            self._remarks.append(f"line {line.number} of the header is no field: left out")

    def tune(self, name: str, *, end: int, remarks: tuple[str, ...]) -> Tune:
        """Return the tune that was read.

        Args:
            name: what messages call the tune.
            end: number of its last line.
            remarks: what is known of the tune besides.

        Raises:
            DataError: `line:column: ` and what lacks.
        """
        if not self._in_body:
            raise DataError(f"{end}:1: expected a key (K:) at the end of the tune's header, received none")
        place = f"{end}:1"
        for voice in self._voices.values():
            if lack := voice.lack():
                raise DataError(f"{lack[0] or place}: {lack[1]}")
        sounding = [voice for voice in self._voices.values() if not voice.is_empty]
        chosen = self._chosen(sounding, place)
        try:
            notes = chosen.notes(self._reading.polyphony or "highest")
        except DataError as error:
            raise DataError(f"{place}: {error}") from None
        if not any(note.pitches for note in notes):
            raise DataError(f"{place}: expected notes, received none")
        if len(sounding) > 1:
            number = sounding.index(chosen) + 1
            names = ", ".join(voice.name for voice in sounding)
            remarks = (f"voice {number} of {len(sounding)} is read ({names})", *remarks)
        later = {kind: count for kind, count in self._later.items() if count}
        return Tune(
            name,
            notes,
            tempo=self._read_tempo(),
            meter=self._meter,
            key=self._key.signature,
            pickup=chosen.pickup,
            left_out={**left_out(sounding, chosen), **later},
            remarks=(*remarks, *self._remarks),
        )

    def _chosen(self, voices: list[Voice], place: str) -> Voice:
        """Return the voice that `reading` chooses: by its name or its number from 1; else the first."""
        if not voices:
            raise DataError(f"{place}: expected notes, received none")
        wanted = self._reading.voice or str(self._reading.track or 1)
        for voice in voices:
            if self._reading.voice == voice.name:
                return voice
        if wanted.isdecimal() and 1 <= int(wanted) <= len(voices):
            return voices[int(wanted) - 1]
        there = ", ".join(f"{number} (V:{voice.name})" for number, voice in enumerate(voices, 1))
        raise DataError(f"{place}: expected a voice of {there}, received {wanted!r}")

    def _read_tempo(self) -> float | None:
        """Return the tempo of the first `Q:`, whose unit the header may say after it."""
        if self._tempo is None:
            return None
        place, text = self._tempo
        try:
            return read_tempo(text, self._unit or default_unit(self._meter))
        except DataError as error:
            raise DataError(f"{place}: {error}") from None

    def _told(self, line: Line, column: int, read: Callable[..., None], *arguments: object) -> None:
        """Read something of a line; an error says where it stands."""
        self._place = f"{line.number}:{column + 1}"
        try:
            read(*arguments)
        except DataError as error:
            raise DataError(f"{self._place}: {error}") from None

    def _instruction(self, text: str) -> None:
        """Follow an instruction that changes pitches; pass over one of layout."""
        name, _, value = text.strip().partition(" ")
        if name == "MIDI" and re.match(r"\s*r?transpose\b", value):
            raise DataError("%%MIDI transpose is not supported; write transpose= after the key")
        if name == "propagate-accidentals":
            if value.strip() not in {"not", "octave", "pitch"}:
                raise DataError(
                    f"propagate-accidentals: expected not, octave or pitch, received {value.strip()[:40]!r}"
                )
            for state in self._states():
                state.propagation = value.strip()  # type: ignore[assignment]

    def _states(self) -> list[State]:
        """States that a field changes: the voice's own in the body, else those of all voices."""
        if self._voice is not None:
            return [self._voice.state]
        return [self._state, *(voice.state for voice in self._voices.values())]

    def _field(self, letter: str, text: str) -> None:
        """Follow a field."""
        text = re.sub(r"(?<!\\)%.*", "", text).strip()
        if letter in _NOT_SUPPORTED:
            raise DataError(_NOT_SUPPORTED[letter])
        if letter == "M":
            self._set_meter(read_meter(text))
        elif letter == "L":
            unit = read_unit(text)
            self._unit = self._unit or unit
            for state in self._states():
                state.unit = unit
        elif letter == "K":
            self._set_key(text)
        elif letter == "Q":
            self._set_tempo(text)
        elif letter == "V":
            self._set_voice(text)
        elif letter == "U":
            self._define_symbol(text)
        elif letter == "I":
            self._instruction(text)

    def _set_meter(self, meter: Meter | None) -> None:
        if not self._in_body:
            self._meter = meter
        elif any(state.meter != meter for state in self._states()):
            if all(voice.is_empty for voice in self._voices.values()):
                self._meter = meter
            else:
                self._later["later meters"] += 1
        for state in self._states():
            state.meter = meter

    def _set_key(self, text: str) -> None:
        key = read_key(text)
        if not self._in_body:
            self._in_body, self._key = True, key
            self._state.unit = self._unit or default_unit(self._meter)
            self._state.key = key
            self._state.transposition = read_properties(key.properties, self._state.transposition)
            for name, properties in self._definitions.items():
                self._add_voice(name, properties)
            return
        if not text.strip() or (key.properties and not text.split(key.properties, maxsplit=1)[0].strip()):
            key = replace(self._states()[0].key, properties=key.properties)  # a clef alone keeps the key
        for state in self._states():
            if dict(key.alterations) != dict(state.key.alterations) and self._voices:
                self._later["later keys"] += any(not voice.is_empty for voice in self._voices.values())
            state.transposition = read_properties(key.properties, state.transposition)
            state.key = key
        if self._voice is not None:
            self._voice.set_key(key)

    def _set_tempo(self, text: str) -> None:
        if self._tempo is None:
            self._tempo = (self._place, text)
        elif text != self._tempo[1]:
            self._later["later tempi"] += 1

    def _set_voice(self, text: str) -> None:
        """Define a voice in the header; go to it, and define it if it is new, in the body."""
        name, _, properties = text.partition(" ")
        if not name:
            raise DataError("expected the name of a voice, such as V:1, received none")
        if not self._in_body:
            self._definitions[name] = properties
            return
        self._end_overlay()
        if name not in self._voices:
            self._add_voice(name, properties)
        elif properties:
            state = self._voices[name].state
            state.transposition = read_properties(properties, state.transposition)
        self._voice = self._voices[name]

    def _add_voice(self, name: str, properties: str) -> None:
        voice = Voice(name, self._state)
        voice.state.transposition = read_properties(properties, self._state.transposition)
        self._voices[name] = voice

    def _define_symbol(self, text: str) -> None:
        """`U: T = !trill!`: a letter is a symbol; `!nil!` or `!none!` makes it none."""
        letter, equals, symbol = text.partition("=")
        if not equals or len(letter.strip()) != 1:
            raise DataError(f"expected a definition such as U:T = !trill!, received {text[:40]!r}")
        self._marks[letter.strip()] = symbol.strip().strip("!+") not in {"nil", "none"}

    def _current(self) -> Voice:
        """Return the voice that music belongs to: the first where no field has named one."""
        if self._voice is None:
            if not self._voices:
                self._add_voice("1", "")
            self._voice = next(iter(self._voices.values()))
        return self._voice

    def _end_overlay(self) -> None:
        """Go back from an overlay to the voice that it lies over."""
        if self._main is not None and self._voice is not None:
            self._main.overlaid += self._voice.note_count
            self._voice, self._main = self._main, None

    def _music(self, line: Line) -> None:
        """Read a line of music."""
        self._current()
        text, position = line.text, 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if self._marks.get(text[position]):
                position += 1
                continue
            if match is None:
                reason = _mistake(text, position)
                if reason:
                    raise DataError(f"{line.number}:{position + 1}: {reason}")
                position += 1
                continue
            if read := _READ.get(match.lastgroup or ""):
                self._told(line, position, read, self, match)
            position = match.end()

    def _note(self, match: re.Match[str]) -> None:
        voice = self._current()
        voice.sound([_head(match)], voice.state.unit * _length(match["length"]))

    def _chord(self, match: re.Match[str]) -> None:
        voice = self._current()
        heads, first = _heads(match["inside"])
        voice.sound(heads, voice.state.unit * first * _length(match["chord_length"]))

    def _rest(self, match: re.Match[str]) -> None:
        voice = self._current()
        voice.rest(voice.state.unit * _length(match["rest_length"]))

    def _bars(self, match: re.Match[str]) -> None:
        self._current().rest_of_bars(int(match["bar_count"] or 1))

    def _bar(self, match: re.Match[str]) -> None:
        """End a bar; an ending within a bar, as in `[2`, ends none."""
        if "|" in match["bar"] or ":" in match["bar"]:
            self._end_overlay()
            self._current().bar_line()

    def _broken(self, match: re.Match[str]) -> None:
        self._current().break_rhythm(match["broken"])

    def _tie(self, _: re.Match[str]) -> None:
        self._current().tie()

    def _grace(self, match: re.Match[str]) -> None:
        self._current().grace(_head(note) for note in re.finditer(_NOTE, match["grace"]))

    def _inline_field(self, match: re.Match[str]) -> None:
        letter, _, text = match["inline_field"][1:-1].partition(":")
        self._field(letter.strip(), text)

    def _decoration(self, match: re.Match[str]) -> None:
        if match["word"] and match["word"] not in _PLUS_DECORATIONS:
            raise DataError(
                f"expected a decoration between plus signs, received {match['decoration'][:40]!r}; write a"
                " chord as in [CEG]"
            )

    def _tuplet(self, match: re.Match[str]) -> None:
        count, time, length = (int(match[name]) if match[name] else None for name in ("p", "q", "r"))
        if count is None or not 2 <= count <= 9 or time == 0 or length == 0:
            raise DataError(f"expected a tuplet of 2 to 9 notes such as (3, received {match['tuplet']!r}")
        self._current().begin_tuplet(count, time, length, place=self._place)

    def _overlay(self, match: re.Match[str]) -> None:
        if match["overlay"] != "&":
            raise DataError(
                f"an overlay over several bars ({match['overlay']}) is not supported; write"
                " another voice (V:)"
            )
        self._end_overlay()
        self._main = self._current()
        self._voice = self._main.overlay()


_READ = {
    "note": TuneReader._note,
    "chord": TuneReader._chord,
    "rest": TuneReader._rest,
    "bars": TuneReader._bars,
    "bar": TuneReader._bar,
    "tuplet": TuneReader._tuplet,
    "broken": TuneReader._broken,
    "tie": TuneReader._tie,
    "grace": TuneReader._grace,
    "overlay": TuneReader._overlay,
    "inline_field": TuneReader._inline_field,
    "decoration": TuneReader._decoration,
}
"""What reads each symbol; the others say nothing about pitch and length."""


def _length(text: str) -> Fraction:
    """Return the factor that a length such as `3`, `/`, `//`, `3/2` says.

    Raises:
        DataError: it says none, or 0.
    """
    number, slashes, divisor = re.fullmatch(r"([0-9]*)(/*)([0-9]*)", text).groups()  # type: ignore[union-attr]
    if (len(slashes) > 1 and divisor) or len(number) > 4 or len(divisor) > 4:
        raise DataError(f"expected a length such as 2, /2 or 3/2, received {text[:40]!r}")
    below = int(divisor) if divisor else 2 ** len(slashes)
    if not below or (number and not int(number)) or len(slashes) > 8:
        raise DataError(f"expected a length above 0, received {text[:40]!r}")
    return Fraction(int(number or 1), below)


def _head(match: re.Match[str], *, tied: bool = False) -> Head:
    """Return the written pitch of a note; a small letter is an octave above a large one."""
    letter, marks = match["letter"], match["octave"]
    octave = marks.count("'") - marks.count(",") + letter.islower()
    sign = match["sign"]
    return Head(letter.lower(), octave, None if sign is None else _ACCIDENTALS[sign], tied)


def _heads(inside: str) -> tuple[list[Head], Fraction]:
    """Return the pitches of a chord, and the length of its first note.

    Raises:
        DataError: something in it is not a note.
    """
    heads, first, position = [], None, 0
    while position < len(inside):
        match = _INSIDE.match(inside, position)
        if match is None:
            raise DataError(f"expected notes in a chord, received {inside[position : position + 40]!r}")
        if match["letter"]:
            first = first or _length(match["length"])
            heads.append(_head(match, tied=bool(match["tied"])))
        position = match.end()
    if first is None:
        raise DataError("expected notes in a chord, received none")
    return heads, first


def _mistake(text: str, position: int) -> str | None:
    """Return what is wrong with a character that no symbol begins with; None for an old line break."""
    character = text[position]
    rest = text[position + 1 :]
    if character == "!" and (rest[:1].isspace() or "|" in rest.partition("!")[0] or "!" not in rest):
        return None
    if character in "^_=":
        after = text[position:].lstrip("^_=")[:1]
        if after.isdigit() or after == "/":
            return (
                "expected an accidental of whole semitones, received a quarter tone; they are not supported"
            )
        return f"expected a note after the accidental, received {after or 'the end of the line'!r}"
    if character == "#":
        return "expected a note, received '#'; a sharp is written before the note, as in ^F"
    if character == '"':
        return "expected a closing quotation mark on the same line, received none"
    if character in "[{":
        return f"expected {']' if character == '[' else '}'} on the same line, received none"
    return f"expected a note or another symbol of ABC, received {text[position : position + 10]!r}"
