"""`rnnlab compare`: the table, what it comes to, and how it ends."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rnnlab.commands.compare import _train
from rnnlab.runs.folder import create_run, load_trained
from rnnlab.trials import trainings
from tests.at_a_terminal import terminal
from tests.experiments import SONG as TINY
from tests.experiments import experiment
from tests.trained import SENTENCE, SONG, run_of, trained
from tests.trained_tasks import LABEL, PARITY, TASKS, task_run_of

DENSE = TINY.replace("{kind: lstm, units: 16, stateful: true}", "{kind: mlp, units: 16}")
WILD = DENSE.replace("{name: adam, learning_rate: 0.01}", "{name: sgd, learning_rate: 1.0e37}")
LIMIT_SECONDS = 3.0


def write_configs() -> None:
    """Two configurations on the same song, one of which cannot be trained, and a page that lists them."""
    Path("good.yaml").write_text(DENSE)
    Path("wild.yaml").write_text(WILD)
    Path("page.yaml").write_text("compare: [good.yaml, wild.yaml]\nseeds: 1\nepochs: 50\n")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are not trained but written, with weights that their random seed decides."""

    def written(tasks: Any, **_: Any) -> Any:
        for number, (wanted, folder) in enumerate(tasks):
            seed = wanted.training.random_seed
            run = run_of(
                SONG, f"training={{batching: windows, batch_size: 1, random_seed: {seed}}}", name="made"
            )
            run.path.rename(folder)
            yield number, ""

    monkeypatch.setattr(trainings, "train_runs", written)


CELLS = """
compare:
  - {config: parity.yaml, name: simple_rnn, set: {model.kind: simple_rnn}}
  - {config: parity.yaml, name: gru}
seeds: 2
epochs: 1
"""


@pytest.fixture
def cells_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of two cells on parity, whose runs are not trained but written, with random weights."""

    def written(tasks: Any, **_: Any) -> Any:
        for number, (wanted, folder) in enumerate(tasks):
            seed = wanted.training.random_seed
            changed = (f"model.kind={wanted.model.kind}", f"training.random_seed={seed}", "training.epochs=1")
            task_run_of(PARITY, *changed, name="made").path.rename(folder)
            yield number, ""

    Path("parity.yaml").write_text(PARITY)
    Path("cells.yaml").write_text(CELLS)
    monkeypatch.setattr(trainings, "train_runs", written)


def test_the_cells_of_one_configuration_are_compared_at_each_length(rnnlab, cells_at_once, monkeypatch):
    """A column for each test length, a sentence on who solves it, and what solving means."""
    monkeypatch.setenv("COLUMNS", "120")

    answer = rnnlab("compare", "cells.yaml", "--output", "cells.svg")

    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    header = "parameters epochs seconds accuracy length 8 length 12 loss 95 % interval"
    assert lines[0].split() == header.split()
    assert [line.split()[0] for line in lines[1:3]] == ["simple_rnn", "gru"]
    assert all(line.count(" of 2 ") == 2 for line in lines[1:3])
    said = " ".join(answer.stdout.split())
    assert "part test, 10 examples" in said
    assert "solves a length if its network makes no mistake in at least 0.99 of the test examples" in said
    assert "At lengths 8 and 12, no contender solves the exercise with each of 2 random seeds." in said
    assert {path.name for path in Path("runs/cells-1").iterdir()} >= {"gru-seed-0", "simple_rnn-seed-1"}
    assert "Length 12" in Path("cells.svg").read_text()


def test_json_has_the_figures_of_each_length(rnnlab, cells_at_once):
    """For scripts; the folder of the comparison gives the same again."""
    made = json.loads(rnnlab("compare", "cells.yaml", "--json").stdout)

    again = json.loads(rnnlab("compare", "runs/cells-1", "--json").stdout)

    assert (made["task"], made["split"]) == ("label", "test")
    for contender in made["contenders"]:
        trials_of = contender["trials"]
        assert contender["lengths"].keys() == {"8", "12"}
        for length, figures in contender["lengths"].items():
            shares = [trial["lengths"][length]["accuracy"] for trial in trials_of]
            assert figures == {
                "accuracy": pytest.approx(sum(shares) / 2),
                "solved": sum(share >= 0.99 for share in shares),
            }
        assert contender["accuracy"] == pytest.approx(sum(trial["accuracy"] for trial in trials_of) / 2)
        assert {trial["sequences"] for trial in trials_of} == {10}
        assert [trial["random_seed"] for trial in trials_of] == [0, 1]
    assert made["contenders"][::-1] == again["contenders"]


@pytest.mark.parametrize(
    ("task", "columns", "fields"),
    [
        ("label", "accuracy loss", {"accuracy", "correct"}),
        ("tags", "accuracy loss", {"accuracy", "correct", "tokens"}),
        ("pairs", "exact match loss", {"exact_match", "correct", "tokens"}),
        ("from_label", "loss", {"tokens"}),
    ],
)
def test_runs_of_each_task_are_compared(rnnlab, task, columns, fields):
    """With the main figure of the task and the loss; the fields of JSON are those of `evaluate`."""
    for name in ("small", "large"):
        for seed in (0, 1):
            units = f"model.units={6 if name == 'small' else 8}"
            task_run_of(TASKS[task], units, f"training.random_seed={seed}", name=name)
    runs = [f"runs/{name}-{number}" for name in ("small", "large") for number in (1, 2)]

    answer = rnnlab("compare", *runs)
    result = json.loads(rnnlab("compare", *runs, "--json").stdout)
    evaluated = json.loads(rnnlab("evaluate", runs[2], "--json").stdout)

    lines = answer.stdout.splitlines()
    assert lines[0].split() == f"parameters epochs seconds {columns} 95 % interval".split()
    assert [line.split()[0] for line in lines[1:3]] == ["small", "large"]
    trial = result["contenders"][1]["trials"][0]
    always = {"run", "random_seed", "epochs", "seconds", "loss", "sequences"}
    assert trial.keys() == always | fields
    shared = {"sequences", "accuracy", "exact_match"} & fields | {"sequences"}
    assert {name: trial[name] for name in shared} == {name: evaluated[name] for name in shared}
    (difference,) = result["differences"]
    assert difference["pairs"] == 2
    assert any(sentence.startswith("Loss: ") for sentence in result["verdict"])


def test_runs_are_compared_as_they_are(rnnlab):
    """A row for each, what it comes to, and nothing is trained."""
    run_of(SONG, name="small")
    run_of(SONG, "model.units=9", name="large")

    answer = rnnlab("compare", "runs/small-1", "runs/large-1")

    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert lines[0].split() == "parameters epochs seconds one step running free loss 95 % interval".split()
    assert [line.split()[0] for line in lines[1:3]] == ["small-1", "large-1"]
    assert "a test needs two random seeds that both contenders have" in " ".join(answer.stdout.split())
    assert "not on held-out data" in " ".join(answer.stdout.split())
    assert sorted(path.name for path in Path("runs").iterdir()) == ["large-1", "latest", "small-1"]


def test_json_has_what_the_table_has(rnnlab):
    """For scripts: figures of each trial, and of each pair."""
    for seed in range(3):
        run_of(SONG, f"training={{batching: windows, batch_size: 1, random_seed: {seed}}}", name="small")
        run_of(
            SONG,
            "model.units=9",
            f"training={{batching: windows, batch_size: 1, random_seed: {seed}}}",
            name="large",
        )

    answer = rnnlab(
        "compare", *(f"runs/{name}-{n}" for name in ("small", "large") for n in (1, 2, 3)), "--json"
    )

    result = json.loads(answer.stdout)
    assert [each["name"] for each in result["contenders"]] == ["small", "large"]
    assert [trial["random_seed"] for trial in result["contenders"][0]["trials"]] == [0, 1, 2]
    (difference,) = result["differences"]
    assert (difference["first"], difference["second"], difference["pairs"]) == ("small", "large", 3)
    losses = [each["loss"] for each in result["contenders"]]
    assert difference["loss_difference"] == pytest.approx(losses[0] - losses[1])
    assert {"free_running", "loss_confidence_interval", "accuracy"} <= result["contenders"][0].keys()


def test_the_folder_of_a_comparison_stands_for_its_runs(rnnlab, at_once):
    """With the same result; a run that is not saved yet is passed over."""
    Path("a.yaml").write_text(SONG)
    made = rnnlab("compare", "a.yaml", "a.yaml", "--seeds", "11", "--json")
    Path("runs/comparison-1/b-seed-0").mkdir()
    Path("runs/comparison-1/b-seed-0/config.yaml").write_text("")

    again = rnnlab("compare", "runs/comparison-1", "--json")

    first, second = json.loads(made.stdout), json.loads(again.stdout)
    assert (made.exit_code, again.exit_code) == (0, 0)
    assert first["folder"] == "runs/comparison-1"
    assert first == json.loads(Path("runs/comparison-1/comparison.json").read_text())
    assert first["contenders"] == sorted(second["contenders"], key=lambda each: each["name"])
    assert [trial["random_seed"] for trial in second["contenders"][0]["trials"]] == list(range(11))


def test_the_runs_of_a_comparison_can_be_evaluated(rnnlab):
    """They were trained here, so that their data is opened; what lies deeper was not."""
    Path("song.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4")
    model = trained(SONG, Path.cwd(), "dataset.path=song.notes")
    for folder in ("runs/page-1/song-seed-0", "runs/page-1/deeper/song"):
        create_run("", model.experiment, folder=Path(folder)).save_model(model)

    assert rnnlab("evaluate", "runs/page-1/song-seed-0").exit_code == 0
    assert "is not known as a run of yours" in rnnlab("evaluate", "runs/page-1/deeper/song").stderr


def table_of(path: str) -> list[dict[str, str]]:
    """The rows of a CSV file, whose lines end as RFC 4180 says."""
    data = Path(path).read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 1
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_a_table_has_a_row_for_each_training(rnnlab):
    """With its configuration, its random seed and every measure of the JSON, in full."""
    for name, units in (("small, or not", 6), ("large", 9)):
        for seed in (0, 1):
            training = f"training={{batching: windows, batch_size: 1, random_seed: {seed}}}"
            run_of(SONG, f"model.units={units}", training, name=name)
    runs = [f"runs/{name}-{number}" for name in ("small, or not", "large") for number in (1, 2)]

    answer = rnnlab("compare", *runs, "--json", "--output", "table.csv")

    rows, result = table_of("table.csv"), json.loads(answer.stdout)
    assert (answer.exit_code, answer.stderr) == (0, "wrote table.csv\n")
    assert [(row["configuration"], row["random_seed"], row["run"]) for row in rows] == [
        ("small, or not", "0", runs[0]),
        ("small, or not", "1", runs[1]),
        ("large", "0", runs[2]),
        ("large", "1", runs[3]),
    ]
    trials_of = [trial for contender in result["contenders"] for trial in contender["trials"]]
    for row, trial in zip(rows, trials_of, strict=True):
        assert float(row["loss"]) == trial["loss"]
        assert float(row["accuracy"]) == trial["accuracy"]
        assert row["free_running.correct"] == str(trial["free_running"]["correct"])
        assert row["seconds"] == ""
    again = rnnlab("compare", *runs, "--output", "table.csv")
    assert again.stderr == "table.csv: the file exists; name another, or replace it with --overwrite\n"
    assert rnnlab("compare", *runs, "--output", "table.csv", "--overwrite").exit_code == 0


def test_a_table_has_the_lengths_of_exercises(rnnlab, cells_at_once):
    """A column for each, with the name that it has in the JSON."""
    rnnlab("compare", "cells.yaml", "--output", "cells.csv")

    rows = table_of("cells.csv")
    assert len(rows) == 4
    assert all(0 <= float(row["lengths.12.accuracy"]) <= 1 and row["split"] == "test" for row in rows)


def test_a_picture_is_drawn_beside_the_table(rnnlab):
    """And not over a file that is there."""
    run_of(SONG)
    run_of(SONG, "model.units=9", name="large")
    arguments = ("compare", "runs/song-1", "runs/large-1", "--output", "c.svg")

    assert rnnlab(*arguments).exit_code == 0
    assert "large-1" in Path("c.svg").read_text()
    assert (
        rnnlab(*arguments).stderr == "c.svg: the file exists; name another, or replace it with --overwrite\n"
    )
    assert rnnlab(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "line"),
    [
        ("runs/song-1", 2, "runs/song-1: expected two runs or more to compare, received one"),
        (
            "runs/song-1 a.yaml",
            2,
            "expected only configurations, or only runs; received both",
        ),
        (
            "runs/song-1 runs/text-1",
            2,
            "runs/song-1 and runs/text-1: measured on different data (the train part)",
        ),
        (
            "runs/song-1 runs/task-1",
            2,
            "runs/song-1 and runs/task-1: of different tasks (next_token and label); expected the same task",
        ),
        ("a.yaml label.yaml", 2, "a.yaml and label.yaml: of different tasks (next_token and label)"),
        ("runs/song-1 runs/none", 1, "runs/none: no such run"),
        (
            "runs/song-1 runs/song-1 --seeds 3 --set a=b",
            2,
            "--seeds and --set: runs are compared as they are",
        ),
        ("a.yaml", 2, "a.yaml: expected two configurations or more, or a YAML file that lists them"),
        ("a.yaml none.yaml", 2, "none.yaml: no such configuration"),
        ("a.yaml text.yaml", 2, "a.yaml and text.yaml: measured on different data"),
        (
            "a.yaml a.yaml --epochs 3 --seconds 2",
            2,
            "--epochs, --seconds: expected one budget; leave one of them out",
        ),
        ("a.yaml a.yaml --seconds nan", 2, "--seconds: expected a number, received nan"),
        ("a.yaml a.yaml --output a.gif", 2, "a.gif: expected a name that ends with .svg, .png, .pdf"),
        ("a.yaml a.yaml --output no/a.svg", 2, "no/a.svg: the folder no does not exist; make it first"),
        ("a.yaml a.yaml --output no/a.csv", 2, "no/a.csv: the folder no does not exist; make it first"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(rnnlab, arguments, exit_code, line):
    """Before anything is trained."""
    run_of(SONG)
    run_of(SENTENCE, name="text")
    task_run_of(LABEL)
    Path("a.yaml").write_text(SONG)
    Path("text.yaml").write_text(SENTENCE)
    Path("label.yaml").write_text(LABEL)

    answer = rnnlab("compare", *arguments.split())

    assert (answer.exit_code, answer.stdout) == (exit_code, "")
    assert answer.stderr.startswith(line)
    assert answer.stderr.count("\n") == 1


def test_without_the_extra_nothing_is_trained(rnnlab, monkeypatch):
    """Who waits for minutes wants the picture at the end of them."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    Path("a.yaml").write_text(SONG)

    answer = rnnlab("compare", "a.yaml", "a.yaml", "--output", "c.png")

    assert answer.exit_code == 1
    assert answer.stderr.endswith("pip install 'rnnlab[plot]'\n")
    assert not Path("runs").exists()


@pytest.mark.slow
def test_a_training_that_fails_is_named_and_the_others_are_compared(rnnlab, monkeypatch):
    """Whoever calls sees that not all is there. Of two at once each has the bits of one alone."""
    write_configs()

    with terminal(monkeypatch, patience=600) as screen:
        answer = rnnlab("compare", "page.yaml", "--jobs", "2", "--json", "--output", "table.csv")

    result = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert screen.shown.splitlines()[-1].startswith(
        "runs that are not in the table, since their training failed: runs/page-1/wild-seed-0: "
    )
    drawn = {line.partition(" starting")[0] for picture in screen.pictures for line in picture}
    assert {"run 1 of 2  good, seed 0 ", "run 2 of 2  wild, seed 0 "} <= drawn
    good, wild = table_of("table.csv")
    assert (good["configuration"], good["random_seed"], good["failure"]) == ("good", "0", "")
    assert (wild["configuration"], wild["run"], wild["loss"]) == ("wild", "runs/page-1/wild-seed-0", "")
    assert f"{wild['run']}: {wild['failure']}" == result["failures"][0]
    assert [each["name"] for each in result["contenders"]] == ["good"]
    assert result["failures"][0].startswith("runs/page-1/wild-seed-0: the loss")
    for kind in ("INTRA", "INTER"):
        monkeypatch.setenv(f"TF_NUM_{kind}OP_THREADS", "1")
    assert trainings.train_run(experiment(DENSE, "training.epochs=50"), Path("alone")) == ""
    assert _weights("alone") == _weights("runs/page-1/good-seed-0")


@pytest.mark.slow
def test_cells_are_trained_and_compared_at_each_length(rnnlab):
    """In processes, on generated examples: one configuration, with another cell each time."""
    Path("parity.yaml").write_text(PARITY)
    Path("cells.yaml").write_text(CELLS.replace("seeds: 2", "seeds: 1"))

    answer = rnnlab("compare", "cells.yaml", "--jobs", "2", "--json")

    result = json.loads(answer.stdout)
    assert answer.exit_code == 0, answer.stderr
    assert [each["name"] for each in result["contenders"]] == ["simple_rnn", "gru"]
    trials_of = [trial for each in result["contenders"] for trial in each["trials"]]
    assert [(trial["epochs"], trial["lengths"].keys()) for trial in trials_of] == [(1, {"8", "12"})] * 2


def _weights(run: str) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in load_trained(Path(run))[0].weights.items()}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_every_process_within_seconds(tmp_path, monkeypatch, number, code):
    """While the processes that train start up, or train; nothing of the table is printed."""
    monkeypatch.chdir(tmp_path)
    write_configs()
    command = [sys.executable, "-m", "rnnlab", "compare", "good.yaml", "good.yaml", "--epochs", "10000000"]
    process = subprocess.Popen(
        [*command, "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stderr
    assert process.stderr.readline() == "6 trainings, 2 at a time, in runs/comparison-1\n"
    time.sleep(1.0)  # two processes have been started

    process.send_signal(number)
    begun = time.monotonic()
    out, err = process.communicate(timeout=60)

    assert time.monotonic() - begun < LIMIT_SECONDS
    assert process.returncode == code
    assert out == ""
    assert err.split("\n", 1)[0] == "0 of 6 trainings are done"
    assert err.split()[-1] == "interrupted"
    assert _ends(process.pid, begun + LIMIT_SECONDS)


def test_a_failed_training_is_not_done(tmp_path, monkeypatch, capsys):
    """After Ctrl-C, only trainings with a model are counted; two are needed for a comparison."""

    def interrupted(tasks: Sequence[trainings.Task], **_: Any) -> Iterator[tuple[int, str]]:
        yield 0, ""
        yield 1, "the loss is not finite"
        raise KeyboardInterrupt

    monkeypatch.setattr(trainings, "train_runs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _train({"song": experiment(TINY)}, 3, tmp_path, 1)

    assert capsys.readouterr().err.splitlines()[-1] == "1 of 3 trainings are done"


def _ends(group: int, by: float) -> bool:
    """Whether every process of a group ends in time."""
    while time.monotonic() < by:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_commands_that_share_a_comparison_print_the_table_of_one(tmp_path, monkeypatch, rnnlab):
    """One of them is stopped; the other has all trainings, each of which was begun once."""
    monkeypatch.chdir(tmp_path)
    Path("one.yaml").write_text(DENSE)
    Path("two.yaml").write_text(DENSE.replace("units: 16", "units: 8"))
    Path("page.yaml").write_text("compare: [one.yaml, two.yaml]\nseeds: 2\nepochs: 200\n")
    words = ["compare", "page.yaml", "--jobs", "1", "--json", "--storage", "sqlite:///study.db"]
    first = subprocess.Popen(
        [sys.executable, "-m", "rnnlab", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    while not any(Path("runs/page").glob("*/events.log")):
        time.sleep(0.1)
    first.terminate()
    first.wait()

    with terminal(monkeypatch, patience=600) as screen:
        shared = rnnlab(*words)
    alone = rnnlab(*words[:-2])

    def losses(answer: Any) -> list[tuple[str, list[float]]]:
        contenders = json.loads(answer.stdout)["contenders"]
        return [(each["name"], [trial["loss"] for trial in each["trials"]]) for each in contenders]

    assert (first.returncode, shared.exit_code, alone.exit_code) == (143, 0, 0)
    assert losses(shared) == losses(alone)
    assert any("of 4  one, seed 1" in line for picture in screen.pictures for line in picture)
    logs = [path.read_text() for path in Path("runs/page").glob("*/events.log")]
    assert [log.count('"training begins"') for log in logs] == [1] * 4
