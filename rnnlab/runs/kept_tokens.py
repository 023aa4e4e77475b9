"""The file `training_tokens.npz` of a run folder: the token ids that the network was trained on, compressed.

It is a zip archive of arrays in NumPy's format .npy, which `numpy.load` opens, and of `about.json`:

    train.npy, train_offsets.npy         the K sequences of the training part, and where each begins
    held_out.npy, held_out_offsets.npy   the same of the held-out part
    numbers.npy, begins.npy              where each training sequence stands in the data
    about.json                           the other fields of `TrainingTokens`, and the version of the format

Nothing in it is pickled. A file of a stranger is read with a limit, and every length is checked.
"""

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.training_tokens import TokenSequences, TrainingTokens
from rnnlab.errors import RunError
from rnnlab.files import check_inside, write_durably
from rnnlab.models.model_file import Trained, TrainedTask
from rnnlab.runs.folder import RunFolder

TRAINING_TOKENS = "training_tokens.npz"
FORMAT_VERSION_OF_TOKENS = 1
MOST_TOKEN_BYTES = 1 << 32
"""Largest size in bytes of an array that is read."""

_FIELDS = {
    "part": str,
    "noun": str,
    "is_whole": bool,
    "is_lines": bool,
    "line_break": int | None,
    "data_sha256": str,
}
_UNTOLD = "it cannot be told what is copied"
_LISTS = {"files": str, "counts": int, "shifts": int}
_LEVEL = 1
"""Level of compression, 1 to 9: a higher one makes the file of a text a little smaller, and is slow."""


def write_training_tokens(run: Path, kept: TrainingTokens) -> None:
    """Write `training_tokens.npz` of a run folder; equal tokens give an equal file.

    Raises:
        RunError: the file cannot be written.
    """
    about = {name: getattr(kept, name) for name in (*_FIELDS, *_LISTS)}
    about["version"] = FORMAT_VERSION_OF_TOKENS
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        archive.writestr(zipfile.ZipInfo("about.json"), json.dumps(about, ensure_ascii=False).encode())
        for name, array in _arrays(kept).items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    write_durably(run / TRAINING_TOKENS, written.getvalue())


def read_training_tokens(run: Path, *, data_sha256: str, vocab_size: int) -> TrainingTokens | None:
    """Return the training tokens that a run folder keeps; None if it keeps none.

    Args:
        run: the run folder.
        data_sha256: the digest of the data that the model of the run was trained on.
        vocab_size: number of tokens that the model writes, V.

    Raises:
        RunError: the file is damaged, is a link that leads outside the run, cannot be read, or belongs to
            other data.
    """
    path = run / TRAINING_TOKENS
    if not path.is_file():
        return None
    check_inside(path)
    try:
        with zipfile.ZipFile(path) as archive:
            kept = _read(archive)
    except KeyError as error:
        raise _damaged(path, f"it lacks {error.args[0]}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    except (OSError, NotImplementedError, RuntimeError) as error:
        raise RunError(f"{path}: cannot be read ({error}); check its permissions") from None
    if kept.data_sha256 != data_sha256:
        raise RunError(f"{path}: belongs to other data than the model; restore it from a copy, or remove it")
    if any(int(each.ids.max(initial=0)) >= max(vocab_size, 1) for each in (kept.train, kept.held_out)):
        raise _damaged(path, f"a token id is not below {vocab_size:,}")
    return kept


def kept_tokens(trained: Trained, run: RunFolder | None, path: Path) -> TrainingTokens | str:
    """Return the training tokens of a model, or a sentence on why there are none and what to do.

    Args:
        trained: the model.
        run: its run folder; None for a model file.
        path: the run or the model file, for messages. A model file in its run folder has the run's tokens.
    """
    writes = trained.targets if isinstance(trained, TrainedTask) else trained.tokens
    folder = run.path if run else path.parent
    try:
        kept = read_training_tokens(folder, data_sha256=trained.data_sha256, vocab_size=len(writes))
    except RunError as error:
        if run:
            return f"{_UNTOLD}: {error}"
        kept = None
    if kept:
        return kept
    if not run:
        return f"{_UNTOLD}: {path} is a model file, which has no training data; name its run folder"
    keeps = getattr(trained.experiment.dataset, "keep", False)
    remedy = "train again" if keeps else "train with dataset.keep: true"
    return f"{_UNTOLD}: {path} keeps no training data; {remedy}"


def _arrays(kept: TrainingTokens) -> dict[str, NDArray[Any]]:
    """Return the arrays of the file by name, little-endian."""
    arrays: dict[str, NDArray[Any]] = {"numbers": kept.numbers, "begins": kept.begins}
    for name, sequences in (("train", kept.train), ("held_out", kept.held_out)):
        largest = int(sequences.ids.max(initial=0))
        arrays[name] = sequences.ids.astype(np.min_scalar_type(largest), copy=False)
        arrays[f"{name}_offsets"] = sequences.offsets
    return {name: array.astype(array.dtype.newbyteorder("<"), copy=False) for name, array in arrays.items()}


def _read(archive: zipfile.ZipFile) -> TrainingTokens:
    """Return the tokens of an archive.

    Raises:
        ValueError, KeyError, …: the archive is damaged.
    """
    about = json.loads(archive.read("about.json"))
    if not isinstance(about, dict) or about.get("version") != FORMAT_VERSION_OF_TOKENS:
        raise ValueError(f"expected version {FORMAT_VERSION_OF_TOKENS} of its format")
    for name, kind in _FIELDS.items():
        if not isinstance(about[name], kind) or (kind is not bool and isinstance(about[name], bool)):
            raise ValueError(f"its {name} is wrong")
    for name, each in _LISTS.items():
        if not isinstance(about[name], list) or not all(type(value) is each for value in about[name]):
            raise ValueError(f"its {name} are wrong")
    train, held_out = (_sequences(archive, name) for name in ("train", "held_out"))
    numbers, begins = (_array(archive, name, "i") for name in ("numbers", "begins"))
    if not len(numbers) == len(begins) or len(train) != len(numbers) * (1 + len(about["shifts"])):
        raise ValueError("its sequences do not have one number each")
    if about["counts"] and len(about["counts"]) != len(about["files"]):
        raise ValueError("its files do not have one count each")
    fields: dict[str, Any] = {name: about[name] for name in _FIELDS}
    lists: dict[str, Any] = {name: tuple(about[name]) for name in _LISTS}
    return TrainingTokens(train=train, held_out=held_out, numbers=numbers, begins=begins, **fields, **lists)


def _sequences(archive: zipfile.ZipFile, name: str) -> TokenSequences:
    """Return sequences whose offsets rise from 0 to the number of their ids."""
    ids, offsets = _array(archive, name, "u"), _array(archive, f"{name}_offsets", "i")
    is_cut = (
        len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(ids) and (np.diff(offsets) >= 0).all()
    )
    if not is_cut:
        raise ValueError(f"the offsets of {name} do not fit its ids")
    return TokenSequences(ids, offsets)


def _array(archive: zipfile.ZipFile, name: str, kind: str) -> NDArray[Any]:
    """Return an array of one axis; `kind` is NumPy's letter of its type, `u` or `i`."""
    info = archive.getinfo(f"{name}.npy")
    if info.file_size > MOST_TOKEN_BYTES:
        raise ValueError(f"{name} has more than {MOST_TOKEN_BYTES:,} bytes")
    with archive.open(info) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{name} has another version of the format .npy")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if len(shape) != 1 or dtype.kind != kind or shape[0] * dtype.itemsize > info.file_size:
            raise ValueError(f"{name} is not the array that was expected")
        data = member.read()
    if len(data) != shape[0] * dtype.itemsize:
        raise ValueError(f"the numbers of {name} are not as many as its header says")
    array: NDArray[Any] = np.frombuffer(data, dtype)
    return array if kind == "u" else array.astype(np.int64)


def _damaged(path: Path, why: str) -> RunError:
    return RunError(f"{path}: damaged ({why}); restore it from a copy, or remove it")
