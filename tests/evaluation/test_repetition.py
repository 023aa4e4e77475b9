"""Loops, one token alone and texts that only repeat: what is found, from where on, and what is left alone."""

import numpy as np
import pytest

from rnnlab.evaluation.repetition import Repetition, longest_run, repeated_ngrams, repetition_in

HARBOUR = (
    "The fishing boats leave the harbour before sunrise. Old men mend their nets on the stones, and children"
    " count the gulls.\n\n\nAaaah, says the wind, and the ropes go tap tap tap against the masts ..........."
)


def found(text: str, surprise: float = 2.0) -> Repetition | None:
    """The repetition in a text, each character of which has the same surprise."""
    ids = np.array([ord(letter) for letter in text], np.int64)
    return repetition_in(ids, np.full(len(ids), surprise))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xyz" + 47 * "d", Repetition("one_token", 3, 47, 1)),
        (50 * "d", Repetition("one_token", 0, 50, 1)),
        ("0123456789" + 15 * "abcd", Repetition("loop", 10, 60, 4)),
        ("0123456789" + 15 * "abcd" + "ab", Repetition("loop", 10, 62, 4)),
        ("xyz" + 40 * "d" + "uvw", Repetition("one_token", 3, 40, 1)),
    ],
    ids=["one token to the end", "from the first token", "a loop", "its last turn cut", "most of the sample"],
)
def test_what_is_found(text, expected):
    """Kind, first token, number of tokens and the shortest period."""
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "a", 23 * "a", HARBOUR, HARBOUR[:40], "The end" + 20 * ".", HARBOUR + 40 * "-", 40 * "-" + HARBOUR],
    ids=["nothing", "one", "short", "text", "a short text", "dots", "a line at the end", "at the beginning"],
)
def test_what_is_no_collapse(text):
    """Short samples, `aaa`, blank lines, and a rule that takes up less than half and fewer than 64 tokens."""
    assert found(text) is None


def test_a_long_loop_at_the_end_is_one_however_long_the_sample():
    """64 tokens that go on to the end; the same in the middle ends, so the sample is not stuck."""
    text = "".join(chr(200 + number % 101 * number % 97) for number in range(1000))

    assert found(text + 16 * "abcd") == Repetition("loop", 1000, 64, 4)
    assert found(text + 15 * "abcd") is None
    assert found(text[:500] + 16 * "abcd" + text[500:]) is None


def test_a_loop_longer_than_the_part_that_is_searched_begins_where_it_begins():
    """Only the last 20,000 tokens are searched for a period; the loop is followed back from there."""
    assert found("xyz" + 15_000 * "ab") == Repetition("loop", 3, 30_000, 2)


def test_two_turns_are_no_loop():
    """A refrain of 100 tokens that is sung twice."""
    turn = "".join(chr(200 + number * number % 89) for number in range(100))

    assert found(2 * turn) is None


def test_low_entropy_is_certain_and_nothing_new():
    """A text of its own earlier pieces in changing order, of which the model is certain."""
    rng = np.random.default_rng(0)
    pieces = ["the ship of the harbour ", "and so it went on and on "]
    text = "".join(pieces) + "".join(pieces[number] for number in rng.integers(2, size=30))

    sure, unsure = found(text, surprise=0.01), found(text, surprise=0.5)

    assert sure is not None
    assert (sure.kind, sure.period, sure.start + sure.length) == ("low_entropy", None, len(text))
    assert sure.start < 60
    assert unsure is None


def test_a_memorised_text_is_no_low_entropy():
    """The model is certain of each token, but writes nothing twice."""
    assert found(HARBOUR, surprise=0.0) is None


@pytest.mark.parametrize(("period", "expected"), [(1, (0, 0)), (2, (1, 6)), (3, (0, 0))])
def test_the_longest_run_of_a_period(period, expected):
    """x abab ab y: from the second token on, six tokens of period 2."""
    assert longest_run(np.array([9, 1, 2, 1, 2, 1, 2, 8]), period) == expected


def test_ngrams_that_occurred_before():
    """The first eight tokens again: one n-gram, the last."""
    ids = np.array([*range(10), *range(8)])

    assert repeated_ngrams(ids).tolist() == [*[False] * 10, True]
    assert len(repeated_ngrams(ids[:7])) == 0
