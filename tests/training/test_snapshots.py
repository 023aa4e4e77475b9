"""The weights of some epochs are kept: of which, when, and what happens if training ends in another way."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.errors import RunError
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import snapshot_paths
from rnnlab.runs.snapshots import read_snapshot, snapshots_of
from rnnlab.training.checkpoints import newest_checkpoint
from rnnlab.training.session import Session
from rnnlab.training.snapshots import snapshot_epochs
from tests.experiments import SONG, STREAM, experiment

pytestmark = pytest.mark.usefixtures("kept_programs")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(*settings: str, resumed: RunFolder | None = None, tell: list[str] | None = None) -> RunFolder:
    """The run of a training, which was perhaps resumed."""
    session = Session(load_data(experiment(*settings)), name="test", resumed=resumed)
    return session.train(tell=[].append if tell is None else tell.append).run


def epochs_in(run: RunFolder) -> list[int]:
    return [each.epoch for each in snapshots_of(run.path)]


@pytest.mark.parametrize(
    ("epochs", "count", "expected"),
    [
        (2000, 12, [1, 2, 4, 8, 16, 32, 64, 127, 253, 504, 1004, 2000]),
        (100, 5, [1, 3, 10, 32, 100]),
        (12, 12, list(range(1, 13))),
        (12, 40, list(range(1, 13))),
        (13, 12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]),
        (1, 12, [1]),
        (10_000_000, 2, [1, 10_000_000]),
        (50, 1, [50]),
        (50, 0, []),
    ],
)
def test_epochs_are_spaced_by_their_logarithm(epochs: int, count: int, expected: list[int]) -> None:
    """Worked by hand: each is the same multiple of the one before it, and at least one more."""
    assert list(snapshot_epochs(epochs, count)) == expected


def test_as_many_different_epochs_are_kept_as_are_wanted() -> None:
    """From the first to the last, in ascending order, whatever the two numbers are."""
    for epochs in (*range(1, 60), 999, 1_000_000):
        for count in range(2, 50):
            found = snapshot_epochs(epochs, count)

            assert len(found) == min(count, epochs)
            assert (found[0], found[-1]) == (1, epochs)
            assert all(one < other for one, other in itertools.pairwise(found))


def test_a_snapshot_has_the_weights_and_the_losses_of_its_epoch() -> None:
    """They are those that a training of so many epochs ends with."""
    run = trained(STREAM, "training.epochs=6", "training.snapshots=3")
    shorter = trained(STREAM, "training.epochs=2")

    snapshots = snapshots_of(run.path)

    assert [each.epoch for each in snapshots] == [1, 2, 6]
    assert {path.name for path in (run.path / "snapshots").iterdir()} == {
        f"epoch-0000000{epoch}.safetensors" for epoch in (1, 2, 6)
    }
    row = (run.path / "history.csv").read_text().splitlines()[2].split(",")
    assert (snapshots[1].loss, snapshots[1].validation_loss) == (float(row[1]), float(row[3]))
    kept = read_snapshot(snapshots[1].path, run.load_model().weights)
    assert all((kept[name] == array).all() for name, array in last_weights(shorter).items())
    last = read_snapshot(snapshots[2].path, run.load_model().weights)
    assert all((last[name] == array).all() for name, array in last_weights(run).items())


def last_weights(run: RunFolder) -> dict[str, Any]:
    """The weights after the last step of a run."""
    checkpoint, _ = newest_checkpoint(run.path)
    assert checkpoint is not None
    arrays = checkpoint.part("program")
    return {
        name.removeprefix("weights/"): array for name, array in arrays.items() if name.startswith("weights/")
    }


def test_snapshots_change_no_bit_of_a_training() -> None:
    """Nor does a training without them have their folder."""
    plain, kept = trained(SONG), trained(SONG, "training.snapshots=3")

    assert not (plain.path / "snapshots").exists()
    assert epochs_in(kept) == [1, 2, 3]
    assert (plain.path / "losses.csv").read_bytes() == (kept.path / "losses.csv").read_bytes()
    others = last_weights(kept)
    assert all((others[name] == array).all() for name, array in last_weights(plain).items())


def test_early_stopping_keeps_its_last_epoch_too() -> None:
    """What was kept before stays; with more patience, the later epochs of the whole training follow."""
    settings = SONG, "training.epochs=8", "training.snapshots=3"
    impatient = "training.early_stopping={patience: 3, min_delta: 100}"

    run = trained(*settings, impatient)

    assert epochs_in(run) == [1, 3, 4]
    assert epochs_in(trained(*settings, resumed=run)) == [1, 3, 4, 8]


def test_more_epochs_add_the_snapshots_of_the_longer_training() -> None:
    """Those of the shorter one stay."""
    run = trained(SONG, "training.epochs=3", "training.snapshots=2")
    before = {path: path.read_bytes() for path in snapshot_paths(run.path).values()}

    longer = trained(SONG, "training.epochs=9", "training.snapshots=5", resumed=run)

    assert epochs_in(longer) == [1, 3, 5, 9]
    assert snapshot_epochs(9, 5) == (1, 2, 3, 5, 9)
    assert all(path.read_bytes() == data for path, data in before.items())


def test_a_run_that_began_without_snapshots_says_which_are_missing() -> None:
    """Nothing is left out without a word."""
    run, told = trained(SONG, "training.epochs=3"), list[str]()

    trained(SONG, "training.epochs=8", "training.snapshots=4", resumed=run, tell=told)

    assert told[0] == (
        "training.snapshots: the run was trained without it up to epoch 3; the weights of these epochs are"
        " not kept, those of later ones are"
    )
    assert epochs_in(run) == [4, 8]


def test_a_snapshot_after_the_last_checkpoint_is_written_again() -> None:
    """Until the killed training is resumed, its epoch is not in the history, and is not shown."""
    settings = SONG, "training.epochs=5", "training.snapshots=5", "training.checkpoint.every_epochs=1"
    run = trained(*settings)
    expected = {path: path.read_bytes() for path in snapshot_paths(run.path).values()}
    max((run.path / "checkpoints").iterdir()).unlink()
    history = run.path / "history.csv"
    history.write_text("".join(history.read_text().splitlines(keepends=True)[:-1]))
    (run.path / "snapshots/epoch-00000005.safetensors").write_bytes(b"half of a")
    assert epochs_in(run) == [1, 2, 3, 4]

    trained(*settings, resumed=run)

    assert {path: path.read_bytes() for path in snapshot_paths(run.path).values()} == expected


def test_a_snapshot_that_cannot_be_written_stops_the_training() -> None:
    """The line names the file and how to go on."""
    session = Session(load_data(experiment(SONG, "training.snapshots=3")), name="test")
    (session.run.path / "snapshots").write_text("not a folder")

    with pytest.raises(RunError) as caught:
        session.train()

    assert str(caught.value) == (
        f"{session.run.path}/snapshots/epoch-00000001.safetensors: cannot write (Not a directory); training"
        " stops after step 9, nothing was saved before: put that right, then:"
        f" rnnlab.resume('{session.run.path}')"
    )


def test_fewer_epochs_keep_the_last_one_that_was_trained() -> None:
    """A finished run that is resumed with snapshots keeps its last weights: no earlier ones are left."""
    run = trained(SONG, "training.epochs=3")

    trained(SONG, "training.epochs=2", "training.snapshots=2", resumed=run)

    assert epochs_in(run) == [3]
