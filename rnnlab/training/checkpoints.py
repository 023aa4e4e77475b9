"""Checkpoints: everything that the next step of a training depends on, in one file, complete or absent.

    <run>/checkpoints/step-000000123.safetensors

A checkpoint is one file, not a folder: a single rename creates it, so half a checkpoint never exists. Its
tensors are named `part/name` (`program/weights/lstm_1/kernel`). The metadata of its header holds

    format          "rnnlab checkpoint"
    format_version  "2"
    rnnlab_version  the version that wrote it
    facts           all values but arrays, as JSON: the step, the position in the data, the best loss …
    sha256          digest of the metadata, and of every tensor's name, type, shape and bytes

Nothing in the file is pickled. Older checkpoints are removed only after the new one has been read back from
the disk and its digest is right.

Format version 1 differs in two ways. First, a state of more than 8 lanes could be written incompletely, with
the digest of the complete state. Second, with stateful windows lane n of N read every N-th window; now it
reads consecutive windows. Either kind is refused with its own message; other checkpoints of version 1
are read.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from rnnlab import __version__
from rnnlab.errors import RunError, TrainingError
from rnnlab.files import check_inside, write_durably
from rnnlab.models.tensor_file import (
    FileKind,
    TensorFile,
    digest,
    file_bytes,
    open_tensor_file,
)
from rnnlab.training.facts import Expectation, Facts, read_facts, write_facts

FORMAT, FORMAT_VERSION = "rnnlab checkpoint", "2"
_OLD_VERSION, _OLD_COMPLETE_LANES = "1", 8
FOLDER = "checkpoints"

KIND = FileKind(
    name="checkpoint",
    expected="expected one that `rnnlab train` wrote",
    remedy="nothing is taken from it",
    error=TrainingError,
)

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A training between two steps.

    Attributes:
        arrays: arrays by `part/name`.
        facts: the state without its arrays.
    """

    arrays: Arrays
    facts: Facts

    def part(self, name: str) -> Arrays:
        """Return the arrays of a part, by their names without `part/`."""
        begin = f"{name}/"
        return {key.removeprefix(begin): array for key, array in self.arrays.items() if key.startswith(begin)}


def write_checkpoint(run: Path, checkpoint: Checkpoint, *, keep: int) -> None:
    """Write a checkpoint into a run, read it back, and then remove all but the newest `keep`.

    Args:
        run: the run folder.
        checkpoint: the checkpoint.
        keep: number of checkpoints that are not removed.

    Raises:
        RunError: the file cannot be written or read back, the attributes of the callbacks are too long for
            its header, or the folder of checkpoints is a link to a place outside the run; older checkpoints
            are unchanged.
        TrainingError: the folder cannot be listed; the new checkpoint is written, and no older one is
            removed.
    """
    folder = run / FOLDER
    with suppress(OSError):  # the write below raises the error
        folder.mkdir(exist_ok=True)
    check_inside(folder)
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "rnnlab_version": __version__,
        "facts": write_facts(checkpoint.facts),
    }
    path = folder / f"step-{checkpoint.facts.step:09d}.safetensors"
    try:
        data = file_bytes(metadata, checkpoint.arrays)
    except ValueError as error:
        raise RunError(f"{path}: the attributes of the callbacks {error}; keep less in them") from None
    write_durably(path, data)
    _verify(path)
    for old in _newest_first(folder)[keep:]:
        if old != path:
            with suppress(OSError):
                old.unlink()


def _verify(path: Path) -> None:
    """Read back a checkpoint that has just been written; remove it if that fails.

    Raises:
        RunError: the checkpoint cannot be read back.
    """
    try:
        read_checkpoint(path)
    except TrainingError as error:
        with suppress(OSError):
            path.unlink()
        raise RunError(
            f"{error}; it was read back right after it was written, so check the disk and the memory; the"
            " checkpoint before it is kept"
        ) from error


def newest_checkpoint(run: Path, expected: Expectation | None = None) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest checkpoint of a run that can be used.

    Args:
        run: the run folder.
        expected: what the checkpoint must match; None accepts a checkpoint of any training.

    Returns:
        The checkpoint, or None if the run has no checkpoint; and for each newer checkpoint, why it cannot be
        used.

    Raises:
        TrainingError: there are checkpoints, and none can be used; or the folder of checkpoints cannot be
            read.
        RunError: the folder of checkpoints leads outside the run.
    """
    check_inside(run / FOLDER)
    passed: list[str] = []
    for path in _newest_first(run / FOLDER):
        try:
            return read_checkpoint(path, expected), passed
        except TrainingError as error:
            passed.append(str(error))
    if passed:
        raise TrainingError(
            f"{passed[0]}; training cannot be resumed from any checkpoint of this run: restore one from a"
            " copy, or train again"
        )
    return None, []


def read_checkpoint(path: Path, expected: Expectation | None = None) -> Checkpoint:
    """Return a checkpoint whose digest is right; the expectation is checked before memory is allocated.

    Raises:
        TrainingError: the file cannot be read, is no checkpoint, has another format version, is damaged, or
            is of another training.
    """
    if path.is_symlink():
        raise KIND.damaged(path, "it is a link")
    try:
        with open_tensor_file(path, KIND) as file:
            _check_format(path, file.metadata)
            facts, layout = _facts(file), file.layout()
            if path.name != f"step-{facts.step:09d}.safetensors":
                raise KIND.damaged(path, f"it was written after step {facts.step:,}")
            if why := _why_outdated(file.metadata, facts):
                raise TrainingError(f"{path}: {why}")
            if expected and (why := expected.mismatch(facts, layout)):
                raise TrainingError(f"{path}: {why}")
            arrays = file.read(layout)
    except ValueError as error:
        raise KIND.damaged(path, " ".join(str(error).split())) from None
    if file.metadata.get("sha256") != digest(file.metadata, arrays):
        if lanes := _incomplete_lanes(file.metadata, arrays):
            raise TrainingError(
                f"{path}: its content does not match its sha256, most likely because rnnlab, up to format"
                f" version {_OLD_VERSION}, did not write the state of all {lanes} lanes; no training can be"
                " resumed from it, so train again; the model.safetensors of the run is not affected"
            )
        raise KIND.damaged(path, "its content does not match the sha256 in its header")
    return Checkpoint(arrays, facts)


def _why_outdated(metadata: dict[str, str], facts: Facts) -> str | None:
    """Return why an old checkpoint with stateful windows cannot be used; None for other checkpoints."""
    settings = facts.settings
    regime = settings.get("model.stateful"), settings.get("training.batching")
    lanes = settings.get("training.batch_size")
    if metadata["format_version"] != _OLD_VERSION or regime != (True, "windows") or lanes == 1:
        return None
    return (
        f"it is of a training with stateful windows in which each of the {lanes} lanes read one of"
        f" every {lanes} windows; now each lane reads consecutive windows, which is another training, so"
        " train again"
    )


def _incomplete_lanes(metadata: dict[str, str], arrays: Arrays) -> int:
    """Return the number of lanes, if format version 1 may have left some out of the file; else 0."""
    state = arrays.get("program/state/0")
    lanes = state.shape[-1] if state is not None and state.ndim else 0
    return lanes if metadata["format_version"] == _OLD_VERSION and lanes > _OLD_COMPLETE_LANES else 0


def _facts(file: TensorFile) -> Facts:
    """Return the facts in the header of a checkpoint."""
    if "facts" not in file.metadata:
        raise ValueError("its header lacks 'facts'")
    return read_facts(file.metadata["facts"])


def _newest_first(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, the highest step in a name first; none if there is no folder.

    Raises:
        TrainingError: the folder cannot be read.
    """
    try:
        found = [
            (re.fullmatch(r"step-(\d{9,18})\.safetensors", path.name), path) for path in folder.iterdir()
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TrainingError(
            f"{folder}: cannot be read ({error.strerror or error}); expected the folder of the checkpoints"
        ) from error
    return [
        path for _, path in sorted(((int(match[1]), path) for match, path in found if match), reverse=True)
    ]


def _check_format(path: Path, metadata: dict[str, str]) -> None:
    if metadata.get("format") != FORMAT:
        raise KIND.damaged(path, "it is no checkpoint of rnnlab")
    if metadata.get("format_version") not in {_OLD_VERSION, FORMAT_VERSION}:
        raise TrainingError(
            f"{path}: expected format version {FORMAT_VERSION}, received"
            f" {metadata.get('format_version')!r}; update rnnlab to resume from it"
        )
