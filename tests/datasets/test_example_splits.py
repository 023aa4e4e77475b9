"""The split of examples: shares, labels, files, and equal examples that stay together."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest

from rnnlab.config.task_data import FromLabelDataset, LabelDataset, PairsDataset, TagsDataset
from rnnlab.datasets.example_splits import fold_rows, split_rows
from rnnlab.datasets.rows import Row
from rnnlab.errors import DataError

SECTIONS = {
    "label": LabelDataset,
    "from_label": FromLabelDataset,
    "pairs": PairsDataset,
    "tags": TagsDataset,
}


def split(rows, settings, task="label", **others):
    """The parts and the notes of rows, given as (input, target) or (input, target, part of the file)."""
    section = SECTIONS[task].model_validate(
        {"kind": "text", "task": task, "inline": "x", "split": settings, **others}
    )  # the rows are those of the test
    made = [Row(*row[:2], row[2] if len(row) > 2 else "train", "rows.tsv", 1) for row in rows]
    return split_rows(made, section)


def different(count, label="x"):
    """Rows with different inputs."""
    return [(f"{label}{number}", label) for number in range(count)]


def inputs_of(rows, parts):
    """The inputs of each part."""
    return {part: [rows[number][0] for number in numbers] for part, numbers in parts.items()}


def test_without_a_split_everything_is_trained_on():
    """Equal inputs do not matter then."""
    parts, notes = split([("a", "x"), ("a", "y")], {"kind": "none"})

    assert {part: numbers.tolist() for part, numbers in parts.items()} == {"train": [0, 1]}
    assert notes == ()


def test_the_last_examples_are_held_out():
    """In the order of the files: train, validation, test."""
    parts, _ = split(
        different(10), {"kind": "sequences", "validation": 0.2, "test": 0.1, "shuffle": False}, "pairs"
    )

    assert [numbers.tolist() for numbers in parts.values()] == [[*range(7)], [7, 8], [9]]
    assert [*parts] == ["train", "validation", "test"]


def test_examples_are_drawn_by_the_seed():
    """Each example is in one part; another seed draws others."""
    rows = different(50)
    draws = [
        split(rows, {"kind": "sequences", "validation": 0.2, "test": 0.2, "random_seed": seed}, "pairs")[0]
        for seed in (0, 0, 1)
    ]

    assert [len(numbers) for numbers in draws[0].values()] == [30, 10, 10]
    assert sorted(np.concatenate([*draws[0].values()]).tolist()) == [*range(50)]
    assert draws[0]["test"].tolist() == draws[1]["test"].tolist() != draws[2]["test"].tolist()


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "sequences", "validation": 0.2, "test": 0.2},
        {"kind": "sequences", "validation": 0.2, "test": 0.2, "shuffle": False},
        {"kind": "stratified", "validation": 0.2, "test": 0.2},
    ],
)
def test_equal_inputs_are_in_one_part(settings):
    """Whatever their targets are; a note counts them."""
    rows = [*different(30, "x"), *different(30, "y"), *different(30, "x"), *different(5, "y")]
    rows += [("x3", "y")]

    parts, notes = split(rows, settings)

    found = [{*inputs} for inputs in inputs_of(rows, parts).values()]
    assert sum(map(len, found)) == len(set.union(*found)) == 60
    assert sum(map(len, parts.values())) == len(rows)
    assert notes == ("inputs that occur more than once: 71 of 96 examples; equal inputs are in one part",)


@pytest.mark.parametrize("token", ["word", "character"])
def test_white_space_between_words_makes_no_other_input(token):
    """The network reads the words alone; of characters, each space is one."""
    rows = [(text, "x") for number in range(20) for text in (f"good {number}", f"good  {number} ")]
    settings = {"kind": "sequences", "validation": 0.3}

    parts, notes = split(rows, settings, token=token)

    held_out = [{*rows[number][0].split()} for number in parts["validation"]]
    alone = [words for words in held_out if held_out.count(words) == 1]
    assert bool(alone) == (token == "character")
    assert bool(notes) == (token == "word")


def test_equal_sequences_of_a_label_are_in_one_part():
    """For `from_label`, equal rows; the label alone is the same for many rows."""
    rows = [("x", f"{number % 20}") for number in range(60)] + [("y", "0")] * 3 + [("y", "1")] * 3
    parts, notes = split(rows, {"kind": "sequences", "validation": 0.3}, "from_label")

    train, held_out = ({rows[number] for number in parts[part]} for part in ("train", "validation"))
    assert not train & held_out
    assert notes == ("rows that occur more than once: 66 of 66 examples; equal rows are in one part",)


def test_each_label_has_its_share_of_every_part():
    """10 % of 200 and of 50."""
    rows = [*different(200, "x"), *different(50, "y")]

    parts, notes = split(rows, {"kind": "stratified", "validation": 0.1, "test": 0.2})

    counts = {part: Counter(rows[number][1] for number in numbers) for part, numbers in parts.items()}
    assert counts == {
        "train": {"x": 140, "y": 35},
        "validation": {"x": 20, "y": 5},
        "test": {"x": 40, "y": 10},
    }
    assert notes == ()


def test_the_rarest_label_of_equal_inputs_has_its_share():
    """Half of the inputs that have a rare label beside a frequent one are held out."""
    rows = [*different(40), *((f"x{number}", "rare") for number in range(8))]

    for seed in range(5):
        parts, _ = split(rows, {"kind": "stratified", "validation": 0.5, "random_seed": seed})
        assert Counter(rows[number][1] for number in parts["validation"])["rare"] == 4


def test_a_label_with_one_example_stays_in_training():
    """A note names it; so does a label whose examples are all equal."""
    rows = [*different(20, "x"), *different(20, "y"), ("z0", "z"), ("w", "w"), ("w", "w")]

    parts, notes = split(rows, {"kind": "stratified", "validation": 0.1, "test": 0.1})

    assert {40, 41, 42} <= {*parts["train"].tolist()}
    assert notes[0] == "labels with one example stay in training: 'w' 'z'"


def test_a_stratified_split_of_from_label_counts_the_labels_of_inputs():
    """There the label is the input."""
    rows = [("x", f"{number}") for number in range(20)] + [("y", f"{number}") for number in range(10)]

    parts, _ = split(rows, {"kind": "stratified", "validation": 0.2}, "from_label")

    assert Counter(rows[number][0] for number in parts["validation"]) == {"x": 4, "y": 2}


def test_files_keep_their_examples():
    """Inputs that are also in the train part are counted: they cannot be moved."""
    rows = [("a", "x", "train"), ("b", "y", "train"), ("a", "x", "validation"), ("c", "x", "validation")]
    rows += [("b", "x", "test")]
    files = {"kind": "files", "validation": "/dev.tsv", "test": "/test.tsv"}

    parts, notes = split(rows, files)

    assert [numbers.tolist() for numbers in parts.values()] == [[0, 1], [2, 3], [4]]
    assert notes == (
        "inputs of the validation part that are also in the train part: 1 of 2 examples",
        "inputs of the test part that are also in the train part: 1 of 1 example",
    )


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        (
            [("a", "x"), ("a", "y")],
            {"kind": "sequences", "validation": 0.5},
            "the validation part is empty: the data has 2 examples, and this part gets 0; add examples, or"
            " change dataset.split",
        ),
        (
            different(3),
            {"kind": "files", "validation": "/dev.tsv"},
            "the validation part is empty: the data has 3 examples, and this part gets 0;",
        ),
        (
            [("a", "x"), ("b", "y")],
            {"kind": "stratified"},
            "dataset.split: every label has one example, so no example can be held out; add examples, or set"
            " dataset.split.kind to sequences or none",
        ),
        (
            [*different(4, "x"), *different(4, "y"), *different(4, "z")],
            {"kind": "stratified", "validation": 0.1},
            "dataset.split.validation: expected a part with room for each of 3 labels, received 2 of 12"
            " different examples; change dataset.split.validation, add examples, or set dataset.split.kind to"
            " sequences",
        ),
    ],
)
def test_a_split_that_the_data_does_not_allow_is_refused(rows, settings, message):
    """With its numbers and the remedy."""
    with pytest.raises(DataError) as caught:
        split(rows, settings)

    assert str(caught.value).startswith(message)


def test_a_single_tagged_sequence_is_refused_with_what_ends_a_sequence():
    """A file without empty lines is one sequence; with several sequences the hint is not needed."""
    settings = {"kind": "sequences", "validation": 0.2}
    rows = [(("the", "end"), ("DET", "NOUN")), (("go",), ("VERB",))]

    with pytest.raises(DataError) as single:
        split(rows[:1], settings, "tags")
    with pytest.raises(DataError) as several:
        split(rows[:1] * 2, settings, "tags")

    assert str(single.value) == (
        "the validation part is empty: the data has 1 example, and this part gets 0; add examples (an empty"
        " line ends a sequence), or change dataset.split"
    )
    assert "an empty line" not in str(several.value)


def folds_of(rows, task="label", folds=3, seed=0):
    """The numbers of the examples that each fold holds out, and the notes."""
    made = [Row(*row, "train", "rows.tsv", 1) for row in rows]
    section = SECTIONS[task].model_validate({"kind": "text", "task": task, "inline": "x"})
    held, notes = fold_rows(made, section, folds=folds, random_seed=seed)
    return [part.tolist() for part in held], notes


@pytest.mark.parametrize("task", ["label", "pairs"])
def test_each_example_is_held_out_by_one_fold(task):
    """The folds are of equal size; the seed draws them."""
    rows = [*different(12, "x"), *different(12, "y")]

    held, notes = folds_of(rows, task)

    assert sorted(chain.from_iterable(held)) == [*range(24)]
    assert [len(part) for part in held] == [8, 8, 8]
    assert held == folds_of(rows, task)[0] != folds_of(rows, task, seed=1)[0]
    assert notes[0].startswith(
        "each fold holds out one of 3 parts of 24 examples, drawn with training.random"
    )


def test_each_label_is_equally_frequent_in_each_fold():
    """Nine of one label and three of the other: three and one in each fold."""
    rows = [*different(9, "x"), *different(3, "y")]

    held, notes = folds_of(rows)

    assert [Counter(rows[number][1] for number in part) for part in held] == [Counter(x=3, y=1)] * 3
    assert notes[0].endswith("; each label is about equally frequent in all")


@pytest.mark.parametrize("task", ["label", "pairs"])
def test_equal_inputs_are_in_one_fold(task):
    """Whatever their targets are; a note counts them."""
    rows = [*different(8, "x"), *different(8, "y"), *different(8, "x"), ("x3", "y")]

    held, notes = folds_of(rows, task)

    of_fold = [{rows[number][0] for number in part} for part in held]
    assert sum(map(len, of_fold)) == len(set().union(*of_fold)) == 16
    assert sorted(chain.from_iterable(held)) == [*range(25)]
    assert notes[-1] == ("inputs that occur more than once: 17 of 25 examples; equal inputs are in one fold")


def test_a_label_of_fewer_examples_than_folds_is_named():
    """It is in as many folds as it has different examples; equal examples count as one."""
    rows = [*different(9, "x"), ("once", "y"), ("twin", "z"), ("twin", "z"), ("twin", "z")]

    held, notes = folds_of(rows)

    assert notes[1] == "labels with fewer different examples than folds, which some folds lack: 'y' 'z'"
    assert sorted(chain.from_iterable(held)) == [*range(13)]


def test_too_few_examples_for_so_many_folds_are_refused():
    """The message names the remedy."""
    with pytest.raises(
        DataError, match=r"folds=3: expected a label with 3 different .* use 2 folds or fewer"
    ):
        folds_of([*different(2, "x"), *different(2, "y"), ("x0", "x")])
    with pytest.raises(DataError, match=r"received at most 1 example of a label; add examples"):
        folds_of([("a", "x"), ("b", "y")])
    with pytest.raises(
        DataError, match=r"folds=3: expected 3 different inputs or more, received 2; use fewer"
    ):
        folds_of([("a", "x"), ("a", "y"), ("b", "x")], "pairs")
