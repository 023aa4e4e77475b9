"""Several workers in one step: TensorFlow's servers, and the sum of the gradients of all workers.

A step has one collective operation, for all gradients and the three sums of the loss in one vector. It
reduces in a ring: each piece of the vector is summed in a fixed order of the workers, on one of them, and
then passed on. So all workers have the same bits, and a repeated step has them again.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.engines.tensorflow.start import tf
from rnnlab.errors import TrainingError

Tensor = Any

_GROUP_KEY = 74_210
"""Number by which TensorFlow knows the workers as a group; its own strategies count from 1."""

_operations = itertools.count(1)
"""Numbers by which TensorFlow knows the operation of each program: the same on all workers."""

_LEAST_THREADS = 4
"""Threads that run operations side by side: with one, a collective that waits would block everything."""


@dataclass(frozen=True)
class Share:
    """Which part of the lanes a worker has: consecutive ones.

    Attributes:
        rank: number of the worker, from 0.
        count: number of workers.
    """

    rank: int
    count: int


WHOLE = Share(0, 1)
"""All lanes."""


def start_servers(addresses: Sequence[str], rank: int) -> None:
    """Start TensorFlow's server of this worker, and connect it with the others'; once in a process.

    Args:
        addresses: `host:port` of each worker.
        rank: which of them this process is.

    Raises:
        TrainingError: TensorFlow has been used in this process before, or its server cannot be started.
    """
    distribute = tf.distribute
    ring = distribute.experimental.CommunicationImplementation.RING
    try:
        threads = max(tf.config.threading.get_inter_op_parallelism_threads(), _LEAST_THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        # The strategy sets up the servers; the steps are rnnlab's own.
        distribute.MultiWorkerMirroredStrategy(
            cluster_resolver=distribute.cluster_resolver.SimpleClusterResolver(
                tf.train.ClusterSpec({"worker": list(addresses)}),
                task_type="worker",
                task_id=rank,
                rpc_layer="grpc",
            ),
            communication_options=distribute.experimental.CommunicationOptions(implementation=ring),
        )
    except RuntimeError as error:
        raise TrainingError(
            "several workers cannot train in this process, since it has used TensorFlow before"
            f" ({error}); start the training first, in a new process"
        ) from error
    except tf.errors.OpError as error:
        raise TrainingError(
            f"TensorFlow's server of worker {rank} at {addresses[rank]} cannot be started:"
            f" {error.message.splitlines()[0]}"
        ) from error


class GradientSum:
    """The sums and gradients of all groups of lanes of all workers, added up.

    Args:
        variables: the network's Keras variables, by name.
        workers: number of workers.
    """

    def __init__(self, variables: dict[str, Any], *, workers: int) -> None:
        self._shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
        self._workers, self._operation = workers, next(_operations)

    def step_with(self, update: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Return a function that takes one step with the gradients of all workers, as `Update` does.

        The collective operation stands between two XLA programs: one makes the vector that is reduced, and
        the other one takes the step.
        """

        def step(vector: Tensor) -> Tensor:
            sums, gradients = self.unpacked(vector)
            return update([sums], [gradients])

        packed, stepped = (
            tf.function(function, jit_compile=True, autograph=False) for function in (self.packed, step)
        )
        return lambda sums, gradients: stepped(self.reduced(packed(sums, gradients)))

    def packed(self, sums: list[Tensor], gradients: list[dict[str, Tensor]]) -> Tensor:
        """Return the sums of this worker's groups as one vector; the gradients follow on the sums."""
        parts = [tf.add_n(sums)]
        parts += [tf.reshape(tf.add_n([group[name] for group in gradients]), (-1,)) for name in self._shapes]
        return tf.concat(parts, axis=0)

    def reduced(self, vector: Tensor) -> Tensor:
        """Return the sum of the vectors of all workers; every worker must call this once in each step."""
        with tf.device("/device:CPU:0"):
            return tf.raw_ops.CollectiveReduceV2(
                input=vector,
                group_size=self._workers,
                group_key=_GROUP_KEY,
                instance_key=self._operation,
                ordering_token=[],
                merge_op="Add",
                final_op="Id",
                communication_hint="ring",
            )

    def unpacked(self, vector: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the sums (3,), and the gradients by the names of the variables."""
        sizes = [3, *(math.prod(shape) for shape in self._shapes.values())]
        sums, *flat = tf.split(vector, sizes)
        gradients = {
            name: tf.reshape(part, shape)
            for (name, shape), part in zip(self._shapes.items(), flat, strict=True)
        }
        return sums, gradients
