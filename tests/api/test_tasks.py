"""The tasks with examples from Python: training, resuming, and what a run does."""

import json
from pathlib import Path

import pytest

import rnnlab
from rnnlab.commands import run as command_line
from tests.trained import SONG, run_of
from tests.trained_tasks import FROM_LABEL, LABEL, PAIRS, PARITY, TAGS, task_run_of, with_file


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_task_is_trained_and_resumed():
    """From its YAML; with more epochs, it goes on where it ended, to the same bits as in one go."""
    page = LABEL.replace("epochs: 2", "epochs: 1, schedule: {kind: constant}")
    left = rnnlab.train(page, name="left")

    told: list[str] = []
    run = rnnlab.resume(left, set={"training.epochs": 2}, tell=told.append)

    whole = rnnlab.train(rnnlab.load_config(page, "training.epochs=2"))
    assert isinstance(run.config, rnnlab.TaskExperiment)
    assert (len(run.history), told[-1]) == (2, "going on after step 2")
    assert all((run.model.weights[name] == array).all() for name, array in whole.model.weights.items())
    with pytest.raises(rnnlab.UsageError, match="cannot be resumed with other settings"):
        rnnlab.resume(run, "model.units=9")


@pytest.mark.slow
@pytest.mark.parametrize("page", [TAGS, PAIRS, FROM_LABEL, PARITY])
def test_every_task_is_trained_and_resumed(page):
    """From an experiment."""
    left = rnnlab.train(rnnlab.load_config(page), name="left")

    run = rnnlab.resume(left, set={"training.epochs": 3})

    assert len(run.history) == 3
    assert run.evaluate().sequences > 0


def test_the_command_line_resumes_a_task(capsys):
    """`train --resume`."""
    Path("names.yaml").write_text(with_file(LABEL, Path("rows.tsv")))
    assert command_line(["train", "names.yaml", "--quiet"]) == 0

    assert command_line(["train", "--resume", "runs/names-1", "--set", "training.epochs=3", "--quiet"]) == 0

    assert "runs/names-1: 3 epochs" in capsys.readouterr().out
    assert len(rnnlab.load_run().history) == 3


def test_evaluating_gives_what_the_command_prints(capsys):
    """To the last digit."""
    task_run_of(LABEL)

    assert command_line(["evaluate", "--json", "--split", "test"]) == 0

    printed = json.loads(capsys.readouterr().out)
    evaluation = rnnlab.load_run().evaluate("test")
    assert (evaluation.task, evaluation.split, evaluation.sequences) == ("label", "test", 3)
    assert printed["accuracy"] == evaluation.measures.accuracy
    assert printed["loss"] == evaluation.measures.loss


def test_predicting_gives_what_the_command_prints(capsys):
    """A prediction for each text."""
    task_run_of(LABEL)

    assert command_line(["predict", "kim", "nowak"]) == 0

    found = rnnlab.load_run().predict(["kim", "nowak"], top=2)
    assert capsys.readouterr().out.splitlines() == [each.text for each in found]
    assert [each.input for each in found] == ["kim", "nowak"]
    assert all(sum(chance for _, chance in each.labels) == pytest.approx(1) for each in found)


def test_targets_are_predicted_with_a_beam():
    """The best first; `beam` alone changes the search."""
    task_run_of(PAIRS)

    found = rnnlab.load_run().predict(["ab"], top=3, beam=4)[0]

    scores = [found.log_probability, *(score for _, score in found.others)]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_generating_gives_what_the_command_prints(capsys):
    """For a label."""
    task_run_of(FROM_LABEL)

    assert command_line(["generate", "--label", "Korean", "--samples", "2"]) == 0

    samples = rnnlab.load_run().generate(label="Korean", samples=2)
    assert capsys.readouterr().out.splitlines() == [sample.text for sample in samples]


@pytest.mark.parametrize(
    ("page", "call", "message"),
    [
        (LABEL, lambda run: run.evaluate(seeds=3), "seeds: only a model of task next_token runs freely"),
        (LABEL, lambda run: run.evaluate(beam=3), "beam: only pairs are written with a beam search"),
        (LABEL, lambda run: run.predict("kim"), "texts: expected a list of texts, received 'kim'"),
        (LABEL, lambda run: run.predict(["kim"], top=0), "top, beam: expected 1 or more, received 0"),
        (LABEL, lambda run: run.predict(["kim"], beam=2), "beam: only pairs are written with a beam search"),
        (LABEL, lambda run: run.predict([""]), "input 1: expected at least one character, received ''"),
        (LABEL, lambda run: run.generate(), "task label reads an input and writes nothing; use predict"),
        (FROM_LABEL, lambda run: run.generate(), "no label: give one, e.g.: label='Korean'"),
        (FROM_LABEL, lambda run: run.predict(["kim"]), "a model of task from_label writes sequences"),
    ],
)
def test_what_a_task_cannot_do_is_a_usage_error(page, call, message):
    """With what to do instead."""
    task_run_of(page)

    with pytest.raises(rnnlab.UsageError) as caught:
        call(rnnlab.load_run())

    assert message in str(caught.value)


def test_a_model_of_the_next_token_predicts_and_labels_nothing():
    """It generates."""
    run_of(SONG)
    run = rnnlab.load_run()

    with pytest.raises(rnnlab.UsageError, match=r"use generate\(\)"):
        run.predict(["g8"])
    with pytest.raises(rnnlab.UsageError, match="only a model of task from_label writes for a label"):
        run.generate(label="Korean")


def test_exporting_a_task_writes_its_parts():
    """Encoder and decoder with their state; one file of a task without a state."""
    task_run_of(PAIRS, name="pairs")
    task_run_of(TAGS, name="tags")

    pairs = rnnlab.load_run("runs/pairs-1").export("pairs.onnx", state=True)
    tags = rnnlab.load_run("runs/tags-1").export("tags.onnx")

    assert (pairs.path, pairs.decoder) == (Path("pairs.encoder.onnx"), Path("pairs.decoder.onnx"))
    assert (tags.path, tags.decoder) == (Path("tags.onnx"), None)
    assert max(pairs.difference, tags.difference) < 1e-5
    with pytest.raises(rnnlab.UsageError, match="state: a model of task tags reads whole sequences"):
        rnnlab.load_run("runs/tags-1").export("other.onnx", state=True)


def test_a_notebook_shows_the_measures_of_a_task():
    """The table of the report."""
    task_run_of(LABEL)

    shown = rnnlab.load_run().evaluate()._repr_html_()

    assert "naive Bayes" in shown


@pytest.mark.parametrize(("page", "unit"), [(LABEL, "example"), (PARITY, "example"), (PAIRS, "token")])
def test_a_notebook_says_what_a_loss_is_a_mean_over(page, unit):
    """An example with one label, else a token."""
    header = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds"
    task_run_of(page).write("history.csv", f"{header}\n1,3,0,4,0,1\n")

    shown = rnnlab.load_run()._repr_html_()

    assert f"kept epoch 1: train loss 3, validation loss 4 nats per {unit}<" in shown


@pytest.mark.parametrize("page", [LABEL, PAIRS])
def test_a_notebook_shows_a_task(page):
    """Task, layers and sizes of the vocabularies."""
    task_run_of(page)

    shown = rnnlab.load_run()._repr_html_()

    assert "gru 6" in shown
    assert "inputs: " in shown
