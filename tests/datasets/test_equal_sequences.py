"""Sequences that occur more than once: held out, they were trained on, unless equal ones stay together."""

from itertools import chain

import numpy as np
import pytest

from rnnlab.datasets.corpus import nearest_edges
from rnnlab.datasets.loading import load_data
from rnnlab.errors import DataError
from rnnlab.training.folds import fold_data

SAME = "kind: text, path: lines.txt, unit: line, window: 2"


@pytest.fixture
def lines(tmp_path):
    """Writes lines.txt."""
    return lambda *lines: (tmp_path / "lines.txt").write_text("".join(f"{line}\n" for line in lines))


def notes_of(data) -> tuple[str, ...]:
    """What is said of the data, but for what was chosen for it."""
    return tuple(note for note in data.splits.notes if not note.startswith("not set"))


def texts(data, part: str) -> list[str]:
    """The lines of a part."""
    corpus, found = data.corpus, data.splits.parts[part]
    joined = corpus.vocabulary.join(corpus.ids[found.begin : found.end])
    return [line for line in joined.split("\n") if line]


@pytest.mark.parametrize(
    ("split", "remedy"),
    [
        ("{kind: sequences, validation: 0.5}", "dataset.split.unique: true"),
        ("{kind: contiguous, validation: 0.5}", "dataset.split: {kind: sequences, unique: true}"),
    ],
)
def test_lines_that_are_trained_on_and_held_out_are_counted(experiment, lines, split, remedy):
    """And the remedy is named."""
    lines(*["abcd"] * 80)

    notes = notes_of(load_data(experiment(f"{SAME}, split: {split}")))

    assert notes == (
        "sequences of the validation part that are also in the train part: 40 of 40;"
        f" {remedy} keeps equal sequences in one part",
    )


def test_files_of_their_own_are_compared_too(experiment, tmp_path):
    """Each held-out part by itself."""
    for name, text in (("train", "abc\nabd\n"), ("validation", "abd\nbad\n"), ("test", "dab\n")):
        (tmp_path / f"{name}.txt").write_text(text)
    split = "{kind: files, validation: validation.txt, test: test.txt}"

    data = load_data(experiment(f"kind: text, path: train.txt, unit: line, window: 2, split: {split}"))

    (note,) = notes_of(data)
    assert note.startswith("sequences of the validation part that are also in the train part: 1 of 2;")


def test_nothing_is_said_where_no_line_is_equal(experiment, lines):
    """Or where all is one sequence."""
    lines("abcd", "abdc", "acbd", "acdb")

    for unit, kind in (("line", "sequences"), ("character", "contiguous")):
        page = (
            f"kind: text, path: lines.txt, unit: {unit}, window: 2, split: {{kind: {kind}, validation: 0.3}}"
        )
        assert notes_of(load_data(experiment(page))) == ()


@pytest.mark.parametrize("shuffle", ["true", "false"])
@pytest.mark.parametrize("random_seed", range(5))
def test_unique_keeps_equal_lines_in_one_part(experiment, lines, shuffle, random_seed):
    """Each line is in one part, all of its copies with it, and the shares are as near as they can be."""
    words = [f"line{letter}" for letter in "abcdefghij" for _ in range(1 + ord(letter) % 4)]
    lines(*np.random.default_rng(1).permutation(words))
    split = (
        f"{{kind: sequences, validation: 0.3, test: 0.2, shuffle: {shuffle}, random_seed: {random_seed},"
        " unique: true}"
    )

    data = load_data(experiment(f"{SAME}, split: {split}"))

    parts = [texts(data, part) for part in ("train", "validation", "test")]
    assert notes_of(data) == ()
    assert sorted(chain(*parts)) == sorted(words)
    assert all(parts)
    assert not set(parts[0]) & set(parts[1]) | set(parts[0]) & set(parts[2]) | set(parts[1]) & set(parts[2])
    assert abs(len(parts[0]) / len(words) - 0.5) < 0.2


def test_unique_changes_nothing_where_all_lines_differ(experiment, lines):
    """The same sequences are drawn."""
    lines(*(f"{number:04}" for number in range(50)))
    split = "{kind: sequences, validation: 0.3, random_seed: 7"

    plain, unique = (
        load_data(experiment(f"{SAME}, split: {split}{end}}}")) for end in ("", ", unique: true")
    )

    assert (plain.corpus.ids == unique.corpus.ids).all()
    assert plain.splits.parts["validation"].begin == unique.splits.parts["validation"].begin


def test_one_line_alone_cannot_be_split(experiment, lines):
    """With `unique`, all of its copies are in one part."""
    lines(*["abcd"] * 80)

    with pytest.raises(DataError, match="the validation part is empty"):
        load_data(experiment(f"{SAME}, split: {{kind: sequences, validation: 0.5, unique: true}}"))


@pytest.mark.parametrize("sizes", [[8, 1, 1], [1, 8, 1], [1, 1, 8], [3, 3, 4]])
def test_folds_keep_equal_lines_in_one_fold(experiment, lines, sizes):
    """However many copies a line has; without `unique`, that there are some is said."""
    words = [f"line{number}" for number, size in enumerate(sizes) for _ in range(size)]
    lines(*words)
    split = "{kind: sequences, validation: 0.3, unique: true}"

    unique = experiment(f"{SAME}, split: {split}", training="batch_size: 1")
    folds = list(fold_data(load_data(unique).corpus, unique, 3))

    assert all(not set(texts(fold, "train")) & set(texts(fold, "validation")) for fold in folds)
    assert sorted(line for fold in folds for line in texts(fold, "validation")) == sorted(words)
    plain = experiment(f"{SAME}, split: {{kind: none}}", training="batch_size: 1")
    for fold in fold_data(load_data(plain).corpus, plain, 3):
        assert "7 of them are equal to others, and may be in several parts" in fold.splits.notes[-1]


def test_more_folds_than_different_lines_are_refused(experiment, lines):
    """One line cannot be held out and trained on."""
    lines(*["abcd", "dcba"] * 9)
    page = experiment(f"{SAME}, split: {{kind: sequences, validation: 0.3, unique: true}}")

    with pytest.raises(DataError, match="expected 3 different sequences or more for 3 folds, received 2"):
        list(fold_data(load_data(page).corpus, page, 3))


def test_cuts_are_moved_to_the_nearest_edge_between_groups():
    """Each keeps a group to itself, as long as there is one."""
    assert nearest_edges(np.array([0, 0, 0, 1, 2, 2]), [2, 4]) == [3, 4]
    assert nearest_edges(np.array([0] * 8 + [1, 2]), [4, 7]) == [8, 9]
    assert nearest_edges(np.array([0, 1] + [2] * 8), [4, 7]) == [1, 2]
    assert nearest_edges(np.array([0, 0]), [1]) == [2]
