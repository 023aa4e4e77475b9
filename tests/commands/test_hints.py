"""What `rnnlab train` says to type next: valid in a shell, for the run that was trained."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from rnnlab.commands import run
from rnnlab.commands.hints import next_step
from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.corpus import load_corpus
from tests.needs import needs
from tests.trained import SENTENCE, SONG, STREAM, run_of

PAGE = """
dataset: {kind: notes, inline: "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4", window: 4, target: next}
model: {kind: lstm, units: 4, stateful: true}
training: {batching: windows, batch_size: 1, epochs: 1}
"""

LINES = """
dataset: {kind: text, inline: "one boat\\ntwo boats\\nno boat\\n", unit: line, split: {kind: none}}
model: {kind: lstm, units: 4}
"""


def said(text: str, folder: str = "runs/song-1") -> str:
    """The next step after a training of a YAML text."""
    experiment = parse_experiment(text, name="page.yaml", folder=Path.cwd())
    return next_step(Path(folder), experiment, load_corpus(experiment.dataset))


def words_in_a_shell(line: str) -> list[str]:
    """The arguments that bash makes of a line, a command each."""
    script = f"rnnlab() {{ printf '%s\\0' \"$@\" ';'; }}; {line}"
    printed = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True).stdout
    return printed.split("\0")[:-1]


def test_training_ends_with_what_comes_next(rnnlab):
    """One line on stderr, the last; with --quiet there is none."""
    Path("my song.yaml").write_text(PAGE)

    answer, quiet = rnnlab("train", "my song.yaml"), rnnlab("train", "my song.yaml", "--quiet")

    assert answer.stderr.splitlines()[-1] == (
        "next: rnnlab generate 'runs/my song-1' --seed 'g8 e8 e4 f8'; rnnlab evaluate 'runs/my song-1'"
    )
    assert quiet.stderr == ""
    assert "next" not in answer.stdout


@pytest.mark.parametrize("text", [SONG, SENTENCE, STREAM, LINES])
def test_what_is_said_works_as_it_stands(rnnlab, text):
    """With a seed where the configuration has none, and the model needs one."""
    made = run_of(text)

    line = said(text, str(made.path))

    for command in line.split("; "):
        words = shlex.split(command)
        assert (words[0], run(words[1:])) == ("rnnlab", 0)


@needs("bash")
@pytest.mark.parametrize(
    "beginning",
    ["The 'boat' ", '"$HOME" `ls` \\\\', "-x --y", "a\tb\u200bc", "나비야 ü", "*?[a] {b,c}", "!!"],
)
def test_a_seed_is_one_word_of_a_shell(beginning):
    """Whatever characters the data begins with; bash gives it back, and the line is one line."""
    text = (
        f"dataset: {{kind: text, inline: {json.dumps(beginning + 'zz')}}}\nmodel: {{kind: lstm, units: 1}}\n"
    )

    line = said(text)

    generate = words_in_a_shell(line)
    seed = generate[generate.index("--seed") + 1]
    inline = parse_experiment(text, name="page.yaml", folder=Path.cwd()).dataset.inline or ""
    assert seed
    assert inline.startswith(seed)
    assert line.isprintable()


@needs("bash")
@pytest.mark.parametrize("folder", ["a b", "it's", "-run", "ünï\ncode", "half \udcff", "$(x)"])
def test_a_folder_is_one_word_of_a_shell(folder):
    """Also one whose name looks like an option, or is not UTF-8."""
    line = said(SONG, folder)

    script = f"rnnlab() {{ printf '%s\\0' \"$@\"; }}; {line}"
    printed = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    named = printed.decode(errors="surrogateescape").split("\0")[1]
    assert named.removeprefix("./") == folder
    assert not named.startswith("-")
    assert line.isprintable()
