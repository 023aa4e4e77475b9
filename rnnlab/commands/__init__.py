"""The command line: one module for each command, loaded when the command is called.

Each command parses its arguments, calls other packages of rnnlab, and prints the result. The other modules
hold what several commands share (arguments, hints, output), or the text and JSON of the result of a command.

An error that a user can fix is printed here on stderr and becomes an exit code. Any other error is a bug and
keeps its traceback.
"""

import importlib
from collections.abc import Sequence

import click

from rnnlab import __version__
from rnnlab.errors import RnnlabError, near, one_line
from rnnlab.terminal import completion
from rnnlab.terminal.completion import HelpContext, help_columns, with_help
from rnnlab.terminal.text import echo, failure_of_stdout

COMMANDS = {
    "new": "Write a configuration for your own data, or an example.",
    "train": "Train the model that a YAML file describes.",
    "evaluate": "Measure a trained model.",
    "generate": "Write text or music with a trained model.",
    "predict": "Print the label, the tags or the target of inputs.",
    "trace": "Show every gate, state and prediction of a network, step by step.",
    "compare": "Compare configurations or runs.",
    "sweep": "Search for good settings.",
    "plot": "Draw loss and accuracy by epoch, of one run or several.",
    "describe": "Show data, windows, splits and model, without training.",
    "report": "Write one HTML file about a run, a comparison or a study.",
    "export": "Write a trained model as a page that plays, or for other programs.",
    "runs": "List the runs in runs/, newest first; show one, or remove some.",
    "replay": "Make files that generate wrote again, byte for byte.",
    "convert": "Convert music between note text, MIDI and other formats.",
    "schema": "Print the JSON Schema of the YAML, for editors.",
}


TERMINATED = 143
"""The exit code after SIGTERM, 128 + 15."""


class LazyGroup(click.Group):
    """A group whose `--help` loads none of its commands."""

    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which a beginner needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load and return the command of a name; None if there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"rnnlab.commands.{cmd_name}").command
        return with_help(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name and the command that the first argument names, and the other arguments.

        Raises:
            click.UsageError: there is no such command; the message has the most similar one, or else all.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            found = near(args[0], COMMANDS)
            hint = f"did you mean {found[0]!r}?" if found else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"no such command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command, from `COMMANDS`."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rnnlab")
def cli() -> None:
    """Train small recurrent networks on characters or notes, from one YAML file.

    \b
    rnnlab train configs/nabiya_stateful_lstm.yaml
    rnnlab generate --seed "g8 e8 e4 f8"
    rnnlab evaluate
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code.

    The code is 0 for done, 1 for failed, 2 for wrong use, 130 and 143 for interrupted.
    """
    if completion.is_asked():
        return completion.answer(cli)
    try:
        cli.main(list(arguments), prog_name="rnnlab", standalone_mode=False, terminal_width=help_columns())
    except RnnlabError as error:
        from rnnlab.commands.hints import as_typed

        message, exit_code = as_typed(error), error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        message, exit_code = error.format_message(), error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "rnnlab"
        message = one_line(f"{path}: {error.format_message()} (see {path} --help)")
        exit_code = error.exit_code
    except click.ClickException as error:
        message, exit_code = one_line(f"rnnlab: {error.format_message()}"), error.exit_code
    except click.Abort:
        message, exit_code = "interrupted", 130
    except SystemExit as error:
        if error.code != TERMINATED:
            raise
        message, exit_code = "interrupted", TERMINATED
    except OSError as error:
        if (failure := failure_of_stdout(error)) is None:
            raise
        message, exit_code = failure, 1
    else:
        return 0
    echo(message, err=True)
    return exit_code
