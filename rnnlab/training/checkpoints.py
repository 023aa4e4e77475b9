"""Checkpoints: all that the next step of a training depends on, in one file that is whole or not there.

    <run>/checkpoints/step-000000123.safetensors

It is one file, not a folder of them, so that a single rename makes it appear: no instant exists at which a
half of it could be found. Its tensors are named `part/name` (`weights/lstm_1/kernel`); its header's metadata
holds

    format          "rnnlab checkpoint"
    format_version  "1"
    facts           what is no array, as JSON: the step, the position in the data, the best loss …
    sha256          digest of all of this and of every tensor's name and bytes

Nothing in it is pickled. The old ones are removed only when the new one is durable.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rnnlab.errors import TrainingError
from rnnlab.files import check_inside, write_durably
from rnnlab.models.tensor_file import digest

FORMAT, FORMAT_VERSION = "rnnlab checkpoint", "1"
FOLDER = "checkpoints"

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A training between two steps.

    Attributes:
        arrays: by `part/name`.
        facts: what is no array; numbers, text, lists and mappings of them.
    """

    arrays: Arrays
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return int(self.facts["step"])

    def part(self, name: str) -> Arrays:
        """The arrays of a part, by the rest of their names."""
        begin = f"{name}/"
        return {key.removeprefix(begin): array for key, array in self.arrays.items() if key.startswith(begin)}


def write_checkpoint(run: Path, checkpoint: Checkpoint, *, keep: int) -> None:
    """Add a checkpoint to a run, and then remove all but its newest.

    Args:
        run: the run folder.
        checkpoint: what is written.
        keep: how many stay.

    Raises:
        RunError: it cannot be written, or the folder is a link to elsewhere; those there are untouched.
    """
    folder = run / FOLDER
    with suppress(OSError):  # what is wrong is said by the write
        folder.mkdir(exist_ok=True)
    check_inside(folder)
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "facts": json.dumps(checkpoint.facts, sort_keys=True),
    }
    metadata["sha256"] = digest(metadata, checkpoint.arrays)
    path = folder / f"step-{checkpoint.step:09d}.safetensors"
    write_durably(path, save(checkpoint.arrays, metadata))
    for old in _newest_first(folder)[keep:]:
        if old != path:
            with suppress(OSError):
                old.unlink()


def newest_checkpoint(run: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint of a run that is whole.

    Args:
        run: the run folder.

    Returns:
        The checkpoint, None where the run has none yet; and a sentence on each newer one that is damaged.

    Raises:
        TrainingError: there are checkpoints, and all of them are damaged.
    """
    check_inside(run / FOLDER)
    damages: list[str] = []
    for path in _newest_first(run / FOLDER):
        try:
            return read_checkpoint(path), damages
        except TrainingError as error:
            damages.append(str(error))
    if damages:
        raise TrainingError(
            f"{damages[0]}; no checkpoint of this run is whole: restore one from a copy, or train again"
        )
    return None, []


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint, verified against its digest.

    Raises:
        TrainingError: it cannot be read, is not one, is from a later format, or is damaged.
    """
    try:
        if path.is_symlink() or not path.is_file():
            raise _damaged(path, "expected a file")
        with safe_open(path, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
            _check_format(path, metadata)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        facts = json.loads(metadata["facts"])
    except (SafetensorError, OSError, ValueError, KeyError, RecursionError) as error:
        raise _damaged(path, " ".join(str(error).split()) or type(error).__name__) from error
    if metadata.get("sha256") != digest(metadata, arrays):
        raise _damaged(path, "its content does not match the sha256 in its header")
    return Checkpoint(arrays, facts)


def _newest_first(folder: Path) -> list[Path]:
    """The checkpoints of a folder by the steps in their names."""
    try:
        found = [
            (re.fullmatch(r"step-(\d{9,18})\.safetensors", path.name), path) for path in folder.iterdir()
        ]
    except OSError:
        return []
    return [
        path for _, path in sorted(((int(match[1]), path) for match, path in found if match), reverse=True)
    ]


def _check_format(path: Path, metadata: dict[str, str]) -> None:
    if metadata.get("format") != FORMAT:
        raise _damaged(path, "it is no checkpoint of rnnlab")
    if metadata.get("format_version") != FORMAT_VERSION:
        raise TrainingError(
            f"{path}: expected format version {FORMAT_VERSION}, received"
            f" {metadata.get('format_version')!r}; update rnnlab to resume from it"
        )


def _damaged(path: Path, why: str) -> TrainingError:
    return TrainingError(f"{path}: this checkpoint is damaged ({why})")
