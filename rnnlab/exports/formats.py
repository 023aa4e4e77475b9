"""Writing exports: a trained model is built in another format, written, read back, and compared with rnnlab.

An export is moved to its path only if its outputs equal those of rnnlab within 1e-5. A card is written with
the export: the vocabulary, the names of the state, and which logits the model returns.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rnnlab.errors import Argument, RunError, UsageError
from rnnlab.exports.card import card_of, card_strings, card_text, task_card_of
from rnnlab.exports.probe import Probe, largest_difference, probe_of, task_probes
from rnnlab.exports.standard import Network, standard_network
from rnnlab.exports.standard_tasks import task_networks
from rnnlab.extras import load_extra
from rnnlab.files import partial_beside, write_durably
from rnnlab.models.model_file import Trained, TrainedModel, TrainedTask
from rnnlab.signals import half_written, held_signals

SUFFIXES = {"keras": ".keras", "onnx": ".onnx", "saved_model": "", "page": ".html"}
"""Suffix of the file of each format; a SavedModel is a folder without a suffix."""

VOCABULARY = "vocabulary.json"

LARGEST_IN_ONNX = 200.0
"""Largest weight with which onnxruntime agrees to 1e-4; the sigmoid of its LSTM and GRU is at least 5e-7."""


@dataclass(frozen=True)
class Exported:
    """A finished export.

    Attributes:
        path: the file or the folder; of an encoder and a decoder, that of the encoder.
        vocabulary: the file with the vocabulary; equal to `path` if the export contains the vocabulary.
        difference: largest difference from rnnlab's own outputs on random input; see `largest_difference`.
        notes: remarks for the user, a sentence each.
        decoder: the file or the folder of the decoder; None if the export is one model.
    """

    path: Path
    vocabulary: Path
    difference: float
    notes: tuple[str, ...]
    decoder: Path | None = None


@dataclass(frozen=True, eq=False)
class _Piece:
    """A model that is written to a file or a folder of its own."""

    path: Path
    network: Network
    probe: Probe


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
        raise UsageError(
            f"{path}: expected a name that ends with .keras, .onnx or .html, or a ", Argument("format")
        )
    wanted = given or str(named)
    if named not in {None, wanted} or (SUFFIXES.get(wanted) and named is None):
        expected = (
            f"a name that ends with {SUFFIXES[wanted]}" if SUFFIXES.get(wanted) else "the name of a folder"
        )
        raise UsageError(f"{path}: expected {expected} for the format {wanted}")
    return wanted


def export(
    trained: Trained,
    path: Path,
    *,
    format: str,  # noqa: A002 (as the command line has it)
    state: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write a trained model for another program.

    A model of task pairs with `state` becomes two models, the encoder and the decoder. Their names are that
    of `path` with `.encoder` and `.decoder`, before the suffix if there is one.

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
    is_pair = isinstance(trained, TrainedTask) and trained.experiment.task == "pairs" and state
    paths = [_beside(path, name, format) for name in _PIECES] if is_pair else [path]
    vocabulary = path.with_suffix(f".{VOCABULARY}") if format == "keras" else None
    _check_place(paths, vocabulary, format, overwrite=overwrite)
    target, peepholes = _NAMES[format], format == "onnx"
    networks: tuple[Network, ...]
    if isinstance(trained, TrainedTask):
        networks = task_networks(trained, target=target, peepholes=peepholes, state=state)
        card, probes = task_card_of(trained, networks), task_probes(trained, networks)
    else:
        networks = (standard_network(trained, target=target, peepholes=peepholes, state=state),)
        card, probes = card_of(trained, networks[0]), [probe_of(trained, networks[0])]
    pieces = [_Piece(*each) for each in zip(paths, networks, probes, strict=True)]
    written, off = _WRITERS[format](pieces, card, vocabulary)
    notes = (*networks[-1].notes, *_notes(trained, networks, format, state=state), *_said_of(paths, format))
    return Exported(paths[0], written, off, notes, *paths[1:])


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


def _beside(path: Path, name: str, wanted: str) -> Path:
    """Return the path of the encoder or of the decoder."""
    if SUFFIXES[wanted]:
        return path.with_suffix(f".{name}{path.suffix}")
    return path.with_name(f"{path.name}.{name}")


def _check_place(paths: Sequence[Path], vocabulary: Path | None, wanted: str, *, overwrite: bool) -> None:
    """Check that nothing stands in the way, or that it is an export and may be replaced."""
    if vocabulary and vocabulary.exists() and not overwrite:
        raise _stands_there(vocabulary)
    for path in paths:
        if not path.exists():
            continue
        if not overwrite:
            raise _stands_there(path)
        is_folder = wanted == "saved_model"
        if path.is_dir() != is_folder or (
            is_folder and any(path.iterdir()) and not (path / _SAVED_MODEL).is_file()
        ):
            raise UsageError(f"{path}: is not {_ARTICLES[wanted]}, and is not replaced; name another path")


def _write_onnx(pieces: Sequence[_Piece], card: dict[str, Any], _: Path | None) -> tuple[Path, float]:
    from rnnlab.exports.onnx_model import build_onnx_model, check_size  # noqa: PLC0415 (one format's)

    onnx = load_extra("onnx")
    written, off = list[tuple[Path, bytes]](), 0.0
    for piece in pieces:
        check_size(piece.network)
        model = build_onnx_model(onnx, piece.network, card_strings(card))
        onnx.checker.check_model(model, full_check=True)
        data = model.SerializeToString()
        read = load_extra("onnx.reference").ReferenceEvaluator(onnx.load_from_string(data))
        with np.errstate(over="ignore"):  # the sigmoid 1 / (1 + exp(-x)) of the reference overflows
            outputs = read.run(None, dict(piece.probe.inputs))
        off = max(off, largest_difference(piece.probe, outputs, target=str(piece.path)))
        written.append((piece.path, data))
    for path, data in written:
        write_durably(path, data)
    return pieces[0].path, off


def _write_keras(
    pieces: Sequence[_Piece], card: dict[str, Any], vocabulary: Path | None
) -> tuple[Path, float]:
    from rnnlab.exports import keras_model  # noqa: PLC0415 (loads TensorFlow, which takes seconds)

    beside, off = vocabulary or pieces[0].path, 0.0
    with ExitStack() as stack:
        for piece in pieces:
            temporary = stack.enter_context(replaced(piece.path))
            keras_model.save(keras_model.build(piece.network), temporary)
            outputs = keras_model.outputs_of(
                keras_model.loaded(temporary), piece.probe.inputs, _outputs(piece)
            )
            off = max(off, largest_difference(piece.probe, outputs, target=str(piece.path)))
        write_durably(beside, card_text(card).encode())
    return beside, off


def _write_saved_model(pieces: Sequence[_Piece], card: dict[str, Any], _: Path | None) -> tuple[Path, float]:
    from rnnlab.exports import keras_model  # noqa: PLC0415 (loads TensorFlow, which takes seconds)

    off = 0.0
    with ExitStack() as stack:
        for piece in pieces:
            temporary = stack.enter_context(replaced(piece.path))
            with _without_wildcards(temporary) as plain:
                keras_model.save_for_serving(keras_model.build(piece.network), plain)
                outputs = keras_model.outputs_of(
                    keras_model.served(plain), piece.probe.inputs, _outputs(piece)
                )
                off = max(off, largest_difference(piece.probe, outputs, target=str(piece.path)))
                extra = temporary / _EXTRA
                extra.mkdir()
                write_durably(extra / VOCABULARY, card_text(card).encode())
    return pieces[0].path / _EXTRA / VOCABULARY, off


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


def _outputs(piece: _Piece) -> list[str]:
    """Return the names of the outputs of a Keras model, in the order of the probe."""
    return [piece.network.output, *piece.network.gives_state]


def _notes(trained: Trained, networks: Sequence[Network], wanted: str, *, state: bool) -> tuple[str, ...]:
    """Return remarks on weights too large for onnxruntime, and on a carried state that is left out."""
    notes = []
    if wanted == "onnx" and (largest := max(each.largest_weight for each in networks)) > LARGEST_IN_ONNX:
        notes.append(
            f"the weights are as large as {largest:.2g}: onnxruntime may give other outputs, because the"
            " sigmoid of its LSTM and GRU never falls below 5e-7; train with a lower learning rate, or export"
            " as keras"
        )
    is_carried = isinstance(trained, TrainedModel) and trained.experiment.regime != "windows"
    if not state and networks[0].recurrent and is_carried:
        notes.append(
            "this model was trained with a state that is carried on, but the exported model starts each"
            " call from zeros; the option state makes the state an input and an output"
        )
    return tuple(notes)


def _said_of(paths: Sequence[Path], wanted: str) -> tuple[str, ...]:
    """Return a remark for each path of a SavedModel that is a pattern for TensorFlow."""
    return tuple(
        f"TensorFlow takes the name {path.absolute()} for a pattern and cannot load it; rename or copy"
        " the folder before you load it"
        for path in paths
        if wanted == "saved_model" and _WILDCARD.search(str(path.absolute()))
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
_EXTRA = "assets.extra"
_PIECES = ("encoder", "decoder")
_WRITERS = {"keras": _write_keras, "onnx": _write_onnx, "saved_model": _write_saved_model}
