"""`rnnlab new --example` and `--list`: the experiments that ship."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.commands.terminal import echo, terminal_columns
from rnnlab.errors import UsageError
from rnnlab.shell import command_line

if TYPE_CHECKING:
    from rnnlab.pages.examples import Example


def list_examples() -> None:
    """Print a row for each example: its name, where its data is, and what it shows."""
    from rnnlab.commands.rendering import Column, fitted_table
    from rnnlab.pages.examples import examples

    columns = (
        Column("example", left=True),
        Column("data", left=True),
        Column("what it shows", left=True, least=20),
    )
    rows = [(each.name, _data_of(each), each.about) for each in examples()]
    echo(fitted_table(columns, rows, width=terminal_columns()))


def write_example(name: str, output: Path | None, *, overwrite: bool) -> None:
    """Write the page of an example, and its data beside it, and say what comes next."""
    from rnnlab.commands.rendering import facts
    from rnnlab.files import write_durably
    from rnnlab.pages.examples import example

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
    echo(facts(rows, err=True), err=True)


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
