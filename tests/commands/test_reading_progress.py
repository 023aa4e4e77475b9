"""The progress of reading a large dataset."""

import math
from contextlib import suppress

import pytest

from rnnlab.terminal.progress import ReadingReport


def be_a_terminal(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Make stderr a terminal of 40 columns; gives the time in seconds as a list of one, to be moved on."""
    now = [100.0]
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("rnnlab.terminal.progress.time.monotonic", lambda: now[0])
    monkeypatch.setenv("COLUMNS", "40")
    return now


def test_reading_that_takes_over_a_second_is_a_live_line(capsys, monkeypatch):
    """Each line stands in place of the last, and in the end there is none."""
    clock = be_a_terminal(monkeypatch)
    with ReadingReport(quiet=False) as reading:
        clock[0] += 1.0
        reading.show("reading corpus.txt", 0.43)
        clock[0] += 0.2
        reading.show("encoding all.txt", 0.001)

    out, err = capsys.readouterr()
    assert out == ""
    assert err.split("\r") == ["", "reading corpus.txt: 43 %", "encoding all.txt: 0 %   ", " " * 21, ""]


def test_a_download_of_unknown_size_has_no_share(capsys, monkeypatch):
    """It says what has come instead."""
    clock = be_a_terminal(monkeypatch)
    with ReadingReport(quiet=False) as reading:
        clock[0] += 1.0
        reading.show("downloading text.txt, 3.2 MB", math.nan)

    assert capsys.readouterr().err.split("\r")[1] == "downloading text.txt, 3.2 MB …"


def test_quick_reading_shows_nothing(capsys, monkeypatch):
    """Whoever waits for less than a second need not be told."""
    clock = be_a_terminal(monkeypatch)
    with ReadingReport(quiet=False) as reading:
        clock[0] += 0.99
        reading.show("reading corpus.txt", 0.99)

    assert capsys.readouterr().err == ""


def test_reading_is_not_drawn_more_often_than_one_can_see(capsys, monkeypatch):
    """Ten times a second at most."""
    clock = be_a_terminal(monkeypatch)
    with ReadingReport(quiet=False) as reading:
        clock[0] += 1.0
        for hundredth in range(100):
            clock[0] += 0.01
            reading.show("reading corpus.txt", hundredth / 100)

    assert 8 <= capsys.readouterr().err.count("%") <= 11


@pytest.mark.parametrize("quiet", [False, True])
def test_reading_is_shown_on_a_terminal_only(capsys, monkeypatch, quiet):
    """A pipe gets no live line, and with --quiet not even a terminal does."""
    clock = be_a_terminal(monkeypatch)
    monkeypatch.setattr("sys.stderr.isatty", lambda: quiet, raising=False)
    with ReadingReport(quiet=quiet) as reading:
        clock[0] += 5.0
        reading.show("reading corpus.txt", 0.5)

    assert capsys.readouterr().err == ""


def test_the_line_is_wiped_when_reading_fails(capsys, monkeypatch):
    """The message that follows begins at the left edge of an empty line."""
    clock = be_a_terminal(monkeypatch)
    with suppress(ValueError), ReadingReport(quiet=False) as reading:
        clock[0] += 2.0
        reading.show("reading corpus.txt", 1.0)
        raise ValueError

    assert capsys.readouterr().err.endswith("\r" + " " * 25 + "\r")
