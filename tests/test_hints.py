"""What a message tells to type works when it is typed, in a shell, exactly as it is printed."""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnnlab.commands import run
from rnnlab.commands.hints import as_typed, to_compare
from rnnlab.errors import RunError, command_line, shell_word
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import EpochRecord
from rnnlab.training.saves import Saves
from rnnlab.training.session import Session
from tests.hints import AWKWARD, HINTS, PACKAGE, Hint, hints_of, pattern_of, printed_commands
from tests.needs import needs
from tests.trained import SENTENCE, SONG, STREAM, run_of

ROOT = PACKAGE.parent

ELSEWHERE = {
    "commands/__init__.py": "the name of an option",
    "config/reference.py": "the page on the configuration, whose commands test_docs.py runs",
    "config/dataset.py": "the description of a key",
    "training/folds.py": "test_folds.py, since a cross-validation trains",
    "api/training.py": "a pattern that finds `--set` in messages",
    "extras.py": "a library that is missing",
    "suggestions/yaml_file.py": "remarks in a page, which test_new.py reads",
    "processes.py": "a process that the system kills",
    "reports/overview.py": "a command in a report, made by command_line",
    "tracing/page.py": "CSS, and a title",
    "runs/folder.py": "test_folder.py: no run; a folder that holds files, or cannot be written",
    "runs/layout.py": "test_folder.py: test_without_any_run_the_message_says_how_to_train_one",
    "training/checkpoints.py": "no hint, but what wrote a file",
    "unicode_text.py": "test_unicode_text.py",
    "no run yet in runs/; train one first: rnnlab train CONFIG": "the same test as for runs/folder.py",
    "{}: {}; tensorboard --logdir {}": "another program",
    "…    {} more; --full shows all": "test_describe.py: a mark below a table that was cut",
    "damaged: not what rnnlab evaluate wrote": "no hint, but what wrote a file",
    "commands/interactive.py": "test_interactive.py, at a terminal",
    "commands/new.py": "test_new_example.py: FILE is to be filled in",
    "{}: not replaced; name another --output": "a question on a terminal, which test_new.py answers",
    "{} numbers to draw, expected at most {}; choose fewer --units or --steps": "test_trace.py",
    "--meter is for notes, and {} writes text; leave --meter out": "test_tasks.py: a run of from_label",
    "{} cells to draw, expected at most {}; choose fewer --steps": "test_task_trace.py",
    "tokens {} to {} of {}; --steps chooses others": "test_task_trace.py",
    "--json: {} numbers, expected at most {}; give a shorter --input": "test_trace.py",
    (
        "--input: too long: {} steps of {} values each; of this model at most {} steps are traced at once"
    ): "test_trace.py",
}
"""Files, or texts in them, that are no hints or that other tests provoke, and why."""

WORDS = [
    "a", "two words", "it's", '"', "$HOME", "`id`", "\\", "*", "~", "#", "!", "a;b", "a&b", "a|b", "(a)",
    "<a>",
    "-dash", "--flag", "", " ", "\n", "\t", "\r", "a\nb'c\\d", "나비야 ", "\u200b", "\u2028",
    "\x1b[0m", "\x7f",
    "\x03", "é", "e\u0301", "😀", "%s", "{a,b}", "=x", "[1]", "a\n1", "\\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, pages and runs of every kind, the pages with awkward names; each test works in a copy."""
    folder = tmp_path_factory.mktemp("hints") / "workspace"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _write_files()
        run_of(SONG)
        run_of(STREAM, name="stream")
        run_of(SENTENCE, name="windows")
        run_of(SENTENCE, "generation.seed=null", name="unseeded")
        run_of(
            "dataset: {kind: notes, path: tunes, unit: line, window: 2}\nmodel: {kind: lstm, units: 3}\n",
            name="lines",
        )
        mlp = "dataset: {kind: text, inline: if you want to build a ship, window: 5, target: next}\n"
        run_of(mlp + "model: {kind: mlp, units: 4}\ntraining: {batching: windows}\n", name="mlp")
        _make_strangers()
        filed = f"other/{AWKWARD} filed"
        assert run(["generate", filed, "--seed", "the ", "--length", "5", "--output", "stranger.txt"]) == 0
        assert run(["generate", "runs/song-1", "--output", "made.mid"]) == 0
    return folder


def _write_files() -> None:
    text = "the quick brown fox jumps over the lazy dog, and the lazy dog jumps over it\n" * 20
    page = "dataset: {kind: text, path: text.txt, window: 8}\nmodel: {kind: lstm, units: 2}\n"
    page += "training: {epochs: 1}\n"
    Path("text.txt").write_text(text)
    Path("song.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4\n" * 3)
    Path("tunes").mkdir()
    for number in range(3):
        Path(f"tunes/{number}.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8\n" * 9)
    Path(f"{AWKWARD}.yaml").write_text(page)
    Path(f"{AWKWARD} pair.yaml").write_text(f"compare: [{json.dumps(AWKWARD + '.yaml')}, b.yaml]\nseeds: 1\n")
    Path("b.yaml").write_text(page.replace("units: 2", "units: 3"))
    Path("broken.yaml").write_text("")
    Path("many.yaml").write_text("".join(f"key{number}: 1\n" for number in range(1100)))
    Path("there").mkdir()
    for name in ("there/file", "taken.mid", "taken.svg", "taken.html", "taken.onnx", "taken.vocabulary.json"):
        Path(name).write_text("mine")
    assert run(["convert", "song.notes", "song.mid"]) == 0


def _make_strangers() -> None:
    """Runs that lie elsewhere, or whose data is gone; one that has just begun, and one with a history."""
    filed = "dataset: {kind: text, path: text.txt, window: 8}\nmodel: {kind: lstm, units: 2}\n"
    parts = filed.replace("window", "split: {kind: files, test: last.txt}, window")
    Path("last.txt").write_text("the quick brown fox jumps over the dog\n")
    Path("gone.txt").write_text("the quick brown fox jumps over the dog\n")
    for name, page in (("filed", filed), ("parts", parts), ("gone", filed.replace("text.txt", "gone.txt"))):
        run = run_of(page, name=name)
        if name != "gone":
            Path("other").mkdir(exist_ok=True)
            shutil.move(run.path, Path("other", f"{AWKWARD} {name}"))
    Path("gone.txt").unlink()
    names = ",".join(field.name for field in fields(EpochRecord))
    Path("runs/song-1/history.csv").write_text(f"{names}\n")
    row = ",".join(["1", *["0.5"] * (len(fields(EpochRecord)) - 1)])
    Path("runs/stream-1/history.csv").write_text(f"{names}\n{row}\n")


@pytest.fixture
def here(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the workspace, to work in."""
    shutil.copytree(workspace, tmp_path / AWKWARD, symlinks=True)
    monkeypatch.chdir(tmp_path / AWKWARD)
    monkeypatch.setenv("COLUMNS", "60")
    return tmp_path / AWKWARD


def words_of(command: str) -> list[str]:
    """The arguments of an `rnnlab` command as bash reads them."""
    function = 'rnnlab() { printf "%s\\0" "$@"; }\n'
    answer = subprocess.run(["bash", "-ec", function + command], capture_output=True, check=True)
    return os.fsdecode(answer.stdout).split("\0")[:-1]


def in_shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in bash, in which `rnnlab` is this one."""
    function = f'rnnlab() {{ "{sys.executable}" -m rnnlab "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", function + command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def printed(capsys: pytest.CaptureFixture[str], typed: str) -> str:
    """What a command line prints."""
    capsys.readouterr()
    run(shlex.split(typed))
    return "".join(capsys.readouterr())


@needs("bash")
@pytest.mark.parametrize("hint", HINTS, ids=lambda hint: hint.typed)
def test_what_a_message_tells_to_type_works(here, capsys, monkeypatch, hint: Hint):
    """The commands that it prints, as they are printed; or the command with the flag that it names."""
    message = printed(capsys, hint.typed)

    commands = [f"rnnlab {hint.then}"] if hint.then else printed_commands(message)

    assert commands, message
    for command in commands:
        monkeypatch.setattr("sys.stdin", io.StringIO())
        if command.startswith("rnnlab compare"):  # starts processes that train
            answer = in_shell(command)
            assert answer.returncode == 0, (message, command, answer.stderr)
        else:
            assert run(words_of(command)) == 0, (message, command, capsys.readouterr())


def test_every_message_that_names_a_command_or_a_flag_has_a_row(here, capsys, monkeypatch):
    """Each text of the package that does is in a message that a row of `HINTS` prints, or in `ELSEWHERE`."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    messages = [printed(capsys, hint.typed) for hint in HINTS] + list(rare_messages())
    seen = " ".join(" ".join(message.split()) for message in messages)

    missing = [
        f"{place}: {hint}"
        for place, hint in hints_of(PACKAGE)
        if not {hint, place.partition(":")[0]} & ELSEWHERE.keys()
        and not re.fullmatch(
            r" ?--[a-z][a-z-]*( [0-9]+)? ?", hint
        )  # a flag alone, of a message that is put together
        and not pattern_of(" ".join(hint.split())).search(seen)
    ]

    assert not missing, "\n".join(missing)


def rare_messages() -> Iterator[str]:
    """What is printed after a signal, or on a full disk."""
    run = RunFolder(Path(f"{AWKWARD} run"))
    yield to_compare(run.path, done=2, of=3)
    saves, error = SimpleNamespace(_run=run, _kept=0), RunError("x: cannot write; do")
    yield as_typed(Saves._stopped(saves, error, 3))  # type: ignore[arg-type]
    session = SimpleNamespace(run=run, _note=lambda sentence, state: None)
    yield as_typed(Session._interrupted(session, SimpleNamespace(was_left=True, epochs=0), 2))  # type: ignore[arg-type]


@needs("bash")
@pytest.mark.parametrize(
    "first", ["\n", "\t", " ", "!", '"', "$", "&", "'", "*", "-", "\\", "`", "나", "\u2028"]
)
def test_the_printed_seed_is_one_that_the_model_knows(tmp_path, monkeypatch, capsys, first):
    """`--seed $'\\n'` is a line break; what else a shell would take for something of its own is quoted."""
    monkeypatch.chdir(tmp_path)
    inline = json.dumps(first * 18)
    page = f"dataset: {{kind: text, window: 2, inline: {inline}}}\nmodel: {{kind: gru, units: 2}}\n"
    run_of(page, name="text")

    for command, flag in (("generate", "--seed"), ("trace", "--input")):
        message = printed(capsys, f"{command} runs/text-1")
        flags = message[message.index(f"e.g.: {flag}") + 6 :].strip()

        assert words_of(f"rnnlab {flags}") == [flag, first]
        assert run(words_of(f"rnnlab {command} runs/text-1 {flags}")) == 0


def test_without_any_run_the_message_says_how_to_train_one(tmp_path, monkeypatch, capsys):
    """CONFIG stands for a page, such as the first that `new` writes."""
    monkeypatch.chdir(tmp_path)

    for typed in ("evaluate", "runs"):
        message = printed(capsys, typed)
        assert printed_commands(message) == ["rnnlab train CONFIG"]


@needs("bash")
def test_a_message_after_an_interruption_names_the_run_for_a_shell():
    """Whatever the run is called."""
    for message in rare_messages():
        (command,) = printed_commands(message)
        assert words_of(command)[-1] == f"{AWKWARD} run"


@pytest.mark.parametrize("word", WORDS)
def test_any_text_is_one_word_of_a_shell(word):
    """Bash gives it back, to the last character; and nothing in it moves a terminal."""
    typed = shell_word(word)
    answer = subprocess.run(["bash", "-c", f"printf %s {typed}"], capture_output=True, check=True)

    assert answer.stdout.decode() == word
    assert typed.isprintable()


def test_a_name_that_is_no_unicode_is_a_word_too():
    """Its bytes are spelled out."""
    typed = f"printf %s {shell_word(os.fsdecode(bytes([99, 0xE9])))}"
    answer = subprocess.run(["bash", "-c", typed], capture_output=True, check=True)

    assert answer.stdout == bytes([99, 0xE9])


def test_a_path_is_never_an_option():
    """A dash at its beginning would make it one."""
    assert command_line("describe", Path("-a.yaml")) == "rnnlab describe ./-a.yaml"
