"""A trace as one HTML file with the design of the reports: it loads no other file, and can be printed.

The page shows heat maps with the predictions, the slides of one time step, or one unit through a text: each
token with the unit's value after it, as in Karpathy, Johnson and Fei-Fei (2016), "Visualizing and
understanding recurrent networks". In this way the paper found units that count, or are high inside quotes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rnnlab.engines.numpy.equation import Floats
from rnnlab.errors import Argument, UsageError, count_of
from rnnlab.models.expression import shown_number
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.page import page_of_report
from rnnlab.reports.tables import table_of_rows
from rnnlab.tracing.coloured import (
    ColouredText,
    coloured_influence,
    explained,
    followed_unit,
    strongest_tokens,
)
from rnnlab.tracing.heat_map import (
    HeatMap,
    colour_key,
    heat_map_svgs,
    most_varying,
    quantities_said,
    ramp_level,
    token_label,
)
from rnnlab.tracing.influence import Influence
from rnnlab.tracing.slide import SlideLine, difference, head_lines, log_total, slide
from rnnlab.tracing.tracing import LayerTrace, head_of
from rnnlab.tracing.view import View, predictions, shapes_of

TOKENS_OF_A_SLIDE = 4
"""Number of most probable tokens on the slide of the output; all tokens if V is at most twice this number."""


NUMBERS_OF_A_VECTOR = 8


LEVELS = 5
"""Number of reds, and of blues, of an influence in a report."""


UNITS_OF_A_SLIDE = 4


_RANGE = re.compile(r", \S+ to \S+$")
"""The range at the end of the title of a heat map."""


@dataclass(frozen=True)
class Slide:
    """The lines of one unit, or of the output, under a title."""

    title: str
    lines: tuple[SlideLine, ...]


def trace_page(
    view: View, *, step: int | None = None, unit: int | None = None, value: str | None = None
) -> str:
    """Return the HTML page of a trace: heat maps and predictions, slides of a step, or one unit over a text.

    Args:
        view: the part of the trace that is shown.
        step: the time step whose slides are shown, from 1; None for no slides.
        unit: the unit that is shown over the text, from 1; None for no unit. A unit is shown without slides.
        value: the quantity of the unit, as in `followed_unit`.

    Raises:
        UsageError: there is no such step, unit or quantity.
    """
    if unit:
        body = _coloured(followed_unit(view.trace, layer=view.layers[-1], unit=unit - 1, value=value))
    elif step:
        found = slides(view, step - 1, most_units=UNITS_OF_A_SLIDE)
        body = iter([tag("div", *map(_slide, found), class_="slides")])
    else:
        body = _overview(view)
    notes = () if step or unit else view.notes
    shapes = " → ".join(f"{name} {shape}" for name, shape in shapes_of(view.trace))
    title = "One unit through a text" if unit else "Gates and states, step by step"
    return _page(title, [*view.facts, *notes], body, remark=f"Shapes: {shapes}", is_wide=not unit)


def heat_maps_page(title: str, maps: Iterable[tuple[Sequence[str], HeatMap]]) -> str:
    """Return an HTML page of heat maps, each below some sentences.

    Args:
        title: title of the page.
        maps: the sentences above each heat map, and the heat map.
    """
    sections = [
        tag("section", *(tag("p", sentence) for sentence in said), tag("div", _figure(heat), class_="maps"))
        for said, heat in maps
    ]
    return _page(title, (), sections)


def influence_page(facts: Sequence[str], found: Sequence[Influence], *, top: int) -> str:
    """Return an HTML page of influences: what is explained, the coloured text, and the strongest tokens.

    Args:
        facts: sentences about the network.
        found: the influence for each input.
        top: how many of the strongest tokens are listed.
    """
    sections = (tag("section", *influence_markup(each, top=top)) for each in found)
    return _page("Which tokens counted", facts, sections, is_wide=False)


def influence_markup(found: Influence, *, top: int) -> Iterator[Markup]:
    """Yield what is explained, the text coloured by the influence of each token, and the strongest tokens."""
    yield from (tag("p", _sentence(said)) for said in (explained(found), *found.notes))
    yield from _coloured(coloured_influence(found))
    yield _strongest(found, top)


def influence_section(found: Influence, prediction: str, *, top: int) -> list[Markup]:
    """Return an influence for a report; the colours are in its style sheet, as its policy demands.

    Args:
        found: the influence.
        prediction: what is predicted, in words.
        top: how many of the strongest tokens are listed.
    """
    said = [f"{prediction}: {explained(found)}", coloured_influence(found).title, *found.notes]
    largest = float(np.abs(found.values).max()) or 1.0
    spans = []
    for token, value in zip(found.tokens, found.values.tolist(), strict=True):
        level = round(LEVELS * abs(value) / largest)
        colour = f"{'adds' if value > 0 else 'takes'}-{level}" if level else None
        shown = "↵\n" if token == "\n" and level else token
        spans.append(tag("span", shown, class_=colour, title=f"{value:+.4f} nats"))
        spans += [Markup(" ")] if found.kind == "notes" else []
    text = tag("p", *spans, class_="written", dir="auto")
    return [
        *(tag("p", _sentence(sentence)) for sentence in said),
        text,
        _strongest(found, top),
    ]


def _sentence(text: str) -> str:
    """Return a text as a sentence, without the option of the command that is named at the end of a note.

    The name of a layer at the beginning, such as `lstm_1`, stays as it is.
    """
    said = text.partition("; the option ")[0]
    is_name = "_" in said.partition(" ")[0]
    return f"{said if is_name else said[0].upper() + said[1:]}."


def _strongest(found: Influence, top: int) -> Markup:
    """Return a table of the tokens with the largest influence."""
    header = tag("tr", *(tag("th", name, scope="col") for name in ("place", "token", "nats")))
    rows = (
        tag(
            "tr",
            tag("td", f"{found.first + place + 1:,}"),
            tag("td", tag("code", token_label(token))),
            tag("td", nats),
        )
        for place, token, nats in strongest_tokens(found, top)
    )
    return tag("table", tag("thead", header), tag("tbody", *rows))


def _page(
    title: str, facts: Iterable[str], body: Iterable[Markup], *, remark: str = "", is_wide: bool = True
) -> str:
    """Return the page of a title, sentences about the network, a remark on them, and the body."""
    said = {"lede": " ".join(map(_sentence, facts)), "remark": remark}
    below = (tag("p", text, class_=kind) for kind, text in said.items() if text)
    header = tag("header", tag("h1", title), *below)
    return page_of_report(title, header, [*body], is_wide=is_wide, has_charts=False)


def slides(view: View, step: int, *, most_units: int) -> Iterator[Slide]:
    """Yield the slides of a time step (from 0): for each text, units of each shown layer, and the output.

    The output has a slide only if the last layer is shown. If the view has no chosen units, the `most_units`
    units whose h varies most have a slide.

    Raises:
        UsageError: there is no such step.
    """
    trace = view.trace
    if step >= trace.ids.shape[1]:
        raise UsageError(
            Argument("step"), f": the input has {count_of(trace.ids.shape[1], 'step')}, received {step + 1}"
        )
    for lane in range(len(trace.ids)):
        of_input = f"input {lane + 1}, " if len(trace.ids) > 1 else ""
        start = ", from a zero state" if trace.starts[lane, step] else ""
        when = f"{of_input}step {step + 1}, token {trace.tokens(lane)[step]!r}{start}"
        for number in view.layers:
            layer = trace.layers[number]
            units = view.units_of(layer) if view.units is not None else most_varying(layer, most_units)
            for unit in units:
                read = f"x = {_vector(layer.inputs[lane, step])}"
                title = f"{layer.name}, unit {unit + 1} of {layer.units}, {when}; {read}"
                yield Slide(title, tuple(_of_unit(view, number, step=step, lane=lane, unit=unit)))
        if view.layers[-1] == len(trace.layers) - 1:
            yield Slide(f"output, {when}", tuple(_of_output(view, step=step, lane=lane)))


def _overview(view: View) -> Iterator[Markup]:
    for lane in range(len(view.trace.ids)):
        if len(view.trace.ids) > 1:
            yield tag("h2", f"Input {lane + 1}: {''.join(map(token_label, view.trace.tokens(lane)))}")
        for layer, maps in view.panels(lane):
            said = [tag("p", f"{quantities_said(layer)}.", class_="remark")] if view.units is not None else []
            figures = tag("div", *map(_figure, maps), class_="maps")
            yield tag("section", tag("h2", layer.name), *said, figures)
        yield tag("section", tag("h2", "Next token"), _predictions(view, lane))


def _figure(heat: HeatMap) -> Markup:
    """Return a heat map with its title, and the key of its colours in place of the range in the title."""
    title = tag("b", _RANGE.sub("", heat.title))
    key = colour_key(heat.scale, is_signed=heat.is_signed)
    return tag("figure", tag("figcaption", title, " ", key), *heat_map_svgs(heat))


def _predictions(view: View, lane: int) -> Markup:
    """Return a table of the predictions of a lane, with a row for each shown time step."""
    found = predictions(view, lane)
    all_counted = all(each.counted for each in found)
    names = ["step", "token", "expected", "came", "surprise, nats"] + ["in training"] * (not all_counted)
    rows = []
    for each in found:
        expected = ", ".join(f"{token_label(token)} {share:.4f}" for token, share in each.expected)
        came = ["", ""] if each.came is None else [token_label(each.came), f"{each.nats:.4f}"]
        counted = ["counted" if each.counted else "not counted"] * (not all_counted)
        texts = [tag("code", cell) if cell else "" for cell in (token_label(each.token), expected, came[0])]
        rows.append([str(each.step), *texts, came[1], *counted])
    return table_of_rows(names, rows, class_="steps")


def _slide(slide: Slide) -> Markup:
    lines = []
    for line in slide.lines:
        how = [line.symbols, tag("br"), f"= {line.numbers}"] if line.symbols else [line.numbers]
        note = [tag("small", f" ({line.note})")] if line.note else []
        lines.append(tag("p", f"{line.name} = ", *how, tag("b", f" ≈ {line.value:.4f}"), *note))
    title, _, read = slide.title.partition("; ")
    below = [tag("p", read, class_="remark")] if read else []
    return tag("section", tag("h2", title), *below, tag("div", *lines, class_="equations"))


def _coloured(text: ColouredText) -> Iterator[Markup]:
    """Yield the title, the key, and each text with its tokens coloured by their values."""
    title = text.title.rpartition(", blue ")[0]
    yield tag("p", _sentence(title), " ", colour_key(text.scale))
    for tokens, starts, values in zip(text.tokens, text.starts, text.values, strict=True):
        spans = []
        for token, start, value in zip(tokens, starts.tolist(), values.tolist(), strict=True):
            shown = "↵\n" if token == "\n" else token
            kind = f"level {ramp_level(value, text.scale)}{' start' * start}"
            spans.append(tag("span", shown, title=f"{token!r} {value:.4f}", class_=kind))
            if text.kind == "notes":
                spans.append(Markup(" "))
        yield tag("p", together(*spans), class_="written", dir="auto", aria_label=title)


def _of_unit(view: View, number: int, *, step: int, lane: int, unit: int) -> Iterator[SlideLine]:
    trace = view.trace
    layer = trace.layers[number]
    inputs = layer.inputs[lane, step]
    lines = slide(layer.cell, trace.step(number, step), number=step + 1, inputs=inputs, unit=unit, lane=lane)
    yield from lines
    if _is_summed(layer):
        numbers = f"{shown_number(lines[-1].value)} + {shown_number(float(inputs[unit]))}"
        yield SlideLine("y", f"{lines[-1].name} + x", numbers, float(layer.outputs[lane, step, unit]))


def _of_output(view: View, *, step: int, lane: int) -> Iterator[SlideLine]:
    """Yield the lines of the logits and probabilities of the most probable tokens and of the next token.

    If there is a next token, the last line is the surprise at it.
    """
    trace, last = view.trace, view.trace.layers[-1]
    logits, tokens = trace.logits[lane, step], trace.model.tokens
    count = len(tokens) if len(tokens) <= 2 * TOKENS_OF_A_SLIDE else TOKENS_OF_A_SLIDE
    target = int(trace.targets[lane, step])
    shown = {*np.argsort(-logits, kind="stable")[:count].tolist(), *([target] if target >= 0 else [])}
    head = head_of(trace.architecture, trace.model)
    yield from head_lines(
        head.kernel if head else None,
        head.bias if head else None,
        last.outputs[lane, step],
        logits,
        {place: repr(tokens[place]) for place in sorted(shown)},
        "y" if _is_summed(last) else f"h[{step + 1}]",
    )
    if target >= 0:
        nats = -float(trace.log_probabilities[lane, step, target])
        numbers = difference(log_total(logits), float(logits[target]))
        yield SlideLine(
            f"surprise at {tokens[target]!r}", "-ln p = ln Σ exp(logits) - logit", numbers, nats, "nats"
        )


def _is_summed(layer: LayerTrace) -> bool:
    """Whether the layer's output is the sum of its h and its input."""
    return layer.outputs is not layer.values["h"]


def _vector(values: Floats) -> str:
    """Return the numbers of a vector as text; of a long vector, the first numbers and its length."""
    shown = ", ".join(shown_number(float(value)) for value in values[:NUMBERS_OF_A_VECTOR])
    return f"({shown}, … {len(values)} numbers)" if len(values) > NUMBERS_OF_A_VECTOR else f"({shown})"
