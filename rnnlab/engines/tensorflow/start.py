"""TensorFlow and Keras, imported without TensorFlow's log lines.

TensorFlow logs to stderr while it is imported, whatever TF_CPP_MIN_LOG_LEVEL says: these lines are dropped.
Afterwards it keeps to that setting: nothing is filtered, and what other threads or libraries write is seen.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rnnlab.errors import TrainingError, count_of

__all__ = ["keras", "tf"]

NOISE = r"^(WARNING: All log messages before absl::|[IWE][0-9]{4} [0-9:.]+ +[0-9]+ [a-z0-9_]+\.cc:[0-9]+\] )"
"""Lines of TensorFlow's log but the fatal ones, as `grep -E` reads it."""


@contextmanager
def without_noise() -> Iterator[None]:
    """Drop those lines from file descriptor 2 while the body runs; all others pass.

    Another process filters: so the last words of a process that aborts come through, too.
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
        with suppress(subprocess.TimeoutExpired):  # where a process that the body has begun writes on
            filtering.wait(timeout=10)


def _filtering() -> "subprocess.Popen[bytes] | None":
    """A process that writes what it reads to stderr, without those lines; None where there can be none."""
    grep = shutil.which("grep")
    if grep is None or sys.platform == "win32":
        return None
    with suppress(OSError):
        return subprocess.Popen(
            [grep, "-a", "-v", "-E", NOISE], stdin=subprocess.PIPE, stdout=2, env={"LC_ALL": "C"}
        )
    return None


os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")  # keeps memory: a fresh page costs its first writer
with without_noise():
    import keras
    import tensorflow as tf

if keras.backend.backend() != "tensorflow":  # it was imported before, as in a notebook
    raise TrainingError(
        f"Keras was loaded with its backend {keras.backend.backend()}, and rnnlab needs tensorflow; set"
        " KERAS_BACKEND=tensorflow before keras is imported"
    )


def cpu_cores() -> int:
    """How many cores training may use; 1 where TensorFlow computes on something else than the CPU."""
    on_cpu = not tf.config.list_physical_devices("GPU")
    if not on_cpu:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_name() -> str:
    """What training runs on, as TensorFlow names it."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"CPU, {count_of(os.cpu_count() or 1, 'thread')}"
