"""What to type after a training: commands for the run, as a shell takes them."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment
    from rnnlab.datasets.corpus import Corpus


def next_step(run: Path, experiment: "Experiment", corpus: "Corpus") -> str:
    """Return the commands that write with a trained run, and that measure it, in one line of a shell.

    A seed stands there where the model needs one and the configuration has none: the beginning of the data.
    """
    from rnnlab.pages.choices import beginning

    needs_seed = experiment.generation.seed is None and not corpus.has_boundaries
    seed = ["--seed", beginning(corpus, experiment.dataset.kind)] if needs_seed else []
    return f"{_line('generate', _named(run), *seed)}; {_line('evaluate', _named(run))}"


def _named(run: Path) -> str:
    """The folder as an argument, which no option begins like."""
    name = str(run)
    return f"./{name}" if name.startswith("-") else name


def _line(*words: str) -> str:
    return " ".join(["rnnlab", *map(shell_word, words)])


def shell_word(text: str) -> str:
    """Return a text as one word of a shell, without a character that cannot be seen or breaks the line."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = re.sub(r"[\\']", r"\\\g<0>", text)
    return "$'" + "".join(each if each.isprintable() else _escape(each) for each in escaped) + "'"


def _escape(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
