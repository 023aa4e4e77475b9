"""The folder `snapshots/` of a run: the weights of some epochs, as `training.snapshots` asks for.

    <run>/snapshots/epoch-00000012.safetensors

Each file has the weights after an epoch as float32, with the names of the tensors of the model file. The
metadata of its header holds

    format          "rnnlab snapshot"
    format_version  "1"
    rnnlab_version  the version that wrote it
    epoch           the number of the epoch, from 1
    sha256          digest of the metadata, and of every tensor's name, type, shape and bytes

A training writes the file of an epoch before any checkpoint of a later step. If the training is killed and
resumed, it comes to the epochs after its last checkpoint again, and replaces their files by equal ones.
"""

import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnlab import __version__
from rnnlab.errors import RunError
from rnnlab.files import check_inside, write_durably
from rnnlab.models.model_file import Weights
from rnnlab.models.tensor_file import FileKind, Stored, digest, file_bytes, open_tensor_file
from rnnlab.runs.history import History, read_history
from rnnlab.runs.layout import SNAPSHOTS, snapshot_name, snapshot_paths

SNAPSHOT_FORMAT, SNAPSHOT_VERSION = "rnnlab snapshot", "1"

SNAPSHOT_FILE = FileKind(
    name="snapshot",
    expected="expected one that a training with training.snapshots wrote",
    remedy="restore it from a copy, or remove it",
    error=RunError,
)


@dataclass(frozen=True)
class EpochSnapshot:
    """The kept weights of an epoch.

    Attributes:
        epoch: number of the epoch, from 1.
        path: the file of the weights, which `read_snapshot` reads.
        loss: mean training loss of the epoch's batches, nats per token; None if every step was skipped.
        validation_loss: loss on the validation set after the epoch, nats per token; None if it was not
            measured.
    """

    epoch: int
    path: Path
    loss: float | None
    validation_loss: float | None


def write_snapshot(run: Path, epoch: int, weights: Weights) -> None:
    """Write the weights of an epoch into a run folder, whole or not at all.

    Args:
        run: the run folder.
        epoch: number of the epoch, from 1.
        weights: float32 arrays by name.

    Raises:
        RunError: the file cannot be written, or the folder of snapshots is a link that leads outside the run.
    """
    folder = run / SNAPSHOTS
    with suppress(OSError):  # the write below raises the error
        folder.mkdir(exist_ok=True)
    check_inside(folder)
    metadata = {
        "format": SNAPSHOT_FORMAT,
        "format_version": SNAPSHOT_VERSION,
        "rnnlab_version": __version__,
        "epoch": str(epoch),
    }
    write_durably(folder / snapshot_name(epoch), file_bytes(metadata, weights))


def snapshots_of(run: Path, history: History | None = None) -> list[EpochSnapshot]:
    """Return the snapshots of a run, in the order of their epochs; none if the run has no such folder.

    An epoch that is not in the history is left out: the training was killed between its snapshot and the next
    save, and will train that epoch again when it is resumed.

    Args:
        run: the run folder.
        history: the history of the run; None reads it.

    Raises:
        RunError: the folder of snapshots cannot be read or leads outside the run, or the history is damaged.
    """
    found = snapshot_paths(run)
    if not found:
        return []
    rows = read_history(run, with_steps=False) if history is None else history
    return [
        EpochSnapshot(
            epoch, path, _measured(rows.loss[epoch - 1]), _measured(rows.validation_loss[epoch - 1])
        )
        for epoch, path in found.items()
        if epoch <= len(rows)
    ]


def read_snapshot(path: Path, model: Weights) -> Weights:
    """Return the weights in a file of `snapshots/`, float32 arrays by name.

    Args:
        path: the file.
        model: the weights of the run's model, whose names and shapes the snapshot must have.

    Raises:
        RunError: the file cannot be read, is no snapshot, has another format version, is damaged, belongs to
            another model, or a weight is not finite.
    """
    if path.is_symlink():
        raise SNAPSHOT_FILE.damaged(path, "it is a link")
    with open_tensor_file(path, SNAPSHOT_FILE) as file:
        if file.metadata.get("format") != SNAPSHOT_FORMAT:
            raise SNAPSHOT_FILE.damaged(path, "it is no snapshot of rnnlab")
        if (version := file.metadata.get("format_version")) != SNAPSHOT_VERSION:
            raise RunError(
                f"{path}: expected format version {SNAPSHOT_VERSION}, received {version!r}; update rnnlab to"
                " read it"
            )
        layout = file.layout()
        expected = {name: Stored(np.dtype(np.float32), array.shape) for name, array in model.items()}
        if layout != expected:
            raise SNAPSHOT_FILE.damaged(path, "its tensors are not those of the run's model")
        weights: Weights = file.read(layout)
    if file.metadata.get("sha256") != digest(file.metadata, weights):
        raise SNAPSHOT_FILE.damaged(path, "its content does not match the sha256 in its header")
    if path.name != snapshot_name(file.metadata.get("epoch", "")):
        raise SNAPSHOT_FILE.damaged(path, "its name is not that of its epoch")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise SNAPSHOT_FILE.damaged(path, "a weight is not finite")
    return weights


def _measured(value: float) -> float | None:
    """Return a figure of the history; None for NaN."""
    return None if math.isnan(value) else float(value)
