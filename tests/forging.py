"""Model files as a stranger might write them, and what loading them says."""

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from rnnlab.errors import ModelFileError
from rnnlab.models.model_file import load_model


def refusal(path: Path) -> str:
    """What loading a file says, shortened to what is wrong."""
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def header(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file."""
    (size,) = struct.unpack("<Q", data[:8])
    metadata: dict[str, str] = json.loads(data[8 : 8 + size])["__metadata__"]
    return metadata


def forge(path: Path, change: Callable[[dict[str, str], dict[str, np.ndarray]], None]) -> None:
    """Change a model file as a foreign writer might, with a digest that is right."""
    data = path.read_bytes()
    metadata, weights = header(data), load(data)
    change(metadata, weights)
    del metadata["sha256"]
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, array in sorted(weights.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    path.write_bytes(save(weights, {**metadata, "sha256": digest.hexdigest()}))


def with_header(path: Path, change: Callable[[dict[str, Any]], None], more: bytes = b"") -> None:
    """Change the whole header of a model file; what is wrong with it is to be seen before any digest."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + size])
    change(entries)
    written = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(written)) + written + data[8 + size :] + more)
