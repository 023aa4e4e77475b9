"""The training part with transposed copies of itself before it."""

import pytest

from rnnlab.datasets.augmentation import augmented
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.errors import VocabularyError
from rnnlab.training.folds import fold_data

COPIES = "augment: {semitones: [-1, 2]}"


@pytest.fixture
def tunes(tmp_path):
    """Two tunes to train on, one to validate on."""
    for name, text in (("a", "c4 d4 r8"), ("b", "e4 e4"), ("c", "g4 a4 g4")):
        (tmp_path / f"{name}.notes").write_text(text)
    return "kind: notes, path: [a.notes, b.notes], split: {kind: files, validation: c.notes}, window: 1"


@pytest.mark.parametrize("unit", ["note", "document"])
def test_each_tune_is_there_once_more_for_each_interval(experiment, tunes, unit):
    """Before the data, each from a zero state as the tune itself; what is held out is behind, as it was."""
    wanted = experiment(f"{tunes}, unit: {unit}, {COPIES}")
    corpus = load_corpus(wanted.dataset)

    copied, parts = augmented(corpus, split_corpus(corpus, wanted).parts, wanted)

    pairs = zip(copied.starts, copied.ends, strict=True)
    texts = [copied.vocabulary.join(copied.ids[begin:end]).strip("\x03 ") for begin, end in pairs]
    assert texts == ["b,4 cis4 r8", "ees4 ees4", "d4 e4 r8", "fis4 fis4", "c4 d4 r8", "e4 e4", "g4 a4 g4"]
    assert (parts["train"].begin, parts["validation"].end) == (0, len(copied.ids))
    assert parts["validation"].begin == copied.starts[-1] == parts["train"].end - copied.has_boundaries
    assert parts["train"].window_count == 3 * split_corpus(corpus, wanted).parts["train"].window_count


def test_without_copies_the_data_is_itself(experiment, tunes):
    """Nothing is made anew."""
    wanted = experiment(tunes)
    corpus = load_corpus(wanted.dataset)
    parts = split_corpus(corpus, wanted).parts

    assert augmented(corpus, parts, wanted) == (corpus, parts)


def test_a_fold_whose_copies_cannot_be_is_refused_before_any_is_trained(experiment):
    """A vocabulary that is declared lacks them."""
    page = f"kind: notes, inline: {'c4 d4 ' * 20}, vocabulary: [c4, d4], window: 1, {COPIES}"
    wanted = experiment(page, training="batch_size: 1")

    with pytest.raises(
        VocabularyError, match=r"^dataset\.augment: 'c4' by -1 semitone is 'b,4', which is not"
    ):
        next(fold_data(load_corpus(wanted.dataset), wanted, 2))
