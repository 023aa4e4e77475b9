"""Chained lanes: when an epoch begins, each lane takes the last state of the lane before it.

So windows with a carried state are read in lanes: the windows of one lane continue those of the lane before.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.forward import NetworkState
from rnnlab.engines.tensorflow.start import tf

Tensor = Any


def chained(states: list[NetworkState], begins: Tensor) -> list[NetworkState]:
    """Return the states; if an epoch begins, each lane has that of the lane before it, the first one zeros.

    Args:
        states: the state of each group of lanes, (H, lanes of a group) each.
        begins: whether an epoch begins.
    """
    groups = [tf.nest.flatten(state) for state in states]
    moved = []
    for parts in zip(*groups, strict=True):
        joined = tf.concat(parts, axis=1)  # (H, lanes of all groups)
        shifted = tf.pad(joined[:, :-1], ((0, 0), (1, 0)))  # lane n has the state of lane n − 1
        moved.append(tf.split(tf.where(begins, shifted, joined), len(groups), axis=1))
    return [
        tf.nest.pack_sequence_as(state, [part[group] for part in moved]) for group, state in enumerate(states)
    ]


def where_read(counts: Tensor, after: list[NetworkState], before: list[NetworkState]) -> list[NetworkState]:
    """Return the states after a step; a lane that has read nothing keeps its state.

    Args:
        counts: number of targets of each lane that count, (groups, lanes of a group).
        after: the state of each group after the step, (H, lanes of a group) each.
        before: the state before it.
    """
    return [
        tf.nest.map_structure(partial(tf.where, counts[group] > 0), own, state)
        for group, (own, state) in enumerate(zip(after, before, strict=True))
    ]


def chained_after(before: list[NDArray[np.float32]], states: list[NetworkState]) -> list[NetworkState]:
    """Return the states; each lane has that of the lane before it, as `chained` between two chunks of steps.

    Args:
        before: each part of the state of the last lane of the worker before this one, (H, 1).
        states: the state of each group of lanes, (H, lanes of a group) each.
    """
    groups = [tf.nest.flatten(state) for state in states]
    for number, first in enumerate(before):
        joined = np.concatenate([first, *(parts[number].numpy() for parts in groups)], axis=1)[:, :-1]
        for parts, own in zip(groups, np.split(joined, len(groups), axis=1), strict=True):
            parts[number] = tf.constant(own)
    return [tf.nest.pack_sequence_as(state, parts) for state, parts in zip(states, groups, strict=True)]
