"""`rnnlab runs`: the runs that there are; one of them; and their removal."""

import sys
from pathlib import Path

import click

from rnnlab.commands.arguments import json_option
from rnnlab.commands.completion import complete_run
from rnnlab.commands.terminal import echo, visible
from rnnlab.errors import RunError, UsageError


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the runs in runs/, newest first; show one, or remove some.

    \b
    rnnlab runs
    rnnlab runs show runs/nabiya_lstm-1
    rnnlab runs remove runs/nabiya_lstm-1 runs/nabiya_lstm-2
    """
    if context.invoked_subcommand:
        if as_json:
            raise click.UsageError("--json comes after the command: rnnlab runs show --json", context)
        return
    from rnnlab.commands.rendering import as_json_text
    from rnnlab.commands.run_list import entries_table, entry_json
    from rnnlab.run_folders.entries import read_entries

    entries = read_entries()
    if as_json:
        echo(as_json_text({"runs": [entry_json(entry) for entry in entries]}))
    elif entries:
        echo(entries_table(entries))
    else:
        echo("no run yet in runs/; train one first: rnnlab train CONFIG", err=True)


@command.command()
@click.argument(
    "run", metavar="[RUN]", type=click.Path(path_type=Path), required=False, shell_complete=complete_run
)
@json_option
def show(run: Path | None, as_json: bool) -> None:
    """Show all that the files of a run say: of the newest, if none is named.

    \b
    rnnlab runs show
    rnnlab runs show runs/nabiya_lstm-1 --json
    """
    from rnnlab.commands.rendering import as_json_text, facts
    from rnnlab.commands.run_details import details_json, details_rows
    from rnnlab.run_folders.details import details_of
    from rnnlab.run_folders.entries import read_entry
    from rnnlab.runs import find_run

    path = find_run(run and _named(run)).path
    entry, details = read_entry(path), details_of(path)
    echo(as_json_text(details_json(entry, details)) if as_json else facts(details_rows(entry, details)))


@command.command()
@click.argument(
    "runs",
    metavar="RUN...",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    shell_complete=complete_run,
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(runs: tuple[Path, ...], yes: bool) -> None:
    """Remove runs with all that is in their folders, after a question.

    \b
    rnnlab runs remove runs/nabiya_lstm-1
    rnnlab runs remove runs/nabiya_lstm-* --yes

    Removed are run folders of runs/ alone, that nobody is training in. No link is followed.
    """
    from rnnlab.run_folders.details import bytes_of
    from rnnlab.run_folders.removal import check_removable, remove_leftovers, remove_run

    paths = list(dict.fromkeys(_named(run) for run in runs))
    for path in paths:
        check_removable(path)
    if not yes:
        _ask(paths, sum(map(bytes_of, paths)))
    remove_leftovers()
    for path in paths:
        remove_run(path)
        echo(f"removed {path}", err=True)


def _named(run: Path) -> Path:
    """The path of a run that is named by it, or as the list shows it."""
    from rnnlab.run_folders.places import RUNS

    listed = RUNS / run
    return listed if len(run.parts) == 1 and not run.exists() and listed.exists() else run


def _ask(paths: list[Path], size: int) -> None:
    """Go on if the user says so."""
    from rnnlab.commands.run_details import size_words

    if not sys.stdin.isatty():
        raise UsageError("rnnlab runs remove: nobody to ask, as stdin is no terminal; say --yes")
    names = ", ".join(map(str, paths[:5])) + (f" and {len(paths) - 5:,} more" if len(paths) > 5 else "")
    if not click.confirm(visible(f"remove {names} ({size_words(size)})?"), err=True):
        raise RunError("nothing was removed")
