"""Remedies in messages: options and commands that the user can type in a shell.

The core names arguments and functions of Python; `as_typed` puts options and commands in their place. The
other functions give the commands with which the user goes on. Several commands print the same ones.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.errors import Argument, Call, Part, RnnlabError, command_line, one_line, shell_word

if TYPE_CHECKING:
    from rnnlab.config.reading import AnyExperiment
    from rnnlab.config.schema import Experiment
    from rnnlab.datasets.corpus import Corpus
    from rnnlab.datasets.examples import TaskData
    from rnnlab.runs.folder import RunFolder


def to_open(experiment: "AnyExperiment", path: Path, split: str | None) -> str:
    """Return a remedy: the command that opens the data that a model names, and measures the same part.

    Args:
        experiment: the experiment of the model.
        path: the run or the model file.
        split: the part to measure; None for the default part.
    """
    return f"to have it opened, write: {_with_data(experiment, path, split, recorded=True)}"


def to_find(experiment: "AnyExperiment", path: Path, split: str | None) -> str:
    """Return a remedy: the command that measures data that was moved, with FILE for its present path."""
    return f"if the data lies elsewhere now, write: {_with_data(experiment, path, split, recorded=False)}"


def to_measure(experiment: "AnyExperiment", path: Path, split: str, data: Path, *, may_open: bool) -> str:
    """Return a remedy if a file is not the part to measure: the command that measures the whole file.

    If the part can be opened, or is one recorded file, the text also has the command that measures the part.

    Args:
        experiment: the experiment of the model.
        path: the run or the model file.
        split: the part that the user asked for.
        data: the file that the user named.
        may_open: whether the data that the model names may be opened.
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
    """Return the note on a run in which no epoch has ended, with the command that resumes it."""
    command = command_line("train", "--resume", run.path)
    return f"{run.path}: no epoch has ended in this run, so its weights are hardly trained; go on: {command}"


def to_compare(folder: Path, *, done: int, of: int) -> str:
    """Return how many trainings of an interrupted comparison are done.

    If two or more are done, the text also has the command that compares them.
    """
    rest = f"; compare these runs with: {command_line('compare', folder)}" if done > 1 else ""
    return f"{done} of {of} trainings are done{rest}"


def to_train(run: "RunFolder | None") -> str:
    """Return a remedy: the command that trains the configuration of another person's run anew.

    For a model file (None), the remedy is to name its run folder.
    """
    from rnnlab.runs.layout import CONFIG

    if run is None:
        return "name its run folder instead"
    return f"to have a run of your own, write: {command_line('train', run.path / CONFIG)}"


def _with_data(experiment: "AnyExperiment", path: Path, split: str | None, *, recorded: bool) -> str:
    """Return the `evaluate` command for a part of the data, with the recorded file or with the word FILE."""
    from rnnlab.evaluation.selection import named_by_file

    file, part = named_by_file(experiment, split)
    data = file if recorded and file else "FILE"
    return command_line("evaluate", path, "--data", data, *(["--split", part] if part else []))


COMMANDS = {"train": "rnnlab train", "resume": "rnnlab train --resume"}
"""The command for each function of the Python interface."""


def as_typed(error: RnnlabError) -> str:
    """Return the message of an error, with options in place of arguments and commands in place of calls."""
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
    """Return the commands that generate with a trained run and evaluate it, on one line of a shell.

    If the model needs a seed and the configuration has none, the seed is the beginning of the data.
    """
    seed: list[str] = []
    if experiment.generation.seed is None and not corpus.has_boundaries:
        from rnnlab.suggestions.choices import beginning

        seed = ["--seed", beginning(corpus, experiment.dataset.kind)]
    return f"{command_line('generate', run, *seed)}; {command_line('evaluate', run)}"


def next_task_step(run: Path, data: "TaskData") -> str:
    """Return the commands that predict with a trained run and evaluate it, on one line of a shell."""
    examples = data.examples
    source, _ = examples.texts[int(examples.parts["train"][0])]
    use = command_line("predict", run, source)
    if data.experiment.task == "from_label":
        use = command_line("generate", run, "--label", source)
    return f"{use}; {command_line('evaluate', run)}"
