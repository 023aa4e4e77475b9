"""A trace on a terminal: heat maps, next tokens, a followed unit, and the equation of a step.

The numbers are shown as colours, or as signs and digits if the terminal has no colours.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from rnnlab.terminal.tables import Column, facts_table, table
from rnnlab.terminal.text import is_terminal, padded, visible, width_of
from rnnlab.tracing.heat_map import HeatMap, colour_of, ink_on, token_label
from rnnlab.tracing.view import StepPrediction, View, predictions, shapes_of

if TYPE_CHECKING:
    from rnnlab.tracing.coloured import ColouredText
    from rnnlab.tracing.slide import SlideLine

Colour = tuple[int, int, int]
Depth = Literal["none", "256", "24-bit"]

_RAMP = (25, 26, 69, 111, 153, 189, 255, 224, 217, 210, 203, 160, 124)
"""The ramp in xterm's 256 colours, from blue over white to red. The nearest colours of the cube would be
brown between white and red, and grey between white and blue.
"""

_CUBE = (0, 95, 135, 175, 215, 255)
"""The six levels of red, green and blue in the colours 16 to 231 of xterm."""

_BLACK, _WHITE = 16, 231

GAP = "  "
"""Space before the first step of a window, and before a step from a zero state, unless it begins a line."""


def overview(view: View, *, width: int, depth: Depth) -> str:
    """Return the shapes, and for each text the heat maps and the predicted next tokens."""
    trace = view.trace
    shapes = " → ".join(f"{name} {shape}" for name, shape in shapes_of(trace))
    parts = [facts_table([("shapes", shapes)])]
    for lane in range(len(trace.ids)):
        if len(trace.ids) > 1:
            parts.append(f"input {lane + 1} of {len(trace.ids)}: {''.join(_labels(trace.tokens(lane)))}")
        for layer, maps in view.maps(lane):
            parts += [
                f"{layer.name}: " + "\n".join(heat_map_lines(heat, width=width, depth=depth)) for heat in maps
            ]
        parts.append(_next_tokens(view, lane))
    return "\n\n".join(parts)


def heat_map_lines(heat: HeatMap, *, width: int, depth: Depth) -> Iterator[str]:
    """Yield the lines of a heat map: numbers if all steps fit into one line; else narrow cells.

    Narrow cells have a colour and no text, or, without colours, signed tenths of the scale. Steps that do not
    fit into a line follow below.
    """
    paint, columns, values = painter(depth), _labels(heat.columns), heat.values.tolist()
    rows = [visible(row) for row in heat.rows]
    margin = max(map(width_of, [*rows, f"step {heat.steps[-1] + 1}"])) + 2
    texts = [[f"{value:+.3f}" for value in row] for row in values]
    room = max(map(width_of, [*columns, *(text for row in texts for text in row)])) + 2
    unit_of_cells = ""
    if margin + (room + len(GAP)) * len(columns) > width:
        room, texts = _narrow(heat, columns, depth)
        unit_of_cells = f"; sign and tenths of {heat.scale:.3g}" if depth == "none" else ""
    yield f"{heat.title}{unit_of_cells}"
    for begin, end in _chunks(heat, room, width - margin):
        steps = range(begin, end)
        gaps = [GAP if heat.begins[t] and t > begin else "" for t in steps]
        header = "".join(gap + centred(columns[t], room) for gap, t in zip(gaps, steps, strict=True))
        yield (f"step {heat.steps[begin] + 1}".ljust(margin) + header).rstrip()
        for label, row, numbers in zip(rows, texts, values, strict=True):
            line = padded(label, margin)
            for gap, t in zip(gaps, steps, strict=True):
                ground = colour_of(numbers[t], heat.scale)
                line += gap + paint(centred(row[t], room), ground)
            yield line.rstrip()


def coloured_text(text: "ColouredText", *, lane: int, width: int, depth: Depth) -> Iterator[str]:
    """Yield the lines of a text: each token coloured by its value, or with tenths of the scale below it."""
    tokens, values = text.tokens[lane], text.values[lane].tolist()
    between, paint = " " if text.kind == "notes" else "", painter(depth)
    for begin, end in _lines_of(tokens, width, len(between)):
        shown = [_in_text(token) for token in tokens[begin:end]]
        if depth == "none":
            yield from _with_tenths(shown, values[begin:end], text.scale, between)
            continue
        grounds = [colour_of(value, text.scale) for value in values[begin:end]]
        cells = [paint(each, ground) for each, ground in zip(shown, grounds, strict=True)]
        yield between.join(cells)


def slide_text(title: str, lines: Sequence["SlideLine"], *, width: int) -> str:
    """Return the title and lines `name = symbols = numbers ≈ value`.

    A line without symbols is `name = numbers ≈ value`. A line that is too wide breaks before `= numbers` and
    before `≈`.
    """
    parts = [title]
    for line in lines:
        note = f"   ({line.note})" if line.note else ""
        pieces = [f"{line.name} = {line.symbols}" if line.symbols else f"{line.name} = {line.numbers}"]
        if line.symbols:
            pieces.append(f"= {line.numbers}")
        pieces.append(f"≈ {line.value:.4f}{note}")
        text = "  " + " ".join(pieces)
        if width_of(text) > width:
            text = "  " + "\n      ".join(pieces)
        parts.append(text)
    return "\n".join(parts)


def colour_depth() -> Depth:
    """Return the colours of stdout; `none` without a terminal, with NO_COLOR, or if TERM is dumb or empty."""
    term = os.environ.get("TERM", "")
    if os.environ.get("NO_COLOR") or not is_terminal(sys.stdout) or term in ("", "dumb"):
        return "none"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "24-bit"
    return "256"


def painter(depth: Depth) -> Callable[[str, Colour], str]:
    """Return a function of (text, ground) that colours a background of the ramp, if `depth` allows.

    The text is black or white, the one with more contrast on the colour that the terminal shows.
    """
    if depth == "none":
        return lambda text, _: text
    if depth == "256":
        return _with_256
    return lambda text, ground: _painted(text, _true_colour(ink_on(ground)), _true_colour(ground))


def signed_tenths(value: float, scale: float) -> str:
    """Return a value in tenths of the scale, at most 9, as a sign and a digit: `+7`, `-2`, ` 0`."""
    tenths = min(round(10 * abs(value) / scale), 9)
    return f"{'+' if value > 0 else '-'}{tenths}" if tenths else " 0"


def centred(text: str, columns: int) -> str:
    """Return the text centred in `columns`; a wider text is unchanged."""
    return padded(" " * ((columns - width_of(text)) // 2) + text, columns)


def _narrow(heat: HeatMap, columns: Sequence[str], depth: Depth) -> tuple[int, list[list[str]]]:
    """Return the smallest width of a cell, and the text of each cell at that width."""
    widest = max(map(width_of, columns))
    if depth == "none":
        return max(2, widest) + 1, [
            [signed_tenths(v, heat.scale) for v in row] for row in heat.values.tolist()
        ]
    return max(2, widest + (widest > 2)), [[""] * len(columns) for _ in heat.rows]


def _chunks(heat: HeatMap, room: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the first step of each line and the step after its last.

    Each line has as many steps as fit into `width`, at least one.
    """
    begin, used = 0, 0
    for t in range(len(heat.columns)):
        needed = room + (len(GAP) if heat.begins[t] and t > begin else 0)
        if used + needed > width and t > begin:
            yield begin, t
            begin, used, needed = t, 0, room
        used += needed
    yield begin, len(heat.columns)


def _lines_of(tokens: Sequence[str], width: int, between: int) -> Iterator[tuple[int, int]]:
    """Yield the first token of each line and the token after its last.

    A line ends after a line break of the text, or before the first token that does not fit.
    """
    begin, used = 0, 0
    for place, token in enumerate(tokens):
        columns = width_of(_in_text(token)) + between
        if place > begin and (used + columns > width or tokens[place - 1] == "\n"):
            yield begin, place
            begin, used = place, 0
        used += columns
    yield begin, len(tokens)


def _with_tenths(shown: Sequence[str], values: Sequence[float], scale: float, between: str) -> Iterator[str]:
    """Yield three lines and an empty one: tokens, the signs of their values, the tenths of their values."""
    tenths = [signed_tenths(value, scale) for value in values]
    yield between.join(shown).rstrip()
    for place in (0, 1):
        marks = [padded(each[place], width_of(text)) for each, text in zip(tenths, shown, strict=True)]
        yield between.join(marks).rstrip()
    yield ""


def _next_tokens(view: View, lane: int) -> str:
    """Return a table with a row for each step: the token read, the predictions, the next token and its loss.

    The cells of the next token and of its loss, in nats, are empty if no token follows. If training does not
    count every step, a last column says whether the step is counted.
    """
    found, is_text = predictions(view, lane), view.trace.model.experiment.dataset.kind == "text"
    all_counted = all(each.counted for each in found)
    columns = [
        Column("step", left=True),
        Column("token"),
        *(Column(f"expected {place + 1}", rank=2 * place) for place in range(len(found[0].expected))),
        Column("came"),
        Column("nats", rank=1),
        *([] if all_counted else [Column("counted in training", rank=3)]),
    ]
    rows = [_row(each, is_text) + ["yes" if each.counted else "no"] * (not all_counted) for each in found]
    return "Next token\n" + visible(table(columns, rows))


def _row(each: StepPrediction, is_text: bool) -> list[str]:
    def shown(token: str) -> str:
        return repr(token) if is_text or token.isspace() else token

    expected = [f"{shown(token)} {probability:.4f}" for token, probability in each.expected]
    came = ["", ""] if each.came is None else [shown(each.came), f"{each.nats:.4f}"]
    return [str(each.step), shown(each.token), *expected, *came]


def _labels(tokens: Sequence[str]) -> list[str]:
    return [visible(token_label(token)) for token in tokens]


def _in_text(token: str) -> str:
    """Return a token as a part of a text: a space stays a space, and a line break becomes ↵."""
    return visible("↵" if token == "\n" else " " if token == " " else token_label(token))


def _true_colour(colour: Colour) -> str:
    return "2;" + ";".join(map(str, colour))


def _with_256(text: str, ground: Colour) -> str:
    """Return a text on the colour of `_RAMP` whose place in the ramp is nearest to that of `ground`."""
    middle = len(_RAMP) // 2

    def distance(place: int) -> int:
        other = colour_of(place - middle, middle)
        return sum((one - two) ** 2 for one, two in zip(ground, other, strict=True))

    number = _RAMP[min(range(len(_RAMP)), key=distance)]
    ink = _WHITE if ink_on(rgb_of(number)) == (255, 255, 255) else _BLACK
    return _painted(text, f"5;{ink}", f"5;{number}")


def rgb_of(number: int) -> Colour:
    """Return red, green and blue of xterm's colours 16 to 255: a cube of 6 × 6 × 6, then 24 greys."""
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return grey, grey, grey
    red, green, blue = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
    return _CUBE[red], _CUBE[green], _CUBE[blue]


def _painted(text: str, ink: str, ground: str) -> str:
    return f"\x1b[38;{ink};48;{ground}m{text}\x1b[0m"
