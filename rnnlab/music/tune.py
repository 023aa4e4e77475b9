"""A tune: its notes with metre, key and tempo, as note text and as sounds.

A sound is a note as in MIDI: a pitch with a begin and an end, without ties and rests. `Omissions` adds up the
counts of what readers left out of several files.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from rnnlab.errors import DataError, count_of
from rnnlab.music.meter import KeySignature, Meter, parse_key_signature, parse_meter
from rnnlab.music.notation import Note, parse_duration, parse_notes, parse_token, spell, spell_duration

DEFAULT_TEMPO = 120.0
SLOWEST, FASTEST = 4, 999
MOST_STEPS = 4 * 0x7FFF
"""Most ticks of a whole note that a MIDI file can have."""

_COMMENT = re.compile(r"%(?!\{)[ \t]*((?:tempo|meter|key|pickup)[ \t][^\n]*)")
_FACT = re.compile(
    r"(?P<kind>tempo|meter|pickup)[ \t]+(?P<value>[0-9][^\s%]*)"
    r"|(?P<key>key)[ \t]+(?P<name>[a-g](?:is|es|s)*[ \t]+[a-z]+)"
)


@dataclass(frozen=True)
class Tune:
    """The notes of one piece.

    Attributes:
        name: the name in messages: the file, with the number of the tune in a collection.
        notes: the notes, chords and rests, in order.
        tempo: quarter notes a minute; None if the file gives none.
        meter: time signature at the start, after a pick-up bar; None if the file gives none.
        key: key signature at the start; None if the file gives none.
        pickup: length of an incomplete first bar in whole notes; 0 for none.
        left_out: number of events of the file that are not in the tune, by kind; a kind is a plural phrase
            such as `notes below others`.
        largest_shift: the largest distance that the begin of a note was moved to the grid, in quarter notes.
        remarks: sentences on choices of the reader, such as `voice 1 of 2 is read (tenor, bass)`.
    """

    name: str
    notes: tuple[Note, ...]
    tempo: float | None = None
    meter: Meter | None = None
    key: KeySignature | None = None
    pickup: Fraction = Fraction(0)
    left_out: Mapping[str, int] = field(default_factory=dict)
    largest_shift: float = 0.0
    remarks: tuple[str, ...] = ()


def parse_tune(text: str, *, name: str) -> Tune:
    """Return the tune of a note text.

    A comment such as `% meter 3/4, key d minor, tempo 96, pickup 4` gives what a score writes before its
    notes. If a text gives one of these several times, the first counts.

    Raises:
        DataError: a word is not a note, or such a comment has a wrong value.
    """
    tokens = parse_notes(text, name=name)
    notes = {token: parse_token(token) for token in set(tokens)}
    return replace(facts_of(text, name=name), notes=tuple(notes[token] for token in tokens))


def facts_of(text: str, *, name: str) -> Tune:
    """Return a tune without notes, with the tempo, metre, key and pick-up in the comments of a text.

    Raises:
        DataError: a comment has a wrong value; the message starts with `name:line:`.
    """
    facts: dict[str, Any] = {}
    for comment in _COMMENT.finditer(text):
        for fact in comment[1].split(","):
            match = _FACT.fullmatch(fact.strip())
            if match is None:
                break  # the rest of this comment is words, as in `% tempo giusto`
            kind, value = match["kind"] or match["key"], match["value"] or match["name"]
            try:
                found = _FACTS[kind](value)
            except DataError as error:
                line = text.count("\n", 0, comment.start()) + 1
                raise DataError(f"{name}:{line}: % {kind}: {error}") from None
            facts.setdefault(kind, found)
    return Tune(name, (), **facts)


def meters_in(text: str) -> set[Meter]:
    """Return the metres in the comments of a note text; wrong values are ignored."""
    found = set()
    for comment in _COMMENT.finditer(text):
        for fact in comment[1].split(","):
            match = _FACT.fullmatch(fact.strip())
            if match and match["kind"] == "meter":
                found |= _meter_or_none(match["value"])
    return found


def tune_text(tune: Tune) -> str:
    """Return a tune as a line of note text; its metre, key, tempo and pick-up are in a comment at the end."""
    spelled = {note: spell(note) for note in set(tune.notes)}
    facts = facts_text(tune)
    return " ".join(spelled[note] for note in tune.notes) + (f" % {facts}" if facts else "")


def facts_text(tune: Tune) -> str:
    """Return the metre, key, tempo and pick-up of a tune as the text of a comment; empty if it has none."""
    facts = {
        "meter": tune.meter,
        "key": tune.key,
        "tempo": None if tune.tempo is None else f"{round(tune.tempo, 3):.7g}",
        "pickup": spell_duration(tune.pickup) if tune.pickup else None,
    }
    return ", ".join(f"{kind} {value}" for kind, value in facts.items() if value is not None)


@dataclass(frozen=True, order=True)
class Sound:
    """One pitch that is struck once.

    Attributes:
        begin: time step at which the sound begins, from the start of the piece.
        end: time step at which the sound ends, after `begin`.
        pitch: MIDI number, 0..127.
    """

    begin: int
    end: int
    pitch: int


@dataclass(frozen=True)
class Sounds:
    """A piece as sounds.

    Attributes:
        items: the sounds, in the order of their begin.
        step: length of a time step, in whole notes.
        end: length of the piece in time steps, with the silence at its end.
        bounds: time steps at which one event ends and the next begins, but no sound ends or begins: between
            the parts of a tied note, and between two rests.
    """

    items: tuple[Sound, ...]
    step: Fraction
    end: int
    bounds: frozenset[int] = frozenset()


def sounds_of(notes: Sequence[Note]) -> Sounds:
    """Return the sounds of notes. A tied pitch is held if the next event has the same pitch; else it ends.

    Raises:
        DataError: the durations have no common time step that MIDI can count.
    """
    per_whole = _steps_per_whole({note.duration.denominator for note in notes})
    found: list[Sound] = []
    held: dict[int, int] = {}  # pitch → time step at which it began
    now = 0
    times = []
    for note in notes:
        times.append(now)
        pitches = {pitch.midi for pitch in note.pitches}
        found += _ended(held, set(held) - pitches, now)
        for pitch in pitches:
            held.setdefault(pitch, now)
        now += int(note.duration * per_whole)
        if not note.tied:
            found += _ended(held, pitches, now)
    found += _ended(held, set(held), now)
    heard = {0, *(time for sound in found for time in (sound.begin, sound.end))}
    return Sounds(tuple(sorted(found)), Fraction(1, per_whole), now, frozenset(times) - heard)


def held_pitches(notes: Sequence[Note]) -> list[set[int]]:
    """Return for each event the MIDI numbers of the pitches that are held into the next event."""
    sounding = [{pitch.midi for pitch in note.pitches} for note in notes]
    return [
        pitches & after if note.tied else set()
        for note, pitches, after in zip(notes, sounding, [*sounding, set()][1:], strict=True)
    ]


def _meter_or_none(text: str) -> set[Meter]:
    """Return the metre of a text in a set, or an empty set if the text is no metre."""
    try:
        return {parse_meter(text)}
    except DataError:
        return set()


def _parse_tempo(text: str) -> float:
    """Return the tempo of a text, in quarter notes a minute."""
    if not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,6})?", text) or not SLOWEST <= float(text) <= FASTEST:
        raise DataError(f"expected a tempo of {SLOWEST} to {FASTEST}, received {text[:40]!r}")
    return float(text)


def _steps_per_whole(denominators: Iterable[int]) -> int:
    """Return the smallest number of steps of a whole note such that each duration is a multiple of a step."""
    steps = 1
    for denominator in denominators:
        steps = math.lcm(steps, denominator)
        if steps > MOST_STEPS:
            raise DataError(
                f"the durations divide a whole note into more than {MOST_STEPS:,} parts, more than MIDI can"
                " count; write simpler durations"
            )
    return steps


def _ended(held: dict[int, int], pitches: Iterable[int], now: int) -> list[Sound]:
    """Remove pitches from `held`, and return their sounds, which end at time step `now`."""
    return [Sound(held.pop(pitch), now, pitch) for pitch in pitches]


_FACTS: dict[str, Callable[[str], Any]] = {
    "tempo": _parse_tempo,
    "meter": parse_meter,
    "key": parse_key_signature,
    "pickup": parse_duration,
}


_SHOWN_REMARKS = 3
_HEAD = re.compile(r".*?(?= (?:below|of|without|that|in|outside) |$)")


@dataclass
class Omissions:
    """Counts of what readers left out of several files, and the remarks of the readers.

    Attributes:
        left_out: number of events that are not in the tunes, by kind, such as `notes below others`.
        largest_shift: the largest distance that the begin of a note was moved to the grid, in quarter notes.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    largest_shift: float = 0.0
    _files: dict[str, None] = field(default_factory=dict)
    _remarks: dict[str, list[str]] = field(default_factory=dict)  # remark → tunes that have it

    def add(self, tune: Tune, *, file: str) -> None:
        """Add the omissions of a tune.

        Args:
            tune: the tune.
            file: the file of the tune.
        """
        self._files[file] = None
        self.left_out.update(tune.left_out)
        self.largest_shift = max(self.largest_shift, tune.largest_shift)
        for remark in tune.remarks:
            self._remarks.setdefault(remark, []).append(tune.name)

    def remarks(self) -> tuple[str, ...]:
        """Return a sentence for each of the first three remarks, with the first tune that has the remark.

        If there are more remarks, the last sentence has their number.
        """
        sentences = []
        for remark, names in list(self._remarks.items())[:_SHOWN_REMARKS]:
            more = f" (and {len(names) - 1:,} more)" if len(names) > 1 else ""
            sentences.append(f"{names[0]}{more}: {remark}")
        hidden = list(self._remarks.values())[_SHOWN_REMARKS:]
        if hidden:
            tunes = sum(map(len, hidden))
            sentences.append(
                f"{count_of(len(hidden), 'more remark')} of this kind on {count_of(tunes, 'tune')}"
            )
        return tuple(sentences)

    def sentences(self) -> tuple[str, ...]:
        """Return sentences for the user: what was left out, the largest shift to the grid, the remarks."""
        files = list(self._files)
        where = files[0] if len(files) == 1 else count_of(len(files), "file")
        sentences = []
        if self.left_out:
            sentences.append(f"left out of {where}: {', '.join(listed(self.left_out))}")
        if self.largest_shift > 0:
            sentences.append(
                f"times are moved to the grid by up to {self.largest_shift:.3g} of a quarter note"
            )
        return (*sentences, *self.remarks())


def listed(left_out: Mapping[str, int]) -> list[str]:
    """Return each count with its kind, such as `12 notes below others` and `1 later tempo`."""
    return [f"{count:,} {_singular(kind) if count == 1 else kind}" for kind, count in left_out.items()]


def omissions_of(tunes: Iterable[Tune]) -> Omissions:
    """Return the omissions of tunes; each tune is the only one of its file."""
    found = Omissions()
    for tune in tunes:
        found.add(tune, file=tune.name)
    return found


def _singular(kind: str) -> str:
    """Return a plural phrase in the singular: `notes below others` becomes `note below others`."""
    return _HEAD.sub(lambda found: re.sub("i$", "o", found[0]).removesuffix("s"), kind, count=1)
