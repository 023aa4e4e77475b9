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


SONG_LINE = "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4"


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            ["generation.seed=g8 b4"],
            ["generation.seed: seed:1:4: note 'b4' is not in the vocabulary (d4 e4 g4 c8 d8 e8 f8 g8)"],
        ),
        (["generation.stop=d8 e8"], ["generation.stop: expected one token, received 2: 'd8 e8'"]),
        (["generation.seed=|"], ["generation.seed: expected at least one token, received none"]),
        (
            ["training.samples={every_epochs: 1, seed: a8}", "generation.stop=h8"],
            [
                "training.samples.seed: seed:1:1: note 'a8' is not in",
                "generation.stop: stop:1:1: 'h8': in this",
            ],
        ),
    ],
)
def test_what_the_model_could_not_write_with_is_refused_before_it_is_trained(settings, lines):
    """Seeds and the token to stop at, each by the name of its key, with what the vocabulary has."""
    song = "dataset: {kind: notes, inline: %s, window: 4, target: next}\nmodel: {kind: lstm, units: 4}\n"
    page = song % SONG_LINE + "training: {batching: windows, batch_size: 1}"
    load_data(experiment(page, "generation.seed=g8 e8 | e4", "generation.stop=c8"))

    with pytest.raises(ConfigError) as caught:
        load_data(experiment(page, *settings))

    received = str(caught.value).splitlines()
    assert [line[: len(begin)] for line, begin in zip(received, lines, strict=True)] == lines
