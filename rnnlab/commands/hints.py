"""What messages tell the user to type, as options and commands of the shell.

The core names arguments and functions of Python; `as_typed` puts options and commands in their place. The
other functions give the commands with which the user goes on. Several commands print the same ones.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.errors import Argument, Call, Part, RnnlabError, command_line, one_line, shell_word

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment
    from rnnlab.datasets.corpus import Corpus
    from rnnlab.runs.folder import RunFolder


def to_open(experiment: "Experiment", path: Path, split: str | None) -> str:
    """How to have the data opened that a model names, and the same part of it measured.

    Args:
        experiment: of the model.
        path: of its run or its file.
        split: the part that was asked for; None: the one that is measured without a name.
    """
    return f"to have it opened, write: {_with_data(experiment, path, split, recorded=True)}"


def to_find(experiment: "Experiment", path: Path, split: str | None) -> str:
    """How to measure data that is not where it was any more."""
    return f"if it lies elsewhere now, write: {_with_data(experiment, path, split, recorded=False)}"


def to_measure(experiment: "Experiment", path: Path, split: str, data: Path, *, may_open: bool) -> str:
    """How to measure a file, or a part, where the file is not the part.

    Args:
        experiment: of the model.
        path: of its run or its file.
        split: the part that was asked for.
        data: the file.
        may_open: whether data that the model names is opened.
    """
    hint = f"to measure all of it, write: {command_line('evaluate', path, '--data', data)}"
    files = experiment.dataset.files
    if may_open and experiment.dataset.has_part(split):
        return f"{hint}; to measure the {split} part: {command_line('evaluate', path, '--split', split)}"
    if split != "train" and len(files.get(split, ())) == 1:
        part = _with_data(experiment, path, split, recorded=True)
        return f"{hint}; to measure the {split} part: {part}"
    return hint


def of_unfinished(run: "RunFolder") -> str:
    """The note on a run in which no epoch has ended, with the command that resumes it."""
    command = command_line("train", "--resume", run.path)
    return f"{run.path}: no epoch has ended in this run, so its weights are hardly trained; go on: {command}"


def to_compare(folder: Path, *, done: int, of: int) -> str:
    """How to compare what a comparison had trained when it was interrupted."""
    rest = f"; compare those with: {command_line('compare', folder)}" if done > 1 else ""
    return f"{done} of {of} trainings are done{rest}"


def to_train(run: "RunFolder | None") -> str:
    """How to have a run of one's own of a stranger's configuration."""
    from rnnlab.runs.layout import CONFIG

    if run is None:
        return "name its run folder instead"
    return f"to have a run of your own, write: {command_line('train', run.path / CONFIG)}"


def _with_data(experiment: "Experiment", path: Path, split: str | None, *, recorded: bool) -> str:
    """The command that measures a part of a model's data, of which the file is named."""
    from rnnlab.evaluation.selection import named_by_file

    file, part = named_by_file(experiment, split)
    data = file if recorded and file else "FILE"
    return command_line("evaluate", path, "--data", data, *(["--split", part] if part else []))


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


def next_step(run: Path, experiment: "Experiment", corpus: "Corpus") -> str:
    """Return the commands that write with a trained run, and that measure it, in one line of a shell.

    A seed stands there where the model needs one and the configuration has none: the beginning of the data.
    """
    seed: list[str] = []
    if experiment.generation.seed is None and not corpus.has_boundaries:
        from rnnlab.suggestions.choices import beginning

        seed = ["--seed", beginning(corpus, experiment.dataset.kind)]
    return f"{command_line('generate', run, *seed)}; {command_line('evaluate', run)}"
