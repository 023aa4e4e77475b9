"""One voice of a score as a line of notes: rests where it is silent, ties where a pitch sounds on.

The readers of MusicXML and kern give the tones of a voice with their times; a chord is several tones that
begin together. `polyphony` says which of them are taken, as in `rnnlab.music.melody`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from rnnlab.errors import DataError
from rnnlab.music.melody import Polyphony
from rnnlab.music.meter import Meter
from rnnlab.music.notation import Note, Pitch, pitch_of, spell_duration

FINEST = 1 << 40
"""The largest denominator of a time; sums of lengths with larger ones take more and more time."""


@dataclass(frozen=True)
class Tone:
    """A pitch or a rest as a score writes it.

    Attributes:
        begin: whole notes from the start of the piece.
        length: whole notes, above 0.
        pitch: None for a rest.
        place: where messages say that it stands, as `measure 3`.
        leads_on: whether a tie begins at it.
        continues: whether a tie ends at it.
    """

    begin: Fraction
    length: Fraction
    pitch: Pitch | None
    place: str
    leads_on: bool = False
    continues: bool = False

    @property
    def end(self) -> Fraction:
        """Whole notes from the start of the piece."""
        return self.begin + self.length


@dataclass(frozen=True)
class _Chord:
    """Tones that begin together; none for a rest."""

    tones: tuple[Tone, ...]
    begin: Fraction
    end: Fraction
    place: str


def line_of_voice(
    tones: Iterable[Tone], *, polyphony: Polyphony, end: Fraction
) -> tuple[tuple[Note, ...], Counter[str]]:
    """Return the notes of a voice one after another, and how many of its tones are not among them, by kind.

    Args:
        tones: of the voice, in any order.
        polyphony: which tones of a chord are taken.
        end: whole notes at which the part ends; the voice rests until then.

    Raises:
        DataError: two tones sound together and `polyphony` is `refuse`, or a length has no spelling.
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


def sounding_pitch(letter: str, alteration: int, octave: int, *, steps: int | None, semitones: int) -> Pitch:
    """Return the pitch that a written pitch sounds as.

    Args:
        letter: of the written pitch, `c` to `b`.
        alteration: of the written pitch in semitones.
        octave: of the written pitch; 0 begins with middle C.
        steps: steps of the staff from the written pitch to the sounding one; None if nothing says them.
        semitones: from the written pitch to the sounding one.

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


def pickup_of(bars: Sequence[Fraction], meter: Meter | None) -> Fraction:
    """Return the length of an incomplete first bar in whole notes; 0 if it is complete or the only one."""
    if meter is None or len(bars) < 2:
        return Fraction(0)
    return bars[0] if bars[0] < meter.bar else Fraction(0)


def changes(values: Iterable[object]) -> int:
    """Return how often a value differs from the one before it."""
    found = [value for value, _ in groupby(values)]
    return max(len(found) - 1, 0)


def checked_time(time: Fraction) -> Fraction:
    """Return a time, or refuse it if sums of such times would take too long.

    Raises:
        DataError: its denominator is too large.
    """
    if time.denominator > FINEST:
        raise DataError("the lengths divide a whole note into too many parts; write simpler ones")
    return time


def _chord(together: list[Tone], polyphony: Polyphony, left_out: Counter[str]) -> _Chord:
    """The tones of one begin that are taken."""
    sounding = [tone for tone in together if tone.pitch is not None]
    place = together[0].place
    if polyphony == "refuse" and len({tone.pitch for tone in sounding}) > 1:
        names = " and ".join(str(tone.pitch) for tone in sounding)
        raise DataError(
            f"{place}: expected one note at a time, received {names} together;"
            " take polyphony highest or chords"
        )
    if polyphony != "chords" and sounding:
        left_out["notes below others"] += len(sounding) - 1
        sounding = [max(sounding, key=_height)]
    lengths = {tone.length for tone in sounding or together}
    if len(lengths) > 1:
        left_out["shorter lengths in chords"] += len(lengths) - 1
    return _Chord(tuple(sounding), together[0].begin, together[0].begin + max(lengths), place)


def _append(line: list[_Chord], chord: _Chord, polyphony: Polyphony, left_out: Counter[str]) -> None:
    """Add a chord to a line; rests give way to notes, and a note that overlaps one before it is left out."""
    while chord.tones and line and not line[-1].tones and line[-1].end > chord.begin:
        rest = line.pop()
        if rest.begin < chord.begin:
            line.append(replace(rest, end=chord.begin))
    if line and line[-1].end > chord.begin:
        if polyphony == "refuse" and chord.tones:
            raise DataError(
                f"{chord.place}: expected one note at a time, received {chord.tones[0].pitch} while"
                f" {line[-1].tones[0].pitch} sounds; take polyphony highest or chords"
            )
        left_out["overlapping notes"] += len(chord.tones)
        return
    line.append(chord)


def _with_rests(line: Sequence[_Chord], end: Fraction) -> Iterator[_Chord]:
    now, place = Fraction(0), "the beginning"
    for chord in line:
        if chord.begin > now:
            yield _Chord((), now, chord.begin, place)
        yield chord
        now, place = chord.end, chord.place
    if end > now:
        yield _Chord((), now, end, place)


def _note(event: _Chord, following: _Chord | None, left_out: Counter[str]) -> Note:
    """A note, chord or rest; a tie is kept if no other pitch that both events have is struck again."""
    length = event.end - event.begin
    try:
        spell_duration(length)
    except DataError as error:
        raise DataError(f"{event.place}: a length of {length} whole notes: {error}") from None
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
    return (tone.pitch.height if tone.pitch else (-1, -1)), tone.length
