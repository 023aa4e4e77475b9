"""What tunes sound like, for comparing them however they are divided and written."""

from fractions import Fraction

from rnnlab.music.tune import Tune, sounds_of


def sounds(tune: Tune) -> list[tuple[Fraction, Fraction, int]]:
    """Begin and end in quarter notes, and MIDI number, of each sound, sorted."""
    found = sounds_of(tune.notes)
    quarter = 4 * found.step
    return sorted((sound.begin * quarter, sound.end * quarter, sound.pitch) for sound in found.items)
