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

from rnnlab.errors import TrainingError

__all__ = ["keras", "tf"]

NOISE = r"^(WARNING: All log messages before absl::|[IWE][0-9]{4} [0-9:.]+ +[0-9]+ [a-z0-9_]+\.cc:[0-9]+\] )"
"""Lines of TensorFlow's log but the fatal ones, as `grep -E` reads it."""


@contextmanager
def without_noise() -> Iterator[None]:
    """Drop those lines from file descriptor 2 while the body runs; all others pass.

    Another process filters: so the last words of a process that aborts come through, too.
    """
    grep = shutil.which("grep")
    if sys.stderr is None or grep is None or sys.platform == "win32":
        yield
        return
    sys.stderr.flush()
    original = os.dup(2)
    reading, writing = os.pipe()
    command = [grep, "-a", "-v", "-E", NOISE]
    filtering = subprocess.Popen(command, stdin=reading, stdout=original, env={"LC_ALL": "C"})
    os.close(reading)
    os.dup2(writing, 2)
    os.close(writing)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        with suppress(subprocess.TimeoutExpired):  # where a process that the body has begun writes on
            filtering.wait(timeout=1)


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
    return f"CPU, {os.cpu_count()} threads"
