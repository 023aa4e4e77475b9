"""What shells complete, by Click's protocol for each, and in bash itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rnnlab.commands import COMMANDS, run
from tests.needs import needs

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Two runs, a study, a comparison, something that is none, and pages here and in a folder."""
    monkeypatch.chdir(tmp_path)
    for folder in (
        "runs/song-1",
        "runs/text-1",
        "runs/names-1",
        "runs/both-1/song-seed-0",
        "runs/empty",
        "configs",
    ):
        Path(folder).mkdir(parents=True)
    pages = ("song.yaml", "configs/나비.yaml", "configs/two words.yaml", "configs/a.yml", "configs/a.txt")
    for name in (
        *pages,
        "runs/song-1/config.yaml",
        "runs/text-1/config.yaml",
        "runs/names-1/study.json",
        "runs/both-1/song-seed-0/config.yaml",
        "lines.txt",
    ):
        Path(name).touch()
    for age, name in enumerate(("runs/both-1", "runs/song-1", "runs/text-1", "runs/names-1")):
        os.utime(name, (1e9 + age, 1e9 + age))


def completed(monkeypatch, capsys, shell: str, *words: str) -> list[str]:
    """What a shell is offered for the last of the words, with nothing on stderr."""
    line = " ".join(["rnnlab", *words])
    monkeypatch.setenv("_RNNLAB_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words)))
    capsys.readouterr()
    code = run([])
    out, err = capsys.readouterr()
    assert err == ""
    assert code == (0 if out else 1)
    lines = out.rstrip("\n").splitlines()
    if shell == "zsh":
        return [f"{kind},{value}" for kind, value in zip(lines[::3], lines[1::3], strict=True) if kind]
    return [line.partition("\t")[0] for line in lines if line]


CASES = [
    (["ev"], ["plain,evaluate"]),
    (["runs", ""], ["plain,remove", "plain,show"]),
    (["evaluate", "--sp"], ["plain,--split"]),
    (["evaluate", "--split", ""], ["plain,train", "plain,validation", "plain,test"]),
    (["evaluate", "r"], ["plain,runs/text-1", "plain,runs/song-1"]),
    (["generate", "runs/s"], ["plain,runs/song-1"]),
    (["train", "--resume", "runs/"], ["plain,runs/text-1", "plain,runs/song-1"]),
    (["runs", "show", "runs/t"], ["plain,runs/text-1"]),
    (["runs", "remove", "runs/text-1", "runs/s"], ["plain,runs/song-1"]),
    (["train", ""], ["plain,configs/a.yml", "plain,configs/나비.yaml", "plain,song.yaml"]),
    (["train", "configs/a"], ["plain,configs/a.yml"]),
    (["train", "./s"], ["file,./s"]),
    (["describe", "s"], ["plain,song.yaml"]),
    (["describe", "r"], ["plain,runs/text-1", "plain,runs/song-1"]),
    (["evaluate", "elsewhere/m"], ["file,elsewhere/m"]),
    (["evaluate", "--data", "so"], ["file,so"]),
    (["report", ""], [f"plain,runs/{name}-1" for name in ("names", "text", "song", "both")]),
    (["report", "runs/b"], ["plain,runs/both-1"]),
    (["runs", "show", "runs/b"], ["plain,runs/both-1"]),
    (["evaluate", "runs/b"], ["file,runs/b"]),
    (["report", "runs/n"], ["plain,runs/names-1"]),
    (["runs", "show", "runs/n"], ["plain,runs/names-1"]),
    (["evaluate", "runs/n"], ["file,runs/n"]),
    (["sweep", "s"], ["plain,song.yaml"]),
    (["sweep", "l"], ["plain,lines.txt"]),
    (["sweep", "configs/a"], ["plain,configs/a.yml", "plain,configs/a.txt"]),
    (["sweep", "runs/"], ["plain,runs/names-1"]),
    (["sweep", "elsewhere/s"], ["file,elsewhere/s"]),
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("words", "offered"), CASES, ids=" ".join)
def test_a_shell_is_offered_what_may_come(monkeypatch, capsys, shell, words, offered):
    """Commands, options, parts, runs (newest first) and pages; files where there is none of them."""
    assert completed(monkeypatch, capsys, shell, *words) == offered


def test_the_experiments_that_ship_are_offered(monkeypatch, capsys):
    """By their names, for `new --example`."""
    offered = completed(monkeypatch, capsys, "bash", "new", "--example", "hi")

    assert [line.rpartition(",")[2] for line in offered] == ["hihello_lstm", "hihello_lstm_headless"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_offered(monkeypatch, capsys, shell):
    """In the order of the help."""
    assert completed(monkeypatch, capsys, shell, "") == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("words", [["trian", "x"], ["runs", "shwo", "x"]])
def test_a_mistake_on_the_line_says_nothing(monkeypatch, capsys, shell, words):
    """It would stand in the middle of what is being typed."""
    assert completed(monkeypatch, capsys, shell, *words) == []


@pytest.mark.parametrize("asked", ["bash_complete", "bash_nonsense", "nonsense", "tcsh_source"])
def test_a_broken_question_says_nothing(monkeypatch, capsys, asked):
    """As when a script of another version asks, or none of the variables is there."""
    monkeypatch.setenv("_RNNLAB_COMPLETE", asked)
    for name in ("COMP_WORDS", "COMP_CWORD"):
        monkeypatch.delenv(name, raising=False)

    assert run(["train"]) == 1
    assert capsys.readouterr() == ("", "")


def test_folders_that_cannot_be_read_say_nothing(monkeypatch, capsys):
    """A file where `runs` should be, and a folder that is nobody's."""
    shutil.rmtree("runs")
    Path("runs").touch()
    Path("configs").chmod(0)

    assert completed(monkeypatch, capsys, "bash", "evaluate", "r") == ["file,r"]
    assert "plain,song.yaml" in completed(monkeypatch, capsys, "bash", "train", "")
    Path("configs").chmod(0o755)


IMPORTED = """
import atexit, json, sys
from rnnlab.commands import run
code = run([])
print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("line", ["rnnlab ", "rnnlab train ", "rnnlab evaluate r", "rnnlab runs remove r"])
def test_completion_loads_next_to_nothing(monkeypatch, line):
    """It is waited for at a press of a key; with all commands loaded too."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    words = line.split(" ")
    question = {"_RNNLAB_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}

    done = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | question,
    )

    names = set(json.loads(done.stdout.splitlines()[-1]))
    assert names & {"numpy", "pydantic", "ruamel", "safetensors", "sklearn", "tensorflow", "keras"} == set()


def command_on_the_path(folder: Path) -> dict[str, str]:
    """The environment in which a shell finds `rnnlab`."""
    folder.mkdir()
    command = folder / "rnnlab"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rnnlab "$@"\n')
    command.chmod(0o755)
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": root, "LC_ALL": "C.UTF-8"}


def in_shell(shell: str, script: str, folder: Path) -> list[str]:
    """The lines that a shell prints, with the completion of `rnnlab` loaded as the documentation says."""
    arguments = {"bash": ["--norc", "-c"], "zsh": ["-fc"], "fish": ["--no-config", "-c"]}[shell]
    done = subprocess.run(
        [shell, *arguments, script],
        capture_output=True,
        text=True,
        check=False,
        env=command_on_the_path(folder),
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


BASH = """
eval "$(_RNNLAB_COMPLETE=bash_source rnnlab)"
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _rnnlab_completion rnnlab
    echo "${COMPREPLY[*]}"
}
complete -p rnnlab
ask rnnlab runs ""
ask rnnlab train --resume runs/s
ask rnnlab train conf
ask rnnlab trian conf
"""


@needs("bash")
def test_bash_itself_completes(tmp_path):
    """The function that Click's script defines fills in what it is asked for."""
    lines = in_shell("bash", BASH, tmp_path / "bin")

    assert lines == [
        "complete -o nosort -F _rnnlab_completion rnnlab",
        "remove show",
        "runs/song-1",
        "configs/a.yml configs/나비.yaml",
        "",
    ]


FISH = """
_RNNLAB_COMPLETE=fish_source rnnlab | source
complete -C "rnnlab train --resume runs/s"
complete -C "rnnlab train conf"
"""


@needs("fish")
def test_fish_itself_completes(tmp_path):
    """By its own command for that; files come beside what rnnlab offers."""
    lines = in_shell("fish", FISH, tmp_path / "bin")

    assert lines == ["runs/song-1", "configs/a.yml", "configs/나비.yaml"]


ZSH = """
compdef() { : }; compadd() { print -l -- $completions }; _describe() { : }
eval "$(_RNNLAB_COMPLETE=zsh_source rnnlab)"
words=(rnnlab train --resume runs/s); CURRENT=4; _rnnlab_completion
words=(rnnlab train conf); CURRENT=3; _rnnlab_completion
"""


@needs("zsh")
def test_zsh_itself_completes(tmp_path):
    """What the function hands to zsh's own `compadd`."""
    assert in_shell("zsh", ZSH, tmp_path / "bin") == ["runs/song-1", "configs/a.yml", "configs/나비.yaml"]
