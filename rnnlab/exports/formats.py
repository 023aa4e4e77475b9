"""Writing exports: a trained model is built in another format, written, read back, and compared with rnnlab.

An export is moved to its path only if its outputs equal those of rnnlab within 1e-5. A card is written with
the export: the vocabulary, the window, the names of the state, and which logits the model returns.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rnnlab import __version__
from rnnlab.errors import Argument, RunError, UsageError
from rnnlab.exports.standard import Network, Probe, largest_difference, probe_of, standard_network
from rnnlab.extras import load_extra
from rnnlab.files import partial_beside, write_durably
from rnnlab.models.model_file import TrainedModel
from rnnlab.signals import half_written, held_signals

SUFFIXES = {"keras": ".keras", "onnx": ".onnx", "saved_model": ""}
"""Suffix of the file of each format; a SavedModel is a folder without a suffix."""

VOCABULARY = "vocabulary.json"

LARGEST_IN_ONNX = 200.0
"""Largest weight with which onnxruntime agrees to 1e-4; the sigmoid of its LSTM and GRU is at least 5e-7."""


@dataclass(frozen=True)
class Exported:
    """A finished export.

    Attributes:
        path: the file or the folder.
        vocabulary: the file with the vocabulary; equal to `path` if the export contains the vocabulary.
        difference: largest difference from rnnlab's own outputs on random input; see `largest_difference`.
        notes: remarks for the user, a sentence each.
    """

    path: Path
    vocabulary: Path
    difference: float
    notes: tuple[str, ...]


def format_of(path: Path, given: str | None) -> str:
    """Return the format: `given`, or if it is None the format whose suffix the path has.

    Raises:
        UsageError: there is no such format, the given format and the suffix contradict each other, or no
            format is given and the suffix is not that of a format.
    """
    suffix = path.suffix.lower()
    named = {end: name for name, end in SUFFIXES.items() if end}.get(suffix)
    if given not in {None, *SUFFIXES}:
        raise UsageError(f"format: expected one of {', '.join(SUFFIXES)}, received {given!r}")
    if given is None and named is None:
        raise UsageError(f"{path}: expected a name that ends with .keras or .onnx, or a ", Argument("format"))
    wanted = given or str(named)
    if named not in {None, wanted} or (SUFFIXES.get(wanted) and named is None):
        expected = (
            f"a name that ends with {SUFFIXES[wanted]}" if SUFFIXES.get(wanted) else "the name of a folder"
        )
        raise UsageError(f"{path}: expected {expected} for the format {wanted}")
    return wanted


def export(
    trained: TrainedModel,
    path: Path,
    *,
    format: str,  # noqa: A002 (as the command line has it)
    state: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write a trained model for another program.

    Args:
        trained: the model.
        path: the file, or the folder of a SavedModel.
        format: `keras`, `onnx` or `saved_model`.
        state: whether the recurrent state is an input and an output. If not, each sequence starts from zeros.
        overwrite: whether an existing export is replaced.

    Raises:
        UsageError: the format has no layer for the model; `state` is true and the model has no state; the
            weights are too large for the format; the path exists, or for Keras the file of the vocabulary,
            and `overwrite` is false; or the path exists and is no export of this format.
        DataError: onnx is not installed.
        RunError: the export cannot be written.
        OutputError: the export computes other outputs than rnnlab; an export at `path` stays unchanged.
    """
    _check_place(path, format, overwrite=overwrite)
    network = standard_network(trained, target=_NAMES[format], peepholes=format == "onnx")
    if state and not network.recurrent:
        raise UsageError(Argument("state"), ": an mlp has no state; export it without state")
    card = card_of(trained, network, state=state)
    probe = probe_of(trained, network, state=state)
    vocabulary, off = _WRITERS[format](path, network, card, probe)
    notes = (*network.notes, *_notes(trained, network, format, state=state), *_said_of(path, format))
    return Exported(path, vocabulary, off, notes)


def card_of(trained: TrainedModel, network: Network, *, state: bool) -> dict[str, Any]:
    """Return the card of an export: facts about the model by name, as JSON values, without paths of data.

    The card is stored with the export.
    """
    dataset = trained.experiment.dataset
    return {
        "rnnlab_version": __version__,
        "model_sha256": trained.sha256,
        "kind": dataset.kind,
        "vocabulary": list(trained.tokens),
        "boundary": dataset.boundary,
        "window": dataset.window,
        "logits": "last step" if network.last_only else "each step",
        "state": list(network.state_names) if state else [],
        "regime": trained.experiment.regime,
    }


def card_text(card: dict[str, Any]) -> str:
    """Return the card as the text of a JSON file."""
    return json.dumps(card, ensure_ascii=False, indent=2) + "\n"


def card_strings(card: dict[str, Any]) -> dict[str, str]:
    """Return the card as ONNX metadata: strings unchanged, other values as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in card.items()
    }


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary path; at the end of the `with` block the file or folder there is moved to `path`.

    If the `with` block fails or is interrupted, the old file or folder at `path` stays unchanged, and the
    temporary one is removed.

    Raises:
        RunError: the export cannot be written.
    """
    try:
        folder = partial_beside(path)
        with half_written(str(folder)):
            folder.mkdir()
            yield folder / path.name
            with held_signals():  # between the two renames of `_put` the path does not exist
                _put(folder / path.name, path, before=folder / "before")
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise RunError(
            f"{path}: cannot write ({error.strerror or error}); free some space, or choose another folder"
        ) from error


def _check_place(path: Path, wanted: str, *, overwrite: bool) -> None:
    beside = path.with_suffix(f".{VOCABULARY}")
    if wanted == "keras" and beside.exists() and not overwrite:
        raise _stands_there(beside)
    if not path.exists():
        return
    if not overwrite:
        raise _stands_there(path)
    is_folder = wanted == "saved_model"
    if path.is_dir() != is_folder or (
        is_folder and any(path.iterdir()) and not (path / _SAVED_MODEL).is_file()
    ):
        raise UsageError(f"{path}: is not {_ARTICLES[wanted]}, and is not replaced; name another path")


def _write_onnx(path: Path, network: Network, card: dict[str, Any], probe: Probe) -> tuple[Path, float]:
    from rnnlab.exports.onnx_model import build_onnx_model, check_size  # noqa: PLC0415 (one format's)

    onnx = load_extra("onnx")
    check_size(network)
    model = build_onnx_model(onnx, network, card_strings(card), state=bool(probe.state))
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    read = load_extra("onnx.reference").ReferenceEvaluator(onnx.load_from_string(data))
    with np.errstate(over="ignore"):  # the sigmoid 1 / (1 + exp(-x)) of the reference overflows
        outputs = read.run(None, _inputs(network, probe))
    off = largest_difference(probe, outputs, target=str(path))
    write_durably(path, data)
    return path, off


def _write_keras(path: Path, network: Network, card: dict[str, Any], probe: Probe) -> tuple[Path, float]:
    from rnnlab.exports import keras_model  # noqa: PLC0415 (loads TensorFlow, which takes seconds)

    vocabulary = path.with_suffix(f".{VOCABULARY}")
    with replaced(path) as temporary:
        keras_model.save(keras_model.build(network, state=bool(probe.state)), temporary)
        outputs = keras_model.outputs_of(keras_model.loaded(temporary), _inputs(network, probe))
        off = largest_difference(probe, outputs, target=str(path))
        write_durably(vocabulary, card_text(card).encode())
    return vocabulary, off


def _write_saved_model(
    path: Path, network: Network, card: dict[str, Any], probe: Probe
) -> tuple[Path, float]:
    from rnnlab.exports import keras_model  # noqa: PLC0415 (loads TensorFlow, which takes seconds)

    with replaced(path) as temporary, _without_wildcards(temporary) as plain:
        keras_model.save_for_serving(keras_model.build(network, state=bool(probe.state)), plain)
        outputs = keras_model.outputs_of(keras_model.served(plain), _inputs(network, probe))
        off = largest_difference(probe, outputs, target=str(path))
        extra = temporary / "assets.extra"
        extra.mkdir()
        write_durably(extra / VOCABULARY, card_text(card).encode())
    return path / extra.name / VOCABULARY, off


def _stands_there(path: Path) -> UsageError:
    replace = Argument("overwrite", True)
    return UsageError(f"{path}: exists already; name another, or replace it with ", replace)


@contextmanager
def _without_wildcards(folder: Path) -> Iterator[Path]:
    r"""Yield a path for a new folder from which TensorFlow can load.

    TensorFlow reads a path with `*`, `?`, `[` or `\` as a pattern. The path is then a link to the folder.
    """
    if not _WILDCARD.search(str(folder)):
        yield folder
        return
    folder.mkdir()
    with TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere:
        link = Path(elsewhere, "model")
        link.symlink_to(folder.absolute(), target_is_directory=True)
        yield link


def _inputs(network: Network, probe: Probe) -> dict[str, np.ndarray[Any, Any]]:
    """Return the inputs of the probe by name: the ids, and the parts of the state if it is an input."""
    return {"ids": probe.ids, **dict(zip(network.state_names, probe.state, strict=False))}


def _notes(trained: TrainedModel, network: Network, wanted: str, *, state: bool) -> tuple[str, ...]:
    """Return remarks on weights too large for onnxruntime, and on a carried state that is left out."""
    notes = []
    if wanted == "onnx" and (largest := network.largest_weight) > LARGEST_IN_ONNX:
        notes.append(
            f"the weights are as large as {largest:.2g}: onnxruntime may give other outputs, because the"
            " sigmoid of its LSTM and GRU never falls below 5e-7; train with a lower learning rate, or export"
            " as keras"
        )
    if not state and network.recurrent and trained.experiment.regime != "windows":
        notes.append(
            "this model was trained with a state that is carried on, but the exported model starts each"
            " call from zeros; the option state makes the state an input and an output"
        )
    return tuple(notes)


def _said_of(path: Path, wanted: str) -> tuple[str, ...]:
    """Return a remark if the path of a SavedModel is a pattern for TensorFlow; else nothing."""
    if wanted != "saved_model" or not _WILDCARD.search(str(path.absolute())):
        return ()
    return (
        f"TensorFlow takes the name {path.absolute()} for a pattern and cannot load it; rename or copy"
        " the folder before you load it",
    )


def _put(new: Path, path: Path, *, before: Path) -> None:
    """Move a new file or folder to its path; if that fails, the old folder is moved back."""
    was_folder = path.is_dir()
    if was_folder:
        path.rename(before)
    try:
        os.replace(new, path)
    except OSError:
        if was_folder:
            before.rename(path)
        raise


_WILDCARD = re.compile(r"[*?[\\]")
_NAMES = {"keras": "Keras", "onnx": "ONNX", "saved_model": "Keras"}
_ARTICLES = {"keras": "a file", "onnx": "a file", "saved_model": "the folder of a SavedModel"}
_SAVED_MODEL = "saved_model.pb"
_WRITERS = {"keras": _write_keras, "onnx": _write_onnx, "saved_model": _write_saved_model}
