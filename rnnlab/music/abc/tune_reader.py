"""The lines of one tune in ABC, read from left to right into its voices.

Source: the ABC standard 2.1, sections 3 to 7. Repeats, endings and parts are read once, as they are written.
Decorations, chord symbols, lyrics and slurs are skipped: they do not change pitch or length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.abc.fields import (
    AbcKey,
    default_unit,
    read_key,
    read_meter,
    read_properties,
    read_tempo,
    read_unit,
)
from rnnlab.music.abc.symbols import (
    NOTE,
    PLUS_DECORATIONS,
    SYMBOL,
    chord_of,
    length_of,
    mistake_at,
    pitch_head,
)
from rnnlab.music.abc.voice import State, Voice, left_out
from rnnlab.music.melody import Reading
from rnnlab.music.meter import Meter
from rnnlab.music.tune import Tune

_FIELD = re.compile(r"\s*(?P<letter>[A-Za-z]):(?![|:])(?P<text>.*)")
_MOST_DIGITS = 4  # of a number of bars, or of a number of a tuplet
_NOT_SUPPORTED = {
    "m": "macros (m:) are not supported; write the notes that they stand for",
}


@dataclass(frozen=True)
class TuneLine:
    """A line of a file without its comment; `number` is the number of the line, from 1."""

    number: int
    text: str


class TuneReader:
    """A reader that takes the lines of a tune one by one with `read`, and then returns the `tune`."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._state = State(AbcKey(), None, Fraction(1, 8))
        self._unit: Fraction | None = None
        self._meter: Meter | None = None
        self._key = AbcKey()  # key of the header
        self._tempo: tuple[str, str] | None = None  # place and text of the first Q:
        self._place = ""  # `line:column` of the field or symbol that is read
        self._remarks: list[str] = []
        self._later = {"later tempi": 0, "later meters": 0, "later keys": 0}
        self._definitions: dict[str, str] = {}  # voice of the header → its properties
        self._voices: dict[str, Voice] = {}
        self._voice: Voice | None = None  # the voice that gets the next notes
        self._main: Voice | None = None  # the voice under an overlay (&), while the overlay is read
        self._in_body = False
        self._marks: dict[str, bool] = {}  # letter that U: defines → whether it stands for a symbol

    def read(self, line: TuneLine) -> None:
        """Read a line.

        Raises:
            DataError: the line is wrong or not supported; the message begins with `line:column: `.
        """
        if line.text.lstrip().startswith("%%"):
            self._located(line, line.text.index("%"), self._instruction, line.text.lstrip()[2:])
        elif match := _FIELD.match(line.text):
            self._located(line, match.start("text"), self._field, match["letter"], match["text"])
        elif re.match(r"\s*\+:", line.text) or not line.text.strip():
            return  # `+:` continues a field of text
        elif self._in_body:
            self._music(line)
        else:
            self._remarks.append(f"line {line.number} of the header is not a field: left out")

    def tune(self, name: str, *, end: int, remarks: tuple[str, ...]) -> Tune:
        """Return the tune of the lines that were read.

        Args:
            name: name of the tune in messages.
            end: number of the last line of the tune.
            remarks: remarks on the lines of the file, which come before the remarks of the reader.

        Raises:
            DataError: the tune is incomplete, has no notes or no such voice, or `reading` refuses its notes;
                the message begins with `line:column: `.
        """
        if not self._in_body:
            raise DataError(f"{end}:1: expected a key (K:) at the end of the tune's header, received none")
        place = f"{end}:1"
        for voice in self._voices.values():
            if incomplete := voice.incomplete():
                raise DataError(f"{incomplete[0] or place}: {incomplete[1]}")
        sounding = [voice for voice in self._voices.values() if not voice.is_empty]
        chosen = self._chosen(sounding, place)
        polyphony = self._reading.polyphony or "highest"
        try:
            notes = chosen.notes(polyphony)
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
            left_out={**left_out(sounding, chosen, polyphony), **later},
            remarks=(*remarks, *self._remarks),
        )

    def _chosen(self, voices: list[Voice], place: str) -> Voice:
        """Return the voice with the name or the number (from 1) in `reading`; by default the first voice."""
        if not voices:
            raise DataError(f"{place}: expected notes, received none")
        wanted = self._reading.voice or str(self._reading.track or 1)
        for voice in voices:
            if self._reading.voice == voice.name:
                return voice
        if wanted.isdecimal() and 1 <= int(wanted) <= len(voices):
            return voices[int(wanted) - 1]
        there = ", ".join(f"{number} (V:{voice.name})" for number, voice in enumerate(voices, 1))
        raise DataError(f"{place}: expected one of the voices {there}, received {wanted[:40]!r}")

    def _read_tempo(self) -> float | None:
        """Return the tempo of the first `Q:`, or None; it is read last, because `L:` may stand after `Q:`."""
        if self._tempo is None:
            return None
        place, text = self._tempo
        try:
            return read_tempo(text, self._unit or default_unit(self._meter))
        except DataError as error:
            raise DataError(f"{place}: {error}") from None

    def _located(self, line: TuneLine, column: int, read: Callable[..., None], *arguments: object) -> None:
        """Call `read`, a method for a field or symbol; an error gets the line and column."""
        self._place = f"{line.number}:{column + 1}"
        try:
            read(*arguments)
        except DataError as error:
            raise DataError(f"{self._place}: {error}") from None

    def _instruction(self, text: str) -> None:
        """Follow the instruction (`%%` or `I:`) on accidentals, refuse MIDI transpose, and skip others."""
        name, _, value = text.strip().partition(" ")
        if name == "MIDI" and re.match(r"\s*r?transpose\b", value):
            raise DataError("%%MIDI transpose is not supported; write transpose= after the key")
        if name == "propagate-accidentals":
            if value.strip() not in {"not", "octave", "pitch"}:
                raise DataError(
                    "propagate-accidentals: expected 'not', 'octave' or 'pitch',"
                    f" received {value.strip()[:40]!r}"
                )
            for state in self._states():
                state.propagation = value.strip()  # type: ignore[assignment]

    def _states(self) -> list[State]:
        """Return the states that a field changes: that of the current voice, or all if there is none."""
        if self._voice is not None:
            return [self._voice.state]
        return [self._state, *(voice.state for voice in self._voices.values())]

    def _field(self, letter: str, text: str) -> None:
        """Follow a field that changes pitches, lengths, tempo, voices or symbols; skip other fields."""
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
        """Follow `M:`; in the body, a different metre after the first event is counted as a later metre."""
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
        """Follow `K:`; the first `K:` ends the header."""
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
            key = replace(
                self._states()[0].key, properties=key.properties
            )  # a clef without a key keeps the key
        for state in self._states():
            if dict(key.alterations) != dict(state.key.alterations) and self._voices:
                self._later["later keys"] += any(not voice.is_empty for voice in self._voices.values())
            state.transposition = read_properties(key.properties, state.transposition)
            state.key = key
        if self._voice is not None:
            self._voice.set_key(key)

    def _set_tempo(self, text: str) -> None:
        """Follow `Q:`: keep the first tempo, and count later ones that differ from it."""
        if self._tempo is None:
            self._tempo = (self._place, text)
        elif text != self._tempo[1]:
            self._later["later tempi"] += 1

    def _set_voice(self, text: str) -> None:
        """Follow `V:`: in the header it defines a voice; in the body the next notes belong to the voice."""
        name, _, properties = text.partition(" ")
        if not name:
            raise DataError("expected a name after V:, as in V:1, received none")
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
        """Add a voice that begins with the fields of the header."""
        voice = Voice(name, self._state)
        voice.state.transposition = read_properties(properties, self._state.transposition)
        self._voices[name] = voice

    def _define_symbol(self, text: str) -> None:
        """Follow a field such as `U:T = !trill!`, which makes a letter a symbol; `!nil!` undoes this."""
        letter, equals, symbol = text.partition("=")
        if not equals or len(letter.strip()) != 1:
            raise DataError(f"expected a definition such as U:T = !trill!, received {text[:40]!r}")
        self._marks[letter.strip()] = symbol.strip().strip("!+") not in {"nil", "none"}

    def _current(self) -> Voice:
        """Return the voice that gets the next notes; if no field has named one, the first or a new voice."""
        if self._voice is None:
            if not self._voices:
                self._add_voice("1", "")
            self._voice = next(iter(self._voices.values()))
        return self._voice

    def _end_overlay(self) -> None:
        """End an open overlay: go on with the voice under the overlay, and count the overlay's notes."""
        if self._main is not None and self._voice is not None:
            self._main.overlaid += self._voice.note_count
            self._voice, self._main = self._main, None

    def _music(self, line: TuneLine) -> None:
        """Read a line of music, symbol by symbol."""
        self._current()
        text, position = line.text, 0
        while position < len(text):
            match = SYMBOL.match(text, position)
            if self._marks.get(text[position]):
                position += 1
                continue
            if match is None:
                reason = mistake_at(text, position)
                if reason:
                    raise DataError(f"{line.number}:{position + 1}: {reason}")
                position += 1
                continue
            if read := _READ.get(match.lastgroup or ""):
                self._located(line, position, read, self, match)
            position = match.end()

    def _note(self, match: re.Match[str]) -> None:
        voice = self._current()
        voice.sound([pitch_head(match)], voice.state.unit * length_of(match["length"]))

    def _chord(self, match: re.Match[str]) -> None:
        voice = self._current()
        heads, first = chord_of(match["inside"])
        voice.sound(heads, voice.state.unit * first * length_of(match["chord_length"]))

    def _rest(self, match: re.Match[str]) -> None:
        voice = self._current()
        voice.rest(voice.state.unit * length_of(match["rest_length"]))

    def _bars(self, match: re.Match[str]) -> None:
        count = match["bar_count"] or "1"
        if len(count) > _MOST_DIGITS or not int(count):
            raise DataError(f"expected a rest of 1 to 9999 bars such as Z4, received {match['bars'][:40]!r}")
        self._current().rest_of_bars(int(count))

    def _bar(self, match: re.Match[str]) -> None:
        """End a bar; a number such as `[2`, for an ending inside a bar, does not end the bar."""
        if "|" in match["bar"] or ":" in match["bar"]:
            self._end_overlay()
            self._current().bar_line()
            self._current().repeats += ":|" in match["bar"] or match["bar"].startswith("::")

    def _broken(self, match: re.Match[str]) -> None:
        self._current().break_rhythm(match["broken"])

    def _tie(self, _: re.Match[str]) -> None:
        self._current().tie()

    def _grace(self, match: re.Match[str]) -> None:
        self._current().grace(pitch_head(note) for note in re.finditer(NOTE, match["grace"]))

    def _inline_field(self, match: re.Match[str]) -> None:
        letter, _, text = match["inline_field"][1:-1].partition(":")
        self._field(letter.strip(), text)

    def _decoration(self, match: re.Match[str]) -> None:
        if match["word"] and match["word"] not in PLUS_DECORATIONS:
            raise DataError(
                f"expected a decoration between plus signs, received {match['decoration'][:40]!r}; write a"
                " chord as in [CEG]"
            )

    def _tuplet(self, match: re.Match[str]) -> None:
        texts = [match[name] or "" for name in ("p", "q", "r")]
        if max(map(len, texts)) > _MOST_DIGITS:
            raise DataError(f"expected a tuplet such as (3 or (3:2:3, received {match['tuplet'][:40]!r}")
        count, time, length = (int(text) if text else None for text in texts)
        if count is None or not 2 <= count <= 9 or time == 0 or length == 0:
            raise DataError(f"expected a tuplet of 2 to 9 notes such as (3, received {match['tuplet']!r}")
        self._current().begin_tuplet(count, time, length, place=self._place)

    def _overlay(self, match: re.Match[str]) -> None:
        if match["overlay"] != "&":
            raise DataError(
                f"an overlay over several bars ({match['overlay']}) is not supported; write"
                " the overlay as a voice of its own (V:)"
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
"""Method that reads each kind of symbol; other kinds are skipped, because they change no pitch or length."""
