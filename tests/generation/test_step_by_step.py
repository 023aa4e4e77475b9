"""The alignment of a written target, and the probabilities of labels after each token."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.examples import END
from rnnlab.errors import UsageError
from rnnlab.generation.prediction import predict
from rnnlab.generation.step_by_step import align, chances_on_the_way
from tests.trained_tasks import ATTENTION, LABEL, PAIRS, TAGS, trained_task


def model(text, *overrides):
    """A model with random weights."""
    return trained_task(text, Path.cwd(), *overrides)


def test_each_written_token_spreads_its_attention_over_the_source():
    """Every row of weights has the sum 1; `END` is the last token, and an unknown token keeps its text."""
    trained = model(ATTENTION)

    first, second = align(trained, ["abz", "a"], most_tokens=7)

    assert first.source == ("a", "b", "z")
    assert first.weights.shape == (len(first.written), 3)
    assert np.allclose(first.weights.sum(axis=1), 1)
    assert first.written[-1] == END
    assert "".join(first.written[:-1]) == first.text
    assert np.allclose(second.weights, 1)  # a source of one token takes all of it


def test_the_aligned_target_is_the_predicted_one():
    """The greedy target, with its log-probability."""
    trained = model(ATTENTION)

    (found,), (predicted,) = align(trained, ["abba"]), predict(trained, ["abba"])

    assert found.text == predicted.text
    assert found.log_probability == pytest.approx(predicted.log_probability)


def test_a_reversed_source_is_shown_in_its_own_order():
    """A network that reads "ab" from its end gives "a" the weight that reading "ba" forwards gives it."""
    forwards, backwards = model(ATTENTION), model(ATTENTION, "model.reverse_source=true")

    (there,), (back,) = align(forwards, ["ba"]), align(backwards, ["ab"])

    assert there.text == back.text
    assert np.allclose(there.weights, back.weights[:, ::-1])


def test_without_attention_there_is_no_alignment():
    """The message names the setting."""
    with pytest.raises(UsageError, match=r"no attention \(model.attention\)"):
        align(model(PAIRS), ["ab"])


@pytest.mark.parametrize("settings", [(), ("model.bidirectional=true", "model.pooling=max")])
def test_the_label_after_each_token_is_that_of_the_beginning(settings):
    """Each beginning of the input is read as an input of its own, in whichever way the network reads."""
    trained = model(LABEL, *settings)
    ends = ["k", "ko", "kow"]

    found = chances_on_the_way(trained, "kow")

    for row, prediction in zip(found.shares, predict(trained, ends, top=2), strict=True):
        assert dict(zip(found.labels, row.tolist(), strict=True)) == pytest.approx(dict(prediction.labels))
    assert np.allclose(chances_on_the_way(trained, "kow", range(1, 3)).shares, found.shares[1:])


@pytest.mark.parametrize("characters", ["true", "false"])
def test_the_tag_of_each_token_is_the_predicted_one(characters):
    """Given all tokens, also if the characters of the words are read."""
    trained = model(TAGS, f"model.characters={characters}")

    found = chances_on_the_way(trained, "the cow flies")
    (predicted,) = predict(trained, ["the cow flies"])

    assert found.tokens == ("the", "cow", "flies")
    assert [found.labels[tag] for tag in found.shares.argmax(axis=1)] == [tag for tag, _ in predicted.tags]
    assert np.allclose(found.shares.max(axis=1), [share for _, share in predicted.tags])
    assert np.allclose(found.shares.sum(axis=1), 1)
