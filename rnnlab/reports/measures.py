"""What a model is worth, with what counting alone is worth beside it."""

from collections.abc import Iterator
from math import isfinite

from rnnlab.errors import count_of
from rnnlab.evaluation.baselines import Baselines
from rnnlab.evaluation.evaluating import Evaluation
from rnnlab.evaluation.metrics import OVER_ALL
from rnnlab.evaluation.smoothing import NAMES
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.ticks import figure

_BAR = 220


def measures_table(evaluation: Evaluation) -> Markup:
    """A row for each measure, with its unit and what it is to be held against."""
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", value), tag("td", beside))
        for name, value, beside in _measures(evaluation)
    ]
    part = (
        f"One step at a time, on the {evaluation.split} part: {count_of(evaluation.metrics.tokens, 'target')}"
    )
    return tag("table", tag("caption", part), tag("tbody", *rows), class_="measures")


def baselines_table(baselines: Baselines, loss: float) -> Markup:
    """The losses of the network and of n-grams as bars, best first."""
    best, unigram = baselines.best, baselines.unigram
    named = [
        ("this network", loss),
        (f"{best.order}-gram, {NAMES[best.smoothing]}, the best of all on this part", best.loss),
        ("unigram: how often each token occurs", unigram.loss),
    ]
    longest = max(value for _, value in named) or 1.0
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", figure(value)), tag("td", _bar(value / longest)))
        for name, value in sorted(named, key=lambda each: each[1])
    ]
    caption = tag("caption", f"Loss in nats per token; shorter is better{_counted(baselines)}")
    return tag("table", caption, tag("tbody", *rows), class_="bars")


def _measures(evaluation: Evaluation) -> Iterator[tuple[str, str, str]]:
    """(measure, figure, what it is to be held against)."""
    metrics, ceiling, seeds = evaluation.metrics, evaluation.ceiling, evaluation.seed_runs
    unit = "token" if evaluation.bits_per_character is None else "character"
    yield "loss", figure(metrics.loss), f"nats per {unit}, {figure(metrics.bits_per_token)} bits"
    perplexity = figure(metrics.perplexity) if isfinite(metrics.perplexity) else OVER_ALL
    yield "perplexity", perplexity, "equally likely tokens would be as uncertain"
    yield "accuracy", f"{metrics.accuracy:.4f}", f"{metrics.correct:,} of {metrics.tokens:,}"
    if metrics.top_5_accuracy is not None:
        yield "top 5", f"{metrics.top_5_accuracy:.4f}", "among the five likeliest"
    if ceiling:
        why = f"{ceiling.correct:,} of {ceiling.total:,}: the most for any model that sees only the window"
        yield "ceiling", f"{ceiling.accuracy:.4f}", why
    if running := evaluation.free_running:
        where = "exact" if running.exact else f"first wrong at generated token {running.first_divergence:,}"
        yield "free running", f"{running.accuracy:.4f}", f"{running.correct:,} of {running.length:,}, {where}"
    if seeds:
        yield (
            "from seeds",
            f"{seeds.accuracy:.4f}",
            f"of {count_of(seeds.length, 'token')} after {count_of(seeds.seeds, 'window')}",
        )


def _bar(share: float) -> Markup:
    """A bar of a share of the longest."""
    bar = tag("rect", x=0, y=0, width=max(_BAR * share, 1), height=12, rx=2)
    return tag("svg", bar, width=_BAR, height=12, viewBox=f"0 0 {_BAR} 12", class_="bar", aria_hidden="true")


def _counted(baselines: Baselines) -> Markup:
    """What the n-grams were counted on, where that is not simply the training part."""
    said = []
    if baselines.left_out:
        said.append(f"the last {count_of(baselines.counted, 'token')} of the training part")
    if baselines.copies is not None:
        said.append(f"{'with' if baselines.copies else 'without'} transposed copies")
    return together(f"; n-grams of {', '.join(said)}" if said else "")
