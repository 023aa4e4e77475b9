"""What is compared was measured on the same tokens."""

import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.errors import UsageError
from rnnlab.evaluation.same_data import check_same_data, digest
from tests.experiments import experiment
from tests.trained import SENTENCE, SONG


def digest_of(text: str, *overrides: str, part: str = "train") -> str:
    """The digest of a part of an experiment's data."""
    data = load_data(experiment(text, *overrides))
    return digest(data.corpus, data.splits.parts[part])


def test_the_same_tokens_have_the_same_digest():
    """Whatever the vocabulary, the encoding, the window and the batches are."""
    song = digest_of(SONG)

    assert song == digest_of(
        SONG, "dataset.vocabulary=[c8, d4, d8, e4, e8, f8, g4, g8]", "dataset.encoding=one_hot"
    )
    assert song == digest_of(SONG, "dataset.window=3", "model={kind: mlp, units: 3}", "generation.length=5")


def test_other_tokens_or_other_drawn_windows_have_another_digest():
    """So that nothing is compared that was measured on something else."""
    drawn = "dataset.split={kind: stratified_shuffle, allow_overlap: true, validation: 0.5, random_seed: %d}"
    text = (SENTENCE, "dataset.target=next")
    found = [
        digest_of(SONG),
        digest_of(SONG, "dataset.inline=g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g8"),
        digest_of(*text),
        digest_of(*text, drawn % 0),
        digest_of(*text, drawn % 1),
        digest_of(*text, drawn % 0, part="validation"),
    ]

    assert len(set(found)) == len(found)


def test_different_data_is_refused_by_name():
    """Which two, and what should be the same."""
    check_same_data([("a", "train", "1"), ("b", "train", "1")])
    for other, what in ((("b", "train", "2"), "the train part"), (("b", "test", "1"), "train and test")):
        with pytest.raises(
            UsageError, match=rf"a and b: measured on different data \({what}\); expected the same"
        ):
            check_same_data([("a", "train", "1"), other])
