"""The files in `snapshots/` of a run: what is written is read again, and nothing else is."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.errors import RunError
from rnnlab.models.model_file import Weights
from rnnlab.models.tensor_file import file_bytes
from rnnlab.runs.details import details_of
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import snapshot_paths
from rnnlab.runs.snapshots import EpochSnapshot, read_snapshot, snapshots_of, write_snapshot
from tests.runs.listed import finished
from tests.trained import STREAM

MODEL: Weights = {
    "lstm_1/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.zeros(3, np.float32),
}
ABOUT = {"format": "rnnlab snapshot", "format_version": "1", "rnnlab_version": "1", "epoch": "3"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run of three epochs; the losses of epoch e are 3 - e / 2 and 2.5."""
    monkeypatch.chdir(tmp_path)
    return finished(text=STREAM)


def test_what_is_written_is_read_again(run: RunFolder) -> None:
    """With the losses of the epoch, in the order of the epochs, and without a half-written file."""
    for epoch in (3, 1):
        write_snapshot(run.path, epoch, {name: array + epoch for name, array in MODEL.items()})
    (run.path / "snapshots/.epoch-00000002.safetensors-abc.partial").write_bytes(b"half of a")

    found = snapshots_of(run.path)

    folder = run.path / "snapshots"
    assert found == [
        EpochSnapshot(1, folder / "epoch-00000001.safetensors", loss=2.5, validation_loss=2.5),
        EpochSnapshot(3, folder / "epoch-00000003.safetensors", loss=1.5, validation_loss=2.5),
    ]
    weights = read_snapshot(found[1].path, MODEL)
    assert all((weights[name] == array + 3).all() for name, array in MODEL.items())
    assert details_of(run.path).snapshots == (1, 3)


def test_a_run_without_snapshots_has_none(run: RunFolder) -> None:
    """Its history is not read."""
    run.write("history.csv", "damaged")

    assert snapshots_of(run.path) == []
    assert details_of(run.path).snapshots == ()


def test_an_epoch_without_measurement_has_no_loss(run: RunFolder) -> None:
    """Every step of it was skipped, or no validation was due."""
    run.write("history.csv", "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n1,,,,,1\n")
    write_snapshot(run.path, 1, MODEL)
    write_snapshot(run.path, 2, MODEL)

    (only,) = snapshots_of(run.path)

    assert (only.loss, only.validation_loss) == (None, None)


@pytest.mark.parametrize(
    ("about", "weights", "problem"),
    [
        ({"format": "rnnlab"}, {}, "the snapshot is damaged (it is no snapshot of rnnlab); restore it"),
        (
            {"format_version": "2"},
            {},
            "expected format version 1, received '2'; update rnnlab to read it",
        ),
        (
            {},
            {"dense/bias": np.zeros(4, np.float32)},
            "the snapshot is damaged (its tensors are not those of the run's model)",
        ),
        ({"epoch": "4"}, {}, "the snapshot is damaged (its name is not that of its epoch)"),
        (
            {},
            {"dense/bias": np.array([0, np.nan, 0], np.float32)},
            "the snapshot is damaged (a weight is not finite)",
        ),
    ],
)
def test_a_wrong_file_is_refused(
    run: RunFolder, about: dict[str, str], weights: Weights, problem: str
) -> None:
    """In one line that names the file and the problem."""
    write_snapshot(run.path, 3, MODEL)
    path = run.path / "snapshots/epoch-00000003.safetensors"
    path.write_bytes(file_bytes(ABOUT | about, MODEL | weights))

    with pytest.raises(RunError) as caught:
        read_snapshot(path, MODEL)

    assert str(caught.value).startswith(f"{path}: {problem}")


def test_a_flipped_bit_is_noticed(run: RunFolder) -> None:
    """By the digest in the header."""
    write_snapshot(run.path, 3, MODEL)
    path = run.path / "snapshots/epoch-00000003.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    with pytest.raises(RunError, match="its content does not match the sha256 in its header"):
        read_snapshot(path, MODEL)


def test_nothing_outside_of_the_run_is_read_or_written(run: RunFolder, tmp_path: Path) -> None:
    """The folder and each of its files must not be links to elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (run.path / "snapshots").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    for act in (lambda: write_snapshot(run.path, 1, MODEL), lambda: snapshot_paths(run.path)):
        with pytest.raises(RunError, match="leads outside its folder"):
            act()
    assert not any((tmp_path / "elsewhere").iterdir())

    (run.path / "snapshots").unlink()
    write_snapshot(run.path, 1, MODEL)
    link = run.path / "snapshots/epoch-00000002.safetensors"
    link.symlink_to("epoch-00000001.safetensors")
    with pytest.raises(RunError, match="it is a link"):
        read_snapshot(link, MODEL)
