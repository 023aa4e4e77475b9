"""TensorFlow and Keras, imported without their chatter.

TensorFlow's C++ part writes to stderr while it loads and compiles, whatever its log settings say. File
descriptor 2 points at a temporary file meanwhile; what was written is shown only if the import fails.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from rnnlab.errors import TrainingError

__all__ = ["keras", "quiet_stderr", "tf"]


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep what is written to file descriptor 2, and write it out after all if the body fails."""
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except Exception:  # an interruption is no failure
            kept.seek(0)
            os.write(original, kept.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)


os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")  # keeps memory: a fresh page costs its first writer
with quiet_stderr():
    import keras
    import tensorflow as tf

if keras.backend.backend() != "tensorflow":  # it was imported before, as in a notebook
    raise TrainingError(
        f"Keras was loaded with its backend {keras.backend.backend()}, and rnnlab needs tensorflow; set"
        " KERAS_BACKEND=tensorflow before keras is imported"
    )


def cpu_cores() -> int:
    """How many cores training may use; 1 where TensorFlow computes on something else than the CPU."""
    with quiet_stderr():
        on_cpu = not tf.config.list_physical_devices("GPU")
    if not on_cpu:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_name() -> str:
    """What training runs on, as TensorFlow names it."""
    with quiet_stderr():
        gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"CPU, {os.cpu_count()} threads"
