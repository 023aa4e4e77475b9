"""`rnnlab report`: write one HTML file about a run, a comparison or a study."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnlab.commands.hints import to_train
from rnnlab.errors import Argument, DataError, RnnlabError, UsageError
from rnnlab.terminal.completion import complete_folder
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
_PLAY = Argument("play")


@click.command()
@click.argument(
    "run",
    metavar="[RUN|COMPARISON|STUDY]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=complete_folder,
)
@click.option(
    "--output",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="The file to write; left out, report.html in the folder of the run, comparison or study.",
)
@click.option("--play", is_flag=True, help="Put the page that plays into the report; see rnnlab export.")
@click.option("--overwrite", is_flag=True, help="Replace the file of --output if it exists.")
def command(run: Path | None, output: Path | None, *, play: bool, overwrite: bool) -> None:
    """Write one HTML file about a run, a comparison or a study: the study of a sweep, with all its trials.

    \b
    rnnlab report
    rnnlab report runs/nabiya_lstm-1 --output nabiya.html
    rnnlab report runs/compare_nabiya-1
    rnnlab report runs/sweep_names-1

    The report of a run has curves, measures, mistakes, and music or text, or alignments. That of a comparison
    has the verdict, the table of `compare`, averaged curves, and what a network of each configuration plays,
    writes or predicts; comparison.yaml, which makes it again, is written into its folder. That of a study has
    the best configuration, the history, the losses of all trials, parallel coordinates and the importance of
    the settings; all trials are also written as trials.csv into the folder of the study.

    Without RUN, the report is about the newest run or comparison. The file needs no server and loads nothing
    from elsewhere. A report in the folder of the run, comparison or study is replaced; another file only with
    --overwrite.
    """
    from rnnlab.files import check_inside, write_durably

    if run and run.is_file():
        raise UsageError(f"{run}: expected a run folder, received a file; name the run: {run.parent}")
    folder, page_of = _what_to_report(run)
    if output is None:
        check_inside(folder / PAGE)
    elif os.path.exists(output) and not overwrite:
        raise UsageError(f"{output}: the file exists; name another, or replace it with --overwrite")
    playing = _playing_page(folder) if play else ""
    with ReadingReport(quiet=False) as reading:
        page = page_of(folder, reading.show, playing)
    path = output or folder / PAGE
    write_durably(path, page.encode())
    echo(str(path))


PageOf = Callable[[Path, "Report", str], str]
"""Makes the page of a folder.

The second argument is called with the progress of reading the data; the third is a page that plays, or empty.
"""


def _what_to_report(path: Path | None) -> "tuple[Path, PageOf]":
    """Return a folder and the function that makes its page; without a path, of the newest run or comparison.

    The path may lack its folder `runs/`, as the list of runs shows it.

    Raises:
        RunError: there is no run yet, or the path is no run, comparison or study.
    """
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import in_runs, is_comparison_folder, is_study_folder
    from rnnlab.runs.newest import newest_comparison

    found = newest_comparison() if path is None else in_runs(path)
    if found and is_study_folder(found):
        return found, _study_page
    if not (found and is_comparison_folder(found)):
        found = find_run(found).path
    if path is None:
        echo(f"using {found}", err=True)
    return found, _comparison_page if is_comparison_folder(found) else _run_page


def _study_page(folder: Path, _report: "Report", _play: str) -> str:
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


def _comparison_page(folder: Path, report: "Report", play: str) -> str:
    """Return the report of a comparison as HTML, and write the YAML that makes it again into its folder.

    Raises:
        RunError: `comparison.json` is damaged, or the YAML file cannot be written, or is a link that leads
            outside.
    """
    from rnnlab.commands.comparison_results import comparison_cells, comparison_facts
    from rnnlab.comparison.measures import Comparison
    from rnnlab.comparison.report.contents import comparison_contents_of
    from rnnlab.comparison.report.page import AGAIN, comparison_report_page, comparison_yaml
    from rnnlab.files import check_inside, write_durably

    check_inside(folder / AGAIN)
    contents = comparison_contents_of(folder, _opened, report=report)
    if isinstance(comparison := contents.comparison, Comparison):
        cells, facts = comparison_cells(comparison), comparison_facts(comparison)
        contents = replace(contents, table=tuple(cells), facts=tuple(facts))
    page = comparison_report_page(contents, play=play)
    if text := comparison_yaml(contents):
        write_durably(folder / AGAIN, text.encode(errors="backslashreplace"))
    return page


def _playing_page(folder: Path) -> str:
    """Return the page that plays a run, or the first network of each configuration of a comparison.

    Raises:
        UsageError: the folder is a study, or a network does not predict the next token.
    """
    from rnnlab.exports.page_file import page_of
    from rnnlab.exports.page_network import page_network
    from rnnlab.runs.folder import RunFolder
    from rnnlab.runs.layout import is_study_folder

    if is_study_folder(folder):
        raise UsageError(
            f"{folder}: a study has many networks; name one of its runs, or leave ", _PLAY, " out"
        )
    networks = []
    for path in _shown_runs(folder):
        run = RunFolder(path)
        networks.append(page_network(run.load_any_model(), run, path))
    page, notes = page_of(networks)
    for note in notes:
        echo(note, err=True)
    return page


def _shown_runs(folder: Path) -> list[Path]:
    """Return a run, or of a comparison the first run of each configuration that has a model."""
    from rnnlab.runs.layout import MODEL, is_comparison_folder, runs_of_comparison

    if not is_comparison_folder(folder):
        return [folder]
    found = dict[str, Path]()
    for path in sorted(runs_of_comparison(folder)):
        if (path / MODEL).is_file():
            found.setdefault(path.name.rpartition("-seed-")[0], path)
    if not found:
        raise UsageError(f"{folder}: no training has a network yet; leave ", _PLAY, " out")
    return [*found.values()]


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


def _run_page(folder: Path, report: "Report", play: str) -> str:
    """Return the report of a run as HTML."""
    from rnnlab.models.model_file import TrainedTask
    from rnnlab.runs.folder import RunFolder

    run = RunFolder(folder)
    trained, refusal = _opened(run)
    if isinstance(trained, TrainedTask):
        from rnnlab.reports.task_contents import task_contents_of
        from rnnlab.reports.task_page import task_report_page

        return task_report_page(task_contents_of(run, trained, refusal=refusal, report=report))
    from rnnlab.reports.contents import contents_of
    from rnnlab.reports.page import report_page

    contents = contents_of(run, trained, refusal=refusal, report=report)
    return report_page(contents, counted=_counted(contents), play=play)


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
