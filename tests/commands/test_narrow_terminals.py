"""Every command that prints a table, on narrow terminals: no line is too wide, and no number is broken."""

import re
from pathlib import Path

import pytest

from rnnlab.commands.fold_results import task_folds_rows
from rnnlab.commands.sweep_results import sweep_rows
from rnnlab.evaluation.example_measurement import evaluate_task
from rnnlab.evaluation.fold_measures import TaskCrossValidation
from rnnlab.terminal.tables import facts_table
from rnnlab.terminal.text import width_of
from tests.keeping import keeping
from tests.reports.studies import study_of
from tests.runs.listed import finished
from tests.trained import SENTENCE, SONG, STREAM, run_of
from tests.trained_tasks import FROM_LABEL, LABEL, PAIRS, PARITY, TAGS, task_run_of, trained_task

WIDTHS = (40, 80, 100)

NOTE = re.compile(r"no room for the columns? .* shows all")
"""The line on columns that are left out: the width in it is not in a table of any width."""


def figures(text: str) -> set[str]:
    """The words of a text that hold a digit, without signs around them; a name that was cut is none."""
    words = (word.strip("().,:;[]") for word in NOTE.sub("", " ".join(text.split())).split())
    return {word for word in words if any(letter.isdigit() for letter in word) and "…" not in word}


def check(text: str, wide: str, width: int) -> None:
    """A text fits a width, and has only figures that the text for a wide terminal has."""
    assert [line for line in text.splitlines() if width_of(line) > width] == []
    assert figures(text) <= figures(wide)


def task_run(page: str) -> None:
    task_run_of(page, name="a_task_with_a_long_name")


def songs() -> None:
    """Two runs of networks with other sizes."""
    run_of(SONG, name="a_song_with_a_long_name")
    run_of(SONG, "model.units=[123, 45]", name="another_song_with_a_long_name")


def cells() -> None:
    """Two cells on parity with two random seeds each, as `compare` leaves them."""
    for kind in ("simple_rnn", "gru"):
        for seed in (0, 1):
            changed = (f"model.kind={kind}", f"training.random_seed={seed}", "training.epochs=1")
            task_run_of(PARITY.replace("[8, 12]", "[8, 12, 16, 32, 64]"), *changed, name=f"{kind}-seed")


def listed() -> None:
    """A run that is done, a study, and a folder that is no run."""
    finished("a_long_name_of_a_run")
    study_of(Path("runs/a_study-1"))
    Path("runs/empty").mkdir()


RUN, OTHER = "runs/a_song_with_a_long_name-1", "runs/another_song_with_a_long_name-1"

COMMANDS = {
    "runs": (listed, ("runs",)),
    "runs show": (listed, ("runs", "show", "a_long_name_of_a_run-1")),
    "runs show STUDY": (listed, ("runs", "show", "a_study-1")),
    "evaluate": (songs, ("evaluate", RUN)),
    "evaluate --per-token": (songs, ("evaluate", RUN, "--per-token")),
    "evaluate, labels": (lambda: task_run(LABEL), ("evaluate", "--split", "test")),
    "evaluate, tags": (lambda: task_run(TAGS), ("evaluate",)),
    "evaluate, pairs": (lambda: task_run(PAIRS), ("evaluate",)),
    "evaluate, from a label": (lambda: task_run(FROM_LABEL), ("evaluate",)),
    "evaluate, exercise": (lambda: task_run(PARITY), ("evaluate", "--split", "test")),
    "compare": (songs, ("compare", RUN, OTHER)),
    "compare, exercise": (
        cells,
        ("compare", *(f"runs/{kind}-seed-{n}" for kind in ("gru", "simple_rnn") for n in (1, 2))),
    ),
    "describe": (lambda: Path("a.yaml").write_text(SENTENCE), ("describe", "a.yaml")),
    "describe, stream": (lambda: Path("a.yaml").write_text(STREAM), ("describe", "a.yaml", "--full")),
    "describe, task": (lambda: Path("a.yaml").write_text(LABEL), ("describe", "a.yaml")),
    "new --list": (lambda: None, ("new", "--list")),
    "trace": (songs, ("trace", RUN, "--input", "g8 e8 e4 f8")),
    "trace --influence": (songs, ("trace", RUN, "--influence")),
    "generate --originality": (
        lambda: keeping(run_of(STREAM)),
        ("generate", "--seed", "the", "--samples", "3", "--originality", "--temperature", "1"),
    ),
}
"""What is made before each command, and what is typed."""


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_fits_the_terminal(rnnlab, monkeypatch, name):
    """At 40, 80 and 100 columns, against what it prints on a terminal of 1,000.

    Of a trace, the table below the heat maps, which are drawn with other numbers on a narrow terminal.
    """
    prepare, typed = COMMANDS[name]
    prepare()
    printed = {}
    for width in (1000, *WIDTHS):
        monkeypatch.setenv("COLUMNS", str(width))
        answer = rnnlab(*typed)
        assert answer.exit_code == 0, answer.stderr
        shown = answer.stderr if "--originality" in typed else answer.stdout
        printed[width] = shown[max(shown.find("Next token"), 0) :]

    for width in WIDTHS:
        check(printed[width], printed[1000], width)


@pytest.mark.parametrize("name", ["folds", "sweep"])
def test_rows_of_facts_fit_the_terminal(tmp_path, monkeypatch, name):
    """Those that only a training gives: of folds, and of a sweep, whose settings have long names."""
    monkeypatch.chdir(tmp_path)
    if name == "sweep":
        rows = sweep_rows(study_of(Path("runs/a_study-1")), None)
    else:
        fold = evaluate_task(trained_task(PAIRS, Path.cwd()), split="test", beam=1)
        rows = task_folds_rows(TaskCrossValidation((fold, fold)))
    printed = {}
    for width in (1000, *WIDTHS):
        monkeypatch.setenv("COLUMNS", str(width))
        printed[width] = facts_table(rows)

    for width in WIDTHS:
        check(printed[width], printed[1000], width)
