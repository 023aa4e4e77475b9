"""Parts and voices of a score, and the tune of one voice, with rests where the voice is silent.

The readers of MusicXML and kern give a `ScorePart` for each part, with the tones of its voices and the times
of the tones. A chord is several tones that begin together; `polyphony` decides which of these tones are kept.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby

from rnnlab.errors import DataError
from rnnlab.music.melody import Polyphony, Reading
from rnnlab.music.meter import KeySignature, Meter
from rnnlab.music.notation import Note, Pitch, pitch_of, spell_duration
from rnnlab.music.tune import Tune

FINEST = 1 << 40
"""The largest denominator of a time in whole notes: sums with larger denominators become slow."""

_MOST_PARTS, _MOST_VOICES = 8, 16  # most names in a message


@dataclass(frozen=True)
class Tone:
    """One pitch, or a rest, of a voice.

    Attributes:
        begin: whole notes from the start of the piece.
        length: whole notes, above 0.
        pitch: sounding pitch; None for a rest.
        place: place in the file for messages, such as `measure 3`.
        leads_on: whether a tie begins at this tone.
        continues: whether a tie ends at this tone.
    """

    begin: Fraction
    length: Fraction
    pitch: Pitch | None
    place: str
    leads_on: bool = False
    continues: bool = False

    @property
    def end(self) -> Fraction:
        """End of the tone in whole notes from the start of the piece."""
        return self.begin + self.length


@dataclass
class ScorePart(ABC):
    """One part of a score.

    Attributes:
        name: name of the part in messages; empty for none.
        end: end of the part in whole notes from the start of the piece.
        bars: lengths of its bars in whole notes.
        left_out: number of events of the part that are not read, by kind.
        meters: time signatures in order; None for one that is no metre of note text.
        keys: key signatures in order, as they sound; None for one that is no key of note text.
        tempi: quarter notes a minute, in order.
    """

    name: str = ""
    end: Fraction = Fraction(0)
    bars: list[Fraction] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    meters: list[Meter | None] = field(default_factory=list)
    keys: list[KeySignature | None] = field(default_factory=list)
    tempi: list[float] = field(default_factory=list)

    @abstractmethod
    def voices(self) -> Mapping[str, int]:
        """Return the name of each voice that has notes, first voice first, with the number of its notes."""

    @abstractmethod
    def tones(self, voice: str) -> list[Tone]:
        """Return the tones of a voice.

        Raises:
            DataError: a tone is outside MIDI's pitches, or cannot be read.
        """

    def remarks(self) -> list[str]:
        """Return sentences on how the reader changed the pitches of the part; empty by default."""
        return []


def tune_of_voice(parts: Sequence[ScorePart], *, name: str, reading: Reading, order: str = "") -> Tune:
    """Return one voice of one part as a tune, with counts of what is left out and remarks on the choices.

    The first metre, key and tempo of the part are kept. If the part has no tempo, it is the first tempo of
    another part.

    Args:
        parts: all parts of the score, at least one.
        name: name of the tune.
        reading: which part (`track`) and voice are read, by default the first ones, and the polyphony.
        order: text after the number of a part without a name, such as `, counted from the right,`.

    Raises:
        DataError: there is no such part or voice, the part has no notes, a tone of the voice is outside
            MIDI's pitches or cannot be read, two tones sound together and the polyphony is `refuse`, or note
            text cannot spell a length.
    """
    number, voice = _chosen(parts, reading)
    part = parts[number - 1]
    voices = part.voices()
    notes, left_out = _line(part.tones(voice), polyphony=reading.polyphony or "highest", end=part.end)
    left_out += part.left_out
    left_out["notes of other voices"] += sum(voices.values()) - voices[voice]
    left_out["notes of other parts"] += sum(sum(each.voices().values()) for each in parts if each is not part)
    tempi = part.tempi or [tempo for each in parts for tempo in each.tempi][:1]
    left_out["later tempi"] += changes(tempi)
    left_out["later meters"] += changes(part.meters)
    left_out["later keys"] += changes(part.keys)
    meter = next(iter(part.meters), None)
    remarks = []
    if len(parts) > 1:
        remarks.append(f"part {number} of {len(parts)}{f' ({part.name})' if part.name else order} is read")
    if len(voices) > 1:
        remarks.append(f"voice {voice} of {len(voices)} is read ({_shortened(list(voices), _MOST_VOICES)})")
    return Tune(
        name,
        notes,
        tempo=next(iter(tempi), None),
        meter=meter,
        key=next(iter(part.keys), None),
        pickup=_pickup(part.bars, meter),
        left_out=dict(+left_out),
        remarks=(*remarks, *part.remarks()),
    )


def sounding_pitch(letter: str, alteration: int, octave: int, *, steps: int | None, semitones: int) -> Pitch:
    """Return the sounding pitch of a written pitch.

    Its letter is moved by `steps`. If the file does not give the steps of a transposition, or the pitch would
    need more than two sharps or flats, the pitch is spelled as `pitch_of` spells it.

    Args:
        letter: letter of the written pitch, `c` to `b`.
        alteration: alteration of the written pitch in semitones.
        octave: octave of the written pitch; 0 begins with middle C.
        steps: staff steps from the written pitch to the sounding one; None if the file does not give them.
        semitones: semitones from the written pitch to the sounding one.

    Raises:
        DataError: MIDI has no such pitch.
    """
    letters = "cdefgab"
    midi = Pitch(letter, 0, octave).midi + alteration + semitones
    if not 0 <= midi <= 127:
        raise DataError(f"expected a pitch that MIDI has, 0 to 127, received {midi}")
    if steps is None and semitones:
        return pitch_of(midi)
    octaves, number = divmod(letters.index(letter) + (steps or 0), 7)
    natural = Pitch(letters[number], 0, octave + octaves)
    if abs(midi - natural.midi) > 2:
        return pitch_of(midi)
    return replace(natural, alteration=midi - natural.midi)


def changes(values: Iterable[object]) -> int:
    """Return how often a value differs from the value before it."""
    found = [value for value, _ in groupby(values)]
    return max(len(found) - 1, 0)


def checked_time(time: Fraction) -> Fraction:
    """Return a time in whole notes unchanged; refuse a time with a denominator above `FINEST`.

    Raises:
        DataError: the denominator is too large.
    """
    if time.denominator > FINEST:
        raise DataError("the lengths divide a whole note into too many parts; write simpler lengths")
    return time


def _chosen(parts: Sequence[ScorePart], reading: Reading) -> tuple[int, str]:
    """Return the number of the part that is read, from 1, and the name of its voice that is read."""
    number = reading.track or 1
    if number > len(parts):
        names = _shortened(list(parts[-1].voices()), _MOST_VOICES)
        raise DataError(
            f"expected a part from 1 to {len(parts)}, received {number}; part {len(parts)} has"
            f" {f'voices {names}' if names else 'no notes'}"
        )
    voices = list(parts[number - 1].voices())
    if not voices:
        there = [
            f"{index} ({each.name})" if each.name else str(index)
            for index, each in enumerate(parts, 1)
            if each.voices()
        ]
        remedy = (
            f"choose a part with notes: {_shortened(there, _MOST_PARTS)}" if there else "no part has notes"
        )
        raise DataError(f"expected notes, received none in part {number}; {remedy}")
    voice = reading.voice or voices[0]
    if voice not in voices:
        raise DataError(
            f"expected a voice of part {number}, one of {_shortened(voices, _MOST_VOICES)},"
            f" received {voice[:40]!r}"
        )
    return number, voice


def _shortened(names: Sequence[str], most: int) -> str:
    """Return names in one text; if there are more than `most`, the number of the others is at the end."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _line(
    tones: Iterable[Tone], *, polyphony: Polyphony, end: Fraction
) -> tuple[tuple[Note, ...], Counter[str]]:
    """Return the notes of a voice one after another, and the counts of what is left out, by kind.

    Args:
        tones: all tones of the voice, in any order.
        polyphony: which tones of a chord are kept; `refuse` raises DataError if two tones sound together.
        end: end of the part in whole notes; the voice rests from the end of its last tone until then.
    """
    left_out: Counter[str] = Counter()
    line: list[_Chord] = []
    for _, together in groupby(sorted(tones, key=lambda tone: tone.begin), key=lambda tone: tone.begin):
        _append(line, _chord(list(together), polyphony, left_out), polyphony, left_out)
    events = list(_with_rests(line, end))
    notes = [
        _note(event, following, left_out)
        for event, following in zip(events, [*events[1:], None], strict=False)
    ]
    return tuple(notes), left_out


@dataclass(frozen=True)
class _Chord:
    """Tones that begin together; no tones for a rest. Times are in whole notes."""

    tones: tuple[Tone, ...]
    begin: Fraction
    end: Fraction
    place: str


def _chord(together: list[Tone], polyphony: Polyphony, left_out: Counter[str]) -> _Chord:
    """Return the chord of the tones that are kept of `together`; its length is that of the longest tone.

    The others are counted in `left_out`.
    """
    sounding = [tone for tone in together if tone.pitch is not None]
    place = together[0].place
    if polyphony == "refuse" and len({tone.pitch for tone in sounding}) > 1:
        names = " and ".join(str(tone.pitch) for tone in sounding)
        raise DataError(
            f"{place}: expected one note at a time, received {names} together;"
            " choose polyphony highest or chords"
        )
    if polyphony != "chords" and sounding:
        left_out["notes below others"] += len(sounding) - 1
        sounding = [max(sounding, key=_height)]
    lengths = {tone.length for tone in sounding or together}
    if len(lengths) > 1:
        left_out["shorter lengths in chords"] += len(lengths) - 1
    return _Chord(tuple(sounding), together[0].begin, together[0].begin + max(lengths), place)


def _append(line: list[_Chord], chord: _Chord, polyphony: Polyphony, left_out: Counter[str]) -> None:
    """Append a chord to the line, unless it overlaps the event before it.

    A chord with tones shortens or removes the rests that it overlaps. If it overlaps a note, the new chord is
    left out and counted, or refused if `polyphony` is `refuse`. A rest that overlaps an event is left out.
    """
    while chord.tones and line and not line[-1].tones and line[-1].end > chord.begin:
        rest = line.pop()
        if rest.begin < chord.begin:
            line.append(replace(rest, end=chord.begin))
    if line and line[-1].end > chord.begin:
        if polyphony == "refuse" and chord.tones:
            raise DataError(
                f"{chord.place}: expected one note at a time, received {chord.tones[0].pitch} while"
                f" {line[-1].tones[0].pitch} sounds; choose polyphony highest or chords"
            )
        left_out["overlapping notes"] += len(chord.tones)
        return
    line.append(chord)


def _with_rests(line: Sequence[_Chord], end: Fraction) -> Iterator[_Chord]:
    """Yield the chords with rests between them, before the first one, and up to the end of the part."""
    now, place = Fraction(0), "the beginning"
    for chord in line:
        if chord.begin > now:
            yield _Chord((), now, chord.begin, place)
        yield chord
        now, place = chord.end, chord.place
    if end > now:
        yield _Chord((), now, end, place)


def _note(event: _Chord, following: _Chord | None, left_out: Counter[str]) -> Note:
    """Return the event of a chord; it is tied if the next chord shares pitches and all these are tied."""
    length = event.end - event.begin
    try:
        spell_duration(length)
    except DataError as error:
        raise DataError(
            f"{event.place}: note text cannot write a length of {length} whole notes: {error}"
        ) from None
    pitches = {tone.pitch for tone in event.tones if tone.pitch}
    after = {tone.pitch.midi: tone for tone in following.tones if tone.pitch} if following else {}
    both = {pitch.midi for pitch in pitches} & after.keys()
    held = {
        tone.pitch.midi
        for tone in event.tones
        if tone.pitch and tone.leads_on and tone.pitch.midi in both and after[tone.pitch.midi].continues
    }
    tied = bool(held) and held == both
    left_out["ties of some notes of a chord"] += len(held) if held and not tied else 0
    return Note(tuple(sorted(pitches, key=lambda pitch: pitch.height)), length, tied)


def _height(tone: Tone) -> tuple[tuple[int, int], Fraction]:
    """Return the sorting key of tones: by pitch, then by length."""
    return (tone.pitch.height if tone.pitch else (-1, -1)), tone.length


def _pickup(bars: Sequence[Fraction], meter: Meter | None) -> Fraction:
    """Return the length of an incomplete first bar in whole notes; 0 without a metre or a second bar."""
    if meter is None or len(bars) < 2:
        return Fraction(0)
    return bars[0] if bars[0] < meter.bar else Fraction(0)
