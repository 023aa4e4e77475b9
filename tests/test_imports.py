"""Commands that do not train start quickly: they never load TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rnnlab.commands import run
from tests.trained import SENTENCE, run_of

SCRIPT = """
import atexit, json, sys
from rnnlab.commands import run
code = run(sys.argv[1:])
names = {name.partition(".")[0] for name in sys.modules}
print("\\n" + json.dumps([code, sorted(names)]))
"""


def imported(*arguments: str) -> set[str]:
    """The top-level modules that a command line leaves loaded."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True
    )
    code, names = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return set(names)


@pytest.mark.parametrize(
    "line",
    [
        *("--help", "train --help", "schema", "describe sentence.yaml", "evaluate", "generate"),
        *("report", "export --output sentence.onnx"),
        *("runs", "runs show", "new sentence.txt --overwrite", "new --list", "new --example nabiya_mlp"),
        *("trace --input ship", "trace sentence.yaml --untrained --input ship"),
        "compare runs/song-1 runs/song-1",
        "replay new.txt",
    ],
)
def test_what_does_not_train_never_loads_tensorflow(tmp_path, monkeypatch, line):
    """Nor Keras, which would load it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    Path("sentence.yaml").write_text(SENTENCE)
    Path("sentence.txt").write_text(SENTENCE)
    run_of(SENTENCE)
    assert run(["generate", "--output", "new.txt"]) == 0

    assert imported(*line.split()) & {"tensorflow", "keras", "jax", "torch"} == set()


@pytest.mark.slow
def test_a_training_loads_no_library_that_keras_needs_for_others(tmp_path, monkeypatch):
    """Python names the modules as it loads them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    Path("sentence.yaml").write_text(SENTENCE)
    line = ["train", "sentence.yaml", "--set", "training.epochs=1"]

    done = subprocess.run([sys.executable, "-m", "rnnlab", *line], capture_output=True, text=True, check=True)

    rows = [row for row in done.stderr.splitlines() if row.startswith("import time")]
    loaded = [row.rpartition("|")[2].strip() for row in rows]
    assert "keras" in loaded
    # A module that is looked for in vain is named as well, but not what it would load.
    assert {"matplotlib.figure", "pandas.core", "sklearn.base"} & {*loaded} == set()


def test_the_help_loads_next_to_nothing(monkeypatch):
    """It is the first thing that anyone types."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))

    names = imported("--help")

    assert "click" in names
    assert names & {"numpy", "pydantic", "ruamel", "safetensors", "sklearn", "scipy"} == set()


def test_the_package_itself_loads_nothing(monkeypatch):
    """`import rnnlab` is free."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    script = "import sys; before = set(sys.modules); import rnnlab; print(*set(sys.modules) - before)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["rnnlab"]
