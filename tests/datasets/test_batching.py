"""The data of one step, and the regimes."""

import numpy as np
import pytest

from rnnlab.datasets.batching import gather, make_batches, reading_order
from rnnlab.datasets.parts import part_of_tokens, whole

STATELESS = "batching: windows, batch_size: 2"


def test_inputs_are_followed_by_their_targets(numbered):
    """Target t is the token after input t; ids keep their small type."""
    batch = gather(numbered(20), np.array([0, 7]), np.array([3, 3]), window=3, target="shifted", first=False)

    assert batch.inputs.tolist() == [[0, 1, 2], [7, 8, 9]]
    assert batch.targets.tolist() == [[1, 2, 3], [8, 9, 10]]
    assert batch.inputs.dtype == np.uint16
    assert batch.weights.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert batch.weights.dtype == np.float32


def test_next_counts_the_last_target_of_a_window_alone(numbered):
    """Padding has none."""
    batch = gather(numbered(20), np.array([4, 0]), np.array([3, 0]), window=3, target="next", first=True)

    assert batch.weights.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_only_a_lane_s_first_targets_count(numbered):
    """counts[n] of them, even where the lane reads on past the end of the corpus."""
    batch = gather(
        numbered(10), np.array([2, 7, 0]), np.array([2, 2, 0]), window=4, target="shifted", first=False
    )

    assert batch.weights.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert batch.targets[1, :2].tolist() == [8, 9]


def test_a_state_starts_from_zero_where_a_sequence_does(numbered):
    """The step that reads a sequence's first token is reset, and predicting that token counts for nothing."""
    batch = gather(numbered(3, 4), np.array([1]), np.array([4]), window=4, target="shifted", first=False)

    assert batch.inputs.tolist() == [[1, 2, 3, 4]]
    assert batch.resets.tolist() == [[False, False, True, False]]
    assert batch.weights.tolist() == [[1, 0, 1, 1]]


def test_the_first_batch_resets_every_lane(numbered):
    """At its first step, whatever the lane reads."""
    batch = gather(numbered(20), np.array([5, 9]), np.array([3, 3]), window=3, target="shifted", first=True)

    assert batch.resets.tolist() == [[True, False, False], [True, False, False]]


@pytest.mark.parametrize(
    ("lengths", "lanes", "window"), [((40,), 3, 4), ((13, 1, 1, 30, 2), 4, 5), ((9, 9, 9), 1, 26)]
)
def test_a_stream_counts_every_target_of_every_sequence_once(numbered, experiment, lengths, lanes, window):
    """All tokens but the first of each sequence; and each of those that is an input resets its lane."""
    corpus = numbered(*lengths)
    settings = experiment(f"kind: text, inline: a, window: {window}", training=f"batch_size: {lanes}")
    batches = make_batches(whole(corpus, window=window), corpus, settings)

    counted, reset = [], []
    for step, (starts, counts) in enumerate(zip(*batches.epoch(0), strict=True)):
        batch = gather(corpus, starts, counts, window=window, target="shifted", first=step == 0)
        asked = np.arange(window) < counts[:, None]
        counted += batch.targets[batch.weights > 0].tolist()
        reset += batch.inputs[batch.resets & asked].tolist()

    firsts = set(corpus.starts.tolist())
    assert sorted(counted) == sorted(set(range(sum(lengths))) - firsts)
    assert firsts - {sum(lengths) - 1} <= set(reset)
    assert len(set(reset) - firsts) <= lanes - 1


@pytest.mark.parametrize(
    ("training", "model", "carries"),
    [("batch_size: 2", "", True), (STATELESS, "", False), (STATELESS, "stateful: true", True)],
)
def test_the_regime_says_whether_a_state_goes_on(numbered, experiment, training, model, carries):
    """Windows stand alone; stateful windows and streams carry their state from batch to batch."""
    settings = experiment("kind: text, inline: a, window: 4", training=training, model=model)
    corpus = numbered(30)

    batches = make_batches(whole(corpus, window=4), corpus, settings)

    assert batches.carries_state is carries
    assert (batches.lanes, batches.window) == (2, 4)


def test_a_measurement_is_not_shuffled(numbered, experiment):
    """Whatever training does, the windows come in order, one after another."""
    settings = experiment(
        "kind: text, inline: a, window: 4", training=f"{STATELESS}, shuffle: true, random_seed: 5"
    )
    corpus = numbered(60)
    part = part_of_tokens(corpus, "validation", 30, 60, window=4)

    in_order = reading_order(part, corpus, settings).epoch(1)[0]
    shuffled = make_batches(part, corpus, settings).epoch(1)[0]

    assert in_order.tolist() == [[start] for start in part.window_starts]
    assert shuffled.ravel().tolist() != in_order.ravel().tolist()
    assert sorted(shuffled.flat) == sorted(in_order.flat)


@pytest.mark.parametrize("name", ["train", "validation"])
def test_a_measurement_refuses_no_part_for_a_setting_of_training(numbered, experiment, name):
    """A part of 5 windows is measured, whether training reads 2 or 64 at a time."""
    settings = experiment("kind: text, inline: a, window: 4", training="batching: windows, batch_size: 64")
    corpus = numbered(9)

    assert reading_order(part_of_tokens(corpus, name, 0, 9, window=4), corpus, settings).steps == 5


@pytest.mark.parametrize("model", ["", "stateful: true"])
@pytest.mark.parametrize("batching", ["windows", "stream"])
def test_the_order_of_reading_is_the_same_for_every_batch_size(numbered, experiment, batching, model):
    """It is that of a single lane."""
    corpus = numbered(40, 33)
    part = whole(corpus, window=4)

    def order(lanes):
        training = f"batching: {batching}, batch_size: {lanes}"
        settings = experiment("kind: text, inline: a, window: 4", training=training, model=model)
        return [column.tolist() for column in reading_order(part, corpus, settings).epoch(0)]

    assert order(1) == order(3) == order(64)
