"""The vector that workers sum up, and which groups of lanes a worker has."""

import numpy as np
import pytest

from rnnlab.engines.tensorflow.collective import GradientSum
from rnnlab.engines.tensorflow.data import LaneGroups, lane_groups, shared_groups
from rnnlab.engines.tensorflow.start import keras, tf
from rnnlab.engines.tensorflow.update import Snapshots


def test_the_vector_of_a_worker_is_unpacked_as_it_was_packed() -> None:
    """The sums come first, and each gradient has the shape of its weight again, summed over the groups."""
    shapes = {"kernel": (2, 3), "bias": (3,), "scale": ()}
    meets = GradientSum({name: keras.Variable(np.zeros(shape)) for name, shape in shapes.items()}, workers=2)
    sums = [tf.constant([1.0, 2.0, 3.0]), tf.constant([10.0, 20.0, 30.0])]
    rng = np.random.default_rng(0)
    groups = [{name: rng.random(shape, np.float32) for name, shape in shapes.items()} for _ in range(2)]

    found, gradients = meets.unpacked(meets.packed(sums, groups))

    np.testing.assert_array_equal(found, [11, 22, 33])
    for name in shapes:
        np.testing.assert_array_equal(gradients[name], groups[0][name] + groups[1][name], err_msg=name)


@pytest.mark.parametrize(
    ("lanes", "cores", "workers", "groups"),
    [
        (64, 1, 2, LaneGroups(2, 32)),
        (64, 2, 2, LaneGroups(4, 16)),
        (5, 1, 2, LaneGroups(2, 3)),  # the second worker has two, and one that counts nothing
        (9, 4, 8, LaneGroups(8, 2)),  # three workers have none
        (100, 1, 3, LaneGroups(3, 40)),  # whole registers
    ],
)
def test_every_worker_has_equally_many_groups(
    lanes: int, cores: int, workers: int, groups: LaneGroups
) -> None:
    """All groups together hold all lanes."""
    found = shared_groups(lanes, weights=10**6, tokens=lanes * 100, cores=cores, workers=workers)

    assert found == groups
    assert found.count % workers == 0
    assert found.count * found.lanes >= lanes


def test_one_worker_has_the_groups_of_an_ordinary_training() -> None:
    """Nothing changes for a process that trains alone."""
    for lanes in range(1, 70):
        settings = {"weights": 10**6, "tokens": lanes * 64, "cores": 3}

        assert shared_groups(lanes, workers=1, **settings) == lane_groups(lanes, **settings)


def test_a_snapshot_has_the_lanes_of_a_worker_at_their_places() -> None:
    """The other lanes are zero, and a worker takes its own from the snapshot of all."""
    own = [tf.ones((2, 3)), 2 * tf.ones((2, 3))]
    snapshots = Snapshots({}, lanes=10, first=6)

    taken = snapshots.take(own)["state/0"]

    np.testing.assert_array_equal(taken, [[0] * 6 + [1, 1, 1, 2]] * 2)
    everything = np.arange(20, dtype=np.float32).reshape(2, 10)
    back = snapshots.put({"state/0": everything}, own)
    np.testing.assert_array_equal(back[0], everything[:, 6:9])
    np.testing.assert_array_equal(back[1], [[9, 0, 0], [19, 0, 0]])
