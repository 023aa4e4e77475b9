"""Facts, tables and JSON on a terminal."""

import json

import pytest

from rnnlab.terminal.tables import as_json_text, facts_table, table


@pytest.mark.parametrize("width", [30, 40, 77])
def test_facts_are_aligned_and_wrapped_to_the_terminal(monkeypatch, width):
    """No line is wider, no word is lost, and values begin in one column."""
    monkeypatch.setenv("COLUMNS", str(width))
    words = [f"word-{number}" for number in range(30)]

    lines = facts_table([("name", "value"), ("longer", " ".join(words))]).splitlines()

    assert lines[0] == "name    value"
    assert max(map(len, lines)) <= width
    assert lines[1].startswith("longer  word-0")
    assert all(line.startswith(" " * 8 + "word-") for line in lines[2:])
    assert " ".join(line[8:] for line in lines[1:]).split() == words


def test_a_terminal_too_narrow_still_shows_something(monkeypatch):
    """Values keep twenty columns."""
    monkeypatch.setenv("COLUMNS", "5")

    assert facts_table([("name", "one two three four five")]) == "name  one two three four\n      five"


def test_an_empty_value_keeps_its_name():
    """A line is not dropped because there is nothing to say."""
    assert facts_table([("name", ""), ("", "value")]) == "name  \n      value"


def test_a_table_aligns_names_left_and_figures_right():
    """Each column is as wide as its widest cell; no line ends in spaces."""
    assert table(("layer", "n"), [("a", 1), ("longer", 12345)]).splitlines() == [
        "layer       n",
        "a           1",
        "longer  12345",
    ]


def test_a_table_without_rows_is_its_header():
    """Nothing is counted, nothing fails."""
    assert table(("layer", "n"), []) == "layer  n"


def test_json_has_no_nan_and_no_infinity():
    """JSON lacks them, and other readers stop at them; what is finite stays."""
    value = {"a": float("nan"), "b": [float("inf"), (1.5, -float("inf"))], "c": "나비야", "d": 1}

    assert json.loads(as_json_text(value)) == {"a": None, "b": [None, [1.5, None]], "c": "나비야", "d": 1}
    assert "나비야" in as_json_text(value)
