"""The examples of an experiment: vocabularies, ids, and the notes on tokens that are not known."""

import re

import numpy as np
import pytest

from rnnlab.datasets.example_loading import NO_LABEL, fold_examples, load_examples
from rnnlab.datasets.examples import (
    END,
    MOST_SPELLED,
    UNKNOWN,
    TaskVocabularies,
    TokenSet,
    example_record,
)
from rnnlab.datasets.generated import Generator
from rnnlab.errors import DataError, UsageError

WHOLE = "split: {kind: none}"
LAST = "split: {kind: sequences, validation: 0.25, shuffle: false}"


@pytest.fixture
def load(task_experiment, tmp_path):
    """Loads the examples of a task whose rows are the given lines."""

    def load_rows(task, lines, more=WHOLE, *, model="", vocabularies=None):
        (tmp_path / "rows.tsv").write_text("\n".join(lines), encoding="utf-8")
        dataset = f"kind: text, task: {task}, path: rows.tsv, {more}"
        return load_examples(task_experiment(dataset, model=model), vocabularies)

    return load_rows


def read_back(examples):
    """The text of each input and of each target, by the ids."""
    return [(examples.inputs.text(number), examples.targets.text(number)) for number in range(len(examples))]


def test_a_label_is_one_id(load):
    """Inputs begin with `UNKNOWN`; a character that training has once is not known; labels are sorted."""
    examples = load("label", ["ko\tabba", "cs\tabc"])

    assert examples.inputs.tokens == TokenSet((UNKNOWN, "a", "b"), "character")
    assert examples.targets.tokens == TokenSet(("cs", "ko"), "label")
    assert [examples.inputs[number].tolist() for number in (0, 1)] == [[1, 2, 2, 1], [1, 2, 0]]
    assert [examples.targets[number].tolist() for number in (0, 1)] == [[1], [0]]
    assert examples.texts == [("abba", "ko"), ("abc", "cs")]
    assert examples.notes == (
        "tokens of inputs that the train part has once, read as <unknown>: 1 of 3 different ones",
    )


def test_a_word_is_what_stands_between_white_space(load):
    """The text stays as it is written."""
    examples = load("label", ["good\ta fine  film", "bad\tno fine film"], f"token: word, {WHOLE}")

    assert examples.inputs.tokens == TokenSet((UNKNOWN, "film", "fine"), "word")
    assert read_back(examples)[0] == (f"{UNKNOWN} fine film", "good")
    assert examples.texts[0] == ("a fine  film", "good")


def test_a_tag_stands_for_each_token(load):
    """Both vocabularies are of words; a text of tokens is joined with spaces."""
    examples = load("tags", ["the\tDET", "end\tNOUN", "", "the\tDET", "end\tVERB"])

    assert examples.inputs.tokens.tokens == (UNKNOWN, "end", "the")
    assert examples.targets.tokens == TokenSet(("DET", "NOUN", "VERB"), "label")
    assert examples.targets.lengths.tolist() == examples.inputs.lengths.tolist() == [2, 2]
    assert examples.texts == [("the end", "DET NOUN"), ("the end", "DET VERB")]
    assert read_back(examples) == examples.texts


def test_a_target_that_is_written_has_end_and_unknown_first(load):
    """All characters are kept; words that training has once are not; no target has `END` in it."""
    characters = load("pairs", ["ab\tBA", "ba\tAX"])
    words = load("pairs", ["ab\tB A", "ba\tA X"], f"target_token: word, {WHOLE}")

    assert characters.targets.tokens == TokenSet((END, UNKNOWN, "A", "B", "X"), "character")
    assert words.targets.tokens == TokenSet((END, UNKNOWN, "A"), "word")
    assert [words.targets[number].tolist() for number in (0, 1)] == [[1, 2], [2, 1]]
    assert characters.targets.ids.min() > 1


def test_a_label_is_the_input_of_from_label(load):
    """One id; the vocabulary of the sequences is that of a target."""
    examples = load("from_label", ["ko\tab", "cs\tb"])

    assert examples.inputs.tokens == TokenSet(("cs", "ko"), "label")
    assert [examples.inputs[number].tolist() for number in (0, 1)] == [[1], [0]]
    assert examples.targets.tokens.tokens == (END, UNKNOWN, "a", "b")
    assert examples.texts == [("ko", "ab"), ("cs", "b")]


def test_only_the_train_part_gives_tokens(load):
    """Labels are those of all parts; a note names a label that is never predicted."""
    examples = load("label", ["x\taa", "y\tab", "x\tab", "z\tcccc"], LAST)

    assert examples.inputs.tokens.tokens == (UNKNOWN, "a", "b")
    assert examples.inputs[3].tolist() == [0, 0, 0, 0]
    assert examples.targets.tokens.tokens == ("x", "y", "z")
    assert examples.notes[-1] == ("labels that are never predicted, because the train part lacks them: 'z'")


def test_only_the_train_part_gives_tokens_of_targets(load):
    """A character of a held-out target may be unknown."""
    examples = load("pairs", ["a\tA", "a\tA", "b\tA", "c\tAB"], LAST)

    assert examples.targets.tokens.tokens == (END, UNKNOWN, "A")
    assert examples.targets[3].tolist() == [2, 1]


def test_words_are_spelled(load):
    """Inputs are numbers of distinct words; an unknown word has its characters, and so has an unknown one."""
    rows = ["the\tDET", "end\tNOUN", "", "the\tDET", "hen\tNOUN", "", "then\tADV", "", "tex\tNOUN"]

    examples = load("tags", rows, LAST.replace("0.25", "0.5"), model="characters: true")

    assert examples.words is not None
    assert [examples.inputs[number].tolist() for number in range(4)] == [[0, 1], [0, 2], [3], [4]]
    assert examples.words.ids.tolist() == [1, 0, 0, 0, 0]
    characters = examples.words.spelled.tokens
    assert characters == TokenSet((UNKNOWN, "e", "h", "n", "t"), "character")
    assert examples.words.spelled.text(0) == "the"
    assert examples.words.spelled.text(3) == "then"
    assert characters.decode(examples.words.spelled[4].tolist()) == ["t", "e", UNKNOWN]
    assert characters.decode(examples.words.spelled[1].tolist()) == ["e", "n", UNKNOWN]


def test_the_first_characters_of_a_long_word_are_read(load):
    """A word of 10,000 letters would make an array of 10,000 characters for every word of its batch."""
    long = "ab" * (MOST_SPELLED // 2)
    rows = [f"{long}{'c' * 10_000}\tA", f"{long}\tB", f"{long[:-1]}\tB", "dd\tA"]

    examples = load("tags", rows, model="characters: true")

    assert examples.words is not None
    assert examples.words.spelled.lengths.tolist() == [MOST_SPELLED, MOST_SPELLED, MOST_SPELLED - 1, 2]
    assert examples.words.spelled.text(0) == examples.words.spelled.text(1) == long
    assert examples.words.spelled.tokens.tokens == (UNKNOWN, "a", "b", "d")  # no c is read
    assert "c" * 10_000 in examples.texts[0][0]


def test_words_are_not_spelled_unless_the_model_reads_them(load):
    """Then inputs are token ids."""
    assert load("tags", ["the\tDET", "the\tNOUN"]).words is None


def test_a_trained_model_keeps_its_vocabularies(load):
    """Unknown tokens are `UNKNOWN`, unknown labels are wrong; notes count both."""
    known = TaskVocabularies(TokenSet((UNKNOWN, "a", "b"), "character"), TokenSet(("cs", "ko"), "label"))

    examples = load("label", ["ko\tab", "fr\tcacc", "de\tb", "fr\ta"], vocabularies=known)

    assert examples.inputs.tokens is known.inputs
    assert [examples.inputs[number].tolist() for number in (0, 1)] == [[1, 2], [0, 1, 0, 0]]
    assert examples.targets.ids.tolist() == [1, NO_LABEL, NO_LABEL, NO_LABEL]
    assert examples.notes == (
        "input tokens that the model does not know, read as <unknown>: 3 of 8: 'c'",
        "labels that the model does not know, counted as wrong: 3 of 4: 'fr' 'de'",
    )


def test_a_trained_model_keeps_its_characters(load):
    """A tag that it does not know is wrong, a character is `UNKNOWN`."""
    known = TaskVocabularies(
        TokenSet((UNKNOWN, "the"), "word"),
        TokenSet(("DET", "NOUN"), "label"),
        TokenSet((UNKNOWN, "e", "t"), "character"),
    )

    examples = load("tags", ["the\tDET", "get\tVERB"], model="characters: true", vocabularies=known)

    assert examples.words is not None
    assert examples.words.ids.tolist() == [1, 0]
    assert [examples.words.spelled[number].tolist() for number in (0, 1)] == [[2, 0, 1], [0, 1, 2]]
    assert examples.targets[0].tolist() == [0, NO_LABEL]
    assert examples.notes[-1] == "tags that the model does not know, counted as wrong: 1 of 2: 'VERB'"


def test_a_label_to_write_from_must_be_known(load):
    """It has no vector; the row is named."""
    known = TaskVocabularies(
        TokenSet(("Czech", "Korean"), "label"), TokenSet((END, UNKNOWN, "a"), "character")
    )

    with pytest.raises(DataError) as caught:
        load("from_label", ["Korean\ta", "Korea\ta"], vocabularies=known)

    assert str(caught.value).endswith(
        "rows.tsv:2: expected a label of the model, received 'Korea'; write 'Korean', or leave the row out"
    )


@pytest.mark.parametrize(("task", "noun"), [("label", "label"), ("tags", "tag")])
def test_one_label_is_refused(load, task, noun):
    """There is nothing to choose."""
    rows = ["x\ta", "x\tb"] if task == "label" else ["a\tx", "b\tx"]

    with pytest.raises(DataError) as caught:
        load(task, rows)

    assert str(caught.value) == (
        f"the train part: expected at least two {noun}s, received one: 'x'; add examples with another {noun}"
    )


def test_a_word_that_ends_targets_is_refused(load):
    """Everything after it would be lost."""
    with pytest.raises(DataError) as caught:
        load("pairs", ["a\tx y", f"b\tx {END} y"], f"target_token: word, {WHOLE}")

    assert str(caught.value).endswith(
        "rows.tsv:2: expected words other than <end>, which stands for the end of a target, received"
        " 'x <end> y'; remove <end>"
    )


def test_the_word_unknown_is_unknown(load):
    """It is no second token of that name."""
    examples = load("pairs", [f"{UNKNOWN} a\tx", f"{UNKNOWN} a\tx"], f"source_token: word, {WHOLE}")

    assert examples.inputs.tokens.tokens == (UNKNOWN, "a")
    assert examples.inputs.ids.tolist() == [0, 1, 0, 1]


def test_a_source_has_ten_thousand_tokens(load):
    """No limit is in the way."""
    examples = load("pairs", ["ab" * 5000 + "\tx", "b\ty"])

    assert examples.inputs.lengths.tolist() == [10_000, 1]
    assert examples.texts[0][0] == "ab" * 5000


def test_the_record_numbers_the_examples_from_one(load):
    """In the order of the files, with the digest of the data."""
    examples = load("label", ["x\taa", "y\tab", "x\tba", "y\tbb"], LAST)

    assert example_record(examples) == {
        "data_sha256": examples.sha256,
        "parts": {"train": {"examples": [1, 2, 3]}, "validation": {"examples": [4]}},
    }


def test_the_notes_of_all_steps_are_told(load):
    """Those of the rows, of the split and of the vocabularies, in this order."""
    rows = ["x\taa\ry\taa", *["x\tab", "y\tbb"] * 4, "z\tc"]

    examples = load("label", rows, LAST)

    assert [re.split(": (?=1 c|1 of|10)", note)[1] for note in examples.notes[:2]] == [
        "1 carriage return is read as line ends, as old Macs wrote them",
        "10 of 11 examples; equal inputs are in one part",
    ]
    assert examples.notes[2].endswith("the train part lacks them: 'z'")


def test_generated_examples_are_loaded_alike(task_experiment):
    """The first epoch, with what is held out."""
    experiment = task_experiment("kind: generated, name: copy, examples: 50, held_out: 10")

    examples = load_examples(experiment)

    assert examples.texts[:50] == Generator(experiment.dataset).training(0).texts[:]
    assert [len(numbers) for numbers in examples.parts.values()] == [50, 10, 10]


def test_each_fold_has_the_vocabulary_of_its_train_part(task_experiment):
    """A word that all the data has twice, but the train part once, is not known; labels are those of all."""
    inline = "a\\tx\\na\\tx y\\nb\\ty\\nb\\tz z\\nb\\tx"
    dataset = f'kind: text, task: label, token: word, inline: "{inline}", split: {{kind: none}}'

    folds = [*fold_examples(task_experiment(dataset), 2)]

    for fold in folds:
        train = [word for number in fold.parts["train"] for word in fold.texts[number][0].split()]
        known = sorted(word for word in set(train) if train.count(word) > 1)
        assert fold.inputs.tokens.tokens == (UNKNOWN, *known)
        assert fold.targets.tokens.tokens == ("a", "b")
        assert sorted(np.concatenate([*fold.parts.values()]).tolist()) == [*range(5)]
    assert folds[0].inputs.tokens != folds[1].inputs.tokens
    assert folds[0].notes == folds[1].notes


def test_folds_hold_out_rows_of_all_files(load, task_experiment, tmp_path):
    """The split of the configuration is not applied."""
    for name, rows in (("a.tsv", "x\tp\ny\tq\n"), ("b.tsv", "x\tr\ny\ts\n")):
        (tmp_path / name).write_text(rows)
    dataset = "kind: text, task: label, path: a.tsv, split: {kind: files, test: b.tsv}"

    folds = [*fold_examples(task_experiment(dataset), 2)]

    assert [len(fold.parts["validation"]) for fold in folds] == [2, 2]


def test_generated_examples_have_no_folds(task_experiment):
    """As many as one likes can be drawn."""
    with pytest.raises(
        UsageError, match=r"^folds: expected examples from files, received generated ones \(copy"
    ):
        [*fold_examples(task_experiment("kind: generated, name: copy"), 2)]
