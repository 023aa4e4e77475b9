"""The report of a comparison: an HTML page that loads no other file."""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files

from rnnlab.comparison.measures import FIGURES, Comparison
from rnnlab.comparison.report.contents import ComparedTraining, ComparisonContents, Configuration
from rnnlab.comparison.report.curves import averaged_charts, seeds_remark
from rnnlab.comparison.report.letters import with_badge
from rnnlab.comparison.report.panels import panels_section
from rnnlab.comparison.report.settings import different_settings
from rnnlab.comparison.report.shown_works import work_section
from rnnlab.comparison.report.summary import (
    comparison_head,
    data_words,
    first_experiment,
    headline,
    unfinished_note,
    writes_notes,
)
from rnnlab.comparison.report.tables import stacked_table
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.writing import write_experiment
from rnnlab.errors import command_line, count_of
from rnnlab.reports.axes import figure
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.overview import MOST_CHARACTERS
from rnnlab.reports.page import page_of_report, remark, report_section
from rnnlab.reports.playing import playing_frame
from rnnlab.reports.tables import named_facts
from rnnlab.runs.layout import CONFIG

AGAIN = "comparison.yaml"
"""The file in the folder of a comparison that lists its configurations, so that it can be made again."""

MOST_ROWS = 300
"""Largest number of rows of the table of trainings."""


def comparison_report_page(contents: ComparisonContents, *, play: str = "") -> str:
    """Return the report of a comparison as an HTML page; equal contents give equal pages.

    Args:
        contents: what the report shows.
        play: a page that plays the networks, which is shown in a frame; empty for none.
    """
    title, works = work_section(contents)
    sections = [
        *unfinished_note(contents),
        report_section("compared", *_compared(contents)),
        report_section("learn", *_learnt(contents)),
        report_section(title, *works),
        *([report_section("interactive", playing_frame(play))] if play else []),
        report_section("differ", *_made(contents)),
        report_section("trainings", *_trainings(contents)),
        report_section("again", *_again(contents)),
    ]
    style = files("rnnlab.comparison.report").joinpath("report.css").read_text(encoding="utf-8")
    head = comparison_head(contents)
    return page_of_report(contents.folder.name, head, sections, style=style, framed=play)


def comparison_yaml(contents: ComparisonContents) -> str:
    """Return the YAML that makes the comparison again, for the file `AGAIN` in its folder.

    It lists the configuration of a training of each; its paths are relative to the folder. It is empty if
    fewer than two configurations can be read.
    """
    lines = []
    for each in contents.configurations:
        run = next((own for own in each.trainings if own.entry and each.experiment), None)
        if run:
            config = json.dumps(f"{run.path.name}/{CONFIG}", ensure_ascii=False)
            name = json.dumps(each.name, ensure_ascii=False)
            lines += [f"  - config: {config}", f"    name: {name}"]
    if len(lines) < 4:
        return ""
    seeds = max(each.random_seed for each in contents.trainings) + 1
    return "\n".join(["compare:", *lines, f"seeds: {seeds}", ""])


def _compared(contents: ComparisonContents) -> Iterator[Markup]:
    """Yield the table that `compare` prints, its sentences, and a picture of each measure."""
    comparison = contents.comparison
    if isinstance(comparison, str):
        yield tag("p", f"Not measured: {comparison}.")
        return
    if contents.table:
        titles = [title for title in contents.table[0] if _is_filled(title, contents)]
        rows = [
            [with_badge(number, row[""]), *(row[title] for title in titles)]
            for number, row in enumerate(contents.table)
        ]
        yield stacked_table("the figures of each configuration", ["configuration", *titles], rows)
    first = headline(comparison, music=writes_notes(contents))
    sentences = [text for name, text in _filled(contents.facts) if name == "verdict" and text != first]
    if sentences:
        yield tag("ul", *(tag("li", each) for each in sentences), class_="verdict")
    yield from panels_section(comparison)
    others = [(name, text) for name, text in _filled(contents.facts) if name != "verdict"]
    if others:
        yield named_facts((name, f"{text[0].upper()}{text[1:]}") for name, text in others)


def _is_filled(title: str, contents: ComparisonContents) -> bool:
    """Return whether a column of the table has a figure; the first column has names."""
    return bool(title) and any(row[title] != "—" for row in contents.table)


def _filled(facts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield facts with their names; on a terminal, a fact with several lines is named once."""
    last = ""
    for name, text in facts:
        last = name or last
        yield last, text


def _learnt(contents: ComparisonContents) -> Iterator[Markup]:
    histories = {each.name: each.histories for each in contents.configurations}
    comparison = contents.comparison
    unit = comparison.figures.unit if isinstance(comparison, Comparison) else _unit(contents)
    charts = averaged_charts(histories, unit=unit)
    if not charts:
        yield tag("p", "No training has an epoch yet.")
        return
    yield remark(seeds_remark(histories))
    yield from charts


def _unit(contents: ComparisonContents) -> str:
    """Return what the losses of the histories are counted in, if nothing is measured."""
    experiment = first_experiment(contents)
    return FIGURES[experiment.task].unit if isinstance(experiment, TaskExperiment) else "token"


def _made(contents: ComparisonContents) -> Iterator[Markup]:
    """Yield what all configurations share, the settings in which they differ, and each as YAML."""
    known = {
        number: each for number, each in enumerate(contents.configurations) if each.experiment is not None
    }
    experiments = {str(number): each.experiment for number, each in known.items() if each.experiment}
    differ = different_settings(experiments) if len(experiments) > 1 else {}
    if differ:
        titles = ["setting", *(with_badge(number, each.name) for number, each in known.items())]
        rows = [[tag("code", key), *values] for key, values in differ.items()]
        yield stacked_table("the settings in which the configurations differ", titles, rows)
    elif len(experiments) > 1:
        yield tag("p", "All settings of the configurations are equal.")
    yield named_facts(_facts(contents))
    for number, each in known.items():
        yield _yaml(number, each)


def _facts(contents: ComparisonContents) -> Iterator[tuple[str, str]]:
    trainings = contents.trainings
    yield "data", data_words(contents)
    yield "trainings", f"{len(trainings):,}, of {count_of(len(contents.configurations), 'configuration')}"
    seconds = [each.entry.progress.seconds for each in trainings if each.entry]
    known = [each for each in seconds if each is not None]
    if known:
        yield "time", f"{sum(known):,.1f} s of training, of all trainings together"
    yield from contents.environment.items()


def _yaml(number: int, configuration: Configuration) -> Markup:
    """Return the settings of a configuration behind a line that opens them; a long text is cut."""
    run = next(each for each in configuration.trainings if each.entry)
    text = (
        ""
        if configuration.experiment is None
        else write_experiment(configuration.experiment, folder=run.path.absolute())
    )
    cut = len(text) - MOST_CHARACTERS
    more = f"\n… {count_of(cut, 'more character')}" if cut > 0 else ""
    summary = together(with_badge(number, configuration.name), " as YAML, with every default")
    page = tag("pre", tag("code", text[:MOST_CHARACTERS] + more), tabindex="0")
    return tag("details", tag("summary", summary), page)


def _trainings(contents: ComparisonContents) -> Iterator[Markup]:
    """Yield the table of all trainings, with the figures of each."""
    numbered = [
        (number, training)
        for number, each in enumerate(contents.configurations)
        for training in each.trainings
    ]
    if len(numbered) > MOST_ROWS:
        yield remark(f"The first {MOST_ROWS:,} of {count_of(len(numbered), 'training')}.")
    comparison = contents.comparison
    figures = comparison.figures if isinstance(comparison, Comparison) else None
    share = figures.share if figures else ""
    free = any(each.trial and each.trial.free_running for _, each in numbered)
    failed = any(each.failure for _, each in numbered)
    titles = ["training", "state", "epochs", "seconds", *([share] if share else [])]
    titles += [*(["running free"] if free else []), "loss", *(["reason"] if failed else [])]
    rows = []
    for number, each in numbered[:MOST_ROWS]:
        cells = _training(each, share=bool(share), free=free)
        rows.append([with_badge(number, f"{each.name}, seed\N{NO-BREAK SPACE}{each.random_seed}"), *cells])
        if failed:
            rows[-1].append(each.failure)
    yield stacked_table("all trainings", titles, rows)


def _training(training: ComparedTraining, *, share: bool, free: bool) -> Iterator[str]:
    """Yield the cells of a training after its name."""
    entry, trial = training.entry, training.trial
    yield training.state
    if entry and entry.settings:
        done, wanted = entry.progress.epochs, entry.settings.epochs
        yield f"{done:,}" if done == wanted else f"{done:,} of {wanted:,}"
    else:
        yield "–"
    seconds = trial.seconds if trial else entry.progress.seconds if entry else None
    yield "–" if seconds is None else f"{seconds:,.1f}"
    if share:
        yield "–" if trial is None or trial.accuracy is None else f"{trial.accuracy:.4f}"
    if free:
        running = trial.free_running if trial else None
        yield f"{running.correct:,} of {running.length:,}" if running else "–"
    yield "–" if trial is None else figure(trial.loss)


def _again(contents: ComparisonContents) -> Iterator[Markup]:
    yield tag(
        "p",
        "The same configurations give the same bits with the same versions and the same processor. The data"
        " must be at the same path as in the trainings.",
    )
    text = comparison_yaml(contents)
    if text:
        yield tag("pre", tag("code", command_line("compare", contents.folder / AGAIN)))
        page = tag("pre", tag("code", text), tabindex="0")
        yield tag("details", tag("summary", f"{AGAIN}, in the folder of the comparison"), page)
    yield tag("p", "A training alone, here the first:")
    first = next(each for each in contents.trainings if each.entry)
    yield tag("pre", tag("code", command_line("train", first.path / CONFIG)))
