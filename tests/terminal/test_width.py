"""Columns that texts take, and texts that are made to fit."""

import unicodedata

import pytest

from rnnlab.terminal.width import cut, cut_in_the_middle, padded, width_of, wrapped

BUTTERFLY = "나비야"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("song-1", 6),
        (BUTTERFLY, 6),
        (unicodedata.normalize("NFD", BUTTERFLY), 6),
        (unicodedata.normalize("NFD", "é"), 1),
        ("蝶々", 4),
        ("ﾁｮｳ", 3),
        ("🦋", 2),
        ("👨‍👩‍👧 and ❤️", 9),
        ("🇰🇷", 2),
        *[(letter, 1) for letter in "…→×·–—\N{NO-BREAK SPACE}"],
    ],
)
def test_a_text_takes_the_columns_of_its_letters(text, width):
    """East Asian wide ones two, combining marks none, composed or not; an emoji of several characters two."""
    assert width_of(text) == width


@pytest.mark.parametrize("columns", range(8))
@pytest.mark.parametrize("text", ["song-12", BUTTERFLY, "a나b비c야", "🦋🦋🦋🦋"])
@pytest.mark.parametrize("make", [cut, cut_in_the_middle])
def test_what_is_cut_fits(make, text, columns):
    """It is whole if it fits, and else says that it is not."""
    result = make(text, columns)

    assert width_of(result) <= columns
    assert result == text if width_of(text) <= columns else columns == 0 or "…" in result


def test_of_a_name_beginning_and_end_are_kept():
    """The number of a run is at its end."""
    assert cut_in_the_middle("nabiya_stateful_lstm-12", 12) == "nabiya_…m-12"


def test_padding_is_by_columns():
    """So that what stands below each other begins below each other."""
    assert padded(BUTTERFLY, 8) == "나비야  "
    assert padded(BUTTERFLY, 8, right=True) == "  나비야"
    assert padded(BUTTERFLY, 3) == BUTTERFLY


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one  two", 8, ["one  two"]),
        ("one  two", 5, ["one", "two"]),
        ("a\N{NO-BREAK SPACE}b c", 3, ["a\N{NO-BREAK SPACE}b", "c"]),
        ("abcdefgh ij", 3, ["abc", "def", "gh", "ij"]),
        ("나비야 나비야", 7, ["나비야", "나비야"]),
        ("나비야나비야", 5, ["나비", "야나", "비야"]),
        ("나비", 1, ["나", "비"]),
        ("a 나비야나비야", 5, ["a 나", "비야", "나비", "야"]),
        ("big song-twelve", 12, ["big", "song-twelve"]),
        ("  indented", 20, ["  indented"]),
        ("", 9, [""]),
        ("   ", 9, [""]),
    ],
)
def test_lines_are_broken_at_spaces(text, columns, lines):
    """A word that is wider than a line is broken; nothing else is lost than spaces at a break."""
    assert wrapped(text, columns) == lines
