"""What a shell completes beside commands, options and choices: runs and configurations, by their names alone.

It is asked at every press of a key, so nothing is opened or imported for it; and it says nothing, whatever is
wrong. Names that a shell would read as more than one word are left to the shell's own completion of files.

How `--help` is laid out, also on a terminal that is too narrow for two columns.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

import click
from click.shell_completion import CompletionItem

from rnnlab.terminal.text import terminal_columns

VARIABLE = "_RNNLAB_COMPLETE"
"""Where Click's scripts for the shells put what they ask."""

Items = list[CompletionItem[str]]

_PLAIN = re.compile(r"[\w@%+./-]+")
_MOST_NAMES = 10_000


def is_asked() -> bool:
    """Whether a shell asks, and nobody has typed a command."""
    return bool(os.environ.get(VARIABLE))


def answer(cli: click.Command) -> int:
    """Print what a shell asks for; the exit code."""
    try:
        cli.main([], prog_name="rnnlab", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except Exception:  # in the middle of a line that someone is typing, no message is of use
        return 1
    return 0


def complete_run(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """The runs in `runs/`, those that were written to last first; else files."""
    return _items(_runs(), incomplete)


def complete_config(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """The pages of YAML here and in the folders that are here; else files."""
    return _items(_pages(incomplete), incomplete)


def complete_config_or_run(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Pages of YAML, then runs; else files."""
    return _items([*_pages(incomplete), *_runs()], incomplete)


def complete_example(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """The experiments that ship."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "examples", "configs")
    folder = inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "configs")
    names = sorted(
        each.name.removesuffix(".yaml") for each in _entries(folder) if each.name.endswith(".yaml")
    )
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _items(names: list[str], incomplete: str) -> Items:
    found = [name for name in names if name.startswith(incomplete) and _PLAIN.fullmatch(name)]
    return [CompletionItem(name) for name in found] or [CompletionItem(incomplete, type="file")]


def _runs() -> list[str]:
    from rnnlab.runs.layout import CONFIG, RUNS

    found = []
    for each in _entries(str(RUNS)):
        with suppress(OSError):
            if each.is_dir(follow_symlinks=False) and os.path.exists(os.path.join(each.path, CONFIG)):
                found.append((each.stat().st_mtime_ns, each.path))
    return [path for _, path in sorted(found, reverse=True)]


def _pages(incomplete: str) -> list[str]:
    """The pages in the folder that is being typed and in those in it, by name."""
    folder, slash, _ = incomplete.rpartition("/")
    entries = list(_entries(folder + slash or "."))
    inside = (page for each in entries if each.is_dir() for page in _entries(each.path))
    found = (each.path for each in (*entries, *islice(inside, _MOST_NAMES)))
    return sorted(path.removeprefix("./") for path in found if path.endswith((".yaml", ".yml")))


def _entries(folder: str) -> "Iterator[os.DirEntry[str]]":
    """What is in a folder, but hidden names; nothing, if it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        yield from (each for each in islice(entries, _MOST_NAMES) if not each.name.startswith("."))


NARROWEST, WIDEST = 22, 80
_TWO_COLUMNS = 60
_INDENT = 4


class HelpFormatter(click.HelpFormatter):
    """Click's, but where it is narrow what an option does stands below it."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of options, or commands, with what each does."""
        super().write_dl(list(rows), col_max if self.width >= _TWO_COLUMNS else _INDENT, col_spacing)


class HelpContext(click.Context):
    """A context whose help is laid out so."""

    formatter_class = HelpFormatter


def with_help(command: click.Command) -> click.Command:
    """The command, its help and that of the commands in it laid out so."""
    command.context_class = HelpContext
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_help(each)
    return command


def help_columns() -> int:
    """The width that help is wrapped to: the terminal's, up to what reads well."""
    return max(min(terminal_columns() or WIDEST, WIDEST), NARROWEST) - 2
