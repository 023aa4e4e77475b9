"""The options of `rnnlab generate` that steer what is written: constraints, repetition, beam search."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_PATH = click.Path(dir_okay=False)

_OPTIONS = (
    click.option(
        "--template",
        metavar="TEXT",
        help='The whole text with gaps: _ is one token, _* any number: "g8 _ e4 _ _ c4".',
    ),
    click.option("--must", metavar="TEXT", multiple=True, help="This must occur; can be repeated."),
    click.option("--avoid", metavar="TEXT", multiple=True, help="This must not occur; can be repeated."),
    click.option("--end-on", metavar="TOKEN", help="The last token."),
    click.option("--match", metavar="REGEX", help="The whole text matches a regular expression."),
    click.option("--key", metavar="KEY", help="Notes in a key: c, a:minor, d:dorian."),
    click.option("--range", metavar="LOW..HIGH", help="Notes within a range: c..c''."),
    click.option("--bars", type=click.IntRange(1, 10_000), help="So many full bars of --meter."),
    click.option("--rhythm", metavar="TEXT", help='The lengths of the notes: "8 8 4 | r4 4.".'),
    click.option("--rhythm-of", type=_PATH, metavar="FILE", help="The rhythm of a file, with new pitches."),
    click.option("--pitches", metavar="NOTES", help="The pitches of the notes; their lengths are free."),
    click.option("--pitches-of", type=_PATH, metavar="FILE", help="The pitches of a file, in a new rhythm."),
    click.option(
        "--vary",
        type=click.FloatRange(0, 1, min_open=True),
        metavar="SHARE",
        help="Draw this share of the tokens of --of FILE anew, and keep the others.",
    ),
    click.option("--original", metavar="TEXT", help="What --vary varies, instead of a file."),
    click.option("--of", type=_PATH, metavar="FILE", help="The file that --vary varies."),
    click.option(
        "--max-copy",
        type=click.IntRange(1, 1_000_000),
        metavar="N",
        help="No more than N tokens in a row from the training data.",
    ),
    click.option(
        "--max-copy-intervals",
        type=click.IntRange(1, 1_000_000),
        metavar="N",
        help="The same for notes in any key.",
    ),
    click.option(
        "--particles",
        type=click.IntRange(1, 65_536),
        metavar="N",
        help="Particles that each sample with constraints is drawn from; 1 only masks.  [default: 256;"
        " 1 for --max-copy alone]",
    ),
    click.option(
        "--beam",
        type=click.IntRange(1, 4_096),
        metavar="B",
        help="Search for the most probable text, B wide.",
    ),
    click.option(
        "--length-normalization",
        type=click.FloatRange(0, 2),
        metavar="A",
        help="With --beam: divide log-probabilities by length^A.",
    ),
    click.option(
        "--min-p",
        type=click.FloatRange(0, 1),
        metavar="P",
        help="Draw from tokens at least P times as probable as the most probable one.",
    ),
    click.option(
        "--dry",
        type=click.FloatRange(0, 1000),
        metavar="MULTIPLIER",
        help="Lower what would prolong a repetition (DRY); 0.8 is usual.",
    ),
    click.option(
        "--dry-base",
        type=click.FloatRange(1, 100),
        help="Growth of --dry.  [default: 1.15 for text, 1.1 for notes]",
    ),
    click.option(
        "--dry-allowed-length",
        type=click.IntRange(1, 1_000_000),
        metavar="N",
        help="Tokens that may be repeated freely.  [default: 12 for text, 48 for notes]",
    ),
)


def steering_options(command: Command) -> Command:
    """Return a command with the options that steer generation."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Lengths(click.IntRange):
    """A number of tokens such as 50, or a range such as 10..20."""

    def __init__(self) -> None:
        super().__init__(1, 10_000_000)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or the range as text."""
        if isinstance(value, int) or value.strip().lstrip("+-").isdigit():
            return super().convert(value, param, ctx)
        from rnnlab.config.generation import lengths_of

        try:
            lengths_of(value)
        except ValueError as error:
            self.fail(f"{error}, or one number.", param, ctx)
        return value
