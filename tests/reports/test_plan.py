"""An experiment in a few lines."""

from pathlib import Path

import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.reports.description import describe
from rnnlab.reports.plan import plan
from tests.experiments import SENTENCE, SONG, STREAM, experiment

CONFIGS = Path(__file__).parents[2] / "configs"


def rows_of(experiment: Experiment) -> list[tuple[str, str]]:
    found = describe(experiment)
    return plan(experiment, found.corpus, found.splits, found.batches, found.architecture)


def row(name: str, text: str, *overrides: str) -> str:
    return dict(rows_of(experiment(text, *overrides)))[name]


def test_the_song() -> None:
    """E1: 54 notes, 50 windows of 4, one at a time with a state that runs on."""
    rows = rows_of(read_experiment(CONFIGS / "nabiya_stateful_lstm.yaml"))
    data = rows.pop(0)

    assert data[1].startswith("54 notes from ")
    assert data[1].endswith("nabiya.notes")
    assert rows == [
        ("vocabulary", "14 tokens: c4 d4 … b8"),
        ("parts", "train 50 windows"),
        ("batches", "1 window of 4 steps, in order, the state runs on; 50 an epoch"),
        ("model", "lstm 1 → 128 → 14 on scalar; 68,366 parameters"),
        (
            "training",
            "2,000 epochs, 100,000 steps of adam, learning rate 0.001, random seed 0",
        ),
    ]


def test_lanes_of_stateful_windows_have_a_block_each() -> None:
    """50 windows in four lanes: 13, 13, 12 and 12."""
    batches = dict(
        rows_of(read_experiment(CONFIGS / "nabiya_stateful_lstm.yaml", ["training.batch_size=4"]))
    )["batches"]

    assert batches == (
        "4 lanes, each with a block of 13 windows or one fewer, read one window of 4 steps at a time;"
        " the state runs on; 13 an epoch; the last of 13 batches holds 2 of 4 windows"
    )


def test_the_ship_sentence() -> None:
    """E5: 180 characters, 170 windows of 10 in one batch, two layers of 25."""
    rows = dict(rows_of(read_experiment(CONFIGS / "ship_stacked_lstm.yaml")))

    assert rows["data"] == "180 characters from dataset.inline"
    assert rows["vocabulary"] == "25 tokens: ' ' \"'\" … 'y'"
    assert rows["batches"] == "170 windows of 10 steps, in order, each from a zero state; 1 an epoch"
    assert rows["model"] == "lstm 25 → 25 → 25 → 25 on one_hot; 10,850 parameters"
    assert rows["training"].startswith("500 epochs, 500 steps of adam, learning rate 0.1, ")


def test_a_stream_is_counted_in_tokens_and_lanes() -> None:
    """96 characters, 19 held out and 5 before them left out; 71 targets in 3 lanes cut every 5 steps."""
    assert row("parts", STREAM) == "train 72 tokens, validation 19 tokens"
    assert row("batches", STREAM) == (
        "3 lanes of a stream, cut every 5 steps; the state runs on; 5 an epoch;"
        " the last of 5 batches reads 11 of 15 tokens"
    )


def test_one_is_not_plural() -> None:
    """1 lane, 1 step, 1 epoch."""
    single = ("training.batch_size=1", "dataset.window=1", "training.epochs=1")

    assert row("batches", STREAM, *single).startswith("1 lane of a stream, cut every 1 step; ")
    assert row("training", STREAM, *single).startswith("1 epoch, 75 steps of adam")


def test_shuffling_and_what_is_left_over_are_said() -> None:
    """44 windows, 8 at a time, leave 4."""
    assert row("batches", SENTENCE) == (
        "8 windows of 5 steps, shuffled, each from a zero state; 6 an epoch;"
        " the last of 6 batches holds 4 of 8 windows"
    )


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("{kind: lstm, units: 4, peephole: true}", "lstm (peephole) 1 → 4 → 8"),
        (
            "{kind: lstm, units: 4, peephole: true, coupled_gates: true}",
            "lstm (peephole, coupled_gates) 1 → 4 → 8",
        ),
        (
            "{kind: gru, units: [4, 4], layer_norm: true, residual: true}",
            "gru (layer_norm, residual) 1 → 4 → 4 → 8",
        ),
        ("{kind: gru, units: [4, 5]}", "gru 1 → 4 → 5 → 8"),
        ("{kind: gru, units: 4, reset_after: false}", "gru (reset before the product) 1 → 4 → 8"),
        ("{kind: simple_rnn, units: 8, head: none}", "simple_rnn 1 → 8 on"),
        ("{kind: mlp, units: 4, activation: tanh}", "mlp (tanh) 1 → 4 → 8"),
    ],
)
def test_the_model_is_named_with_its_variants(model: str, expected: str) -> None:
    """Kind, what is special about it, and the width of each layer; the song's first line has eight tokens."""
    assert row("model", SONG, f"model={model}").startswith(expected)


def test_a_schedule_is_said_where_there_is_one() -> None:
    """A constant learning rate is not worth a word."""
    assert "schedule" not in row("training", SONG)
    assert "learning rate 0.01, cosine schedule" in row("training", SONG, "training.schedule={kind: cosine}")


def test_a_training_that_may_end_early_says_at_most() -> None:
    """How many epochs it takes is not known before."""
    assert row("training", SONG, "training.early_stopping.patience=2").startswith(
        "at most 3 epochs, 27 steps"
    )


def test_patience_that_outlasts_the_training_is_no_at_most() -> None:
    """It is counted in validations, and after the last epoch nothing is left to end."""
    held_out = ("dataset.window=2", "dataset.split={kind: contiguous, validation: 0.3, gap: 0}")

    assert row("training", SONG, "training.early_stopping.patience=3").startswith("3 epochs")
    assert row("training", SONG, *held_out, "training.early_stopping.patience=2").startswith("at most")
    assert row(
        "training", SONG, *held_out, "training.early_stopping.patience=2", "evaluation.every=2"
    ).startswith("3 epochs")


def test_several_files_and_short_ones_are_said(tmp_path: Path) -> None:
    """Three sequences, of which one has no window of five notes and a target: a row without a name."""
    for name, text in [("a", "abcdefgh"), ("b", "abc"), ("c", "hgfedcba")]:
        (tmp_path / name).write_text(text)
    paths = ", ".join(str(tmp_path / name) for name in "abc")

    rows = rows_of(
        experiment(SENTENCE, "dataset.inline=null", f"dataset.path=[{paths}]", "training.batch_size=6")
    )

    assert rows[0] == ("data", f"19 characters from {tmp_path / 'a'} and 2 more files")
    assert ("parts", "train 6 windows") in rows
    assert ("", "1 of 3 sequences has fewer than 6 tokens, so no window") in rows
