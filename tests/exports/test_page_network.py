"""The weights of a page: those of the model, and those of the snapshots that the run keeps."""

import os
from pathlib import Path

import numpy as np
import pytest

from rnnlab.exports.page_file import write_page
from rnnlab.exports.page_network import PageSnapshot, page_network
from rnnlab.models.model_file import Weights
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.snapshots import write_snapshot
from tests.keeping import keeping
from tests.runs.listed import finished
from tests.trained import SONG, STREAM


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def with_snapshots(text: str, rows: list[str]) -> tuple[RunFolder, Weights]:
    """A run of the given rows of its history, which keeps epochs 1 and 3; and the weights of its model."""
    run = finished(text=text)
    run.write(
        "history.csv", "\n".join(["epoch,loss,accuracy,validation_loss,validation_accuracy,seconds", *rows])
    )
    weights = run.load_model().weights
    for epoch in (1, 3):
        write_snapshot(run.path, epoch, {name: array * epoch / 2 for name, array in weights.items()})
    return run, weights


def snapshots(run: RunFolder) -> list[tuple[int | None, float | None, float | None, bool]]:
    """Epoch and losses of each snapshot of the page, and whether it is the model's own."""
    found = page_network(run.load_model(), run, run.path).snapshots
    return [(each.epoch, each.loss, each.validation_loss, each.kept) for each in found]


def test_the_weights_of_the_model_stand_at_their_epoch() -> None:
    """With a validation set, at that of the lowest validation loss."""
    run, _ = with_snapshots(STREAM, ["1,3,0,2.5,0,1", "2,2,0,2.25,0,2", "3,1,0,2.75,0,3"])

    assert snapshots(run) == [(1, 3, 2.5, False), (2, 2, 2.25, True), (3, 1, 2.75, False)]


@pytest.mark.parametrize("most", [5, 13, 4_000])
def test_a_long_song_is_cut_and_the_page_knows_it(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The song has 13 notes."""
    monkeypatch.setattr("rnnlab.exports.page_network.MOST_OF_SONG", most)
    run = keeping(finished(text=SONG))

    found = page_network(run.load_model(), run, run.path).described(bits=32)

    whole = [found["tokens"].index(note) for note in "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4".split()]
    assert (found["song"], found["song_is_cut"]) == (whole[:most], most < 13)


def test_without_a_validation_set_the_next_epoch_counts_too() -> None:
    """The loss of epoch 3 is the lowest, but after its updates the loss is 9; epoch 2 is followed by 1."""
    run, _ = with_snapshots(SONG, ["1,3,0,,,1", "2,2,0,,,2", "3,1,0,,,3", "4,9,0,,,4"])

    assert snapshots(run) == [(1, 3, None, False), (2, 2, None, True), (3, 1, None, False)]


def test_a_snapshot_with_the_weights_of_the_model_is_the_kept_one() -> None:
    """They are not in the page twice."""
    run, weights = with_snapshots(SONG, ["1,3,0,,,1", "2,2,0,,,2", "3,1,0,,,3"])
    write_snapshot(run.path, 3, weights)

    assert snapshots(run) == [(1, 3, None, False), (3, 1, None, True)]


def test_a_model_file_has_its_own_weights_only() -> None:
    """Their epoch is not known."""
    run, _ = with_snapshots(SONG, ["1,3,0,,,1"])
    model = run.load_model()

    (only,) = page_network(model, None, run.model_path).snapshots

    assert isinstance(only, PageSnapshot)
    assert (only.epoch, only.kept) == (None, True)
    assert all(np.array_equal(only.weights[name], array) for name, array in model.weights.items())


def test_a_damaged_history_does_not_hinder_an_export() -> None:
    """The page then has the weights of the model alone: no epoch of the history is known."""
    run, _ = with_snapshots(SONG, ["1,3,0,,,1", "2,2,0,,,2", "3,1,0,,,3"])
    run.write("history.csv", "damaged")

    page = write_page([page_network(run.load_model(), run, run.path)], Path("song.html"))

    assert page.path.stat().st_size == page.size
    assert snapshots(run) == [(None, None, None, True)]


def test_a_name_that_is_not_utf_8_can_be_shown() -> None:
    """A file name on Linux has any bytes; those that are no text are shown as U+FFFD."""
    run = finished()
    strange = Path(os.fsdecode(b"runs/nabi-\xff"))
    run.path.rename(strange)

    network = page_network(RunFolder(strange).load_model(), RunFolder(strange), strange)
    page = write_page([network], Path("song.html"))

    assert network.name == "nabi-\N{REPLACEMENT CHARACTER}"
    assert "<title>nabi-\N{REPLACEMENT CHARACTER} " in page.path.read_text(encoding="utf-8")
