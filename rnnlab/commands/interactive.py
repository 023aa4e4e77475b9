"""`rnnlab generate --interactive`: write token by token at a terminal, see the alternatives, go back."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.errors import Argument, RnnlabError, UsageError, count_of
from rnnlab.signals import raised_signals
from rnnlab.terminal.keyboard import BACKSPACE, END_OF_INPUT, ENTER, LEFT, Keyboard
from rnnlab.terminal.live_block import LiveBlock, last_lines
from rnnlab.terminal.text import cut, echo, is_terminal, padded, visible, width_of, wrapped, write

if TYPE_CHECKING:
    from rnnlab.config.reading import AnyExperiment
    from rnnlab.config.schema import Generation
    from rnnlab.generation.interactive import Alternative, Continuation, InteractiveModel
    from rnnlab.generation.sampling import Sampling
    from rnnlab.models.model_file import Trained

SHOWN = 5
"""Number of alternatives."""

MANY = {"n": 10, "m": 50}
"""Number of tokens that a key draws."""

GOING_BACK = {"b", LEFT, BACKSPACE}
DRAWING = {" ", ENTER}
QUITTING = {"q", END_OF_INPUT}

KEYS = ("1-5 take", "space draw", "n draw 10", "m draw 50", "b back", "e new beginning", "q quit")
"""What the keys do; the sign before the first space is the key."""

KEYS_AT_THE_END = ("b back", "e new beginning", "q quit")

MOST_TEXT_ROWS, WIDEST_BAR, WIDEST_TOKEN = 10, 30, 12

LEAST_SHARE = 0.0005
"""A smaller probability would be rounded to 0.0 %."""

_TOGETHER = {
    *("model", "label", "interactive", "output", "overwrite", "meter"),
    *("seed", "temperature", "top_k", "top_p", "min_p", "random_seed", "stop"),
    *("dry", "dry_base", "dry_allowed_length"),
}
"""The arguments of `generate` that a session has a use for."""


def write_interactively(trained: "Trained", settings: "Generation", options: Mapping[str, Any]) -> None:
    """Let a person write with a model; print the text on stdout, and write it into a file if one is named.

    Args:
        trained: the model.
        settings: the settings, with the options in place.
        options: the arguments of the command `generate`, by their names in Python.

    Raises:
        UsageError: an option does not go with `--interactive`, stdin or stderr is no terminal, the file
            cannot be written, or the seed that was given has a token that the model cannot write.
        click.Abort: the input ended before there was a text.
        DataError: the text cannot be written into the file.
        RunError: the file cannot be written.
    """
    _refuse_options(options)
    from rnnlab.generation.interactive import InteractiveModel
    from rnnlab.generation.writing import is_steered

    if is_steered(settings):
        echo("--interactive leaves out the constraints and the beam search of the configuration", err=True)
    if output := options["output"]:
        from rnnlab.commands.output import check_output

        kind = trained.experiment.dataset.kind
        check_output(output, kind=kind, samples=1, overwrite=options["overwrite"])
    model, given = InteractiveModel.of(trained, settings, options["label"]), options["seed"]
    first = None if given is None else model.begin(given)
    with raised_signals(), Keyboard() as keyboard:
        text = InteractiveSession(model, keyboard, settings.seed).run(first)
    echo(text)
    if output:
        _write_file(output, text, trained.experiment, options["meter"])


class InteractiveSession:
    """A text that a person writes, shown on stderr.

    Args:
        model: the model.
        keyboard: the keys.
        seed: the beginning if none is typed; None for no beginning.
    """

    def __init__(self, model: "InteractiveModel", keyboard: Keyboard, seed: str | None) -> None:
        self._model, self._keyboard, self._seed, self._block = model, keyboard, seed, LiveBlock()

    def run(self, first: "Continuation | None") -> str:
        """Return the text, when the person has ended the session.

        Args:
            first: the beginning; None if it is asked for.

        Raises:
            click.Abort: the input ended before there was a beginning.
        """
        text = first or self._asked()
        if text is None:
            raise click.Abort
        try:
            while True:
                self._block.draw(session_lines(self._model, text, self._block.columns, self._block.rows))
                key = self._keyboard.key()
                if key in QUITTING:
                    self._block.wipe()
                    return self._model.text_of(text)
                if key == "e":
                    self._block.end()
                    text = self._asked() or text
                else:
                    press(key, text)
        finally:
            self._block.end()

    def _asked(self) -> "Continuation | None":
        """Ask for a beginning until the model can write it; return None if the input ends."""
        default = self._seed or ""
        hint = f" [{cut(visible(default), 40)}]" if default else ""
        while True:
            typed = self._keyboard.line(f"beginning{hint}: ")
            if typed is None:
                write("\n", err=True)
                return None
            try:
                return self._model.begin(typed or self._seed)
            except RnnlabError as error:
                from rnnlab.commands.hints import as_typed

                echo(as_typed(error), err=True)


def press(key: str, text: "Continuation") -> None:
    """Do what a key says with a text; a key without a meaning does nothing."""
    if key in GOING_BACK:
        text.back()
        return
    if text.ended:
        return
    if key in DRAWING:
        text.draw()
    elif key in MANY:
        for _ in range(MANY[key]):
            text.draw()
            if text.ended:
                break
    elif key in {str(number) for number in range(1, SHOWN + 1)}:
        found = text.likeliest(SHOWN)
        with suppress(IndexError):  # there are fewer tokens
            text.take(found[int(key) - 1].token)


def session_lines(model: "InteractiveModel", text: "Continuation", columns: int, rows: int) -> list[str]:
    """Return the lines that show a text, its alternatives and the keys.

    Args:
        model: the model.
        text: the text.
        columns: most columns of a line.
        rows: most lines.
    """
    below = _ending(columns) if text.ended else _choices(model, text, columns)
    room = max(min(rows - len(below), MOST_TEXT_ROWS), 1)
    return [*_text_lines(model, text, columns, room), *below]


def _text_lines(model: "InteractiveModel", text: "Continuation", columns: int, room: int) -> list[str]:
    """Return the last lines of the text, with the place of the next token as `_`."""
    written = "\n".join(map(visible, model.text_of(text).split("\n")))
    if not text.ended:
        written += " _" if model.noun in {"note", "word"} and written else "_"
    return last_lines(written, columns, room)


def _ending(columns: int) -> list[str]:
    said = wrapped("The text has ended.", columns)
    return ["", *said, "", *_key_lines(KEYS_AT_THE_END, columns)]


def _choices(model: "InteractiveModel", text: "Continuation", columns: int) -> list[str]:
    """Return the explanation, the alternatives and the keys."""
    found = text.likeliest(SHOWN)
    rule = _rule_of_drawing(model)
    header = "Next token: by the model" + (f" | as drawn, {rule}" if rule else "")
    rows = _rows([_label(model, each.token) for each in found], found, columns, with_drawn=bool(rule))
    return ["", *wrapped(header, columns), *rows, "", *_key_lines(KEYS, columns)]


def _rows(
    labels: Sequence[str], found: Sequence["Alternative"], columns: int, *, with_drawn: bool
) -> list[str]:
    """Return a line for each alternative: its number, token, bar, and probabilities."""
    room = max(map(width_of, labels))
    figures = [
        f"{_percent(each.probability)}{f' | {_percent(each.drawn)}' if with_drawn else ''}" for each in found
    ]
    widest = max(min(columns - room - len(figures[0]) - 7, WIDEST_BAR), 0)
    return [
        f"{number}  {padded(label, room)}  {padded('=' * round(widest * each.probability), widest)}  {figure}"
        for number, (label, each, figure) in enumerate(zip(labels, found, figures, strict=True), 1)
    ]


def _percent(share: float) -> str:
    """Return a share as a percentage of 7 columns; `-` for 0."""
    if not share:
        return "      -"
    return f"{100 * share:5.1f} %" if share >= LEAST_SHARE else " <0.1 %"


def _label(model: "InteractiveModel", token: int) -> str:
    """Return a token for a list: a character in quotes; the token that ends a sample as `(end)`."""
    if token == model.how.stop:
        return "(end)"
    shown = model.tokens[token]
    shown = shown if model.noun != "character" and shown.isprintable() else repr(shown)
    return cut(visible(shown), WIDEST_TOKEN)


def _rule_of_drawing(model: "InteractiveModel") -> str:
    """Return how tokens are drawn, in words; empty if as the model says."""
    sampling: Sampling = model.how.sampling
    if sampling.temperature == 0:
        rules = ["temperature 0"]
    else:
        rules = [f"temperature {sampling.temperature:g}"] if sampling.temperature != 1 else []
        for name, value in (("top-k", sampling.top_k), ("top-p", sampling.top_p), ("min-p", sampling.min_p)):
            rules += [f"{name} {value:g}"] if value else []
    return ", ".join([*rules, *(["DRY"] if model.how.dry and model.how.dry.multiplier else [])])


def _key_lines(keys: Sequence[str], columns: int) -> list[str]:
    """Return what the keys do, with no explanation broken."""
    lines = [""]
    for key in keys:
        longer = f"{lines[-1]}  {key}" if lines[-1] else key
        if len(longer) > columns and lines[-1]:
            lines.append(key)
        else:
            lines[-1] = longer
    return lines


def _refuse_options(options: Mapping[str, Any]) -> None:
    """Refuse options that make no sense in a session, and a session without a terminal.

    Raises:
        UsageError: there is such an option, or stdin or stderr is no terminal.
    """
    for name, value in options.items():
        if name not in _TOGETHER and value not in (None, (), [], False):
            raise UsageError(
                Argument(name.removeprefix("as_")),
                " does not go with --interactive, which writes one text token by token; leave one out",
            )
    for name, stream in (("stdin", sys.stdin), ("stderr", sys.stderr)):
        if not is_terminal(stream):
            raise UsageError(
                f"--interactive needs a terminal for its keys and its picture, and {name} is none;"
                " leave --interactive out, or do not redirect it"
            )


def _write_file(target: Path, text: str, experiment: "AnyExperiment", meter: str | None) -> None:
    """Write a text into a file, without a recipe: no settings generate it again.

    Raises:
        DataError: the format cannot hold the notes.
        RunError: the file cannot be written.
    """
    from rnnlab.config.schema import NotesDataset
    from rnnlab.files import write_durably
    from rnnlab.generation.output import plain_content, sample_tunes
    from rnnlab.music.files import written
    from rnnlab.music.meter import parse_meter
    from rnnlab.music.recipes import beside

    dataset = experiment.dataset
    if not isinstance(dataset, NotesDataset):
        write_durably(target, plain_content(text))
        with suppress(OSError):
            beside(target).unlink(missing_ok=True)  # the recipe of a file that was replaced
        echo(f"{target}: {count_of(len(text), 'character')}", err=True)
        return
    own = meter or dataset.reading.meter
    tunes = sample_tunes([text])
    write_durably(target, written(tunes, target.suffix.lower(), meter=parse_meter(own) if own else None))
    echo(f"{target}: {count_of(len(tunes[0].notes), 'event')}", err=True)
