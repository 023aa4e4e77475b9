"""`rnnlab runs`: the list on any terminal, one run, and removal after a question."""

import csv
import io
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

from rnnlab.runs.lock import locked
from rnnlab.terminal.text import width_of
from tests.reports.comparisons import comparison_of
from tests.reports.studies import study_of
from tests.runs.listed import finished, metrics_of
from tests.trained import SONG, STREAM

LISTED = """\
run       begun             model         parameters  epochs       loss  accuracy  free run  state
stream-1  2026-03-01 10:00  simple_rnn 8         548     3/3  2.5 valid    0.7500       8/9  done
song-1    2026-02-01 10:00  lstm 6               416     3/3  1.5 train    0.7500       8/9  done
"""


@pytest.fixture(autouse=True)
def _in_utc():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def test_the_list_has_a_row_for_each_run(rnnlab):
    """Newest first."""
    finished(at="2026-02-01T10:00:00+00:00")
    finished("stream", text=STREAM)

    answer = rnnlab("runs")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout == LISTED


@pytest.mark.parametrize(
    ("width", "header"),
    [
        (200, "run begun model parameters epochs loss accuracy free run state"),
        (80, "run begun model epochs loss state"),
        (72, "run begun epochs loss state"),
        (60, "run epochs loss state"),
        (40, "run epochs loss state"),
        (25, "run state"),
    ],
)
def test_the_list_fits_the_terminal(rnnlab, monkeypatch, width, header):
    """What says least is left out first, and names are cut in the middle; wide letters count as two."""
    finished("나비야나비야나비야나비야")
    monkeypatch.setenv("COLUMNS", str(width))

    lines = rnnlab("runs").stdout.splitlines()

    assert lines[0].split() == header.split()
    assert max(map(width_of, lines)) <= width
    assert lines[1].endswith("done")
    assert ("…" in lines[1]) == (width <= 40)
    assert lines[1].split()[0].endswith("-1")


def test_a_pipe_gets_all_of_the_list(rnnlab, monkeypatch):
    """Whoever reads it has no width."""
    monkeypatch.delenv("COLUMNS")
    finished("long-" * 30)

    assert "long-" * 30 + "-1" in rnnlab("runs").stdout


def test_what_is_wrong_stands_below_the_list(rnnlab, monkeypatch):
    """A line each, and the exit code is that of a list."""
    monkeypatch.setenv("COLUMNS", "200")
    finished()
    Path("runs/empty").mkdir()
    Path("runs/song-1/history.csv").write_text("x")

    answer = rnnlab("runs")

    assert answer.exit_code == 0
    _, first, second, blank, *problems = answer.stdout.splitlines()
    assert {first.split()[-1], second.split()[-1], blank} == {"run", "damaged", ""}
    assert sorted(problems) == [
        "runs/empty: not a run folder (it holds no config.yaml)",
        "runs/song-1/history.csv:1: expected the columns epoch,loss,accuracy,validation_loss,"
        "validation_accuracy,learning_rate,seconds, received 'x'; restore the file from a copy",
    ]


def test_the_list_as_json(rnnlab):
    """One object, with the fields that scripts rely on."""
    finished()

    (run,) = json.loads(rnnlab("runs", "--json").stdout)["runs"]

    assert run == {
        "run": "runs/song-1",
        "state": "done",
        "owner": None,
        "begun": "2026-03-01T10:00:00+00:00",
        "dataset": "notes",
        "task": "next_token",
        "model": {"kind": "lstm", "units": [6]},
        "parameters": 416,
        "epochs": {"done": 3, "wanted": 3},
        "seconds": 3.5,
        "best": {"epoch": 3, "loss": 1.5, "split": "train"},
        "evaluation": {"split": "train", "accuracy": 0.75, "free_running": {"correct": 8, "length": 9}},
        "comparison": None,
        "study": None,
        "problems": [],
    }


def test_the_list_as_csv(rnnlab):
    """A row for each run under the names of the JSON; what a run lacks is empty."""
    finished()
    Path("runs/empty, of all").mkdir()

    answer = rnnlab("runs", "--csv")

    rows = {row["run"]: row for row in csv.DictReader(io.StringIO(answer.stdout, newline=""))}
    song = rows["runs/song-1"]
    assert (song["model.kind"], song["model.units"], song["parameters"]) == ("lstm", "6", "416")
    assert (song["best.loss"], song["evaluation.free_running.correct"], song["study.best"]) == (
        "1.5",
        "8",
        "",
    )
    assert "holds no config.yaml" in rows["runs/empty, of all"]["problems"]
    assert answer.stdout.count("\r\n") == 3


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("--csv --json", "--json, --csv: expected one form; leave one of them out"),
        ("--csv show", "--csv prints the list of runs; leave show out"),
    ],
)
def test_csv_is_a_form_of_the_list_only(rnnlab, typed, message):
    """Nothing is shown."""
    answer = rnnlab("runs", *typed.split())

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert message in answer.stderr


def test_no_runs_are_said(rnnlab):
    """Not in the result: that is empty."""
    assert rnnlab("runs").stdout == ""
    assert rnnlab("runs").stderr == "no run yet in runs/; train one first: rnnlab train CONFIG\n"
    assert json.loads(rnnlab("runs", "--json").stdout) == {"runs": []}


@pytest.mark.parametrize("named", [[], ["runs/song-1"], ["song-1"], ["runs/latest"]])
def test_one_run_is_shown(rnnlab, named):
    """By its path, as it is listed, or as the newest."""
    finished()

    lines = rnnlab("runs", "show", *named).stdout.splitlines()

    assert "state        done" in lines
    assert "begun        2026-03-01 10:00, 3.5 s of training" in lines
    assert "model        lstm 6 on notes; 416 parameters" in lines
    assert "kept         epoch 3, train loss 1.5 nats per token" in lines
    assert "evaluated    train: accuracy 0.7500; free running 8 of 9 right" in lines
    assert lines[-1].endswith("2026-03-01T10:00:00+00:00 training ends after 3 epochs, 3.500 s")
    assert not any(line.startswith("snapshots") for line in lines)


def test_the_epochs_of_snapshots_are_shown(rnnlab):
    """Of the files in `snapshots/`."""
    run = finished()
    (run.path / "snapshots").mkdir()
    for epoch in ("00000001", "00002000"):
        (run.path / f"snapshots/epoch-{epoch}.safetensors").touch()

    assert "snapshots    of epochs 1, 2,000" in rnnlab("runs", "show").stdout.splitlines()
    assert json.loads(rnnlab("runs", "show", "--json").stdout)["snapshots"] == [1, 2000]


def test_one_run_as_json(rnnlab):
    """The fields of the list, and whole files."""
    run = finished()

    shown = json.loads(rnnlab("runs", "show", "--json").stdout)

    listed = json.loads(rnnlab("runs", "--json").stdout)["runs"][0]
    assert {**shown, **listed} == shown
    assert shown["metrics"] == metrics_of(run)
    assert shown["sizes"]["model.safetensors"] == run.model_path.stat().st_size
    assert len(shown["events"]) == 2


def test_a_run_elsewhere_is_shown_too(rnnlab):
    """`--run-dir` may have made it."""
    finished().path.rename("mine")

    assert rnnlab("runs", "show", "mine").stdout.startswith("run          mine\nstate        done\n")


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Be a terminal at which someone answers."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def asked(prompt):
        sys.stderr.write(prompt)
        return answer

    monkeypatch.setattr("click.termui.visible_prompt_func", asked)


def test_runs_are_removed_when_the_user_says_so(rnnlab, monkeypatch):
    """With how much there is to lose in the question."""
    finished(), finished()
    answering(monkeypatch, "y")

    answer = rnnlab("runs", "remove", "runs/song-1", "song-2", "runs/song-1")

    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "remove runs/song-1, runs/song-2 (" in answer.stderr
    assert answer.stderr.endswith("removed runs/song-1\nremoved runs/song-2\n")
    assert os.listdir("runs") == []


@pytest.mark.parametrize("said", ["n", ""])
def test_nothing_is_removed_when_the_user_does_not(rnnlab, monkeypatch, said):
    """No is the answer that return gives."""
    finished()
    answering(monkeypatch, said)

    answer = rnnlab("runs", "remove", "runs/song-1")

    assert (answer.exit_code, Path("runs/song-1").exists()) == (1, True)
    assert answer.stderr.endswith("nothing was removed\n")


def test_nobody_to_ask_is_a_refusal(rnnlab):
    """A script says that it means it."""
    finished()

    answer = rnnlab("runs", "remove", "runs/song-1")

    assert (answer.exit_code, Path("runs/song-1").exists()) == (2, True)
    assert (
        answer.stderr
        == "rnnlab runs remove: cannot ask, since stdin is no terminal; add --yes to remove without asking\n"
    )
    assert rnnlab("runs", "remove", "runs/song-1", "--yes").exit_code == 0
    assert not Path("runs/song-1").exists()


def test_all_are_checked_before_one_is_removed(rnnlab):
    """A mistyped name costs nothing."""
    finished()

    answer = rnnlab("runs", "remove", "runs/song-1", "runs/sogn-2", "--yes")

    assert (answer.exit_code, Path("runs/song-1").exists()) == (1, True)
    assert answer.stderr == "runs/sogn-2: no such run; expected a run folder in runs/\n"


def test_a_run_that_is_being_trained_stays(rnnlab):
    """Whatever was said."""
    run = finished()

    with locked(run.path):
        answer = rnnlab("runs", "remove", "runs/song-1")  # refused before it is a question

    assert (answer.exit_code, run.path.exists()) == (1, True)
    assert answer.stderr.startswith(f"runs/song-1: is being trained by process {os.getpid()} on ")


def test_json_before_a_command_is_refused(rnnlab):
    """It would be lost; the message names what the command can do."""
    show, remove = rnnlab("runs", "--json", "show"), rnnlab("runs", "--json", "remove", "runs/song-1")

    assert [(answer.exit_code, answer.stdout) for answer in (show, remove)] == [(2, "")] * 2
    assert show.stderr.startswith("rnnlab runs: --json comes after the command")
    assert remove.stderr.startswith("rnnlab runs: remove prints no JSON; leave --json out")


def test_a_comparison_is_listed_as_one(rnnlab, monkeypatch):
    """With how much it compares, and how much of that is done, until its results are there."""
    monkeypatch.setenv("COLUMNS", "160")
    run = finished()
    folder = Path("runs/page-1")
    for number, name in enumerate(("small-seed-0", "large-seed-0", "small-seed-1")):
        run.path.parent.joinpath("page-1").mkdir(exist_ok=True)
        shutil.copytree(run.path, folder / name)
        if number == 2:
            (folder / name / "events.log").write_text("2026-03-01T11:00:00+00:00 training begins\n")

    (during,) = [line for line in rnnlab("runs").stdout.splitlines() if line.startswith("page-1")]
    (folder / "comparison.json").write_text("{}")
    (after,) = [line for line in rnnlab("runs").stdout.splitlines() if line.startswith("page-1")]
    listed = json.loads(rnnlab("runs", "--json").stdout)["runs"]

    assert re.split("  +", during)[1] == "2026-03-01 10:00"
    assert "2 configurations, 3 runs" in during
    assert during.endswith("comparison, 2 of 3 done")
    assert after.endswith("comparison")
    (entry,) = [each for each in listed if each["run"] == "runs/page-1"]
    assert (entry["state"], entry["problems"]) == ("comparison", [])
    entries = entry["comparison"].pop("entries")
    assert entry["comparison"] == {"configurations": ["large", "small"], "runs": 3, "done": 2}
    assert [each["run"].rpartition("/")[2] for each in entries] == [
        "large-seed-0",
        "small-seed-0",
        "small-seed-1",
    ]


def test_the_runs_of_a_comparison_are_below_it(rnnlab, monkeypatch):
    """Indented, by configuration and random seed, with their figures; at most 20 of them."""
    monkeypatch.setenv("COLUMNS", "200")
    run = finished()
    for seed in (10, 9, *range(2, 9), *range(11, 25)):
        shutil.copytree(run.path, Path(f"runs/page-1/small-seed-{seed}"))
    shutil.rmtree(run.path)

    lines = rnnlab("runs").stdout.splitlines()
    (entry,) = json.loads(rnnlab("runs", "--json").stdout)["runs"]

    assert [line.split()[0] for line in lines[1:5]] == ["page-1", *(f"small-seed-{n}" for n in (2, 3, 4))]
    assert lines[2].startswith("  small-seed-2  ")
    assert lines[2].endswith("done")
    assert "3/3" in lines[2]
    assert lines[-1].strip() == "… 3 more runs"
    assert len(lines) == 1 + 1 + 20 + 1
    assert [each["run"] for each in entry["comparison"]["entries"]][:2] == [
        "runs/page-1/small-seed-2",
        "runs/page-1/small-seed-3",
    ]
    assert len(entry["comparison"]["entries"]) == 23


def test_a_damaged_run_of_a_comparison_is_named_below_the_list(rnnlab, monkeypatch):
    """As one that lies in runs/ itself."""
    monkeypatch.setenv("COLUMNS", "200")
    run = finished()
    shutil.copytree(run.path, Path("runs/page-1/small-seed-0"))
    Path("runs/page-1/small-seed-0/history.csv").write_text("what")

    answer = rnnlab("runs")

    assert "runs/page-1/small-seed-0/history.csv" in answer.stdout.splitlines()[-1]


def test_a_comparison_is_shown(rnnlab):
    """With its verdict, what to do next, and its runs."""
    comparison_of(SONG, folder=Path("runs/page-1"))

    answer = rnnlab("runs", "show", "page-1")
    shown = json.loads(rnnlab("runs", "show", "page-1", "--json").stdout)
    Path("runs/page-1/comparison.json").unlink()
    before = rnnlab("runs", "show", "runs/page-1").stdout

    assert re.search(r"compares +large, small", answer.stdout)
    assert re.search(r"verdict +Running free, ", answer.stdout)
    assert "rnnlab report runs/page-1" in answer.stdout
    assert "large-seed-1" in answer.stdout
    assert shown["comparison"]["configurations"] == ["large", "small"]
    assert "none yet; to compare the networks that are trained: rnnlab compare runs/page-1" in " ".join(
        before.split()
    )


def test_a_comparison_is_no_run(rnnlab):
    """Whoever names one where a run is expected is told what it is."""
    run = finished()
    shutil.copytree(run.path, Path("runs/page-1/small-seed-0"))

    answer = rnnlab("evaluate", "runs/page-1")

    assert answer.exit_code == 1
    assert answer.stderr == ("runs/page-1: a comparison, not a run; expected one of the runs in its folder\n")


def test_a_study_is_listed_as_one(rnnlab):
    """With the best value, the trials that have ended of those to come, and what is searched."""
    study_of(Path("runs/names-1"))

    (line,) = [line for line in rnnlab("runs").stdout.splitlines() if line.startswith("names-1")]
    (entry,) = json.loads(rnnlab("runs", "--json").stdout)["runs"]

    assert "settings of names.yaml" in line
    assert "1.75 best" in line
    assert line.endswith("study, 4 of 40 ended")
    assert (entry["state"], entry["problems"], entry["epochs"]["wanted"]) == ("study", [], None)
    assert entry["study"] == {
        "config": "configs/names.yaml",
        "measure": "loss",
        "trials": {"ended": 4, "wanted": 40, "training": 0},
        "best": 1.75,
        "best_run": "runs/names-1/trial-0001",
    }


def test_a_study_is_shown(rnnlab):
    """With its best run and the command that shows all trials; a trial in training is counted."""
    study_of(Path("runs/names-1"))
    running = Path("runs/names-1/trial-0004")
    running.mkdir()
    (running / "config.yaml").touch()

    with locked(running):
        answer = rnnlab("runs", "show", "names-1")
    shown = json.loads(rnnlab("runs", "show", "names-1", "--json").stdout)

    assert "4 of 40 ended, 1 trial in training now (process" in answer.stdout
    assert "best run  runs/names-1/trial-0001" in answer.stdout
    assert "rnnlab report runs/names-1" in answer.stdout
    assert shown["study"]["best_run"] == "runs/names-1/trial-0001"


STUDY_AS_A_RUN = [
    "evaluate runs/names-1",
    "evaluate runs/names-1 --folds 2",
    "generate runs/names-1",
    "describe runs/names-1",
    "trace runs/names-1",
    "export runs/names-1 --output model.onnx",
    "predict runs/names-1 abcd",
    "plot runs/names-1 --output p.svg",
    "compare runs/names-1",
    "train --resume runs/names-1",
]


@pytest.mark.parametrize("typed", STUDY_AS_A_RUN)
def test_a_study_is_no_run(rnnlab, typed):
    """Whoever names one where a run is expected is told what it is, and which run is the best."""
    study_of(Path("runs/names-1"))
    then = {
        "compare": "; to see all trials: rnnlab report runs/names-1",
        "train": "; to go on with the study: rnnlab sweep runs/names-1",
    }

    answer = rnnlab(*typed.split())

    assert answer.exit_code in {1, 2}
    assert answer.stderr.splitlines()[-1] == (
        "runs/names-1: the study of a sweep, not a run; its best run is runs/names-1/trial-0001"
        + then.get(typed.split()[0], "")
    )
