"""In Python a message names arguments and functions; on the command line, options and commands."""

from collections.abc import Callable
from pathlib import Path

import pytest

import rnnlab
from rnnlab.commands import run as typed
from rnnlab.errors import Call, RnnlabError, UsageError
from tests.trained import SONG, STREAM, run_of

MLP = """
dataset: {kind: text, inline: "the quick brown fox jumps over the lazy dog", window: 4, target: next}
model: {kind: mlp, units: 4}
training: {batching: windows, batch_size: 1}
"""

CASES: dict[str, tuple[Callable[[], object], str, list[str], str]] = {
    "no run": (
        rnnlab.load_run,
        "train one first: rnnlab.train('CONFIG'), or name a model file",
        ["evaluate"],
        "train one first: rnnlab train CONFIG, or name a model file",
    ),
    "setting": (
        lambda: rnnlab.load_config("page.yaml", set={"model.units": 0}),
        "model.units: expected 1 or more",
        ["describe", "page.yaml", "--set", "model.units=0"],
        "--set model.units: expected 1 or more",
    ),
    "setting of a resumed run": (
        lambda: rnnlab.resume(made(SONG), set={"training.epochs": 0}),
        "training.epochs: expected 1 or more",
        ["train", "--resume", "--set", "training.epochs=0"],
        "--set training.epochs: expected 1 or more",
    ),
    "run folder": (
        lambda: rnnlab.train("page.yaml", run_dir="full"),
        "full: run_dir must name a new or an empty folder",
        ["train", "page.yaml", "--run-dir", "full"],
        "full: --run-dir must name a new or an empty folder",
    ),
    "seed": (
        lambda: made(SONG).generate(seed="|"),
        "seed: expected at least one token",
        ["generate", "--seed", "|"],
        "--seed: expected at least one token",
    ),
    "no seed": (
        lambda: made(STREAM).generate(),
        "give a seed, e.g.: seed=' '",
        ["generate"],
        "give a seed, e.g.: --seed ' '",
    ),
    "stop": (
        lambda: made(STREAM).generate(seed="the", stop="fox"),
        "stop: expected one token, received 3",
        ["generate", "--seed", "the", "--stop", "fox"],
        "--stop: expected one token, received 3",
    ),
    "unknown stop": (
        lambda: made(STREAM).generate(seed="the", stop="Z"),
        "stop: ",
        ["generate", "--seed", "the", "--stop", "Z"],
        "--stop: ",
    ),
    "temperature": (
        lambda: made(STREAM).generate(seed="the", temperature=-1),
        "generate: temperature: expected 0 or more",
        ["generate", "--seed", "the", "--temperature", "-1"],
        "rnnlab generate: Invalid value for '--temperature'",
    ),
    "part": (
        lambda: made(SONG).evaluate("test"),
        "split='test': the data has no such part, only train",
        ["evaluate", "--split", "test"],
        "--split test: the data has no such part, only train",
    ),
    "part of other data": (
        lambda: made(SONG).evaluate("test", data="other.notes"),
        "to measure all of it: evaluate(data='other.notes')",
        ["evaluate", "--split", "test", "--data", "other.notes"],
        "to measure all of it, write: rnnlab evaluate runs/song-1 --data other.notes",
    ),
    "data that is gone": (
        lambda: made(GONE).evaluate(),
        "if the data lies elsewhere now: evaluate(data='FILE')",
        ["evaluate"],
        "if the data lies elsewhere now, write: rnnlab evaluate runs/song-1 --data FILE",
    ),
    "format": (
        lambda: made(SONG).export("song.x"),
        "expected a name that ends with .keras, .onnx or .html, or a format",
        ["export", "--output", "song.x"],
        "expected a name that ends with .keras, .onnx or .html, or a --format",
    ),
    "file that is there": (
        lambda: made(SONG).export("there.onnx"),
        "name another, or replace it with overwrite=True",
        ["export", "--output", "there.onnx"],
        "name another, or replace it with --overwrite",
    ),
    "state": (
        lambda: made(MLP).export("song.onnx", state=True),
        "state: an mlp has no state",
        ["export", "--output", "song.onnx", "--state"],
        "--state: an mlp has no state",
    ),
    "name": (lambda: rnnlab.train("page.yaml", name="a/b"), "name: expected a name without a folder", [], ""),
}

GONE = SONG.replace("inline: g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4", "path: song.notes")


def made(text: str) -> rnnlab.Run:
    """The run of a YAML text, with random weights; what it was trained on may be gone since."""
    path = run_of(text).path
    if text == GONE:
        Path("song.notes").unlink()
    return rnnlab.load_run(path)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a page, a file of notes, a folder and a file that are in the way."""
    monkeypatch.chdir(tmp_path)
    Path("page.yaml").write_text(SONG)
    Path("song.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4")
    Path("other.notes").write_text("g8 g8 g4 g8 e8 e4 f8 d8 d4 c8 d8 e8 f8")
    Path("full").mkdir()
    for file in ("full/file", "there.onnx"):
        Path(file).touch()


@pytest.mark.parametrize("case", CASES)
def test_a_message_is_said_as_one_types(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same failure in Python, without a flag, and on the command line."""
    fails, in_python, words, on_the_command_line = CASES[case]

    with pytest.raises(RnnlabError) as raised:
        fails()
    code = typed(words) if words else 1

    assert in_python in str(raised.value)
    assert " --" not in f" {raised.value}"
    assert "rnnlab train" not in str(raised.value)
    assert code in {1, 2}
    assert on_the_command_line in capsys.readouterr().err


def test_how_to_go_on_is_said_as_one_types(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call in Python, a command on the command line, also of a folder with a space in its name."""
    error = UsageError("stopped; go on with: ", Call("resume", "runs/my song-1"))

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("rnnlab.commands.cli.main", fail)

    assert str(error) == "stopped; go on with: rnnlab.resume('runs/my song-1')"
    assert typed(["train"]) == 2
    assert capsys.readouterr().err == "stopped; go on with: rnnlab train --resume 'runs/my song-1'\n"
