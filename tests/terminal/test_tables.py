"""Facts, tables and JSON on a terminal."""

import json

import pytest

from rnnlab.terminal.tables import Column, as_json_text, facts_table, fitted_rows, fitted_table, table


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


def test_a_long_name_has_its_value_below(monkeypatch):
    """Then all names have: a value has twenty columns or more."""
    monkeypatch.setenv("COLUMNS", "40")

    text = facts_table([("training.optimizer.learning_rate", "0.001"), ("units", "8"), ("", "12")])

    assert text.splitlines() == ["training.optimizer.learning_rate", "  0.001", "units", "  8", "  12"]


COLUMNS = (
    Column("run", left=True, least=8),
    Column("epochs", rank=2),
    Column("95 % interval", rank=1),
    Column("loss"),
)
ROWS = [("stateful_lstm-12", "1,000", "0.2202 to 0.3846", "0.3024"), ("mlp-1", "60", "0 to 1e-5", "4.4e-6")]


def fitted(width: int | None) -> list[str]:
    """The lines of the table, with a line on rows that are left out."""
    return fitted_table(COLUMNS, ROWS, width=width, more="…  3 more").splitlines()


def test_a_table_without_a_width_has_all_columns():
    """As into a pipe."""
    assert fitted(None) == [
        "run               epochs     95 % interval    loss",
        "stateful_lstm-12   1,000  0.2202 to 0.3846  0.3024",
        "mlp-1                 60         0 to 1e-5  4.4e-6",
        "…  3 more",
    ]


def test_long_names_are_cut_before_a_telling_column_is_left_out():
    """In their middle, since runs are told apart by their numbers."""
    assert fitted(42)[:3] == [
        "run       epochs     95 % interval    loss",
        "state…12   1,000  0.2202 to 0.3846  0.3024",
        "mlp-1         60         0 to 1e-5  4.4e-6",
    ]


def test_the_columns_that_are_left_out_are_named():
    """The highest rank is left out first; a line says which, and how wide a terminal shows them."""
    assert fitted(34) == [
        "run          95 % interval    loss",
        "state…12  0.2202 to 0.3846  0.3024",
        "mlp-1            0 to 1e-5  4.4e-6",
        "…  3 more",
        "no room for the column epochs: a",
        "terminal of 50 columns shows all",
    ]
    assert fitted(33)[0].split() == ["run", "loss"]
    assert fitted(33)[-3:] == [
        "no room for the columns epochs,",
        "95 % interval: a terminal of 50",
        "columns shows all",
    ]


def test_what_no_table_fits_becomes_blocks():
    """One row under another, with all columns."""
    columns = [Column("run", left=True), Column("epochs", rank=2), Column("95 % interval"), Column("loss")]

    text = fitted_table(columns, ROWS, width=36, more="…  3 more")

    assert text.splitlines() == [
        *("run            stateful_lstm-12", "epochs         1,000"),
        *("95 % interval  0.2202 to 0.3846", "loss           0.3024", ""),
        *("run            mlp-1", "epochs         60", "95 % interval  0 to 1e-5", "loss           4.4e-6"),
        "…  3 more",
    ]


def test_a_block_without_a_title_begins_with_its_name():
    """As in a table, whose first header is empty."""
    text = fitted_table([Column("", left=True), Column("parameters")], [("gru", "1,234")], width=12)

    assert text.splitlines() == ["gru", "parameters  1,234"]


def test_rows_without_a_header_are_fitted_too():
    """Empty columns take no room, and what is left out is not said."""
    rows = [("stateful_lstm-12", "", "0 to 1", "0.3024"), ("mlp-1", "", "0 to 2", "4.4e-6")]

    assert fitted_rows(COLUMNS, rows, 80) == [
        "stateful_lstm-12  0 to 1  0.3024",
        "mlp-1             0 to 2  4.4e-6",
    ]
    assert fitted_rows(COLUMNS, rows, 24) == ["state…12  0 to 1  0.3024", "mlp-1     0 to 2  4.4e-6"]
    assert fitted_rows(COLUMNS, rows, 16) == ["state…12  0.3024", "mlp-1     4.4e-6"]


def test_json_has_no_nan_and_no_infinity():
    """JSON lacks them, and other readers stop at them; what is finite stays."""
    value = {"a": float("nan"), "b": [float("inf"), (1.5, -float("inf"))], "c": "나비야", "d": 1}

    assert json.loads(as_json_text(value)) == {"a": None, "b": [None, [1.5, None]], "c": "나비야", "d": 1}
    assert "나비야" in as_json_text(value)
