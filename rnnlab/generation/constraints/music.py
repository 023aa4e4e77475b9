"""Constraints on notes: the key, the range, bars, a rhythm, pitches.

The sound of a pitch counts, not its spelling: `des` is allowed where `cis` is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from rnnlab.errors import DataError
from rnnlab.generation.constraints.automaton import Classes, classes_of
from rnnlab.music.meter import KeySignature, Mode
from rnnlab.music.notation import Note, parse_duration, spell_duration

Notes = Sequence[Note | None]
"""The note of each token of a vocabulary; None for a token that is no note, such as the boundary."""

_SCALES: dict[Mode, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}
"""Semitones of each scale above its tonic. Minor has both forms of its sixth and seventh (melodic minor)."""


class _Each:
    """Each token is of an allowed kind; there is one state.

    Args:
        name: the setting.
        allowed: whether each token is allowed, V values.
    """

    ends, start = False, 0

    def __init__(self, name: str, allowed: Sequence[bool]) -> None:
        self.name = name
        self.classes: Classes
        self.classes, self._allowed = classes_of(allowed)

    def after(self, state: int, token_class: int) -> int | None:
        """Return the state if the token is allowed, else None."""
        return state if self._allowed[token_class] else None

    def accepts(self, state: int) -> bool:
        """Return True."""
        del state
        return True


def in_key(notes: Notes, key: KeySignature, tonic: int) -> _Each:
    """Return the constraint that every pitch belongs to a scale.

    Args:
        notes: the note of each token.
        key: the key; `minor` allows the natural and the raised sixth and seventh.
        tonic: semitones of its tonic above C.
    """
    scale = {(tonic + step) % 12 for step in _SCALES[key.mode]}
    return _Each("key", [note is None or {p.midi % 12 for p in note.pitches} <= scale for note in notes])


def in_range(notes: Notes, lowest: int, highest: int) -> _Each:
    """Return the constraint that every pitch lies between two MIDI numbers, both allowed."""
    return _Each(
        "range",
        [note is None or all(lowest <= pitch.midi <= highest for pitch in note.pitches) for note in notes],
    )


class Bars:
    """The notes last a number of bars, and no note sounds over a bar line; a tie may lead over it.

    A state is the time since the beginning, and whether the last note is tied to the next. The last note has
    no tie.

    Args:
        notes: the note of each token; a token that is no note is not allowed.
        bars: number of bars.
        bar: length of a bar in whole notes.
    """

    name, ends, start = "bars", True, (0, False)

    def __init__(self, notes: Notes, bars: int, bar: Fraction) -> None:
        lengths = {note.duration for note in notes if note is not None}
        ticks = lcm(bar.denominator, *(length.denominator for length in lengths))  # of a whole note
        self._bar, self._end = int(bar * ticks), int(bar * ticks) * bars
        self.classes: Classes
        self.classes, self._keys = classes_of(
            [None if note is None else (int(note.duration * ticks), note.tied) for note in notes]
        )

    def after(self, state: tuple[int, bool], token_class: int) -> tuple[int, bool] | None:
        """Return the state after a note; None if the note would pass a bar line."""
        key = self._keys[token_class]
        begin, _ = state
        if key is None or begin % self._bar + key[0] > self._bar or begin + key[0] > self._end:
            return None
        return begin + key[0], key[1]

    def accepts(self, state: tuple[int, bool]) -> bool:
        """Return whether all bars are full, and the last note has no tie."""
        return state == (self._end, False)


@dataclass(frozen=True)
class Beat:
    """One event of a rhythm.

    Attributes:
        duration: length in whole notes.
        is_rest: whether it is a rest.
        tied: whether a tie leads to the next event.
    """

    duration: Fraction
    is_rest: bool = False
    tied: bool = False

    @staticmethod
    def of(note: Note) -> "Beat":
        """Return the rhythm of a note, chord or rest."""
        return Beat(note.duration, not note.pitches, note.tied)


def parse_rhythm(text: str) -> tuple[Beat, ...]:
    """Return the rhythm that a text such as `8 8 4 | r4 4.~` spells; `|` may stand between events.

    Raises:
        DataError: a word is no duration.
    """
    beats = []
    for word in text.replace("|", " ").split():
        is_rest, tied = word.startswith("r"), word.endswith("~")
        if is_rest and tied:
            raise DataError(f"{word!r}: a rest cannot be tied; remove the '~'")
        try:
            duration = parse_duration(word.removeprefix("r").removesuffix("~"))
        except DataError as error:
            raise DataError(f"{word[:40]!r}: {error}") from None
        beats.append(Beat(duration, is_rest, tied))
    return tuple(beats)


def spelled_beat(note: Note) -> str:
    """Return the rhythm of a note, chord or rest as `parse_rhythm` reads it, such as `r4` or `4.~`."""
    return "r" * (not note.pitches) + spell_duration(note.duration) + "~" * note.tied


class _InOrder:
    """Event after event, each token is of a given kind; a state is the number of events so far.

    Args:
        name: the setting.
        kinds: the kind of each token.
        wanted: the kind of each event.
    """

    ends, start = True, 0

    def __init__(self, name: str, kinds: Sequence[object], wanted: Sequence[object]) -> None:
        self.name, self._wanted = name, tuple(wanted)
        self.classes: Classes
        self.classes, self._kinds = classes_of(kinds)

    def after(self, state: int, token_class: int) -> int | None:
        """Return the state after an event of the wanted kind, else None."""
        if state < len(self._wanted) and self._kinds[token_class] == self._wanted[state]:
            return state + 1
        return None

    def accepts(self, state: int) -> bool:
        """Return whether all events have been read."""
        return state == len(self._wanted)


def with_rhythm(notes: Notes, rhythm: Sequence[Beat]) -> _InOrder:
    """Return the constraint that the notes have a rhythm; their pitches are free."""
    return _InOrder("rhythm", [None if note is None else Beat.of(note) for note in notes], rhythm)


def with_pitches(notes: Notes, melody: Sequence[Note]) -> _InOrder:
    """Return the constraint that the notes have the pitches and rests of a melody; their lengths are free.

    Notes of the melody that are tied together count as one note, and no note that is written has a tie.
    """
    kinds = [None if note is None or note.tied else _sounds(note) for note in notes]
    return _InOrder("pitches", kinds, [_sounds(note) for note in _joined(melody)])


def _sounds(note: Note) -> frozenset[int]:
    return frozenset(pitch.midi for pitch in note.pitches)


def _joined(melody: Sequence[Note]) -> list[Note]:
    """Return the notes without those that only prolong the note before through a tie."""
    return [
        note
        for before, note in zip([None, *melody], melody, strict=False)
        if not (before and before.tied and _sounds(before) == _sounds(note))
    ]
