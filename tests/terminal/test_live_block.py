"""Lines at the end of a terminal that are drawn again and again, and the last lines of a text."""

import itertools

import pytest

from rnnlab.terminal.live_block import LiveBlock, last_lines
from rnnlab.terminal.text import width_of


@pytest.fixture
def block(monkeypatch):
    """A block on a terminal of 20 columns."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    return LiveBlock()


def test_lines_replace_those_before(block, capsys):
    """The cursor goes up to the first line, each line is cleared to its end, and what is below it too."""
    block.draw(["one", "two", "three"])
    block.draw(["four"])

    assert (
        capsys.readouterr().err == "\rone\x1b[K\ntwo\x1b[K\nthree\x1b[K\x1b[J" + "\r\x1b[2Afour\x1b[K\x1b[J"
    )


def test_a_terminal_that_became_narrower_has_broken_the_lines(block, capsys, monkeypatch):
    """15 columns take two rows of 8, so that there are three rows to go up from."""
    block.draw(["x" * 15, "나" * 4, "y"])
    capsys.readouterr()
    monkeypatch.setenv("COLUMNS", "8")

    block.draw(["z"])

    assert capsys.readouterr().err == "\r\x1b[3Az\x1b[K\x1b[J"


def test_only_the_last_lines_fit_a_low_terminal(block, capsys, monkeypatch):
    """One row stays free."""
    monkeypatch.setattr(LiveBlock, "rows", 2)

    block.draw(["one", "two", "three"])

    assert capsys.readouterr().err == "\rtwo\x1b[K\nthree\x1b[K\x1b[J"


def test_the_block_is_cleared_or_left(block, capsys):
    """After either the cursor is where the next output begins; a second time nothing happens."""
    block.draw(["one", "two"])
    block.wipe()
    block.wipe()
    block.draw(["three"])
    block.end()
    block.end()

    drawn = capsys.readouterr().err.split("\x1b[J")
    assert drawn[1:] == ["\r\x1b[1A", "\rthree\x1b[K", "\n"]


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_moving_cursor_gets_plain_lines(capsys, monkeypatch, term):
    """One picture below the other, without a control character."""
    monkeypatch.setenv("TERM", term)
    block = LiveBlock()

    block.draw(["one", "two"])
    block.draw(["three"])
    block.wipe()
    block.end()

    assert capsys.readouterr().err == "one\ntwo\nthree\n"


def test_a_line_is_broken_after_a_space():
    """No character is lost, and a word that is too wide is broken inside."""
    lines = last_lines("the quick brown fox incomprehensibly", 10, 9)

    assert lines == ["the quick ", "brown fox ", "incomprehe", "nsibly"]


def test_a_line_break_begins_a_line():
    """Also an empty one."""
    assert last_lines("a\n\nb\n", 10, 9) == ["a", "", "b", ""]


def test_wide_letters_take_two_columns():
    """Five columns have room for two of them."""
    assert last_lines("나비야이리", 5, 9) == ["나비", "야이", "리"]


@pytest.mark.parametrize("length", [0, 1, 29, 30, 31, 59, 60, 61, 1000])
@pytest.mark.parametrize("letter", ["x", "나"])
def test_the_last_lines_end_the_text(length, letter):
    """However long the text is, and each line fits."""
    text = (letter * 3 + " ") * (length // 4) + letter * (length % 4)

    lines = last_lines(text, 10, 3)

    assert len(lines) <= 3
    assert text.endswith("".join(lines))
    assert max(map(width_of, lines)) <= 10
    assert len(lines) == 3 or "".join(lines) == text


def test_one_more_letter_leaves_the_lines_before_as_they_are():
    """Of a long text: its beginning is not read again at every letter."""
    text = "ab cde fg " * 40

    steps = [last_lines(text[:length], 10, 3) for length in range(301, 329)]

    assert all(after[0] in before for before, after in itertools.pairwise(steps))
