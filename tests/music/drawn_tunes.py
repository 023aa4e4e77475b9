"""Random tunes in a metre and a key, with everything that a line of notes can have."""

from fractions import Fraction
from random import Random

from rnnlab.music.meter import KeySignature, Meter, key_of_fifths
from rnnlab.music.notation import Note, Pitch
from rnnlab.music.tune import Tune, parse_tune

TUNE = parse_tune("c4 cis'8. des,8*2/3 r2 <c eisis>4~ <c g>1*5/8 c''2 beses,,8 % tempo 96", name="a")
"""A tune with a note of each kind."""

METERS = (Meter(2, 4), Meter(3, 4), Meter(4, 4), Meter(6, 8))
_LENGTHS = [Fraction(1, n) for n in (16, 8, 8, 8, 4, 4, 4, 2)] + [Fraction(3, n) for n in (16, 8, 4)]
_WRITTEN_LENGTHS = ["4", "4.", "8..", "8*2/3", "16*4/5", "1*5/8", "32", "16"]
_HEADS = ["c", "cis", "des'", "b,", "geses,,", "r", "fis''", "eis'''", "<c eisis>"]
_MODES = ("major", "minor", "dorian", "mixolydian")


def drawn_tune(random_seed: int) -> Tune:
    """Return a tune of 4 to 12 bars.

    It has rests, dots, ties (over bar lines too), triplets and quintuplets, chords of two and three pitches,
    accidentals outside its key, and a pick-up bar in every other tune; its metre is one of `METERS`, and its
    key one of seven flats to seven sharps.
    """
    rng = Random(random_seed)
    meter = METERS[random_seed % len(METERS)]
    key = key_of_fifths(rng.randint(-7, 7), rng.choice(_MODES))
    pickup = rng.choice([Fraction(1, 8), Fraction(1, 4)]) if rng.random() < 0.5 else Fraction(0)
    notes: list[Note] = []
    if pickup:
        notes += _bar(rng, pickup, key)
    for _ in range(rng.randint(4, 12)):
        notes += _bar(rng, meter.bar, key)
    if not any(note.pitches for note in notes):
        notes.append(Note((Pitch("c"),), meter.bar))
    return Tune(
        f"tune {random_seed}",
        tuple(_tied(rng, notes)),
        tempo=rng.choice((None, 60, 96, 120)),
        meter=meter,
        key=key,
        pickup=pickup,
    )


def notes_without_metre(random_seed: int) -> Tune:
    """Return 21 notes, rests and chords or more of all lengths, with ties between equal ones, and a tempo."""
    rng = Random(random_seed)
    heads = [head for head in ("c", *rng.choices(_HEADS, k=20)) for _ in range(rng.randint(1, 2))]
    pairs = zip(heads, [*heads[1:], ""], strict=True)
    ties = ["~" * (head == after != "r" and rng.random() < 0.5) for head, after in pairs]
    words = [head + rng.choice(_WRITTEN_LENGTHS) + tie for head, tie in zip(heads, ties, strict=True)]
    return parse_tune(" ".join(words) + " % tempo 90", name="a")


def _bar(rng: Random, length: Fraction, key: KeySignature) -> list[Note]:
    """Return random notes that fill a bar of this length."""
    notes: list[Note] = []
    left = length
    while left:
        if left >= Fraction(1, 4) and rng.random() < 0.12:
            count = rng.choice((3, 5))
            unit = Fraction(1, 4) / count
            notes += [Note(_pitches(rng, key), unit) for _ in range(count)]
            left -= Fraction(1, 4)
            continue
        duration = rng.choice([each for each in _LENGTHS if each <= left])
        notes.append(Note(_pitches(rng, key), duration))
        left -= duration
    return notes


def _pitches(rng: Random, key: KeySignature) -> tuple[Pitch, ...]:
    """Return no pitch (one time in eight), two or three pitches (one time in eight), or one pitch."""
    draw = rng.random()
    count = 0 if draw < 0.125 else rng.randint(2, 3) if draw > 0.875 else 1
    pitches: dict[tuple[str, int], Pitch] = {}
    while len(pitches) < count:
        letter, octave = rng.choice("cdefgab"), rng.randint(-1, 1)
        alteration = key.alterations.get(letter, 0)
        if rng.random() < 0.15:
            alteration = rng.choice((-1, 0, 1))
        pitch = Pitch(letter, alteration, octave)
        if pitch.midi not in {each.midi for each in pitches.values()}:
            pitches[letter, octave] = pitch
    return tuple(sorted(pitches.values(), key=lambda pitch: pitch.height))


def _tied(rng: Random, notes: list[Note]) -> list[Note]:
    """Return the notes with one in eight tied to the next note, which then gets the same pitches."""
    tied = list(notes)
    for index in range(len(tied) - 1):
        if tied[index].pitches and rng.random() < 0.125:
            tied[index + 1] = Note(tied[index].pitches, tied[index + 1].duration)
            tied[index] = Note(tied[index].pitches, tied[index].duration, tied=True)
    return tied
