"""Forged checkpoints: the digest is right, and facts or arrays are wrong."""

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from rnnlab.models.tensor_file import digest

Facts = dict[str, Any]
Arrays = dict[str, Any]


def forged(data: bytes, change: Callable[[Facts, Arrays], str | None]) -> bytes:
    """Return a checkpoint with other facts and arrays.

    Args:
        data: a valid checkpoint.
        change: changes the facts and arrays in place, or returns the text of the facts.
    """
    metadata, arrays = header(data)["__metadata__"], load(data)
    facts = json.loads(metadata["facts"])
    text = change(facts, arrays)
    metadata["facts"] = json.dumps(facts) if text is None else text
    metadata["sha256"] = digest(metadata, arrays)
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)


def with_entries(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a checkpoint with another header."""
    entries = header(data)
    change(entries)
    written = json.dumps(entries).encode()
    return struct.pack("<Q", len(written)) + written + data[_begin(data) :]


def header(data: bytes) -> dict[str, Any]:
    """Return the header of a safetensors file."""
    entries: dict[str, Any] = json.loads(data[8 : _begin(data)])
    return entries


def _begin(data: bytes) -> int:
    """Return the offset of the first tensor."""
    return 8 + int(struct.unpack("<Q", data[:8])[0])


def _saying(key: str, value: Any) -> Callable[[bytes], bytes]:
    return lambda data: forged(data, lambda facts, _: facts.update({key: value}))


def _lacking(key: str) -> Callable[[bytes], bytes]:
    return lambda data: forged(data, lambda facts, _: facts.pop(key) and None)


def _written(text: str) -> Callable[[bytes], bytes]:
    return lambda data: forged(data, lambda *_: text)


def _holding(change: Callable[[Arrays], object]) -> Callable[[bytes], bytes]:
    def forge(_: Facts, arrays: Arrays) -> None:
        change(arrays)

    return lambda data: forged(data, forge)


def _described(**entry: Any) -> Callable[[bytes], bytes]:
    return lambda data: with_entries(data, lambda entries: entries[_KERNEL].update(entry))


def _like(change: Callable[[Any], Any], name: str) -> Callable[[bytes], bytes]:
    return _holding(lambda arrays: arrays.update({name: change(arrays[name])}))


_KERNEL, _LOSSES = "program/weights/lstm_1/kernel", "callbacks/0/losses"
_KEYS = ("step", "position", "sums", "validation_loss", "best_validation", "callbacks")
_VALUES: tuple[Any, ...] = ("x", -1, 1.5, True, [], [1], [1, 2, 3, 4], {}, {"a": 1}, [[]], 10**400, -(10**30))
_SETTINGS = {"model.units": [17], "training.random_seed": 1, "no.such.setting": 1, "dataset.window": None}

FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    **{f"{key}={number}": _saying(key, value) for key in _KEYS for number, value in enumerate(_VALUES)},
    **{f"without {key}": _lacking(key) for key in (*_KEYS, "data_sha256", "settings")},
    **{f"{name} set": _saying("settings", {name: value}) for name, value in _SETTINGS.items()},
    "best without arrays": _saying("best_validation", {"epoch": 1, "loss": 0.5}),
    "more callbacks": _saying("callbacks", [{}, {}]),
    "other data": _saying("data_sha256", "0" * 64),
    "data that is no text": _saying("data_sha256", 5),
    "settings that are none": _saying("settings", 5),
    "more facts": _saying("more", 1),
    "deep facts": _written("[" * 100_000),
    "deeper facts": _written('{"a":' * 100_000),
    "long number": _written('{"step": ' + "9" * 10_000 + "}"),
    "no facts": _written(""),
    "other facts": _written("[1, 2]"),
    "half facts": _written('{"step": 3'),
    "more arrays": _holding(lambda arrays: arrays.update({"more": np.zeros(3)})),
    "program with more": _holding(lambda arrays: arrays.update({"program/more": np.zeros(3)})),
    "history with more": _holding(lambda arrays: arrays.update({"callbacks/0/more": np.zeros(3)})),
    "odd names": _holding(lambda arrays: arrays.update({"\x1b[2J\n/": np.zeros(3)})),
    "fewer arrays": _holding(lambda arrays: arrays.pop(_KERNEL)),
    "other type": _like(lambda array: array.astype(np.float64), _KERNEL),
    "integers": _like(lambda array: array.view(np.int32), _KERNEL),
    "turned": _like(lambda array: array.T, _KERNEL),
    "flat": _like(np.ravel, _KERNEL),
    "empty": _like(lambda array: array[:0], _KERNEL),
    "longer history": _like(lambda array: np.concatenate([array, array]), _LOSSES),
    "shorter history": _like(lambda array: array[:-1], _LOSSES),
    "huge shape": _described(shape=[1 << 40, 1 << 40]),
    "huge and empty": _described(shape=[0, 1 << 47, 1 << 47], data_offsets=[0, 0]),
    "negative shape": _described(shape=[-1, -4]),
    "shape of words": _described(shape=["a"]),
    "unknown type": _described(dtype="F8_E4M3"),
    "type that is none": _described(dtype=["F32"]),
    "half as wide": _described(dtype="F16"),
    "overlapping": _described(data_offsets=[0, 4]),
    "beyond the end": _described(data_offsets=[1 << 60, (1 << 60) + 4]),
    "backwards": _described(data_offsets=[8, 4]),
    "offsets of words": _described(data_offsets="ab"),
    "more said": _described(more=1),
    "header of nothing": lambda data: with_entries(data, dict.clear),
    "metadata of numbers": lambda data: with_entries(data, lambda all_: all_.update(__metadata__={"a": 1})),
    "no format": lambda data: with_entries(data, lambda all_: all_["__metadata__"].pop("format")),
    "later format": lambda data: with_entries(
        data, lambda all_: all_["__metadata__"].update(format_version="2\n")
    ),
    "no digest": lambda data: with_entries(data, lambda all_: all_["__metadata__"].pop("sha256")),
    "huge header": lambda data: struct.pack("<Q", 1 << 62) + data[8:],
    "deep header": lambda _: struct.pack("<Q", 200_000) + b'{"' + b"[" * 200_000,
}
"""Forgeries that must be refused with a message about the error: resuming must not use any part of them."""

POISON: dict[str, Callable[[bytes], bytes]] = {
    "clock of words": _saying("callbacks", [{"seconds": "x"}]),
    "clock without time": _saying("callbacks", [{}]),
    "endless clock": _saying("callbacks", [{"seconds": 10**400}]),
    "infinite epochs": _like(lambda array: np.full_like(array, np.inf), "callbacks/0/epochs"),
    "ends nowhere": _like(lambda array: -array, "callbacks/0/ends"),
    "no numbers": _like(lambda array: np.full_like(array, np.nan), _KERNEL),
    "no counts": _saying("sums", [0.0, 0.0, 0.0]),
    "counts of infinity": _saying("sums", [float("inf"), float("nan"), -1.0]),
    "optimizer of the past": _like(lambda array: array - (1 << 40), "program/optimizer/0"),
}
"""Forgeries that are like a checkpoint of the run: resuming may refuse them, or continue without an error."""
