"""`rnnlab export`: one line on what was written, on what, and what to know of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trained import SENTENCE, SONG, run_of
from tests.trained_tasks import LABEL, PAIRS, TAGS, task_run_of

LABELS = """
import json, sys
import numpy as np, onnxruntime
session = onnxruntime.InferenceSession("names.onnx")
facts = session.get_modelmeta().custom_metadata_map
inputs, targets = json.loads(facts["inputs"]), json.loads(facts["targets"])
for text in sys.argv[1:]:
    ids = [inputs.index(letter if letter in inputs else facts["unknown"]) for letter in text]
    (logits,) = session.run(None, {"ids": np.array([ids], np.int32)})
    print(targets[int(logits.argmax())])
print("rnnlab" in sys.modules)
"""


def test_the_newest_run_becomes_a_file(rnnlab):
    """Which run it is, how near it is to rnnlab, and where its vocabulary is."""
    run_of(SENTENCE)

    answer = rnnlab("export", "--output", "ship.onnx")

    assert answer.exit_code == 0
    assert answer.stderr == "using runs/song-1\n"
    assert answer.stdout.startswith("ship.onnx: same output as rnnlab on random tokens, within ")
    assert answer.stdout.endswith("e-07 of the largest logit; the vocabulary is in it\n")
    assert Path("ship.onnx").is_file()


def test_a_model_file_is_enough(rnnlab):
    """Any machine can write it from that alone; what a user would stumble over is said."""
    os.rename(run_of(SONG).model_path, "song.safetensors")

    answer = rnnlab("export", "song.safetensors", "--output", "song.onnx")

    assert answer.exit_code == 0
    assert answer.stderr.startswith("this model was trained with a state that is carried on")


def test_losses_are_written_for_tensorboard(rnnlab):
    """At the time when they were written down, whenever they are exported."""
    run = run_of(SONG)
    run.write("history.csv", "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n1,2,0.5,,,8\n")
    run.write("losses.csv", "step,epoch,loss,accuracy\n1,1,2.5,0\n2,1,1.5,1\n")
    os.utime(run.path / "history.csv", (1008, 1008))

    answer = rnnlab("export", "--format", "tensorboard", "--output", "logs/song")

    assert (answer.exit_code, answer.stderr) == (0, "using runs/song-1\n")
    assert answer.stdout == (
        "logs/song/events.out.tfevents.1000.song-1.rnnlab: 1 epoch, 2 steps; tensorboard --logdir logs/song\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--output'"),
        (["--output", "song.h5"], "expected a name that ends with .keras, .onnx or .html, or a --format"),
        (["--output", "song.onnx", "--format", "keras"], "expected a name that ends with .keras"),
        (["--output", "logs", "--format", "tensorboard", "--state"], "leave --state and --overwrite out"),
        (["--output", "logs", "--format", "tensorboard"], "no epoch has been finished and saved in this run"),
        (["--output", "song.keras"], "model.peephole: true: the LSTM of Keras has no peepholes"),
    ],
)
def test_what_cannot_be_written_is_one_line(rnnlab, arguments, message):
    """Before TensorFlow is loaded, and with nothing left behind."""
    run_of(SONG, "model.peephole=true")

    answer = rnnlab("export", *arguments)

    assert answer.exit_code in {1, 2}
    assert message in answer.stderr.splitlines()[-1]
    assert [path.name for path in Path().iterdir()] == ["runs"]


def test_a_library_that_is_not_installed_is_named(rnnlab, monkeypatch):
    """With the line that installs it."""
    run_of(SENTENCE)
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)

    answer = rnnlab("export", "--output", "ship.onnx")

    assert answer.exit_code == 1
    assert answer.stderr.endswith("ONNX needs onnx, which is not installed: pip install 'rnnlab[export]'\n")


def test_labels_are_predicted_without_rnnlab(rnnlab):
    """From the file alone, with unknown characters too: those that `predict` prints."""
    task_run_of(LABEL, "model={kind: lstm, units: 8, bidirectional: true, pooling: mean}")
    names = ["kim", "nowak", "kowalewska", "lee", "park", "szymański", "x", "ian", "ska"]

    answer = rnnlab("export", "--output", "names.onnx")
    predicted = rnnlab("predict", "runs/task-1", *names).stdout

    assert (answer.exit_code, answer.stderr) == (0, "using runs/task-1\n")
    assert answer.stdout.startswith("names.onnx: same output as rnnlab on random tokens, within ")
    done = subprocess.run(
        [sys.executable, "-I", "-c", LABELS, *names], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{predicted}False\n", "")
    assert len(set(predicted.split())) == 2


def test_an_encoder_and_a_decoder_are_named_in_one_line(rnnlab):
    """With --state; without it there is one file."""
    task_run_of(PAIRS, "model={kind: gru, units: 6, attention: dot}")

    both = rnnlab("export", "--output", "pairs.onnx", "--state")
    one = rnnlab("export", "--output", "pairs.onnx")

    assert both.stdout.startswith("pairs.encoder.onnx, pairs.decoder.onnx: same output as rnnlab on random")
    assert both.stdout.endswith(" of the largest logit; the vocabulary is in each\n")
    assert one.stdout.startswith("pairs.onnx: same output")
    assert sorted(path.name for path in Path().glob("*.onnx")) == [
        *("pairs.decoder.onnx", "pairs.encoder.onnx", "pairs.onnx"),
    ]


@pytest.mark.parametrize(
    ("page", "override", "arguments", "message"),
    [
        (LABEL, "model.units=6", ["--state"], "--state: a model of task label reads whole sequences; export"),
        (TAGS, "model.characters=true", [], "model.characters: true: words have different numbers of"),
    ],
)
def test_what_cannot_be_written_of_a_task_is_one_line(rnnlab, page, override, arguments, message):
    """With nothing left behind."""
    task_run_of(page, override)

    answer = rnnlab("export", "--output", "model.onnx", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.splitlines()[-1].startswith(message)
    assert [path.name for path in Path().iterdir()] == ["runs"]
