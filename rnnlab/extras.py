"""Optional libraries, loaded when a format needs them; if one is missing, the error names its extra."""

import importlib
from typing import Any

from rnnlab.errors import DataError

EXTRAS = {
    "mido": ("midi", "writing MIDI"),
    "optuna": ("sweep", "a study of many trials"),
    "onnx": ("export", "ONNX"),
    "psycopg": ("sweep", "a PostgreSQL database"),
    "resvg_py": ("plot", "a picture as PNG"),
    "tensorboard": ("tensorboard", "a log for TensorBoard"),
    "verovio": ("score", "a score"),
}
"""The smallest extra of pyproject.toml that installs each library, and what needs the library."""


def load_extra(module: str) -> Any:
    """Load a module of a library in `EXTRAS`, and return it.

    Args:
        module: dotted name of the module, e.g. `onnx.reference`.

    Raises:
        DataError: the library, or a module that it imports, is not installed; the message says how to
            install it.
    """
    library = module.partition(".")[0]
    extra, formats = EXTRAS[library]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise DataError(
            f"{formats} needs {library}, which is not installed: pip install 'rnnlab[{extra}]'"
        ) from None
