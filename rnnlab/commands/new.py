"""`rnnlab new`: write a configuration for the user's own data, or one of the examples with its data."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.errors import UsageError, command_line
from rnnlab.terminal.completion import complete_example
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo, visible, write

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
    help="Write the configuration and the data of this example, instead of looking at your data.",
)
@click.option("--list", "lists", is_flag=True, help="List the examples.")
@click.option(
    "--output",
    metavar="CONFIG.yaml",
    type=click.Path(path_type=Path, allow_dash=True),
    help="The file to write; left out, it gets the name of the data, in the working folder. - prints it.",
)
@click.option(
    "--overwrite", "--force", "overwrite", is_flag=True, help="Replace existing files, without asking."
)
def command(
    data: Path | None, example: str | None, lists: bool, output: Path | None, overwrite: bool
) -> None:
    """Write a configuration for your own data, or an example.

    \b
    rnnlab new my.txt
    rnnlab new tunes/ --output tunes.yaml
    rnnlab new --list
    rnnlab new --example nabiya_stateful_lstm

    rnnlab reads the data: text or notes, one text or many lines, and its length. Comments in the
    configuration say what was found, what was chosen and why, and what each setting does. Change any setting.
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
        _write_config(data, output, overwrite=overwrite)


def _write_config(data: Path, output: Path | None, *, overwrite: bool) -> None:
    """Write a configuration for the data, from a survey of the data."""
    from rnnlab.suggestions.choices import choices_for
    from rnnlab.suggestions.survey import survey
    from rnnlab.suggestions.yaml_file import yaml_of

    config = output or Path(f"{_stem(data)}.yaml")
    _check(data, config, overwrite=overwrite)
    found = survey(data)
    with ReadingReport(quiet=False) as reading:
        choices = choices_for(found, report=reading.show)
    text = yaml_of(choices, Path("page.yaml") if str(config) == "-" else config)
    if str(config) == "-":
        write(text)
        return
    from rnnlab.files import write_durably

    write_durably(config, text.encode())
    _say(choices, config)


def _stem(data: Path) -> str:
    """Return the name of the data without `.gz` and its last extension; `data` if nothing is left.

    For a folder it is the name of the folder, for a pattern that of the folder before the pattern.
    """
    from rnnlab.config.section import divided

    folder, pattern = divided(data)
    name = folder.resolve().name
    if pattern or folder.is_dir():
        return name or "data"
    return name.removesuffix(".gz").rpartition(".")[0] or name or "data"


def _check(data: Path, config: Path, *, overwrite: bool) -> None:
    """Raise if the data is a YAML file or would be replaced, or if another file may not be replaced.

    Without `overwrite` the user is asked; if stdin is no terminal, nothing is asked, and the file stays.
    """
    if data.suffix.lower() in _SUFFIXES:
        command = command_line("describe", data)
        raise UsageError(f"{data}: a YAML file; expected text or music; to show a configuration: {command}")
    if str(config) == "-" or not os.path.lexists(config):
        return
    if os.path.exists(data) and os.path.samefile(data, config):
        raise UsageError(f"{config}: this is the data itself; name another --output")
    if overwrite:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{config}: the file exists; name another --output, or replace it with --overwrite")
    if not click.confirm(visible(f"{config}: the file exists; replace it?"), err=True):
        raise UsageError(f"{config}: not replaced; name another --output")


def _say(choices: "Choices", config: Path) -> None:
    """Print what was found and written, and the commands that come next."""
    from rnnlab.suggestions.yaml_file import next_commands, seen
    from rnnlab.terminal.tables import facts_table

    for note in choices.corpus.notes:
        echo(note, err=True)
    commands = next_commands(choices, config)
    rows = [
        ("data", f"{choices.survey.path}: {seen(choices)}"),
        ("taken for", choices.survey.why),
        ("config", str(config)),
        *(("next" if number == 0 else "", line) for number, line in enumerate(commands)),
    ]
    echo(facts_table(rows, err=True, whole=commands), err=True)


def list_examples() -> None:
    """Print a row for each example: its name, the source of its data, and what it shows."""
    from rnnlab.suggestions.examples import examples
    from rnnlab.terminal.tables import Column, table

    columns = (
        Column("example", left=True),
        Column("data", left=True, rank=1),
        Column("what it shows", left=True, least=20),
    )
    rows = [(each.name, _data_of(each), each.about) for each in examples()]
    echo(table(columns, rows))


def write_example(name: str, output: Path | None, *, overwrite: bool) -> None:
    """Write the configuration of an example and the data that ships with it; print files and next command.

    Raises:
        UsageError: there is no such example, `output` is `-`, or a file exists and `overwrite` is false.
        RunError: a file cannot be written.
    """
    from rnnlab.files import write_durably
    from rnnlab.suggestions.examples import example
    from rnnlab.terminal.tables import facts_table

    if str(output) == "-":
        raise UsageError("-: expected a file, since the data of an example is written beside it")
    found = example(name.removesuffix(".yaml"))
    config = output or Path(found.page.name)
    files = {
        config if path == found.page.name else config.parent / path: content
        for path, content in found.files().items()
    }
    if not overwrite:
        _check_free(files, config)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        write_durably(path, content)
    rows = [
        ("config", str(config)),
        *(("", str(path)) for path in files if path.suffix == ".yaml" and path != config),
    ]
    data = [str(path) for path in files if path.suffix != ".yaml"]
    if found.url:
        own = f"{command_line('train', config)} --set dataset.path=FILE"
        data = [f"is downloaded from {found.url} when it is first read; or name a file: {own}"]
    rows += [("" if number else "data", line) for number, line in enumerate(data or ["in the configuration"])]
    rows.append(("next", command_line(found.command, config)))
    echo(facts_table(rows, err=True), err=True)


def _check_free(files: dict[Path, bytes], config: Path) -> None:
    """Raise if the configuration exists, or if another file exists with different content."""
    for path, content in files.items():
        if not os.path.lexists(path):
            continue
        if path == config or not path.is_file() or path.read_bytes() != content:
            other = "name another --output, or replace" if path == config else "move it away, or replace"
            raise UsageError(f"{path}: the file exists; {other} it with --overwrite")


def _data_of(example: "Example") -> str:
    """Return the source of an example's data, in a few words."""
    if example.url:
        return "downloaded or yours"
    if example.is_generated:
        return "drawn at random"
    names = ", ".join(path.name for path in example.data) or "in the configuration"
    return f"{names} or yours" if example.is_for_any_data else names
