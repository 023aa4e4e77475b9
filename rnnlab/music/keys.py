"""Keys and transposition: the estimated key of a melody, and notes moved by semitones or to a tonic.

The estimate is the Krumhansl–Schmuckler algorithm (C. Krumhansl, Cognitive Foundations of Musical Pitch,
1990): each of the 24 keys has a profile of the twelve tones, and the estimated key is the one whose profile
correlates most with the durations of the tones. The profiles are ratings by listeners of how well each tone
fits a key (Krumhansl and Kessler, 1982).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import DataError, count_of
from rnnlab.music.meter import KeySignature, key_of_fifths
from rnnlab.music.notation import Note, parse_pitch, parse_token, pitch_of, spell

_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


@dataclass(frozen=True)
class Key:
    """An estimated key.

    Attributes:
        tonic: semitones above C, 0..11.
        mode: major or minor.
    """

    tonic: int
    mode: Literal["major", "minor"]

    def __str__(self) -> str:
        """The name of the key, such as `ees major`."""
        return f"{pitch_of(60 + self.tonic)} {self.mode}"

    def way_to(self, tonic: int) -> int:
        """Return the semitones to another tonic in the shorter direction, up or down: −5..6."""
        return (tonic - self.tonic + 5) % 12 - 5


def estimate_key(notes: Sequence[Note]) -> Key:
    """Return the estimated key of notes: its profile correlates most with the durations of the pitches.

    At least one note must have a pitch.
    """
    durations = np.zeros(12)
    for note in notes:
        for pitch in note.pitches:
            durations[pitch.midi % 12] += float(note.duration)
    modes: tuple[Literal["major", "minor"], ...] = ("major", "minor")
    keys = [Key(tonic, mode) for mode in modes for tonic in range(12)]
    return max(keys, key=lambda key: _correlation(durations, np.roll(_PROFILES[key.mode], key.tonic)))


def transpose(notes: Sequence[Note], semitones: int) -> tuple[Note, ...]:
    """Return the notes moved up by `semitones`, or down if negative.

    Each pitch is spelled as `pitch_of` spells it, also at 0 semitones, so all transposed notes of one
    sound have one spelling.

    Raises:
        DataError: a note would be outside MIDI's 0..127.
    """
    numbers = [pitch.midi + semitones for note in notes for pitch in note.pitches]
    if numbers and not 0 <= min(numbers) <= max(numbers) <= 127:
        by = count_of(semitones, "semitone")
        raise DataError(f"{by} would move a note out of MIDI's 0 to 127; transpose by fewer semitones")
    return tuple(
        Note(
            tuple(pitch_of(number) for number in sorted({pitch.midi + semitones for pitch in note.pitches})),
            note.duration,
            note.tied,
        )
        for note in notes
    )


def transposed_key(key: KeySignature, semitones: int) -> KeySignature:
    """Return a key signature moved by `semitones`: it has at most six sharps or five flats.

    If the move is none, or by whole octaves, the key signature is unchanged.
    """
    if semitones % 12 == 0:
        return key
    return key_of_fifths((key.fifths + 7 * semitones + 5) % 12 - 5, key.mode)


@dataclass(frozen=True)
class Transposition:
    """The setting `transpose`: by a number of semitones, or to a tonic.

    Attributes:
        semitones: semitones up, or down if negative; used if `tonic` is None.
        tonic: semitones above C, 0..11; None if `semitones` is used. Each sequence is moved to this tonic in
            the shorter direction and keeps its mode.
    """

    semitones: int = 0
    tonic: int | None = None

    def way_of(self, notes: Sequence[Note]) -> tuple[int, Key | None]:
        """Return the semitones that a sequence is moved by, and its estimated key.

        The key is None if no tonic is set, or if no note has a pitch.
        """
        if self.tonic is None:
            return self.semitones, None
        if not any(note.pitches for note in notes):
            return 0, None
        key = estimate_key(notes)
        return key.way_to(self.tonic), key


def parse_transposition(text: str) -> Transposition:
    """Return the transposition that a text such as `-3` (semitones) or `c` (a tonic) stands for.

    Raises:
        DataError: the text is neither a number of semitones nor a tonic.
    """
    if re.fullmatch("[+-]?[0-9]{1,3}", text):
        return Transposition(int(text))
    try:
        return Transposition(tonic=parse_pitch(text).midi % 12)
    except DataError:
        raise DataError(
            f"expected semitones such as -3, or a tonic such as c, received {text[:40]!r}"
        ) from None


def transposed_tokens(tokens: Collection[str], semitones: int) -> dict[str, str]:
    """Return a dict from each token to its transposed token, in canonical spelling.

    Raises:
        DataError: a note would be outside MIDI's 0..127.
    """
    return {token: spell(transpose([parse_token(token)], semitones)[0]) for token in set(tokens)}


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Pearson's correlation of two arrays (12,); 0 if one of them is constant."""
    a, b = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0
