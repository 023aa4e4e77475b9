"""The report of a run: an HTML page that loads no other file, and a fragment of it for notebooks.

With the Content-Security-Policy at the top of the page, the browser refuses every request of the page.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

from rnnlab import __version__
from rnnlab.evaluation.collapse import Collapse
from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.copies import copies_section
from rnnlab.reports.curves import training_curves
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.overview import (
    baselines_table,
    confusion_tables,
    facts,
    head,
    layers,
    measures_table,
    reproduction,
)
from rnnlab.reports.playing import playing_frame, styles_and_scripts
from rnnlab.reports.works import pieces, played, works

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_TITLES = {
    "does": "What it does",
    "plays": "What it plays",
    "writes": "What it writes",
    "copies": "Is it copying",
    "stuck": "Whether it is stuck",
    "counted": "Which tokens counted",
    "learns": "How it learnt",
    "measures": "How good it is",
    "confuses": "What it confuses",
    "knows": "How well it knows each label",
    "aligns": "What it looks at",
    "surprises": "What surprises it",
    "made": "How it was made",
    "again": "Making it again",
    "best": "The best configuration",
    "searched": "What was searched",
    "history": "How the search went",
    "trained": "How the trials learnt",
    "settings": "Which settings are good",
    "matters": "Which settings matter",
    "trials": "All trials",
    "compared": "How they compare",
    "learn": "How they learnt",
    "play": "What each of them plays",
    "write": "What each of them writes",
    "predict": "What each of them predicts",
    "playing": "Play with it",
    "interactive": "Play with them",
    "differ": "How they were made",
    "trainings": "All trainings",
}


def report_page(contents: Contents, *, counted: Sequence[Markup] = (), play: str = "") -> str:
    """Return the report of a run as an HTML page; equal contents give equal pages.

    Args:
        contents: what the report shows.
        counted: which tokens counted for a prediction; without it, the section is left out.
        play: a page that plays the network, which is shown in a frame; empty for none.
    """
    path, experiment = contents.run.path, contents.trained.experiment
    notes = experiment.dataset.kind == "notes"
    sections = [
        report_section("plays" if notes else "writes", *_works(contents)),
        *([report_section("playing", playing_frame(play))] if play else []),
        report_section("copies", *copies_section(contents.copies)),
        *([report_section("stuck", *_stuck(contents))] if contents.collapses else []),
        *([report_section("counted", *counted)] if counted else []),
        report_section("learns", *_curves(contents)),
        report_section("measures", *_measures(contents)),
        report_section("confuses", *_confusions(contents)),
        report_section("made", facts(contents), layers(contents.architecture)),
        report_section("again", reproduction(path, experiment)),
    ]
    return page_of_report(path.name, head(contents), sections, framed=play)


def page_of_report(
    name: str,
    header: Markup,
    sections: Sequence[Markup],
    *,
    style: str = "",
    is_wide: bool = False,
    has_charts: bool = True,
    framed: str = "",
) -> str:
    """Return the HTML page of a report or of a trace.

    Args:
        name: name of the run.
        header: the title of the report, with the most important figures.
        sections: the sections, such as those of `report_section`.
        style: CSS beside that of all reports.
        is_wide: whether the page is as wide as the window, for pictures side by side.
        has_charts: whether a section has charts of lines, which a script can stretch.
        framed: the page in the frame of a section, which has a script and styles of its own; empty for none.
    """
    footer = tag("footer", f"rnnlab {__version__}. This page fetches nothing and sends nothing.")
    script = _resource("page.js") if has_charts else ""
    end = [tag("script", Markup(script))] if script else []
    body = tag("body", tag("main", header, *sections), footer, *end, class_="wide" if is_wide else None)
    top = [
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{name} – rnnlab"),
        tag("style", Markup(_resource("page.css") + style)),
    ]
    policy = _policy(together(*top, body), script, framed)
    head_of_page = tag("head", tag("meta", charset="utf-8"), policy, *top)
    return f"<!DOCTYPE html>\n{tag('html', head_of_page, body, lang='en')}\n"


def fragment(contents: Contents) -> Markup:
    """Return the name and the curves of a run as an HTML element; for notes, the last piece of music too."""
    measured = contents.measured if isinstance(contents.measured, Measured) else None
    evaluation = measured.evaluation if measured else None
    curves = training_curves(contents.history, evaluation, kept=contents.trained.epoch)
    notes = contents.trained.experiment.dataset.kind == "notes"
    music = played(pieces(contents)[-1:], contents, widths=("wide",)) if notes else []
    return tag("div", tag("h2", contents.run.path.name), *curves, *music)


def report_section(name: str, *content: str) -> Markup:
    """Return a section of a report; `name` is a key of `_TITLES`."""
    return tag("section", tag("h2", _TITLES[name], id=name), *content, aria_labelledby=name)


def _works(contents: Contents) -> Sequence[Markup]:
    said = [tag("p", f"No sample: {contents.writing}.")] if isinstance(contents.writing, str) else []
    return [*works(contents), *said]


def _stuck(contents: Contents) -> Iterator[Markup]:
    """Yield a paragraph for each sample that is stuck, and for the free run; else one that says so."""
    noun = "note" if contents.trained.experiment.dataset.kind == "notes" else "token"
    measured = contents.measured
    running = None if isinstance(measured, str) else measured.evaluation.free_running
    named = [(f"sample {number}", each) for number, each in enumerate(contents.collapses, 1)]
    if running:
        named.insert(0, ("the free run", running.collapse))
    stuck = dict[Collapse, list[str]]()
    for name, each in named:
        if each:
            stuck.setdefault(each, []).append(name)
    for each, names in stuck.items():
        which = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
        begin = f"{which[0].upper()}{which[1:]} {'are' if names[1:] else 'is'} stuck"
        said = f"{begin}: {each.described(noun)}. Likely cause: {each.cause}. The setting to change: "
        yield tag("p", said, tag("code", each.remedy), ".")
    if not stuck:
        shown = "Neither the free run nor a sample" if running else "No sample"
        yield tag("p", f"{shown} repeats itself to its end.")


def _curves(contents: Contents) -> Sequence[Markup]:
    evaluation = contents.measured.evaluation if isinstance(contents.measured, Measured) else None
    curves = training_curves(contents.history, evaluation, kept=contents.trained.epoch)
    charts = tag("div", *curves, class_="charts") if curves else remark("No epoch has ended yet.")
    return [charts, *(remark(note) for note in contents.history.notes)]


def _measures(contents: Contents) -> Sequence[Markup]:
    measured = contents.measured
    if isinstance(measured, str):
        return [remark(f"Not measured: {measured}.")]
    evaluation = measured.evaluation
    tables = [measures_table(evaluation)]
    if evaluation.baselines:
        tables.append(baselines_table(evaluation.baselines, evaluation.metrics.loss))
    return [*tables, *(remark(note) for note in evaluation.notes)]


def _confusions(contents: Contents) -> Sequence[Markup]:
    if isinstance(contents.measured, str):
        return [remark("Not measured: the data was not read.")]
    return [confusion_tables(contents.measured.confusions, contents.vocabulary)]


def remark(text: str) -> Markup:
    """Return a paragraph in a small and pale type."""
    return tag("p", text, class_="remark")


def _policy(page: str, script: str, framed: str) -> Markup:
    """Return a policy that allows only the styles, the scripts, the pictures and the sounds in the page."""
    framed_styles, framed_scripts = styles_and_scripts(framed)
    styles = dict.fromkeys(map(_hash, [*_STYLE.findall(page), *framed_styles]))
    scripts = dict.fromkeys(map(_hash, [*filter(None, [script]), *framed_scripts]))
    rules = [
        "default-src 'none'",
        f"style-src {' '.join(styles)}",
        *([f"script-src {' '.join(scripts)}"] if scripts else []),
        "img-src data:",
        "media-src data: blob:" if framed else "media-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return Markup(f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}"/>')


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return files("rnnlab.reports").joinpath(name).read_text(encoding="utf-8")
