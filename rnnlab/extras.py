"""The libraries that only some formats need, loaded when one is met."""

import importlib
from typing import Any

from rnnlab.errors import DataError

_EXTRAS = {
    "mido": ("midi", "writing MIDI"),
    "onnx": ("export", "ONNX"),
    "tensorboard": ("tensorboard", "a log for TensorBoard"),
    "resvg_py": ("score", "a picture of a score"),
    "verovio": ("score", "a score"),
}


def load_extra(module: str) -> Any:
    """A module of one of these libraries.

    Args:
        module: its dotted name, e.g. `music21.abcFormat`.

    Raises:
        DataError: the library is not installed; the line says how to.
    """
    library = module.partition(".")[0]
    extra, formats = _EXTRAS[library]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise DataError(
            f"{formats} needs {library}, which is not installed: pip install 'rnnlab[{extra}]'"
        ) from None
