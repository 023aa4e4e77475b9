"""The report of a task with examples: diagram, measures with baselines, confusions, alignments, mistakes."""

from dataclasses import replace
from math import exp
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.task_loading import load_task_data
from rnnlab.evaluation.example_measurement import Mistake, evaluate_task
from rnnlab.generation.step_by_step import align
from rnnlab.reports.alignments import alignment_picture
from rnnlab.reports.axes import figure
from rnnlab.reports.diagrams import diagram_of_task, diagram_picture
from rnnlab.reports.task_mistakes import MOST_IN_MAP, confused_labels, confusion_map, mistakes_table
from rnnlab.reports.task_page import task_report_page
from rnnlab.runs.folder import RunFolder
from tests.reports.conftest import TASK_PAGES
from tests.reports.html import Page
from tests.reports.reporting import task_contents, task_report, with_history
from tests.trained_tasks import (
    ATTENTION,
    FROM_LABEL,
    LABEL,
    PAIRS,
    TAGS,
    task_run_of,
    trained_task,
    with_file,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\x1b[31m"

DIAGRAMS = {
    "label": "Many to one: a sequence, then its label.",
    "tags": "Many to many, in step: a tag for each token.",
    "pairs": "Many to many, after reading: a source, then its target.",
    "from_label": "One to many: a label, then a sequence.",
    "parity": "Many to one: a sequence, then its label.",
}


def rows_of(page):
    """The texts of all rows of tables."""
    return [each.text for each in page.all("tr")]


def has_row(page, *cells):
    """Whether a row of a table begins with these texts."""
    return any(row.startswith("".join(cells)) for row in rows_of(page))


def data_of(text):
    """The examples of a YAML text."""
    return load_task_data(trained_task(text, Path.cwd()).experiment)


@pytest.mark.parametrize("name", TASK_PAGES)
def test_the_diagram_is_named_and_drawn_with_the_first_example(task_pages, name):
    """One of the lectures' five, with the real tokens."""
    page = task_pages[name]
    (drawing,) = page.all("svg", class_="diagram")
    data = data_of(TASK_PAGES[name])
    source, target = data.examples.texts[int(data.examples.parts["train"][0])]
    drawn = "".join(drawing.text.split())

    assert DIAGRAMS[name] in page.text
    for token in (*source.split(), *target.split()) if name in ("tags", "label") else (*target,):
        assert set(token) <= set(drawn)


@pytest.mark.parametrize(("name", "boxes"), [("label", 3), ("tags", 3), ("pairs", 5), ("from_label", 4)])
def test_the_drawing_has_a_box_for_each_step(name, boxes):
    """And an arrow between any two; one arrow for each token that is read or written."""
    drawing = Page(diagram_picture(diagram_of_task(data_of(TASK_PAGES[name]))))
    texts = [each.text for each in drawing.all("text")]

    assert len(drawing.all("rect", class_="box")) == boxes
    assert len(drawing.all("path", class_="arrow")) == boxes - 1 + len(texts)
    assert drawing.all("svg")[0].attributes["aria-label"].startswith(f"{DIAGRAMS[name].lower()} Reads ")


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        (LABEL, ["measure", "this network", "naive Bayes", "majority", "meaning"]),
        (TAGS, ["measure", "this network", "most frequent tag", "meaning"]),
        (PAIRS, ["measure", "this network", "with beam 5", "nearest source", "meaning"]),
        (FROM_LABEL, ["measure", "this network", "n-gram of each label", "meaning"]),
    ],
)
def test_the_figures_are_those_of_evaluate(page, columns):
    """Each baseline has a column beside the network."""
    run = task_run_of(page)
    evaluation = evaluate_task(run.load_any_model())
    measures, baselines = evaluation.measures, evaluation.baselines
    shown = Page(task_report_page(task_contents(run)))

    assert evaluation.split == "validation"
    assert has_row(shown, *columns)
    if page == LABEL:
        both = (measures, baselines.naive_bayes, baselines.majority)
        assert has_row(shown, "accuracy", *(f"{each.accuracy:.4f}" for each in both))
        assert has_row(shown, "macro-F1", *(f"{each.macro_f1:.4f}" for each in both))
        assert f"{100 * measures.accuracy:.3g} %" in shown.text
    elif page == TAGS:
        both = (measures, baselines.most_frequent_tag)
        assert has_row(shown, "accuracy", *(f"{each.accuracy:.4f}" for each in both))
        assert has_row(shown, "sequences", *(f"{each.sequence_accuracy:.4f}" for each in both))
    elif page == PAIRS:
        written = (measures.greedy, measures.beam, baselines.nearest_source.written)
        assert has_row(shown, "exact match", *(f"{each.exact_match:.4f}" for each in written))
        assert has_row(shown, "token error rate", *(f"{each.token_error_rate:.4f}" for each in written))
    else:
        assert has_row(shown, "loss", figure(measures.loss), figure(measures.ngram_loss))
        for name, each in zip(evaluation.tokens, measures.labels, strict=True):
            losses = (figure(each.loss), figure(each.ngram.loss))
            assert has_row(shown, name, f"{each.sequences}{each.tokens}", *losses)


def test_losses_of_different_examples_are_not_to_be_compared(task_pages):
    """A label of the validation part that the training part lacks is in the loss of the network alone."""
    page = task_report(LABEL.replace("pl\tkaminski", "cz\tkaminski"))

    assert "the loss of the network also counts 1 example whose label the training part lacks" in page.text
    assert "do not compare" not in task_pages["label"].text


def test_the_confusion_matrix_has_counts_and_shares(task_pages):
    """Rows are true labels; the shares are those of the row, and a right prediction is framed."""
    counts = np.array([[3, 1, 0], [0, 200, 1], [0, 0, 0]])

    page = Page(confusion_map(["a", "b", "c"], counts))
    cells = [(each.text, each.attributes["class"]) for each in page.all("td") if each.attributes.get("class")]

    assert cells == [
        *(("375 %", "right"), ("125 %", "heat-3"), ("·", "heat-0")),
        *(("·", "heat-0"), ("200100 %", "right"), ("1< 1 %", "heat-1")),
        *(("·", "heat-0"), ("·", "heat-0"), ("·", "right")),
    ]
    assert confused_labels(counts) == [(0, 1, 1), (1, 2, 1)]
    assert task_pages["label"].all("table", class_="confusion")


def test_of_many_labels_the_most_confused_are_in_the_map():
    """Twenty-five, in the order of the labels, and it is said."""
    counts = np.diag(np.full(40, 9))
    counts[39, 3] = counts[5, 38] = 4

    page = Page(confusion_map([f"label {number}" for number in range(40)], counts))
    named = [each.text for each in page.all("th", scope="row")]

    assert len(named) == MOST_IN_MAP
    assert {"label 3", "label 5", "label 38", "label 39"} <= set(named)
    assert "the 25 of 40 labels with the most mistakes" in page.text


def test_tags_have_their_figures_and_their_confusions(task_pages):
    """The most frequent mistakes first."""
    run = task_run_of(TAGS)
    measures = evaluate_task(run.load_any_model()).measures
    page = task_pages["tags"]

    assert sum(times for _, _, times in measures.confused) == measures.counted - measures.correct
    tags = run.load_any_model().targets
    for wanted, found, times in measures.confused:
        assert f"{tags[wanted]}{tags[found]}{times} of {measures.tags[wanted].support}" in rows_of(page)
    for tag, each in zip(tags, measures.tags, strict=True):
        assert f"{tag}{each.precision:.4f}{each.recall:.4f}{each.f1:.4f}{each.support}" in rows_of(page)


def test_alignments_are_drawn_with_attention_only(task_pages):
    """A picture for each of the first examples, with a cell for each weight that can be seen."""
    without = task_report(PAIRS)

    assert len(task_pages["pairs"].all("svg", class_="alignment")) == 2
    assert "What it looks at" not in without.text
    assert without.all("svg", class_="alignment") == []


def test_the_cells_of_an_alignment_are_its_weights():
    """Rows are written tokens, columns source tokens; a weight near 0 has no cell."""
    (found,) = align(trained_task(ATTENTION, Path.cwd()), ["ab"])
    weights = np.array([[0.75, 0.25], [0.999, 0.001]])

    page = Page(
        alignment_picture(replace(found, source=("a", " "), written=("<b>", "<end>"), weights=weights))
    )

    assert [each.text for each in page.all("title")] == [
        "<b> reads a: 0.75",
        "<b> reads ␣: 0.25",
        "<end> reads a: 1.00",
    ]
    shades = [each.attributes["fill-opacity"] for each in page.all("rect") if "g" in each.above]
    assert shades == ["0.75", "0.25", "0.999"]
    assert [each.text for each in page.all("text")] == ["a", "␣", "<b>", "<end>"]


def test_generated_data_has_a_row_for_each_length(task_pages):
    """Of `dataset.test_lengths`."""
    page = task_pages["parity"]

    assert "Test sets of one length each" in page.text
    assert has_row(page, "8", "0.") or has_row(page, "8", "1.")
    assert has_row(page, "12", "0.") or has_row(page, "12", "1.")
    assert "40 generated examples of parity, new ones for each epoch" in page.text


@pytest.mark.parametrize("page", [LABEL, TAGS, PAIRS, FROM_LABEL])
def test_the_most_surprising_mistakes_come_first(page):
    """With the probability of the true target; for from_label, all sequences."""
    run = task_run_of(page)
    mistakes = evaluate_task(run.load_any_model()).mistakes
    shown = rows_of(Page(task_report_page(task_contents(run))))
    places = []
    for each in mistakes:
        end = figure(exp(-each.cost), 3)
        places += [next(n for n, row in enumerate(shown) if row.startswith(each.input) and row.endswith(end))]

    assert mistakes
    assert places == sorted(places)
    assert [each.cost for each in mistakes] == sorted((each.cost for each in mistakes), reverse=True)


def test_mistakes_of_tags_name_the_wrong_tokens():
    """Not the right ones; a target that the model does not know has no probability."""
    wrong = Mistake("the dog barks", "DET NOUN VERB", "DET VERB NOUN", float("inf"))

    page = Page(mistakes_table("tags", [wrong], words=True))

    assert rows_of(page)[1] == "the dog barksdog VERB, not NOUN, barks NOUN, not VERBunknown to the model"


def test_what_the_network_writes_for_each_label_is_shown(task_pages):
    """Three samples."""
    page = task_pages["from_label"]

    assert "What it writes" in page.text
    assert {"Korean", "Polish"} <= {each.text for each in page.all("th", scope="row")}


def test_the_curves_are_compared_with_the_baselines(task_pages):
    """The loss of a label is counted in examples."""
    assert "Loss in nats per example" in task_pages["label"].text
    assert "naive Bayes" in task_pages["label"].all("figure")[2].text
    assert "Loss in nats per token" in task_pages["from_label"].text
    assert "n-gram of each label" in task_pages["from_label"].all("figure")[1].text


def test_hostile_tokens_and_labels_stay_text():
    """Characters of the data can close nothing, and turn nothing around."""
    rows = [f"{HOSTILE}{number}\t{HOSTILE[:number]}" for number in range(3, 9)]
    page = with_file(LABEL, Path("rows.tsv"))
    Path("rows.tsv").write_text("\n".join(["b\tkim", "b\tlee", "b\tpark", "b\tmin", *rows]), newline="")
    for task in ("label", "from_label", "pairs"):
        shown = task_report(page.replace("task: label", f"task: {task}"))

        assert [each.name for each in shown.elements if each.name in {"script", "img"}] == ["script"]
        assert "\u202e" not in shown.source
        assert "\x1b" not in shown.source
        assert "\\u202e" in shown.text


def test_data_that_is_gone_or_may_not_be_opened_costs_the_figures_only():
    """The report says what is missing, and has the curves and the layers."""
    run = with_history(task_run_of(with_file(FROM_LABEL, Path("rows.tsv"))))
    refused = Page(task_report_page(task_contents(run, refusal="it names data of someone else")))
    Path("rows.tsv").unlink()
    gone = Page(task_report_page(task_contents(run)))

    assert "Not measured: it names data of someone else." in refused.text
    assert "rows.tsv: no such file" in gone.text
    for page in (refused, gone):
        assert "One to many: a label, then a sequence." in page.text
        assert "What it writes" in page.text
        assert page.all("figure", class_="curves")
        assert "What surprises it" not in page.text


def test_data_that_has_changed_is_said():
    """There are figures, of the new data, and no baselines."""
    run = task_run_of(with_file(LABEL, Path("rows.tsv")))
    Path("rows.tsv").write_text(Path("rows.tsv").read_text() + "ko\tkwon\n")

    page = Page(task_report_page(task_contents(run)))

    assert (
        "which has changed since the training; its parts are drawn anew and the validation part" in page.text
    )
    assert "naive Bayes" not in page.text
    assert has_row(page, "accuracy")


def test_the_report_of_the_same_run_is_the_same():
    """Also in another process: nothing in it is of today, or by chance."""
    run = with_history(task_run_of(ATTENTION))

    assert task_report_page(task_contents(run)) == task_report_page(task_contents(RunFolder(run.path)))
