"""`rnnlab trace` of the tasks with examples: alignments, and labels or tags after each token."""

import json
from pathlib import Path

import pytest

from rnnlab.generation.prediction import predict
from tests.trained_tasks import ATTENTION, FROM_LABEL, LABEL, PAIRS, TAGS, task_run_of


def test_a_pair_shows_its_alignment(rnnlab):
    """The written target, then a row for each of its tokens and a column for each token of the source."""
    run = task_run_of(ATTENTION)
    (predicted,) = predict(run.load_any_model(), ["abb"])

    answer = rnnlab("trace", "--input", "abb")
    lines = answer.stdout.splitlines()

    assert (answer.exit_code, answer.stderr) == (0, "using runs/task-1\n")
    assert lines[0].split() == ["source", "abb"]
    assert lines[1].split() == ["written", *([predicted.text] if predicted.text else [])]
    assert lines[5].split() == ["step", "1", "a", "b", "b"]
    rows = [line.split() for line in lines[6:]]
    assert [row[0] for row in rows] == [*predicted.text, "<end>"]
    assert [round(sum(map(float, row[1:])), 2) for row in rows] == [1.0] * len(rows)


def test_a_label_shows_its_probabilities_after_each_token(rnnlab):
    """Those of the most probable labels; the last column is the prediction."""
    run = task_run_of(LABEL)
    (predicted,) = predict(run.load_any_model(), ["ko"], top=1)
    last, share = predicted.labels[0]

    lines = rnnlab("trace", "runs/task-1", "--input", "ko", "--top", "2").stdout.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[5:]}

    assert lines[1].split() == ["label", last]
    assert rows.keys() == {"ko", "pl"}
    assert float(rows[last][-1]) == pytest.approx(share, abs=6e-4)


def test_tags_are_shown_for_each_token(rnnlab):
    """With --top 1 the rows are the predicted tags."""
    run = task_run_of(TAGS)
    (predicted,) = predict(run.load_any_model(), ["the dog barks"])

    lines = rnnlab("trace", "runs/task-1", "--input", "the dog barks", "--top", "1").stdout.splitlines()

    assert lines[4].split() == ["step", "1", "the", "dog", "barks"]
    assert {line.split()[0] for line in lines[5:]} == {tag for tag, _ in predicted.tags}


def test_the_json_has_all_numbers(rnnlab):
    """One object; for each input the alignment or the probabilities."""
    task_run_of(ATTENTION)
    task_run_of(LABEL)

    pair = json.loads(rnnlab("trace", "runs/task-1", "--input", "ab", "--input", "a", "--json").stdout)
    label = json.loads(rnnlab("trace", "runs/task-2", "--input", "kim", "--json").stdout)

    assert pair["task"] == "pairs"
    assert [len(each["alignment"][0]) for each in pair["inputs"]] == [2, 1]
    assert pair["inputs"][0].keys() == {
        *("input", "prediction", "log_probability", "source", "written", "alignment")
    }
    (only,) = label["inputs"]
    assert only.keys() == {"input", "prediction", "tokens", "labels", "probabilities"}
    assert [len(row) for row in only["probabilities"]] == [2, 2, 2]


@pytest.mark.parametrize("suffix", [".html", ".svg"])
def test_the_heat_map_is_drawn(rnnlab, suffix):
    """Text of the input stays text; a file is replaced only with --overwrite."""
    task_run_of(ATTENTION)
    line = ["trace", "runs/task-1", "--input", "<script>\u202e&", "--output", f"a{suffix}"]

    answers = [rnnlab(*line), rnnlab(*line), rnnlab(*line, "--overwrite")]
    drawn = Path(f"a{suffix}").read_text()

    assert [answer.exit_code for answer in answers] == [0, 2, 0]
    assert "<script" not in drawn
    assert "\u202e" not in drawn
    assert "\\u202e" in drawn
    assert "<rect" in drawn


def test_a_long_input_is_cut(rnnlab):
    """The first 120 tokens, or those of --steps, and a note."""
    task_run_of(LABEL)

    long = rnnlab("trace", "runs/task-1", "--input", "k" * 130)
    chosen = rnnlab("trace", "runs/task-1", "--input", "kim", "--steps", "2-3")

    assert long.stderr == "tokens 1 to 120 of 130; --steps chooses others\n"
    assert chosen.stderr == "tokens 2 to 3 of 3; --steps chooses others\n"
    assert "step 2" in chosen.stdout


def test_too_many_numbers_are_not_drawn(rnnlab, monkeypatch):
    """The remedy is an option."""
    task_run_of(LABEL)
    monkeypatch.setattr("rnnlab.commands.task_trace.MOST_CELLS", 5)

    answer = rnnlab("trace", "runs/task-1", "--input", "kim")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == "6 cells to draw, expected at most 5; choose fewer --steps\n"


@pytest.mark.parametrize(
    ("page", "arguments", "message"),
    [
        (
            FROM_LABEL,
            ["--input", "Korean"],
            "runs/task-1: a model of task from_label reads no text to trace; see it write: rnnlab generate"
            " runs/task-1 --label Korean",
        ),
        (
            PAIRS,
            ["--input", "ab"],
            "runs/task-1: the model has no attention, so there is no alignment to show; train one with"
            " model.attention: dot, or see its targets: rnnlab predict runs/task-1 ab",
        ),
        (LABEL, [], "no input: give one, e.g.: rnnlab trace runs/task-1 --input TEXT"),
        (LABEL, ["--input", ""], "input 1: expected at least one character, received ''"),
        (LABEL, ["--input", "a", "--steps", "9"], "--steps: expected numbers from 1 to 1, received '9'"),
        (
            TAGS,
            ["--input", "a", "--unit", "1"],
            "--unit is for models that predict the next token; runs/task-1 is of task tags: leave --unit out",
        ),
        (LABEL, ["--input", "a", "--output", "a.png"], "a.png: expected an --output that ends with .html"),
    ],
)
def test_what_cannot_be_traced_is_refused(rnnlab, page, arguments, message):
    """In one line with a remedy."""
    task_run_of(page)

    answer = rnnlab("trace", "runs/task-1", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)
    assert len(answer.stderr.splitlines()) == 1
