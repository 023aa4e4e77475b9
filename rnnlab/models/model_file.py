"""The model file `model.safetensors`: the weights of a network, its configuration and its vocabulary.

The tensors are float32, named `layer/weight` as in `Architecture.weight_shapes`. The header's metadata holds

    format          "rnnlab"
    format_version  "1"
    rnnlab_version  the version of rnnlab that wrote the file
    config          the resolved configuration, as YAML; data paths are relative to the folder of the data, so
                    that the same training writes the same file on every machine
    vocabulary      the tokens by id, as a JSON list; of a task with examples, those of the inputs
    targets         of a task with examples: the labels, tags or tokens of the targets by id, as a JSON list
    characters      of a task with examples: the characters of words by id, as a JSON list
    data_sha256     digest of the corpus that the model was trained on
    epoch           the epoch at whose end the weights were kept, from 1; left out if it is not known
    sha256          digest of everything above, and of every tensor's name, type, shape and bytes

The file contains no code and no pickled object. Loading it imports nothing that the file names, except the
installed package of a cell if `model.kind` is the name of that cell.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab import __version__
from rnnlab.config.reading import parse_any
from rnnlab.config.report import shortened
from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.errors import ConfigError, DataError, ModelFileError
from rnnlab.files import write_durably
from rnnlab.models.architecture import architecture_of
from rnnlab.models.cells import Shapes
from rnnlab.models.task_architecture import Vocabularies, task_architecture_of
from rnnlab.models.tensor_file import (
    MODEL_FILE,
    Stored,
    TensorFile,
    digest,
    file_bytes,
    kept_epoch,
    open_tensor_file,
)
from rnnlab.music.notation import canonical

FORMAT_VERSION = "1"

_CELL_REMEDY = "install the package of this cell, or restore the file from a copy"

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class TrainedModel:
    """A trained network with everything that is needed to use it.

    Attributes:
        experiment: the resolved configuration.
        tokens: the V tokens of the vocabulary, by id.
        weights: float32 arrays, with the names and shapes of `Architecture.weight_shapes`.
        data_sha256: digest of the corpus that the model was trained on.
        sha256: digest of the model file's content; empty if the model is not from a file.
        config: the YAML text in the model file; empty if the model is not from a file.
        epoch: number of the epoch at whose end the weights were kept, from 1; 0 if it is not known.
    """

    experiment: Experiment
    tokens: tuple[str, ...]
    weights: Weights
    data_sha256: str
    sha256: str = ""
    config: str = ""
    epoch: int = 0


@dataclass(frozen=True)
class TrainedTask:
    """A trained network for examples, with everything that is needed to use it.

    Attributes:
        experiment: the configuration.
        tokens: the tokens of the inputs, by id.
        targets: the labels, the tags, or the tokens of the targets, by id.
        characters: the characters of words, by id; empty unless `model.characters`.
        weights: float32 arrays, with the names and shapes of `TaskArchitecture.weight_shapes`.
        data_sha256: digest of the data that the model was trained on.
        sha256: digest of the model file's content; empty if the model is not from a file.
        config: the YAML text in the model file; empty if the model is not from a file.
        epoch: number of the epoch at whose end the weights were kept, from 1; 0 if it is not known.
    """

    experiment: TaskExperiment
    tokens: tuple[str, ...]
    targets: tuple[str, ...]
    characters: tuple[str, ...]
    weights: Weights
    data_sha256: str
    sha256: str = ""
    config: str = ""
    epoch: int = 0

    @property
    def sizes(self) -> Vocabularies:
        """Numbers of tokens."""
        return Vocabularies(len(self.tokens), len(self.targets), len(self.characters))


Trained = TrainedModel | TrainedTask


def save_model(path: Path, model: Trained) -> None:
    """Write a model file, whole or not at all.

    Raises:
        RunError: the file cannot be written.
        ModelFileError: configuration and vocabulary do not fit into a header of `MOST_HEADER_BYTES`.
    """
    from rnnlab.config.writing import write_experiment  # noqa: PLC0415 (a reader does not need it)

    metadata = {
        "format": "rnnlab",
        "format_version": FORMAT_VERSION,
        "rnnlab_version": __version__,
        "config": write_experiment(model.experiment, folder=model.experiment.dataset.folder),
        "vocabulary": json.dumps(model.tokens, ensure_ascii=False),
        "data_sha256": model.data_sha256,
    }
    if model.epoch:
        metadata["epoch"] = str(model.epoch)
    if isinstance(model, TrainedTask):
        metadata["targets"] = json.dumps(model.targets, ensure_ascii=False)
        metadata["characters"] = json.dumps(model.characters, ensure_ascii=False)
    try:
        data = file_bytes(metadata, model.weights)
    except ValueError as error:
        raise ModelFileError(
            f"{path}: configuration and vocabulary {error}; put the data in a file, and name it in"
            " dataset.path"
        ) from None
    write_durably(path, data)


def load_model(path: Path) -> TrainedModel:
    """Read a model file of the task `next_token`; see `load_any_model`.

    Raises:
        ModelFileError: as `load_any_model`; or the model is for another task.
    """
    return next_token_model(load_any_model(path), path)


def next_token_model(trained: Trained, path: Path) -> TrainedModel:
    """Return a model of the task `next_token`; refuse one of another task.

    Raises:
        ModelFileError: the task is another one.
    """
    if isinstance(trained, TrainedTask):
        task = trained.experiment.task
        use = "generate" if task == "from_label" else "predict"
        raise ModelFileError(
            f"{path}: expected a model that predicts the next token, received one of task {task}; use"
            f" evaluate and {use} for it"
        )
    return trained


def load_any_model(path: Path) -> Trained:
    """Read a model file; check its digest, and its tensors against its configuration.

    Raises:
        ModelFileError: the file does not exist or cannot be read, is not a model of rnnlab, has another
            format version or is damaged, its cell cannot be loaded, or a weight is not finite.
    """
    with open_tensor_file(path) as file:
        metadata = file.metadata
        _check_format(path, metadata)
        described, shapes = _described(path, metadata)
        weights = _weights(file, shapes)
    if metadata.get("sha256") != digest(metadata, weights):
        raise MODEL_FILE.damaged(path, "its content does not match the sha256 in its header")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ModelFileError(
            f"{path}: its weights are not all finite, as after a training that diverged;"
            " train again with a smaller training.optimizer.learning_rate"
        )
    return replace(
        described,
        weights=weights,
        data_sha256=metadata.get("data_sha256", ""),
        sha256=metadata["sha256"],
        config=metadata["config"],
        epoch=kept_epoch(metadata),
    )


def _check_format(path: Path, metadata: dict[str, str]) -> None:
    if metadata.get("format") != "rnnlab":
        raise ModelFileError(f"{path}: not a model of rnnlab; {MODEL_FILE.expected}")
    if metadata.get("format_version") != FORMAT_VERSION:
        received = shortened(repr(metadata.get("format_version")))
        writer = shortened(" ".join(metadata.get("rnnlab_version", "?").split()))
        raise ModelFileError(
            f"{path}: expected format version {FORMAT_VERSION}, received {received}"
            f" written by rnnlab {writer}; update rnnlab to read it"
        )


def _described(path: Path, metadata: dict[str, str]) -> tuple[Trained, Shapes]:
    """Return the model that an untrusted header describes, without weights, and the shapes of the weights."""
    try:
        experiment = parse_any(metadata["config"], name="config", folder=path.parent)
        if isinstance(experiment, TaskExperiment):
            tokens, targets, characters = (
                _strings(metadata[name], name) for name in ("vocabulary", "targets", "characters")
            )
            task = TrainedTask(experiment, tokens, targets, characters, {}, "")
            return task, task_architecture_of(experiment, task.sizes).weight_shapes()
        tokens = _tokens(metadata["vocabulary"], experiment.dataset.kind, experiment.dataset.boundary)
        shapes = architecture_of(experiment, len(tokens)).weight_shapes()
        return TrainedModel(experiment, tokens, {}, ""), shapes
    except KeyError as error:
        raise MODEL_FILE.damaged(path, f"its header lacks {error}") from None
    except (ConfigError, ValueError, RecursionError) as error:
        first = " ".join(str(error).partition("\n")[0].split())
        if isinstance(error, ConfigError) and re.match(r"(\S+: )?model\.kind: ", first):
            why = f"{path}: its model.kind cannot be used ({first})"
            raise ModelFileError(f"{why}; {_CELL_REMEDY}") from error
        raise MODEL_FILE.damaged(path, first) from error


def _weights(file: TensorFile, shapes: Shapes) -> Weights:
    """Return the tensors of a model; they must have exactly the names and shapes of `shapes`, in float32."""
    why = "its tensors are not those that its configuration describes"
    if file.tensors.keys() != shapes.keys():
        raise MODEL_FILE.damaged(file.path, why)
    layout = file.layout()
    for name, shape in shapes.items():
        if layout[name] != Stored(np.dtype(np.float32), shape):
            raise MODEL_FILE.damaged(file.path, f"{why}: {name!r}")
    return file.read(layout)


def _strings(text: str, name: str) -> tuple[str, ...]:
    """Return the strings of a JSON list, which are all different and can be written to a file."""
    strings = json.loads(text)
    if not (isinstance(strings, list) and all(isinstance(each, str) for each in strings)):
        raise ValueError(f"its {name} is not a list of strings")
    if len(strings) != len(set(strings)):
        raise ValueError(f"its {name} names a token twice")
    if lacking := next((each for each in strings if re.search("[\ud800-\udfff]", each)), None):
        raise ValueError(f"its {name} has {shortened(repr(lacking))}, which is no text")
    return tuple(strings)


def _tokens(vocabulary: str, kind: str, boundary: str | None) -> tuple[str, ...]:
    tokens = json.loads(vocabulary)
    if not (isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)):
        raise ValueError("its vocabulary is not a list of strings")
    if not 0 < len(tokens) == len(set(tokens)):
        raise ValueError("its vocabulary is empty, or names a token twice")
    if boundary is not None and boundary not in tokens:
        raise ValueError(f"its vocabulary lacks {boundary!r}, which begins and ends every sequence")
    for token in tokens:
        if token != boundary and not _is_token(token, kind):
            raise ValueError(f"its vocabulary has {shortened(repr(token))}, which is no token of {kind}")
    return tuple(tokens)


def _is_token(token: str, kind: str) -> bool:
    if kind == "text":
        return len(token) == 1 and not "\ud800" <= token <= "\udfff"  # a file cannot store a surrogate
    try:
        return canonical(token) == token
    except DataError:
        return False
