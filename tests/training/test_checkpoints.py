"""Checkpoint files: what is written is read back, and those of the first format are told apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.errors import RunError, TrainingError
from rnnlab.files import write_durably
from rnnlab.models.tensor_file import digest, file_bytes, open_tensor_file
from rnnlab.training import checkpoints
from rnnlab.training.checkpoints import Checkpoint, newest_checkpoint, read_checkpoint, write_checkpoint
from rnnlab.training.facts import Facts

STATEFUL = {"model.stateful": True, "training.batching": "windows"}


def checkpoint(*, lanes: int = 9, step: int = 3, **settings: Any) -> Checkpoint:
    """A checkpoint whose state is some columns of a larger array, as lanes that fill up a group leave it."""
    state = np.arange(5 * 16, dtype=np.float32).reshape(5, 16)[:, :lanes]
    facts = Facts(
        step=step,
        position=(1, 0),
        sums=(0.0, 0.0, 0.0),
        skipped=(0, 0),
        validation_loss=None,
        best_validation=None,
        callbacks=[],
        data_sha256="",
        settings={"training.batch_size": lanes, **settings},
    )
    return Checkpoint({"program/state/0": state, "program/weights/a": np.ones(3, np.float32)}, facts)


def rewritten(path: Path, *, version: str, raw: bool = False) -> Path:
    """Write a checkpoint as an earlier format had it; `raw` is with the first bytes of the larger array."""
    with open_tensor_file(path, checkpoints.KIND) as file:
        arrays, metadata = file.read(file.layout()), dict(file.metadata)
    metadata["format_version"] = version
    metadata["sha256"] = digest(metadata, arrays)
    if raw:
        arrays["program/state/0"] = np.arange(5 * 9, dtype=np.float32).reshape(5, 9)
    data = file_bytes(metadata, arrays)
    path.write_bytes(data.replace(digest(metadata, arrays).encode(), metadata["sha256"].encode()))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint of step 3 is."""
    return tmp_path / "checkpoints" / "step-000000003.safetensors"


def test_a_state_that_is_a_view_is_read_back(tmp_path: Path, path: Path) -> None:
    """Nine lanes of sixteen: each value where it was."""
    written = checkpoint()
    write_checkpoint(tmp_path, written, keep=2)

    read = read_checkpoint(path)

    assert (read.arrays["program/state/0"] == written.arrays["program/state/0"]).all()
    assert read.facts == written.facts


def test_what_cannot_be_read_back_removes_no_older_checkpoint(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that loses a byte: the save says so, and the checkpoint before it is gone on from."""
    write_checkpoint(tmp_path, checkpoint(), keep=1)

    def lose_a_byte(path: Path, data: bytes) -> None:
        write_durably(path, data[:-1] + bytes([data[-1] ^ 1]))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "write_durably", lose_a_byte)
        with pytest.raises(
            RunError, match=r"step-000000004.* read back .* the checkpoint before it is kept$"
        ):
            write_checkpoint(tmp_path, checkpoint(step=4), keep=1)

    found, passed = newest_checkpoint(tmp_path)
    assert (found.facts.step, passed) == (3, [])
    assert list(path.parent.iterdir()) == [path]


def test_a_state_that_the_first_format_wrote_incompletely_is_not_called_damaged(
    tmp_path: Path, path: Path
) -> None:
    """It names the number of lanes, and what is not affected."""
    write_checkpoint(tmp_path, checkpoint(), keep=1)
    rewritten(path, version="1", raw=True)

    with pytest.raises(
        TrainingError, match=r"did not write the state of all 9 lanes.*is not affected"
    ) as said:
        read_checkpoint(path)

    assert "damaged" not in str(said.value)


@pytest.mark.parametrize(("version", "lanes"), [("1", 8), ("2", 9)])
def test_where_the_first_format_was_right_a_wrong_digest_is_damage(
    tmp_path: Path, path: Path, version: str, lanes: int
) -> None:
    """Up to eight lanes were written completely; and so are all in the second format."""
    write_checkpoint(tmp_path, checkpoint(lanes=lanes), keep=1)
    rewritten(path, version=version)
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")

    with pytest.raises(TrainingError, match=r"is damaged \(its content does not match"):
        read_checkpoint(path)


def test_lanes_that_read_every_nth_window_cannot_go_on(tmp_path: Path, path: Path) -> None:
    """The same settings now mean another training; with one lane they do not."""
    write_checkpoint(tmp_path, checkpoint(lanes=4, **STATEFUL), keep=1)
    rewritten(path, version="1")

    with pytest.raises(
        TrainingError, match=r"each of the 4 lanes read one of every 4 windows;.* train again$"
    ):
        read_checkpoint(path)

    write_checkpoint(tmp_path, checkpoint(lanes=1, **STATEFUL), keep=1)
    assert read_checkpoint(rewritten(path, version="1")).facts.step == 3


def test_other_checkpoints_of_the_first_format_are_read(tmp_path: Path, path: Path) -> None:
    """A stream's lanes read what they read before."""
    write_checkpoint(tmp_path, checkpoint(**{"training.batching": "stream"}), keep=1)

    assert read_checkpoint(rewritten(path, version="1")).facts.step == 3


def test_a_later_format_asks_for_a_newer_rnnlab(tmp_path: Path, path: Path) -> None:
    """Nothing in it is guessed."""
    write_checkpoint(tmp_path, checkpoint(), keep=1)

    with pytest.raises(TrainingError, match=r"expected format version 2, received '3'; update rnnlab"):
        read_checkpoint(rewritten(path, version="3"))
