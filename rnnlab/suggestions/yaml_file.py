"""The YAML file that `rnnlab new` writes: a heading about the data, then each setting with a comment.

The heading has a summary of the data, the commands to type next, and the results to expect.
"""

import textwrap
from collections.abc import Iterator
from os.path import abspath
from pathlib import Path

import numpy as np

from rnnlab.config.optimizer import Adam
from rnnlab.config.schema import ContiguousSplit, SequencesSplit
from rnnlab.config.section import relative
from rnnlab.errors import command_line, count_of, one_line
from rnnlab.suggestions.choices import Choices, quoted

WIDEST_SETTING = 50
"""Largest width of a setting, in columns, whose comment is aligned with those of the other settings."""

WIDTH = 100

_RATES, _LANES = {256: (45_400, 66_000), 512: (13_300, 20_900)}, 32
"""Tokens a second in training (slowest, fastest) by the units of the layer, with 32 lanes or more.

The figures are from docs/performance.md.
"""

Rows = Iterator[tuple[str, str]]
"""Pairs of a setting and the comment on it."""


def yaml_of(choices: Choices, page: Path) -> str:
    """Return the YAML of a configuration for some data.

    Args:
        choices: the chosen settings.
        page: the path of the YAML file; the path of the data is written relative to its folder.

    Raises:
        DataError: YAML cannot express the name of the data file.
    """
    sections = {
        "dataset": _dataset(choices, page),
        "model": _model(choices),
        "training": _training(choices),
        "generation": _generation(choices),
    }
    parts = [heading(choices, page), *(_lines(name, list(rows)) for name, rows in sections.items())]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def heading(choices: Choices, page: Path) -> Iterator[str]:
    """Yield the comment lines at the top of the YAML file."""
    yield from _wrapped(f"{one_line(str(choices.survey.path))}: {seen(choices)}. {_taken_for(choices)}")
    yield "#"
    yield from (f"#     {command}" for command in next_commands(choices, page))
    yield "#"
    yield from _wrapped(f"Expect: {_expected(choices)}")


def seen(choices: Choices) -> str:
    """Return a summary of the data: its size, vocabulary and sequences."""
    corpus, survey = choices.corpus, choices.survey
    noun = "note" if survey.kind == "notes" else "character"
    files = f"{len(survey.files):,} files, " if len(survey.files) > 1 else ""
    what = f"{files}{count_of(len(corpus.ids), noun)}, {len(corpus.vocabulary):,} of them different"
    if not corpus.has_boundaries:
        return what
    lengths = np.sort(corpus.ends - corpus.starts) - 2
    spread = f"{lengths[0]:,} to {lengths[-1]:,}, median {lengths[len(lengths) // 2]:,}"
    return f"{what}, in {count_of(len(lengths), survey.sequence)} of {spread}"


def next_commands(choices: Choices, page: Path) -> list[str]:
    """Return the commands to type next, in order."""
    samples = [] if choices.seed else ["--samples", "5"]
    return [
        command_line("describe", page),
        command_line("train", page),
        command_line("evaluate"),
        command_line("generate", *samples),
    ]


def _dataset(choices: Choices, page: Path) -> Rows:
    survey, dataset = choices.survey, choices.experiment.dataset
    notes = survey.kind == "notes"
    path = relative(Path(abspath(survey.path)), Path(abspath(page)).parent)
    one_hot, size = choices.encoding == "one_hot", count_of(len(choices.corpus.vocabulary), "token")
    token = "note, a chord or a rest" if notes else "character"
    yield f"kind: {survey.kind}", f"a token is a {token}"
    yield f"path: {quoted(path)}", "relative to this file; or a folder, a pattern, a list, a .gz"
    yield f"unit: {survey.unit}", _about_unit(choices)
    about = "each token has an input of its own" if one_hot else "each token is a learnt vector"
    yield (
        f"encoding: {choices.encoding}",
        f"{about}; {size} in all",
    )
    yield f"window: {dataset.window}", "time steps of backpropagation through time"
    yield f"split: {_split(choices)}", _about_split(choices)
    if survey.is_score:
        yield "# reading: {polyphony: chords}", "keep chords; without it, their highest notes"
    if notes:
        yield "# transpose: c", "transpose every tune to one key, in its own mode"
        yield "# augment: {semitones: -5..6}", "train in all twelve keys; an epoch takes twelve times as long"


def _model(choices: Choices) -> Rows:
    yield "kind: lstm", "or gru, simple_rnn"
    yield f"units: {choices.units}", "more units learn more and train more slowly; [256, 256] is two layers"
    if choices.dropout:
        yield f"dropout: {choices.dropout}", "against overfitting; 0 is no dropout"


def _training(choices: Choices) -> Rows:
    training = choices.experiment.training
    optimizer, schedule = training.optimizer, training.schedule
    clip = f", global_clipnorm: {optimizer.global_clipnorm}" if isinstance(optimizer, Adam) else ""
    rate = f"{{name: {optimizer.name}, learning_rate: {optimizer.learning_rate:g}{clip}}}"
    yield f"batch_size: {training.batch_size}", "lanes, read side by side"
    yield f"epochs: {choices.epochs}", "passes over the data; to try it: --set training.epochs=3"
    yield f"optimizer: {rate}", "lower the rate if the loss jumps up and down"
    yield f"schedule: {{kind: {schedule.kind}, warmup: {schedule.warmup:g}}}", "the rate rises, then falls"
    yield f"random_seed: {training.random_seed}", "the same number gives exactly the same weights"


def _generation(choices: Choices) -> Rows:
    if choices.seed:
        yield f"seed: {quoted(choices.seed)}", "generation starts from this; use tokens of the data"
        yield f"length: {choices.length}", "tokens after the seed"
    else:
        yield (
            f"length: {choices.length}",
            "the largest number of tokens of a sample; an end token ends it before",
        )
    yield (
        f"temperature: {choices.temperature:g}",
        "0 takes the most probable token; 1 draws from the model's distribution",
    )


def _about_unit(choices: Choices) -> str:
    whole = "note" if choices.survey.kind == "notes" else "character"
    if choices.survey.unit == whole:
        return "one stream; `line`: each line is a sequence of its own"
    return f"each {choices.survey.sequence} is a sequence of its own; `{whole}`: one stream"


def _split(choices: Choices) -> str:
    split = choices.experiment.dataset.split
    if isinstance(split, ContiguousSplit | SequencesSplit):
        return f"{{kind: {split.kind}, validation: {split.validation:g}}}"
    return f"{{kind: {split.kind}}}"


def _about_split(choices: Choices) -> str:
    split = choices.experiment.dataset.split
    if isinstance(split, ContiguousSplit):
        return "the end of the data is the validation set"
    if isinstance(split, SequencesSplit):
        return "fraction of the sequences in the validation set, drawn at random"
    return "too little data for a validation set"


def _lines(section: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of a section, with the comments in one column."""
    widths = [len(setting) for setting, _ in rows if len(setting) <= WIDEST_SETTING]
    yield f"{section}:"
    yield from (f"  {setting:<{max(widths)}}  # {comment}" for setting, comment in rows)


def _taken_for(choices: Choices) -> str:
    left_out = sum(note.startswith("left out:") for note in choices.corpus.notes)
    lack = (
        f" Left out: {count_of(left_out, 'file or tune', 'files or tunes')}; rnnlab describe shows why."
        if left_out
        else ""
    )
    return f"It is taken for {choices.survey.why}; `dataset.unit` below sets this.{lack}"


def _expected(choices: Choices) -> str:
    if choices.is_by_heart:
        sequences = choices.survey.sequence if choices.corpus.has_boundaries else ""
        written = f"each sample is nearly one {sequences} of the data" if sequences else "the data itself, to"
        written += "." if sequences else " the token, from its beginning."
        return (
            "the data is too small for a validation set, and the model memorises the data: a training loss"
            f" below 0.1, and {written}"
        )
    return (
        "the held-out loss falls, and may rise again when the model begins to overfit; the weights of the"
        " best epoch are kept. rnnlab evaluate also prints the loss of n-gram models, for comparison."
        f"{_time(choices)}"
    )


def _time(choices: Choices) -> str:
    """Return a sentence on the training time; empty if no speed was measured for the units and lanes."""
    training, rates = choices.experiment.training, _RATES.get(choices.units)
    if rates is None or training.batch_size < _LANES:
        return ""
    tokens = choices.epochs * len(choices.corpus.ids)
    slow, fast = (tokens / rate for rate in rates)
    seconds, unit = (1, "seconds") if slow < 600 else (60, "minutes")
    return (
        f" {tokens / 1e6:,.1f} million tokens are read in all: {fast / seconds:,.0f} to {slow / seconds:,.0f}"
        f" {unit} on two cores, by the {rates[0] / 1000:.0f} to {rates[1] / 1000:.0f} thousand a second of"
        " docs/performance.md."
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
