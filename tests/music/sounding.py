"""The sounds of a tune, for comparing tunes whose notes are divided or spelled differently."""

from fractions import Fraction

from rnnlab.music.tune import Tune, sounds_of


def sounds(tune: Tune) -> list[tuple[Fraction, Fraction, int]]:
    """Return (begin, end, MIDI number) of each sound, sorted; times are in quarter notes."""
    found = sounds_of(tune.notes)
    quarter = 4 * found.step
    return sorted((sound.begin * quarter, sound.end * quarter, sound.pitch) for sound in found.items)
