"""A trace as one HTML file: it needs no other, fits a dark screen, and can be printed."""

from collections.abc import Iterator

from rnnlab.reports.followed_unit import FollowedUnit, followed_unit
from rnnlab.reports.heat_map import Colour, colour_of, ink_on, token_label
from rnnlab.reports.heat_map_svg import heat_map_svg
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.trace_slides import Slide, slides
from rnnlab.reports.trace_view import View, predictions, shapes_of

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


def trace_page(
    view: View, *, step: int | None = None, unit: int | None = None, value: str | None = None
) -> str:
    """The page of a trace: its heat maps and predictions, the slides of a step, or one unit through the text.

    Args:
        view: what is shown.
        step: the step whose equation is shown, from 1.
        unit: the unit that is followed, from 1.
        value: what of the unit.

    Raises:
        UsageError: there is no such step or unit.
    """
    if unit:
        body = _followed(followed_unit(view.trace, layer=view.layers[-1], unit=unit - 1, value=value))
    elif step:
        body = map(_slide, slides(view, step - 1, most_units=UNITS_OF_A_SLIDE))
    else:
        body = _overview(view)
    title = "One unit through a text" if unit else "Gates and states, step by step"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"rnnlab trace: {title}"),
        tag("style", _STYLE),
    )
    notes = () if step or unit else view.notes
    main = tag("main", tag("h1", title), *_facts(view, notes), *body)
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', main), lang='en')}\n"


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
    """A row for each step: what was read, what was expected, and what came."""
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


def _followed(unit: FollowedUnit) -> Iterator[Markup]:
    """Each text with its tokens coloured."""
    yield tag("p", unit.title)
    for tokens, starts, values in zip(unit.tokens, unit.starts, unit.values, strict=True):
        spans = []
        for token, start, value in zip(tokens, starts.tolist(), values.tolist(), strict=True):
            shown = "↵\n" if token == "\n" else token
            ground = colour_of(value, unit.scale)
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
            if unit.kind == "notes":
                spans.append(Markup(" "))
        yield tag("p", together(*spans), class_="text", aria_label=unit.title)


def _css(colour: Colour) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)
