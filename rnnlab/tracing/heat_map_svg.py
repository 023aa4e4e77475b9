"""Heat maps as SVG: every cell says its value where a mouse points, or a screen reader asks."""

from collections.abc import Iterator

from rnnlab.reports.markup import Markup, tag, together
from rnnlab.tracing.heat_map import Colour, HeatMap, colour_of, ink_on
from rnnlab.tracing.view import View

CELL, NUMBERED_CELL, ROW = 18.0, 54.0, 18.0
MARGIN, HEADER, GAP = 76.0, 20.0, 8.0
WIDEST = 1000.0
LETTER = 7.5
"""Lengths in pixels."""

SVG = "http://www.w3.org/2000/svg"
FONT = "12px ui-monospace, Menlo, Consolas, monospace"


def heat_maps_svg(view: View) -> str:
    """One picture of all heat maps, one below the other, on white."""
    parts, top, widest = list[Markup](), 8.0, 0.0
    for lane in range(len(view.trace.ids)):
        of_input = f"input {lane + 1}, " if len(view.trace.ids) > 1 else ""
        for layer, maps in view.maps(lane):
            for heat in maps:
                title = f"{of_input}{layer.name}: {heat.title}"
                drawn, width, height = _drawn(heat)
                parts.append(tag("text", title, x=8, y=top + 14, font_weight="bold", fill="#000"))
                parts.append(tag("g", drawn, transform=f"translate(8 {top + 20:g})", fill="#000"))
                top += height + 36
                widest = max(widest, width + 16, len(title) * LETTER + 16)
    box = f"0 0 {widest:g} {top:g}"
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    title = tag("title", "Gates and states of a recurrent network, step by step")
    return tag(
        "svg", title, ground, *parts, xmlns=SVG, viewBox=box, width=widest, height=top, role="img",
        style=f"font: {FONT}",
    ) + "\n"  # fmt: skip


def heat_map_svg(heat: HeatMap) -> Markup:
    """One heat map, for a page; what is not a cell has the colour of the text around it."""
    drawn, width, height = _drawn(heat)
    label = f"{heat.title}: units down, time steps across"
    return tag(
        "svg", tag("title", label), drawn, xmlns=SVG, viewBox=f"0 0 {width:g} {height:g}", width=width,
        height=height, role="img", aria_label=label, fill="currentColor", style=f"font: {FONT}",
    )  # fmt: skip


def _drawn(heat: HeatMap) -> tuple[Markup, float, float]:
    """The picture with its width and height."""
    widest = max(len(token) for token in heat.columns) * LETTER + 4
    numbered = MARGIN + len(heat.columns) * max(NUMBERED_CELL, widest) <= WIDEST
    cell = max(NUMBERED_CELL if numbered else CELL, widest)
    per_row = max(int((WIDEST - MARGIN) // cell), 1)
    parts, top, right = list[Markup](), 0.0, 0.0
    for begin in range(0, len(heat.columns), per_row):
        end = min(begin + per_row, len(heat.columns))
        parts += _band(heat, begin, end, cell=cell, top=top, numbered=numbered)
        top += HEADER + ROW * len(heat.units) + GAP
        right = max(right, MARGIN + cell * (end - begin) + 2)
    return together(*parts), right, top


def _band(
    heat: HeatMap, begin: int, end: int, *, cell: float, top: float, numbered: bool
) -> Iterator[Markup]:
    """The steps that stand side by side: a header of tokens, and a row for each unit."""
    yield tag("text", f"step {heat.steps[begin] + 1}", x=0, y=top + 14, opacity=0.7)
    for t in range(begin, end):
        left = MARGIN + cell * (t - begin)
        yield tag("text", heat.columns[t], x=left + cell / 2, y=top + 14, text_anchor="middle")
        if heat.begins[t]:
            yield _mark(left, top, ROW * len(heat.units), from_zero=bool(heat.starts[t]))
    for row, unit in enumerate(heat.units):
        y = top + HEADER + ROW * row
        yield tag("text", f"unit {unit + 1}", x=0, y=y + 13)
        for t in range(begin, end):
            value = float(heat.values[row, t])
            title = f"{heat.name}, unit {unit + 1}, step {heat.steps[t] + 1} ({heat.columns[t]}): {value:.4f}"
            yield _cell(title, value, heat.scale, MARGIN + cell * (t - begin), y, cell, numbered=numbered)


def _mark(left: float, top: float, height: float, *, from_zero: bool) -> Markup:
    """A bar before a step whose state begins at zero; a thin one before any other window."""
    width, title = (3, "from a zero state") if from_zero else (1, "the next window")
    bar = tag("rect", x=left - width / 2, y=top + HEADER - 3, width=width, height=height + 6)
    return tag("g", tag("title", title), bar)


def _cell(
    title: str, value: float, scale: float, x: float, y: float, width: float, *, numbered: bool
) -> Markup:
    ground = colour_of(value, scale)
    parts = [
        tag("title", title),
        tag("rect", x=x + 0.5, y=y + 0.5, width=width - 1, height=ROW - 1, fill=_hex(ground)),
    ]
    if numbered:
        parts.append(
            tag(
                "text",
                f"{value:+.3f}",
                x=x + width / 2,
                y=y + 13,
                text_anchor="middle",
                fill=_hex(ink_on(ground)),
            )
        )
    return tag("g", *parts)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)
