"""What a page says of its data before the settings: what was seen, what to type next, what to expect."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnlab.errors import count_of, one_line
from rnnlab.pages.choices import Choices
from rnnlab.shell import command_line

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
