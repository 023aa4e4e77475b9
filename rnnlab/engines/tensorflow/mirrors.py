"""Several devices of one machine: each computes the gradients of some groups of lanes.

The weights lie on the first device, which sums the gradients and takes the step. The others have a copy of
the data, and receive the weights at each step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnnlab.engines.tensorflow.objective import Objective
from rnnlab.engines.tensorflow.start import tf


@dataclass(frozen=True)
class Mirror:
    """A device that computes the gradients of some groups of lanes.

    Attributes:
        device: TensorFlow's name of the device.
        objectives: what a step may compute, with the data on that device.
    """

    device: str
    objectives: Sequence[Objective]


def mirrored(make: Callable[[], Sequence[Objective]]) -> list[Mirror]:
    """Return the devices after the first: all GPUs, or without a GPU all logical CPU devices.

    Args:
        make: returns the objectives, with the data on the device on which it is called.
    """
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    mirrors = []
    for number in range(1, len(tf.config.list_logical_devices(kind))):
        with tf.device(f"/device:{kind}:{number}"):
            mirrors.append(Mirror(f"/device:{kind}:{number}", make()))
    return mirrors
