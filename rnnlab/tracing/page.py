"""A trace as one HTML file, which needs no other file, has light and dark colours, and can be printed.

The page shows heat maps with the predictions, the slides of one time step, or one unit through a text: each
token with the unit's value after it, as in Karpathy, Johnson and Fei-Fei (2016), "Visualizing and
understanding recurrent networks". In this way the paper found units that count, or are high inside quotes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnlab.engines.numpy.equation import Floats
from rnnlab.errors import Argument, UsageError, count_of
from rnnlab.models.expression import shown_number
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.tracing.coloured import (
    ColouredText,
    coloured_influence,
    explained,
    followed_unit,
    strongest_tokens,
)
from rnnlab.tracing.heat_map import (
    Colour,
    HeatMap,
    colour_of,
    heat_map_svg,
    ink_on,
    most_varying,
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


_STYLE = Markup("""
:root { color-scheme: light dark; --ink: #1b1b1b; --ground: #fff; --line: #ccc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --ground: #16181c; --line: #444; } }
@media print { :root { --ink: #000; --ground: #fff; } }
* { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { color: var(--ink); background: var(--ground); font: 15px/1.5 system-ui, sans-serif;
  max-width: 1040px; margin: 2em auto; padding: 0 1em; }
section, figure, tr { break-inside: avoid; }
figure { margin: 1em 0; overflow-x: auto; }
svg { max-width: none; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: .15em .8em .15em 0; text-align: left; }
td, pre, .text { font-family: ui-monospace, Menlo, Consolas, monospace; }
pre { overflow-x: auto; }
.text { line-height: 1.9; white-space: pre-wrap; overflow-wrap: anywhere; }
.text span { padding: .1em 0; }
.start { border-left: 3px solid currentColor; }
""")


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
        body = map(_slide, slides(view, step - 1, most_units=UNITS_OF_A_SLIDE))
    else:
        body = _overview(view)
    notes = () if step or unit else view.notes
    title = "One unit through a text" if unit else "Gates and states, step by step"
    return _page(title, *_facts(view, notes), *body)


def heat_maps_page(title: str, maps: Iterable[tuple[Sequence[str], HeatMap]]) -> str:
    """Return an HTML page of heat maps, each below some sentences.

    Args:
        title: title of the page.
        maps: the sentences above each heat map, and the heat map.
    """
    sections = [
        tag(
            "section",
            *(tag("p", sentence) for sentence in said),
            tag("figure", tag("figcaption", heat.title), heat_map_svg(heat)),
        )
        for said, heat in maps
    ]
    return _page(title, *sections)


def influence_page(facts: Sequence[str], found: Sequence[Influence], *, top: int) -> str:
    """Return an HTML page of influences: what is explained, the coloured text, and the strongest tokens.

    Args:
        facts: sentences about the network.
        found: the influence for each input.
        top: how many of the strongest tokens are listed.
    """
    sections = (tag("section", *influence_markup(each, top=top)) for each in found)
    return _page("Which tokens counted", *(tag("p", fact) for fact in facts), *sections)


def influence_markup(found: Influence, *, top: int) -> Iterator[Markup]:
    """Yield what is explained, the text coloured by the influence of each token, and the strongest tokens."""
    yield from (tag("p", _sentence(said)) for said in (explained(found), *found.notes))
    text = coloured_influence(found)
    yield from _coloured(replace(text, title=_sentence(text.title)))
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
        *(tag("p", f"{sentence[0].upper()}{sentence[1:]}.") for sentence in said),
        text,
        _strongest(found, top),
    ]


def _sentence(text: str) -> str:
    """Return a text as a sentence."""
    return f"{text[0].upper()}{text[1:]}."


def _strongest(found: Influence, top: int) -> Markup:
    """Return a table of the tokens with the largest influence."""
    names = ("place", "token", "nats")
    header = tag("tr", *(tag("th", name, scope="col") for name in names))
    rows = (
        tag("tr", tag("td", f"{found.first + place + 1:,}"), tag("td", token_label(token)), tag("td", nats))
        for place, token, nats in strongest_tokens(found, top)
    )
    return tag("table", tag("thead", header), tag("tbody", *rows))


def _page(title: str, *body: Markup) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"rnnlab trace: {title}"),
        tag("style", _STYLE),
    )
    main = tag("main", tag("h1", title), *body)
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', main), lang='en')}\n"


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


def _facts(view: View, notes: tuple[str, ...]) -> Iterator[Markup]:
    shapes = " → ".join(f"{name} {shape}" for name, shape in shapes_of(view.trace))
    yield from (tag("p", fact) for fact in (*view.facts, shapes, *notes))


def _overview(view: View) -> Iterator[Markup]:
    for lane in range(len(view.trace.ids)):
        if len(view.trace.ids) > 1:
            yield tag("h2", f"Input {lane + 1}: {''.join(map(token_label, view.trace.tokens(lane)))}")
        for layer, maps in view.maps(lane):
            figures = (tag("figure", tag("figcaption", heat.title), heat_map_svg(heat)) for heat in maps)
            yield tag("section", tag("h2", layer.name), *figures)
        yield tag("section", tag("h2", "Next token"), _predictions(view, lane))


def _predictions(view: View, lane: int) -> Markup:
    """Return a table of the predictions of a lane, with a row for each shown time step."""
    names = ("step", "token", "expected", "came", "surprise, nats", "counted in training")
    header = tag("tr", *(tag("th", name, scope="col") for name in names))
    rows = []
    for each in predictions(view, lane):
        expected = ", ".join(f"{token_label(token)} {share:.4f}" for token, share in each.expected)
        came = ["", ""] if each.came is None else [token_label(each.came), f"{each.nats:.4f}"]
        cells = (str(each.step), token_label(each.token), expected, *came, "yes" if each.counted else "no")
        rows.append(tag("tr", *(tag("td", cell) for cell in cells)))
    return tag("table", tag("thead", header), tag("tbody", *rows))


def _slide(slide: Slide) -> Markup:
    lines = []
    for line in slide.lines:
        how = f"{line.symbols}\n    = {line.numbers}" if line.symbols else line.numbers
        note = f"   ({line.note})" if line.note else ""
        lines.append(f"{line.name} = {how} ≈ {line.value:.4f}{note}")
    return tag("section", tag("h2", slide.title), tag("pre", "\n".join(lines)))


def _coloured(text: ColouredText) -> Iterator[Markup]:
    """Yield the title, and each text with its tokens coloured by their values."""
    yield tag("p", text.title)
    for tokens, starts, values in zip(text.tokens, text.starts, text.values, strict=True):
        spans = []
        for token, start, value in zip(tokens, starts.tolist(), values.tolist(), strict=True):
            shown = "↵\n" if token == "\n" else token
            ground = colour_of(value, text.scale)
            style = f"background:{_css(ground)};color:{_css(ink_on(ground))}"
            spans.append(
                tag(
                    "span",
                    shown,
                    style=style,
                    title=f"{token!r} {value:.4f}",
                    class_="start" if start else None,
                )
            )
            if text.kind == "notes":
                spans.append(Markup(" "))
        yield tag("p", together(*spans), class_="text", aria_label=text.title)


def _css(colour: Colour) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)


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
