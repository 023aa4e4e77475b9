"""What an experiment consists of, before any training."""

from collections import Counter
from pathlib import Path

import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import gather
from rnnlab.datasets.parts import Ceiling
from rnnlab.errors import ConfigError, DataError
from rnnlab.reports.description import Description, TargetShare, describe, plan
from tests.experiments import SENTENCE, SONG, STREAM, experiment

CONFIGS = Path(__file__).parents[2] / "configs"


def config(name: str) -> Description:
    return describe(read_experiment(CONFIGS / f"{name}.yaml"))


def test_the_song_has_the_lectures_windows() -> None:
    """E1: shape (50, 5), and how it begins."""
    found = config("nabiya_stateful_lstm")

    assert found.windows_shape == (50, 5)
    assert found.windows.tolist()[:5] == [
        [11, 9, 2, 10, 8],
        [9, 2, 10, 8, 1],
        [2, 10, 8, 1, 7],
        [10, 8, 1, 7, 8],
        [8, 1, 7, 8, 9],
    ]
    assert found.window_texts()[:2] == ["g8 e8 e4 f8 → d8", "e8 e4 f8 d8 → d4"]
    assert len(found.windows) == len(found.window_texts()) == 10


def test_the_ship_has_the_lectures_windows() -> None:
    """E5: 170 windows of 10, each shifted by one."""
    found = config("ship_stacked_lstm")

    assert found.windows_shape == (170, 11)
    assert found.window_texts()[:2] == ["if you wan → f you want", "f you want →  you want "]
    assert found.architecture.parameters == 10_850


@pytest.mark.parametrize(
    ("name", "ceiling"),
    [("nabiya_mlp", Ceiling(46, 50)), ("nabiya_lstm", Ceiling(46, 50)), ("nabiya_stateful_lstm", None)],
)
def test_windows_alone_have_a_ceiling(name: str, ceiling: Ceiling | None) -> None:
    """E1: 46 of 50 without a state; with one, what came before the window is known too."""
    assert config(name).ceiling == ceiling


def test_targets_are_counted_once_for_each_window() -> None:
    """The last targets of the nine windows, most frequent first; equals by id."""
    found = describe(experiment(SONG))

    assert found.targets[:2] == (TargetShare("d8", 2, 2 / 9), TargetShare("g8", 2, 2 / 9))
    assert sum(target.count for target in found.targets) == 9
    assert sum(target.share for target in found.targets) == pytest.approx(1)
    assert "e4" not in {target.token for target in found.targets}


def test_only_the_training_part_is_shown() -> None:
    """A held-out end is in neither windows nor targets: 10 of 13 notes make 6 windows."""
    found = describe(
        experiment(SONG, "dataset.split={kind: contiguous, validation: 0.4, gap: 0}", "dataset.window=2")
    )

    assert found.splits.parts["train"].end == 8
    assert found.windows_shape == (6, 3)
    assert found.window_texts()[-1] == "d4 c8 → d8"
    assert sum(target.count for target in found.targets) == 6


def test_a_stream_is_shown_by_its_lanes() -> None:
    """Three lanes of the 72 characters; each is cut every 5 steps, and a cut goes on where the last ended."""
    found = describe(experiment(STREAM))

    assert (found.windows_shape, found.window_texts()) == ((0, 6), [])
    assert [lane.tokens for lane in found.lanes] == [24, 24, 23]
    text = found.corpus.vocabulary.join(found.corpus.ids)
    for lane, begin in zip(found.lanes, (0, 24, 48), strict=True):
        assert ["".join(cut) for cut in lane.cuts] == [text[begin + at : begin + at + 5] for at in (0, 5, 10)]
    assert found.ceiling is None
    assert found.batches.lanes == 3


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("training.batch_size=2", "dataset.window=3"),
        ("dataset.unit=line", "dataset.inline=null", "dataset.path=lines", "dataset.split={kind: none}"),
    ],
    ids=["three lanes", "two lanes", "lines"],
)
def test_lanes_and_targets_are_those_of_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]
) -> None:
    """What the batches of an epoch read, and what they are asked for."""
    monkeypatch.chdir(tmp_path)
    Path("lines").write_text("the fox\njumps\nover\nthe lazy dog and\nthe cat\n")
    found = describe(experiment(STREAM, *settings))
    batches, corpus = found.batches, found.corpus
    steps = [
        gather(corpus, starts, counts, window=batches.window, target="shifted", first=False)
        for starts, counts in zip(*batches.epoch(0), strict=True)
    ]

    for number, lane in enumerate(found.lanes):
        for step, cut in zip(steps, lane.cuts, strict=False):
            assert corpus.vocabulary.decode(step.inputs[number][: len(cut)]) == list(cut)
    asked = Counter(
        corpus.vocabulary.tokens[target]
        for step in steps
        for target, weight in zip(step.targets.flat, step.weights.flat, strict=True)
        if weight
    )
    assert {share.token: share.count for share in found.targets} == asked


def test_windows_come_from_every_sequence(tmp_path: Path) -> None:
    """Three files of one, no and two windows."""
    for name, text in [("a", "abc"), ("b", "ab"), ("c", "cbab")]:
        (tmp_path / name).write_text(text)
    paths = ", ".join(str(tmp_path / name) for name in "abc")

    found = describe(
        experiment(
            SENTENCE,
            "dataset.inline=null",
            f"dataset.path=[{paths}]",
            "dataset.window=2",
            "training.batch_size=1",
        )
    )

    assert found.windows_shape == (3, 3)
    assert found.window_texts() == ["ab → bc", "cb → ba", "ba → ab"]
    assert found.targets == (
        TargetShare("a", 1, 1 / 3),
        TargetShare("b", 1, 1 / 3),
        TargetShare("c", 1, 1 / 3),
    )


def test_a_stream_of_sequences_shorter_than_a_window_is_shown_too(tmp_path: Path) -> None:
    """It can be trained on: the lanes run on over the sequences' ends, whose next token is no target."""
    for name in "abc":
        (tmp_path / name).write_text("abcd")
    paths = ", ".join(str(tmp_path / name) for name in "abc")

    found = describe(
        experiment(
            STREAM,
            "dataset.inline=null",
            f"dataset.path=[{paths}]",
            "dataset.split={kind: none}",
            "training.batch_size=1",
        )
    )

    (lane,) = found.lanes
    assert ["".join(cut) for cut in lane.cuts] == ["abcda", "bcdab", "c"]
    assert found.targets == tuple(TargetShare(token, 3, 1 / 3) for token in "bcd")
    assert found.batches.steps == 3


def test_data_shorter_than_a_window_is_refused() -> None:
    """By how much, and what to set."""
    with pytest.raises(DataError, match=r"dataset\.window 13 .* need 14 tokens .* 1 too few"):
        describe(experiment(SONG, "dataset.window=13"))


def test_a_network_that_does_not_fit_the_vocabulary_is_refused() -> None:
    """Without a head the last layer needs a unit for each of the eight tokens."""
    with pytest.raises(ConfigError, match=r"must equal the vocabulary's 8 tokens"):
        describe(experiment(SONG, "model={kind: lstm, units: 9, head: none}"))


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
