"""`rnnlab new`: a page of YAML for someone's own data, or one that ships."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.completion import complete_example
from rnnlab.commands.new_example import list_examples, write_example
from rnnlab.commands.progress import ReadingReport
from rnnlab.commands.terminal import echo, visible, write
from rnnlab.errors import UsageError
from rnnlab.shell import command_line

if TYPE_CHECKING:
    from rnnlab.pages.choices import Choices

_SUFFIXES = (".yaml", ".yml")


@click.command()
@click.argument("data", metavar="[FILE|FOLDER]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--example",
    metavar="NAME",
    shell_complete=complete_example,
    help="Write an experiment that ships, and its data, instead of looking at data.",
)
@click.option("--list", "lists", is_flag=True, help="List the experiments that ship.")
@click.option(
    "--output",
    metavar="PAGE.yaml",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where the page is written; left out, here under the name of the data. - prints it.",
)
@click.option(
    "--overwrite", "--force", "overwrite", is_flag=True, help="Replace what is there, without asking."
)
def command(
    data: Path | None, example: str | None, lists: bool, output: Path | None, overwrite: bool
) -> None:
    """Write a page of YAML for your own data, or one that ships.

    \b
    rnnlab new my.txt
    rnnlab new tunes/ --output tunes.yaml
    rnnlab new --list
    rnnlab new --example nabiya_stateful_lstm

    The data is looked at: text or notes, one text or many lines, how much there is. The page says what was
    seen, what was chosen for it and what each setting does; change what you like.
    """
    if lists + (example is not None) + (data is not None) != 1:
        raise click.UsageError("expected FILE or FOLDER, --example NAME, or --list: one of them")
    if lists:
        list_examples()
        return
    if example is not None:
        write_example(example, output, overwrite=overwrite)
        return
    if data is not None:
        _write_page(data, output, overwrite=overwrite)


def _write_page(data: Path, output: Path | None, *, overwrite: bool) -> None:
    """Look at data, and write a page for it."""
    from rnnlab.pages.choices import choices_for
    from rnnlab.pages.page import page_of
    from rnnlab.pages.survey import survey

    page = output or Path(f"{_stem(data)}.yaml")
    _check(data, page, overwrite=overwrite)
    found = survey(data)
    with ReadingReport(quiet=False) as reading:
        choices = choices_for(found, report=reading.show)
    text = page_of(choices, Path("page.yaml") if str(page) == "-" else page)
    if str(page) == "-":
        write(text)
        return
    from rnnlab.files import write_durably

    write_durably(page, text.encode())
    _say(choices, page)


def _stem(data: Path) -> str:
    """The name of the data without its extensions; of a pattern, that of the folder in which it begins."""
    from rnnlab.config.patterns import divided

    folder, pattern = divided(data)
    name = folder.resolve().name
    if pattern or folder.is_dir():
        return name or "data"
    return name.removesuffix(".gz").rpartition(".")[0] or name or "data"


def _check(data: Path, page: Path, *, overwrite: bool) -> None:
    """Refuse to read a page as data, and to replace what nobody said may be replaced."""
    if data.suffix.lower() in _SUFFIXES:
        command = command_line("describe", data)
        raise UsageError(f"{data}: a page of YAML already; expected text or music, or: {command}")
    if str(page) == "-" or not os.path.lexists(page):
        return
    if os.path.exists(data) and os.path.samefile(data, page):
        raise UsageError(f"{page}: the data itself; name another --output")
    if overwrite:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{page}: there is such a file; name another --output, or replace it with --overwrite"
        )
    if not click.confirm(visible(f"{page}: there is such a file; replace it?"), err=True):
        raise UsageError(f"{page}: left as it was; name another --output")


def _say(choices: "Choices", page: Path) -> None:
    """What was seen and done, and what comes next."""
    from rnnlab.commands.rendering import facts
    from rnnlab.pages.heading import next_commands, seen

    for note in choices.corpus.notes:
        echo(note, err=True)
    commands = next_commands(choices, page)
    rows = [
        ("data", f"{choices.survey.path}: {seen(choices)}"),
        ("taken for", choices.survey.why),
        ("page", str(page)),
        *(("next" if number == 0 else "", line) for number, line in enumerate(commands)),
    ]
    echo(facts(rows, err=True, whole=commands), err=True)
