"""`rnnlab report`: write one HTML file about a run or a study."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.hints import to_train
from rnnlab.errors import DataError, RnnlabError, UsageError
from rnnlab.terminal.completion import complete_run_or_study
from rnnlab.terminal.progress import ReadingReport
from rnnlab.terminal.text import echo

if TYPE_CHECKING:
    from rnnlab.files import Report
    from rnnlab.models.model_file import Trained
    from rnnlab.reports.contents import Contents
    from rnnlab.reports.markup import Markup
    from rnnlab.runs.folder import RunFolder
    from rnnlab.sweeps.improvement import Improvement
    from rnnlab.sweeps.results import StudyResults

PAGE = "report.html"


@click.command()
@click.argument(
    "run",
    metavar="[RUN|STUDY]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=complete_run_or_study,
)
@click.option(
    "--output",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="The file to write; left out, report.html in the folder of the run or study.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --output if it exists.")
def command(run: Path | None, output: Path | None, *, overwrite: bool) -> None:
    """Write one HTML file about a run or a study: the study of a sweep, with all its trials.

    \b
    rnnlab report
    rnnlab report runs/nabiya_lstm-1 --output nabiya.html
    rnnlab report runs/sweep_names-1

    The report of a run has curves, measures, mistakes, and music or text, or alignments. That of a study has
    the best configuration, the history, the losses of all trials, parallel coordinates and the importance of
    the settings; all trials are also written as trials.csv into the folder of the study.

    Without RUN, the report is about the newest run. The file needs no server and loads nothing from
    elsewhere. A report in the folder of the run or study is replaced; another file only with --overwrite.
    """
    from rnnlab.files import check_inside, write_durably
    from rnnlab.runs.folder import RunFolder
    from rnnlab.runs.layout import is_study_folder

    if run and run.is_file():
        raise UsageError(f"{run}: expected a run folder, received a file; name the run: {run.parent}")
    is_study = run is not None and is_study_folder(run)
    folder = run if run and is_study else _run_folder(run)
    if output is None:
        check_inside(folder / PAGE)
    elif os.path.exists(output) and not overwrite:
        raise UsageError(f"{output}: the file exists; name another, or replace it with --overwrite")
    with ReadingReport(quiet=False) as reading:
        page = _study_page(folder) if is_study else _page(RunFolder(folder), reading.show)
    path = output or folder / PAGE
    write_durably(path, page.encode())
    echo(str(path))


def _run_folder(run: Path | None) -> Path:
    """Return the folder of a run; without one, of the newest run, and say which."""
    from rnnlab.runs.folder import find_run

    found = find_run(run)
    if run is None:
        echo(f"using {found.path}", err=True)
    return found.path


def _study_page(folder: Path) -> str:
    """Return the report of a study as HTML, and write all its trials as CSV into its folder.

    Raises:
        RunError: `study.json` is damaged, or the CSV file cannot be written, or is a link that leads outside.
    """
    from rnnlab.files import check_inside, write_durably
    from rnnlab.reports.study_contents import TRIALS, study_contents_of, trials_csv
    from rnnlab.reports.study_page import study_report_page
    from rnnlab.sweeps.results import read_results

    check_inside(folder / TRIALS)
    results = read_results(folder)
    gain, why = _gain(results)
    page = study_report_page(study_contents_of(results, gain, why_no_gain=why))
    write_durably(folder / TRIALS, trials_csv(results).encode(errors="backslashreplace"))
    return page


def _gain(results: "StudyResults") -> "tuple[Improvement | None, str]":
    """Return the difference of the best trial to the first guess, and the reason why it is not measured."""
    from rnnlab.runs.folder import RunFolder
    from rnnlab.sweeps.improvement import improvement

    best, first = results.best, results.first
    if best is None or first is None or best is first:
        return None, ""
    try:
        for each in (first, best):
            if each.run:
                _, refusal = _opened(RunFolder(results.folder / each.run))
                if refusal:
                    return None, refusal
        return improvement(results), ""
    except RnnlabError as error:
        return None, str(error)


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

    contents = contents_of(run, trained, refusal=refusal, report=report)
    return report_page(contents, counted=_counted(contents))


MOST_COUNTED, STRONGEST = 200, 5


def _counted(contents: "Contents") -> "list[Markup]":
    """Return which tokens counted for the last token of the first sample; nothing if there is no sample."""
    from rnnlab.reports.contents import Measured
    from rnnlab.tracing.influence import influence, shares_of, tokens_before
    from rnnlab.tracing.page import influence_section

    if isinstance(contents.writing, str) or not contents.writing.samples[0].sequence:
        return []
    trained, measured, text = contents.trained, contents.measured, contents.writing.samples[0].text
    shares = None
    if isinstance(measured, Measured) and measured.train:
        ids = measured.corpus.ids[measured.train.begin : measured.train.end]
        shares = shares_of(ids, len(trained.tokens))
    try:
        step = tokens_before(trained, text, None) - 1
        found = influence(trained, text, step=step, of="next", most=MOST_COUNTED, shares=shares)
    except RnnlabError:
        return []
    return influence_section(found, "The last token of sample 1", top=STRONGEST)


def _opened(run: "RunFolder") -> "tuple[Trained, str | None]":
    """Return the model of a run, and the reason why its data may not be opened; None if the data may."""
    from rnnlab.runs.data import opened_model

    trained = run.load_any_model()
    try:
        return opened_model(trained, run, run.path, remedy=to_train(run)), None
    except DataError as error:
        return trained, str(error)
