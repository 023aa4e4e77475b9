"""How `--help` is laid out, also on a terminal that is too narrow for two columns."""

from collections.abc import Iterable

import click

from rnnlab.commands.terminal import terminal_columns

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
