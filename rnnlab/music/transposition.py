"""Where music is moved to: by semitones, or to a tonic in its own mode."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rnnlab.errors import DataError
from rnnlab.music.keys import Key, estimate_key, transpose
from rnnlab.music.notation import Note, parse_token, spell
from rnnlab.music.pitch import parse_pitch


@dataclass(frozen=True)
class Transposition:
    """A way to move sequences of notes.

    Attributes:
        semitones: up, or down if negative, where there is no tonic.
        tonic: 0..11 above C, that each sequence is moved to by the nearer way.
    """

    semitones: int = 0
    tonic: int | None = None

    def way_of(self, notes: Sequence[Note]) -> tuple[int, Key | None]:
        """The semitones that a sequence is moved by, and its key where that decides."""
        if self.tonic is None:
            return self.semitones, None
        if not any(note.pitches for note in notes):
            return 0, None
        key = estimate_key(notes)
        return key.way_to(self.tonic), key


def parse_transposition(text: str) -> Transposition:
    """The transposition of semitones such as `-3`, or of a tonic such as `c`.

    Raises:
        DataError: it is neither.
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
    """What each of some notes becomes, in their one spelling.

    Raises:
        DataError: one would be outside MIDI's 0..127.
    """
    return {token: spell(transpose([parse_token(token)], semitones)[0]) for token in set(tokens)}
