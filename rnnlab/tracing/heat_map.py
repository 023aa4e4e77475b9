"""Heat maps: values as rectangles of numbers, a row for each unit or label, a column for each time step.

Heat maps are drawn as SVG. Each cell has its value as a title, for the mouse pointer and for screen readers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.numpy.equation import Floats
from rnnlab.models.gates import CANDIDATE
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.tracing.tracing import LayerTrace, Trace

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

_NEGATIVE: Colour = (33, 102, 172)
_ZERO: Colour = (247, 247, 247)
_POSITIVE: Colour = (178, 24, 43)
"""Blue, white, red: ColorBrewer's RdBu, which colour-blind people tell apart (Harrower and Brewer, 2003)."""

_TITLES = {
    "i": "input gate i",
    "f": "forget gate f",
    "o": "output gate o",
    "z": "update gate z (1 keeps the old h)",
    "r": "reset gate r",
    "c": "memory c",
    "h": "hidden state h",
}
_SPELLED = {" ": "␣", "\n": "↵", "\t": "⇥"}

_CELL, _NUMBERED_CELL, _ROW = 18.0, 54.0, 18.0
_MARGIN, _HEADER, _GAP = 76.0, 20.0, 8.0
_WIDEST = 1000.0
_LETTER = 7.5
"""Lengths in pixels."""

_SVG = "http://www.w3.org/2000/svg"
_FONT = "12px ui-monospace, Menlo, Consolas, monospace"


@dataclass(frozen=True)
class HeatMap:
    """One quantity of one layer in one lane, or a quantity of a network for examples.

    Attributes:
        name: the quantity: a gate's letter, `candidate`, or the name of a part of the state, such as h.
        title: the quantity in words, with its range.
        rows: the names of the R rows, such as `unit 1`.
        columns: the token of each of the T shown time steps, as text.
        steps: the numbers of these time steps, from 0.
        starts: (T,) whether the state was zero before the step.
        begins: (T,) whether the step is the first of a window, or begins with a zero state.
        values: (R, T).
        scale: the absolute value that has the full colour.
    """

    name: str
    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    steps: tuple[int, ...]
    starts: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    values: Floats
    scale: float


def heat_maps(
    trace: Trace, layer: LayerTrace, *, lane: int, units: Sequence[int], steps: range
) -> list[HeatMap]:
    """Return the heat maps of a layer: the gates in the cell's order, then the state with h last.

    Args:
        trace: the trace.
        layer: one of its layers.
        lane: the lane, from 0.
        units: the shown units, from 0.
        steps: the shown time steps, from 0.
    """
    columns = tuple(map(token_label, trace.tokens(lane)[steps.start : steps.stop]))
    starts = trace.starts[lane, steps.start : steps.stop]  # (T,)
    maps = []
    for name, values in layer.values.items():
        shown = values[lane, steps.start : steps.stop][:, list(units)].T  # (R, T)
        scale = scale_of(shown)
        maps.append(
            HeatMap(
                name=name,
                title=f"{_title(layer, name)}, {_range(layer, name, scale)}",
                rows=tuple(f"unit {unit + 1}" for unit in units),
                columns=columns,
                steps=tuple(steps),
                starts=starts,
                begins=starts | trace.reading.begins[steps.start : steps.stop],
                values=shown,
                scale=scale,
            )
        )
    return maps


def most_varying(layer: LayerTrace, count: int) -> tuple[int, ...]:
    """Return the `count` units whose h varies most over lanes and steps, ascending; or all of fewer units."""
    if layer.units <= count:
        return tuple(range(layer.units))
    spread = layer.values["h"].std(axis=(0, 1))  # (H,)
    return tuple(sorted(np.argsort(-spread, kind="stable")[:count].tolist()))


def scale_of(values: Floats) -> float:
    """Return the largest absolute value, but at least 1."""
    return float(np.abs(values).max(initial=1.0))


def colour_of(value: float, scale: float) -> Colour:
    """Return the colour of a value: white for 0, red for `scale` or more, blue for −scale or less."""
    share = min(abs(value) / scale, 1.0)
    end = _POSITIVE if value > 0 else _NEGATIVE
    red, green, blue = (round(z + (e - z) * share) for z, e in zip(_ZERO, end, strict=True))
    return red, green, blue


def ink_on(colour: Colour) -> Colour:
    """Return black or white, the one with more contrast on a colour (WCAG 2, relative luminance)."""
    linear = [(c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)


def token_label(token: str) -> str:
    """Return a token as the header of a column: space, newline and tab as visible signs."""
    return _SPELLED.get(token, token)


def heat_maps_svg(titled: Iterable[tuple[str, HeatMap]]) -> str:
    """Return one SVG picture of heat maps with their titles, one below the other, on white."""
    parts, top, widest = list[Markup](), 8.0, 0.0
    for title, heat in titled:
        drawn, width, height = _drawn(heat)
        parts.append(tag("text", title, x=8, y=top + 14, font_weight="bold", fill="#000"))
        parts.append(tag("g", drawn, transform=f"translate(8 {top + 20:g})", fill="#000"))
        top += height + 36
        widest = max(widest, width + 16, len(title) * _LETTER + 16)
    box = f"0 0 {widest:g} {top:g}"
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    label = tag("title", "Gates and states of a recurrent network, step by step")
    return tag(
        "svg", label, ground, *parts, xmlns=_SVG, viewBox=box, width=widest, height=top, role="img",
        style=f"font: {_FONT}",
    ) + "\n"  # fmt: skip


def heat_map_svg(heat: HeatMap) -> Markup:
    """Return one heat map for an HTML page; labels have the colour of the text around the picture."""
    drawn, width, height = _drawn(heat)
    label = f"{heat.title}: time steps across"
    return tag(
        "svg", tag("title", label), drawn, xmlns=_SVG, viewBox=f"0 0 {width:g} {height:g}", width=width,
        height=height, role="img", aria_label=label, fill="currentColor", style=f"font: {_FONT}",
    )  # fmt: skip


def _title(layer: LayerTrace, name: str) -> str:
    if name == CANDIDATE:
        letter = "c" if "c" in layer.cell.cell.gates else "h"
        return f"candidate {letter}\N{COMBINING TILDE}, what is new"
    return _TITLES.get(name, name)


def _range(layer: LayerTrace, name: str, scale: float) -> str:
    is_gate = name not in (CANDIDATE, *layer.cell.cell.state)
    return "0 to 1" if is_gate else f"-{scale:.3g} to {scale:.3g}"


def _drawn(heat: HeatMap) -> tuple[Markup, float, float]:
    """Return the picture of a heat map with its width and height; a long text is drawn in several bands."""
    widest = max(len(token) for token in heat.columns) * _LETTER + 4
    margin = max(_MARGIN, max(map(len, heat.rows)) * _LETTER + 12)
    numbered = margin + len(heat.columns) * max(_NUMBERED_CELL, widest) <= _WIDEST
    cell = max(_NUMBERED_CELL if numbered else _CELL, widest)
    per_band = max(int((_WIDEST - margin) // cell), 1)
    parts, top, right = list[Markup](), 0.0, 0.0
    for begin in range(0, len(heat.columns), per_band):
        end = min(begin + per_band, len(heat.columns))
        parts += _band(heat, begin, end, left=margin, cell=cell, top=top, numbered=numbered)
        top += _HEADER + _ROW * len(heat.rows) + _GAP
        right = max(right, margin + cell * (end - begin) + 2)
    return together(*parts), right, top


def _band(
    heat: HeatMap, begin: int, end: int, *, left: float, cell: float, top: float, numbered: bool
) -> Iterator[Markup]:
    """Yield the columns `begin` to `end` − 1 side by side: a header of tokens, and the rows below it."""
    yield tag("text", f"step {heat.steps[begin] + 1}", x=0, y=top + 14, opacity=0.7)
    for t in range(begin, end):
        x = left + cell * (t - begin)
        yield tag("text", heat.columns[t], x=x + cell / 2, y=top + 14, text_anchor="middle")
        if heat.begins[t]:
            yield _mark(x, top, _ROW * len(heat.rows), from_zero=bool(heat.starts[t]))
    for row, name in enumerate(heat.rows):
        y = top + _HEADER + _ROW * row
        yield tag("text", name, x=0, y=y + 13)
        for t in range(begin, end):
            value = float(heat.values[row, t])
            title = f"{heat.name}, {name}, step {heat.steps[t] + 1} ({heat.columns[t]}): {value:.4f}"
            x = left + cell * (t - begin)
            yield _cell(title, value, heat.scale, x, y, cell, numbered=numbered)


def _mark(left: float, top: float, height: float, *, from_zero: bool) -> Markup:
    """Return the bar before a time step: thick before a zero state, thin before another window."""
    width, title = (3, "from a zero state") if from_zero else (1, "the next window")
    bar = tag("rect", x=left - width / 2, y=top + _HEADER - 3, width=width, height=height + 6)
    return tag("g", tag("title", title), bar)


def _cell(
    title: str, value: float, scale: float, x: float, y: float, width: float, *, numbered: bool
) -> Markup:
    ground = colour_of(value, scale)
    parts = [
        tag("title", title),
        tag("rect", x=x + 0.5, y=y + 0.5, width=width - 1, height=_ROW - 1, fill=_hex(ground)),
    ]
    if numbered:
        ink = _hex(ink_on(ground))
        parts.append(tag("text", f"{value:+.3f}", x=x + width / 2, y=y + 13, text_anchor="middle", fill=ink))
    return tag("g", *parts)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)
