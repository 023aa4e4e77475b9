"""`rnnlab train`: from a page to a run, and on from where a run was left."""

import math
from pathlib import Path

import pytest

from rnnlab.commands.train import _result
from rnnlab.runs.folder import RunFolder
from rnnlab.training.best_epoch import Best
from rnnlab.training.session import Outcome

PAGE = """
dataset: {kind: notes, inline: "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4", window: 4, target: next}
model: {kind: lstm, units: 8, stateful: true}
training: {batching: windows, batch_size: 1, epochs: 2}
"""


@pytest.fixture
def page(rnnlab) -> str:
    Path("song.yaml").write_text(PAGE)
    return "song.yaml"


def test_a_run_goes_on_with_more_epochs(rnnlab, page):
    """The newest run, by `--resume` alone, or by its name; its configuration says so afterwards."""
    first = rnnlab("train", page)
    second = rnnlab("train", "--resume", "--set", "training.epochs=4")
    third = rnnlab("train", page, "--resume", "runs/song-1", "--set", "training.epochs=5")

    assert [answer.exit_code for answer in (first, second, third)] == [0, 0, 0]
    assert "going on after step 18" in second.stderr
    assert "runs/song-1: 4 epochs in" in second.stdout
    assert "runs/song-1: 5 epochs in" in third.stdout
    assert "epochs: 5" in Path("runs/song-1/config.yaml").read_text()
    assert len(Path("runs/song-1/history.csv").read_text().splitlines()) == 1 + 5


def test_a_run_does_not_go_on_with_other_settings(rnnlab, page):
    """Every setting that differs is named, with both values; nothing is changed."""
    rnnlab("train", page)
    before = Path("runs/song-1/config.yaml").read_text()

    answer = rnnlab("train", "--resume", "--set", "model.units=9", "--set", "training.random_seed=1")

    assert answer.exit_code == 2
    assert answer.stderr == (
        "runs/song-1: cannot be resumed with other settings: model.units ([8] → [9]),"
        " training.random_seed (0 → 1); only training.epochs, training.early_stopping, training.checkpoint,"
        " training.on_non_finite, training.snapshots, training.tensorboard, training.distribute may change;"
        " leave other settings out, or start a new training\n"
    )
    assert Path("runs/song-1/config.yaml").read_text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected a YAML file, or --resume"),
        (["--resume"], "no run yet in runs/"),
        (["--resume", "runs/nothing"], "runs/nothing: no such run"),
        (["--resume", "x", "--run-dir", "y"], "leave --run-dir out"),
    ],
)
def test_what_cannot_be_trained_is_one_line(rnnlab, arguments, message):
    """With the remedy, and no folder made."""
    answer = rnnlab("train", *arguments)

    assert answer.exit_code in {1, 2}
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not Path("runs").exists()


def test_a_page_that_leaves_things_open_is_resumed_by_itself(rnnlab):
    """What was chosen for the data when the run began is not taken for a change."""
    Path("open.yaml").write_text(
        "dataset: {kind: text, inline: the quick brown fox jumps over the lazy dog}\n"
        "model: {kind: simple_rnn, units: 4}\n"
    )
    begun = rnnlab("train", "open.yaml", "--set", "training.epochs=2")

    resumed = rnnlab("train", "open.yaml", "--resume", "--set", "training.epochs=3")

    assert (begun.exit_code, resumed.exit_code) == (0, 0)
    assert "not set, so chosen for 43 tokens: split none, window 2, batch_size 1, " in begun.stderr
    assert len(Path("runs/open-1/history.csv").read_text().splitlines()) == 1 + 3


def test_the_result_says_which_weights_were_kept_where_no_epoch_has_a_loss():
    """Such as where a callback ends training before the first validation."""
    none, third = Best({}, 0, math.nan, "train"), Best({}, 3, 0.25, "validation")

    lines = [_result(Outcome(RunFolder(Path("runs/a-1")), best, 3, 2.0, 1.5, 0)) for best in (none, third)]

    begin = "runs/a-1: 3 epochs in 2.0 s, 1.5 s of them to compile; kept "
    assert lines[0] == f"{begin}the last weights: no epoch has a measured, finite loss"
    assert lines[1] == f"{begin}epoch 3, validation loss 0.25 nats per token"
