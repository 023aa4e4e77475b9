"""Every message is one line that a terminal shows as it is."""

import pytest

from rnnlab.errors import LONGEST_LINE, ConfigError, DataError, count_of, one_line
from tests.architecture import PACKAGE, uncounted_nouns


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


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "window", "0 windows"),
        (1, "window", "1 window"),
        (2000, "window", "2,000 windows"),
        (1, "process", "1 process"),
        (2, "process", "2 processes"),
        (2, "batch", "2 batches"),
        (2, "epoch", "2 epochs"),
        (2, "transposed copy", "2 transposed copies"),
        (2, "key", "2 keys"),
    ],
)
def test_a_number_has_the_noun_that_fits(number, noun, text):
    """One thing is not several, also where the plural is more than an s."""
    assert count_of(number, noun) == text


def test_a_plural_that_no_rule_makes_is_given():
    """As a noun in two words has one."""
    assert count_of(1, "file or tune", "files or tunes") == "1 file or tune"
    assert count_of(2, "file or tune", "files or tunes") == "2 files or tunes"


def test_no_message_of_the_package_counts_one_thing_as_several():
    """Whatever number comes before a plural noun in a text is 2 or more, or the text is made by count_of."""
    assert list(uncounted_nouns(PACKAGE)) == []


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ('f"{count} windows"', True),
        ('f"train {count:,} training windows"', True),
        ('f"a stream in {batch} lanes, cut"', True),
        ('f"{copies} transposed copies"', True),
        ('f"{MOST} windows"', False),
        ('f"{seconds:.1f} steps"', False),
        ('f"{number} of the windows"', False),
        ("f\"{count_of(count, 'window')}\"", False),
        ('f"{loss} is less"', False),
    ],
)
def test_a_plural_that_is_written_out_is_found(tmp_path, source, is_found):
    """Where one thing could be counted."""
    (tmp_path / "module.py").write_text(source + "\n")

    assert bool(list(uncounted_nouns(tmp_path))) == is_found
