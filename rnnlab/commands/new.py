"""`rnnlab new`: a page of YAML for someone's own data, or one that ships.

`rnnlab new --example` and `--list`: the experiments that ship.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.errors import UsageError, command_line
from rnnlab.terminal.completion import complete_example
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo, terminal_columns, visible, write

if TYPE_CHECKING:
    from rnnlab.suggestions.choices import Choices
    from rnnlab.suggestions.examples import Example

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
    from rnnlab.suggestions.choices import choices_for
    from rnnlab.suggestions.survey import survey
    from rnnlab.suggestions.yaml_file import yaml_of

    page = output or Path(f"{_stem(data)}.yaml")
    _check(data, page, overwrite=overwrite)
    found = survey(data)
    with ReadingReport(quiet=False) as reading:
        choices = choices_for(found, report=reading.show)
    text = yaml_of(choices, Path("page.yaml") if str(page) == "-" else page)
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
    from rnnlab.suggestions.yaml_file import next_commands, seen
    from rnnlab.terminal.tables import facts_table

    for note in choices.corpus.notes:
        echo(note, err=True)
    commands = next_commands(choices, page)
    rows = [
        ("data", f"{choices.survey.path}: {seen(choices)}"),
        ("taken for", choices.survey.why),
        ("page", str(page)),
        *(("next" if number == 0 else "", line) for number, line in enumerate(commands)),
    ]
    echo(facts_table(rows, err=True, whole=commands), err=True)


def list_examples() -> None:
    """Print a row for each example: its name, where its data is, and what it shows."""
    from rnnlab.suggestions.examples import examples
    from rnnlab.terminal.tables import Column, fitted_table

    columns = (
        Column("example", left=True),
        Column("data", left=True),
        Column("what it shows", left=True, least=20),
    )
    rows = [(each.name, _data_of(each), each.about) for each in examples()]
    echo(fitted_table(columns, rows, width=terminal_columns()))


def write_example(name: str, output: Path | None, *, overwrite: bool) -> None:
    """Write the page of an example, and its data beside it, and say what comes next."""
    from rnnlab.files import write_durably
    from rnnlab.suggestions.examples import example
    from rnnlab.terminal.tables import facts_table

    if str(output) == "-":
        raise UsageError("-: expected a file for the page of an example, as its data is written beside it")
    found = example(name.removesuffix(".yaml"))
    page = output or Path(found.page.name)
    files = {
        page if path == found.page.name else page.parent / path: content
        for path, content in found.files().items()
    }
    if not overwrite:
        _check_free(files, page)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        write_durably(path, content)
    verb = "compare" if found.compared else "train"
    rows = [
        ("page", str(page)),
        *(("", str(path)) for path in files if path.suffix == ".yaml" and path != page),
    ]
    data = [str(path) for path in files if path.suffix != ".yaml"]
    if found.url:
        own = f"{command_line('train', page)} --set dataset.path=FILE"
        data = [f"is downloaded from {found.url} when it is first read; or name a file: {own}"]
    rows += [("" if number else "data", line) for number, line in enumerate(data or ["in the page"])]
    rows.append(("next", command_line(verb, page)))
    echo(facts_table(rows, err=True), err=True)


def _check_free(files: dict[Path, bytes], page: Path) -> None:
    """Refuse to replace a file with another content, and the page whatever it holds."""
    for path, content in files.items():
        if not os.path.lexists(path):
            continue
        if path == page or not path.is_file() or path.read_bytes() != content:
            other = "name another --output, or replace" if path == page else "move it away, or replace"
            raise UsageError(f"{path}: there is such a file; {other} it with --overwrite")


def _data_of(example: "Example") -> str:
    """Where the data of an example comes from, in a few words."""
    if example.url:
        return "downloaded or yours"
    names = ", ".join(path.name for path in example.data) or "in the page"
    return f"{names} or yours" if example.is_for_any_data else names
