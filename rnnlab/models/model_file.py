"""`model.safetensors`: one file that is all that evaluating and generating need.

The tensors are float32, named `layer/weight` as in `Architecture.weight_shapes`. The header's metadata holds

    format          "rnnlab"
    format_version  "1"
    rnnlab_version  the version that wrote it
    config          the resolved configuration, as YAML; data paths are relative to the file's folder
    vocabulary      the tokens by id, as a JSON list
    data_sha256     digest of the corpus that it was trained on
    sha256          digest of everything above and of every tensor's name and bytes

Nothing in it is pickled, and nothing in it names code that loading would import.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rnnlab import __version__
from rnnlab.config.reading import parse_experiment, write_experiment
from rnnlab.config.schema import Experiment
from rnnlab.errors import ConfigError, ModelFileError
from rnnlab.files import write_durably
from rnnlab.models.architecture import architecture_of

FORMAT_VERSION = "1"

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class TrainedModel:
    """A trained network with everything that it needs to be used.

    Attributes:
        experiment: the resolved configuration.
        tokens: the V tokens of the vocabulary, by id.
        weights: float32 arrays named and shaped as `Architecture.weight_shapes` says.
        data_sha256: digest of the corpus that it was trained on.
        sha256: digest of the file's content; empty for a model that was never written.
    """

    experiment: Experiment
    tokens: tuple[str, ...]
    weights: Weights
    data_sha256: str
    sha256: str = ""


def save_model(path: Path, model: TrainedModel) -> None:
    """Write a model file, whole or not at all.

    Raises:
        RunError: the file cannot be written.
    """
    metadata = {
        "format": "rnnlab",
        "format_version": FORMAT_VERSION,
        "rnnlab_version": __version__,
        "config": write_experiment(model.experiment, folder=path.parent),
        "vocabulary": json.dumps(model.tokens, ensure_ascii=False),
        "data_sha256": model.data_sha256,
    }
    metadata["sha256"] = _digest(metadata, model.weights)
    write_durably(path, _in_order(save(dict(model.weights), metadata)))


def load_model(path: Path) -> TrainedModel:
    """Read a model file and check it against its own digest and configuration.

    Raises:
        ModelFileError: not there, not a model of rnnlab, from a later format, or damaged.
    """
    if not path.is_file():
        raise ModelFileError(f"{path}: no such model file; expected the model.safetensors of a run")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
            _check_format(path, metadata)
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise _damaged(path, str(error)) from error
    if metadata.get("sha256") != _digest(metadata, weights):
        raise _damaged(path, "its content does not match the sha256 in its header")
    return _checked_model(path, metadata, weights)


def _check_format(path: Path, metadata: dict[str, str]) -> None:
    if metadata.get("format") != "rnnlab":
        raise ModelFileError(f"{path}: not a model of rnnlab; expected the model.safetensors of a run")
    if metadata.get("format_version") != FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: expected format version {FORMAT_VERSION}, received {metadata.get('format_version')!r}"
            f" written by rnnlab {metadata.get('rnnlab_version', '?')}; update rnnlab to read it"
        )


def _checked_model(path: Path, metadata: dict[str, str], weights: Weights) -> TrainedModel:
    """The model of a file whose digest is right; a foreign writer may still have put nonsense into it."""
    try:
        experiment = parse_experiment(metadata["config"], name=f"{path}: config", folder=path.parent)
        tokens = _tokens(metadata["vocabulary"])
        expected = architecture_of(experiment, len(tokens)).weight_shapes()
    except (ConfigError, KeyError, ValueError, RecursionError) as error:
        raise _damaged(path, " ".join(str(error).split())) from error
    received = {name: array.shape for name, array in weights.items()}
    if received != expected or any(array.dtype != np.float32 for array in weights.values()):
        raise _damaged(path, "its tensors are not those that its configuration describes")
    return TrainedModel(experiment, tokens, weights, metadata.get("data_sha256", ""), metadata["sha256"])


def _in_order(data: bytes) -> bytes:
    """A safetensors file with its header's keys in order: the library leaves that to chance."""
    (size,) = struct.unpack("<Q", data[:8])
    header = json.dumps(json.loads(data[8 : 8 + size]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # the tensors begin at a multiple of 8 bytes
    return struct.pack("<Q", len(header)) + header + data[8 + size :]


def _tokens(vocabulary: str) -> tuple[str, ...]:
    tokens = json.loads(vocabulary)
    if not (isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)):
        raise ValueError("its vocabulary is not a list of words")
    if not 0 < len(tokens) == len(set(tokens)):
        raise ValueError("its vocabulary is empty, or names a token twice")
    return tuple(tokens)


def _digest(metadata: dict[str, str], weights: Weights) -> str:
    """The sha256 of all metadata but the digest itself, and of every tensor."""
    digest = hashlib.sha256()
    facts = {key: value for key, value in metadata.items() if key != "sha256"}
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _damaged(path: Path, why: str) -> ModelFileError:
    return ModelFileError(
        f"{path}: the model file is damaged ({why}); train again, or restore it from a copy"
    )
