"""The report of a study: an HTML page that loads no other file, with all trials of a sweep."""

from collections.abc import Iterator
from pathlib import Path

from rnnlab.config.sweep import Dimension
from rnnlab.errors import command_line, count_of
from rnnlab.reports.axes import figure
from rnnlab.reports.markup import Markup, data_uri, tag
from rnnlab.reports.overview import MOST_CHARACTERS, header
from rnnlab.reports.page import page_of_report, remark, report_section
from rnnlab.reports.study_charts import history_chart, losses_chart, short_names
from rnnlab.reports.study_contents import BEST, TRIALS, StudyContents, trials_csv
from rnnlab.reports.study_parallel import parallel_coordinates
from rnnlab.reports.tables import named_facts, share_bar, table_of_rows
from rnnlab.sweeps.results import COMPLETE, FAILED, PRUNED, StudyResults, TrialRecord

MOST_ROWS = 1000
"""Largest number of rows of the table of trials."""

_SAMPLERS = {
    "tpe": "TPE, which learns from the trials so far (Bergstra et al., 2011)",
    "random": "random values",
    "grid": "a grid of all combinations",
}
_PRUNING = {
    "none": "no trial is ended early",
    "median": "a trial is ended if its validation loss is above the median of the others at the same epoch",
    "halving": "successive halving of the trials by their validation loss",
    "wilcoxon": "a trial is ended if its folds are worse than those of the best trial (Wilcoxon test)",
}


def study_report_page(contents: StudyContents) -> str:
    """Return the report of a study as an HTML page; equal contents give equal pages."""
    sections = [
        report_section("best", *_best(contents)),
        report_section("searched", *_searched(contents)),
        report_section("history", *_history(contents.results)),
        report_section("trained", *_trained(contents.results)),
        report_section("settings", *_settings(contents.results)),
        report_section("matters", *_importance(contents.results)),
        report_section("trials", *_trials(contents.results)),
    ]
    return page_of_report(contents.results.folder.name, _head(contents), sections)


def _head(contents: StudyContents) -> Markup:
    results = contents.results
    kind = "grid search" if results.plan.page.sampler == "grid" else "search"
    said = f"A {kind} for good settings of {Path(results.plan.name).name}. {_progress(contents)}"
    return header(results.folder.name, said, "", _figures(results))


def _progress(contents: StudyContents) -> str:
    results = contents.results
    ended, total = len(results.trials), results.plan.page.trials
    words = count_of(ended, "trial") if total is None else f"{ended:,} of {count_of(total, 'trial')}"
    training = f", and {contents.training:,} in training on this machine" if contents.training else ""
    return f"{words} {'has' if ended == 1 and total is None else 'have'} ended{training}"


def _figures(results: StudyResults) -> Iterator[tuple[str, str, str]]:
    """Yield (name, figure, unit) of the most important results."""
    measure, best, first = _spaced(results.plan.page.objective.measure), results.best, results.first
    if best:
        yield f"best {measure}", figure(best.value or 0.0), f"trial {best.number}"
    if first:
        yield "first guess", figure(first.value or 0.0), f"trial {first.number}"
    counts = _counts(results)
    yield "complete", f"{counts[COMPLETE]:,}", count_of(counts[COMPLETE], "trial").partition(" ")[2]
    if counts[PRUNED]:
        yield "ended early", f"{counts[PRUNED]:,}", count_of(counts[PRUNED], "trial").partition(" ")[2]
    if counts[FAILED]:
        yield "failed", f"{counts[FAILED]:,}", count_of(counts[FAILED], "trial").partition(" ")[2]


def _counts(results: StudyResults) -> dict[str, int]:
    states = [each.state for each in results.trials]
    return {state: states.count(state) for state in (COMPLETE, PRUNED, FAILED)}


def _best(contents: StudyContents) -> Iterator[Markup]:
    results, best = contents.results, contents.results.best
    if best is None:
        yield tag("p", _why_none(results))
        return
    if results.first is best:
        yield tag("p", "No trial is better than the first guess, the configuration as it was.")
    elif results.first:
        yield from _gain(contents)
    else:
        yield tag("p", _why_no_first(results))
    yield _comparison(results, best)
    if contents.best_yaml:
        yield tag("p", "Train it with:")
        yield tag("pre", tag("code", command_line("train", results.folder / BEST)))
        yield _yaml(contents.best_yaml, f"The best configuration as YAML, {BEST}")
    else:
        yield remark(f"The folder of the study has no {BEST}.")


def _why_none(results: StudyResults) -> str:
    if not results.trials:
        return "No trial has ended yet. Write the report again when one has."
    return "No trial has a measure: all have failed. The table of all trials has the reasons."


def _why_no_first(results: StudyResults) -> str:
    if results.plan.page.sampler == "grid":
        return "A grid has no first guess with which the best trial could be compared."
    if results.has_first_guess:
        return "The first guess, trial 0, has no measure."
    return "The configuration has values outside of the space, so there is no first guess to compare with."


def _gain(contents: StudyContents) -> Iterator[Markup]:
    """Yield the difference of the best trial to the first guess, or why it is not measured."""
    gain = contents.gain
    if gain is None:
        why = f": {contents.why_no_gain}" if contents.why_no_gain else ""
        yield tag("p", f"The interval of the difference to the first guess is not measured{why}.")
        return
    low, high = (figure(each) for each in gain.interval)
    loss = figure(abs(gain.first - gain.best))
    comparative = "lower" if gain.first >= gain.best else "higher"
    chance = "" if gain.is_sure else " The interval reaches below 0, so the difference may be chance."
    yield tag(
        "p",
        f"On the validation set, the loss of the best trial is {comparative} by {loss} nats per token than"
        f" that of the first guess: 95 % interval of the difference {low} to {high}.{chance}",
    )
    yield remark(
        "The interval counts chance in the validation set, not that of other random seeds. The trial was"
        " chosen on the same set, so the difference on new data is likely to be smaller."
    )


def _comparison(results: StudyResults, best: TrialRecord) -> Markup:
    """Return a table of the settings of the best trial, beside those of the first guess."""
    first = results.first if results.first is not best else None
    named = [(f"best, trial {best.number}", best)]
    if first:
        named.insert(0, (f"first guess, trial {first.number}", first))
    rows = [[key, *(each.values.get(key, "–") for _, each in named)] for key in results.plan.page.space]
    name = _spaced(results.plan.page.objective.measure)
    rows.append([name, *(figure(each.value or 0.0) for _, each in named)])
    return table_of_rows(["setting", *(name for name, _ in named)], rows, class_="chosen")


def _searched(contents: StudyContents) -> Iterator[Markup]:
    results = contents.results
    yield named_facts([*_facts(results), ("begun", f"{contents.begun} UTC")])
    rows = [[key, *_dimension(each)] for key, each in results.plan.page.space.items()]
    names, caption = ["setting", "values", "drawn", "varied if"], "The space: the settings that were varied"
    yield table_of_rows(names, rows, caption=caption)
    yield _yaml(results.plan.text, "The configuration whose settings were varied, as YAML")


def _facts(results: StudyResults) -> Iterator[tuple[str, str]]:
    plan, page = results.plan, results.plan.page
    yield "configuration", plan.name
    extreme = "lowest" if page.objective.direction == "minimize" else "highest"
    folds = page.objective.folds
    place = f"mean over {count_of(folds, 'fold')}" if folds else "on the validation set"
    yield "objective", f"the {extreme} {_spaced(page.objective.measure)}, {place}"
    yield "sampler", f"{_SAMPLERS[page.sampler]}; random seed {page.random_seed}"
    yield "pruning", _PRUNING[page.pruning]
    budget = [] if page.trials is None else [count_of(page.trials, "trial")]
    if page.seconds is not None:
        budget.append(f"{page.seconds:,.6g} s for each call of the command")
    yield "budget", " and ".join(budget) or "all combinations"
    counts = _counts(results)
    yield (
        "trials",
        f"{len(results.trials):,}: {counts[COMPLETE]:,} complete, {counts[PRUNED]:,} ended early,"
        f" {counts[FAILED]:,} failed",
    )
    yield "time", f"{sum(each.seconds for each in results.trials):,.1f} s of training in all trials together"
    if plan.settings:
        yield "settings of every trial", ", ".join(f"{each.name} {each.value}" for each in plan.settings)
    yield "database", results.storage or "study.db in the folder of the study"


def _dimension(dimension: Dimension) -> list[str]:
    """Return the values of a setting, how they were drawn, and when the setting is varied, in words."""
    if dimension.choice is not None:
        values, drawn = ", ".join(dimension.grid()), "one of these"
    else:
        low, high = dimension.integer or dimension.float_ or (0, 0)
        step = f", in steps of {dimension.step:g}" if dimension.step else ""
        values, drawn = f"{low:,g} to {high:,g}{step}", "evenly by logarithm" if dimension.log else "evenly"
    when = " and ".join(f"{key} is {' or '.join(each)}" for key, each in dimension.allowed().items())
    return [values, drawn, when or "always"]


def _history(results: StudyResults) -> Iterator[Markup]:
    if results.best is None:
        yield tag("p", _why_none(results))
    else:
        yield history_chart(results)


def _trained(results: StudyResults) -> Iterator[Markup]:
    chart = losses_chart(results)
    yield remark("No trial that has ended has a loss yet.") if chart is None else chart


def _settings(results: StudyResults) -> Iterator[Markup]:
    if results.best is None:
        yield tag("p", _why_none(results))
        return
    yield parallel_coordinates(results)
    if any(each.when for each in results.plan.page.space.values()):
        yield remark("A line through “–” is a trial in which this setting is not varied.")


def _importance(results: StudyResults) -> Iterator[Markup]:
    """Yield the importance of the settings as bars, and what it means."""
    if not results.importance:
        yield tag(
            "p",
            "The importance of the settings is not estimated. It needs 8 complete trials with different"
            " measures, and a search that has come to its end.",
        )
        return
    largest = max(results.importance.values()) or 1.0
    rows = [
        tag(
            "tr",
            tag("th", key, scope="row"),
            tag("td", f"{share:.0%}"),
            tag("td", share_bar(share / largest)),
        )
        for key, share in sorted(results.importance.items(), key=lambda each: -each[1])
    ]
    caption = tag("caption", "Share of each setting in the variance of the measure")
    yield tag("table", caption, tag("tbody", *rows), class_="bars")
    left_out = [key for key in results.plan.page.space if key not in results.importance]
    missing = f" Not every trial has {' and '.join(left_out)}, so there is no share." if left_out else ""
    yield remark(
        "Estimated by fANOVA (Hutter et al., 2014): a forest of trees is fitted to the complete trials, and"
        " its variance over the space is divided among the settings. A large share says that the measure"
        f" depends on the setting, not which value is good.{missing}"
    )


def _trials(results: StudyResults) -> Iterator[Markup]:
    """Yield the table of all trials, and a link to the table as CSV, which is inside of the page."""
    if not results.trials:
        yield tag("p", _why_none(results))
        return
    link = tag("a", TRIALS, href=data_uri(trials_csv(results).encode(), "text/csv"), download=TRIALS)
    yield tag("p", "As CSV: ", link, f", {count_of(len(results.trials), 'trial')}, kept inside of this page.")
    if len(results.trials) > MOST_ROWS:
        yield remark(f"The first {MOST_ROWS:,} of {len(results.trials):,} trials; the CSV file has all.")
    space, folds = results.plan.page.space, results.plan.page.objective.folds
    after = ("folds",) if folds else ("epochs", "best epoch")
    names = (
        "",
        "state",
        _spaced(results.plan.page.objective.measure),
        *short_names([*space]).values(),
        *after,
    )
    shown = results.trials[:MOST_ROWS]
    yield table_of_rows(
        [*names, "seconds", "attempts", "reason"],
        [_trial(each, results) for each in shown],
        class_="trials",
        kinds=["best" if each is results.best else "" for each in shown],
    )


def _trial(trial: TrialRecord, results: StudyResults) -> list[str]:
    best, folds = results.best, results.plan.page.objective.folds
    marked = " (best)" if trial is best else " (first guess)" if trial is results.first else ""
    state = "ended early" if trial.state == PRUNED else trial.state
    best_epoch = [] if folds else [f"{trial.best_epoch:,}" if trial.best_epoch else "–"]
    numbers = [f"{trial.epochs:,}", *best_epoch, f"{trial.seconds:,.1f}", f"{trial.attempts:,}"]
    return [
        f"{trial.number}{marked}",
        state,
        "–" if trial.value is None else f"{trial.value:.4f}",
        *(trial.values.get(key, "–") for key in results.plan.page.space),
        *numbers,
        trial.failure or trial.ended,
    ]


def _yaml(text: str, summary: str) -> Markup:
    """Return YAML behind a line that opens it; a long text is cut."""
    cut = len(text) - MOST_CHARACTERS
    more = f"\n… {count_of(cut, 'more character')}" if cut > 0 else ""
    page = tag("pre", tag("code", text[:MOST_CHARACTERS] + more), tabindex="0")
    return tag("details", tag("summary", summary), page)


def _spaced(measure: str) -> str:
    return measure.replace("_", " ")
