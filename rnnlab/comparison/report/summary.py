"""The top of the report of a comparison: the verdict in one sentence, key figures, and what is unfinished."""

import math
import statistics
from collections.abc import Iterator, Sequence

from rnnlab.comparison.measures import Comparison, Contender
from rnnlab.comparison.report.contents import ComparisonContents
from rnnlab.comparison.report.letters import with_badge
from rnnlab.comparison.verdict import verdict
from rnnlab.config.reading import AnyExperiment
from rnnlab.config.task_data import GeneratedDataset
from rnnlab.errors import command_line, count_of
from rnnlab.reports.axes import figure
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.overview import header

MOST_FIGURES = 6
"""Largest number of configurations whose main figure stands at the top."""


def comparison_head(contents: ComparisonContents) -> Markup:
    """Return the title of the page, the verdict in one sentence, what was compared, and the main figures."""
    comparison, music = contents.comparison, writes_notes(contents)
    if isinstance(comparison, str):
        first, figures = "Nothing is measured yet.", list[tuple[str, str, str]]()
    else:
        first, figures = headline(comparison, music=music), [*_figures(comparison, music=music)]
    return header(contents.folder.name, _said(contents), contents.begun, figures, headline=first)


def writes_notes(contents: ComparisonContents) -> bool:
    """Return whether the networks write notes."""
    experiment = first_experiment(contents)
    return experiment is not None and experiment.dataset.kind == "notes"


def first_experiment(contents: ComparisonContents) -> AnyExperiment | None:
    """Return the settings of the first configuration that has any."""
    return next((each.experiment for each in contents.configurations if each.experiment), None)


def headline(comparison: Comparison, *, music: bool) -> str:
    """Return the result of a comparison in one sentence.

    For notes it is on the free runs, for generated examples on the lengths that are solved, and otherwise on
    the losses.
    """
    contenders = comparison.contenders
    if len(contenders) == 1:
        return f"Only {contenders[0].name} has trained networks, so there is nothing to compare yet."
    if (music and all(each.free_runs for each in contenders)) or contenders[0].lengths:
        return verdict(comparison)[0]
    return _by_loss(comparison)


def _by_loss(comparison: Comparison) -> str:
    """Return which configuration has the lowest loss, and whether its difference to the others is chance."""
    means = [statistics.fmean(each.losses) for each in comparison.contenders]
    finite = [number for number, mean in enumerate(means) if math.isfinite(mean)]
    if not finite:
        return "No configuration has a finite loss."
    best = min(finite, key=lambda number: means[number])
    name, unit = comparison.contenders[best].name, f"nats per {comparison.figures.unit}"
    begin = f"{name} has the lowest loss, {figure(means[best])} {unit}"
    pairs = [each for each in comparison.differences() if best in (each.first, each.second)]
    tested = [each for each in pairs if each.test]
    if not tested:
        return f"{begin}; without two random seeds or more, no difference is tested."
    open_pairs = [each for each in pairs if not each.is_significant]
    others = [comparison.contenders[each.first + each.second - best].name for each in open_pairs]
    if not others:
        return f"{begin}, significantly lower than {'that of every other' if pairs[1:] else 'the other'}."
    if len(others) == len(pairs):
        return f"{begin}, but no difference to {'another' if pairs[1:] else 'the other'} is significant."
    return f"{begin}; only its difference to {_joined(others)} is not significant."


def unfinished(contents: ComparisonContents) -> str:
    """Return what is missing in the comparison as a sentence; empty if nothing is."""
    trainings = contents.trainings
    counts = {state: [each.state for each in trainings].count(state) for state in _STATES}
    missing = [f"{count:,} {_STATES[state]}" for state, count in counts.items() if count]
    unmeasured = sum(each.state == "done" and each.trial is None for each in trainings)
    if unmeasured and isinstance(contents.comparison, Comparison):
        missing.append(f"{unmeasured:,} done and not measured")
    if not missing:
        return ""
    done = sum(each.state == "done" for each in trainings)
    are = "is" if done == 1 else "are"
    return f"{done:,} of {count_of(len(trainings), 'training')} {are} done: {_joined(missing)}."


_STATES = {
    "running": "in training",
    "interrupted": "interrupted",
    "failed": "failed",
    "damaged": "damaged",
    "not begun": "not begun",
    "removed": "removed since",
}
"""The states of trainings that a finished comparison does not have, in words."""


def unfinished_note(contents: ComparisonContents) -> list[Markup]:
    """Return a note on what is missing, with the command that writes the page again; else nothing."""
    said = unfinished(contents)
    if not said:
        return []
    again = tag("code", command_line("report", contents.folder))
    return [
        tag("p", tag("b", "Not complete. "), f"{said} Write the page again with ", again, ".", class_="note")
    ]


def _said(contents: ComparisonContents) -> str:
    """Return what was compared, as a sentence without its full stop."""
    count = len(contents.configurations)
    seeds = len({each.random_seed for each in contents.trainings})
    return (
        f"{count_of(count, 'configuration')}, each trained with {count_of(seeds, 'random seed')} on"
        f" {data_words(contents)}"
    )


def data_words(contents: ComparisonContents) -> str:
    """Return the data of the comparison in words: what it consists of, and the names of its files."""
    experiment = first_experiment(contents)
    if experiment is None:
        return "data that is not known"
    dataset = experiment.dataset
    if isinstance(dataset, GeneratedDataset):
        return f"generated examples of {dataset.name}"
    task = dataset.task
    noun = "examples" if task != "next_token" else "notes" if dataset.kind == "notes" else "text"
    named_files = [dataset.url or "", *(path.name for path in dataset.path or ())]
    files = [each for each in named_files if each]
    more = f" and {count_of(len(files) - 2, 'more file')}" if len(files) > 2 else ""
    return f"{noun} of {', '.join(files[:2])[:200] or 'the configuration'}{more}"


def _figures(comparison: Comparison, *, music: bool) -> Iterator[tuple[str, str, str]]:
    """Yield (name, figure, unit) of the main figure of each configuration."""
    contenders = comparison.contenders
    free = music and all(each.free_runs for each in contenders)
    for number, contender in enumerate(contenders[:MOST_FIGURES]):
        yield with_badge(number, contender.name), *_main_figure(contender, comparison, free=free)


def _main_figure(contender: Contender, comparison: Comparison, *, free: bool) -> tuple[str, str]:
    """Return the main figure of a configuration, a mean over its random seeds, and its unit."""
    mean = "on average " if len(contender.trials) > 1 else ""
    if free:
        runs = contender.free_runs
        right = statistics.fmean(run.correct for run in runs)
        return f"{right:.3g} of {runs[0].length:,}", f"notes right {mean}".strip()
    figures = comparison.figures
    if figures.example and contender.accuracies:
        return f"{100 * statistics.fmean(contender.accuracies):.3g} %", f"{figures.share} {mean}".strip()
    return figure(statistics.fmean(contender.losses)), f"nats per {figures.unit} {mean}".strip()


def _joined(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
