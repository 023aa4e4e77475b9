"""Messages of the core for those who type commands: arguments are options, functions are commands."""

from pathlib import Path

from rnnlab.errors import Argument, Call, Part, RnnlabError, one_line
from rnnlab.shell import shell_word

COMMANDS = {"train": "rnnlab train", "resume": "rnnlab train --resume"}
"""What one types for a function of the Python interface."""


def as_typed(error: RnnlabError) -> str:
    """Return the message of an error with the options and commands of its arguments and functions."""
    if not any(isinstance(part, Argument | Call) for part in error.parts):
        return str(error)
    return one_line("".join(map(_typed, error.parts)))


def _typed(part: Part) -> str:
    if isinstance(part, Argument):
        option = f"--{part.name.replace('_', '-')}"
        is_alone = part.value is None or part.value is True
        return option if is_alone else f"{option} {shell_word(str(part.value))}"
    if isinstance(part, Call):
        return f"{COMMANDS[part.function]} {shell_word(Path(part.argument))}"
    return part
