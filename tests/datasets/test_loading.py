"""What of a dataset is refused before anything slow is started."""

import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.folds import fold_data
from rnnlab.datasets.loading import MOST_STEPS, load_data
from rnnlab.errors import ConfigError
from tests.experiments import experiment

TEXT = f"""
dataset: {{kind: text, inline: {"abcde" * 60}, window: 4, target: next}}
model: {{kind: lstm, units: 4}}
training: {{batching: windows, batch_size: 1}}
"""
"""296 windows, each of them a step."""

MOST_EPOCHS = 7_255_012


def test_a_training_has_at_most_as_many_steps_as_can_be_numbered():
    """Two thousand million; one epoch more is refused with the number that may be."""
    assert MOST_EPOCHS * 296 <= MOST_STEPS < (MOST_EPOCHS + 1) * 296

    load_data(experiment(TEXT, f"training.epochs={MOST_EPOCHS}"))
    with pytest.raises(ConfigError) as caught:
        load_data(experiment(TEXT, f"training.epochs={MOST_EPOCHS + 1}"))

    assert str(caught.value) == (
        "training.epochs: 7,255,013 epochs of 296 steps are 2,147,483,848 steps, expected at most"
        " 2,147,483,647; set it to 7,255,012 or less, or make training.batch_size larger"
    )


def test_the_folds_of_a_cross_validation_have_the_same_bound():
    """Each is a training of its own."""
    stateful = experiment(
        TEXT, "model.stateful=true", "training.epochs=10000000", f"dataset.inline={'abcde' * 100}"
    )

    with pytest.raises(ConfigError, match=r"training.epochs: 10,000,000 epochs of"):
        next(iter(fold_data(load_corpus(stateful.dataset), stateful, 3)))
