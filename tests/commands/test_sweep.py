"""`rnnlab sweep`: what it refuses, what it finds, and that a study goes on where it stood."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from rnnlab.config.reading import read_any
from rnnlab.runs.folder import RunFolder
from rnnlab.sweeps.results import read_results
from tests.needs import needs
from tests.postgres import Server
from torture.studies import WORDS, Hammer

BASE = """
dataset: {kind: text, path: words.txt, unit: line, window: 8, split: {kind: sequences, validation: 0.2}}
model: {kind: simple_rnn, units: 4}
training: {epochs: 3, batch_size: 4, optimizer: {name: adam, learning_rate: 0.01}}
"""
SPACE = """
sweep: base.yaml
space:
  model.kind: [simple_rnn, gru]
  model.units: {integer: [2, 8]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and its data; the processes that train have one thread."""
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text(WORDS)
    Path("base.yaml").write_text(BASE)
    return tmp_path


def sweep(text: str) -> str:
    """Write a sweep; return its name."""
    Path("sweep.yaml").write_text(text)
    return "sweep.yaml"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "space: {model.units: [2]}\ntrials: 1",
            "sweep.yaml: expected a sweep, with the keys sweep (a configuration) and space (the settings to"
            " vary), received one configuration",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: [2]}",
            "sweep.yaml:1:1: expected a budget: trials, seconds or both",
        ),
        (
            "sweep: base.yaml\nspace: {model.unit: [2]}\ntrials: 1",
            "sweep.yaml:2:9: model.unit: unknown key; did you mean 'units'?",
        ),
        (
            "sweep: base.yaml\nspace: {model.kind: [lstm, gro]}\ntrials: 1",
            "sweep.yaml:2:9: model.kind: expected one of simple_rnn, lstm, gru, mlp, received 'gro'",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: {integer: [8, 2]}}\ntrials: 1",
            "sweep.yaml:2:22: space.model.units: expected the lower end first, received 8 before 2",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: {float: [0, 2], log: true}}\ntrials: 1",
            "sweep.yaml:2:22: space.model.units: log needs a lowest number above 0, and no step",
        ),
        (
            "sweep: base.yaml\nspace: {model.dropout: {float: [0, 1], when: {model.kind: lstm}}}\ntrials: 1",
            "sweep.yaml:1:1: space.model.dropout.when: expected a key above it, received model.kind",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: [2]}\nsampler: grid\ntrials: 3",
            "sweep.yaml:1:1: a grid has as many trials as combinations; leave trials out",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: [2]}\npruning: hard\ntrials: 3",
            "sweep.yaml:3:10: pruning: expected none, median, halving or wilcoxon, received 'hard'",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: [2]}\nobjective: {measure: los}\ntrials: 3",
            "sweep.yaml:3:22: objective.measure: expected loss, bits_per_token, perplexity, token_error_r",
        ),
        (
            "sweep: base.yaml\nspace: {model.units: [2]}\nobjective: {measure: macro_f1}\ntrials: 3",
            "sweep.yaml:3:22: objective.measure: task next_token has no macro_f1; it has loss, bits_per_tok",
        ),
        ("sweep: none.yaml\nspace: {model.units: [2]}\ntrials: 1", "none.yaml: no such file; check the path"),
    ],
)
def test_a_mistake_has_its_place(rnnlab: Any, text: str, line: str) -> None:
    """Before anything is trained, and no folder is made."""
    answer = rnnlab("sweep", sweep(text))

    assert answer.exit_code == (1 if "no such file" in line else 2)
    assert answer.stderr.startswith(line)
    assert len(answer.stderr.splitlines()) == 1
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("words.yaml",), "words.yaml: no such file; check the path"),
        (
            ("sweep.yaml", "--study", "one"),
            "--study names a study in a database; give --storage too",
        ),
        (
            ("sweep.yaml", "--storage", "here"),
            "--storage: expected postgresql://USER@HOST/DATABASE or sqlite",
        ),
        (
            ("sweep.yaml", "--storage", "sqlite:///a.db", "--study", "a/b"),
            "a/b: expected a name of a study wit",
        ),
        (("runs",), "runs: "),
    ],
)
def test_wrong_arguments_are_one_line(rnnlab: Any, arguments: tuple[str, ...], line: str) -> None:
    """With what is wrong, and what to do."""
    sweep(SPACE + "trials: 2\n")

    answer = rnnlab("sweep", *arguments)

    assert answer.exit_code in {1, 2}
    assert answer.stderr.splitlines()[-1].startswith(line)
    assert len(answer.stderr.splitlines()) == 1


def test_data_without_a_validation_set_is_refused(rnnlab: Any) -> None:
    """A search needs something to measure that was not trained on."""
    Path("base.yaml").write_text(BASE.replace("{kind: sequences, validation: 0.2}", "{kind: none}"))

    answer = rnnlab("sweep", sweep(SPACE + "trials: 2\n"))

    assert answer.exit_code == 1
    assert answer.stderr == (
        "base.yaml: a sweep needs a validation set, and the data has none; set dataset.split, or"
        " objective.folds in the sweep\n"
    )


@pytest.mark.slow
def test_a_search_ends_with_a_configuration(rnnlab: Any) -> None:
    """The best of the trials, each of which is a run; the first has the values of the configuration."""
    answer = rnnlab("sweep", sweep(SPACE + "trials: 3\n"), "--workers", "1", "--json")

    assert answer.exit_code == 0, answer.stderr
    found, results = json.loads(answer.stdout), read_results(Path("runs/sweep-1"))
    assert (found["trials"], found["failed"]) == (3, 0)
    assert found["first_guess"]["values"] == {"model.kind": "simple_rnn", "model.units": "4"}
    values = [each.value for each in results.trials if each.value is not None]
    assert found["best"]["value"] == min(values)
    best = read_any(Path("runs/sweep-1/best.yaml"))
    assert best == RunFolder(Path(found["best"]["run"])).load_any_model().experiment
    assert f"model.units={found['best']['values']['model.units']}" == f"model.units={best.model.units[0]}"
    assert [each.attempts for each in results.trials] == [1] * 3


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["file", pytest.param("server", marks=needs("PostgreSQL"))])
def test_a_study_whose_commands_are_killed_loses_nothing(tmp_path: Path, storage: str) -> None:
    """Each trial ends, once; a command that is stopped by SIGTERM has saved what it trained."""
    (tmp_path / "hammer").mkdir()
    server = Server() if storage == "server" else None
    try:
        if server:
            server.start()
        hammer = Hammer(tmp_path / "hammer", server and server.url, trials=5, epochs=200)
        outcome = hammer.run(commands=2, kills=1, within=8.0, rng=random.Random(os.getpid()))
    finally:
        if server:
            server.remove()

    assert outcome.wrong == ()
    assert len(outcome.results.trials) == 5
