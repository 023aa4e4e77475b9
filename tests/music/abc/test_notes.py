"""Pitches and lengths of ABC: for each rule a short tune and its notes."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.abc import read_abc
from rnnlab.music.melody import Reading
from rnnlab.music.notation import spell

ACCIDENTALS = {
    "an accidental holds to the bar line": ("^F G F|F", "fis4 g4 fis4 f4"),
    "in all octaves": ("^F f F,|f", "fis4 fis'4 fis,4 f'4"),
    "until another one": ("^F =F F _F|F", "fis4 f4 f4 fes4 f4"),
    "also over that of the key": ("[K:D]F =F F|F", "fis4 f4 f4 fis4"),
    "through a tie over the bar line, for the tied note alone": ("^F-|F F", "fis4~ fis4 f4"),
    "through a tie of a chord": ("[^FA]-|[FA] F", "<fis a>4~ <fis a>4 f4"),
    "of a grace note": ("{^c}d c|c", "d'4 cis'4 c'4"),
    "of a chord": ("[^CE] C|C", "<cis e>4 cis4 c4"),
    "but not in the other voice of an overlay": ("C & ^C C|C", "c4 c4"),
    "to the bar line of a repeat and of an ending": ("^C:|C|1 ^C :|2 C", "cis4 c4 cis4 c4"),
    "not over an ending that begins within a bar": ("^C [1 C", "cis4 cis4"),
    "in its own octave alone, if the tune says so": ("[I:propagate-accidentals octave]^C c|", "cis4 c'4"),
    "for its note alone, if the tune says so": ("[I:propagate-accidentals not]^C C|", "cis4 c4"),
    "doubled": ("^^C __D", "cisis4 deses4"),
}
KEYS = {
    "G": "fis4",
    "Gmaj": "fis4",
    "G major": "fis4",
    "Em": "fis4",
    "E minor": "fis4",
    "Emin": "fis4",
    "E Aeolian": "fis4",
    "Cmix": "f4",
    "D Mixolydian": "fis4",
    "Edor": "fis4",
    "Bphr": "fis4",
    "Clyd": "fis4",
    "F#loc": "fis4",
    "Gion": "fis4",
    "Bb": "f4",
    "C#": "fis4",
    "Cb": "fes4",
    "none": "f4",
    "": "f4",
    "HP": "fis4",
    "Hp": "fis4",
    "C ^f": "fis4",
    "G =f": "f4",
    "Gmix=f": "f4",
    "Dmix^g": "fis4",
    "Dm^f": "fis4",
    "D=f": "f4",
    "^f": "fis4",
    "exp _b": "f4",
    "octave=1": "f'4",
    "D exp ^c": "f4",
    "G clef=bass": "fis4",
    "G bass": "fis4",
    "clef=treble": "f4",
    "G octave=-1": "fis,4",
    "C treble-8": "f,4",
    "C clef=treble+8": "f'4",
    "C transpose=-2": "ees4",
    "C clef=bass transpose=12": "f'4",
    "C t=1": "fis4",
}
LENGTHS = {
    "C2 C/ C// C3/2 C/4 C3/ C": "c2 c8 c16 c4. c16 c4. c4",
    "C>C C<C C>>C C<<<C": "c4. c8 c8 c4. c4.. c16 c32 c4...",
    "C > C": "c4. c8",
    "C>{g}C": "c4. c8",
    'C>"Am"!trill!C': "c4. c8",
    "C>|C": "c4. c8",
    "C>z": "c4. r8",
    "z<C": "r8 c4.",
    "[CE]>[DF]": "e4. f8",
    "(3CDE": "c4*2/3 d4*2/3 e4*2/3",
    "(3C2D2E2": "c2*2/3 d2*2/3 e2*2/3",
    "(3C>DE": "c4 d8*2/3 e4*2/3",
    "(3CzE": "c4*2/3 r4*2/3 e4*2/3",
    "(3[CE]DE": "e4*2/3 d4*2/3 e4*2/3",
    "((3CDE)": "c4*2/3 d4*2/3 e4*2/3",
    "(3{g}CDE": "c4*2/3 d4*2/3 e4*2/3",
    "(3CD|E": "c4*2/3 d4*2/3 e4*2/3",
    "(3:2:4C2D E F G": "c2*2/3 d4*2/3 e4*2/3 f4*2/3 g4",
    "(3::2CD E": "c4*2/3 d4*2/3 e4",
    "(3:2CDE F": "c4*2/3 d4*2/3 e4*2/3 f4",
    "(2CD": "c4. d4.",
    "(4CDEF": "c8. d8. e8. f8.",
    "(5CDEFG": "c8*4/5 d8*4/5 e8*4/5 f8*4/5 g8*4/5",
    "[M:6/8](5CDEFG": "c4*3/5 d4*3/5 e4*3/5 f4*3/5 g4*3/5",
    "[M:3/8](5CDEFG": "c8*4/5 d8*4/5 e8*4/5 f8*4/5 g8*4/5",
    "[M:3/4](5CDEFG": "c8*4/5 d8*4/5 e8*4/5 f8*4/5 g8*4/5",
    "(6CDEFGA": "c8*2/3 d8*2/3 e8*2/3 f8*2/3 g8*2/3 a8*2/3",
    "[CEG]2 [C2E2G2] [C2E]2": "g2 g2 e1",
    "C z z2 x2 z/": "c4 r4 r2 r2 r8",
    "C Z": "c4 r1",
    "Z|Z2|C": "r1*3 c4",
    "C [M:3/4]Z2": "c4 r1.",
    "C-C C2-|C2": "c4~ c4 c2~ c2",
    "C -C": "c4~ c4",
    "C-D": "c4 d4",
    "C.-C": "c4~ c4",
    "[C-E][CE]": "e4 e4",
    "[L:1/8]C [L:1/2]C": "c8 c2",
    "[M:3/4]C [L:1/8] D": "c4 d8",
}
PASSED_OVER = {
    "decorations": ".C ~C HC LC !trill!C +trill+C !f!!p!C uvC !crescendo(!C !<(!C",
    "chord symbols and annotations": '"Am"C "F#m7b5"C "^above"C "<(" C "@1,2 free text"C C C C C C',
    "spacers, back quotes and line continuations": "C y C y2 C`C$ C* C; C C C C\\",
    "slurs": "(C C) (C(C C)) .(C C) C C C",
    "bar lines": "|:C:|C::C|]C[|C||C.|C|[1C:|[2C|1,3C|2-4 ",
    "inline fields that are no music": "[P:A]C [r:a bad cafe]C [N:dead]C [R:fade]C [I:setbarnb 5]C CCCCC",
    "grace notes": "{g}C {/g}C {ga}C {^g2a/}C C C C C C C",
    "old line breaks": "C!\nC CC CC CC CC ! ",
    "comments and layout": "C C % D E\n%%text D E F\n%%begintext\nD E F\n%%endtext\nCCCCCCCC",
    "lyrics, titles and words": "CCCC\nw: a-b c d\ns: !f! * * *\nT: dead cab\nW: bad\nN: fade\nP: A\nCCCCCC",
}


def tune(body, *, key="C", **reading):
    """The one tune of a body with the unit note length 1/4, or its error."""
    text = f"X:1\nT:a tune\nM:4/4\nL:1/4\nK:{key}\n{body}\n"
    (found,) = read_abc(text.encode(), name="a.abc", reading=Reading(**reading))
    return found


def notes(body, **options):
    """The notes of a body as note text; an error fails the test."""
    found = tune(body, **options)
    assert not isinstance(found, DataError), found
    return " ".join(map(spell, found.notes))


@pytest.mark.parametrize(("body", "expected"), ACCIDENTALS.values(), ids=ACCIDENTALS)
def test_an_accidental_holds(body, expected):
    """ABC 2.1, sections 4.2 and 11.3: where an accidental holds."""
    assert notes(body, polyphony="chords") == expected


@pytest.mark.parametrize(("key", "expected"), KEYS.items())
def test_a_key_alters_and_a_clef_moves_the_f(key, expected):
    """Cases: modes by three letters, added accidentals, bagpipes, and transposing clefs and properties."""
    assert notes("F", key=key) == expected


@pytest.mark.parametrize(("body", "expected"), LENGTHS.items())
def test_lengths_tuplets_and_broken_rhythm(body, expected):
    """ABC 2.1, sections 4.3 to 4.13."""
    assert notes(body) == expected


@pytest.mark.parametrize("body", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_no_pitch_and_no_length_is_passed_over(body):
    """Each text holds ten notes C, and nothing else changes pitch or length."""
    assert notes(body).split() == ["c4"] * 10


def test_octaves():
    """The capital C is middle C; a comma lowers by an octave, an apostrophe raises, in any mixture."""
    assert notes("C,, C, C c c' c'' C', c,'") == "c,,4 c,4 c4 c'4 c''4 c'''4 c4 c'4"


def test_a_user_defined_symbol_is_no_rest():
    """`U:` makes a letter a symbol, and `!nil!` takes this back."""
    assert notes("U:Z=!trill!\nZC\nU:Z=!nil!\nZ") == "c4 r1"


def test_the_highest_pitch_of_a_chord_is_taken_unless_all_are():
    """`polyphony` has the same meaning as in other formats."""
    assert notes("[GCE]") == "g4"
    assert notes("[GCE]", polyphony="chords") == "<c e g>4"
    assert "received a chord; choose polyphony highest or chords" in str(tune("[GCE]", polyphony="refuse"))


def test_repeats_and_endings_are_read_as_they_are_written():
    """The notes of a repeat and of each ending are read once."""
    assert notes("|:C D:|1 E:|2 F|]") == "c4 d4 e4 f4"
