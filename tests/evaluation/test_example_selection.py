"""Selection of the examples to measure: what of the model's own data they may be compared with."""

import pytest

from rnnlab.evaluation.example_measurement import evaluate_task
from rnnlab.evaluation.example_selection import select_examples
from rnnlab.evaluation.selection import NoSuchPart
from rnnlab.files import unreported
from tests.trained_tasks import FROM_LABEL, LABEL, trained_task, with_file

HAS_CHANGED = "no baselines: they are learnt from the training data, which has changed since the training"

LAST_HELD_OUT = "kind: sequences, validation: 0.25, test: 0.25, shuffle: false"


def selected(trained, **options):
    """The selected examples; by default those of the validation part."""
    options = {"split": None, "data": None, **options}
    return select_examples(trained, **options, may_open=True, report=unreported)


def in_two_files(page, folder):
    """The model of a page whose six training rows are in a.tsv, and whose six held-out rows are in b.tsv."""
    page = with_file(page, folder / "rows.tsv").replace("path: rows.tsv", "path: [a.tsv, b.tsv]")
    rows = (folder / "rows.tsv").read_text().splitlines(keepends=True)
    (folder / "a.tsv").write_text("".join(rows[:6]))
    (folder / "b.tsv").write_text("".join(rows[6:]))
    return trained_task(page, folder)


@pytest.mark.parametrize(
    ("options", "more"),
    [
        (
            {"split": "test"},
            "; its parts are drawn anew and the test part may have examples that the model was trained on",
        ),
        ({"split": "train"}, "; its parts are drawn anew"),
        ({"data": "more.tsv"}, ""),
    ],
)
def test_training_data_that_has_changed_gives_no_baselines(tmp_path, options, more):
    """A note says so, for a part and for a file, and that a held-out part is not what was held out."""
    trained = trained_task(with_file(LABEL, tmp_path / "rows.tsv"), tmp_path)
    with (tmp_path / "rows.tsv").open("a") as file:
        file.write("ko\tmin\n")
    (tmp_path / "more.tsv").write_text("ko\tlim\n")
    if "data" in options:
        options = {"data": tmp_path / options["data"]}

    evaluation = evaluate_task(trained, **options)

    assert evaluation.baselines is None
    assert evaluation.notes[-1] == HAS_CHANGED + more


def test_parts_that_are_files_are_not_drawn(tmp_path):
    """Data of such a split may still have been moved from one file to another."""
    page = with_file(LABEL, tmp_path / "rows.tsv")
    before, split, after = page.partition(LAST_HELD_OUT)
    (tmp_path / "test.tsv").write_text("ko\tkimm\npl\tnowa\n")
    trained = trained_task(f"{before}kind: files, test: test.tsv{after}", tmp_path)
    (tmp_path / "test.tsv").write_text("ko\tkim\npl\tnowak\n")

    notes = selected(trained, split="test").notes

    assert split
    assert notes[-1] == f"{HAS_CHANGED}; the test part may have examples that the model was trained on"
    assert selected(trained, split="train").notes[-1] == HAS_CHANGED


def test_labels_that_changed_data_adds_are_noted(tmp_path):
    """The notes on data that has changed are those on a file."""
    trained = trained_task(with_file(LABEL, tmp_path / "rows.tsv"), tmp_path)
    with (tmp_path / "rows.tsv").open("a") as file:
        file.write("cz\tnovak\n")

    notes = selected(trained, split="test").notes

    assert "labels that the model does not know, counted as wrong: 1 of 13: 'cz'" in notes


@pytest.mark.parametrize("page", [LABEL, FROM_LABEL])
def test_one_of_several_training_files_is_not_new(tmp_path, page):
    """The baselines would be measured on the rows that they are learnt from."""
    trained = in_two_files(page, tmp_path)

    evaluation = evaluate_task(trained, data=tmp_path / "a.tsv")

    assert evaluation.baselines is None
    assert evaluation.notes[-1] == "no baselines: the model was trained on all examples of the file"


@pytest.mark.parametrize("page", [LABEL, FROM_LABEL])
def test_a_file_with_rows_of_the_training_is_noted(tmp_path, page):
    """Such a row has the same input and the same target."""
    trained = in_two_files(page, tmp_path)
    row = "ko\tkim\n" if page == LABEL else "Korean\tkim\n"
    (tmp_path / "more.tsv").write_text(row + row.replace("kim", "kimm") + row.replace("kim", "park"))

    found = selected(trained, data=tmp_path / "more.tsv")

    assert not found.is_trained_on
    assert len(found.training) == 6
    assert found.notes[-1] == "examples that the model was trained on: 2 of 3"
    notes = selected(trained, data=tmp_path / "b.tsv").notes
    assert not [note for note in notes if "trained on" in note]


def test_the_measured_examples_choose_no_setting(tmp_path):
    """The validation part chooses the smoothing of naive Bayes for all examples but its own."""
    trained = in_two_files(LABEL, tmp_path)
    (tmp_path / "new.tsv").write_text("ko\tkimm\n")

    assert len(selected(trained, split="test").validation) == 3
    assert len(selected(trained, data=tmp_path / "new.tsv").validation) == 3
    assert selected(trained, split="validation").validation is None
    assert selected(trained, data=tmp_path / "b.tsv").validation is None


def test_other_white_space_makes_no_row_new(tmp_path):
    """Words are the same words, however many spaces are between them."""
    page = with_file(LABEL, tmp_path / "rows.tsv").replace("task: label", "task: label\n  token: word")
    (tmp_path / "rows.tsv").write_text("ko\tkim a\npl\tnowak a\nko\tlee\npl\tlis\n")
    trained = trained_task(page, tmp_path)
    (tmp_path / "more.tsv").write_text("ko\tkim  a\npl\tnowak b\n")

    notes = selected(trained, data=tmp_path / "more.tsv").notes

    assert notes[-1] == "examples that the model was trained on: 1 of 2"


def test_the_file_of_a_part_is_measured_whole(tmp_path):
    """With a part, a file must have all the data of the training; the help of --data says so."""
    page = with_file(LABEL, tmp_path / "rows.tsv")
    page = page.replace(LAST_HELD_OUT, "kind: files, test: b.tsv")
    (tmp_path / "b.tsv").write_text("ko\tkimm\npl\tnowa\n")
    trained = trained_task(page, tmp_path)

    assert len(selected(trained, data=tmp_path / "b.tsv").examples) == 2
    with pytest.raises(
        NoSuchPart, match="not the data that the model was trained on, so it has no test part"
    ):
        selected(trained, data=tmp_path / "b.tsv", split="test")
