"""`rnnlab report`: write one HTML file about a run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.hints import to_train
from rnnlab.errors import DataError, UsageError
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.models.model_file import TrainedModel
    from rnnlab.runs.folder import RunFolder

PAGE = "report.html"


@click.command()
@click.argument("run", metavar="[RUN]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--output",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="The file to write; left out, report.html in the run's folder.",
)
def command(run: Path | None, output: Path | None) -> None:
    """Write one HTML file about a run: curves, measures, mistakes, music or text.

    \b
    rnnlab report
    rnnlab report runs/nabiya_lstm-1 --output nabiya.html

    Without RUN, the report is about the newest run. The file needs no server and loads nothing from
    elsewhere.
    """
    from rnnlab.files import check_inside, write_durably
    from rnnlab.reports.contents import contents_of
    from rnnlab.reports.page import report_page
    from rnnlab.runs.folder import find_run

    if run and run.is_file():
        raise UsageError(f"{run}: expected a run folder, received a file; name the run: {run.parent}")
    found = find_run(run)
    if run is None:
        echo(f"using {found.path}", err=True)
    if output is None:
        check_inside(found.path / PAGE)
    with ReadingReport(quiet=False) as reading:
        trained, refusal = _opened(found)
        contents = contents_of(found, trained, refusal=refusal, report=reading.show)
    path = output or found.path / PAGE
    write_durably(path, report_page(contents).encode())
    echo(str(path))


def _opened(run: "RunFolder") -> "tuple[TrainedModel, str | None]":
    """Return the model of a run, and the reason why its data may not be opened; None if the data may."""
    from rnnlab.runs.data import opened_model

    trained = run.load_model()
    try:
        return opened_model(trained, run, run.path, remedy=to_train(run)), None
    except DataError as error:
        return trained, str(error)
