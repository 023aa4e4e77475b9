"""The page itself: every setting with what it does, and what was seen in the data.

What a page says of its data before the settings: what was seen, what to type next, what to expect.
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
from rnnlab.suggestions.choices import Choices
from rnnlab.suggestions.yaml_text import quoted

WIDEST_SETTING = 50
"""Columns of a setting that comments stand right of; beside a wider one the comment follows it."""

Rows = Iterator[tuple[str, str]]
"""Settings, each with what it does."""


def yaml_of(choices: Choices, page: Path) -> str:
    """The YAML of a page for data.

    Args:
        choices: what was chosen for it.
        page: where it will stand; the path of the data is relative to its folder.

    Raises:
        DataError: the name of the data cannot be said in YAML.
    """
    sections = {
        "dataset": _dataset(choices, page),
        "model": _model(choices),
        "training": _training(choices),
        "generation": _generation(choices),
    }
    parts = [heading(choices, page), *(_lines(name, list(rows)) for name, rows in sections.items())]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _dataset(choices: Choices, page: Path) -> Rows:
    survey, dataset = choices.survey, choices.experiment.dataset
    notes = survey.kind == "notes"
    path = relative(Path(abspath(survey.path)), Path(abspath(page)).parent)
    one_hot = choices.encoding == "one_hot"
    token = "note, a chord or a rest" if notes else "character"
    yield f"kind: {survey.kind}", f"a token is a {token}"
    yield f"path: {quoted(path)}", "relative to this page; or a folder, a pattern, a list, a .gz"
    yield f"unit: {survey.unit}", _about_unit(choices)
    about = "each token has an input of its own" if one_hot else "each token is a row of numbers, learnt"
    yield f"encoding: {choices.encoding}", f"{about}; there are {len(choices.corpus.vocabulary):,}"
    yield f"window: {dataset.window}", "time steps that gradients go back through"
    yield f"split: {_split(choices)}", _about_split(choices)
    if survey.is_score:
        yield "# reading: {polyphony: chords}", "chords as they are; else the highest note of each"
    if notes:
        yield "# transpose: c", "every tune moved to one key, in its own mode"
        yield "# augment: {semitones: -5..6}", "the training part in twelve keys, so twelve times as long"


def _model(choices: Choices) -> Rows:
    yield "kind: lstm", "or gru, simple_rnn"
    yield f"units: {choices.units}", "more learn more and take longer; [256, 256] is two layers"
    if choices.dropout:
        yield f"dropout: {choices.dropout}", "against learning by heart; 0 is none"


def _training(choices: Choices) -> Rows:
    training = choices.experiment.training
    optimizer, schedule = training.optimizer, training.schedule
    clip = f", global_clipnorm: {optimizer.global_clipnorm}" if isinstance(optimizer, Adam) else ""
    rate = f"{{name: {optimizer.name}, learning_rate: {optimizer.learning_rate:g}{clip}}}"
    yield f"batch_size: {training.batch_size}", "lanes that the data is read in, side by side"
    yield f"epochs: {choices.epochs}", "passes over the data; --set training.epochs=3 to try"
    yield f"optimizer: {rate}", "if the loss jumps about, a smaller rate"
    yield f"schedule: {{kind: {schedule.kind}, warmup: {schedule.warmup:g}}}", "the rate rises, then falls"
    yield f"random_seed: {training.random_seed}", "the same number gives the same weights, to the bit"


def _generation(choices: Choices) -> Rows:
    if choices.seed:
        yield f"seed: {quoted(choices.seed)}", "how it begins, in tokens that the data has"
        yield f"length: {choices.length}", "tokens after the seed"
    else:
        yield f"length: {choices.length}", "the most tokens of a sample; each ends by itself"
    yield (
        f"temperature: {choices.temperature:g}",
        "0 takes the likeliest token; 1 draws as the model believes",
    )


def _about_unit(choices: Choices) -> str:
    whole = "note" if choices.survey.kind == "notes" else "character"
    if choices.survey.unit == whole:
        return "one stream; `line`: each line begins anew, and has an end"
    return f"each {choices.survey.sequence} begins anew, and has an end; `{whole}`: one stream"


def _split(choices: Choices) -> str:
    split = choices.experiment.dataset.split
    if isinstance(split, ContiguousSplit | SequencesSplit):
        return f"{{kind: {split.kind}, validation: {split.validation:g}}}"
    return f"{{kind: {split.kind}}}"


def _about_split(choices: Choices) -> str:
    split = choices.experiment.dataset.split
    if isinstance(split, ContiguousSplit):
        return "the end is held out, to measure on"
    if isinstance(split, SequencesSplit):
        return "drawn at random and held out, to measure on"
    return "too little data to hold any out"


def _lines(section: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    """A section, comments in one column."""
    widths = [len(setting) for setting, _ in rows if len(setting) <= WIDEST_SETTING]
    yield f"{section}:"
    yield from (f"  {setting:<{max(widths)}}  # {comment}" for setting, comment in rows)


WIDTH = 100

_RATES, _LANES = {256: (45_400, 66_000), 512: (13_300, 20_900)}, 32
"""Tokens a second, slowest and fastest, of training one layer of so many units; docs/performance.md."""


def heading(choices: Choices, page: Path) -> Iterator[str]:
    """The lines of comment that a page begins with."""
    yield from _wrapped(f"{one_line(str(choices.survey.path))}: {seen(choices)}. {_taken_for(choices)}")
    yield "#"
    yield from (f"#     {command}" for command in next_commands(choices, page))
    yield "#"
    yield from _wrapped(f"Expect: {_expected(choices)}")


def seen(choices: Choices) -> str:
    """What was seen in the data, in a few words."""
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
    """What to type next, in order."""
    samples = [] if choices.seed else ["--samples", "5"]
    return [
        command_line("describe", page),
        command_line("train", page),
        command_line("evaluate"),
        command_line("generate", *samples),
    ]


def _taken_for(choices: Choices) -> str:
    left_out = sum(note.startswith("left out:") for note in choices.corpus.notes)
    lack = (
        f" Left out: {count_of(left_out, 'file or tune', 'files or tunes')}; rnnlab describe says why."
        if left_out
        else ""
    )
    return f"It is taken for {choices.survey.why}: `dataset.unit` below says so.{lack}"


def _expected(choices: Choices) -> str:
    if choices.is_by_heart:
        sequences = choices.survey.sequence if choices.corpus.has_boundaries else ""
        written = f"each sample is nearly one {sequences} of the data" if sequences else "the data itself, to"
        written += "." if sequences else " the token, from its beginning."
        return (
            "so little data is learnt by heart, and nothing can be held out to see more than that: a loss"
            f" below 0.1, and {written}"
        )
    return (
        "the loss of what is held out falls, and may rise again when the model begins to learn by heart; the"
        " weights of the best epoch are kept. rnnlab evaluate puts what counting alone is worth beside it."
        f"{_time(choices)}"
    )


def _time(choices: Choices) -> str:
    """How long it takes, where that was measured; else `train` says so after a second or two."""
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
