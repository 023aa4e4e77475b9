"""`rnnlab plot`: the training histories of runs as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.arguments import checked_picture, output_option, overwrite_option
from rnnlab.errors import Call, RunError
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.runs.history import History


@click.command()
@click.argument("runs", metavar="[RUN…]", nargs=-1, type=click.Path(path_type=Path))
@output_option(required=True)
@overwrite_option
def command(runs: tuple[Path, ...], output: Path, *, overwrite: bool) -> None:
    """Draw loss and accuracy by epoch, of several runs in one picture.

    \b
    rnnlab plot --output history.png
    rnnlab plot runs/nabiya_lstm-1 runs/nabiya_stateful_lstm-1 --output history.svg

    Without a name, the newest run. The folder of a comparison stands for the runs in it.
    """
    from rnnlab.commands.arguments import runs_in
    from rnnlab.files import write_durably
    from rnnlab.reports.history_figure import history_picture
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import HISTORY

    suffix = checked_picture(output, overwrite=overwrite)
    if runs:
        found = [find_run(each) for path in runs for each in runs_in(path, having=HISTORY)]
    else:
        found = [find_run()]
        echo(f"using {found[0].path}", err=True)
    names = [run.path.name for run in found]
    is_clear = len(set(names)) == len(names)
    histories = {run.path.name if is_clear else str(run.path): _history(run.path) for run in found}
    write_durably(output, history_picture(histories, suffix))
    echo(f"drew {output}: {len(histories)} {'run' if len(histories) == 1 else 'runs'}", err=True)


def _history(run: Path) -> "History":
    """The history of a run in which an epoch has ended."""
    from rnnlab.runs.history import read_history

    history = read_history(run, with_steps=False)
    if not len(history):
        remedy = Call("resume", str(run))
        raise RunError(f"{run}: no epoch has ended in this run yet; wait, or resume it: ", remedy)
    return history
