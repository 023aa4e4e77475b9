"""The five diagrams of the lectures, drawn as text."""

from pathlib import Path

import pytest

from rnnlab.config.reading import parse_any
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.reports.diagrams import diagram_of_next_token, diagram_of_task, diagram_text, task_words
from rnnlab.terminal.text import width_of
from tests.trained_tasks import FROM_LABEL, LABEL, PAIRS, TAGS


def diagram_of(text, *overrides):
    """The diagram of a YAML text."""
    experiment = parse_any(text, name="test.yaml", folder=Path.cwd(), overrides=overrides)
    if "task:" in text:
        return diagram_of_task(load_task_data(experiment))
    data = load_data(experiment)
    return diagram_of_next_token(data.experiment, data.corpus, data.splits.parts["train"])


def test_many_to_one():
    """All tokens are read, and the label is written after the last."""
    diagram = diagram_of(LABEL)

    assert diagram.name == "many to one: a sequence, then its label"
    assert diagram_text(diagram, 80).splitlines() == [
        "        ko",
        "        ↑",
        "□ → □ → □",
        "↑   ↑   ↑",
        "k   i   m",
    ]


def test_many_to_many_in_step():
    """Each token has its tag; columns are as wide as the wider of both."""
    assert diagram_text(diagram_of(TAGS), 80).splitlines() == [
        "DET   NOUN   VERB",
        " ↑     ↑       ↑",
        " □  →  □   →   □",
        " ↑     ↑       ↑",
        "the   dog    barks",
    ]


def test_many_to_many_after_reading():
    """The target begins after the last token of the source, and has an end."""
    assert diagram_text(diagram_of(PAIRS), 80).splitlines() == [
        "        B   A   <end>",
        "        ↑   ↑     ↑",
        "□ → □ → □ → □ →   □",
        "↑   ↑",
        "a   b",
    ]


def test_one_to_many():
    """The label is read once."""
    assert diagram_text(diagram_of(FROM_LABEL), 80).splitlines() == [
        "  k      i   m   <end>",
        "  ↑      ↑   ↑     ↑",
        "  □    → □ → □ →   □",
        "  ↑",
        "Korean",
    ]


def test_one_to_one():
    """An MLP with a window of one token."""
    page = (
        "dataset: {kind: text, inline: hello, window: 1, target: next}\n"
        "model: {kind: mlp, units: 4}\ntraining: {batching: windows, batch_size: 1}\n"
    )
    diagram = diagram_of(page)

    assert diagram.name == "one to one: a token, then the next one"
    assert diagram_text(diagram, 80).splitlines() == ["e", "↑", "□", "↑", "h"]


@pytest.mark.parametrize(
    ("target", "name", "outputs"),
    [
        ("next", "many to one: a window of tokens, then the next one", "            ␣"),
        ("shifted", "many to many, in step: after each token, the next one", "f   ␣   y   o"),
    ],
)
def test_the_next_token_is_one_of_two_diagrams(target, name, outputs):
    """The token after a window, or one after each token; a space is visible."""
    inline = "if yo " if target == "shifted" else "if y yo"
    page = (
        f"dataset: {{kind: text, inline: '{inline}', window: 4, target: {target}}}\n"
        "model: {kind: lstm, units: 4}\ntraining: {batching: windows, batch_size: 1}\n"
    )
    diagram = diagram_of(page)

    assert diagram.name == name
    lines = diagram_text(diagram, 80).splitlines()
    assert (lines[0], lines[-1]) == (outputs, "i   f   ␣   y")


def test_a_second_layer_reads_backwards():
    """The arrows point both ways."""
    assert "□ ⇄ □ ⇄ □" in diagram_text(diagram_of(LABEL, "model.bidirectional=true"), 80)


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_long_example_is_cut_in_its_middle(columns):
    """The first steps, then `…`, then the last one, in the given width; wide letters count as two."""
    page = LABEL.replace("kim", "김나무" * 30)

    lines = diagram_text(diagram_of(page), columns).splitlines()

    assert max(map(width_of, lines)) <= columns
    assert lines[-1].startswith("김")
    assert lines[-1].endswith("…   무")
    assert lines[0].strip() == "ko"
    assert "…" in lines[2]


def test_a_token_that_looks_like_the_sign_is_drawn_as_a_token():
    """Only steps that are left out have no box."""
    assert "…" not in diagram_text(diagram_of(LABEL.replace("kim", "k…m")), 80).splitlines()[2]


def test_the_words_need_no_data():
    """Reports and `train` say it too."""
    experiment = parse_any(PAIRS, name="test.yaml", folder=Path.cwd())

    assert task_words(experiment) == "many to many, after reading: a source, then its target"
