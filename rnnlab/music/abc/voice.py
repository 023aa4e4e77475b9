"""One voice of an ABC tune while it is read: its fields, the accidentals of the bar, and its events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from rnnlab.errors import DataError
from rnnlab.music.abc.fields import AbcKey, AbcTransposition
from rnnlab.music.melody import Polyphony
from rnnlab.music.meter import Meter
from rnnlab.music.notation import Note, Pitch, pitch_of, spell_duration

Propagation = Literal["pitch", "octave", "not"]
"""Where an accidental holds up to the bar line: `pitch` in all octaves, `octave` in its own octave, `not`
for its own note only."""

_MOST_BROKEN = 4
_TIMES = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 3 notes in the time of 2, …; for 5, 7 and 9 the metre decides


@dataclass(frozen=True)
class Head:
    """A written pitch.

    Attributes:
        letter: one of c d e f g a b.
        octave: 0 is the octave that begins with middle C.
        accidental: semitones of the accidental that is written before the pitch; None for none.
        tied: whether a tie follows this pitch inside a chord.
    """

    letter: str
    octave: int
    accidental: int | None
    tied: bool = False


@dataclass(frozen=True)
class _Event:
    """A note, a chord or a rest: its pitches, those of them that are tied, and its length in whole notes."""

    pitches: frozenset[Pitch]
    tied: frozenset[Pitch]
    duration: Fraction


@dataclass
class State:
    """The values of the fields that hold for the next notes of a voice.

    Attributes:
        key: key, from `K:`.
        meter: metre, from `M:`; None for none.
        unit: unit note length in whole notes.
        transposition: interval from the written to the sounding pitches.
        propagation: where an accidental holds up to the bar line.
    """

    key: AbcKey
    meter: Meter | None
    unit: Fraction
    transposition: AbcTransposition = field(default_factory=AbcTransposition)
    propagation: Propagation = "pitch"


class Voice:
    """A voice of a tune.

    Attributes:
        name: name of the voice in `V:`.
        state: values of the fields that hold for the next notes.
        grace_notes: number of grace notes, which are left out.
        overlaid: number of notes of overlays (`&`), which are left out.
        repeats: number of repeat signs (`:|`, `::`), which are not followed.
    """

    def __init__(self, name: str, state: State) -> None:
        self.name, self.state = name, replace(state)
        self.grace_notes = self.overlaid = self.repeats = 0
        self._events: list[_Event] = []
        self._accidentals: dict[tuple[str, int | None], int] = {}  # (letter, octave or None: all) in this bar
        self._last: dict[tuple[str, int], int] = {}  # (letter, octave) → alteration in the last event
        self._tied: dict[tuple[str, int], int] = {}  # the tied pitches of the last event
        self._tuplet_left, self._tuplet_factor, self._tuplet_place = 0, Fraction(1), ""
        self._broken: Fraction | None = None  # factor of the next event's length; None for no broken rhythm
        self._unbroken = Fraction(0)  # length of the last event before its factor
        self._in_rest_of_bars = False
        self._first_bar: Fraction | None = None  # length of an incomplete first bar; 0 for a complete one

    @property
    def note_count(self) -> int:
        """Number of notes and chords."""
        return sum(bool(event.pitches) for event in self._events)

    @property
    def pitches_below_others(self) -> int:
        """Number of pitches of all chords, without the highest pitch of each chord."""
        return sum(max(len(event.pitches) - 1, 0) for event in self._events)

    @property
    def is_empty(self) -> bool:
        """Whether the voice has no event."""
        return not self._events

    @property
    def pickup(self) -> Fraction:
        """Length of an incomplete first bar in whole notes; 0 for none, or if the voice has no other bar."""
        first = self._first_bar or Fraction(0)
        return Fraction(0) if first == self._length else first

    @property
    def _length(self) -> Fraction:
        """Length of all events in whole notes."""
        return sum((event.duration for event in self._events), Fraction(0))

    def overlay(self) -> "Voice":
        """Return a voice for the notes after `&`; it begins with the fields of this voice."""
        return Voice(self.name, self.state)

    def bar_line(self) -> None:
        """End a bar: clear its accidentals; note the length of the first bar if it is incomplete."""
        self._accidentals.clear()
        if self._first_bar is None and self._events:
            is_incomplete = self.state.meter is not None and self._length < self.state.meter.bar
            self._first_bar = self._length if is_incomplete else Fraction(0)

    def set_key(self, key: AbcKey) -> None:
        """Set the key of the next notes, and clear the accidentals of the bar."""
        self.state.key = key
        self._accidentals.clear()

    def rest(self, length: Fraction) -> None:
        """Add a rest of a written length in whole notes."""
        self._add(_Event(frozenset(), frozenset(), length))
        self._last = {}

    def rest_of_bars(self, count: int) -> None:
        """Add a rest of whole bars, or lengthen the rest if the last event is a rest of whole bars.

        Raises:
            DataError: there is no metre, or a tuplet or a broken rhythm waits for a note.
        """
        if self.state.meter is None:
            raise DataError(
                "expected a metre (M:) before a rest of whole bars, received none; write rests as z"
            )
        if self._tuplet_left or self._broken:
            raise DataError(
                "expected a note that ends the tuplet or the broken rhythm, received a rest of whole bars"
            )
        length = count * self.state.meter.bar
        if self._in_rest_of_bars:
            length += self._events.pop().duration
        self.rest(length)
        self._in_rest_of_bars = True

    def sound(self, heads: Sequence[Head], length: Fraction) -> None:
        """Add a note or a chord of a written length in whole notes.

        Raises:
            DataError: a pitch is outside MIDI's, or the length does not fit a broken rhythm.
        """
        altered = {(head.letter, head.octave): self._alteration(head) for head in heads}
        pitches = {place: self._sounding(*place, number) for place, number in altered.items()}
        tied = {(head.letter, head.octave) for head in heads if head.tied}
        self._add(_Event(frozenset(pitches.values()), frozenset(pitches[place] for place in tied), length))
        self._last, self._tied = altered, {place: altered[place] for place in tied}

    def grace(self, heads: Iterable[Head]) -> None:
        """Count grace notes, which are left out; their accidentals hold up to the bar line."""
        for head in heads:
            self._alteration(head)
            self.grace_notes += 1

    def tie(self) -> None:
        """Tie the last note, or all of the last chord, to the next event.

        Raises:
            DataError: there is no note before the tie.
        """
        if not self._last:
            raise DataError("expected a note before the tie '-', received none")
        self._events[-1] = replace(self._events[-1], tied=self._events[-1].pitches)
        self._tied = self._last

    def break_rhythm(self, signs: str) -> None:
        """Lengthen the last event and shorten the next event for `>`; do the reverse for `<`.

        Raises:
            DataError: there is no event before the sign, a sign before it has no second event yet, or there
                are more than four signs.
        """
        if not self._events or self._broken:
            raise DataError(f"expected a note before {signs!r}, received none")
        if len(signs) > _MOST_BROKEN:
            raise DataError(
                f"expected at most {_MOST_BROKEN} of '>' or '<' together, received {signs[:40]!r};"
                " write the lengths as numbers"
            )
        short = Fraction(1, 2 ** len(signs))
        first, self._broken = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        self._unbroken = self._events[-1].duration
        self._events[-1] = replace(self._events[-1], duration=self._unbroken * first)

    def begin_tuplet(self, count: int, time: int | None, length: int | None, *, place: str) -> None:
        """Begin a tuplet, written `(p:q:r`: `count` notes in the time of `time` notes.

        Args:
            count: number of notes (p), 2..9.
            time: number of plain notes that last as long (q); None: the number that the ABC standard gives.
            length: number of events in the tuplet (r); None: `count`.
            place: `line:column` of the tuplet for messages.

        Raises:
            DataError: another tuplet is not complete yet.
        """
        if self._tuplet_left:
            raise DataError("a tuplet within a tuplet is not supported; write the lengths as fractions")
        if time is None:
            meter = self.state.meter
            compound = meter is not None and meter.unit == 8 and meter.beats in {6, 9, 12}
            time = _TIMES.get(count, 3 if compound else 2)
        self._tuplet_left = count if length is None else length
        self._tuplet_factor, self._tuplet_place = Fraction(time, count), place

    def incomplete(self) -> tuple[str, str] | None:
        """Return (place, message) if the tune ends within a tuplet or a broken rhythm, else None.

        The place is `line:column` of the tuplet; empty for a broken rhythm.
        """
        if self._tuplet_left:
            count = self._tuplet_left
            message = (
                f"expected {count} more note{'s' * (count > 1)} in the tuplet, received the end of the tune"
            )
            return self._tuplet_place, message
        if self._broken:
            return "", "expected a note after the broken rhythm, received the end of the tune"
        return None

    def notes(self, polyphony: Polyphony) -> tuple[Note, ...]:
        """Return the notes of the voice; a tie is left out if the next event does not have its pitch.

        Raises:
            DataError: there is a chord and `polyphony` is `refuse`, or note text cannot spell a length.
        """
        if polyphony == "refuse" and any(len(event.pitches) > 1 for event in self._events):
            raise DataError(
                "expected one note at a time, received a chord; choose polyphony highest or chords"
            )
        kept = [_kept(event.pitches, polyphony) for event in self._events]
        numbers = [{pitch.midi for pitch in pitches} for pitches in kept]
        tied = [
            any(pitch.midi in following for pitch in event.tied & pitches)
            for event, pitches, following in zip(self._events, kept, [*numbers[1:], set()], strict=True)
        ]
        for event in self._events:
            spell_duration(event.duration)
        return tuple(
            Note(tuple(sorted(pitches, key=lambda pitch: pitch.height)), event.duration, is_tied)
            for event, pitches, is_tied in zip(self._events, kept, tied, strict=True)
        )

    def _add(self, event: _Event) -> None:
        """Append an event; a tuplet or a broken rhythm changes its length.

        Raises:
            DataError: the two events of a broken rhythm have different lengths.
        """
        duration = event.duration
        if self._tuplet_left:
            duration *= self._tuplet_factor
            self._tuplet_left -= 1
        if self._broken:
            if duration != self._unbroken:
                raise DataError(
                    "expected two notes of one length around a broken rhythm, received lengths of"
                    f" {self._unbroken} and {duration} whole notes; write both lengths"
                )
            duration, self._broken = duration * self._broken, None
        self._events.append(replace(event, duration=duration))
        self._in_rest_of_bars = False
        self._tied = {}

    def _alteration(self, head: Head) -> int:
        """Return the alteration of a pitch in semitones, from its accidental, a tie, the bar or the key.

        An accidental of the pitch itself then holds for the bar, unless `propagation` is `not`.
        """
        place = head.letter, head.octave
        of_bar = place if self.state.propagation == "octave" else (head.letter, None)
        if head.accidental is not None:
            if self.state.propagation != "not":
                self._accidentals[of_bar] = head.accidental
            return head.accidental
        if place in self._tied:
            return self._tied[place]
        return self._accidentals.get(of_bar, self.state.key.alterations.get(head.letter, 0))

    def _sounding(self, letter: str, octave: int, alteration: int) -> Pitch:
        """Return the sounding pitch, spelled by `pitch_of` unless it is transposed by whole octaves.

        Raises:
            DataError: the pitch is outside MIDI's.
        """
        octaves, semitones = divmod(self.state.transposition.semitones, 12)
        pitch = Pitch(letter, alteration, octave + octaves)
        if not 0 <= pitch.midi + semitones <= 127:
            raise DataError(
                "expected a pitch that MIDI has, from C,,,,, to g''''', received a lower or higher pitch"
            )
        return pitch_of(pitch.midi + semitones) if semitones else pitch


def left_out(voices: Sequence[Voice], chosen: Voice, polyphony: Polyphony) -> Mapping[str, int]:
    """Return the number of notes and repeats that are not in the tune of the chosen voice, by kind."""
    counts = {
        "notes below others": 0 if polyphony == "chords" else chosen.pitches_below_others,
        "grace notes": chosen.grace_notes,
        "repeats": chosen.repeats,
        "notes of other voices": chosen.overlaid
        + sum(voice.note_count for voice in voices if voice is not chosen),
    }
    return {kind: count for kind, count in counts.items() if count}


def _kept(pitches: frozenset[Pitch], polyphony: Polyphony) -> frozenset[Pitch]:
    """Return all pitches of a chord if `polyphony` is `chords`, else the highest pitch."""
    if polyphony == "chords" or len(pitches) < 2:
        return pitches
    return frozenset({max(pitches, key=lambda pitch: pitch.height)})
