"""Checkpoints: all that the next step of a training depends on, in one file that is whole or not there.

    <run>/checkpoints/step-000000123.safetensors

It is one file, not a folder of them, so that a single rename makes it appear: no instant exists at which a
half of it could be found. Its tensors are named `part/name` (`weights/lstm_1/kernel`); its header's metadata
holds

    format          "rnnlab checkpoint"
    format_version  "2"
    rnnlab_version  the version that wrote it
    facts           what is no array, as JSON: the step, the position in the data, the best loss …
    sha256          digest of all of this and of every tensor's name and bytes

Nothing in it is pickled. The old ones are removed only when the new one has been read back from the disk and
is what was to be written.

Format version 1 differs in two ways. A state of more than 8 lanes could be written incompletely, under the
digest of the complete one. And with stateful windows, lane n read every N-th window, where it now reads a
block of consecutive ones. Such checkpoints are refused by what they are; the others of version 1 are read.
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
        arrays: by `part/name`.
        facts: what is no array.
    """

    arrays: Arrays
    facts: Facts

    def part(self, name: str) -> Arrays:
        """The arrays of a part, by the rest of their names."""
        begin = f"{name}/"
        return {key.removeprefix(begin): array for key, array in self.arrays.items() if key.startswith(begin)}


def write_checkpoint(run: Path, checkpoint: Checkpoint, *, keep: int) -> None:
    """Add a checkpoint to a run, read it back, and then remove all but the newest.

    Args:
        run: the run folder.
        checkpoint: what is written.
        keep: how many stay.

    Raises:
        RunError: it cannot be written, or not read back as it was written, or the folder is a link to
            elsewhere; those there are untouched.
    """
    folder = run / FOLDER
    with suppress(OSError):  # what is wrong is said by the write
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
        raise RunError(f"{path}: what the callbacks remember {error}; have them remember less") from None
    write_durably(path, data)
    _verify(path)
    for old in _newest_first(folder)[keep:]:
        if old != path:
            with suppress(OSError):
                old.unlink()


def _verify(path: Path) -> None:
    """Read a checkpoint back that has just been written; one that cannot be read is removed.

    Raises:
        RunError: why it cannot be read.
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
    """The newest checkpoint of a run that is whole.

    Args:
        run: the run folder.
        expected: what it must be like; None takes that of any training.

    Returns:
        The checkpoint, None where the run has none yet; and a sentence on each newer one that is passed over.

    Raises:
        TrainingError: there are checkpoints, and none of them can be gone on from.
        RunError: their folder leads outside.
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
            f"{passed[0]}; no checkpoint of this run can be gone on from: restore one from a copy, or train"
            " again"
        )
    return None, []


def read_checkpoint(path: Path, expected: Expectation | None = None) -> Checkpoint:
    """A checkpoint, verified against its digest; no memory is taken for an array that is not expected.

    Raises:
        TrainingError: it cannot be read, is not one, is from a later format, damaged, or of another training.
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
    """Say why a training of format version 1 cannot go on; None if it can."""
    settings = facts.settings
    regime = settings.get("model.stateful"), settings.get("training.batching")
    lanes = settings.get("training.batch_size")
    if metadata["format_version"] != _OLD_VERSION or regime != (True, "windows") or lanes == 1:
        return None
    return (
        f"it is of a training with stateful windows in which each of the {lanes} lanes read one window of"
        f" {lanes}; now each lane reads consecutive windows, which is another training, so train again"
    )


def _incomplete_lanes(metadata: dict[str, str], arrays: Arrays) -> int:
    """Number of lanes of a state that format version 1 may have written incompletely; 0 if there is none."""
    state = arrays.get("program/state/0")
    lanes = state.shape[-1] if state is not None and state.ndim else 0
    return lanes if metadata["format_version"] == _OLD_VERSION and lanes > _OLD_COMPLETE_LANES else 0


def _facts(file: TensorFile) -> Facts:
    if "facts" not in file.metadata:
        raise ValueError("its header lacks 'facts'")
    return read_facts(file.metadata["facts"])


def _newest_first(folder: Path) -> list[Path]:
    """The checkpoints of a folder by the steps in their names."""
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
