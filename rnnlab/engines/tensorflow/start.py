"""TensorFlow and Keras, imported without TensorFlow's log lines.

During its import TensorFlow ignores TF_CPP_MIN_LOG_LEVEL and logs to stderr. rnnlab drops these lines, and no
other text. After the import rnnlab drops nothing. TensorFlow then obeys the variable: unless the user has set
it, rnnlab sets it to 3, which lets only fatal messages pass.

Keras and TensorFlow import matplotlib, pandas and scikit-learn, if they are installed, for parts that rnnlab
does not use. This takes half a second or more, so a command of rnnlab leaves it out. Another program that
imports rnnlab may use these parts, so there nothing is left out.

On a GPU, TensorFlow reserves memory as it needs it, and not nearly all of it at once. So several processes
can share a GPU. If the user has set TF_FORCE_GPU_ALLOW_GROWTH, TensorFlow obeys this variable alone.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rnnlab.errors import TrainingError, count_of
from rnnlab.processes import cores, is_own

__all__ = ["keras", "tf"]

NOISE = r"^(WARNING: All log messages before absl::|[IWE][0-9]{4} [0-9:.]+ +[0-9]+ [a-z0-9_]+\.cc:[0-9]+\] )"
"""Pattern of TensorFlow's log lines, except the fatal ones, for `grep -E`."""

UNUSED = ("matplotlib", "pandas", "sklearn")
"""What `keras.visualization`, TensorFlow's copy of an old Keras, and `keras.wrappers` need, in this order."""


@contextmanager
def without_unused() -> Iterator[None]:
    """Let an import of `UNUSED` fail during the `with` block, if the process is rnnlab's own.

    What is imported already stays. After the block each can be imported.
    """
    hidden = [name for name in UNUSED if name not in sys.modules] if is_own() else []
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None stops an import
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def without_noise() -> Iterator[None]:
    """Drop TensorFlow's log lines from file descriptor 2 during the `with` block; other lines pass.

    The filter is another process, so that the last message of a process that aborts passes too. Without the
    filter (`_filtering` returns None), or without a stderr, all lines pass.
    """
    filtering = None if sys.stderr is None else _filtering()
    if filtering is None or filtering.stdin is None:
        yield
        return
    sys.stderr.flush()
    original = os.dup(2)
    os.dup2(filtering.stdin.fileno(), 2)
    filtering.stdin.close()
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        with suppress(subprocess.TimeoutExpired):  # if a process that the `with` block started still writes
            filtering.wait(timeout=10)


def _filtering() -> "subprocess.Popen[bytes] | None":
    """Return a process that copies its input to stderr without log lines.

    Return None on Windows, without `grep`, and if the process cannot be started.
    """
    grep = shutil.which("grep")
    if grep is None or sys.platform == "win32":
        return None
    with suppress(OSError):
        return subprocess.Popen(
            [grep, "-a", "-v", "-E", NOISE], stdin=subprocess.PIPE, stdout=2, env={"LC_ALL": "C"}
        )
    return None


def _share_gpus() -> None:
    """Let the GPU memory of this process grow with its need, on every GPU, if the user has not decided it.

    Nothing changes if TensorFlow has used a GPU before, as in a notebook, or if the user has divided one.
    """
    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    for gpu in tf.config.list_physical_devices("GPU"):
        with suppress(RuntimeError, ValueError):
            tf.config.experimental.set_memory_growth(gpu, True)


os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")  # reuses memory: writing to a fresh page is slow
with without_noise(), without_unused():
    import keras
    import tensorflow as tf

    _share_gpus()

if keras.backend.backend() != "tensorflow":  # Keras was imported before, as in a notebook
    raise TrainingError(
        f"Keras was loaded with its backend {keras.backend.backend()}, and rnnlab needs tensorflow; set"
        " KERAS_BACKEND=tensorflow before keras is imported"
    )


def cpu_cores() -> int:
    """Return the number of cores that training may use; 1 if TensorFlow computes on a GPU."""
    return 1 if tf.config.list_physical_devices("GPU") else cores()


def device_name() -> str:
    """Return TensorFlow's name of the first GPU, or `CPU` with its number of threads if there is no GPU."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"CPU, {count_of(os.cpu_count() or 1, 'thread')}"
