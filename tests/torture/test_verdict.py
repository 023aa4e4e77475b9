"""A verdict passes what is valid or refused in one line, and notices everything else."""

import pytest

from rnnlab.errors import ConfigError, DataError
from torture import verdict
from torture.verdict import judge


def _refuse(error: Exception):
    """A reader that raises an error."""

    def read() -> None:
        raise error

    return read


def _message_past_the_constructor(text: str) -> DataError:
    """An error whose message is not made readable."""
    error = DataError("")
    error.args = (text,)
    return error


def test_what_is_read_is_valid():
    """A reader that returns has nothing to explain."""
    verdict = judge(lambda: 1)

    assert (verdict.failure, verdict.refused) == ("", False)


@pytest.mark.parametrize(
    "error",
    [
        DataError("/corpora/song.notes:1:3: 'h8': expected a pitch"),
        DataError("the train part is too short: dataset.window 9 needs 10 tokens"),
        ConfigError("song.yaml:1:1: model: missing", "song.yaml:1:4: dataset: missing", "… and 1,000 more"),
    ],
)
def test_one_line_with_its_place_is_a_refusal(error):
    """A configuration may have a line for each thing that is wrong with it."""
    verdict = judge(_refuse(error))

    assert (verdict.failure, verdict.refused, verdict.message) == ("", True, str(error))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (OverflowError("too large"), "OverflowError instead of an RnnlabError: 'too large'"),
        (RecursionError("too deep"), "RecursionError instead of an RnnlabError: 'too deep'"),
        (DataError("it cannot be read"), "no place: 'it cannot be read'"),
        (_message_past_the_constructor("song.notes:1:1: a\nsong.notes:1:2: b"), "2 lines"),
        (_message_past_the_constructor("song.notes:1:1: \x1b[2J"), "characters that cannot be seen"),
        (_message_past_the_constructor("song.notes:1:1: " + "a" * 2000), "a line of 2,016 characters"),
    ],
)
def test_a_planted_failure_is_noticed(error, failure):
    """The check is no weaker than it says: each way to fail shows up."""
    assert judge(_refuse(error)).failure.startswith(failure)


def test_what_takes_too_long_is_noticed(monkeypatch):
    """Of processor time, so that a busy machine is no failure."""
    monkeypatch.setattr(verdict, "MOST_SECONDS", 0.001)

    assert judge(lambda: sum(range(1_000_000))).failure.startswith("took 0.")


def test_what_fills_the_memory_is_noticed(monkeypatch):
    """The peak counts, even where the memory was given back; a process that was large before may be."""
    peaks = iter([100_000_000, 600_000_000, 600_000_000, 640_000_000])
    monkeypatch.setattr(verdict, "peak_memory", lambda: next(peaks))

    assert judge(lambda: 1).failure == "took memory up to 600 MB"
    assert judge(lambda: 1).failure == ""
