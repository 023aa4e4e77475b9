"""Cross-validation trains each model anew and measures it on what it has not seen."""

from itertools import pairwise

import numpy as np
import pytest

from rnnlab.datasets.batches import gather, reading_order
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.splits import Splits
from rnnlab.errors import DataError
from rnnlab.training.folds import cross_validate_config, fold_data, measure_fold
from tests.experiments import SONG, experiment

NAMES = "ada bea cleo dora ella fay gwen hal ida joe kim leo mia ned"


def test_each_fold_is_measured_on_its_own_windows() -> None:
    """The held-out targets of all folds are the windows of the data; two processes give the same bits."""
    wanted = experiment(
        SONG,
        f"dataset={{kind: text, inline: '{NAMES}', window: 2, target: next,"
        " split: {kind: stratified_shuffle, allow_overlap: true}}",
        "model={kind: mlp, units: 8}",
        "generation={length: 5}",
    )
    lines: list[str] = []

    crossed = cross_validate_config(wanted, 2, report=lines.append)

    assert sum(fold.tokens for fold in crossed.folds) == len(NAMES) - 2
    assert lines[-2:] == ["fold 1 of 2", "fold 2 of 2"]
    assert crossed.folds[0].loss != crossed.folds[1].loss

    lines.clear()
    assert cross_validate_config(wanted, 2, jobs=2, report=lines.append) == crossed
    assert sorted(lines[-2:]) == ["fold 1 of 2 is done", "fold 2 of 2 is done"]


def test_each_fold_is_trained_on_copies_of_its_own_training_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a training is; what it holds out is as it was."""
    wanted = experiment(SONG, "dataset.augment={semitones: [-1, 1]}", "dataset.window=1")
    (fold, _) = fold_data(load_corpus(wanted.dataset), wanted, 2)
    trained: list[int] = []

    class Problem:
        """Notes what it is given."""

        def __init__(self, _: object, corpus: Corpus, splits: Splits) -> None:
            trained.append(splits.parts["train"].window_count)
            raise KeyboardInterrupt

    monkeypatch.setattr("rnnlab.training.folds.TokenProblem", Problem)
    with pytest.raises(KeyboardInterrupt):
        measure_fold(wanted, fold)

    assert trained == [3 * fold.splits.parts["train"].window_count]


STREAM = "kind: text, inline: a, window: 3"


def tokens_of(fold, name):
    """The ids of a part."""
    part = fold.splits.parts[name]
    return fold.corpus.ids[part.begin : part.end]


def pairs_of(fold, name, settings):
    """The (input, target) of each target that counts in a part, where no state or target leaks in."""
    pairs = []
    batches = reading_order(fold.splits.parts[name], fold.corpus, settings)
    for first, counts in zip(*batches.epoch(0), strict=True):
        batch = gather(fold.corpus, first, counts, window=batches.window, target="shifted", first=False)
        counted = batch.weights > 0
        pairs += zip(batch.inputs[counted].tolist(), batch.targets[counted].tolist(), strict=True)
    return pairs


def test_whole_sequences_are_held_out_once(numbered, experiment):
    """Seven sequences in three folds: no sequence is cut, none is in both parts, each is held out once."""
    corpus = numbered(5, 4, 6, 5, 4, 7, 5)
    settings = experiment(STREAM, training="batch_size: 2")
    sequences = {tuple(ids.tolist()) for ids in np.split(corpus.ids, corpus.starts[1:])}
    held_out = []

    for fold in fold_data(corpus, settings, 3):
        parts = np.split(fold.corpus.ids, fold.corpus.starts[1:])
        assert {tuple(ids.tolist()) for ids in parts} == sequences
        train, held = tokens_of(fold, "train"), tokens_of(fold, "validation")
        assert sorted([*train, *held]) == corpus.ids.tolist()
        assert fold.splits.parts["validation"].begin in fold.corpus.starts
        held_out += held.tolist()

    assert sorted(held_out) == corpus.ids.tolist()


def test_the_random_seed_draws_the_sequences(numbered, experiment):
    """The same one the same folds, another one others; and no two folds have the same digest."""
    corpus = numbered(*[5] * 12)

    def digests(seed):
        settings = experiment(STREAM, training=f"batch_size: 2, random_seed: {seed}")
        return [fold.corpus.sha256 for fold in fold_data(corpus, settings, 3)]

    assert digests(1) == digests(1)
    assert len({*digests(1), *digests(2)}) == 6


def test_blocks_are_held_out_with_a_gap_on_either_side(numbered, experiment):
    """Forty tokens in four blocks: around a block in the middle a window of three is left out."""
    corpus = numbered(40)
    settings = experiment(STREAM, training="batch_size: 2")

    folds = [*fold_data(corpus, settings, 4)]

    assert [tokens_of(fold, "validation").tolist() for fold in folds] == [
        list(range(first, first + 10)) for first in (0, 10, 20, 30)
    ]
    assert tokens_of(folds[1], "train").tolist() == [*range(7), *range(23, 40)]
    assert tokens_of(folds[0], "train").tolist() == [*range(13, 40)]
    assert tokens_of(folds[3], "train").tolist() == [*range(27)]


@pytest.mark.parametrize("lengths", [(40,), (17, 23), (5, 4, 6, 5, 4, 7, 5)])
def test_no_target_follows_what_was_taken_out(numbered, experiment, lengths):
    """Ids count up: every target is its input's successor in the data, in the same sequence."""
    corpus = numbered(*lengths)
    settings = experiment(STREAM, training="batch_size: 2")
    allowed = {pair for ids in np.split(corpus.ids, corpus.starts[1:]) for pair in pairwise(ids.tolist())}
    held_out = []

    for fold in fold_data(corpus, settings, 4):
        train, held = pairs_of(fold, "train", settings), pairs_of(fold, "validation", settings)
        assert set(train) | set(held) <= allowed
        assert not {token for pair in train for token in pair} & {token for pair in held for token in pair}
        held_out += held

    assert len(held_out) == len(set(held_out))


def test_lines_keep_their_ends_in_both_parts(experiment):
    """The boundary after the last line of each part is a target of it."""
    page = 'kind: text, inline: "ab\\ncd\\nef\\ngh\\nij\\nkl", unit: line, window: 2'
    settings = experiment(page, training="batch_size: 1")
    corpus = load_corpus(settings.dataset)

    for fold in fold_data(corpus, settings, 3):
        for name, lines in (("train", 4), ("validation", 2)):
            text = corpus.vocabulary.join(tokens_of(fold, name))
            assert text.count("\n") == lines + 1
            assert text[0] == text[-1] == "\n"
            ends = [pair for pair in pairs_of(fold, name, settings) if pair[1] == 0]
            assert len(ends) == lines


def test_too_little_data_for_so_many_folds_is_said(numbered, experiment):
    """Lines that are fewer than the folds, and blocks that leave nothing beside them."""
    settings = experiment('kind: text, inline: "ab\\ncd", unit: line, window: 2', training="batch_size: 1")
    lines = load_corpus(settings.dataset)

    with pytest.raises(DataError, match=r"folds=3: expected 3 sequences or more, received 2; use fewer"):
        [*fold_data(lines, settings, 3)]
    with pytest.raises(DataError, match=r"folds: expected more than 3 tokens .* received 5 in all"):
        [*fold_data(numbered(5), experiment(STREAM), 2)]
