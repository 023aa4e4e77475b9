"""`rnnlab plot`: draw the training histories of runs in one picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.arguments import checked_picture, output_option, overwrite_option
from rnnlab.errors import Call, RunError, count_of
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.runs.history import History


@click.command()
@click.argument("runs", metavar="[RUN…]", nargs=-1, type=click.Path(path_type=Path))
@output_option(required=True)
@overwrite_option
def command(runs: tuple[Path, ...], output: Path, *, overwrite: bool) -> None:
    """Draw loss and accuracy by epoch, of one run or several.

    \b
    rnnlab plot --output history.png
    rnnlab plot runs/nabiya_lstm-1 runs/nabiya_stateful_lstm-1 --output history.svg

    Without RUN the newest run is drawn. The folder of a comparison stands for the runs in it. If
    runs differ only in their random seed, their mean is drawn, in a band from the lowest to the highest
    value.
    """
    from rnnlab.commands.arguments import runs_in
    from rnnlab.comparison.contenders import grouped_runs
    from rnnlab.files import write_durably
    from rnnlab.reports.curves import history_picture
    from rnnlab.reports.pictures import picture_bytes
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import HISTORY

    suffix = checked_picture(output, overwrite=overwrite)
    if runs:
        found = [find_run(each) for path in runs for each in runs_in(path, having=HISTORY)]
    else:
        found = [find_run()]
        echo(f"using {found[0].path}", err=True)
    groups = grouped_runs(found)
    histories = {name: [_history(run.path) for run in own] for name, own in groups.items()}
    write_durably(output, picture_bytes(history_picture(histories), suffix))
    averaged = f" of {count_of(len(groups), 'configuration')}" if len(groups) < len(found) else ""
    echo(f"drew {output}: {count_of(len(found), 'run')}{averaged}", err=True)


def _history(run: Path) -> "History":
    """Return the history of a run, without its steps.

    Raises:
        RunError: no epoch has ended, or `history.csv` is damaged.
    """
    from rnnlab.runs.history import read_history

    history = read_history(run, with_steps=False)
    if not len(history):
        remedy = Call("resume", str(run))
        raise RunError(f"{run}: no epoch has ended in this run yet; wait, or resume it: ", remedy)
    return history
