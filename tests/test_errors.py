"""Every message is one line that a terminal shows as it is."""

import pytest

from rnnlab.errors import LONGEST_LINE, ConfigError, DataError, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("나비야 é 😀", "나비야 é 😀"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[2J\x00\x7f", "\\x1b[2J\\x00\\x7f"),
        ("\u2028\x85\u202e\ud800", "\\u2028\\x85\\u202e\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text, line):
    """Line breaks of every sort, orders to a terminal, what turns the direction, halves of characters."""
    assert one_line(text) == line
    assert str(DataError(text)) == line


def test_of_a_long_message_the_beginning_and_the_end_are_left():
    """The place stands at its beginning, the remedy at its end."""
    line = one_line("song.notes:1:1: " + "c" * 100_000 + "; write fewer")

    assert len(line) == LONGEST_LINE
    assert line.startswith("song.notes:1:1: ccc")
    assert line.endswith("ccc; write fewer")
    assert one_line("c" * LONGEST_LINE) == "c" * LONGEST_LINE


def test_a_configuration_has_a_line_for_each_problem():
    """And what a problem quotes makes no further line."""
    assert str(ConfigError("a.yaml:1:1: x\ny", "a.yaml:2:1: z")) == "a.yaml:1:1: x\\ny\na.yaml:2:1: z"
