"""Heat maps: values as rectangles of numbers, a row for each unit or label, a column for each time step.

Heat maps are drawn as SVG. Each cell has its value as a title, for the mouse pointer and for screen readers.
In an SVG file the colours are those of a white page. On an HTML page, `reports/page.css` gives each level of
the ramp its colour, for light and dark pages and for paper.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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

LEVELS = 10
"""Number of levels of the ramp on each side of 0; each has a colour in `reports/page.css`."""

_CELL, _ROW = 18.0, 18.0
_HEADER, _GAP = 20.0, 8.0
_LETTER = 7.5
"""Lengths in pixels."""

_SVG = "http://www.w3.org/2000/svg"
_FONTS = "ui-monospace, Menlo, Consolas, monospace"
_STEP = "step {}"
_LONGEST = 14
"""Most characters of the name of a row or a column that are drawn."""


@dataclass(frozen=True)
class _Layout:
    """The measures of a picture of heat maps, in pixels.

    Attributes:
        widest: width of the picture; a long text is drawn in several bands below each other.
        margin: smallest width of the names of the rows.
        numbered: width of a cell with a number.
        digits: decimals of the numbers.
        bands: largest number of bands in which cells have numbers.
    """

    widest: float
    margin: float
    numbered: float
    digits: int
    bands: int


_FILE = _Layout(widest=1000.0, margin=76.0, numbered=54.0, digits=3, bands=1)
_PANEL = _Layout(widest=352.0, margin=30.0, numbered=35.0, digits=2, bands=2)
"""A file has maps below each other; a page has them side by side, each as wide as a phone."""


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
        scales: (R,) the same for each row, if the rows differ; None for `scale` in all rows.
        is_signed: whether values may be negative.
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
    scales: tuple[float, ...] | None = None
    is_signed: bool = True

    def scale_of_row(self, row: int) -> float:
        """Return the absolute value that has the full colour in a row."""
        return self.scales[row] if self.scales else self.scale


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
                is_signed=not _is_gate(layer, name),
            )
        )
    return maps


def unit_map(trace: Trace, layer: LayerTrace, *, lane: int, unit: int, steps: range) -> HeatMap:
    """Return all quantities of one unit as one heat map: a row for each gate and each part of the state.

    Args:
        trace: the trace.
        layer: one of its layers.
        lane: the lane, from 0.
        unit: the unit, from 0.
        steps: the shown time steps, from 0.
    """
    each = heat_maps(trace, layer, lane=lane, units=(unit,), steps=steps)
    names = [_letter(layer, heat.name) for heat in each]
    rows = [
        name if heat.scale == 1 else f"{name} ±{heat.scale:.3g}"
        for name, heat in zip(names, each, strict=True)
    ]
    return replace(
        each[-1],
        name=f"unit {unit + 1}",
        title=f"unit {unit + 1}",
        rows=tuple(rows),
        values=np.concatenate([heat.values for heat in each]),
        scale=1.0,
        scales=tuple(heat.scale for heat in each),
    )


def quantities_said(layer: LayerTrace) -> str:
    """Return the quantities of a layer in words: `i input gate, f forget gate, … h hidden state`."""
    said = []
    for name in layer.values:
        letter, title = _letter(layer, name), _title(layer, name)
        said.append(letter if title == name else f"{letter} {title.replace(f' {letter}', '', 1)}")
    return ", ".join(said)


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


def ramp_level(value: float, scale: float) -> str:
    """Return the class of a value's level in the ramp: `z0` for 0, `p1` to `p10` above, `m1` to `m10` below.

    `p10` and `m10` have the full colour, from `scale` on.
    """
    level = round(LEVELS * min(abs(value) / scale, 1.0))
    return f"{'p' if value > 0 else 'm'}{level}" if level else "z0"


def colour_key(scale: float, *, is_signed: bool = True) -> Markup:
    """Return the key of a ramp for an HTML page: its colours, with the lowest and the highest value.

    Args:
        scale: the absolute value that has the full colour.
        is_signed: whether the ramp begins at −scale; else it begins at 0.
    """
    levels = range(-LEVELS if is_signed else 0, LEVELS + 1)
    colours = [
        tag("rect", x=number, y=0, width=1.05, height=1, class_=ramp_level(level, LEVELS))
        for number, level in enumerate(levels)
    ]
    box = {"viewBox": f"0 0 {len(levels)} 1", "preserveAspectRatio": "none", "aria_hidden": "true"}
    lowest = f"−{scale:.3g}" if is_signed else "0"
    middle = ["0 in the middle"] if is_signed else []
    ends = [lowest, tag("svg", *colours, **box), f"{scale:.3g}"]
    return tag("span", *ends, class_="ramp", title=middle[0] if middle else None)


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
        drawn, width, height = _drawn(heat, _FILE)
        parts.append(tag("text", title, x=8, y=top + 14, font_weight="bold", fill="#000"))
        parts.append(tag("g", drawn, transform=f"translate(8 {top + 20:g})", fill="#000"))
        top += height + 36
        widest = max(widest, width + 16, len(title) * _LETTER + 16)
    box = f"0 0 {widest:g} {top:g}"
    ground = tag("rect", width="100%", height="100%", fill="#fff")
    label = tag("title", "Gates and states of a recurrent network, step by step")
    return tag(
        "svg", label, ground, *parts, xmlns=_SVG, viewBox=box, width=widest, height=top, role="img",
        font_family=_FONTS, font_size=12,
    ) + "\n"  # fmt: skip


def heat_map_svgs(heat: HeatMap) -> list[Markup]:
    """Return one heat map for an HTML page: a picture for each band, so that paper can break between them.

    `reports/page.css` has the colours.
    """
    pictures = []
    for begin, end, drawn, width, height in _bands(heat, _PANEL):
        label = f"{heat.title}: time steps {heat.steps[begin] + 1} to {heat.steps[end - 1] + 1} across"
        box = f"0 0 {max(width, _PANEL.widest):g} {height:g}"
        pictures.append(
            tag(
                "svg", tag("title", label), drawn, xmlns=_SVG, role="img", viewBox=box, aria_label=label,
                font_family=_FONTS, font_size=12, class_="map",
            )
        )  # fmt: skip
    return pictures


def _title(layer: LayerTrace, name: str) -> str:
    if name == CANDIDATE:
        letter = "c" if "c" in layer.cell.cell.gates else "h"
        return f"candidate {letter}\N{COMBINING TILDE}, what is new"
    return _TITLES.get(name, name)


def _letter(layer: LayerTrace, name: str) -> str:
    """Return the name of a quantity as in an equation: `c̃` or `h̃` for the candidate."""
    if name != CANDIDATE:
        return name
    return f"{'c' if 'c' in layer.cell.cell.gates else 'h'}\N{COMBINING TILDE}"


def _is_gate(layer: LayerTrace, name: str) -> bool:
    return name not in (CANDIDATE, *layer.cell.cell.state)


def _range(layer: LayerTrace, name: str, scale: float) -> str:
    return "0 to 1" if _is_gate(layer, name) else f"-{scale:.3g} to {scale:.3g}"


def _drawn(heat: HeatMap, layout: _Layout) -> tuple[Markup, float, float]:
    """Return the picture of a heat map with its width and height; a long text is drawn in several bands."""
    parts, top, right = list[Markup](), 0.0, 0.0
    for _, _, drawn, width, height in _bands(heat, layout):
        parts.append(tag("g", drawn, transform=f"translate(0 {top:g})") if top else drawn)
        top, right = top + height, max(right, width)
    return together(*parts), right, top


def _bands(heat: HeatMap, layout: _Layout) -> Iterator[tuple[int, int, Markup, float, float]]:
    """Yield of each band its first column, the column after its last, its picture, its width and height."""
    widest = max(len(_cut(token)) for token in heat.columns) * _LETTER + 4
    names = [*heat.rows, _STEP.format(heat.steps[-1] + 1)]
    margin = max(layout.margin, max(len(_cut(name)) for name in names) * _LETTER + 6)
    room, wide = layout.widest - margin, max(layout.numbered, widest)
    is_numbered = len(heat.columns) <= layout.bands * max(room // wide, 1)
    cell = wide if is_numbered else max(_CELL, widest)
    bands = -(-len(heat.columns) // max(int(room // cell), 1))
    per_band = -(-len(heat.columns) // bands)  # bands of equal length
    digits = layout.digits - (heat.scale >= 10) if is_numbered else None
    for begin in range(0, len(heat.columns), per_band):
        end = min(begin + per_band, len(heat.columns))
        drawn = together(*_band(heat, begin, end, left=margin, cell=cell, digits=digits))
        yield begin, end, drawn, margin + cell * (end - begin) + 2, _HEADER + _ROW * len(heat.rows) + _GAP


def _cut(name: str) -> str:
    """Return the name of a row or a column; the end of a long one is left out."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _band(
    heat: HeatMap, begin: int, end: int, *, left: float, cell: float, digits: int | None
) -> Iterator[Markup]:
    """Yield the columns `begin` to `end` − 1 side by side: a header of tokens, and the rows below it."""
    yield tag("text", _STEP.format(heat.steps[begin] + 1), x=0, y=14, opacity=0.75)
    for t in range(begin, end):
        x = left + cell * (t - begin)
        yield tag("text", _cut(heat.columns[t]), x=x + cell / 2, y=14, text_anchor="middle")
        if heat.begins[t]:
            yield _mark(x, _ROW * len(heat.rows), from_zero=bool(heat.starts[t]))
    for row, name in enumerate(heat.rows):
        y = _HEADER + _ROW * row
        yield tag("text", _cut(name), x=0, y=y + 13)
        for t in range(begin, end):
            value = float(heat.values[row, t])
            title = f"{heat.name}, {name}, step {heat.steps[t] + 1} ({heat.columns[t]}): {value:.4f}"
            x = left + cell * (t - begin)
            yield _cell(title, value, heat.scale_of_row(row), x, y, cell, digits=digits)


def _mark(left: float, height: float, *, from_zero: bool) -> Markup:
    """Return the bar before a time step: thick before a zero state, thin before another window."""
    width, title = (3, "from a zero state") if from_zero else (1, "the next window")
    bar = tag("rect", x=left - width / 2, y=_HEADER - 3, width=width, height=height + 6)
    return tag("g", tag("title", title), bar)


def _cell(
    title: str, value: float, scale: float, x: float, y: float, width: float, *, digits: int | None
) -> Markup:
    ground = colour_of(value, scale)
    parts = [
        tag("title", title),
        tag("rect", x=x + 0.5, y=y + 0.5, width=width - 1, height=_ROW - 1, fill=_hex(ground)),
    ]
    if digits is not None:
        shown, ink = f"{value:+.{digits}f}", _hex(ink_on(ground))
        size = None if width >= _FILE.numbered else 10.5
        x, y = x + width / 2, y + 13
        parts.append(tag("text", shown, x=x, y=y, text_anchor="middle", fill=ink, font_size=size))
    return tag("g", *parts, class_=f"cell {ramp_level(value, scale)}")


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)
