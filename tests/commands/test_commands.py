"""The table of commands, their help, and errors as one line and an exit code."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

import rnnlab as package
from rnnlab import commands
from rnnlab.commands import COMMANDS, cli
from rnnlab.errors import Interrupted
from tests.trained import SENTENCE, SONG, STREAM, run_of

NOT_COMMANDS = {
    *("__init__", "arguments", "collapse_results", "comparison_results", "cross_validation", "csv_output"),
    *("evaluation_results", "fold_results", "folder_rows"),
    *("generation_results", "hints", "influence", "interactive", "originality_results", "output", "own_data"),
    *("sample_files", "steering_options", "sweep_results", "task_results", "task_trace", "untrained_model"),
}


def loaded(name: str) -> click.Command:
    """The command of a name."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def test_the_table_lists_exactly_the_commands_there_are():
    """A command is a module with a `command` in it."""
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}

    assert COMMANDS.keys() == modules - NOT_COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says_of_itself(name):
    """The help of all is not another text than the help of each, up to a detail after a colon."""
    own = loaded(name).help.split("\n\n")[0]

    assert own.partition(":")[0].rstrip(".") == COMMANDS[name].rstrip(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_an_example(rnnlab, name):
    """A whole line that can be typed as it stands, and a word for each option."""
    answer = rnnlab(name, "--help")

    assert answer.exit_code == 0
    assert f"\n  rnnlab {name}" in answer.stdout.partition("Usage:")[2].partition("\n")[2]
    options = [parameter for parameter in loaded(name).params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_the_help_lists_every_command(rnnlab, arguments):
    """With its line of the table."""
    answer = rnnlab(*arguments)

    assert answer.exit_code == 0
    assert all(f"  {name:<8}  {line}" in answer.stdout for name, line in COMMANDS.items())


def test_no_arguments_show_the_help_and_are_wrong_use(rnnlab):
    """It goes to stderr, since it is not a result."""
    answer = rnnlab()

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Usage: rnnlab ")


def test_the_version_is_the_packages(rnnlab):
    """One place says it."""
    assert rnnlab("--version").stdout == f"rnnlab, version {package.__version__}\n"


def test_the_module_runs_like_the_command():
    """`python -m rnnlab` gives the exit code to the shell."""
    done = subprocess.run(
        [sys.executable, "-m", "rnnlab", "trian"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "rnnlab: no such command 'trian'; did you mean 'train'? (see rnnlab --help)\n"


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (Interrupted("stopped; all saved", 2), 130, "stopped; all saved\n"),
        (Interrupted("stopped; all saved", 15), 143, "stopped; all saved\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_interruption_has_the_exit_code_of_its_signal(rnnlab, monkeypatch, error, exit_code, line):
    """128 + the signal, as shells expect."""

    def interrupted():
        raise error

    monkeypatch.setattr("rnnlab.config.schema.json_schema", interrupted)
    answer = rnnlab("schema")

    assert (answer.exit_code, answer.stdout, answer.stderr.lstrip("\n")) == (exit_code, "", line)


def test_a_bug_keeps_its_traceback(rnnlab, monkeypatch):
    """It is not dressed up as a mistake of the user."""

    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr("rnnlab.config.schema.json_schema", broken)

    with pytest.raises(ZeroDivisionError):
        rnnlab("schema")


@pytest.fixture
def folder(rnnlab):
    """A working folder with runs, configurations and data, good and bad."""
    run_of(SENTENCE, name="text")
    run_of(STREAM, name="stream")
    damaged = run_of(SONG, name="damaged")
    data = bytearray(damaged.model_path.read_bytes())
    data[-1] ^= 1
    damaged.model_path.write_bytes(data)
    run_of(SONG)
    Path("song.yaml").write_text(SONG)
    Path("unknown_note.yaml").write_text(SONG.replace("d8 d4", "d8 h4"))
    Path("no_duration.yaml").write_text(SONG.replace("d8 d4", "d8 d"))
    Path("empty.yaml").touch()
    Path("empty.txt").touch()
    Path("latin.txt").write_bytes(b"caf\xe9")
    Path("other.txt").write_text("if Zou")
    Path("no_run").mkdir()
    return rnnlab


@pytest.mark.parametrize(
    ("line", "exit_code", "message"),
    [
        ("describe gone.yaml", 2, "gone.yaml: no such configuration; expected a YAML file"),
        ("train gone.yaml", 2, "gone.yaml: no such configuration; expected a YAML file"),
        ("describe empty.yaml", 2, "empty.yaml: the file is empty; expected sections"),
        ("describe song.yaml --set model.unit=3", 2, "--set model.unit: unknown key; did you mean 'units'?"),
        ("train song.yaml --set model.units=-1", 2, "--set model.units: expected 1 or more, received -1"),
        (
            "describe song.yaml --set model.units=1000000000",
            2,
            "--set model.units: expected at most 16,384, received 1000000000",
        ),
        ("train song.yaml --set training.epochs=x", 2, "--set training.epochs: expected an integer, "),
        ("describe song.yaml --set model.units", 2, "--set model.units: expected KEY.PATH=VALUE"),
        ("describe unknown_note.yaml", 1, "dataset.inline:1:16: 'h4': in this notation h is written 'b'"),
        ("describe no_duration.yaml", 1, "dataset.inline:1:16: 'd': the duration is missing"),
        (
            "describe song.yaml --set dataset.window=99",
            1,
            "the train part is too short: dataset.window 99 and a target need 100 tokens",
        ),
        ("describe song.yaml --set model.head=none", 2, "--set model.head: none: the last layer's units"),
        ("describe no_run", 1, "no_run: not a run folder (it holds no config.yaml)"),
        ("evaluate no_run", 1, "no_run: not a run folder (it holds no config.yaml)"),
        ("generate gone", 1, "gone: no such run; expected a run folder or a model file; in runs/ there are"),
        ("generate runs/damaged-1", 1, "runs/damaged-1/model.safetensors: the model file is damaged ("),
        ("evaluate runs/damaged-1", 1, "runs/damaged-1/model.safetensors: the model file is damaged ("),
        ("generate song.yaml", 1, "song.yaml: not a model file; expected the model.safetensors"),
        ("generate runs/song-1 --seed h8", 1, "seed:1:1: 'h8': in this notation h is written 'b'"),
        ("generate runs/song-1 --seed g", 1, "seed:1:1: 'g': the duration is missing"),
        ("generate runs/song-1 --seed b4", 1, "seed:1:1: note 'b4' is not in the vocabulary ("),
        ("generate runs/text-1 --seed Q", 1, "seed:1:1: character 'Q' is not in the vocabulary ("),
        ("generate runs/text-1 --stop if", 2, "--stop: expected one token, received 2: 'if'"),
        ("generate runs/text-1 --stop Q", 2, "--stop: stop:1:1: character 'Q' is not in the vocabulary"),
        ("generate runs/stream-1", 2, "no seed: the configuration has no generation.seed; give a seed, e.g."),
        ("generate runs/song-1 --temperature nan", 2, "rnnlab generate: Invalid value for '--temperature': "),
        ("generate runs/song-1 --temperature -1", 2, "rnnlab generate: Invalid value for '--temperature':"),
        ("generate runs/song-1 --top-p nan", 2, "rnnlab generate: Invalid value for '--top-p': nan"),
        ("generate runs/song-1 --length 0", 2, "rnnlab generate: Invalid value for '--length': 0"),
        ("evaluate runs/text-1 --data gone.txt", 1, "gone.txt: no such file"),
        ("evaluate runs/text-1 --data empty.txt", 1, "empty.txt: the file is empty"),
        ("evaluate runs/text-1 --data latin.txt", 1, "latin.txt:1: not UTF-8 (byte 0xe9 at offset 3)"),
        ("evaluate runs/text-1 --data other.txt", 1, "other.txt:1:4: character 'Z' is not in the vocabulary"),
        ("evaluate runs/text-1 --split test", 2, "--split test: the data has no such part, only train"),
        ("evaluate runs/text-1 --folds 3 --split train", 2, "rnnlab evaluate: --folds measures all data"),
        ("evaluate runs/text-1 --jobs 2", 2, "rnnlab evaluate: --jobs is the number of folds"),
        ("evaluate runs/text-1 --folds 1", 2, "rnnlab evaluate: Invalid value for '--folds': 1"),
        ("describe", 2, "rnnlab describe: Missing argument 'CONFIG|RUN'."),
        ("describe song.yaml --jsno", 2, "rnnlab describe: No such option '--jsno'."),
        ("frobnicate", 2, "rnnlab: no such command 'frobnicate'; there are new, train, "),
        ("--nope", 2, "rnnlab: No such option '--nope'."),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(folder, line, exit_code, message):
    """On stderr, with exit code 1 or 2, and nothing on stdout that a pipe would take for a result."""
    answer = folder(*line.split())

    assert (answer.exit_code, answer.stdout) == (exit_code, "")
    assert answer.stderr.startswith(message)
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.endswith("\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--a\nb"], "rnnlab: No such option '--a\\nb'. (see rnnlab --help)\n"),
        (["describe", "a\nb.yaml"], "a\\nb.yaml: no such configuration; expected a YAML file, e.g. configs/"),
        (
            ["describe", "song.yaml", "--set", "a\x1b[2J=1"],
            "--set a\\x1b[2J: unknown key; there are dataset, ",
        ),
        (["evaluate", "runs/text-1", "--data", "a\nb"], "a\\nb: no such file; check the path"),
    ],
)
def test_what_was_typed_is_quoted_in_one_line(folder, arguments, line):
    """Whatever is in it."""
    answer = folder(*arguments)

    assert answer.stderr.startswith(line)
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["evaluate", "generate"])
def test_no_run_yet_is_one_line(rnnlab, command):
    """With the command that makes one."""
    answer = rnnlab(command)

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "no run yet in runs/; train one first: rnnlab train CONFIG, or name a model file\n"
    )


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 120])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_help_fits_the_terminal(rnnlab, monkeypatch, name, columns):
    """All but the examples, which are lines to copy, and what is one word."""
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = rnnlab(*filter(None, [name]), "--help").stdout.splitlines()

    wide = [line for line in lines if len(line) > columns and not line.startswith("  rnnlab ")]
    assert [line for line in wide if len(line.split()) > 2] == []
