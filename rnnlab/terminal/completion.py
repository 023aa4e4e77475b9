"""Shell completion of runs, studies, configurations and examples; and the layout of `--help`.

A shell asks at every press of the Tab key; therefore no file is opened for an answer, and no error is
printed. The name of a run or a file that a shell would read as several words is not offered. If no name is
left, the shell completes files.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from rnnlab.terminal.text import terminal_columns

VARIABLE = "_RNNLAB_COMPLETE"
"""The environment variable in which the shell scripts of Click pass their request for completions."""

Items = list[CompletionItem[str]]

_PLAIN = re.compile(r"[\w@%+./-]+")
_MOST_NAMES = 10_000


def is_asked() -> bool:
    """Return whether a shell has started this process to complete a word."""
    return bool(os.environ.get(VARIABLE))


def answer(cli: click.Command) -> int:
    """Print the completions that a shell asks for, and return the exit code: 1 after an exception."""
    try:
        cli.main([], prog_name="rnnlab", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except Exception:  # a message would appear in the line that the user is typing
        return 1
    return 0


def complete_run(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete a run in `runs/`, the last changed first; if no run matches, the shell completes files."""
    return _items(_runs(), incomplete)


def complete_folder(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete a run, a comparison or a study, the last changed first; else the shell completes files."""
    from rnnlab.runs.layout import CONFIG, STUDY

    return _items(_folders(CONFIG, STUDY, comparisons=True), incomplete)


def complete_sweep(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete a YAML file, another file in the typed folder, or a study; else the shell completes files."""
    from rnnlab.runs.layout import RUNS, STUDY

    files = [] if incomplete.startswith(f"{RUNS}/") else [*_configs(incomplete), *_files(incomplete)]
    return _items(list(dict.fromkeys([*files, *_folders(STUDY)])), incomplete)


def complete_config(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete a YAML file in the typed folder or in its subfolders; else the shell completes files."""
    return _items(_configs(incomplete), incomplete)


def complete_config_or_run(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete a YAML file or a run, YAML files first; if none matches, the shell completes files."""
    return _items([*_configs(incomplete), *_runs()], incomplete)


def complete_example(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete the name of an example for `rnnlab new --example`."""
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
    from rnnlab.runs.layout import CONFIG

    return _folders(CONFIG)


def _folders(*having: str, comparisons: bool = False) -> list[str]:
    """Return the folders in `runs/` that hold one of these files, the last changed first.

    Args:
        having: names of files.
        comparisons: whether folders of comparisons are returned too.
    """
    from rnnlab.runs.layout import RUNS, is_comparison_folder

    found = []
    for each in _entries(str(RUNS)):
        with suppress(OSError):
            is_folder = each.is_dir(follow_symlinks=False)
            is_wanted = any(os.path.exists(os.path.join(each.path, name)) for name in having)
            if is_folder and (is_wanted or (comparisons and is_comparison_folder(Path(each.path)))):
                found.append((each.stat().st_mtime_ns, each.path))
    return [path for _, path in sorted(found, reverse=True)]


def _configs(incomplete: str) -> list[str]:
    """Return the YAML files in the folder that is being typed and directly in its subfolders, by name."""
    folder, slash, _ = incomplete.rpartition("/")
    entries = list(_entries(folder + slash or "."))
    inside = (file for each in entries if each.is_dir() for file in _entries(each.path))
    found = (each.path for each in (*entries, *islice(inside, _MOST_NAMES)))
    return sorted(path.removeprefix("./") for path in found if path.endswith((".yaml", ".yml")))


def _files(incomplete: str) -> list[str]:
    """Return the files in the folder that is being typed, by name."""
    folder, slash, _ = incomplete.rpartition("/")
    found = (each.path for each in _entries(folder + slash or ".") if each.is_file())
    return sorted(path.removeprefix("./") for path in found)


def _entries(folder: str) -> "Iterator[os.DirEntry[str]]":
    """Yield the first `_MOST_NAMES` entries of a folder, without hidden names; none if it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        yield from (each for each in islice(entries, _MOST_NAMES) if not each.name.startswith("."))


NARROWEST, WIDEST = 22, 80
_TWO_COLUMNS = 60
_INDENT = 4


class HelpFormatter(click.HelpFormatter):
    """The formatter of Click; on a narrow terminal the text of an option is printed below it."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of options or commands with their texts."""
        super().write_dl(list(rows), col_max if self.width >= _TWO_COLUMNS else _INDENT, col_spacing)


class HelpContext(click.Context):
    """A context whose help is laid out by `HelpFormatter`."""

    formatter_class = HelpFormatter


def with_help(command: click.Command) -> click.Command:
    """Return the command, with its help and that of its subcommands laid out by `HelpFormatter`."""
    command.context_class = HelpContext
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_help(each)
    return command


def help_columns() -> int:
    """Return the width of the help: that of the terminal, at least `NARROWEST`, at most `WIDEST`; less 2.

    Without a terminal it is `WIDEST` less 2.
    """
    return max(min(terminal_columns() or WIDEST, WIDEST), NARROWEST) - 2
