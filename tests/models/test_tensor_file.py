"""The file below a model: nothing that its header says is believed before it is checked."""

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from rnnlab.models.model_file import save_model
from rnnlab.models.tensor_file import MOST_HEADER_BYTES, digest, file_bytes, open_tensor_file
from tests.forging import refusal, with_header
from tests.trained import SENTENCE, SONG, trained


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good model file."""
    save_model(tmp_path / "model.safetensors", trained(SENTENCE, tmp_path))
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(
    ("cut", "why"),
    [
        (lambda header, whole: 0, "it is empty"),
        (lambda header, whole: 10, "it has {size:,} bytes, and its header should have {header:,}"),
        (
            lambda header, whole: header + 7,
            "it has {size:,} bytes, and its header should have {header:,}",
        ),
        (lambda header, whole: header + 8, "expected {whole:,} bytes, received {size:,}"),
        (lambda header, whole: whole - 1, "expected {whole:,} bytes, received {size:,}"),
    ],
)
def test_a_truncated_file_is_damaged(path, cut, why):
    """Cut off anywhere, in the header or in a tensor."""
    data = path.read_bytes()
    header, whole = int.from_bytes(data[:8], "little"), len(data)
    size = cut(header, whole)
    path.write_bytes(data[:size])

    reason = why.format(size=size, header=header, whole=whole)
    assert refusal(path).startswith(f"the model file is damaged ({reason})")


@pytest.mark.parametrize(
    "data",
    [
        SONG.encode(),
        bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b'{"a": [1, 2, 3], "b": {}}',
        b"abc",
        struct.pack("<Q", 1 << 62) + b"[" * 100,
    ],
    ids=["yaml", "zeros", "png", "json", "short", "long"],
)
def test_a_file_of_another_kind_is_not_called_damaged(path, data):
    """Nobody looks for a copy of what never was a model."""
    path.write_bytes(data)

    assert refusal(path) == "not a model file; expected the model.safetensors of a run"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "no such model file"),
        (Path.mkdir, "not a model file but a folder, a pipe or a device"),
        (os.mkfifo, "not a model file but a folder, a pipe or a device"),
        (lambda path: path.symlink_to("/dev/zero"), "not a model file but a folder, a pipe or a device"),
        (lambda path: path.symlink_to(path), "no such model file"),
    ],
    ids=["missing", "folder", "pipe", "device", "loop"],
)
def test_what_is_no_file_is_no_model(tmp_path, make, why):
    """One line that names it, at once: a pipe is not waited for."""
    make(tmp_path / "model.safetensors")

    assert refusal(tmp_path / "model.safetensors") == f"{why}; expected the model.safetensors of a run"


def test_a_file_that_may_not_be_read_is_not_called_damaged(path, monkeypatch):
    """The system says why."""

    def deny(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)

    assert refusal(path) == "cannot be read (Permission denied); check its permissions and the disk"


def place(entries: dict[str, Any], begin: int, end: int) -> None:
    """Say of a tensor that it is somewhere else."""
    entries["head/bias"]["data_offsets"] = [begin, end]


SIZE = 4 * len(set("if you want to build a ship"))
"""Bytes of the bias of the head, which is the first tensor in the file."""


@pytest.mark.parametrize(
    ("change", "more", "why"),
    [
        (lambda entries: place(entries, 4, SIZE + 4), b"", "'head/bias' does not begin where the one before"),
        (lambda entries: place(entries, -4, SIZE - 4), b"", "does not begin where the one before it ends"),
        (
            lambda entries: place(entries, 1 << 70, (1 << 70) + SIZE),
            b"",
            "does not begin where the one before",
        ),
        (
            lambda entries: place(entries, 0, SIZE + 4),
            b"",
            "tensor 'head/bias' does not have the length of its shape",
        ),
        (lambda entries: place(entries, SIZE, 0), b"", "'head/bias' does not have the length of its shape"),
        (lambda entries: place(entries, 0.0, SIZE), b"", "tensor 'head/bias' has no valid data_offsets"),
        (lambda entries: place(entries, True, SIZE), b"", "tensor 'head/bias' has no valid data_offsets"),
        (lambda entries: entries["head/bias"].pop("data_offsets"), b"", "has no valid data_offsets"),
        (lambda entries: entries.update({"head/bias": 5}), b"", "has no valid data_offsets"),
        (lambda entries: entries["head/bias"].update(dtype="I32"), b"", "describes: 'head/bias'"),
        (
            lambda entries: entries["head/bias"].update(dtype="F16"),
            b"",
            "does not have the length of its shape",
        ),
        (lambda entries: entries["head/bias"].update(dtype=[]), b"", "has no valid dtype and shape"),
        (lambda entries: entries["head/bias"].update(shape=[1, SIZE // 4]), b"", "describes: 'head/bias'"),
        (
            lambda entries: entries["head/bias"].update(shape=[1, 1]),
            b"",
            "does not have the length of its shape",
        ),
        (lambda entries: entries["head/bias"].update(shape=[1.0]), b"", "has no valid dtype and shape"),
        (
            lambda entries: entries["head/bias"].update(shape=[0, 1 << 70]),
            b"",
            "has no valid dtype and shape",
        ),
        (lambda entries: entries["head/bias"].update(shape=[1] * 33), b"", "has no valid dtype and shape"),
        (lambda entries: entries["head/bias"].update(more=1), b"", "has no valid dtype and shape"),
        (lambda entries: entries.update({"\x1b": entries["head/bias"]}), b"", "its tensors are not those"),
        (lambda entries: None, b"more", "bytes, received"),
        (lambda entries: entries.update(__metadata__=[]), b"", "its header cannot be read"),
        (lambda entries: entries["__metadata__"].update(sha256=5), b"", "its header cannot be read"),
    ],
)
def test_a_header_that_contradicts_the_file_is_refused_before_a_tensor_is_read(
    path, monkeypatch, change, more, why
):
    """Names, shapes, types, places and sizes: no memory is taken for what is not there."""
    with_header(path, change, more)
    monkeypatch.setattr("rnnlab.models.tensor_file.np.empty", None)

    message = refusal(path)

    assert message.startswith("the model file is damaged (")
    assert why in message


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b'{"a": 1, "a": 2}', "a name occurs twice"),
        (b'{"a": ' + b"[" * 100_000, "recursion"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "Exceeds the limit"),
        (b'{"\xff": 1}', "can't decode byte"),
        (b'["a", "b"]', "its header cannot be read"),
    ],
)
def test_a_header_that_is_no_header_is_damage(path, written, why):
    """Whatever JSON can be written to do."""
    path.write_bytes(struct.pack("<Q", len(written)) + written)

    assert why in refusal(path)


def test_a_header_that_is_too_long_is_not_read(path):
    """However large the file is; it takes no room on the disk."""
    with path.open("r+b") as file:
        file.write(struct.pack("<Q", MOST_HEADER_BYTES + 1) + b'{"')
        file.truncate(1 << 40)

    assert "it has 1,099,511,627,776 bytes, and its header should have 16,777,217" in refusal(path)


COUNTED = np.arange(24, dtype=np.float32)
VIEWS = {
    "some columns": COUNTED.reshape(2, 12)[:, :9],
    "transposed": COUNTED.reshape(4, 6).T,
    "every second": COUNTED[::2],
    "backwards": COUNTED[::-1],
    "in Fortran order": np.asfortranarray(COUNTED.reshape(2, 3, 4)),
    "big-endian": COUNTED.astype(">f4"),
    "a single number": np.float32(3).reshape(()),
    "empty": COUNTED.reshape(2, 12)[:, :0],
    "repeated": np.broadcast_to(COUNTED[:3], (4, 3)),
}


@pytest.mark.parametrize("view", VIEWS)
def test_an_array_is_written_as_it_is_and_not_as_its_memory_lies(view: str, tmp_path: Path) -> None:
    """The safetensors library writes an array's memory; a view of another array has other bytes there."""
    array = VIEWS[view]
    (tmp_path / "it").write_bytes(file_bytes({"format": "x"}, {"array": array}))

    with open_tensor_file(tmp_path / "it") as file:
        read = file.read(file.layout())
        metadata = file.metadata

    assert read["array"].shape == array.shape
    assert (read["array"] == array).all()
    assert (load((tmp_path / "it").read_bytes())["array"] == array).all()
    assert metadata["sha256"] == digest(metadata, read) == digest(metadata, {"array": array})
