"""Batches of examples that are gathered on the device, against the examples themselves."""

import numpy as np
import pytest

from rnnlab.engines.tensorflow.examples import END_ID, ExampleData
from rnnlab.engines.tensorflow.start import tf
from tests.task_networks import SIZES, Data, data_of, sequences

ORDER = [3, 0, 7, 1, 6]
"""Numbers of examples from 1, and one lane without an example; example 6 has no input token."""


@pytest.mark.parametrize("room", [0, 3])
@pytest.mark.parametrize(
    ("task", "model"), [("label", ""), ("tags", ""), ("pairs", ""), ("tags", "characters")]
)
def test_inputs_are_aligned_at_the_right(task: str, model: str, room: int) -> None:
    """The last token of every lane is at the last time step; what is before the first does not count."""
    data = data_of(task, model)
    steps = int(data.inputs.lengths.max()) + room

    lanes = ExampleData(data, task).batch(tf.constant(ORDER), steps, 4)

    for lane, number in enumerate(ORDER):
        own = data.inputs[number - 1] if number else np.empty(0, int)
        valid = lanes.valid.numpy()[:, lane]
        assert valid.tolist() == [0.0] * (steps - len(own)) + [1.0] * len(own)
        ids = data.words.ids[own] if data.words else own
        assert lanes.inputs.numpy()[steps - len(own) :, lane].tolist() == ids.tolist()


def test_words_are_spelled_to_the_right_too() -> None:
    """The last character of every word is at the last place."""
    data = data_of("tags", "characters")
    assert data.words

    lanes = ExampleData(data, "tags").batch(tf.constant([3]), 6, 0)

    for step, word in enumerate(data.inputs[2]):
        spelled = data.words.spelled[word].tolist()
        valid = lanes.spelled.numpy()[:, step, 0]
        assert valid.tolist() == [0.0] * (len(valid) - len(spelled)) + [1.0] * len(spelled)
        assert lanes.characters.numpy()[:, step, 0][valid > 0].tolist() == spelled


@pytest.mark.parametrize("task", ["pairs", "from_label"])
def test_a_decoder_reads_what_it_wrote_before(task: str) -> None:
    """END or the label's row first; then the target, and END last, which counts; nothing after it counts."""
    data = data_of(task, "")

    lanes = ExampleData(data, task, label_row=SIZES.targets).batch(tf.constant(ORDER), 6, 4)

    for lane, number in enumerate(ORDER):
        counted = lanes.counted.numpy()[:, lane]
        if not number:
            assert not counted.any()
            continue
        target = data.targets[number - 1].tolist()
        first = int(data.inputs[number - 1][0]) + SIZES.targets if task == "from_label" else END_ID
        assert counted.tolist() == [1.0] * (len(target) + 1) + [0.0] * (4 - len(target))
        assert lanes.targets.numpy()[: len(target) + 1, lane].tolist() == [*target, END_ID]
        assert lanes.before.numpy()[: len(target) + 1, lane].tolist() == [first, *target]


def test_a_label_is_the_target_of_its_lane() -> None:
    """One target for each example; none for a lane without an example."""
    data = data_of("label", "")

    lanes = ExampleData(data, "label").batch(tf.constant(ORDER), 6, 0)

    assert lanes.counted.numpy().tolist() == [[1.0, 0.0, 1.0, 1.0, 1.0]]
    wanted = [data.targets[number - 1][0] for number in ORDER if number]
    assert lanes.targets.numpy()[0][lanes.counted.numpy()[0] > 0].tolist() == wanted


def test_tags_stand_at_their_tokens() -> None:
    """Right-aligned as the tokens are."""
    data = data_of("tags", "")

    lanes = ExampleData(data, "tags").batch(tf.constant(ORDER), 7, 0)

    for lane, number in enumerate(ORDER):
        tags = lanes.targets.numpy()[:, lane][lanes.counted.numpy()[:, lane] > 0]
        assert tags.tolist() == (data.targets[number - 1].tolist() if number else [])


def test_other_examples_take_the_place_of_all() -> None:
    """Those of another epoch, with fewer tokens; too many are refused."""
    first, second = data_of("pairs", ""), Data(sequences([2, 1], 7, 8), sequences([1, 3], 5, 9))
    data = ExampleData(first, "pairs", capacity=(7, 40, 40))

    data.replace(second, 5)

    assert data.epoch == 5
    lanes = data.batch(tf.constant([2, 1]), 2, 3)
    assert lanes.inputs.numpy()[-1].tolist() == [second.inputs[1][-1], second.inputs[0][-1]]
    assert lanes.targets.numpy()[:3, 0].tolist() == second.targets[1].tolist()
    with pytest.raises(ValueError, match="expected at most 40 ids or offsets, received 41"):
        data.replace(Data(sequences([41], 7, 8), sequences([1], 5, 9)), 6)
