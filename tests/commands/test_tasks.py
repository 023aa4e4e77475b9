"""Every command on runs and configurations of the tasks with examples."""

import json
import os
import shutil
from pathlib import Path

import pytest

from rnnlab.config.reading import read_any
from rnnlab.runs.data import found_again
from rnnlab.runs.folder import RunFolder, create_run
from tests.runs.listed import HEADER
from tests.trained import SONG, run_of
from tests.trained_tasks import (
    FROM_LABEL,
    LABEL,
    PAIRS,
    PARITY,
    TAGS,
    TASKS,
    task_run_of,
    trained_task,
    with_file,
    with_folder,
)


def test_describe_says_the_task_and_draws_it(rnnlab):
    """The lecture's diagram, with the tokens of the first example; then sizes, labels and layers."""
    Path("names.yaml").write_text(LABEL)

    answer = rnnlab("describe", "names.yaml")
    lines = answer.stdout.splitlines()

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert lines[0] == "task        label: many to one: a sequence, then its label"
    drawing = lines.index("First example of the training part")
    assert lines[drawing + 3 : drawing + 6] == ["□ → □ → □", "↑   ↑   ↑", "k   i   m"]
    begin = lines.index("Labels")
    assert [line.split() for line in lines[begin + 1 : begin + 4]] == [
        ["label", "train", "validation", "test"],
        ["ko", "3", "2", "1"],
        ["pl", "3", "1", "2"],
    ]
    assert [line.split()[0] for line in lines[lines.index("Model") + 2 :]] == ["encoding", "gru_1", "head"]
    assert "(N, T, 6)" in answer.stdout


@pytest.mark.parametrize(("task", "page"), TASKS.items())
def test_describe_has_the_fields_of_a_task(rnnlab, task, page):
    """Those that scripts rely on."""
    Path("page.yaml").write_text(page)

    answer = rnnlab("describe", "page.yaml", "--json")
    result = json.loads(answer.stdout)

    assert answer.stderr == ""
    dataset, model = result["dataset"], result["model"]
    assert dataset.keys() == {"task", "examples", "vocabulary", "splits", "notes"}
    assert dataset["task"] == task
    assert dataset["vocabulary"].keys() == {"inputs", "targets"}
    assert dataset["splits"].keys() == {"train", "validation", "test"}
    assert sum(part["examples"] for part in dataset["splits"].values()) == dataset["examples"]
    assert model["parameters"] == sum(layer["parameters"] for layer in model["layers"])


def test_describe_of_a_run_is_that_of_its_configuration(rnnlab):
    """Named by its folder."""
    task_run_of(TAGS)
    Path("page.yaml").write_text(TAGS)

    assert rnnlab("describe", "runs/task-1").stdout == rnnlab("describe", "page.yaml").stdout


def test_describe_names_the_diagram_of_the_next_token(rnnlab):
    """In the first row, and in JSON."""
    Path("song.yaml").write_text(SONG)

    assert rnnlab("describe", "song.yaml").stdout.splitlines()[0] == (
        "task        next_token: many to one: a window of tokens, then the next one"
    )
    assert json.loads(rnnlab("describe", "song.yaml", "--json").stdout)["dataset"]["task"] == "next_token"


def test_many_labels_of_a_description_are_cut(rnnlab):
    """Twenty, or all with --full."""
    rows = "\n".join(f"    l{number:02}\tab" + "c" * number for number in range(25))
    head, tail = LABEL[: LABEL.index("  inline: |\n")], LABEL[LABEL.index("\nmodel:") :]
    page = f"{head}  inline: |\n{rows}\n{tail}".replace("validation: 0.25, test: 0.25", "validation: 0.2")
    Path("page.yaml").write_text(page)

    few, all_of_them = rnnlab("describe", "page.yaml"), rnnlab("describe", "page.yaml", "--full")

    assert "…    5 more; --full shows all" in few.stdout
    assert "more; --full" not in all_of_them.stdout


def test_generate_writes_for_a_label(rnnlab):
    """One sample on each line, that of Python; the same again in JSON, with the label."""
    task_run_of(FROM_LABEL)
    arguments = ("--label", "Korean", "--samples", "3", "--seed", "k")

    answer = rnnlab("generate", *arguments)
    result = json.loads(rnnlab("generate", *arguments, "--json").stdout)

    assert answer.exit_code == 0
    assert [sample["text"] for sample in result["samples"]] == answer.stdout.splitlines()
    assert all(line.startswith("k") for line in answer.stdout.splitlines())
    assert result["label"] == "Korean"
    assert result.keys() == {"samples", "label", "random_seed", "settings", "model_sha256"}


def test_generate_writes_a_file_for_a_label(rnnlab):
    """Of text only."""
    task_run_of(FROM_LABEL)

    answer = rnnlab("generate", "--label", "Polish", "--samples", "2", "--output", "names.txt")
    refused = rnnlab("generate", "--label", "Polish", "--output", "names.mid")

    assert answer.exit_code == 0
    assert Path("names.txt").read_text() == answer.stdout
    assert refused.exit_code == 2
    assert "this model writes text, not notes" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no label: give one, e.g.: --label Korean; there are Korean, Polish"),
        (["--label", "Polsh"], "--label: the model has no label 'Polsh'; did you mean 'Polish'?"),
        (["--label", "Polish", "--stop", "k"], "--stop: a sequence of task from_label ends by itself; leave"),
        (["--label", "Polish", "--meter", "3/4"], "--meter is for notes, and runs/task-1 writes text; leave"),
        (["--label", "Polish", "--seed", "7"], "--seed: the model cannot write the character '7'"),
    ],
)
def test_generate_refuses_what_cannot_be_for_a_label(rnnlab, arguments, message):
    """In one line."""
    task_run_of(FROM_LABEL)

    answer = rnnlab("generate", "runs/task-1", *arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)
    assert len(answer.stderr.splitlines()) == 1


def test_generate_of_the_next_token_has_no_label(rnnlab):
    """And says so."""
    run_of(SONG)

    answer = rnnlab("generate", "runs/song-1", "--label", "Korean")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == (
        "--label is for models of task from_label; runs/song-1 predicts the next token: leave --label out\n"
    )


@pytest.mark.parametrize("task", ["label", "tags", "pairs"])
def test_generate_names_predict_for_the_other_tasks(rnnlab, task):
    """The command to use instead."""
    task_run_of(TASKS[task])

    answer = rnnlab("generate", "runs/task-1")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == (
        f"runs/task-1: a model of task {task} reads an input; use it with: rnnlab predict runs/task-1 TEXT\n"
    )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "runs/task-1", "--untrained", "--input", "ab"),
        ("trace", "page.yaml", "--untrained", "--input", "ab"),
    ],
)
def test_a_command_that_does_not_know_the_tasks_says_so(rnnlab, task, arguments):
    """In one line with a remedy and an exit code; no traceback, and nothing on stdout."""
    Path("page.yaml").write_text(TASKS[task])
    task_run_of(TASKS[task])
    task_run_of(TASKS[task])

    answer = rnnlab(*arguments)

    assert answer.exit_code in (1, 2)
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert f"task {task}" in answer.stderr
    assert "evaluate" in answer.stderr


def test_plot_draws_the_history_of_a_task(rnnlab):
    """Runs that differ in their random seed count as one configuration."""
    for seed in (0, 1):
        run = task_run_of(LABEL, f"training.random_seed={seed}")
        run.write("history.csv", f"{HEADER}1,2.5,0.5,2.5,0.5,1.5\n2,2.0,0.5,2.25,0.5,2.5\n")

    answer = rnnlab("plot", "runs/task-1", "runs/task-2", "--output", "history.svg")

    assert answer.exit_code == 0
    assert answer.stderr == "drew history.svg: 2 runs of 1 configuration\n"


def test_the_losses_of_a_task_are_written_for_tensorboard(rnnlab):
    """They are those of the history."""
    run = task_run_of(LABEL)
    run.write("history.csv", f"{HEADER}1,2.5,0.5,2.5,0.5,1.5\n")

    answer = rnnlab("export", "runs/task-1", "--format", "tensorboard", "--output", "logs")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert len(list(Path("logs").iterdir())) == 1


@pytest.mark.parametrize(
    ("page", "words"),
    [(LABEL, "label gru 6"), (FROM_LABEL, "from_label gru 6"), (PARITY, "parity gru 6")],
)
def test_the_list_of_runs_names_the_task(rnnlab, page, words):
    """Before the kind of the model; generated data by its name."""
    run = task_run_of(page)
    run.write("history.csv", f"{HEADER}1,2.5,0.5,2.5,0.5,1.5\n")
    assert rnnlab("evaluate").exit_code == 0

    listed, shown = rnnlab("runs"), rnnlab("runs", "show")
    entry = json.loads(rnnlab("runs", "--json").stdout)["runs"][0]

    assert words in listed.stdout
    assert words in shown.stdout
    assert entry["task"] == words.split()[0]
    assert entry["problems"] == []
    unit = "token" if page == FROM_LABEL else "example"
    assert f"kept         epoch 1, validation loss 2.5 nats per {unit}" in shown.stdout
    measure = "loss" if page == FROM_LABEL else "accuracy"
    assert f"validation: {measure} " in shown.stdout


def test_another_persons_run_opens_no_data_outside_it(rnnlab):
    """The message has the command that opens it; data within the run's folder is opened."""
    task_run_of(with_file(LABEL, Path("rows.tsv")))
    shutil.move("runs/task-1", "theirs")

    refused = rnnlab("evaluate", "theirs")
    given = rnnlab("evaluate", "theirs", "--data", "rows.tsv", "--split", "validation")

    assert refused.exit_code == 1
    assert refused.stderr.startswith("theirs: it names data, ")
    assert "rnnlab evaluate theirs --data" in refused.stderr
    assert given.exit_code == 0


def test_ones_own_run_finds_its_data_wherever_it_lies(rnnlab, monkeypatch):
    """Moved to another depth alone, or with its data; resuming reads the same data."""
    monkeypatch.setenv("RNNLAB_STATE", os.path.abspath("state"))
    os.makedirs("home/work")
    model = trained_task(with_file(LABEL, Path("home/rows.tsv")), Path("home").absolute())
    run = create_run("", model.experiment, folder=Path("home/work/run"))
    run.save_model(model)
    run.sign(model.experiment)
    before = rnnlab("evaluate", "home/work/run").stdout

    os.rename("home/work/run", "moved")
    alone = rnnlab("evaluate", "moved")
    os.rename("moved", "home/work/run")
    os.rename("home", "house")
    together = rnnlab("evaluate", "house/work/run")
    described = rnnlab("describe", "house/work/run")

    assert (alone.exit_code, together.exit_code, described.exit_code) == (0, 0, 0)
    assert before == alone.stdout == together.stdout
    found = found_again(read_any(Path("house/work/run/config.yaml")), RunFolder(Path("house/work/run")))
    assert found.dataset.path == (Path("house/rows.tsv").absolute(),)


def test_a_folder_of_labels_that_moved_with_its_run_is_found(rnnlab, monkeypatch):
    """A link in it, which another person may have put there, is not followed."""
    monkeypatch.setenv("RNNLAB_STATE", os.path.abspath("state"))
    os.makedirs("home/work")
    model = trained_task(with_folder(LABEL, Path("home/texts")), Path("home").absolute())
    run = create_run("", model.experiment, folder=Path("home/work/run"))
    run.save_model(model)
    run.sign(model.experiment)
    before = rnnlab("evaluate", "home/work/run").stdout

    os.rename("home", "house")
    moved = rnnlab("evaluate", "house/work/run")
    os.rename("house/texts/ko", "ko")
    os.symlink(os.path.abspath("ko"), "house/texts/ko")
    linked = rnnlab("evaluate", "house/work/run")

    assert (moved.exit_code, moved.stdout) == (0, before)
    assert linked.exit_code == 1
    assert linked.stderr.startswith(f"{os.path.abspath('home/texts')}: no such file")


@pytest.mark.parametrize("page", [LABEL, PARITY, PAIRS])
def test_another_persons_run_with_its_data_in_it_is_measured(rnnlab, page):
    """Inline or generated data names no file."""
    task_run_of(page)
    shutil.move("runs/task-1", "theirs")

    assert rnnlab("evaluate", "theirs").exit_code == 0
    assert rnnlab("describe", "theirs").exit_code == 0
