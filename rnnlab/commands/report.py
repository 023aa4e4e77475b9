"""`rnnlab report`: write one HTML file about a run."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.hints import to_train
from rnnlab.errors import DataError, UsageError
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.files import Report
    from rnnlab.models.model_file import Trained
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
@click.option("--overwrite", is_flag=True, help="Replace the file of --output if it exists.")
def command(run: Path | None, output: Path | None, *, overwrite: bool) -> None:
    """Write one HTML file about a run: curves, measures, mistakes, and music or text, or alignments.

    \b
    rnnlab report
    rnnlab report runs/nabiya_lstm-1 --output nabiya.html

    Without RUN, the report is about the newest run. The file needs no server and loads nothing from
    elsewhere. A report in the run's folder is replaced; another file only with --overwrite.
    """
    from rnnlab.files import check_inside, write_durably
    from rnnlab.runs.folder import find_run

    if run and run.is_file():
        raise UsageError(f"{run}: expected a run folder, received a file; name the run: {run.parent}")
    found = find_run(run)
    if run is None:
        echo(f"using {found.path}", err=True)
    if output is None:
        check_inside(found.path / PAGE)
    elif os.path.exists(output) and not overwrite:
        raise UsageError(f"{output}: the file exists; name another, or replace it with --overwrite")
    with ReadingReport(quiet=False) as reading:
        page = _page(found, reading.show)
    path = output or found.path / PAGE
    write_durably(path, page.encode())
    echo(str(path))


def _page(run: "RunFolder", report: "Report") -> str:
    """Return the report of a run as HTML."""
    from rnnlab.models.model_file import TrainedTask

    trained, refusal = _opened(run)
    if isinstance(trained, TrainedTask):
        from rnnlab.reports.task_contents import task_contents_of
        from rnnlab.reports.task_page import task_report_page

        return task_report_page(task_contents_of(run, trained, refusal=refusal, report=report))
    from rnnlab.reports.contents import contents_of
    from rnnlab.reports.page import report_page

    return report_page(contents_of(run, trained, refusal=refusal, report=report))


def _opened(run: "RunFolder") -> "tuple[Trained, str | None]":
    """Return the model of a run, and the reason why its data may not be opened; None if the data may."""
    from rnnlab.runs.data import opened_model

    trained = run.load_any_model()
    try:
        return opened_model(trained, run, run.path, remedy=to_train(run)), None
    except DataError as error:
        return trained, str(error)
