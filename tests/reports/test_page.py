"""The report of a run: one file, whole, and what is in it is so."""

import base64
import hashlib
import math
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from rnnlab.evaluation.baselines import Baseline, Baselines
from rnnlab.reports.axes import figure
from rnnlab.reports.contents import Measured, contents_of
from rnnlab.reports.overview import baselines_table
from rnnlab.reports.page import report_page
from tests.needs import needs
from tests.reports.reporting import with_history
from tests.trained import SENTENCE, SONG, STREAM, run_of

KINDS = pytest.mark.parametrize(
    "kind", ["song", "words", "stream", "label", "tags", "pairs", "from_label", "parity"]
)


@KINDS
def test_the_page_names_nothing_outside_of_it(pages, task_pages, kind):
    """Every address is in the page: data, or a place in it. There is no link, frame or font."""
    page = {**pages, **task_pages}[kind]

    assert [
        each for each in page.references if not re.match(r"data:(audio/wav|audio/midi);base64,|#", each)
    ] == []
    assert not any(page.all(name) for name in ("link", "iframe", "object", "embed", "form", "base", "img"))
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"|http-equiv', "", page.source)


@KINDS
def test_the_page_may_fetch_nothing(pages, task_pages, kind):
    """Its policy comes before all that it rules, and knows its styles and its script by their digests."""
    page = {**pages, **task_pages}[kind]
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    names = [each.name for each in page.elements]
    rules = dict(rule.split(" ", 1) for rule in policy.attributes["content"].split("; "))

    assert page.elements.index(policy) < min(names.index("style"), names.index("script"))
    assert rules.pop("style-src").split() == list(
        dict.fromkeys(digest(each.text) for each in page.all("style"))
    )
    assert rules.pop("script-src").split() == [digest(each.text) for each in page.all("script")]
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "media-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not any(each.attributes.keys() & {"style", "onclick", "onload"} for each in page.elements)


@needs("node")
def test_the_script_can_be_parsed(pages):
    """A browser says only in its console that it cannot."""
    (script,) = pages["stream"].all("script")

    subprocess.run(["node", "--check", "-"], input=script.text, text=True, check=True)


def digest(text: str) -> str:
    """As a policy has it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@KINDS
def test_the_page_can_be_read_by_all(pages, task_pages, kind):
    """A language, a title, headings in order, a name for each picture and player, and no id twice."""
    page = {**pages, **task_pages}[kind]
    headings = [int(each.name[1]) for each in page.elements if re.fullmatch("h[1-6]", each.name)]
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    outer = [each for each in page.all("svg") if "svg" not in each.above]

    assert page.all("html", lang="en")
    assert page.all("title")[0].text
    assert page.all("meta", name="viewport")
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert len(ids) == len(set(ids))
    assert all(each.attributes.get("aria-label") or each.attributes.get("aria-hidden") for each in outer)
    assert all(each.attributes.get("aria-label") for each in page.all("audio"))
    assert all(each.attributes.get("scope") for each in page.all("th"))
    assert {each.attributes["aria-labelledby"] for each in page.all("section")} <= set(ids)


def test_what_was_trained_and_how_is_said(pages):
    """Data, model, seeds, environment, the command, and the page of YAML that the run folder has."""
    page = pages["stream"]
    (command, yaml) = page.all("pre")

    for said in (
        "simple RNN of 8 units",
        "2026-01-31 12:00 UTC",
        "3 epochs, 6 steps, 8.5 s",
        "abacus",
        "3.11.7",
    ):
        assert said in page.text
    assert "random seeds 0 for training, 0 for samples" in page.text
    assert command.text == "rnnlab train runs/song-3/config.yaml"
    assert yaml.text.startswith("dataset:\n  kind: text\n")
    assert "(N, 5, 8)" in page.text


def test_the_figures_are_those_of_evaluate(pages, tmp_path):
    """To the digits that are shown, with the n-grams beside them."""
    contents = contents_of(run_of(STREAM))
    assert isinstance(contents.measured, Measured)
    evaluation = contents.measured.evaluation
    metrics, baselines = evaluation.metrics, evaluation.baselines

    text = pages["stream"].text

    assert evaluation.split == "validation"
    assert f"{metrics.correct} of {metrics.tokens}" in text
    for value in (metrics.loss, metrics.bits_per_token, metrics.perplexity, baselines.unigram.loss):
        assert f"{value:.4g}" in text
    assert f"{baselines.best.order}-gram" in text
    assert f"{metrics.top_5_accuracy:.4f}" in text
    assert "for any model that sees only the window" not in text
    assert "for any model that sees only the window" in pages["words"].text


def test_a_figure_that_is_no_number_is_a_text():
    """The loss of a model with very large weights is NaN; the report shows this."""
    assert [figure(value) for value in (math.nan, math.inf, 1.70612, 4.69e-8, 9999.4, 9999.6, 12345.6)] == [
        "nan",
        "inf",
        "1.706",
        "4.69 × 10⁻⁸",
        "9,999",
        "10,000",
        "12,346",
    ]


def test_a_loss_that_is_no_number_has_no_bar():
    """It is the last of the losses."""
    table = baselines_table(Baselines((Baseline(1, "witten_bell", 1.0),), 9, 40, 0), math.nan)

    assert [table.count(each) for each in ("<tr ", "<svg", 'width="nan"')] == [3, 2, 0]
    assert table.endswith("<td>nan</td><td></td></tr></tbody></table>")
    assert [table.count(f'class="{kind}"') for kind in ("own", "other")] == [1, 2]


@pytest.mark.parametrize(
    ("left_out", "copies", "remark"),
    [
        (0, None, ""),
        (0, 2, "; n-grams of the training part, with transposed copies"),
        (0, 0, "; n-grams of the training part, without transposed copies"),
        (5, None, "; n-grams of the last 40 tokens of the training part"),
        (5, 2, "; n-grams of the last 40 tokens of the training part, with transposed copies"),
    ],
)
def test_what_the_n_grams_were_counted_on_is_said(left_out, copies, remark):
    """Nothing is said of a training part that was counted as it is."""
    table = baselines_table(Baselines((Baseline(1, "witten_bell", 1.0),), 9, 40, left_out, copies), 2.0)

    assert f"shorter is better{remark}</caption>" in table


def test_the_curves_are_in_the_page(pages):
    """Losses and accuracies, each with its validation; the n-grams stand in the first."""
    loss, accuracy = pages["stream"].all("figure")
    spoken = [each.attributes["aria-label"] for each in pages["stream"].all("svg", class_="chart")]

    assert "Loss in nats per token by epoch" in loss.text
    assert "unigram" in loss.text
    assert "Accuracy" in accuracy.text
    assert "training: from 2.5 to 0.5" in spoken[0]
    assert "validation: from 2.6 to 1.1, lowest 1.1 at 3" in spoken[0]


def test_the_confusions_add_up(pages):
    """The commonest mistakes, first the most frequent; each cell of the map is a count of the model's."""
    contents = contents_of(run_of(SENTENCE))
    assert isinstance(contents.measured, Measured)
    (wanted, expected, times), *_ = contents.measured.confusions.worst(1)
    name = contents.vocabulary.tokens
    rows = [each.text for each in pages["words"].all("tr")]

    shown = [token.replace(" ", "␣") for token in (name[wanted], name[expected])]
    assert f"{shown[0]}{shown[1]}{times} of {contents.measured.confusions.wanted(wanted)}" in rows
    assert contents.measured.confusions.pairs.total() == contents.measured.evaluation.metrics.tokens


def test_the_report_of_the_same_run_is_the_same():
    """Nothing in it is of today, or by chance."""
    run = with_history(run_of(SONG))

    assert report_page(contents_of(run)) == report_page(contents_of(run))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_contrast(dark):
    """4.5 to 1 at least (WCAG 2.2, 1.4.3), on every ground that it can stand on; lines have 3 to 1."""
    css = Path(report_page.__code__.co_filename).with_name("page.css").read_text(encoding="utf-8")
    light, darker, *_ = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(
        re.findall(r"--([\w-]+): (#\w+)", light) + (re.findall(r"--([\w-]+): (#\w+)", darker) if dark else [])
    )
    grounds = ["paper", "card", "b1", "b2", "b3", "b4", "b5"]

    assert [ground for ground in grounds if contrast(colours["ink"], colours[ground]) < 4.5] == []
    assert [
        name for name in ("quiet", "accent", "wrong") if contrast(colours[name], colours["paper"]) < 4.5
    ] == []
    assert [name for name in ("line-0", "line-1") if contrast(colours[name], colours["paper"]) < 3] == []
    assert contrast("#d62728", colours["paper"]) >= 3


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative, 0 to 1, as WCAG has it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
