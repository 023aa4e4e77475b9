"""All that the next training step depends on, as arrays: variables, and the state of each lane."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.update import BestWeights

Tensor = Any
Snapshot = dict[str, NDArray[Any]]


class Snapshots:
    """Takes snapshots of a training program, and puts them back.

    Args:
        variables: by name, all that a step changes or reads.
        lanes: N of a batch; the groups of lanes may have more between them, which fill up.
    """

    def __init__(self, variables: Mapping[str, Any], *, lanes: int) -> None:
        self._variables, self._lanes = variables, lanes

    def take(self, states: Sequence[Any]) -> Snapshot:
        """Copies of all variables, and of the states of the groups as columns of lanes, (H, N)."""
        taken = {name: np.array(variable.numpy()) for name, variable in self._variables.items()}
        groups = [tf.nest.flatten(state) for state in states]
        for number, parts in enumerate(zip(*groups, strict=True)):
            taken[f"state/{number}"] = np.concatenate(parts, axis=1)[:, : self._lanes].copy()
        return taken

    def put(self, snapshot: Snapshot, states: Sequence[Any]) -> list[Any]:
        """Set all variables; the states of the groups, of which there may be more or fewer than there were.

        Args:
            snapshot: what `take` gave.
            states: of the same layers and groups as those that are wanted.

        Raises:
            ValueError: its names, shapes and types are not those of this program.
        """
        if _shapes(snapshot) != _shapes(self.take(states)):
            raise ValueError("the snapshot is not one of this program")
        for name, variable in self._variables.items():
            variable.assign(snapshot[name])
        parts = [snapshot[f"state/{number}"] for number in range(len(tf.nest.flatten(states[0])))]
        dealt, begin = [], 0
        for state in states:
            flat = tf.nest.flatten(state)
            width = flat[0].shape[1] if flat else 0
            own = [tf.constant(_columns(part, begin, width)) for part in parts]
            dealt.append(tf.nest.pack_sequence_as(state, own))
            begin += width
        return dealt


def held_variables(variables: dict[str, Any], optimizer: Any, best: BestWeights | None) -> dict[str, Any]:
    """The variables of the network, the optimizer and the best weights, by name."""
    return {
        **{f"weights/{name}": variable.value for name, variable in variables.items()},
        **{f"optimizer/{number}": variable.value for number, variable in enumerate(optimizer.variables)},
        **{f"best/{name}": variable for name, variable in (best.variables_held() if best else {}).items()},
    }


def _shapes(snapshot: Snapshot) -> dict[str, tuple[Any, ...]]:
    return {name: (array.shape, array.dtype) for name, array in snapshot.items()}


def _columns(part: NDArray[np.float32], begin: int, width: int) -> NDArray[np.float32]:
    """Some lanes of a part of the state, (H, width); zeros for those that fill a group up."""
    lanes = part[:, begin : begin + width]
    return np.pad(lanes, ((0, 0), (0, width - lanes.shape[1])))
