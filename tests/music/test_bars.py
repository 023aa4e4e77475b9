"""Notes divided at bar lines into symbols with dots, under tuplet brackets."""

from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music.bars import MOST_SYMBOLS, bars_of
from rnnlab.music.tune import parse_tune


def notes(text):
    """The notes of a text."""
    return parse_tune(text, name="a").notes


def drawn(text):
    """Bars as text: `8.` for a symbol with its dots, `3:2(…)` for a tuplet bracket, `~` for a tie."""
    return " | ".join(" ".join(map(_drawn, bar)) for bar in bars_of(notes(text)))


def _drawn(group):
    symbols = " ".join(
        f"{1 / symbol.base}{'.' * symbol.dots}{'~' * bool(symbol.held)}" for symbol in group.symbols
    )
    return f"{group.tuplet}:{group.time}({symbols})" if group.tuplet > 1 else symbols


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c4 d8. e16 f2", "4 8. 16 2"),
        ("c2.. d8", "2.. 8"),
        ("c1 d4", "1 | 4"),
        ("c2. d2", "2. 4~ | 4"),
        ("c2. r2", "2. 4 | 4"),
        ("c1*2 d4", "1~ | 1 | 4"),
        ("c1*5/8 d8 e4", "2~ 8 8 4"),
        ("c1*31/32", "2~ 4..."),
        ("d4. c1*5/8", "4. 8~ 2"),
        ("c4~ c4 d2", "4~ 4 2"),
        ("c4~ d4", "4 4"),
        ("<c e>4~ <c g>4", "4~ 4"),
        ("c8*2/3 d8*2/3 e8*2/3 f8*2/3 g8*2/3 a8*2/3", "3:2(8 8 8) 3:2(8 8 8)"),
        ("c4*2/3 d8*2/3 e4", "3:2(4 8) 4"),
        ("c16*4/5 d16*4/5 e8*4/5 f16*4/5", "5:4(16 16 8 16)"),
        ("c8*2/3 d4 e2. f4*2/3", "3:2(8) 4 3:2(1~) | 3:2(8 4)"),
    ],
)
def test_lengths_are_written_as_a_reader_knows_them(text, expected):
    """Cases worked by hand: bar lines, dots, ties, and brackets that end where no odd denominator is left."""
    assert drawn(text) == expected


TUNES = [
    "c4 d4. e8 f1*5/8 g1*3 a8*2/3 b4*2/3 c'1 r1*7/16 d16*4/5 e2*4/7 f4",
    "c8*2/3 d2 e1*7/12 f4*2/15 g4 a64 b128 c'128*2/3 d'4... <c e g>1*11/16~ <c e>2",
]


@pytest.mark.parametrize("text", TUNES)
def test_nothing_is_lost_or_moved(text):
    """The symbols of each note last as long as the note, and every full bar lasts 4/4."""
    bars = bars_of(notes(text))
    lengths = {}
    for bar in bars:
        for group in bar:
            for symbol in group.symbols:
                length = symbol.written * Fraction(group.time, group.tuplet)
                lengths[symbol.event] = lengths.get(symbol.event, 0) + length

    assert list(lengths.items()) == list(enumerate(note.duration for note in notes(text)))
    assert {sum(group.length for group in bar) for bar in bars[:-1]} == {1}
    assert sum(group.length for group in bars[-1]) <= 1


def test_the_parts_of_a_note_are_tied_and_those_of_a_rest_are_not():
    """The last part of a tied note holds only the pitches that the next note has too."""
    ((first,), (second,), (third,)) = bars_of(notes("<c e>1*2~ <e g>1"))

    assert [group.symbols[0].held for group in (first, second, third)] == [{60, 64}, {64}, set()]
    assert [group.symbols[0].part for group in (first, second, third)] == [0, 1, 0]
    assert not any(group.symbols[0].held for (group,) in bars_of(notes("r1*2")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c1*9999", "the tune has 9,999 bars; expected at most 1,000"),
        (
            " ".join(["c32"] * (MOST_SYMBOLS + 1)),
            "the score needs more than 5,000 symbols; expected at most 5,000",
        ),
        ("c4*1/11*1/13", "a length of 1/572 whole notes cannot be drawn"),
        ("c128*1/16", "a length of 1/2048 whole notes cannot be drawn"),
    ],
)
def test_what_no_score_can_show_is_refused(text, message):
    """The error is one line."""
    with pytest.raises(DataError, match=f"^{message}"):
        bars_of(notes(text))


def test_no_notes_are_no_bars():
    """A tune without notes has no bars."""
    assert bars_of(()) == []
