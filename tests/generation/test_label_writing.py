"""Sequences that are written for a label."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.generation import Generation
from rnnlab.datasets.examples import Sequences, TokenSet
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.errors import UsageError
from rnnlab.generation.label_writing import label_id, write_for_label
from tests.trained_tasks import FROM_LABEL, LABEL, trained_task


@pytest.fixture(scope="module")
def model():
    """A model with random weights."""
    return trained_task(FROM_LABEL, Path.cwd())


def settings(**values):
    """Settings of generation: at most ten tokens at temperature 1."""
    return Generation(**{"length": 10, "temperature": 1.0, **values})


def test_greedy_is_the_greedy_target_of_the_engine(model):
    """At temperature 0 the sequence is that of the decoder alone, up to its end."""
    inputs = _labels(model, [0, 1])
    wanted, scores = numpy_task_model(model).greedy(inputs, 10)

    for number, label in enumerate(["Korean", "Polish"]):
        sample = write_for_label(model, label, settings(temperature=0)).samples[0]

        assert list(sample.sequence) == [model.targets[each] for each in wanted[number]]
        assert sample.text == "".join(sample.sequence)
        assert sample.log_probability >= scores[number]  # that of the end is not in it


def test_a_beginning_is_read_first(model):
    """Each token is the most probable one after the label, the beginning and the tokens so far."""
    network, ids = numpy_task_model(model), [model.targets.index("k")]
    for _ in range(4):
        logits = network.target_logits(_labels(model, [1]), Sequences.of([ids], None))
        ids.append(int(logits[-1].argmax()))
    assert 0 not in ids  # the sequence does not end before

    sample = write_for_label(model, "Polish", settings(temperature=0, length=4, seed="k")).samples[0]

    assert sample.sequence == tuple(model.targets[number] for number in ids[1:])
    assert sample.text == "k" + "".join(sample.sequence)


def test_samples_are_drawn_again_with_the_same_seed(model):
    """They differ from each other, end at `END`, and a label changes them."""
    first = write_for_label(model, "Korean", settings(samples=20, length=30))
    again = write_for_label(model, "Korean", settings(samples=20, length=30))
    other = write_for_label(model, "Polish", settings(samples=20, length=30))

    texts = [sample.text for sample in first.samples]
    assert texts == [sample.text for sample in again.samples]
    assert texts != [sample.text for sample in other.samples]
    assert len(set(texts)) > 1
    assert first.draws
    assert not any("<end>" in sample.sequence for sample in first.samples)
    assert all(sample.log_probability < 0 for sample in first.samples)


def test_a_sample_that_does_not_end_is_counted(model):
    """A note says how many; a longer length may help."""
    writing = write_for_label(model, "Korean", settings(samples=3, length=1, temperature=0))

    cut = sum(len(sample.sequence) == 1 for sample in writing.samples)
    assert cut == 3
    assert writing.notes == ("3 of 3 samples did not end within 1 token; give a larger length",)


def test_a_missing_label_lists_the_labels(model):
    """And the way to give one."""
    with pytest.raises(UsageError) as caught:
        write_for_label(model, None, settings())

    assert str(caught.value) == "no label: give one, e.g.: label='Korean'; there are Korean, Polish"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("Korea", "label: the model has no label 'Korea'; did you mean 'Korean'?"),
        ("xyz", "label: the model has no label 'xyz'; there are Korean, Polish"),
        ("", "label: the model has no label ''; there are Korean, Polish"),
    ],
)
def test_an_unknown_label_is_refused(model, label, message):
    """With the most similar label, or else with all."""
    with pytest.raises(UsageError) as caught:
        write_for_label(model, label, settings())

    assert str(caught.value) == message


def test_a_long_list_of_labels_is_cut():
    """At thirty."""
    with pytest.raises(UsageError, match=r"l29 and 70 more$"):
        label_id(None, [f"l{number:02}" for number in range(100)])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": "k7"}, "seed: the model cannot write the character '7'; leave it out"),
        ({"stop": "k"}, "stop: a sequence of task from_label ends by itself; leave stop out"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(model, values, message):
    """A character that the vocabulary lacks, and a stop token."""
    with pytest.raises(UsageError) as caught:
        write_for_label(model, "Korean", settings(**values))

    assert str(caught.value) == message


def test_a_model_of_another_task_writes_nothing():
    """The message has the function to use."""
    with pytest.raises(UsageError, match="task label reads an input and writes nothing; use predict"):
        write_for_label(trained_task(LABEL, Path.cwd()), "ko", settings())


def _labels(model, labels):
    """Labels as inputs."""
    return Sequences.of([[label] for label in labels], TokenSet(model.tokens, "label"))


def test_the_label_is_added_to_every_input(tmp_path):
    """With `label_input: every`, greedy equals the greedy target of the engine too."""
    model = trained_task(FROM_LABEL, tmp_path, "model.label_input=every")
    wanted, _ = numpy_task_model(model).greedy(_labels(model, [1]), 10)

    sample = write_for_label(model, "Polish", settings(temperature=0)).samples[0]

    assert np.array_equal([model.targets.index(each) for each in sample.sequence], wanted[0])
